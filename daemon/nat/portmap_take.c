/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap_take.c - what a router's answer, or its silence, means for the mappings of a place */
#include <stdio.h>
#include "nat/portmap_place.h"

#define CHECK_MS       10000 /* between two looks for a restart of the router */
#define RETRY_MS       10000 /* after a request without an answer */
#define BACKOFF_MS     30000 /* after a refusal; then twice as long */
#define BACKOFF_MAX_MS 300000
#define LIFETIME_MIN_S 8
#define LIFETIME_MAX_S 86400
#define FOREVER_DUE_MS 1800000 /* such a mapping is asked for again, to see that it is there */
#define MISSES_MAX     3       /* then the router counts as silent */
#define RESTART_MS     30000   /* no router restarts again before: its epoch jumps */
#define TAKEN_MAX      8       /* ports in a row that the router has for others */
#define END_TRIES      5
#define SPREAD	       8 /* renewals of so many pairs are at different times */

/* --- State ------------------------------------------------------------------------------------ */

static unsigned int set_state(struct portmap_place *place, enum portmap_state state,
			      const char *why)
{
	enum portmap_state before = place->state;

	place->state = state;
	if (why != place->why)
		snprintf(place->why, sizeof(place->why), "%s", why);
	return state == before ? 0 : PORTMAP_STATE_NEWS;
}

static void back_off(struct portmap_place *place, int64_t now_ms)
{
	place->backoff_ms = place->backoff_ms ? 2 * place->backoff_ms : BACKOFF_MS;
	if (place->backoff_ms > BACKOFF_MAX_MS)
		place->backoff_ms = BACKOFF_MAX_MS;
	place->retry_at_ms = now_ms + place->backoff_ms;
}

/* --- What came of it -------------------------------------------------------------------------- */

/* All mappings have to be confirmed; those of calls first, since their entries are older. */
static unsigned int take_restart(struct portmap_place *place, int64_t now_ms)
{
	place->counters.restarts++;
	place->restarted_ms = now_ms;
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		for (int h = 0; h < 2; h++) {
			struct portmap_half *half = &place->pair[i].half[h];

			half->due_ms = now_ms;
			half->tries = 0;
			if (half->external && half->until_ms > now_ms + PORTMAP_BELIEVED_MS)
				half->until_ms = now_ms + PORTMAP_BELIEVED_MS;
		}
	}
	place->retry_at_ms = place->backoff_ms = 0;
	place->full = false;
	return PORTMAP_RESTARTED;
}

/*
 * A router whose epoch jumps in each reply would be asked for all mappings without a pause. What it
 * said before is compared again, so that a restart which is none of these is noticed later.
 */
static unsigned int take_epoch(struct portmap_place *place, const struct portmap_result *result,
			       int64_t now_ms)
{
	const struct router_clock before = place->clock;

	if (!result->has_epoch || !router_clock_lost(&place->clock, result->epoch_s, now_ms))
		return 0;
	if (place->restarted_ms && now_ms - place->restarted_ms < RESTART_MS) {
		place->clock = before;
		return 0;
	}
	return take_restart(place, now_ms);
}

static void set_times(struct portmap_half *half, uint32_t lifetime_s, int index, int64_t now_ms)
{
	int64_t lifetime_ms = lifetime_s;

	if (lifetime_s < LIFETIME_MIN_S)
		lifetime_ms = LIFETIME_MIN_S;
	else if (lifetime_s > LIFETIME_MAX_S)
		lifetime_ms = LIFETIME_MAX_S;
	lifetime_ms *= 1000;
	half->until_ms = now_ms + lifetime_ms;
	half->due_ms = now_ms + lifetime_ms / 2 + lifetime_ms / 8 * (index % SPREAD) / SPREAD;
	if (lifetime_s)
		return;
	half->until_ms = INT64_MAX;
	half->due_ms = now_ms + FOREVER_DUE_MS;
}

/* The other port here that is forwarded from this one outside, by what was said before; or NULL */
static struct portmap_half *other_of(struct portmap_place *place, uint16_t external)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++) {
		for (int h = 0; h < 2; h++) {
			struct portmap_half *half = &place->pair[i].half[h];

			if (half->external == external &&
			    (i != place->asked || h != place->asked_half))
				return half;
		}
	}
	return NULL;
}

/*
 * One port outside leads to one port here. What has to be confirmed, as after a restart of the
 * router, may be another one's now; what was said later than that is a contradiction.
 */
static bool is_granted_twice(struct portmap_place *place, uint16_t external, int64_t now_ms)
{
	struct portmap_half *other = external ? other_of(place, external) : NULL;

	if (!other || other->due_ms > now_ms)
		return other;
	other->external = 0; /* and it is asked for again */
	return false;
}

