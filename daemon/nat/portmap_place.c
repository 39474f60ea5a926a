/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_place.c - which ports of an address the nearest router forwards to it, and what has to be
 * asked next for that
 */
#include <stdio.h>
#include "nat/portmap_place.h"

#define IDLE_MS 600000 /* a free pair beyond the pool ends after this time */

const char *const portmap_protocol_names[PORTMAP_PROTOCOLS] = {
	[PORTMAP_PCP] = "pcp",
	[PORTMAP_NATPMP] = "natpmp",
	[PORTMAP_UPNP] = "upnp",
};

const char *const portmap_state_names[] = {
	[PORTMAP_STARTS] = "starting",
	[PORTMAP_WORKS] = "ok",
	[PORTMAP_FULL] = "full",
	[PORTMAP_FAILING] = "failing",
};

/* --- Pairs ------------------------------------------------------------------------------------ */

bool portmap_pair_ready(const struct portmap_pair *pair)
{
	return pair->port && pair->half[0].external && pair->half[1].external;
}

struct portmap_sums portmap_place_sums(const struct portmap_place *place)
{
	struct portmap_sums sums = { 0 };

	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		const struct portmap_pair *pair = &place->pair[i];

		if (!pair->port)
			continue;
		sums.pairs++;
		sums.ready += portmap_pair_ready(pair);
		sums.free +=
			portmap_pair_ready(pair) && pair->use == PORTMAP_FREE && !pair->unwanted;
		sums.ports += !!pair->half[0].external + !!pair->half[1].external;
	}
	return sums;
}

enum portmap_protocol portmap_first_allowed(const struct portmap_rules *rules)
{
	for (int i = 0; i < PORTMAP_PROTOCOLS; i++)
		if (rules->allowed[i])
			return (enum portmap_protocol)i;
	return PORTMAP_PCP;
}

void portmap_place_init(struct portmap_place *place, const struct endpoint *bind,
			const struct portmap_rules *rules)
{
	*place = (struct portmap_place){ .bind = *bind, .rules = *rules, .asked = -1 };
	endpoint_set_port(&place->bind, 0);
	place->protocol = portmap_first_allowed(rules);
}

static struct portmap_pair *new_pair(struct portmap_place *place, uint16_t port,
				     const uint8_t nonce[PCP_NONCE], int64_t now_ms)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		struct portmap_pair *pair = &place->pair[i];

		if (pair->port)
			continue;
		*pair = (struct portmap_pair){ .port = port, .protocol = place->protocol };
		pair->free_since_ms = now_ms;
		memcpy(pair->nonce, nonce, PCP_NONCE);
		return pair;
	}
	return NULL;
}

/* @pairs: so many there are. A pair takes two mappings. */
static bool is_room(const struct portmap_place *place, unsigned int pairs)
{
	return 2 * (pairs + 1) <= place->rules.max && pairs < PORTMAP_PAIRS;
}

bool portmap_place_wants(const struct portmap_place *place, int64_t now_ms)
{
	unsigned int pairs = 0, free = 0, pending = 0;

	if (place->closed || now_ms < place->retry_at_ms)
		return false;
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		const struct portmap_pair *pair = &place->pair[i];

		pairs += pair->port != 0;
		if (!pair->port || pair->unwanted)
			continue;
		free += pair->use == PORTMAP_FREE;
		pending += !portmap_pair_ready(pair);
	}
	if (!place->found && pending)
		return false; /* one is enough to find out what the router speaks */
	return free < place->rules.pool && is_room(place, pairs);
}

bool portmap_place_has_room(const struct portmap_place *place)
{
	return is_room(place, portmap_place_sums(place).pairs);
}

struct portmap_pair *portmap_place_add(struct portmap_place *place, uint16_t port,
				       const uint8_t nonce[PCP_NONCE], int64_t now_ms)
{
	return new_pair(place, port, nonce, now_ms);
}

struct portmap_pair *portmap_place_restore(struct portmap_place *place,
					   enum portmap_protocol protocol, uint16_t port,
					   const uint16_t external[2],
					   const uint8_t nonce[PCP_NONCE], int64_t now_ms)
{
	struct portmap_pair *pair = new_pair(place, port, nonce, now_ms);

	if (!pair)
		return NULL;
	pair->protocol = protocol;
	pair->unwanted = place->closed || !place->rules.allowed[protocol];
	if (!pair->unwanted && !place->found)
		place->protocol = protocol;
	for (int i = 0; i < 2; i++)
		pair->half[i] = (struct portmap_half){
			.external = external[i],
			.asked = true,
			.due_ms = now_ms,
			.until_ms = now_ms + PORTMAP_BELIEVED_MS,
		};
	return pair;
}

void portmap_pair_end(struct portmap_pair *pair, int64_t now_ms)
{
	if (pair->unwanted)
		return;
	pair->unwanted = true;
	for (int i = 0; i < 2; i++)
		pair->half[i].due_ms = now_ms;
}

void portmap_pair_set_use(struct portmap_pair *pair, enum portmap_use use, int64_t now_ms)
{
	if (use == PORTMAP_FREE && pair->use != PORTMAP_FREE)
		pair->free_since_ms = now_ms;
	pair->use = use;
	if (use == PORTMAP_FOREIGN)
		portmap_pair_end(pair, now_ms);
}

