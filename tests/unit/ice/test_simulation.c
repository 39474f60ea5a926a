/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_simulation.c - two agents find each other through a bad network, keep consent, and restart
 *
 * ICE_SEEDS=N in the environment: so many seeds instead of a thousand.
 */
#include <stdio.h>
#include <stdlib.h>
#include "tests/unit/ice/network.h"
#include "tests/unit/test.h"

#define RELAY	0
#define BROWSER 1

/* What a seed decides. */
struct scene {
	struct network net;
	unsigned int components;
	bool hidden; /* the browser has only .local addresses */
	bool srflx;  /* both are behind NATs, and know their outer addresses */
	bool trickle;
	enum nat nat;
};

/* --- Signalling ------------------------------------------------------------------------------ */

/* As the other side reads it: through text. */
static void pass_lines(const struct ice_description *lines, char *text, size_t size,
		       struct ice_description *read)
{
	struct buf buf = BUF_INIT(text, size);
	struct str rest;

	ice_lines_write(&buf, lines);
	CU_ASSERT_FALSE_FATAL(buf.overflow);
	memset(read, 0, sizeof(*read));
	rest = (struct str){ text, buf.len };
	while (rest.len) {
		struct str value = str_split(&rest, '\n'), name;

		value = (struct str){ value.s + 2, value.len - 3 };
		name = str_split(&value, ':');
		CU_ASSERT_TRUE(ice_line_read(read, name, value));
	}
	read->lite = lines->lite;
}

static void add_outside(struct scene *s, unsigned int end, struct ice_description *lines)
{
	for (unsigned int i = 0; i < s->net.ends[end].n_sockets; i++) {
		struct ice_candidate *c = &lines->candidates[lines->n_candidates++];
		unsigned int component = s->components == 2 ? 1 + i % 2 : 1;

		*c = (struct ice_candidate){
			.foundation = STR("srflx"),
			.component = (uint8_t)component,
			.type = ICE_SRFLX,
			.priority = ice_priority(ICE_SRFLX, (uint16_t)(65535 - i), component),
			.address = network_outside(&s->net, end, i),
		};
		if (!endpoint_is_set(&c->address))
			lines->n_candidates--;
	}
}

static void signal_lines(struct scene *s, unsigned int from, bool offer)
{
	static char text[20000];
	static struct ice_description lines, read;

	ice_describe(s->net.ends[from].agent, &lines);
	lines.trickle = s->trickle;
	lines.end = s->trickle && !s->hidden;
	if (from == BROWSER && s->hidden)
		lines.n_candidates = 0;
	if (s->srflx)
		add_outside(s, from, &lines);
	pass_lines(&lines, text, sizeof(text), &read);
	CU_ASSERT_EQUAL_FATAL(ice_remote(s->net.ends[!from].agent, &read, offer, s->net.now_ms), 0);
}

/* The answer comes later than the checks that it brings, or sooner. */
static void exchange(struct scene *s, unsigned int offerer)
{
	signal_lines(s, offerer, true);
	network_run(&s->net, s->net.now_ms + network_random(&s->net, 400), -1);
	signal_lines(s, !offerer, false);
}

/* --- Scenes ---------------------------------------------------------------------------------- */

static void relay_sockets(struct scene *s, bool six)
{
	static const char *const inside[] = { "192.0.2.10:30000", "192.0.2.10:30001",
					      "10.1.0.10:30000", "10.1.0.10:30001" };
	static const char *const outside[] = { "203.0.113.10:30000", "203.0.113.10:30001" };
	bool advertised = network_random(&s->net, 3) == 0;

	for (unsigned int i = 0; i < s->components; i++) {
		if (s->srflx)
			network_socket(&s->net, RELAY, NAT_PORT, inside[2 + i], "203.0.113.7");
		else if (advertised)
			network_socket(&s->net, RELAY, NAT_STATIC, inside[2 + i], outside[i]);
		else
			network_socket(&s->net, RELAY, NAT_NONE, inside[i], NULL);
	}
	for (unsigned int i = 0; six && i < s->components; i++)
		network_socket(&s->net, RELAY, NAT_NONE,
			       i ? "[2001:db8::10]:30001" : "[2001:db8::10]:30000", NULL);
}

static void browser_sockets(struct scene *s, bool six)
{
	static const char *const inside[] = { "10.0.0.2:4000", "10.0.0.2:4001", "10.8.0.2:4000",
					      "10.8.0.2:4001" };

	for (unsigned int i = 0; i < s->components; i++)
		network_socket(&s->net, BROWSER, NAT_DEAD, inside[2 + i], NULL);
	for (unsigned int i = 0; i < s->components; i++)
		network_socket(&s->net, BROWSER, s->nat, inside[i],
			       s->nat == NAT_NONE ? NULL : "198.51.100.1");
	for (unsigned int i = 0; six && i < s->components; i++)
		network_socket(&s->net, BROWSER, NAT_NONE,
			       i ? "[2001:db8:b::2]:4001" : "[2001:db8:b::2]:4000", NULL);
}

