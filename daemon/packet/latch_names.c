/* SPDX-License-Identifier: GPL-2.0-or-later */
/* latch_names.c - names of the states and ranks of latching, for people and monitoring */
#include "packet/latch_names.h"

const char *const latch_state_names[LATCH_LOCKED + 1] = {
	[LATCH_WAIT] = "wait",
	[LATCH_LEARN] = "learn",
	[LATCH_LOCKED] = "locked",
};

const char *const latch_rank_names[LATCH_RANKS] = {
	[RANK_UNKNOWN] = "unknown",
	[RANK_NEAR] = "near",
	[RANK_ADDR] = "address",
	[RANK_EXACT] = "exact",
};

const char *const latch_rank_phrases[LATCH_RANKS] = {
	[RANK_UNKNOWN] = "address not known from SDP or SIP",
	[RANK_NEAR] = "near an address of SDP or SIP, or of another stream of the phone",
	[RANK_ADDR] = "address of SDP or SIP, other port",
	[RANK_EXACT] = "address and port of SDP",
};
