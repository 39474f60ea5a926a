/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_portmap_place.c - what a router is asked about ports, and what its answers mean */
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/nat/portmap_place.h"
#include "tests/unit/test.h"

#define MINUTE 60000

/* --- A router --------------------------------------------------------------------------------- */

#define ENTRIES 64

/**
 * struct router - what it does with jobs
 * @speaks: by protocol
 * @room: entries of its table
 * @same: the port outside of each mapping; 0: another one each
 * @shift: its port is this one plus the one asked for
 * @address: that it grants; NULL: it names none
 * @began_ms: its epoch; @mad: another one in each reply
 */
struct router {
	bool speaks[PORTMAP_PROTOCOLS], silent, refuses, lies, forever, mad;
	unsigned int room, shift;
	uint16_t same;
	const char *address;
	int64_t began_ms;
	uint32_t lifetime_s;
	uint16_t inside[ENTRIES], outside[ENTRIES];
	unsigned int jobs, ends;
};

static struct router a_router(enum portmap_protocol protocol)
{
	struct router router = { .room = ENTRIES, .lifetime_s = 3600 };

	router.speaks[protocol] = true;
	return router;
}

static unsigned int entries(const struct router *router)
{
	unsigned int n = 0;

	for (int i = 0; i < ENTRIES; i++)
		n += router->inside[i] != 0;
	return n;
}

static int entry_of(const struct router *router, uint16_t inside)
{
	for (int i = 0; i < ENTRIES; i++)
		if (router->inside[i] == inside)
			return i;
	return -1;
}

static enum portmap_outcome grant(struct router *router, const struct portmap_job *job,
				  struct portmap_result *result)
{
	uint16_t inside = endpoint_port(&job->local);
	int at = entry_of(router, inside);

	if (at < 0 && entries(router) >= router->room)
		return PORTMAP_REFUSED;
	if (at < 0)
		at = entry_of(router, 0);
	router->inside[at] = inside;
	router->outside[at] = (uint16_t)(job->external + router->shift);
	result->external.sa.sa_family = AF_INET;
	if (router->address)
		CU_ASSERT_TRUE(
			endpoint_parse_addr(str_of(router->address), AF_INET, &result->external));
	if (router->same)
		router->outside[at] = router->same;
	endpoint_set_port(&result->external, router->lies ? 0 : router->outside[at]);
	result->lifetime_s = router->forever ? 0 : router->lifetime_s;
	return PORTMAP_DONE;
}

static void answer(struct router *router, const struct portmap_job *job, int64_t now_ms,
		   struct portmap_result *result)
{
	int at = entry_of(router, endpoint_port(&job->local));

	*result = (struct portmap_result){ .outcome = PORTMAP_DONE };
	snprintf(result->why, sizeof(result->why), "%s says no",
		 portmap_protocol_names[job->protocol]);
	router->jobs++;
	if (router->silent) {
		result->outcome = PORTMAP_SILENT;
		return;
	}
	if (!router->speaks[job->protocol]) {
		result->outcome = PORTMAP_OTHER;
		return;
	}
	result->has_epoch = job->protocol != PORTMAP_UPNP;
	result->epoch_s =
		router->mad ? router->jobs * 1000 : (uint32_t)((now_ms - router->began_ms) / 1000);
	if (job->task == PORTMAP_MAP && router->refuses)
		result->outcome = PORTMAP_REFUSED;
	else if (job->task == PORTMAP_MAP)
		result->outcome = grant(router, job, result);
	else if (job->task == PORTMAP_CHECK && job->protocol == PORTMAP_UPNP && at < 0)
		result->outcome = PORTMAP_GONE;
	else if (job->task == PORTMAP_UNMAP && at >= 0)
		router->inside[at] = 0;
	router->ends += job->task == PORTMAP_UNMAP;
}

static void restart(struct router *router, int64_t now_ms)
{
	memset(router->inside, 0, sizeof(router->inside));
	router->began_ms = now_ms;
}

