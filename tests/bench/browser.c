/* SPDX-License-Identifier: GPL-2.0-or-later */
/* browser.c - a scripted browser that calls a plain phone: ICE, DTLS-SRTP, rtcp-mux */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "browser.h"
#include "daemon/base/clock.h"
#include "daemon/srtp/srtp.h"
#include "proc.h"

#define FRAME_MS 20
#define PAYLOAD	 160
#define HEADER	 12

static void fail(struct browser *browser, const char *why)
{
	if (!browser->failed)
		browser->failed = why;
}

/* --- Life ------------------------------------------------------------------------------------ */

static int bound_socket(struct endpoint *local)
{
	socklen_t len = sizeof(*local);
	int fd = socket(local->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && !bind(fd, &local->sa, endpoint_len(local)) &&
	    !getsockname(fd, &local->sa, &len))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void fill(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	if (getrandom(bytes, len, 0) != (ssize_t)len)
		abort();
}

static void on_send(void *arg, const uint8_t *data, size_t len)
{
	struct browser *browser = arg;

	/* What is lost is sent again. */
	(void)!sendto(browser->fd, data, len, 0, &browser->relay.sa, endpoint_len(&browser->relay));
}

static void on_event(void *arg, enum dtls_event event, const struct dtls_keys *keys,
		     const char *why, unsigned int took_ms)
{
	struct browser *browser = arg;

	(void)took_ms;
	if (event != DTLS_EVENT_KEYS) {
		fail(browser, why);
		return;
	}
	srtp_free(browser->srtp);
	browser->srtp = srtp_new(&keys->send, SRTP_SEND);
	browser->media_ms = clock_ms();
}

bool browser_open(struct browser *browser, const char *address, const struct dtls_cert *cert,
		  uint64_t call)
{
	struct dtls_association_conf dtls = { .cert = cert,
					      .mtu = DTLS_MTU,
					      .first_ms = DTLS_FIRST_MS,
					      .send = on_send,
					      .event = on_event,
					      .arg = browser };
	struct ice_conf ice = { .role = ICE_CONTROLLING,
				.components = 1,
				.consent_ms = ICE_CONSENT_MS,
				.random = fill };
	struct ice_local local = { .component = 1 };

	*browser = (struct browser){ .fd = -1, .phone = -1, .call = call };
	if (!endpoint_parse_addr(str_of(address), 0, &browser->local))
		return false;
	browser->plain = browser->local;
	browser->fd = bound_socket(&browser->local);
	browser->phone = bound_socket(&browser->plain);
	local.base = local.advertised = browser->local;
	browser->ice = ice_new(&ice, &local, 1);
	browser->dtls = dtls_association_new(&dtls);
	return browser->fd >= 0 && browser->phone >= 0 && browser->ice && browser->dtls;
}

void browser_rest(struct browser *browser)
{
	dtls_association_free(browser->dtls);
	srtp_free(browser->srtp);
	browser->dtls = NULL;
	browser->srtp = NULL;
}

void browser_close(struct browser *browser)
{
	if (browser->fd >= 0)
		close(browser->fd);
	if (browser->phone >= 0)
		close(browser->phone);
	ice_free(browser->ice);
	browser_rest(browser);
	*browser = (struct browser){ .fd = -1, .phone = -1 };
}

/* --- Commands -------------------------------------------------------------------------------- */

/* As browsers do it, without addresses: the relay learns them from checks. */
static void write_offer(struct browser *browser, const struct dtls_cert *cert, struct buf *sdp)
{
	static struct ice_description lines;

	ice_describe(browser->ice, &lines);
	lines.n_candidates = 0;
	lines.trickle = true;
	buf_str(sdp, STR("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
			 "m=audio 9 UDP/TLS/RTP/SAVPF 0 8 126\r\nc=IN IP4 0.0.0.0\r\n"
			 "a=rtcp:9 IN IP4 0.0.0.0\r\n"));
	ice_lines_write(sdp, &lines);
	buf_str(sdp, STR("a=fingerprint:"));
	dtls_fingerprint_write(sdp, &cert->fingerprint[DTLS_SHA_256 - 1]);
	buf_str(sdp, STR("\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n"
			 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
			 "a=rtpmap:126 telephone-event/8000\r\n"));
}

static void write_plain(const struct browser *browser, struct buf *sdp)
{
	char address[ENDPOINT_TEXT];

	endpoint_print_addr(&browser->plain, address);
	buf_str(sdp, STR("v=0\r\no=- 1 1 IN IP4 "));
	buf_str(sdp, str_of(address));
	buf_str(sdp, STR("\r\ns=-\r\nc=IN IP4 "));
	buf_str(sdp, str_of(address));
	buf_str(sdp, STR("\r\nt=0 0\r\nm=audio "));
	buf_u64(sdp, endpoint_port(&browser->plain));
	buf_str(sdp, STR(" RTP/AVP 0 126\r\na=rtpmap:0 PCMU/8000\r\n"
			 "a=rtpmap:126 telephone-event/8000\r\na=sendrecv\r\n"));
}

static size_t write_command(const struct browser *browser, const char *name, const char *rest,
			    const struct buf *sdp, char *text, size_t size)
{
	int len = snprintf(text, size,
			   "d7:call-id16:%016llx8:from-tag1:a7:command%zu:%s%s3:sdp%zu:%.*se",
			   (unsigned long long)browser->call, strlen(name), name, rest, sdp->len,
			   (int)sdp->len, sdp->data);

	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

size_t browser_offer(struct browser *browser, const struct dtls_cert *cert, char *text, size_t size)
{
	char memory[2048];
	struct buf sdp = BUF_INIT(memory, sizeof(memory));

	write_offer(browser, cert, &sdp);
	browser->began_ns = now_ns();
	return write_command(browser, "offer",
			     "3:ICE6:remove18:transport-protocol7:RTP/AVP8:rtcp-muxl5:demuxe", &sdp,
			     text, size);
}

size_t browser_answer(const struct browser *browser, char *text, size_t size)
{
	char memory[1024];
	struct buf sdp = BUF_INIT(memory, sizeof(memory));

	write_plain(browser, &sdp);
	return write_command(browser, "answer", "6:to-tag1:b", &sdp, text, size);
}

size_t browser_delete(const struct browser *browser, char *text, size_t size)
{
	int len = snprintf(text, size, "d7:call-id16:%016llx8:from-tag1:a7:command6:deletee",
			   (unsigned long long)browser->call);

	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

/* --- The relay's answer ---------------------------------------------------------------------- */

/* The text of key "sdp"; STR_NONE: there is none */
static struct str sdp_of(const char *reply, size_t len)
{
	const char *key = memmem(reply, len, "3:sdp", 5), *end = reply + len;
	char *colon;
	size_t size;

	if (!key)
		return STR_NONE;
	size = strtoul(key + 5, &colon, 10);
	if (colon >= end || *colon != ':' || size > (size_t)(end - colon - 1))
		return STR_NONE;
	return (struct str){ colon + 1, size };
}

static void take_line(struct browser *browser, struct ice_description *ice, struct str value)
{
	struct str name = str_split(&value, ':');

	if (ice_line_read(ice, name, value))
		return;
	if (str_eq(name, STR("fingerprint")))
		browser->terms.n = dtls_fingerprint_read(value, &browser->terms.peer[0]);
	if (str_eq(name, STR("setup")))
		browser->terms.active = str_eq(value, STR("passive"));
}

void browser_take(struct browser *browser, const char *reply, size_t len)
{
	static struct ice_description lines;
	struct str rest = sdp_of(reply, len);

	memset(&lines, 0, sizeof(lines));
	while (rest.len) {
		struct str line = str_split(&rest, '\n');

		if (line.len && line.s[line.len - 1] == '\r')
			line.len--;
		if (line.len > 2 && line.s[0] == 'a')
			take_line(browser, &lines, (struct str){ line.s + 2, line.len - 2 });
	}
	if (!lines.n_candidates || !browser->terms.n ||
	    ice_remote(browser->ice, &lines, false, clock_ms())) {
		fail(browser, "the relay's answer has no ICE, or no fingerprint");
		return;
	}
	browser->relay = lines.candidates[0].address;
	browser_step(browser);
}

/* --- Packets --------------------------------------------------------------------------------- */

static void send_media(struct browser *browser, int64_t now_ms)
{
	uint8_t data[HEADER + PAYLOAD + SRTP_GROWTH] = { 0x80, 0 };
	struct srtp_packet packet = { data, HEADER + PAYLOAD, sizeof(data) };

	data[2] = (uint8_t)(++browser->seq >> 8);
	data[3] = (uint8_t)browser->seq;
	data[8] = 0x5e;
	memset(data + HEADER, 0xd5, PAYLOAD);
	if (rtp_protect(browser->srtp, &packet, now_ms) == SRTP_OK)
		on_send(browser, packet.data, packet.len);
	browser->media_ms = now_ms + FRAME_MS;
}

/* A check of ICE vouches for it, before its handshake begins. */
static void agree(struct browser *browser, int64_t now_ms)
{
	if (browser->agreed || !browser->terms.n || !ice_way(browser->ice, 1))
		return;
	browser->agreed = true;
	dtls_association_terms(browser->dtls, &browser->terms, false, now_ms);
}

void browser_step(struct browser *browser)
{
	int64_t now_ms = clock_ms();
	struct ice_packet packet;

	while (ice_step(browser->ice, now_ms, &packet))
		(void)!sendto(browser->fd, packet.data, packet.len, 0, &packet.to.sa,
			      endpoint_len(&packet.to));
	if (!browser->dtls)
		return;
	agree(browser, now_ms);
	dtls_association_tick(browser->dtls, now_ms);
	if (browser->srtp && !browser->heard_ns && now_ms >= browser->media_ms)
		send_media(browser, now_ms);
}

static void take_packet(struct browser *browser, const struct endpoint *from, const uint8_t *data,
			size_t len)
{
	struct ice_packet reply;

	if (data[0] < 4) {
		ice_receive(browser->ice, 0, from, data, len, clock_ms(), &reply);
		if (reply.len)
			(void)!sendto(browser->fd, reply.data, reply.len, 0, &reply.to.sa,
				      endpoint_len(&reply.to));
	} else if (browser->dtls && data[0] >= 20 && data[0] < 64) {
		dtls_association_receive(browser->dtls, data, len, clock_ms());
	}
}

/* Decrypted, and without what SRTP adds. */
static bool is_media(const uint8_t *data, size_t len)
{
	if (len != HEADER + PAYLOAD || data[0] != 0x80 || data[1])
		return false;
	for (size_t i = HEADER; i < len; i++)
		if (data[i] != 0xd5)
			return false;
	return true;
}

void browser_receive(struct browser *browser)
{
	uint8_t data[2048];
	struct endpoint from;
	socklen_t size = sizeof(from);
	ssize_t len;

	while ((len = recvfrom(browser->fd, data, sizeof(data), 0, &from.sa, &size)) > 0) {
		take_packet(browser, &from, data, (size_t)len);
		size = sizeof(from);
	}
	for (;;) {
		size = sizeof(from);
		len = recvfrom(browser->phone, data, sizeof(data), 0, &from.sa, &size);
		if (len <= 0)
			break;
		if (data[0] < 4)
			continue; /* for a browser of an earlier run, which had this port */
		if (!is_media(data, (size_t)len))
			fail(browser, "the phone has heard something else than media");
		else if (!browser->heard_ns)
			browser->heard_ns = now_ns();
		/* The other direction costs memory, too. */
		(void)!sendto(browser->phone, data, (size_t)len, 0, &from.sa, size);
	}
	browser_step(browser);
}
