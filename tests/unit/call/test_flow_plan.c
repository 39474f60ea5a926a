/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_flow_plan.c - which flows the kernel should hold, row by row
 */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/call/flow_plan.h"
#include "tests/unit/test.h"

#define ALL_FEATURES 0x1fu

/*
 * A bridge by its four streams, a_rtp a_rtcp b_rtp b_rtcp: 'L' latched, 'K' and its window closed,
 * 'w' no source yet but a known destination, '-' neither, 'm' moved by an offer and learning again,
 * 'c' contested, 'p' latched, and its remote hears a prompt, '.' no such stream.
 */
struct row {
	const char *name, *streams;
	enum bridge_kind kind;
	uint32_t flags_a, flags_b;
	uint32_t features;
	/*
	 * The result for each stream: kind of flow by letter (r RTP, c RTCP, x mux, o opaque), or
	 * the reason for none
	 */
	const char *expect[4];
};

static const struct row rows[] = {
	{ "both latched", "LLLL", BRIDGE_RTP, 0, 0, ALL_FEATURES, { "r", "c", "r", "c" } },
	{ "none latched",
	  "wwww",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "not latched", "not latched", "not latched", "not latched" } },
	{ "one latched, the other known by SDP",
	  "Lwww",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "no packets from the other side yet", "not latched", "not latched", "not latched" } },
	{ "one latched for long, the other only receives",
	  "KLww",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "r", "no packets from the other side yet", "not latched", "not latched" } },
	{ "one latched, the other is sent to by SDP",
	  "Lwww",
	  BRIDGE_RTP,
	  0,
	  SIDE_ASYMMETRIC,
	  ALL_FEATURES,
	  { "r", "not latched", "not latched", "not latched" } },
	{ "one latched, the other unknown",
	  "LL--",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "address of the other side not known yet", "address of the other side not known yet",
	    "not latched", "not latched" } },
	{ "moved by an offer",
	  "mLLL",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "window open after an offer or answer", "c", "r", "c" } },
	{ "SRTP at one side",
	  "KKKK",
	  BRIDGE_RTP,
	  0,
	  SIDE_SRTP,
	  ALL_FEATURES,
	  { "srtp", "srtp", "srtp", "srtp" } },
	{ "the answerer hears a prompt: RTP to it stays in the daemon, RTCP and its own RTP do not",
	  "LLpL",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "the other side hears a prompt", "c", "r", "c" } },
	{ "the same with rtcp-mux: RTCP at a port of its own goes on in the kernel",
	  "LLpL",
	  BRIDGE_RTP,
	  0,
	  SIDE_MUX,
	  ALL_FEATURES,
	  { "the other side hears a prompt", "c", "r", "c" } },
	{ "contested",
	  "LcLL",
	  BRIDGE_RTP,
	  0,
	  0,
	  ALL_FEATURES,
	  { "r", "another source may take its place", "r", "c" } },
	{ "silenced: RTCP passes",
	  "LLLL",
	  BRIDGE_RTP,
	  SIDE_SILENCE,
	  0,
	  ALL_FEATURES,
	  { "silenced by command", "c", "r", "c" } },
	{ "handover",
	  "LLLL",
	  BRIDGE_RTP,
	  0,
	  SIDE_HANDOVER,
	  ALL_FEATURES,
	  { "r", "c", "media-handover", "media-handover" } },
	{ "mux on both sides",
	  "L-L-",
	  BRIDGE_RTP,
	  SIDE_MUX,
	  SIDE_MUX,
	  ALL_FEATURES,
	  { "x", "not latched", "x", "not latched" } },
	{ "mux to two ports: RTCP by the daemon",
	  "L-LL",
	  BRIDGE_RTP,
	  SIDE_MUX,
	  0,
	  ALL_FEATURES,
	  { "r", "not latched", "x", "c" } },
	{ "silenced with mux",
	  "L-L-",
	  BRIDGE_RTP,
	  SIDE_MUX | SIDE_SILENCE,
	  SIDE_MUX,
	  ALL_FEATURES,
	  { "silenced by command", "not latched", "x", "not latched" } },
	{ "not RTP", "L.L.", BRIDGE_OPAQUE, 0, 0, ALL_FEATURES, { "o", "", "o", "" } },
	{ "not RTP, silenced",
	  "L.L.",
	  BRIDGE_OPAQUE,
	  SIDE_SILENCE,
	  0,
	  ALL_FEATURES,
	  { "silenced by command", "", "o", "" } },
	{ "no RTP statistics: flows nevertheless",
	  "LLLL",
	  BRIDGE_RTP,
	  0,
	  0,
	  RTPRELAY_FEATURE_EVENTS,
	  { "r", "c", "r", "c" } },
	{ "no events: silence would not be noticed",
	  "LLLL",
	  BRIDGE_RTP,
	  0,
	  0,
	  RTPRELAY_FEATURE_RTP,
	  { "the kernel module is too old: it reports no events",
	    "the kernel module is too old: it reports no events",
	    "the kernel module is too old: it reports no events",
	    "the kernel module is too old: it reports no events" } },
};