/* --- A place ---------------------------------------------------------------------------------- */

struct scene {
	struct portmap_place *place;
	struct router router;
	int64_t now_ms;
	uint16_t next_port;
	unsigned int news;
};

static void begin(struct scene *s, const char *protocols, unsigned int pool, unsigned int max)
{
	struct portmap_rules rules = { .pool = pool, .max = max };
	struct endpoint bind = { 0 };

	for (int i = 0; i < PORTMAP_PROTOCOLS; i++)
		rules.allowed[i] = strstr(protocols, portmap_protocol_names[i]);
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("192.168.7.2"), AF_INET, &bind));
	s->place = malloc(sizeof(*s->place));
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->place);
	portmap_place_init(s->place, &bind, &rules);
	s->next_port = 30000;
	s->now_ms = 1000000;
}

static void end(struct scene *s)
{
	free(s->place);
}

/* As nat/portmap.c does it. */
static void work(struct scene *s)
{
	static const uint8_t nonce[PCP_NONCE] = "nonce-nonce";
	struct portmap_result result;
	struct portmap_job job;

	s->news |= portmap_place_age(s->place, s->now_ms);
	for (int i = 0; i < 500; i++) {
		while (portmap_place_wants(s->place, s->now_ms)) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(
				portmap_place_add(s->place, s->next_port, nonce, s->now_ms));
			s->next_port = (uint16_t)(s->next_port + 2);
		}
		if (!portmap_place_next(s->place, s->now_ms, &job))
			return;
		answer(&s->router, &job, s->now_ms, &result);
		s->news |= portmap_place_take(s->place, &job, &result, s->now_ms);
	}
	CU_FAIL("it asks without an end");
}

/* The daemon looks once a second. */
static void pass(struct scene *s, int64_t ms)
{
	for (int64_t until_ms = s->now_ms + ms; s->now_ms < until_ms; s->now_ms += 1000)
		work(s);
}

static struct portmap_pair *pair_at(struct scene *s, uint16_t port)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		if (s->place->pair[i].port == port)
			return &s->place->pair[i];
	return NULL;
}

static void set_use(struct scene *s, uint16_t port, enum portmap_use use)
{
	struct portmap_pair *pair = pair_at(s, port);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
	portmap_pair_set_use(pair, use, s->now_ms);
}

#define SUMS(s) portmap_place_sums((s)->place)

/* --- Tests ------------------------------------------------------------------------------------ */

static void test_pairs_are_mapped_ahead(void)
{
	static const struct {
		enum portmap_protocol speaks;
		const char *allowed;
		unsigned int pool, max, ready, ports;
		enum portmap_state state;
	} rows[] = {
		{ PORTMAP_PCP, "pcp natpmp upnp", 4, 32, 4, 8, PORTMAP_WORKS },
		{ PORTMAP_NATPMP, "pcp natpmp upnp", 4, 32, 4, 8, PORTMAP_WORKS },
		{ PORTMAP_UPNP, "pcp natpmp upnp", 4, 32, 4, 8, PORTMAP_WORKS },
		{ PORTMAP_UPNP, "upnp", 1, 32, 1, 2, PORTMAP_WORKS },
		{ PORTMAP_NATPMP, "natpmp", 4, 6, 3, 6, PORTMAP_WORKS },
		{ PORTMAP_NATPMP, "natpmp", 4, 5, 2, 4, PORTMAP_WORKS },
		{ PORTMAP_UPNP, "pcp natpmp", 4, 32, 0, 0, PORTMAP_FAILING },
		{ PORTMAP_PCP, "upnp", 4, 32, 0, 0, PORTMAP_FAILING },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = { .router = a_router(rows[i].speaks) };

		begin(&s, rows[i].allowed, rows[i].pool, rows[i].max);
		work(&s);
		CU_ASSERT_EQUAL(s.place->state, rows[i].state);
		CU_ASSERT_EQUAL(SUMS(&s).ready, rows[i].ready);
		CU_ASSERT_EQUAL(SUMS(&s).free, rows[i].ready);
		CU_ASSERT_EQUAL(entries(&s.router), rows[i].ports);
		CU_ASSERT_TRUE(s.news & PORTMAP_STATE_NEWS);
		if (rows[i].ready) {
			CU_ASSERT_EQUAL(s.place->protocol, rows[i].speaks);
			CU_ASSERT_EQUAL(pair_at(&s, 30000)->half[1].external, 30001);
			CU_ASSERT_STRING_EQUAL(s.place->why, "");
		}
		end(&s);
	}
}

