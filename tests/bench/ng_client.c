/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ng_client.c - commands to a relay, as Kamailio's rtpengine and rtpproxy modules write them */
#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "ng_client.h"

#define COOKIE "bench_"

struct text {
	char *data;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->data + text->len, NG_BYTES - text->len, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= NG_BYTES - text->len)
		abort();
	text->len += (size_t)len;
}

static void add_string(struct text *text, const char *string)
{
	add(text, "%zu:%s", strlen(string), string);
}

/* A different word of 16 digits for each @call and @what. */
static void add_tag(struct text *text, uint64_t call, uint64_t what)
{
	uint64_t word = (call + 1) * 0x9e3779b97f4a7c15 + what * 0xc2b2ae3d27d4eb4f;

	add(text, "%016llx", (unsigned long long)(word ^ word >> 29));
}

static void add_word(struct text *text, uint64_t call, uint64_t what)
{
	add(text, "16:");
	add_tag(text, call, what);
}

static void add_sdp(struct text *text, const struct ng_request *request)
{
	static char body[NG_BYTES];
	struct text sdp = { .data = body };
	char addr[INET_ADDRSTRLEN];
	bool offer = request->verb == NG_OFFER;

	inet_ntop(AF_INET, &request->phone.sin_addr, addr, sizeof(addr));
	add(&sdp, "v=0\r\no=- %llu 1 IN IP4 %s\r\ns=call\r\nc=IN IP4 %s\r\nt=0 0\r\n",
	    (unsigned long long)request->call, addr, addr);
	add(&sdp, "m=audio %u RTP/AVP %s\r\n", ntohs(request->phone.sin_port),
	    offer ? "0 8 9 18 101" : "0 8 101");
	add(&sdp, "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n");
	if (offer)
		add(&sdp,
		    "a=rtpmap:9 G722/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n");
	add(&sdp, "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 "
		  "0-16\r\na=ptime:20\r\na=maxptime:150\r\n");
	add(&sdp, "a=rtcp:%u\r\na=sendrecv\r\n", ntohs(request->phone.sin_port) + 1);
	add_string(text, body);
}

static size_t rtpproxy_write(const struct ng_request *request, const char *addr, char *out)
{
	struct text text = { .data = out };
	unsigned int port = ntohs(request->phone.sin_port);
	static const char *const verbs[] = { "Uc0,8,9,18,101 ", "Lc0,8,101 ", "D " };

	add(&text, COOKIE "%llu %s", (unsigned long long)request->cookie, verbs[request->verb]);
	add_tag(&text, request->call, 0);
	if (request->verb != NG_DELETE)
		add(&text, " %s %u", addr, port);
	add(&text, " ");
	add_tag(&text, request->call, 1);
	if (request->verb != NG_DELETE)
		add(&text, ";1");
	if (request->verb != NG_OFFER) {
		add(&text, " ");
		add_tag(&text, request->call, 2);
	}
	if (request->verb == NG_ANSWER)
		add(&text, ";1");
	return text.len;
}

size_t ng_write(const struct ng_request *request, char *out)
{
	static const char *const verbs[] = { "offer", "answer", "delete" };
	struct text text = { .data = out };
	char addr[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &request->phone.sin_addr, addr, sizeof(addr));
	if (request->rtpproxy)
		return rtpproxy_write(request, addr, out);
	add(&text, COOKIE "%llu d8:supportsl10:load limite", (unsigned long long)request->cookie);
	if (request->verb != NG_DELETE) {
		add(&text, "3:sdp");
		add_sdp(&text, request);
	}
	add(&text, "3:ICE6:remove");
	if (request->verb != NG_DELETE)
		add(&text, "7:replacel6:origin18:session-connectione");
	if (request->record && request->verb == NG_OFFER)
		add(&text, "11:record-call3:yes");
	add(&text, "7:call-id");
	add_word(&text, request->call, 0);
	add(&text, "13:received-froml3:IP4");
	add_string(&text, addr);
	add(&text, "e8:from-tag");
	add_word(&text, request->call, 1);
	if (request->verb == NG_ANSWER) {
		add(&text, "6:to-tag");
		add_word(&text, request->call, 2);
	}
	add(&text, "7:command");
	add_string(&text, verbs[request->verb]);
	add(&text, "e");
	return text.len;
}

bool ng_reply_cookie(const char *reply, size_t len, uint64_t *cookie)
{
	size_t at = strlen(COOKIE);

	if (len < at || memcmp(reply, COOKIE, at))
		return false;
	for (*cookie = 0; at < len && reply[at] >= '0' && reply[at] <= '9'; at++)
		*cookie = *cookie * 10 + (uint64_t)(reply[at] - '0');
	return at < len && reply[at] == ' ';
}

/* The text after the cookie, in the classic protocol; NULL: it is an NG reply */
static const char *rtpproxy_text(const char *reply, size_t len)
{
	const char *blank = memchr(reply, ' ', len);

	if (!blank || blank + 1 == reply + len || blank[1] == 'd')
		return NULL;
	return blank + 1;
}

bool ng_reply_is_ok(const char *reply, size_t len)
{
	const char *text = rtpproxy_text(reply, len);

	if (text)
		return *text >= '0' && *text <= '9';
	return memmem(reply, len, "6:result2:ok", 12) && !memmem(reply, len, "7:warning", 9);
}

uint16_t ng_reply_port(const char *reply, size_t len)
{
	const char *line = memmem(reply, len, "\nm=audio ", 9), *text = rtpproxy_text(reply, len);

	if (text)
		return (uint16_t)strtoul(text, NULL, 10);
	return line ? (uint16_t)strtoul(line + 9, NULL, 10) : 0;
}

/* Waits a second for the reply to @cookie. Return: its length; 0: none arrived */
static size_t await_reply(int fd, uint64_t cookie, char *reply)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	while (poll(&ready, 1, 1000) == 1) {
		ssize_t len = recv(fd, reply, NG_BYTES - 1, 0);
		uint64_t got;

		if (len <= 0)
			return 0;
		reply[len] = '\0';
		if (ng_reply_cookie(reply, (size_t)len, &got) && got == cookie)
			return (size_t)len;
	}
	return 0;
}

uint16_t ng_ask(int fd, const struct ng_request *request)
{
	char text[NG_BYTES], reply[NG_BYTES];
	size_t len = ng_write(request, text);

	for (int tries = 0; tries < 5; tries++) {
		size_t got;

		if (send(fd, text, len, 0) < 0)
			continue;
		got = await_reply(fd, request->cookie, reply);
		if (!got)
			continue;
		if (ng_reply_is_ok(reply, got))
			return request->verb == NG_DELETE ? 1 : ng_reply_port(reply, got);
		fprintf(stderr, "refused: %s\n", reply);
		return 0;
	}
	fprintf(stderr, "no reply to command %llu\n", (unsigned long long)request->cookie);
	return 0;
}
