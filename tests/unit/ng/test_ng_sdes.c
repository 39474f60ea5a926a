/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_sdes.c - a phone with SRTP and a plain one: offers, answers and packets, with SDES
 */
#include "daemon/call/dialog.h"
#include "daemon/call/media_sdes.h"
#include "daemon/ng/ng.h"
#include "daemon/packet/bridge.h"
#include "daemon/srtp/sdes_media.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

/* 30 bytes of the phone's own */
#define THEIR_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define THEIRS	  "4 AES_CM_128_HMAC_SHA1_80 inline:" THEIR_KEY
#define CRYPTO(l) "a=crypto:" l "\\r\\n"

static char reply[8192], payload[4096];

/* The SDP of a phone at @at, whose other lines are @lines. Return: the reply */
static const char *ask(struct scene *scene, const char *command, const struct endpoint *at,
		       const char *proto, const char *lines, const char *more)
{
	struct buf out = BUF_INIT(reply, sizeof(reply) - 1);

	snprintf(payload, sizeof(payload),
		 "{\"command\":\"%s\",\"call-id\":\"c\",\"from-tag\":\"a\",%s\"sdp\":\"v=0\\r\\n"
		 "o=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\n"
		 "m=audio %u %s 0\\r\\n%s\"%s}",
		 command, strcmp(command, "answer") ? "" : "\"to-tag\":\"b\",", endpoint_port(at),
		 proto, lines, more);
	buf_lit(&out, "7 ");
	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	ng_run(&scene->env, &proxy, str_of(payload), &out);
	worker_pool_flush(scene->workers);
	reply[out.len] = '\0';
	CU_ASSERT_TRUE(strstr(reply, "\"result\":\"ok\"") != NULL);
	return reply;
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

/* The first a=crypto line of a reply. */
static struct sdes_line line_of(const char *text)
{
	const char *at = strstr(text, "a=crypto:");
	struct sdes_line line = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at += strlen("a=crypto:");
	CU_ASSERT_EQUAL(sdes_read((struct str){ at, strcspn(at, "\\\r") }, &line), SDES_OK);
	return line;
}

static const struct bridge_conf *conf_of(const struct scene *scene)
{
	return bridge_conf(scene->calls->calls->dialogs->media[0]->bridge);
}

/* --- Phones ----------------------------------------------------------------------------------- */

struct phone {
	int fd;
	struct endpoint at;
};

static struct phone phone_open(void)
{
	struct phone phone = { .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
	socklen_t len = sizeof(phone.at);

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("127.0.0.1"), AF_UNSPEC, &phone.at));
	CU_ASSERT_FATAL(!bind(phone.fd, &phone.at.sa, sizeof(phone.at.in4)));
	CU_ASSERT_FATAL(!getsockname(phone.fd, &phone.at.sa, &len));
	return phone;
}

/* To the relay's port in the SDP that the phone got. */
static void send_to(const struct phone *phone, const char *text, const char *address,
		    const uint8_t *bytes, size_t len)
{
	const char *at = strstr(text, "m=audio ");
	struct endpoint to;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(address), AF_UNSPEC, &to));
	endpoint_set_port(&to, (uint16_t)strtoul(at + strlen("m=audio "), NULL, 10));
	CU_ASSERT_EQUAL(sendto(phone->fd, bytes, len, 0, &to.sa, endpoint_len(&to)), (ssize_t)len);
}

static size_t hear(const struct phone *phone, uint8_t *bytes, size_t size)
{
	struct pollfd ready = { phone->fd, POLLIN, 0 };

	if (poll(&ready, 1, SCENE_DEADLINE_MS) <= 0)
		return 0;
	return (size_t)recv(phone->fd, bytes, size, 0);
}

static const uint8_t voice[] = { 0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 'h', 'e', 'l', 'l', 'o' };

/* --- Tests ------------------------------------------------------------------------------------ */

struct call_scene {
	struct scene scene;
	struct phone a, b;
	char to_a[8192], to_b[8192]; /* the SDPs that they got last */
};