static struct endpoint ep(const char *text)
{
	struct endpoint out;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &out));
	return out;
}

static void fill_stream(struct flow_stream *s, int side, int comp, char state)
{
	static const char *const local[2][2] = { { "192.0.2.1:30000", "192.0.2.1:30001" },
						 { "192.0.2.1:30100", "192.0.2.1:30101" } };
	static const char *const remote[2][2] = { { "198.51.100.7:4000", "198.51.100.7:4001" },
						  { "203.0.113.9:5000", "203.0.113.9:5001" } };

	memset(s, 0, sizeof(*s));
	s->exists = state != '.';
	s->local = ep(local[side][comp]);
	s->locked = state == 'K';
	s->learning = state == 'm';
	s->contested = state == 'c';
	s->prompted = state == 'p';
	if (state != '.' && state != 'w' && state != '-')
		s->source = ep(remote[side][comp]);
	if (state != '.' && state != '-')
		s->to = ep(remote[side][comp]);
}

static struct flow_ask ask(struct bridge_conf *conf, const char *streams)
{
	struct flow_ask a = { .conf = conf, .features = ALL_FEATURES, .idle_s = 60 };

	conf->side[SIDE_A].tos = conf->side[SIDE_B].tos = 184;
	memcpy(a.cookie, "0123456789abcdef", FLOW_COOKIE);
	for (int i = 0; i < 4; i++)
		fill_stream(&a.stream[i >> 1][i & 1], i >> 1, i & 1, streams[i]);
	return a;
}

static const char *outcome(const struct flow_plan *plan, const struct flow_ask *a, int i)
{
	static const char *const kinds[] = { "none", "r", "c", "x", "o" };

	if (!a->stream[i >> 1][i & 1].exists)
		return "";
	if (plan->why[i >> 1][i & 1])
		return plan->why[i >> 1][i & 1];
	return kinds[plan->spec[i >> 1][i & 1].kind];
}

static void test_each_row(void)
{
	for (size_t r = 0; r < COUNT(rows); r++) {
		const struct row *row = &rows[r];
		struct bridge_conf conf = { .kind = row->kind };
		struct flow_ask a = ask(&conf, row->streams);
		struct flow_plan plan;

		conf.side[SIDE_A].flags = row->flags_a;
		conf.side[SIDE_B].flags = row->flags_b;
		a.features = row->features;
		flow_plan_make(&plan, &a);
		for (int i = 0; i < 4; i++) {
			if (strcmp(outcome(&plan, &a, i), row->expect[i]) != 0)
				printf("%s, stream %d: %s\n", row->name, i, outcome(&plan, &a, i));
			CU_ASSERT_STRING_EQUAL(outcome(&plan, &a, i), row->expect[i]);
		}
	}
}

static void assert_endpoint(const struct endpoint *is, const char *expect)
{
	char text[ENDPOINT_TEXT];

	CU_ASSERT_STRING_EQUAL(endpoint_print(is, text), expect);
}