/* NULL: the router keeps what it says. Else why nobody outside can use that mapping. */
static const char *lie_of(struct portmap_place *place, const struct portmap_job *job,
			  const struct portmap_result *result, int64_t now_ms)
{
	if (!endpoint_port(&result->external))
		return "it grants port 0";
	if (!result->lifetime_s && job->protocol != PORTMAP_UPNP)
		return "it grants a port for 0 seconds";
	if (result->external.sa.sa_family == AF_INET && !endpoint_is_any(&result->external) &&
	    (endpoint_is_private(&result->external) || !endpoint_is_unicast(&result->external)))
		return "it grants a port of a private address: another NAT is behind it (double "
		       "NAT)";
	if (is_granted_twice(place, endpoint_port(&result->external), now_ms))
		return "it grants a port that it has granted for another one";
	return NULL;
}

static unsigned int take_grant(struct portmap_place *place, const struct portmap_job *job,
			       const struct portmap_result *result, int64_t now_ms)
{
	struct portmap_pair *pair = &place->pair[place->asked];
	struct portmap_half *half = &pair->half[place->asked_half];
	uint16_t external = endpoint_port(&result->external), before = half->external;
	unsigned int news = before == external ? 0 : PORTMAP_LIST_NEWS;

	if (pair->use == PORTMAP_BUSY && before && before != external) {
		place->counters.moved++;
		news |= PORTMAP_MOVED;
	}
	place->counters.granted++;
	half->external = external;
	half->tries = 0;
	set_times(half, result->lifetime_s, place->asked, now_ms);
	if (pair->unwanted)
		half->due_ms = now_ms; /* it is ended at once */
	if (!before) {
		place->full = false;
		place->backoff_ms = 0;
		place->taken = 0;
	}
	if (!place->found) {
		place->check_at_ms = now_ms + CHECK_MS;
		place->retry_at_ms = place->backoff_ms = 0;
	}
	place->found = true;
	place->tried[0] = '\0';
	place->protocol = job->protocol;
	return news | set_state(place, place->full ? PORTMAP_FULL : PORTMAP_WORKS,
				place->full ? place->why : "");
}

/* The next protocol; after the last one the router is left in peace for a while. */
static unsigned int try_next(struct portmap_place *place, const char *why, int64_t now_ms)
{
	size_t at = strlen(place->tried);
	unsigned int news;

	snprintf(place->tried + at, sizeof(place->tried) - at, "%s%s", at ? "; " : "", why);
	for (int next = (int)place->protocol + 1; next < PORTMAP_PROTOCOLS; next++) {
		if (!place->rules.allowed[next])
			continue;
		place->protocol = (enum portmap_protocol)next;
		return 0;
	}
	place->protocol = portmap_first_allowed(&place->rules);
	back_off(place, now_ms);
	news = set_state(place, PORTMAP_FAILING, place->tried);
	place->tried[0] = '\0';
	return news;
}

/* A mapping that is there stays until its time is over. */
static unsigned int retry_later(struct portmap_place *place, struct portmap_half *half,
				const char *why, int64_t now_ms)
{
	half->due_ms = now_ms + RETRY_MS;
	return set_state(place, PORTMAP_FAILING, why);
}

static unsigned int take_silence(struct portmap_place *place, const struct portmap_result *result,
				 int64_t now_ms)
{
	struct portmap_half *half = &place->pair[place->asked].half[place->asked_half];

	place->counters.unanswered++;
	place->misses++;
	if (half->external)
		return retry_later(place, half, result->why, now_ms);
	if (!place->found)
		return try_next(place, result->why, now_ms);
	half->due_ms = now_ms + RETRY_MS;
	if (place->misses < MISSES_MAX)
		return 0;
	place->found = false; /* it may be another router now */
	place->protocol = portmap_first_allowed(&place->rules);
	return set_state(place, PORTMAP_FAILING, result->why);
}

static unsigned int take_refusal(struct portmap_place *place, const struct portmap_result *result,
				 int64_t now_ms)
{
	struct portmap_pair *pair = &place->pair[place->asked];
	struct portmap_half *half = &pair->half[place->asked_half];

	place->counters.refused++;
	place->misses = 0;
	if (half->external)
		return retry_later(place, half, result->why, now_ms);
	half->asked = false;
	if (!place->found)
		return try_next(place, result->why, now_ms);
	if (pair->use == PORTMAP_BUSY)
		half->due_ms = now_ms + RETRY_MS; /* the call may get it back */
	else
		portmap_pair_end(pair, now_ms);
	place->full = true;
	back_off(place, now_ms);
	return set_state(place, portmap_place_sums(place).ready ? PORTMAP_FULL : PORTMAP_FAILING,
			 result->why);
}