static void open_call(struct call_scene *call)
{
	scene_open(&call->scene);
	call->a = phone_open();
	call->b = phone_open();
}

static void close_call(struct call_scene *call)
{
	close(call->a.fd);
	close(call->b.fd);
	CU_ASSERT_TRUE(scene_close(&call->scene));
}

/* One packet each way, between @secure, whose line is @theirs and who got @ours, and @plain. */
static void talk(struct call_scene *call, struct phone *secure, const char *to_secure,
		 struct phone *plain, const char *to_plain, const struct sdes_line *theirs,
		 const struct sdes_line *ours)
{
	const char *addr_a = "127.80.0.1";
	struct srtp *send = srtp_new(&theirs->keys[0], SRTP_SEND);
	struct srtp *receive = srtp_new(&ours->keys[0], SRTP_RECEIVE);
	uint8_t bytes[256];
	struct srtp_packet packet = { bytes, sizeof(voice), sizeof(bytes) };

	(void)call;
	CU_ASSERT_TRUE_FATAL(send && receive);
	memcpy(bytes, voice, sizeof(voice));
	CU_ASSERT_EQUAL(rtp_protect(send, &packet, 0), SRTP_OK);
	send_to(secure, to_secure, addr_a, bytes, packet.len);
	CU_ASSERT_EQUAL(hear(plain, bytes, sizeof(bytes)), sizeof(voice));
	CU_ASSERT_TRUE(!memcmp(bytes, voice, sizeof(voice)));

	send_to(plain, to_plain, addr_a, voice, sizeof(voice));
	packet.len = hear(secure, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(packet.len, sizeof(voice) + srtp_suite(send)->tag);
	CU_ASSERT_TRUE(memcmp(bytes + 12, voice + 12, 5) != 0);
	CU_ASSERT_EQUAL(rtp_unprotect(receive, &packet, 0), SRTP_OK);
	CU_ASSERT_TRUE(!memcmp(bytes, voice, sizeof(voice)));
	srtp_free(send);
	srtp_free(receive);
}

static void test_secure_phone_calls_plain_one(void)
{
	struct sdes_line theirs, ours;
	struct call_scene call;

	CU_ASSERT_EQUAL(sdes_read(STR(THEIRS), &theirs), SDES_OK);
	open_call(&call);
	strcpy(call.to_b, ask(&call.scene, "offer", &call.a.at, "RTP/SAVP",
			      CRYPTO("3 F8_128_HMAC_SHA1_80 inline:" THEIR_KEY) CRYPTO(THEIRS),
			      ",\"transport-protocol\":\"RTP/AVP\",\"flags\":[\"SDES-off\"]"));
	CU_ASSERT_TRUE(has(call.to_b, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(call.to_b, "crypto"));
	strcpy(call.to_a,
	       ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", ",\"flags\":[\"SDES-off\"]"));
	CU_ASSERT_TRUE(has(call.to_a, "RTP/SAVP 0"));
	CU_ASSERT_EQUAL(count(call.to_a, "a=crypto:"), 1);
	ours = line_of(call.to_a);
	CU_ASSERT_EQUAL(ours.tag, 4);
	CU_ASSERT_TRUE(memcmp(ours.keys[0].key, theirs.keys[0].key, 16) != 0);
	CU_ASSERT_TRUE(conf_of(&call.scene)->side[SIDE_A].flags & SIDE_SRTP);
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	talk(&call, &call.a, call.to_a, &call.b, call.to_b, &theirs, &ours);

	/* The final answer, and a re-INVITE with the same lines: all stays. */
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	CU_ASSERT_TRUE(!memcmp(line_of(reply).keys[0].key, ours.keys[0].key, 16));
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS), ",\"to-tag\":\"b\"");
	CU_ASSERT_TRUE(has(reply, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(reply, "crypto"));
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	CU_ASSERT_TRUE(!memcmp(line_of(reply).keys[0].key, ours.keys[0].key, 16));
	close_call(&call);
}

