/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.h - the daemon in the namespace "relay" of world.h, controlled by NG; calls between phones
 * in "a" and "b"
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

/*
 * Starts the daemon with more options; it is ready when this returns. RTPRELAYD in the environment
 * names the program. Calls time out after an hour, unless @options say otherwise: a busy emulated
 * machine takes minutes for what a test does in a second.
 */
void relay_start(const char *options);
/* Sends SIGTERM and waits. Return: its exit status */
int relay_stop(void);
void relay_signal(int number);
/* CPU time of all threads of the daemon so far, in microseconds. */
int64_t relay_cpu_us(void);

/* Lines that the daemons have logged so far. */
long relay_log_lines(void);

/* Also when the module is not loaded. */
bool relay_module(bool loaded);

/* One command, JSON without the outer braces. The reply is valid until the next call. */
const char *relay_ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The number of occurrences of @text in a reply. */
int relay_count(const char *reply, const char *text);
/* The number after the first "key": of a reply; -1: no such key. */
long relay_number(const char *reply, const char *key);

/* Reads the flows of the namespace until their number is as given. */
bool relay_flows(uint32_t count);
/* Packets forwarded by the module, and by the daemon, since each was started. */
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
	bool shared;	   /* its sockets are shared with other calls */
	bool older; /* the last packet was sent with an older timestamp; for tests of jitter */
};

struct call {
	char id[32];
	struct phone a, b;
};

/* @a, @b: "address:port" of their RTP; a @b of "[address]:port" uses IPv6. */
void call_open(struct call *call, const char *id, const char *a, const char *b);
/* Another call between the same phones, at the same sockets; closing @other closes them. */
void call_open_beside(struct call *call, const char *id, struct call *other);
/* The same, with more lines in the SDP of both phones. */
void call_open_as(struct call *call, const char *id, const char *a, const char *b,
		  const char *attributes);
/* An offer with @a's current state, without an answer. Return: the reply */
const char *call_offer(struct call *call, const char *attributes);
void call_close(struct call *call);
/* An RTP packet from one to the other; false: it did not arrive, or was altered. */
bool call_pass(struct phone *from, struct phone *to);
/* The same, but no packet is expected: returns false. */
bool call_lost(struct phone *from, struct phone *to);
bool call_pass_rtcp(struct phone *from, struct phone *to);
/* That many in both directions. */
bool call_talk(struct call *call, int count);
/*
 * The first packets after an offer or answer: those that arrive before the media thread has the new
 * settings are lost.
 */
bool call_first(struct phone *from, struct phone *to);
/* Sends RTP and RTCP in both directions, until all four flows exist. */
void call_latch(struct call *call, uint32_t flows);
/* The phone continues from another port, as behind a NAT that rebound. */
void phone_move(struct phone *phone, const char *local);

#endif