/* Another pair is drawn. Too many in a row: the router means something else. */
static unsigned int take_conflict(struct portmap_place *place, const struct portmap_result *result,
				  int64_t now_ms)
{
	struct portmap_pair *pair = &place->pair[place->asked];
	struct portmap_half *half = &pair->half[place->asked_half];

	if (++place->taken > TAKEN_MAX || pair->use == PORTMAP_BUSY || half->external)
		return take_refusal(place, result, now_ms);
	place->misses = 0;
	half->asked = false;
	portmap_pair_end(pair, now_ms);
	return 0;
}

/* It may have made a mapping all the same: that is ended. */
static unsigned int take_lie(struct portmap_place *place, const struct portmap_result *refusal,
			     int64_t now_ms)
{
	struct portmap_pair *pair = &place->pair[place->asked];
	struct portmap_half *half = &pair->half[place->asked_half];
	bool renewed = half->external;
	unsigned int news = take_refusal(place, refusal, now_ms);

	half->asked = true;
	if (!renewed && pair->use != PORTMAP_BUSY)
		portmap_pair_end(pair, now_ms);
	return news;
}

static unsigned int take_map(struct portmap_place *place, const struct portmap_job *job,
			     const struct portmap_result *result, int64_t now_ms)
{
	struct portmap_result refusal = { .outcome = PORTMAP_REFUSED };
	const char *lie;

	switch (result->outcome) {
	case PORTMAP_DONE:
		place->misses = 0;
		lie = lie_of(place, job, result, now_ms);
		if (!lie)
			return take_grant(place, job, result, now_ms);
		snprintf(refusal.why, sizeof(refusal.why), "%s: the router lies: %s",
			 portmap_protocol_names[job->protocol], lie);
		return take_lie(place, &refusal, now_ms);
	case PORTMAP_TAKEN:
		return take_conflict(place, result, now_ms);
	case PORTMAP_REFUSED:
	case PORTMAP_GONE:
		return take_refusal(place, result, now_ms);
	case PORTMAP_SILENT:
	case PORTMAP_OTHER:
		return take_silence(place, result, now_ms);
	case PORTMAP_CANCELED:
		break;
	}
	return 0;
}

/* What the router does not end, its lifetime does. */
static unsigned int take_end(struct portmap_place *place, const struct portmap_result *result,
			     int64_t now_ms)
{
	struct portmap_half *half = &place->pair[place->asked].half[place->asked_half];

	if (result->outcome == PORTMAP_CANCELED)
		return 0;
	if ((result->outcome == PORTMAP_SILENT || result->outcome == PORTMAP_OTHER) &&
	    ++half->tries < END_TRIES) {
		half->due_ms = now_ms + RETRY_MS;
		return 0;
	}
	*half = (struct portmap_half){ 0 };
	return PORTMAP_LIST_NEWS;
}

static unsigned int take_check(struct portmap_place *place, const struct portmap_result *result,
			       int64_t now_ms)
{
	place->check_at_ms = now_ms + CHECK_MS;
	switch (result->outcome) {
	case PORTMAP_DONE:
		break;
	case PORTMAP_GONE:
		place->misses = 0;
		return take_restart(place, now_ms);
	case PORTMAP_CANCELED:
		return 0;
	default:
		place->counters.unanswered++;
		if (++place->misses < MISSES_MAX)
			return 0;
		return set_state(place, PORTMAP_FAILING, result->why);
	}
	if (place->misses < MISSES_MAX) {
		place->misses = 0;
		return 0;
	}
	place->misses = 0;
	return set_state(place, place->full ? PORTMAP_FULL : PORTMAP_WORKS,
			 place->full ? place->why : "");
}

unsigned int portmap_place_take(struct portmap_place *place, const struct portmap_job *job,
				const struct portmap_result *result, int64_t now_ms)
{
	unsigned int news = 0;

	if (place->asked < 0)
		return 0;
	if (job->task != PORTMAP_UNMAP && result->outcome == PORTMAP_DONE)
		news = take_epoch(place, result, now_ms);
	if (job->task == PORTMAP_MAP)
		news |= take_map(place, job, result, now_ms);
	else if (job->task == PORTMAP_UNMAP)
		news |= take_end(place, result, now_ms);
	else
		news |= take_check(place, result, now_ms);
	place->asked = -1;
	return news | portmap_place_age(place, now_ms);
}