static void test_plain_phone_calls_secure_one(void)
{
	struct sdes_line theirs, ours;
	struct call_scene call;
	char lines[512];

	open_call(&call);
	strcpy(call.to_b,
	       ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "",
		   ",\"transport-protocol\":\"RTP/SAVP\",\"SDES\":[\"no-AEAD_AES_128_GCM\"]"));
	CU_ASSERT_TRUE(has(call.to_b, "RTP/SAVP 0"));
	CU_ASSERT_EQUAL(count(call.to_b, "a=crypto:"), 2);
	ours = line_of(call.to_b);
	CU_ASSERT_STRING_EQUAL(ours.name, "AES_CM_128_HMAC_SHA1_80");
	snprintf(lines, sizeof(lines),
		 CRYPTO("%u AES_CM_128_HMAC_SHA1_80 inline:" THEIR_KEY "|2^31"), ours.tag);
	strcpy(call.to_a, ask(&call.scene, "answer", &call.b.at, "RTP/SAVP", lines, ""));
	CU_ASSERT_TRUE(has(call.to_a, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(call.to_a, "crypto"));
	CU_ASSERT_EQUAL(sdes_read(STR(THEIRS), &theirs), SDES_OK);
	talk(&call, &call.b, call.to_b, &call.a, call.to_a, &theirs, &ours);
	close_call(&call);
}

/* Both have SRTP, or both are plain, or there is no key: as before, nothing ends here. */
static void test_passes_unchanged(void)
{
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS), "");
	CU_ASSERT_TRUE(has(reply, "a=crypto:" THEIRS));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_A].flags & SIDE_SRTP);
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP",
	    CRYPTO("3 F8_128_HMAC_SHA1_80 inline:" THEIR_KEY),
	    ",\"transport-protocol\":\"RTP/AVP\"");
	CU_ASSERT_TRUE(has(reply, "RTP/SAVP 0"));
	CU_ASSERT_TRUE(has(reply, "F8_128"));
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "",
	    ",\"transport-protocol\":\"RTP/SAVP\",\"SDES\":[\"off\"]");
	CU_ASSERT_TRUE(has(reply, "RTP/AVP 0"));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	close_call(&call);
}

static char osrtp[512];

/* The answer of a phone that takes @ours. */
static const char *took(const struct sdes_line *ours)
{
	snprintf(osrtp, sizeof(osrtp), CRYPTO("%u %s inline:" THEIR_KEY), ours->tag, ours->name);
	return osrtp;
}

#define OFFER_OSRTP ",\"OSRTP\":[\"offer\"],\"SDES\":[\"only-AES_CM_128_HMAC_SHA1_80\"]"

/* RFC 8643: the phone takes it, and keeps it over a re-INVITE; or it takes no notice. */
static void test_offers_osrtp(void)
{
	struct sdes_line theirs, ours, again;
	struct call_scene call;

	CU_ASSERT_EQUAL(sdes_read(STR(THEIRS), &theirs), SDES_OK);
	open_call(&call);
	strcpy(call.to_b, ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "", OFFER_OSRTP));
	CU_ASSERT_TRUE(has(call.to_b, "RTP/AVP 0"));
	CU_ASSERT_EQUAL(count(call.to_b, "a=crypto:"), 1);
	ours = line_of(call.to_b);
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	strcpy(call.to_a, ask(&call.scene, "answer", &call.b.at, "RTP/AVP", took(&ours), ""));
	CU_ASSERT_TRUE(has(call.to_a, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(call.to_a, "crypto"));
	talk(&call, &call.b, call.to_b, &call.a, call.to_a, &theirs, &ours);

	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "", ",\"to-tag\":\"b\"");
	again = line_of(reply);
	CU_ASSERT_TRUE(srtp_master_eq(&again.keys[0], &ours.keys[0]));
	CU_ASSERT_TRUE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", took(&ours), "");
	CU_ASSERT_TRUE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	/* It ends it. */
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "", ",\"to-tag\":\"b\"");
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	/* And begins it again, with another key of ours. */
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "", ",\"to-tag\":\"b\"" OFFER_OSRTP);
	again = line_of(reply);
	CU_ASSERT_FALSE(srtp_master_eq(&again.keys[0], &ours.keys[0]));
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", took(&again), "");
	CU_ASSERT_TRUE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "", ",\"flags\":[\"OSRTP-offer\"]");
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	CU_ASSERT_FALSE(has(reply, "crypto"));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	close_call(&call);
}