static void test_a_flow_is_complete(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP,
				    .clocks = { { .pt = 96, .clock = 48000 },
						{ .pt = 101, .clock = 8000 } } };
	struct flow_ask a = ask(&conf, "LLLL");
	struct flow_plan plan = { 0 };
	const struct flow_spec *rtp = &plan.spec[SIDE_A][COMP_RTP];

	conf.side[SIDE_A].tos = -1;
	flow_plan_make(&plan, &a);
	assert_endpoint(&rtp->local, "192.0.2.1:30000");
	assert_endpoint(&rtp->src, "198.51.100.7:4000");
	assert_endpoint(&rtp->out, "192.0.2.1:30100");
	assert_endpoint(&rtp->dst, "203.0.113.9:5000");
	CU_ASSERT_EQUAL(rtp->dscp, 46); /* toward side B */
	CU_ASSERT_EQUAL(plan.spec[SIDE_B][COMP_RTP].dscp, -1);
	CU_ASSERT_EQUAL(rtp->idle_s, 60);
	CU_ASSERT_EQUAL(rtp->flags, 0);
	CU_ASSERT_EQUAL(rtp->clocks[0].pt, 96);
	CU_ASSERT_EQUAL(rtp->clocks[0].clock, 48000);
	CU_ASSERT_EQUAL(rtp->clocks[1].pt, 101);
	CU_ASSERT_EQUAL(rtp->clocks[2].clock, 0);
	CU_ASSERT_EQUAL(memcmp(rtp->cookie, "0123456789abcdef", FLOW_COOKIE), 0);
	assert_endpoint(&plan.spec[SIDE_B][COMP_RTCP].local, "192.0.2.1:30101");
	assert_endpoint(&plan.spec[SIDE_B][COMP_RTCP].dst, "198.51.100.7:4001");
	CU_ASSERT_EQUAL(plan.spec[SIDE_B][COMP_RTCP].clocks[0].clock, 0);
}

/* By the side where packets arrive, wherever they leave. Bit 0 of the second word: type 64. */
static void test_row_7_a_flow_has_the_types_of_its_port(void)
{
	for (uint32_t flags = 0; flags < 4; flags++) {
		bool mux[2] = { flags & 1, flags & 2 };
		struct bridge_conf conf = { .kind = BRIDGE_RTP,
					    .pts = { 1, UINT64_C(0x123480000001) } };
		struct flow_ask a = ask(&conf, "LLLL");
		struct flow_plan plan;

		for (int side = 0; side < 2; side++)
			conf.side[side].flags = mux[side] ? SIDE_MUX : 0;
		flow_plan_make(&plan, &a);
		for (int side = 0; side < 2; side++) {
			const struct flow_spec *rtp = &plan.spec[side][COMP_RTP];

			CU_ASSERT_EQUAL(rtp->port.mux, mux[side]);
			CU_ASSERT(mux[side] || rtp->port.negotiated == 0x80000001);
			CU_ASSERT_TRUE(plan.spec[side][COMP_RTCP].port.mux);
		}
	}
}

static void test_the_same_state_makes_the_same_flow(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP };
	struct flow_ask a = ask(&conf, "LLLL");
	struct flow_plan first, second;

	memset(&second, 0xff, sizeof(second));
	flow_plan_make(&first, &a);
	/* A sockaddr from the system may contain any bytes after an IPv4 address. */
	memset(a.stream[SIDE_A][COMP_RTP].source.in4.sin_zero, 0x5a, 8);
	flow_plan_make(&second, &a);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(
			flow_spec_equal(&first.spec[i >> 1][i & 1], &second.spec[i >> 1][i & 1]));
	second.spec[SIDE_B][COMP_RTP].port.negotiated++;
	CU_ASSERT_FALSE(
		flow_spec_equal(&first.spec[SIDE_B][COMP_RTP], &second.spec[SIDE_B][COMP_RTP]));
	second.spec[SIDE_A][COMP_RTCP].port.mux = false;
	CU_ASSERT_FALSE(
		flow_spec_equal(&first.spec[SIDE_A][COMP_RTCP], &second.spec[SIDE_A][COMP_RTCP]));
	second.spec[SIDE_A][COMP_RTP].dscp++;
	CU_ASSERT_FALSE(
		flow_spec_equal(&first.spec[SIDE_A][COMP_RTP], &second.spec[SIDE_A][COMP_RTP]));
}

