/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.h - the daemon in the namespace "relay" of world.h, asked by NG; calls between phones in "a" and "b"
 *
 * Interfaces: left 192.0.2.254, right 198.51.100.254, right6 2001:db8:b::fe.
 */
#ifndef TESTS_RELAY_H
#define TESTS_RELAY_H

#include <stdint.h>
#include <sys/types.h>
#include "tests/kmod/nl.h"
#include "tests/kmod/world.h"

/* The module's netlink, in the namespace of the relay. */
extern struct nl relay_nl;

/* Starts it, with more options; ready when this returns. The program: RTPRELAYD in the environment. */
void relay_start(const char *options);
/* SIGTERM, and its end. Return: its exit status */
int relay_stop(void);
void relay_signal(int number);
/* CPU time of all its threads so far, in microseconds. */
int64_t relay_cpu_us(void);

/* Also when the module has gone. */
bool relay_module(bool loaded);

/* One command, JSON without the outer braces. The reply is there until the next one. */
const char *relay_ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often @text is in it. */
int relay_count(const char *reply, const char *text);
/* The number behind the first "key": of a reply; -1: no such key. */
long relay_number(const char *reply, const char *key);

/* Asks for the flows of the namespace until there are so many. */
bool relay_flows(uint32_t count);
/* Packets that were forwarded by the module, and by the daemon, since they were started. */
uint64_t relay_kernel_packets(void);
long relay_user_packets(void);

/* A phone, with RTP and RTCP sockets. */
struct phone {
	const char *netns;
	char local[2][64], to[2][64]; /* "address:port", by component; @to: the relay */
	int fd[2];
	uint32_t ssrc;
	uint16_t seq;	   /* of the next RTP packet */
	unsigned int sent; /* of RTP */
	bool shared;	   /* its sockets are those of other calls, too */
	bool older; /* the last packet was sent with an older timestamp; for tests of jitter */
};

struct call {
	char id[32];
	struct phone a, b;
};

/* @a, @b: "address:port" of their RTP; @b of "[address]:port" is called by IPv6. */
void call_open(struct call *call, const char *id, const char *a, const char *b);
/* Another call between the same phones, at the same sockets, which are those of @other to close. */
void call_open_beside(struct call *call, const char *id, struct call *other);
/* The same, with more lines in the SDP of both. */
void call_open_as(struct call *call, const char *id, const char *a, const char *b,
		  const char *attributes);
/* An offer of @a as it is now, without an answer. Return: the reply */
const char *call_offer(struct call *call, const char *attributes);
void call_close(struct call *call);
/* An RTP packet from one to the other; false: it did not come, or not as it was. */
bool call_pass(struct phone *from, struct phone *to);
/* The same, and false is expected: nothing comes. */
bool call_lost(struct phone *from, struct phone *to);
bool call_pass_rtcp(struct phone *from, struct phone *to);
/* So many in both directions. */
bool call_talk(struct call *call, int count);
/* The first packets after an offer or answer: those that come before the media thread has been told are lost. */
bool call_first(struct phone *from, struct phone *to);
/* One of everything in all directions, until all four flows are there. */
void call_latch(struct call *call, uint32_t flows);
/* The phone goes on from another port, as behind a NAT that rebound. */
void phone_move(struct phone *phone, const char *local);

#endif