/* OSRTP that a phone offers: passed on; accepted for the other phone, or not; removed. */
static void test_is_offered_osrtp(void)
{
	struct sdes_line theirs, ours;
	struct call_scene call;

	CU_ASSERT_EQUAL(sdes_read(STR(THEIRS), &theirs), SDES_OK);
	for (int accept = 0; accept < 2; accept++) {
		open_call(&call);
		strcpy(call.to_b,
		       ask(&call.scene, "offer", &call.a.at, "RTP/AVP", CRYPTO(THEIRS), ""));
		CU_ASSERT_TRUE(has(call.to_b, THEIRS));
		strcpy(call.to_a, ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "",
				      accept ? ",\"OSRTP\":\"accept\"" : ""));
		CU_ASSERT_TRUE(has(call.to_a, "RTP/AVP 0"));
		CU_ASSERT_EQUAL(count(call.to_a, "a=crypto:"), accept);
		if (accept) {
			ours = line_of(call.to_a);
			talk(&call, &call.a, call.to_a, &call.b, call.to_b, &theirs, &ours);
		}
		close_call(&call);
	}

	/* Both phones agree: nothing ends here, whatever the proxy asks. */
	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", CRYPTO(THEIRS), ",\"OSRTP\":[\"offer\"]");
	CU_ASSERT_TRUE(has(reply, THEIRS));
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", CRYPTO(THEIRS),
	    ",\"OSRTP\":[\"accept\"]");
	CU_ASSERT_TRUE(has(reply, THEIRS));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_A].flags & SIDE_SRTP);
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", CRYPTO(THEIRS),
	    ",\"flags\":[\"SDES-off\"]");
	CU_ASSERT_FALSE(has(reply, "crypto"));
	close_call(&call);
}

/* The profile of the answer, for the offerer: that of its offer, or with "accept" that of R. */
static void test_accepts_protocol(void)
{
	static const struct {
		const char *offered, *asked, *answered, *lines, *more, *shown;
	} rows[] = {
		{ "RTP/AVP", "", "RTP/AVPF", "", "", "RTP/AVP 0" },
		{ "RTP/AVP", "", "RTP/AVPF", "", ",\"transport-protocol\":\"accept\"",
		  "RTP/AVPF 0" },
		{ "RTP/SAVP", "RTP/AVPF", "RTP/AVPF", CRYPTO(THEIRS), "", "RTP/SAVP 0" },
		/* Never plain for one that has offered SRTP. */
		{ "RTP/SAVP", "RTP/AVPF", "RTP/AVPF", CRYPTO(THEIRS),
		  ",\"transport-protocol\":\"accept\"", "RTP/SAVP 0" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call_scene call;
		char more[128];

		open_call(&call);
		snprintf(more, sizeof(more), ",\"transport-protocol\":\"%s\"", rows[i].asked);
		ask(&call.scene, "offer", &call.a.at, rows[i].offered, rows[i].lines,
		    *rows[i].asked ? more : "");
		ask(&call.scene, "answer", &call.b.at, rows[i].answered, "", rows[i].more);
		CU_ASSERT_TRUE(has(reply, rows[i].shown));
		close_call(&call);
	}
}

/* Query names the suite and who offered. */
static void test_query_shows_the_suite(void)
{
	struct buf out = BUF_INIT(reply, sizeof(reply) - 1);
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS),
	    ",\"transport-protocol\":\"RTP/AVP\"");
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	ng_run(&call.scene.env, &proxy, STR("{\"command\":\"query\",\"call-id\":\"c\"}"), &out);
	reply[out.len] = '\0';
	CU_ASSERT_EQUAL(count(reply, "\"SRTP suite\":\"AES_CM_128_HMAC_SHA1_80\""), 1);
	CU_ASSERT_EQUAL(count(reply, "\"SDES role\":\"offerer\""), 1);
	CU_ASSERT_EQUAL(count(reply, "\"SDES\""), 1);
	CU_ASSERT_FALSE(has(reply, "passthrough"));
	close_call(&call);
}

