/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_fuzz.c - sends malformed control datagrams: valid ones, changed at random
 *
 *   ng_fuzz ADDRESS PORT COUNT SEED [rtpproxy]
 *   ng_fuzz ADDRESS PORT cookies                cookies of each length that fits into a datagram
 *
 * Each is a valid request with bytes changed, removed or repeated, with wrong lengths, or extended
 * to the maximum size of a UDP datagram. After every few datagrams the relay must answer a ping.
 * Exit status 0: it answered all. The same seed gives the same datagrams. rtpproxy: the classic
 * rtpproxy protocol.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "peer_sdp.h"

#define LARGEST	   65507
#define PING_AFTER 20
#define PING_TRIES 5
#define WAIT_MS	   1000
/* Requests as Kamailio sends them, and the same in JSON. Only these requests use their Call-IDs. */
#define SDP                                                                                        \
	"v=0\r\no=- 1 1 IN IP4 10.1.0.9\r\ns=-\r\nc=IN IP4 10.1.0.9\r\nt=0 0\r\n"                  \
	"m=audio 40000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
#define SDP_JSON                                                                                   \
	"v=0\\r\\no=- 1 1 IN IP4 10.1.0.9\\r\\ns=-\\r\\nc=IN IP4 10.1.0.9\\r\\nt=0 0\\r\\n"        \
	"m=audio 40000 RTP/AVP 0\\r\\na=rtcp:40001\\r\\n"

static const char *const requests[] = {
	"d8:supportsl10:load limite3:sdp124:" SDP
	"3:ICE6:remove7:replacel6:origin18:session-connectione"
	"8:rtcp-muxl5:demuxe7:call-id6:fuzz-113:received-froml3:IP412:198.51.100.9e8:from-tag2:f17:"
	"command5:offere",
	"d8:supportsl10:load limite3:sdp124:" SDP
	"3:ICE6:remove14:address-family3:IP410:via-branch9:z9hG4bK-1"
	"7:call-id6:fuzz-113:received-froml3:IP412:198.51.100.9e8:from-tag2:f16:to-tag2:t17:"
	"command6:answere",
	"d8:supportsl10:load "
	"limite7:call-id6:fuzz-113:received-froml3:IP412:198.51.100.9e8:from-tag2:f1"
	"7:command6:deletee",
	"d7:call-id6:fuzz-17:command5:querye",
	"d7:command4:liste",
	"d7:command4:pinge",
	"{\"command\":\"offer\",\"call-id\":\"fuzz-2\",\"from-tag\":\"f2\",\"sdp\":\"" SDP_JSON
	"\",\"flags\":[\"strict-source\",\"loop-protect\"],\"direction\":[\"pub\",\"pub\"],\"TOS\":"
	"184}",
	"{\"command\":\"answer\",\"call-id\":\"fuzz-2\",\"from-tag\":\"f2\",\"to-tag\":\"t2\","
	"\"sdp\":\"" SDP_JSON "\"}",
	"{\"command\":\"delete\",\"call-id\":\"fuzz-2\",\"from-tag\":\"f2\",\"delete-delay\":0}",
	"{\"command\":\"statistics\"}",
};

/* As Kamailio's rtpproxy module sends them, and the other commands of the protocol. */
static const char *const commands[] = {
	"Uc8,101 fuzz-3 203.0.113.9 40000 f3;1",
	"UAIE6Z20c0,8,101 fuzz-3 2001:db8::9 40000 f3;2 t3;2 unix:/run/x T1%2e2",
	"U fuzz-3 203.0.113.9 0 f3;1 t3;1 && Lc0 203.0.113.8 40002 && S ttl=2 && D",
	"Lc8,101 fuzz-3 203.0.113.8 40002 f3;1 t3;1",
	"UWNL198.51.100.20 fuzz-4 203.0.113.9 40000 f4;1",
	"UL{pub} fuzz-4 203.0.113.9 40000 f4;3",
	"UR203.0.113.9 fuzz-5 0.0.0.0 40000 f5",
	"Q fuzz-3 f3;1 t3 ttl npkts_ina rtpa_nlost",
	"Qv fuzz-3 f3;1 t3;1 && D",
	"D fuzz-3 f3 t3",
	"Dw fuzz-4 f4",
	"VF 20050322",
	"IBL",
	"Gv nsess_created total_duration pps_in",
	"P-1 fuzz-3 prompt session f3;1",
	"Csp fuzz-3 udp:203.0.113.9:4000 f3;1 t3;1",
};

static bool rtpproxy;

/* xorshift: the same on every machine. */
static uint32_t random_state;

static uint32_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static size_t random_below(size_t limit)
{
	return limit ? random_next() % limit : 0;
}

struct datagram {
	uint8_t bytes[LARGEST];
	size_t len;
};

static void change_bytes(struct datagram *dg)
{
	for (size_t n = 1 + random_below(8); n && dg->len; n--)
		dg->bytes[random_below(dg->len)] = (uint8_t)random_next();
}

static void change_bit(struct datagram *dg)
{
	if (dg->len)
		dg->bytes[random_below(dg->len)] ^= (uint8_t)(1 << random_below(8));
}

static void cut(struct datagram *dg)
{
	dg->len = random_below(dg->len + 1);
}

/* Changes digits: bencode's lengths and integers, ports and addresses. */
static void change_digit(struct datagram *dg)
{
	size_t at = random_below(dg->len);

	for (size_t i = 0; i < dg->len; i++) {
		uint8_t *byte = &dg->bytes[(at + i) % dg->len];

		if (*byte >= '0' && *byte <= '9') {
			*byte = (uint8_t)('0' + random_below(10));
			return;
		}
	}
}