static void test_what_each_protocol_said_is_told(void)
{
	struct scene s = { .router = { .room = 0 } };

	begin(&s, "pcp natpmp upnp", 4, 32);
	work(&s);
	CU_ASSERT_STRING_EQUAL(s.place->why, "pcp says no; natpmp says no; upnp says no");
	CU_ASSERT_EQUAL(s.router.jobs, 3);
	/* It is not asked all the time: after 30 s, 60 s, 120 s, 240 s, 300 s, ... */
	pass(&s, 29000);
	CU_ASSERT_EQUAL(s.router.jobs, 3);
	pass(&s, 2000);
	CU_ASSERT_EQUAL(s.router.jobs, 6);
	pass(&s, 3600000);
	CU_ASSERT_TRUE(s.router.jobs < 3 * 18);
	/* It is there at last. */
	s.router = a_router(PORTMAP_NATPMP);
	pass(&s, 301000);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_WORKS);
	CU_ASSERT_STRING_EQUAL(s.place->why, "");
	end(&s);
}

static void test_a_call_is_replaced_in_the_pool(void)
{
	struct scene s = { .router = a_router(PORTMAP_PCP) };

	begin(&s, "pcp", 2, 8);
	work(&s);
	set_use(&s, 30000, PORTMAP_BUSY);
	work(&s);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 3);
	CU_ASSERT_EQUAL(SUMS(&s).free, 2);
	set_use(&s, 30002, PORTMAP_BUSY);
	set_use(&s, 30004, PORTMAP_BUSY);
	work(&s);
	CU_ASSERT_EQUAL(SUMS(&s).free, 1); /* 8 ports: not more */
	CU_ASSERT_EQUAL(SUMS(&s).ports, 8);
	/* What is too much ends after ten minutes, one after the other; not what is in calls. */
	set_use(&s, 30000, PORTMAP_FREE);
	set_use(&s, 30002, PORTMAP_FREE);
	pass(&s, 9 * MINUTE);
	CU_ASSERT_EQUAL(SUMS(&s).free, 3);
	pass(&s, 2 * MINUTE);
	CU_ASSERT_EQUAL(SUMS(&s).free, 2);
	CU_ASSERT_EQUAL(entries(&s.router), 6);
	CU_ASSERT_PTR_NOT_NULL(pair_at(&s, 30004));
	end(&s);
}

static void test_another_program_has_the_port(void)
{
	struct scene s = { .router = a_router(PORTMAP_NATPMP) };

	begin(&s, "natpmp", 2, 8);
	work(&s);
	set_use(&s, 30000, PORTMAP_FOREIGN);
	pass(&s, 2000);
	CU_ASSERT_PTR_NULL(pair_at(&s, 30000));
	CU_ASSERT_EQUAL(entry_of(&s.router, 30000), -1);
	CU_ASSERT_EQUAL(entry_of(&s.router, 30001), -1);
	CU_ASSERT_EQUAL(SUMS(&s).free, 2);
	end(&s);
}

