/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_refused.c - which source is told of a stream that refuses packets, and when it is told that
 * nobody is heard, with the setting that would change it (part 4 of issue F)
 */
#include "daemon/base/count.h"
#include "daemon/call/unheard.h"
#include "daemon/packet/refused.h"
#include "stream_scene.h"

#define BIT(event) (1U << (event))
#define SIP	   "203.0.113.9"

/* Of so many packets from @from, how many tell that the stream is not heard? */
static unsigned int told_unheard(struct stage *stage, int index, const char *from, unsigned int n)
{
	unsigned int told = 0;

	while (n--) {
		stage->now_ms += 20;
		CU_ASSERT_PTR_NULL(arrive(stage, index, place(from)));
		told += (take_news(stage, index) & BIT(BRIDGE_UNHEARD)) != 0;
	}
	return told;
}

static bool names(const struct stage *stage, int index, const char *source)
{
	const struct endpoint expected = place(source);
	struct stream_report report;

	stream_report(stream_at(stage, index), &report);
	return endpoint_eq(&report.refused, &expected);
}

static void test_unheard_is_told_once(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, SIP);
	CU_ASSERT_EQUAL(told_unheard(&stage, A_RTP, "192.0.2.66:6000", REFUSED_UNHEARD - 1), 0);
	CU_ASSERT_EQUAL(told_unheard(&stage, A_RTP, "192.0.2.66:6000", 1), 1);
	CU_ASSERT_EQUAL(told_unheard(&stage, A_RTP, "192.0.2.66:6000", 200), 0);
	CU_ASSERT_TRUE(names(&stage, A_RTP, "192.0.2.66:6000"));
	/* ... whoever comes later */
	stage.now_ms += 5000;
	CU_ASSERT_EQUAL(told_unheard(&stage, A_RTP, "192.0.2.67:6000", 200), 0);
	CU_ASSERT_TRUE(names(&stage, A_RTP, "192.0.2.67:6000"));
	close_stage(&stage);
}

/* An attacker at a stream that works is no reason to change a setting. */
static void test_heard_stream_is_not_told(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, SIP);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place(SIP ":5000")));
	take_news(&stage, A_RTP);
	CU_ASSERT_EQUAL(told_unheard(&stage, A_RTP, "192.0.2.66:6000", 100), 0);
	CU_ASSERT_TRUE(names(&stage, A_RTP, "192.0.2.66:6000"));
	close_stage(&stage);
}

/* The RTP of the same phone is told already. */
static void test_rtcp_is_not_told(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, SIP);
	CU_ASSERT_EQUAL(told_unheard(&stage, A_RTCP, "192.0.2.66:6001", 100), 0);
	close_stage(&stage);
}

/* A phone among 1,000 spoofed single packets a second. */
static void test_spray_does_not_hide_who_goes_on(void)
{
	struct stage stage;
	unsigned int told = 0;
	char text[32];

	open_stage(&stage);
	signal_nat(&stage, SIP);
	told_unheard(&stage, A_RTP, "192.0.2.66:6000", 2);
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "198.18.%u.%u:4000", i >> 8, i & 255);
		stage.now_ms++;
		arrive(&stage, A_RTP, place(text));
		if (i % 20 == 19)
			arrive(&stage, A_RTP, place("192.0.2.66:6000"));
		told += (take_news(&stage, A_RTP) & BIT(BRIDGE_UNHEARD)) != 0;
	}
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_TRUE(names(&stage, A_RTP, "192.0.2.66:6000"));
	close_stage(&stage);
}

static void test_spray_alone_is_not_told(void)
{
	struct stage stage;
	char text[32];

	open_stage(&stage);
	signal_nat(&stage, SIP);
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "198.18.%u.%u:4000", i >> 8, i & 255);
		CU_ASSERT_EQUAL(told_unheard(&stage, A_RTP, text, 1), 0);
	}
	CU_ASSERT_TRUE(names(&stage, A_RTP, text));
	close_stage(&stage);
}