void portmap_place_close(struct portmap_place *place, bool keep_busy, int64_t now_ms)
{
	place->closed = true;
	place->ends_calls = !keep_busy;
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		if (place->pair[i].port && !(keep_busy && place->pair[i].use == PORTMAP_BUSY))
			portmap_pair_end(&place->pair[i], now_ms);
}

/* A call keeps its ports, whatever the configuration is now. */
static bool has_to_end(const struct portmap_place *place, const struct portmap_pair *pair)
{
	return pair->port && pair->unwanted && (pair->use != PORTMAP_BUSY || place->ends_calls);
}

bool portmap_place_ends(const struct portmap_place *place)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		if (has_to_end(place, &place->pair[i]))
			return true;
	return false;
}

/* --- Time ------------------------------------------------------------------------------------- */

static bool forget(struct portmap_pair *pair)
{
	if (!pair->port || !pair->unwanted || pair->half[0].asked || pair->half[1].asked)
		return false;
	*pair = (struct portmap_pair){ 0 };
	return true;
}

/* One beyond the pool that has waited for long, the oldest first: the others may be needed. */
static void end_idle(struct portmap_place *place, int64_t now_ms)
{
	struct portmap_pair *oldest = NULL;

	if (portmap_place_sums(place).free <= place->rules.pool)
		return;
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		struct portmap_pair *pair = &place->pair[i];

		if (portmap_pair_ready(pair) && pair->use == PORTMAP_FREE && !pair->unwanted &&
		    (!oldest || pair->free_since_ms < oldest->free_since_ms))
			oldest = pair;
	}
	if (oldest && now_ms - oldest->free_since_ms >= IDLE_MS)
		portmap_pair_end(oldest, now_ms);
}

unsigned int portmap_place_age(struct portmap_place *place, int64_t now_ms)
{
	unsigned int news = 0;

	end_idle(place, now_ms);
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		struct portmap_pair *pair = &place->pair[i];

		for (int h = 0; h < 2 && pair->port; h++) {
			struct portmap_half *half = &pair->half[h];

			if (!half->external || pair->unwanted || now_ms < half->until_ms)
				continue;
			half->external = 0; /* and it is asked for again */
			news |= PORTMAP_LIST_NEWS;
		}
		if (i != place->asked && forget(pair))
			news |= PORTMAP_LIST_NEWS;
	}
	return news;
}

/* --- What to ask ------------------------------------------------------------------------------ */

static void make_job(struct portmap_place *place, int index, int half, enum portmap_task task,
		     struct portmap_job *job)
{
	struct portmap_pair *pair = &place->pair[index];
	uint16_t rtp = pair->half[0].external;

	*job = (struct portmap_job){ .task = task,
				     .protocol = pair->protocol,
				     .local = place->bind,
				     .external = pair->half[half].external,
				     .lifetime_s = task == PORTMAP_MAP ? PORTMAP_LIFETIME_S : 0 };
	memcpy(job->nonce, pair->nonce, PCP_NONCE);
	endpoint_set_port(&job->local, (uint16_t)(pair->port + half));
	if (!job->external)
		job->external = half && rtp ? (uint16_t)(rtp + 1) : endpoint_port(&job->local);
	place->asked = index;
	place->asked_half = half;
}

static bool next_end(struct portmap_place *place, int64_t now_ms, struct portmap_job *job)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		const struct portmap_pair *pair = &place->pair[i];

		for (int h = 0; h < 2 && has_to_end(place, pair); h++) {
			if (!pair->half[h].asked || now_ms < pair->half[h].due_ms)
				continue;
			make_job(place, i, h, PORTMAP_UNMAP, job);
			return true;
		}
	}
	return false;
}

/* One that is mapped, another one each time: only UPnP looks at it. */
static bool next_check(struct portmap_place *place, int64_t now_ms, struct portmap_job *job)
{
	if (!place->found || now_ms < place->check_at_ms)
		return false;
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		int index = (int)((place->checked + (unsigned int)i) % PORTMAP_PAIRS);
		const struct portmap_pair *pair = &place->pair[index];

		if (!portmap_pair_ready(pair) || pair->unwanted ||
		    pair->protocol != place->protocol)
			continue;
		place->checked = (unsigned int)index + 1;
		make_job(place, index, 0, PORTMAP_CHECK, job);
		return true;
	}
	return false;
}

static void set_protocol(struct portmap_place *place, struct portmap_pair *pair)
{
	place->relisted = place->relisted || pair->protocol != place->protocol;
	pair->protocol = place->protocol;
}

/* A mapping that is there is renewed by its own protocol; a new one uses that of the place. */
static bool next_map(struct portmap_place *place, bool renew, int64_t now_ms,
		     struct portmap_job *job)
{
	if (!renew && now_ms < place->retry_at_ms)
		return false;
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		struct portmap_pair *pair = &place->pair[i];

		for (int h = 0; h < 2 && pair->port && !pair->unwanted; h++) {
			if ((pair->half[h].external != 0) != renew || now_ms < pair->half[h].due_ms)
				continue;
			if (!pair->half[0].external && !pair->half[1].external)
				set_protocol(place, pair);
			make_job(place, i, h, PORTMAP_MAP, job);
			pair->half[h].asked = true;
			return true;
		}
	}
	return false;
}

bool portmap_place_next(struct portmap_place *place, int64_t now_ms, struct portmap_job *job)
{
	return next_check(place, now_ms, job) || next_map(place, true, now_ms, job) ||
	       next_end(place, now_ms, job) || next_map(place, false, now_ms, job);
}
