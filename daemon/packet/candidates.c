/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * candidates.c - sources that have to talk like a phone before a stream accepts one of them
 *
 * A phone sends without long pauses, and its sequence numbers go on. Each candidate is judged by
 * its own packets only. When all slots are in use, a newcomer displaces one that shows nothing of a
 * phone: a single packet, or a pause; or one of a lower rank. Which one is chosen at random, so
 * that a flood of single packets cannot aim at the phone's.
 */
#include <string.h>
#include "packet/candidates.h"

#define FIRST_STATE 0x9e3779b97f4a7c15u /* of the generator: must not be 0 */

void candidates_seed(struct candidates *all, uint64_t seed)
{
	all->random = seed;
}

void candidates_clear(struct candidates *all)
{
	if (all)
		memset(all->slot, 0, sizeof(all->slot));
}

/* 0 to @n - 1; xorshift64*. */
static unsigned int choose(struct candidates *all, unsigned int n)
{
	uint64_t x = all->random ? all->random : FIRST_STATE;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	all->random = x;
	return (unsigned int)((x * 0x2545f4914f6cdd1du) >> 33) % n;
}

static bool is_late(const struct candidate *c, uint32_t now_ms)
{
	return now_ms - c->heard_ms > LATCH_GAP_MS;
}

static bool yields(const struct candidate *c, enum latch_rank rank, uint32_t now_ms)
{
	return !c->goes_on || c->rank < rank || is_late(c, now_ms);
}

/* A free slot, or one whose holder yields; NULL: none. */
static struct candidate *slot_for(struct candidates *all, enum latch_rank rank, uint32_t now_ms)
{
	struct candidate *found[CANDIDATES];
	unsigned int n = 0;

	for (unsigned int i = 0; i < CANDIDATES; i++) {
		if (!endpoint_is_set(&all->slot[i].source))
			return &all->slot[i];
		if (yields(&all->slot[i], rank, now_ms))
			found[n++] = &all->slot[i];
	}
	return n ? found[choose(all, n)] : NULL;
}

static struct candidate *find(struct candidates *all, const struct endpoint *source)
{
	for (unsigned int i = 0; i < CANDIDATES; i++)
		if (endpoint_eq(&all->slot[i].source, source))
			return &all->slot[i];
	return NULL;
}

static bool continues(const struct candidate *c, const struct candidate *packet)
{
	uint16_t step = (uint16_t)(packet->seq - c->seq);

	return !is_late(c, packet->heard_ms) && packet->ssrc == c->ssrc && step >= 1 &&
	       step <= LATCH_STEP_MAX;
}

bool candidates_prove(struct candidates *all, const struct candidate *packet, int64_t patience_ms)
{
	struct candidate now = *packet;
	struct candidate *c;

	if (!all)
		return false;
	c = find(all, &packet->source);
	now.goes_on = c && continues(c, packet);
	now.since_ms = now.goes_on ? c->since_ms : packet->heard_ms;
	if (!c)
		c = slot_for(all, packet->rank, packet->heard_ms);
	if (!c)
		return false;
	*c = now;
	return now.heard_ms - now.since_ms >= patience_ms;
}