static void set_scene(struct scene *s, uint64_t seed)
{
	static const enum nat nats[] = { NAT_NONE, NAT_CONE, NAT_ADDRESS, NAT_PORT, NAT_SYMMETRIC };
	struct ice_conf conf = { .role = ICE_CONTROLLED, .consent_ms = ICE_CONSENT_MS };
	struct network *net = &s->net;
	bool six, lite;

	memset(s, 0, sizeof(*s));
	net->random = seed;
	s->components = 1 + network_random(net, 2);
	s->nat = nats[network_random(net, 5)];
	s->srflx = network_random(net, 5) == 0 && s->nat != NAT_SYMMETRIC && s->nat != NAT_NONE;
	s->hidden = !s->srflx && network_random(net, 2);
	s->trickle = s->hidden || network_random(net, 2);
	six = network_random(net, 3) == 0;
	lite = !s->srflx && network_random(net, 3) == 0;
	net->loss_percent = network_random(net, 21);
	net->delay_ms = 1 + network_random(net, 150);
	net->jitter_ms = network_random(net, 100);
	net->ends[BROWSER].aggressive = network_random(net, 4) == 0;
	relay_sockets(s, six);
	browser_sockets(s, six && network_random(net, 2));
	conf.components = s->components;
	conf.lite = lite;
	/* One of ten calls begins with a conflict. */
	if (network_random(net, 10) == 0)
		conf.role = ICE_CONTROLLING;
	network_agent(net, RELAY, conf);
	conf.lite = false;
	conf.role = network_random(net, 20) ? ICE_CONTROLLING : ICE_CONTROLLED;
	network_agent(net, BROWSER, conf);
}

static bool both_pass(struct scene *s)
{
	for (unsigned int i = 1; i <= s->components; i++)
		if (!network_passes(&s->net, RELAY, i) || !network_passes(&s->net, BROWSER, i))
			return false;
	return true;
}

/* Both send to where the other one sends from: one pair, seen from both ends. */
static bool same_pairs(struct scene *s)
{
	for (unsigned int i = 1; i <= s->components; i++) {
		const struct ice_use *relay = &s->net.ends[RELAY].agent->uses[i - 1];
		const struct ice_use *browser = &s->net.ends[BROWSER].agent->uses[i - 1];
		const struct network_socket *socket = &s->net.ends[RELAY].sockets[relay->way.local];

		if (socket->nat <= NAT_STATIC &&
		    !endpoint_eq(&browser->way.remote, &socket->outside))
			return false;
	}
	return true;
}

static const char *play(struct scene *s)
{
	struct network *net = &s->net;
	int64_t begin = net->now_ms;
	unsigned int offerer = network_random(net, 2);
	uint64_t sent;

	exchange(s, offerer);
	if (!network_run(net, begin + 60000, ICE_COMPLETED))
		return "no selection in 60 s";
	if (!net->ends[BROWSER].aggressive && !both_pass(s))
		return "media does not pass";
	if (ice_role(net->ends[0].agent) == ice_role(net->ends[1].agent))
		return "both have one role";
	/* An aggressive peer may still change its mind. */
	net->loss_percent = network_random(net, 3);
	network_run(net, net->now_ms + 20000, -1);
	if (!both_pass(s))
		return "media does not pass later";
	/* Of a hidden address each side has another priority. */
	if (!(s->hidden && net->ends[BROWSER].aggressive) && !same_pairs(s))
		return "each has selected another pair";
	sent = net->ends[RELAY].sent + net->ends[BROWSER].sent;
	if (network_run(net, net->now_ms + 120000, ICE_LOST) || !both_pass(s))
		return "consent was lost";
	/* Checks of consent and their answers, of both, and of each component. */
	if (net->ends[RELAY].sent + net->ends[BROWSER].sent - sent > s->components * 4ULL * 33)
		return "too many packets";
	if (network_random(net, 2)) { /* the NAT of the browser was replaced */
		network_forget(net, BROWSER);
		network_run(net, net->now_ms + 1000, -1);
	}
	offerer = network_random(net, 2);
	ice_restart(net->ends[offerer].agent);
	exchange(s, offerer);
	if (!ice_way(net->ends[RELAY].agent, 1))
		return "a restart ended the old way at once";
	if (!network_run(net, net->now_ms + 60000, ICE_COMPLETED))
		return "no selection after a restart";
	network_run(net, net->now_ms + 20000, -1);
	if (!both_pass(s))
		return "media does not pass after a restart";
	net->loss_percent = 0;
	network_run(net, net->now_ms + 15000, -1);
	net->cut = true;
	if (network_run(net, net->now_ms + 29000 - 6000, ICE_LOST))
		return "consent ended too soon";
	network_run(net, net->now_ms + 31000, -1);
	for (int i = 0; i < 2; i++)
		if (!net->ends[i].agent->conf.lite && ice_state(net->ends[i].agent) != ICE_LOST)
			return "consent did not end";
	return NULL;
}

static void test_seeds(void)
{
	static struct scene s;
	const char *count = getenv("ICE_SEEDS"), *why;
	unsigned long seeds = count ? strtoul(count, NULL, 10) : 1000;
	unsigned int failed = 0;

	for (unsigned long seed = 1; seed <= seeds; seed++) {
		set_scene(&s, seed);
		why = play(&s);
		if (why && failed++ < 10)
			printf("    seed %lu: %s (nat %d, %u components%s%s%s%s%s)\n", seed, why,
			       (int)s.nat, s.components, s.hidden ? ", hidden" : "",
			       s.srflx ? ", srflx" : "", s.trickle ? ", trickle" : "",
			       s.net.ends[RELAY].agent->conf.lite ? ", lite" : "",
			       s.net.ends[BROWSER].aggressive ? ", aggressive" : "");
		network_end(&s.net);
	}
	CU_ASSERT_EQUAL(failed, 0);
}

TEST_SUITE(ice_simulation, { "seeds", test_seeds });