static void test_asymmetric_goes_where_sdp_says(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP };
	struct flow_ask a = ask(&conf, "LLLL");
	struct flow_plan plan;

	a.stream[SIDE_B][COMP_RTP].to = ep("203.0.113.200:6000");
	conf.side[SIDE_B].flags = SIDE_ASYMMETRIC;
	flow_plan_make(&plan, &a);
	assert_endpoint(&plan.spec[SIDE_A][COMP_RTP].dst, "203.0.113.200:6000");
	assert_endpoint(&plan.spec[SIDE_B][COMP_RTP].src, "203.0.113.9:5000");
}

static void test_rtcp_joins_rtp_toward_mux(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP };
	struct flow_ask a = ask(&conf, "LLL-");
	struct flow_plan plan;

	conf.side[SIDE_B].flags = SIDE_MUX;
	flow_plan_make(&plan, &a);
	assert_endpoint(&plan.spec[SIDE_A][COMP_RTCP].out, "192.0.2.1:30100");
	assert_endpoint(&plan.spec[SIDE_A][COMP_RTCP].dst, "203.0.113.9:5000");
}

static void test_blocked_is_dropped_by_the_kernel(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP };
	struct flow_ask a = ask(&conf, "LLLL");
	struct flow_plan plan;

	conf.side[SIDE_A].flags = SIDE_BLOCK;
	flow_plan_make(&plan, &a);
	CU_ASSERT_EQUAL(plan.spec[SIDE_A][COMP_RTP].flags, RTPRELAY_FLOW_DROP);
	CU_ASSERT_EQUAL(plan.spec[SIDE_A][COMP_RTCP].flags, RTPRELAY_FLOW_DROP);
	CU_ASSERT_EQUAL(plan.spec[SIDE_B][COMP_RTP].flags, 0);
}

static void test_taps(void)
{
	static const struct {
		const char *name;
		bool tapped, untapped; /* the bridge has a tap; its flows are there without one */
		enum flow_tap tap;
		uint32_t features;
		const char *why; /* NULL: in the kernel, with @flags */
		uint32_t flags;
	} taps[] = {
		{ "not tapped", false, false, FLOW_TAP_OPEN, ALL_FEATURES, NULL, 0 },
		{ "tapped", true, false, FLOW_TAP_OPEN, ALL_FEATURES, NULL, RTPRELAY_FLOW_TAP },
		{ "in the kernel before", true, true, FLOW_TAP_OPEN, ALL_FEATURES, NULL,
		  RTPRELAY_FLOW_TAP },
		{ "in the kernel until it can be read", true, true, FLOW_TAP_SOON, ALL_FEATURES,
		  NULL, 0 },
		{ "new until it can be read", true, false, FLOW_TAP_SOON, ALL_FEATURES, "recording",
		  0 },
		{ "cannot be read", true, true, FLOW_TAP_NONE, ALL_FEATURES, "recording", 0 },
		{ "the path has no taps", true, true, FLOW_TAP_OPEN,
		  ALL_FEATURES & ~(uint32_t)RTPRELAY_FEATURE_TAP, "recording", 0 },
		{ "the path has no taps, and needs none", false, true, FLOW_TAP_NONE,
		  ALL_FEATURES & ~(uint32_t)RTPRELAY_FEATURE_TAP, NULL, 0 },
	};

	for (size_t r = 0; r < COUNT(taps); r++) {
		struct bridge_conf conf = { .kind = BRIDGE_RTP, .tap = taps[r].tapped ? 7 : 0 };
		struct flow_ask a = ask(&conf, "LLLL");
		struct flow_plan plan;

		a.tap = taps[r].tap;
		a.features = taps[r].features;
		for (int i = 0; i < 4; i++)
			a.stream[i >> 1][i & 1].untapped = taps[r].untapped;
		flow_plan_make(&plan, &a);
		for (int i = 0; i < 4; i++) {
			const char *why = plan.why[i >> 1][i & 1];

			if (!why != !taps[r].why)
				printf("%s: stream %d\n", taps[r].name, i);
			CU_ASSERT_EQUAL(!why, !taps[r].why);
			CU_ASSERT_TRUE(!why || !strcmp(why, taps[r].why));
			CU_ASSERT_EQUAL(plan.spec[i >> 1][i & 1].flags, taps[r].flags);
		}
	}
}

