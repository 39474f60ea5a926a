/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udptl.h - tells by the numbers of UDPTL (T.38) whether another port is that of the same phone
 *
 * UDPTL has no SSRC. After its NAT changed the port, a phone goes on with the numbers; nobody else
 * knows them, but there are only 65,536, and a fax begins at 0. So the first packet has to continue
 * them closely, more have to follow it, and who guesses wrong a few times has to wait.
 *
 * Pure: packets and time are handed in. Media thread only.
 */
#ifndef RTPRELAY_UDPTL_H
#define RTPRELAY_UDPTL_H

#include <stdbool.h>
#include <stdint.h>
#include "udptl_wire.h"

/* After the first packet of another port, which continues the numbers, so many in order. */
#define UDPTL_MORE 3
/* A media of unknown kind is UDPTL if so many packets had numbers in order. */
#define UDPTL_SHOWN 4

/**
 * struct udptl - numbers of the source in use, and of a port at its address that continues them;
 * all zero: none
 * @seq: of its last packet; @in_order: up to it, so many were in order, at most UDPTL_SHOWN; 0: it
 *	is not known
 * @port, @next_seq: of the other one, and the number of its last packet
 * @run: so many of its packets were in order, at most 1 + UDPTL_MORE; 0: there is none
 * @began_ms: the first of these
 * @wrong: guesses since the last pause; @pause_ms: the end of that
 */
struct udptl {
	int64_t began_ms, pause_ms;
	uint16_t seq, next_seq, port;
	uint8_t in_order, run, wrong;
};

/* A packet of the source in use. */
void udptl_hear(struct udptl *udptl, uint16_t seq);
/* Packets have passed unseen. */
void udptl_lose_track(struct udptl *udptl);
/* Is the number of its last packet known? @told: the call says that it is UDPTL. */
static inline bool udptl_known(const struct udptl *udptl, bool told)
{
	return udptl->in_order >= (told ? 1 : UDPTL_SHOWN);
}

/* Somebody continues the numbers of the source in use, which was heard last at that time. */
static inline bool udptl_is_continued(const struct udptl *udptl, int64_t heard_ms)
{
	return udptl->run && udptl->began_ms > heard_ms;
}

/**
 * udptl_continue() - a packet from another port at the address of the source in use
 * @heard_ms: when that was heard last: who began before is not the same phone
 * Return: it is the phone, as far as its numbers show
 */
bool udptl_continue(struct udptl *udptl, uint16_t port, uint16_t seq, int64_t heard_ms,
		    int64_t now_ms);

#endif