static void answer_with(struct call_scene *call, const char *proto, const struct sdes_line *ours)
{
	ask(&call->scene, "answer", &call->b.at, proto, ours ? took(ours) : "", "");
}

static bool sends_with(const struct call_scene *call, const struct sdes_line *line)
{
	const struct media *media = call->scene.calls->calls->dialogs->media[0];
	struct sdes_lines sent;

	media_sdes_get(media->sdes, SIDE_B, SDES_SENT, &sent);
	return sent.n && srtp_master_eq(&sent.line[0].keys[0], &line->keys[0]);
}

/* The second line of a reply. */
static struct sdes_line next_line_of(const char *text)
{
	const char *at = strstr(text, "a=crypto:");

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	return line_of(at + 1);
}

/* Several answers to an offer, of several phones or of one that forges them. */
static void test_key_that_was_left_is_not_used_again(void)
{
	struct sdes_line first, second;
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "",
	    ",\"transport-protocol\":\"RTP/SAVP\",\"SDES\":[\"no-AEAD_AES_128_GCM\"]");
	first = line_of(reply);
	second = next_line_of(reply);
	answer_with(&call, "RTP/SAVP", &first);
	CU_ASSERT_TRUE(sends_with(&call, &first));
	answer_with(&call, "RTP/SAVP", &second);
	CU_ASSERT_TRUE(sends_with(&call, &second));
	answer_with(&call, "RTP/SAVP", &first);
	CU_ASSERT_TRUE(sends_with(&call, &second));
	/* Nor after SRTP has ended in between: under a plain profile. */
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "",
	    ",\"to-tag\":\"b\",\"transport-protocol\":\"RTP/AVP\"" OFFER_OSRTP);
	CU_ASSERT_FALSE(srtp_master_eq(&line_of(reply).keys[0], &second.keys[0]));
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "", OFFER_OSRTP);
	first = line_of(reply);
	answer_with(&call, "RTP/AVP", &first);
	answer_with(&call, "RTP/AVP", NULL);
	answer_with(&call, "RTP/AVP", &first);
	CU_ASSERT_FALSE(sends_with(&call, &first));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	close_call(&call);
}

/* A plain phone that begins its numbers again is counted; each number is sealed once. */
static void test_numbers_that_go_back(void)
{
	uint8_t bytes[sizeof(voice)];
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS),
	    ",\"transport-protocol\":\"RTP/AVP\"");
	strcpy(call.to_b, reply);
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	memcpy(bytes, voice, sizeof(voice));
	for (int i = 0; i < 18; i++) {
		bytes[2] = i ? 1 : 2; /* 512, then from 257 on */
		bytes[3] = (uint8_t)i;
		send_to(&call.b, call.to_b, "127.80.0.1", bytes, sizeof(bytes));
	}
	for (int tries = 0; tries < 500 && !call.scene.stats.srtp_restarts; tries++) {
		struct pollfd ready = { worker_pool_fd(call.scene.workers), POLLIN, 0 };

		poll(&ready, 1, 10);
		worker_pool_dispatch(call.scene.workers);
	}
	CU_ASSERT_EQUAL(call.scene.stats.srtp_restarts, 1);
	CU_ASSERT_EQUAL(call.scene.stats.srtp_replaced, 0);
	close_call(&call);
}

/* Waits until a packet of SRTP was refused @n times, and the news of it was heard. */
static void hear_refused(struct call_scene *call, uint64_t n)
{
	const struct media *media = call->scene.calls->calls->dialogs->media[0];
	struct stream_report report = { 0 };

	for (int tries = 0; tries < 500 && report.drops[DROP_SRTP_AUTH] < n; tries++) {
		poll(NULL, 0, 10);
		bridge_report(media->bridge, SIDE_A, COMP_RTP, &report);
	}
	CU_ASSERT_EQUAL(report.drops[DROP_SRTP_AUTH], n);
	/* News is sent at the end of a batch, so after the counter. */
	for (int tries = 0; tries < 10; tries++) {
		struct pollfd ready = { worker_pool_fd(call->scene.workers), POLLIN, 0 };

		if (poll(&ready, 1, 20) > 0)
			worker_pool_dispatch(call->scene.workers);
	}
}