static void test_sources_are_counted_up_to_a_limit(void)
{
	struct stream_report report;
	struct stage stage;
	char text[32];

	open_stage(&stage);
	signal_nat(&stage, SIP);
	for (unsigned int i = 0; i < REFUSED_SOURCES + 10; i++) {
		snprintf(text, sizeof(text), i % 2 ? "198.18.0.%u:4000" : "198.18.9.9:40%02u", i);
		told_unheard(&stage, A_RTP, text, 2);
		stream_report(stream_at(&stage, A_RTP), &report);
		CU_ASSERT_EQUAL(report.refused_sources,
				i < REFUSED_SOURCES ? i + 1 : REFUSED_SOURCES);
	}
	close_stage(&stage);
}

/* --- The advice ------------------------------------------------------------------------------- */

/* As an operator would do it. */
static void follow_advice(struct side_conf *conf, const char *advice)
{
	if (strstr(advice, "latching=first"))
		conf->latching = LATCH_FIRST;
	if (strstr(advice, "latching=smart"))
		conf->latching = LATCH_SMART;
	if (strstr(advice, "without strict-source"))
		conf->flags &= ~(uint32_t)SIDE_STRICT_SOURCE;
}

static bool is_heard(struct stage *stage, const char *from)
{
	arrive_for(stage, 600, A_RTP, place(from));
	return latch_state(&stream_at(stage, A_RTP)->latch) != LATCH_WAIT;
}

static void check_advice(enum latch_mode mode, uint32_t flags, const char *from)
{
	struct side_conf *conf;
	struct stream_report report;
	struct stage stage;

	open_stage(&stage);
	conf = &stage.scene.conf.side[SIDE_A];
	conf->latching = (uint8_t)mode;
	conf->flags = flags;
	signal_nat(&stage, "203.0.113.9");
	if (!is_heard(&stage, from)) {
		CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_UNHEARD);
		stream_report(stream_at(&stage, A_RTP), &report);
		follow_advice(conf, unheard_advice(conf, report.refused_rank));
		signal_stage(&stage);
		CU_ASSERT_TRUE(is_heard(&stage, from));
	}
	close_stage(&stage);
}

static void test_each_advice_lets_the_source_in(void)
{
	static const uint32_t flags[] = { 0, SIDE_ASYMMETRIC, SIDE_STRICT_SOURCE,
					  SIDE_ASYMMETRIC | SIDE_STRICT_SOURCE,
					  SIDE_ASYMMETRIC | SIDE_STRICT_SOURCE | SIDE_HANDOVER };
	static const char *const sources[] = { "192.0.2.66:6000", "203.0.113.66:6000",
					       "203.0.113.9:6000" };

	for (size_t f = 0; f < COUNT(flags); f++) {
		for (size_t s = 0; s < COUNT(sources); s++) {
			check_advice(LATCH_SMART, flags[f], sources[s]);
			check_advice(LATCH_STRICT, flags[f], sources[s]);
			check_advice(LATCH_FIRST, flags[f], sources[s]);
		}
	}
}

static void test_advice_is_no_more_than_needed(void)
{
	struct side_conf conf = { .latching = LATCH_STRICT };

	CU_ASSERT_STRING_EQUAL(unheard_advice(&conf, RANK_NEAR), "latching=smart");
	CU_ASSERT_STRING_EQUAL(unheard_advice(&conf, RANK_UNKNOWN), "latching=first");
	conf.latching = LATCH_SMART;
	CU_ASSERT_STRING_EQUAL(unheard_advice(&conf, RANK_UNKNOWN), "latching=first");
	conf.flags = SIDE_ASYMMETRIC | SIDE_STRICT_SOURCE;
	CU_ASSERT_STRING_EQUAL(unheard_advice(&conf, RANK_UNKNOWN),
			       "asymmetric without strict-source");
}

TEST_SUITE(refused, { "a stream that is not heard is told once", test_unheard_is_told_once },
	   { "a stream that is heard is not told", test_heard_stream_is_not_told },
	   { "RTCP is not told", test_rtcp_is_not_told },
	   { "a spray does not hide who goes on", test_spray_does_not_hide_who_goes_on },
	   { "a spray alone is not told", test_spray_alone_is_not_told },
	   { "sources are counted up to a limit", test_sources_are_counted_up_to_a_limit },
	   { "each advice lets the source in", test_each_advice_lets_the_source_in },
	   { "an advice is no more than needed", test_advice_is_no_more_than_needed });