static void test_mappings_are_renewed_at_half_of_their_time(void)
{
	static const struct {
		uint32_t lifetime_s;
		bool forever;
		int64_t quiet_ms, asked_ms;
	} rows[] = {
		{ 3600, false, 29 * MINUTE, 32 * MINUTE },
		{ 120, false, 59000, 62000 },
		{ 1, false, 3000, 6000 },					    /* 8 s */
		{ UINT32_MAX, false, 11 * 60 * MINUTE, 12 * 60 * MINUTE + MINUTE }, /* a day */
		{ 0, true, 29 * MINUTE, 31 * MINUTE },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = { .router = a_router(PORTMAP_UPNP) };
		uint64_t granted;

		s.router.lifetime_s = rows[i].lifetime_s;
		s.router.forever = rows[i].forever;
		begin(&s, "upnp", 1, 8);
		work(&s);
		granted = s.place->counters.granted;
		pass(&s, rows[i].quiet_ms);
		CU_ASSERT_EQUAL(s.place->counters.granted, granted);
		pass(&s, rows[i].asked_ms - rows[i].quiet_ms);
		CU_ASSERT_EQUAL(s.place->counters.granted, granted + 2);
		CU_ASSERT_EQUAL(SUMS(&s).ready, 1);
		end(&s);
	}
}

static void test_a_silent_router_is_told_and_comes_back(void)
{
	struct scene s = { .router = a_router(PORTMAP_PCP) };

	begin(&s, "pcp", 1, 8);
	work(&s);
	s.router.silent = true;
	s.news = 0;
	pass(&s, 15000); /* one look without an answer is none yet */
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_WORKS);
	pass(&s, 20000);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_FAILING);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 1); /* what was granted is believed */
	s.router.silent = false;
	pass(&s, 11000);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_WORKS);
	CU_ASSERT_FALSE(s.news & PORTMAP_RESTARTED);
	/* Its time is over: no call gets the pair. */
	s.router.silent = true;
	pass(&s, 61 * MINUTE);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 0);
	CU_ASSERT_EQUAL(SUMS(&s).ports, 0); /* one is being asked for */
	CU_ASSERT_TRUE(s.news & PORTMAP_LIST_NEWS);
	s.router.silent = false;
	pass(&s, 6 * MINUTE);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 1);
	end(&s);
}

static void test_a_restart_is_seen_and_mappings_are_made_again(void)
{
	static const enum portmap_protocol rows[] = { PORTMAP_PCP, PORTMAP_NATPMP, PORTMAP_UPNP };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = { .router = a_router(rows[i]) };

		begin(&s, "pcp natpmp upnp", 2, 8);
		work(&s);
		set_use(&s, 30000, PORTMAP_BUSY);
		pass(&s, 5000);
		restart(&s.router, s.now_ms);
		s.news = 0;
		pass(&s, 12000);
		CU_ASSERT_TRUE(s.news & PORTMAP_RESTARTED);
		CU_ASSERT_FALSE(s.news & PORTMAP_MOVED);
		CU_ASSERT_EQUAL(s.place->counters.restarts, 1);
		CU_ASSERT_EQUAL(SUMS(&s).ready, 3);
		CU_ASSERT_EQUAL(entries(&s.router), 6);
		end(&s);
	}
}

/* It is believed twice a minute, and asked at its pace; a restart after that is seen. */
static void test_a_router_whose_epoch_jumps_is_not_asked_without_pause(void)
{
	struct scene s = { .router = a_router(PORTMAP_NATPMP) };
	uint64_t restarts;

	s.router.mad = true;
	begin(&s, "natpmp", 4, 16);
	work(&s);
	pass(&s, MINUTE);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 4);
	CU_ASSERT_TRUE(s.place->counters.restarts >= 2 && s.place->counters.restarts <= 3);
	CU_ASSERT_TRUE(s.router.jobs <= 8 + 6 + 3 * 8); /* new, looked at, renewed */
	s.router.mad = false;
	restart(&s.router, s.now_ms);
	pass(&s, 40000);
	restarts = s.place->counters.restarts;
	CU_ASSERT_EQUAL(entries(&s.router), 8);
	pass(&s, MINUTE);
	CU_ASSERT_EQUAL(s.place->counters.restarts, restarts);
	end(&s);
}