/* Copies a slice to a random place. */
static void insert(struct datagram *dg, const uint8_t *bytes, size_t len)
{
	size_t at = random_below(dg->len + 1);

	if (dg->len + len > LARGEST)
		return;
	memmove(dg->bytes + at + len, dg->bytes + at, dg->len - at);
	memcpy(dg->bytes + at, bytes, len);
	dg->len += len;
}

static void repeat_slice(struct datagram *dg)
{
	uint8_t slice[256];
	size_t len = random_below(sizeof(slice)), from = random_below(dg->len);

	if (from + len > dg->len)
		len = dg->len - from;
	memcpy(slice, dg->bytes + from, len);
	insert(dg, slice, len);
}

static void nest(struct datagram *dg)
{
	static const char openers[] = "dl[{";
	uint8_t deep[2000];

	memset(deep, openers[random_below(4)], sizeof(deep));
	insert(dg, deep, 1 + random_below(sizeof(deep)));
}

static void blow_up(struct datagram *dg)
{
	uint8_t byte = (uint8_t)random_next();
	size_t len = random_below(LARGEST - dg->len);

	memset(dg->bytes + dg->len, byte, len);
	dg->len += len;
}

/* Inserts blanks and special characters; the last of the changes, and not for NG. */
static void change_words(struct datagram *dg)
{
	static const char *const texts[] = { " ", "\t", "\n", " && ", ";",	    ",",
					     "%", "[",	"{",  "\0 ",  "99999999999" };
	const char *text = texts[random_below(COUNT(texts))];

	insert(dg, (const uint8_t *)text, *text ? strlen(text) : 2);
}

static void (*const changes[])(struct datagram *) = {
	change_bytes, change_bit, change_digit, change_digit, cut,
	repeat_slice, nest,	  blow_up,	change_words,
};

/* X would end the other call, which must not be affected. */
static void spare_others(struct datagram *dg)
{
	size_t at = 0;

	for (int word = 0; word < 2; word++) {
		while (at < dg->len && strchr(" \t\r\n", dg->bytes[at]))
			at++;
		while (!word && at < dg->len && !strchr(" \t\r\n", dg->bytes[at]))
			at++;
	}
	if (at < dg->len && (dg->bytes[at] | 0x20) == 'x')
		dg->bytes[at] = 'Y';
}

static void datagram_make(struct datagram *dg, unsigned int number)
{
	const char *request = rtpproxy ? commands[random_below(COUNT(commands))]
				       : requests[random_below(COUNT(requests))];
	int len = snprintf((char *)dg->bytes, sizeof(dg->bytes), "fuzz_%u %s", number, request);

	dg->len = (size_t)len;
	for (size_t n = 1 + random_below(3); n; n--) {
		if (dg->len)
			changes[random_below(COUNT(changes) - !rtpproxy)](dg);
	}
	if (rtpproxy)
		spare_others(dg);
}

/* Skips replies to earlier datagrams. */
static bool pong(int fd, const char *cookie)
{
	static char reply[65536];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	while (poll(&pfd, 1, WAIT_MS) == 1) {
		ssize_t len = recv(fd, reply, sizeof(reply), 0);

		if (len > 0 && (size_t)len > strlen(cookie) &&
		    !memcmp(reply, cookie, strlen(cookie)))
			return true;
	}
	return false;
}

static bool is_alive(int fd, unsigned int number)
{
	char cookie[32], ping[64];

	snprintf(cookie, sizeof(cookie), "alive_%u ", number);
	snprintf(ping, sizeof(ping), "%s%s", cookie, rtpproxy ? "V" : "d7:command4:pinge");
	for (int i = 0; i < PING_TRIES; i++) {
		/* May return the error of an earlier datagram. */
		if (send(fd, ping, strlen(ping), 0) < 0 && errno != ECONNREFUSED)
			return false;
		if (pong(fd, cookie))
			return true;
	}
	return false;
}

/* A valid command after a cookie of @number bytes. */
static void cookie_make(struct datagram *dg, unsigned int number)
{
	memset(dg->bytes, 'x', number);
	memcpy(dg->bytes + number, " V", 2);
	dg->len = number + 2;
}

int main(int argc, char **argv)
{
	static struct datagram dg;
	struct sockaddr_storage relay;
	bool cookies = argc == 4 && !strcmp(argv[3], "cookies");
	unsigned int count;
	socklen_t len;
	int fd;

	rtpproxy = cookies || (argc == 6 && !strcmp(argv[5], "rtpproxy"));
	if ((argc != 5 && !rtpproxy) ||
	    !peer_addr(argv[1], (unsigned int)strtoul(argv[2], NULL, 10), &relay)) {
		fprintf(stderr, "usage: ng_fuzz ADDRESS PORT COUNT SEED [rtpproxy]\n"
				"       ng_fuzz ADDRESS PORT cookies\n");
		return EXIT_FAILURE;
	}
	count = cookies ? LARGEST - 2 : (unsigned int)strtoul(argv[3], NULL, 10);
	random_state = cookies ? 1 : (uint32_t)strtoul(argv[4], NULL, 10) | 1;
	len = relay.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	fd = socket(relay.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&relay, len) < 0) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	for (unsigned int i = 1; i <= count; i++) {
		if (cookies)
			cookie_make(&dg, i);
		else
			datagram_make(&dg, i);
		(void)!send(fd, dg.bytes, dg.len, 0);
		if ((i % PING_AFTER == 0 || i == count) && !is_alive(fd, i)) {
			fprintf(stderr, "ng_fuzz: no answer after %u datagrams (%s %s)\n", i,
				cookies ? "with" : "seed", cookies ? "cookies" : argv[4]);
			return EXIT_FAILURE;
		}
	}
	close(fd);
	printf("sent %u malformed datagrams, the relay still answers\n", count);
	return EXIT_SUCCESS;
}
