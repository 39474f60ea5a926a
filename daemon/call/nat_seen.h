/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nat_seen.h - what media tells of the NATs in front of phones
 *
 * A phone is a party of a dialog whose media was heard: a call that forked may count its caller
 * several times. Where its media really comes from is compared with its SDP. Parties with ICE, or
 * with asymmetric media, are not counted: their media may come from elsewhere without a NAT.
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_NAT_SEEN_H
#define RTPRELAY_CALL_NAT_SEEN_H

#include "call/tree.h"

/* Of one phone; none of them: no NAT is seen, or it changes nothing. */
enum nat_sign {
	NAT_ADDRESS = 1 << 0, /* media comes from another address than the SDP says */
	NAT_PORT = 1 << 1,    /* from another port */
	/*
	 * Two of its ports come from one address, but their numbers were changed by different
	 * amounts: the NAT is symmetric, or draws a port for each binding.
	 */
	NAT_SYMMETRIC = 1 << 2,
};

/* One stream of a phone. Unset, 0.0.0.0 or port 0: not known. */
struct nat_place {
	struct endpoint told; /* in its SDP */
	struct endpoint seen; /* the source in use */
};

/* Places of one phone that are compared. */
#define NAT_PLACES 8

/* Return: bits of enum nat_sign; -1: nothing is known of this phone */
int nat_signs(const struct nat_place *places, size_t n);
/* Adds the phones of the call, by the sources that the daemon knows. */
void nat_seen_add(struct nat_seen *seen, const struct call *call);

#endif