/* A reason that does not depend on the recording is told first. */
static void test_recording_is_the_last_reason(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP, .tap = 7 };
	struct flow_ask a = ask(&conf, "Lwww");
	struct flow_plan plan;

	flow_plan_make(&plan, &a);
	CU_ASSERT_STRING_EQUAL(plan.why[SIDE_A][COMP_RTP], "no packets from the other side yet");
	CU_ASSERT_STRING_EQUAL(plan.why[SIDE_B][COMP_RTP], "not latched");
}

static void test_telephone_events_go_up_if_somebody_wants_them(void)
{
	static const struct {
		uint32_t flags;
		bool up;
	} wanted[] = {
		{ 0, false }, { SIDE_DTMF, true }, { SIDE_DTMF_BLOCK, true }, { SIDE_BLOCK, false }
	};

	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct bridge_conf conf = { .kind = BRIDGE_RTP,
					    .events = { { 101, 64 }, { 0, 0, 96 } } };
		struct flow_ask a = ask(&conf, "LLLL");
		struct flow_plan plan;

		conf.side[SIDE_A].flags = wanted[i].flags;
		flow_plan_make(&plan, &a);
		CU_ASSERT_PTR_NULL(plan.why[SIDE_A][COMP_RTP]);
		CU_ASSERT_EQUAL(plan.spec[SIDE_A][COMP_RTP].up[0], 0);
		CU_ASSERT_EQUAL(plan.spec[SIDE_A][COMP_RTP].up[1],
				wanted[i].up ? UINT64_C(1) << 37 | 1 : 0);
		CU_ASSERT_EQUAL(plan.spec[SIDE_A][COMP_RTCP].up[1], 0);
		CU_ASSERT_EQUAL(plan.spec[SIDE_B][COMP_RTP].up[1], 0);
		a.features &= ~(uint32_t)RTPRELAY_FEATURE_RTP; /* it would ignore the types */
		flow_plan_make(&plan, &a);
		CU_ASSERT_EQUAL(!!plan.why[SIDE_A][COMP_RTP], wanted[i].up);
	}
}

static void test_families(void)
{
	struct bridge_conf conf = { .kind = BRIDGE_RTP };
	struct flow_ask a = ask(&conf, "LLLL");
	struct flow_stream *b = &a.stream[SIDE_B][COMP_RTP];
	struct flow_plan plan;

	b->local = ep("[2001:db8::1]:30100");
	b->source = b->to = ep("[2001:db8::9]:5000");
	flow_plan_make(&plan, &a);
	CU_ASSERT_PTR_NULL(plan.why[SIDE_A][COMP_RTP]);
	assert_endpoint(&plan.spec[SIDE_A][COMP_RTP].dst, "[2001:db8::9]:5000");
	a.features &= ~(uint32_t)RTPRELAY_FEATURE_FAMILY;
	flow_plan_make(&plan, &a);
	CU_ASSERT_STRING_EQUAL(plan.why[SIDE_A][COMP_RTP],
			       "the kernel path cannot change IPv4 to IPv6");
	CU_ASSERT_PTR_NULL(plan.why[SIDE_A][COMP_RTCP]);
	a.features = ALL_FEATURES;
	endpoint_parse_addr(str_of("fe80::9"), AF_INET6, &b->to);
	flow_plan_make(&plan, &a);
	CU_ASSERT_STRING_EQUAL(plan.why[SIDE_A][COMP_RTP], "IPv6 link-local address");
}

TEST_SUITE(flow_plan, { "each row", test_each_row },
	   { "a flow is complete", test_a_flow_is_complete },
	   { "row 7: a flow has the types of its port",
	     test_row_7_a_flow_has_the_types_of_its_port },
	   { "the same state makes the same flow", test_the_same_state_makes_the_same_flow },
	   { "asymmetric goes where SDP says", test_asymmetric_goes_where_sdp_says },
	   { "RTCP joins RTP toward mux", test_rtcp_joins_rtp_toward_mux },
	   { "blocked is dropped by the kernel", test_blocked_is_dropped_by_the_kernel },
	   { "families", test_families }, { "taps", test_taps },
	   { "recording is the last reason", test_recording_is_the_last_reason },
	   { "telephone events go up if somebody wants them",
	     test_telephone_events_go_up_if_somebody_wants_them });