/* The call's phones learn of it; a pair that is free only has another port. */
static void test_another_port_outside_is_told_for_calls(void)
{
	struct scene s = { .router = a_router(PORTMAP_PCP) };

	s.router.shift = 7;
	begin(&s, "pcp", 1, 8);
	work(&s);
	CU_ASSERT_EQUAL(pair_at(&s, 30000)->half[0].external, 30007);
	CU_ASSERT_EQUAL(pair_at(&s, 30000)->half[1].external, 30015); /* 30008 was asked for */
	CU_ASSERT_FALSE(s.news & PORTMAP_MOVED);
	set_use(&s, 30000, PORTMAP_BUSY);
	restart(&s.router, s.now_ms);
	pass(&s, 12000);
	CU_ASSERT_TRUE(s.news & PORTMAP_MOVED);
	CU_ASSERT_EQUAL(s.place->counters.moved, 2);
	CU_ASSERT_EQUAL(pair_at(&s, 30000)->half[0].external, 30014);
	end(&s);
}

static void test_a_full_router_leaves_whole_pairs(void)
{
	struct scene s = { .router = a_router(PORTMAP_UPNP) };

	s.router.room = 5;
	begin(&s, "upnp", 4, 32);
	work(&s);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_FULL);
	CU_ASSERT_STRING_EQUAL(s.place->why, "upnp says no");
	CU_ASSERT_EQUAL(SUMS(&s).ready, 2);
	CU_ASSERT_EQUAL(entries(&s.router), 4); /* no half of a pair */
	s.router.room = 8;
	pass(&s, 31000);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_WORKS);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 4);
	end(&s);
	/* Full from the beginning. */
	s = (struct scene){ .router = a_router(PORTMAP_UPNP) };
	s.router.room = 0;
	begin(&s, "upnp", 4, 32);
	work(&s);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_FAILING);
	end(&s);
}

static void test_a_router_that_lies_is_not_believed(void)
{
	static const struct {
		bool port_0, no_time;
		const char *address, *why;
	} rows[] = {
		{ true, false, NULL, "pcp: the router lies: it grants port 0" },
		{ false, true, NULL, "pcp: the router lies: it grants a port for 0 seconds" },
		{ false, false, "10.1.2.3", "double NAT" },
		{ false, false, "224.0.0.1", "double NAT" },
		{ false, false, "198.51.100.7", NULL },
		{ false, false, "0.0.0.0", NULL }, /* it does not say */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = { .router = a_router(PORTMAP_PCP) };

		s.router.lies = rows[i].port_0;
		s.router.forever = rows[i].no_time;
		s.router.address = rows[i].address;
		begin(&s, "pcp", 1, 8);
		work(&s);
		CU_ASSERT_EQUAL(SUMS(&s).ready, !rows[i].why);
		CU_ASSERT_EQUAL(s.place->state, rows[i].why ? PORTMAP_FAILING : PORTMAP_WORKS);
		CU_ASSERT_PTR_NOT_NULL(strstr(s.place->why, rows[i].why ? rows[i].why : ""));
		pass(&s, 2000);
		CU_ASSERT_EQUAL(entries(&s.router), rows[i].why ? 0 : 2);
		end(&s);
	}
}

#define TWICE "pcp: the router lies: it grants a port that it has granted for another one"

/* Two calls with one port outside: one of them would be heard by nobody. */
static void test_a_port_that_is_granted_twice_is_not_believed(void)
{
	struct scene s = { .router = a_router(PORTMAP_PCP) };

	s.router.same = 40000;
	begin(&s, "pcp", 2, 8);
	work(&s);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 0);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_FAILING);
	CU_ASSERT_STRING_EQUAL(s.place->why, TWICE);
	end(&s);
	/* It begins to lie later: what was granted before goes on. */
	s = (struct scene){ .router = a_router(PORTMAP_PCP) };
	begin(&s, "pcp", 1, 8);
	work(&s);
	set_use(&s, 30000, PORTMAP_BUSY);
	s.router.same = 30001;
	work(&s);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_FULL);
	CU_ASSERT_STRING_EQUAL(s.place->why, TWICE);
	CU_ASSERT_EQUAL(pair_at(&s, 30000)->half[0].external, 30000);
	CU_ASSERT_EQUAL(pair_at(&s, 30000)->half[1].external, 30001);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 1);
	end(&s);
}

