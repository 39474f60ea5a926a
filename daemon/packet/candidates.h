/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * candidates.h - sources that have to talk like a phone before a stream accepts one of them
 *
 * Several at a time, in bounded memory: neither one that talks nonsense nor a flood of single
 * packets keeps a phone waiting. Pure: packets and time are handed in. Media thread only.
 */
#ifndef RTPRELAY_CANDIDATES_H
#define RTPRELAY_CANDIDATES_H

#include "base/endpoint.h"
#include "packet/latch_rules.h"

/*
 * A source that is waited for has to talk like a phone: no pause longer than this between its
 * packets, their sequence numbers going on by 1 to LATCH_STEP_MAX. Packets sprayed over a range of
 * ports do not.
 */
#define LATCH_GAP_MS   150
#define LATCH_STEP_MAX 16

/*
 * A phone whose second packet comes 20 ms after its first keeps its place meanwhile with a
 * probability of (1 - 1/18)^20 = 32 % when 1,000 other sources a second send a packet each. So one
 * of its first 50 packets does, but for one time in 100 million.
 */
#define CANDIDATES 18

/**
 * struct candidate - what one source has sent
 * @source: unset: free
 * @goes_on: its last packet continued what it had sent before
 * @since_ms, @heard_ms: it talks like a phone since; its last packet. The lower half of the time.
 */
struct candidate {
	struct endpoint source;
	uint32_t since_ms, heard_ms;
	uint32_t ssrc;
	uint16_t seq;
	uint8_t rank;
	bool goes_on;
};

/* All zero: nobody. @random: state of the generator that chooses whom a newcomer displaces. */
struct candidates {
	struct candidate slot[CANDIDATES];
	uint64_t random;
};

/* Without it, the choice can be foreseen. */
void candidates_seed(struct candidates *all, uint64_t seed);
/**
 * candidates_prove() - notes a packet with a sequence number
 * @all: NULL: nobody can prove anything
 * @packet: source, rank and numbers; @heard_ms: the lower half of its time
 * Return: its source has talked like a phone for @patience_ms
 */
bool candidates_prove(struct candidates *all, const struct candidate *packet, int64_t patience_ms);
/* The place is taken, or signalling has changed who may have it: all start again. */
void candidates_clear(struct candidates *all);

#endif