/* Log lines at debug: keys with suite and direction, never the keys; a wrong key once a stream. */
static void test_log_of_keys(void)
{
	static const char other[] = "4 AES_CM_128_HMAC_SHA1_80 inline:"
				    "BBBCAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
	struct log_capture capture;
	char text[16384], line[128], own[64];
	struct call_scene call;

	open_call(&call);
	log_capture_begin(&capture, LOG_LEVEL_DEBUG);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS),
	    ",\"transport-protocol\":\"RTP/AVP\"");
	strcpy(call.to_a, ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", ""));
	snprintf(own, sizeof(own), "%.40s", strstr(call.to_a, "inline:") + strlen("inline:"));
	for (unsigned int n = 1; n <= 3; n++) {
		send_to(&call.a, call.to_a, "127.80.0.1", voice, sizeof(voice));
		hear_refused(&call, n);
	}
	snprintf(line, sizeof(line), "a=crypto:%s\\r\\n", other);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", line, ",\"to-tag\":\"b\"");
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(log_capture_count(text, "media 1: SRTP from the caller: key set, "
						"AES_CM_128_HMAC_SHA1_80\n"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(text, "media 1: SRTP to the caller: key set, "
						"AES_CM_128_HMAC_SHA1_80\n"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(text, "media 1: SRTP from the caller: key changed, "
						"AES_CM_128_HMAC_SHA1_80\n"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(text, ": key "), 3);
	CU_ASSERT_EQUAL(log_capture_count(text, "media 1: RTP from the caller is not authentic "),
			1);
	CU_ASSERT_FALSE(has(text, THEIR_KEY));
	CU_ASSERT_FALSE(has(text, own));
	CU_ASSERT_FALSE(has(text, "inline:"));
	close_call(&call);
}

/* An offer or answer that fails for want of memory changes no key, and leaves none behind. */
static void test_fails_without_memory(void)
{
	long before = alloc_live();
	struct call_scene call;
	unsigned int n = 0;
	bool failed;

	do {
		struct buf out = BUF_INIT(reply, sizeof(reply) - 1);

		open_call(&call);
		ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS),
		    ",\"transport-protocol\":\"RTP/AVP\"");
		snprintf(payload, sizeof(payload),
			 "{\"command\":\"answer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"to-tag\":"
			 "\"b\","
			 "\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\n"
			 "c=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\nm=audio %u RTP/AVP 0\\r\\n\"}",
			 endpoint_port(&call.b.at));
		arena_reset(call.scene.env.arena);
		alloc_fail_at(++n);
		ng_run(&call.scene.env, &proxy, str_of(payload), &out);
		failed = alloc_failed();
		alloc_fail_at(0);
		close_call(&call);
	} while (failed && n < 100);
	CU_ASSERT_TRUE(n > 3 && n < 100);
	CU_ASSERT_EQUAL(alloc_live(), before);
}

TEST_SUITE(ng_sdes, { "a phone with SRTP calls a plain one", test_secure_phone_calls_plain_one },
	   { "a plain phone calls one with SRTP", test_plain_phone_calls_secure_one },
	   { "other calls pass unchanged", test_passes_unchanged },
	   { "offers OSRTP", test_offers_osrtp }, { "is offered OSRTP", test_is_offered_osrtp },
	   { "accepts the protocol", test_accepts_protocol },
	   { "a key that was left is not used again", test_key_that_was_left_is_not_used_again },
	   { "query shows the suite", test_query_shows_the_suite },
	   { "numbers that go back", test_numbers_that_go_back },
	   { "log of keys", test_log_of_keys },
	   { "fails without memory", test_fails_without_memory });