/* After a restart it may give the port of one call to the other: that is no lie. */
static void test_what_has_to_be_confirmed_may_be_granted_again(void)
{
	struct scene s = { .router = a_router(PORTMAP_PCP) };
	struct portmap_pair *pair;

	s.router.shift = 1;
	begin(&s, "pcp", 1, 2);
	work(&s);
	pair = pair_at(&s, 30000);
	CU_ASSERT_EQUAL(pair->half[0].external, 30001);
	CU_ASSERT_EQUAL(pair->half[1].external, 30003);
	set_use(&s, 30000, PORTMAP_BUSY);
	restart(&s.router, s.now_ms);
	s.router.shift = 2; /* RTP is asked for at 30001, and gets what RTCP had */
	pass(&s, 12000);
	CU_ASSERT_EQUAL(pair->half[0].external, 30003);
	CU_ASSERT_NOT_EQUAL(pair->half[1].external, 30003);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 1);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_WORKS);
	CU_ASSERT_EQUAL(s.place->counters.refused, 0);
	end(&s);
}

static void test_a_taken_port_is_replaced_by_another(void)
{
	static const uint8_t nonce[PCP_NONCE] = "nonce-nonce";
	struct portmap_result taken = { .outcome = PORTMAP_TAKEN, .why = "taken" };
	struct scene s = { .router = a_router(PORTMAP_UPNP) };
	struct portmap_job job;

	begin(&s, "upnp", 1, 32);
	work(&s);
	set_use(&s, 30000, PORTMAP_BUSY);
	for (int i = 0; i < 8; i++) {
		uint16_t port = (uint16_t)(40000 + 2 * i);

		CU_ASSERT_TRUE(portmap_place_wants(s.place, s.now_ms));
		portmap_place_add(s.place, port, nonce, s.now_ms);
		CU_ASSERT_TRUE_FATAL(portmap_place_next(s.place, s.now_ms, &job));
		CU_ASSERT_EQUAL(endpoint_port(&job.local), port);
		portmap_place_take(s.place, &job, &taken, s.now_ms);
		CU_ASSERT_PTR_NULL(pair_at(&s, port));
		CU_ASSERT_EQUAL(s.place->state, PORTMAP_WORKS);
	}
	/* It is no chance any more. */
	portmap_place_add(s.place, 41000, nonce, s.now_ms);
	CU_ASSERT_TRUE_FATAL(portmap_place_next(s.place, s.now_ms, &job));
	portmap_place_take(s.place, &job, &taken, s.now_ms);
	CU_ASSERT_EQUAL(s.place->state, PORTMAP_FULL);
	CU_ASSERT_FALSE(portmap_place_wants(s.place, s.now_ms));
	end(&s);
}

