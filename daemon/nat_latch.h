/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nat_latch.h - learns where a side's media really comes from (DESIGN, "Latching")
 *
 * Pure: no I/O, no clock, no allocation; packets and time are handed in. Media thread only.
 */
#ifndef RTPRELAY_NAT_LATCH_H
#define RTPRELAY_NAT_LATCH_H

#include "endpoint.h"

enum latch_mode {
	LATCH_SMART, /* default */
	LATCH_STRICT, /* wants rank 2 */
	LATCH_FIRST, /* whoever comes first, as relays did of old */
};

enum latch_state {
	LATCH_WAIT,   /* nothing heard */
	LATCH_LEARN,  /* a source is in use, the window is open */
	LATCH_LOCKED, /* only that source is heard */
};

enum latch_rank {
	RANK_UNKNOWN = 0, /* held against nothing we know */
	RANK_NEAR = 1,	  /* latched by a sibling, or in the network of a rank 2 address */
	RANK_ADDR = 2,	  /* the address of SDP or of SIP, another port */
	RANK_EXACT = 3,	  /* address and port of the SDP */
};

#endif