static void test_pairs_of_an_earlier_daemon_are_confirmed_or_ended(void)
{
	static const uint8_t nonce[PCP_NONCE] = "other-nonce";
	static const uint16_t external[2] = { 50000, 50003 }, others[2] = { 50010, 50013 };
	struct scene s = { .router = a_router(PORTMAP_NATPMP) };

	s.router.speaks[PORTMAP_UPNP] = true;
	s.router.inside[0] = 31000;
	s.router.inside[1] = 31001;
	s.router.inside[2] = 32000;
	s.router.inside[3] = 32001;
	begin(&s, "natpmp", 2, 8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		portmap_place_restore(s.place, PORTMAP_NATPMP, 31000, external, nonce, s.now_ms));
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		portmap_place_restore(s.place, PORTMAP_UPNP, 32000, others, nonce, s.now_ms));
	CU_ASSERT_EQUAL(SUMS(&s).free, 1);
	set_use(&s, 32000, PORTMAP_BUSY);
	s.router.silent = true;
	work(&s);
	CU_ASSERT_EQUAL(SUMS(&s).free, 1); /* believed for some seconds */
	s.router.silent = false;
	pass(&s, 12000);
	CU_ASSERT_EQUAL(pair_at(&s, 31000)->half[0].external, 50000);
	CU_ASSERT_EQUAL(pair_at(&s, 31000)->half[1].external, 50003);
	CU_ASSERT_EQUAL(pair_at(&s, 32000)->half[0].external, 50010); /* a call has it */
	CU_ASSERT_NOT_EQUAL(entry_of(&s.router, 32000), -1);
	set_use(&s, 32000, PORTMAP_FREE);
	pass(&s, 2000);
	CU_ASSERT_PTR_NULL(pair_at(&s, 32000));
	CU_ASSERT_EQUAL(entry_of(&s.router, 32000), -1);
	CU_ASSERT_EQUAL(SUMS(&s).free, 2);
	end(&s);
	/* The router has forgotten them and is silent: nobody gets them. */
	s = (struct scene){ .router = { .silent = true } };
	begin(&s, "natpmp", 2, 8);
	portmap_place_restore(s.place, PORTMAP_NATPMP, 31000, external, nonce, s.now_ms);
	pass(&s, 16000);
	CU_ASSERT_EQUAL(SUMS(&s).ready, 0);
	end(&s);
}

static void test_the_end_leaves_what_calls_need(void)
{
	static const struct {
		bool keep, silent;
		unsigned int entries, pairs;
	} rows[] = {
		{ false, false, 0, 0 },
		{ true, false, 2, 1 },
		{ false, true, 6, 0 }, /* what is not ended ends by its lifetime */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = { .router = a_router(PORTMAP_PCP) };

		begin(&s, "pcp", 2, 8);
		work(&s);
		set_use(&s, 30000, PORTMAP_BUSY);
		work(&s);
		CU_ASSERT_EQUAL(entries(&s.router), 6);
		s.router.silent = rows[i].silent;
		portmap_place_close(s.place, rows[i].keep, s.now_ms);
		CU_ASSERT_TRUE(portmap_place_ends(s.place));
		pass(&s, 51000);
		CU_ASSERT_FALSE(portmap_place_ends(s.place));
		CU_ASSERT_EQUAL(entries(&s.router), rows[i].entries);
		CU_ASSERT_EQUAL(SUMS(&s).pairs, rows[i].pairs);
		CU_ASSERT_FALSE(portmap_place_wants(s.place, s.now_ms));
		end(&s);
	}
}

/* The answer to a request that was under way when the daemon began to end. */
static void test_what_is_granted_too_late_is_ended(void)
{
	static const uint8_t nonce[PCP_NONCE] = "nonce-nonce";
	struct scene s = { .router = a_router(PORTMAP_PCP) };
	struct portmap_result result;
	struct portmap_job job;

	begin(&s, "pcp", 1, 8);
	portmap_place_add(s.place, 30000, nonce, s.now_ms);
	CU_ASSERT_TRUE_FATAL(portmap_place_next(s.place, s.now_ms, &job));
	portmap_place_close(s.place, false, s.now_ms);
	answer(&s.router, &job, s.now_ms, &result);
	portmap_place_take(s.place, &job, &result, s.now_ms);
	CU_ASSERT_EQUAL(entries(&s.router), 1);
	work(&s);
	CU_ASSERT_EQUAL(entries(&s.router), 0);
	CU_ASSERT_FALSE(portmap_place_ends(s.place));
	end(&s);
}

/* Another protocol is what the file has to name, before the router is asked. */
static void test_a_pair_with_another_protocol_is_listed_again(void)
{
	static const uint8_t nonce[PCP_NONCE] = "nonce-nonce";
	struct portmap_result other = { .outcome = PORTMAP_OTHER };
	struct scene s = { .router = a_router(PORTMAP_PCP) };
	struct portmap_job job;

	begin(&s, "pcp natpmp", 1, 8);
	portmap_place_add(s.place, 30000, nonce, s.now_ms);
	CU_ASSERT_TRUE_FATAL(portmap_place_next(s.place, s.now_ms, &job));
	CU_ASSERT_FALSE(s.place->relisted);
	portmap_place_take(s.place, &job, &other, s.now_ms);
	CU_ASSERT_TRUE_FATAL(portmap_place_next(s.place, s.now_ms, &job));
	CU_ASSERT_EQUAL(job.protocol, PORTMAP_NATPMP);
	CU_ASSERT_TRUE(s.place->relisted);
	end(&s);
}

static void test_a_place_has_room_by_its_configuration(void)
{
	struct scene s = { .router = a_router(PORTMAP_PCP) };

	begin(&s, "pcp", 0, 5);
	for (uint16_t port = 30000; port < 30004; port += 2) {
		CU_ASSERT_TRUE(portmap_place_has_room(s.place));
		portmap_place_add(s.place, port, (const uint8_t *)"nonce-nonce", s.now_ms);
	}
	CU_ASSERT_FALSE(portmap_place_has_room(s.place)); /* a pair takes two of the five */
	end(&s);
}

static void test_a_place_has_room_for_its_pairs_and_no_more(void)
{
	static const uint8_t nonce[PCP_NONCE] = "nonce-nonce";
	struct scene s = { .router = a_router(PORTMAP_PCP) };

	begin(&s, "pcp", 100, 1000);
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		CU_ASSERT_PTR_NOT_NULL(
			portmap_place_add(s.place, (uint16_t)(20000 + 2 * i), nonce, s.now_ms));
	CU_ASSERT_PTR_NULL(portmap_place_add(s.place, 50000, nonce, s.now_ms));
	CU_ASSERT_FALSE(portmap_place_wants(s.place, s.now_ms));
	end(&s);
}

TEST_SUITE(portmap_place, { "pairs are mapped ahead", test_pairs_are_mapped_ahead },
	   { "what each protocol said is told", test_what_each_protocol_said_is_told },
	   { "a call is replaced in the pool", test_a_call_is_replaced_in_the_pool },
	   { "another program has the port", test_another_program_has_the_port },
	   { "mappings are renewed at half of their time",
	     test_mappings_are_renewed_at_half_of_their_time },
	   { "a silent router is told and comes back",
	     test_a_silent_router_is_told_and_comes_back },
	   { "a restart is seen and mappings are made again",
	     test_a_restart_is_seen_and_mappings_are_made_again },
	   { "a router whose epoch jumps is not asked without pause",
	     test_a_router_whose_epoch_jumps_is_not_asked_without_pause },
	   { "another port outside is told for calls",
	     test_another_port_outside_is_told_for_calls },
	   { "a full router leaves whole pairs", test_a_full_router_leaves_whole_pairs },
	   { "a router that lies is not believed", test_a_router_that_lies_is_not_believed },
	   { "a port that is granted twice is not believed",
	     test_a_port_that_is_granted_twice_is_not_believed },
	   { "what has to be confirmed may be granted again",
	     test_what_has_to_be_confirmed_may_be_granted_again },
	   { "a taken port is replaced by another", test_a_taken_port_is_replaced_by_another },
	   { "pairs of an earlier daemon are confirmed or ended",
	     test_pairs_of_an_earlier_daemon_are_confirmed_or_ended },
	   { "the end leaves what calls need", test_the_end_leaves_what_calls_need },
	   { "what is granted too late is ended", test_what_is_granted_too_late_is_ended },
	   { "a pair with another protocol is listed again",
	     test_a_pair_with_another_protocol_is_listed_again },
	   { "a place has room by its configuration", test_a_place_has_room_by_its_configuration },
	   { "a place has room for its pairs and no more",
	     test_a_place_has_room_for_its_pairs_and_no_more });
