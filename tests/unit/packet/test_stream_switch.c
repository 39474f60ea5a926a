/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_switch.c - a phone that goes on at another port (R9, R14, R17): what its RTCP and the
 * kernel's reports tell of the old one
 */
#include "stream_scene.h"

#define HOST  "198.51.100.7"
#define EXACT HOST ":4000"
#define RTCP  HOST ":4001"
#define OTHER HOST ":4100"
#define NAT   "203.0.113.9"

/* Side A is a gateway: SDP, SIP and media have one public address. */
static void open_gateway(struct stage *stage, uint32_t flags)
{
	struct side_conf *side;

	open_stage(stage);
	side = &stage->scene.conf.side[SIDE_A];
	side->sdp[COMP_RTP] = place(EXACT);
	side->sdp[COMP_RTCP] = place(RTCP);
	side->flags |= flags;
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(HOST), AF_UNSPEC, &side->sip));
	signal_stage(stage);
	arrive_for(stage, 1000, A_RTP, place(EXACT));
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_LOCKED);
}

static bool uses(const struct stage *stage, int index, const char *source)
{
	struct endpoint at = place(source);

	return endpoint_eq(latch_source(&stream_at(stage, index)->latch), &at);
}

/* How long the other port sends until it is heard; @most_ms: it is not. */
static int64_t heard_after(struct stage *stage, int64_t most_ms)
{
	int64_t start_ms = stage->now_ms;

	stage->ssrc = 8;
	stage->seq = 40000;
	while (!uses(stage, A_RTP, OTHER) && stage->now_ms < start_ms + most_ms)
		arrive_for(stage, 20, A_RTP, place(OTHER));
	return stage->now_ms - start_ms;
}

static void report(struct stage *stage, int index, int64_t heard_ms)
{
	struct bridge_kernel kernel = { .in_kernel = true, .heard_ms = heard_ms };

	stream_kernel(stream_at(stage, index), &kernel, stage->now_ms);
}

static void test_row_14_in_mid_call(void)
{
	struct stage stage;

	open_gateway(&stage, 0);
	CU_ASSERT_EQUAL(heard_after(&stage, 9000), 1400);
	close_stage(&stage);
}

static void test_row_14_of_a_party_that_sent_rtcp(void)
{
	struct stage stage;

	open_gateway(&stage, 0);
	arrive(&stage, A_RTCP, place(RTCP));
	CU_ASSERT_EQUAL(heard_after(&stage, 9000), 6400);
	close_stage(&stage);
}

/* On the RTP port, without rtcp-mux: some phones do. */
static void test_row_14_of_a_party_that_sent_rtcp_to_the_wrong_port(void)
{
	struct stage stage;
	uint8_t bytes[64];

	open_gateway(&stage, 0);
	arrive_bytes(&stage, A_RTP, place(EXACT), bytes, receiver_report(bytes, 7));
	CU_ASSERT_EQUAL(heard_after(&stage, 9000), 6400);
	close_stage(&stage);
}

/* The kernel forwards both, and reports of neither what it was. */
static void test_row_14_with_rtcp_mux(void)
{
	struct stage stage;

	open_gateway(&stage, SIDE_MUX);
	CU_ASSERT_EQUAL(heard_after(&stage, 9000), 6400);
	close_stage(&stage);
}

/* A muted phone whose RTCP the kernel forwards, and somebody at the same address. */
static void test_row_14_with_rtcp_in_the_kernel(void)
{
	struct stage stage;
	int64_t muted_ms;

	open_gateway(&stage, 0);
	arrive(&stage, A_RTCP, place(RTCP));
	report(&stage, A_RTCP, stage.now_ms);
	muted_ms = stage.now_ms;
	for (int i = 0; i < 6; i++) {
		take_news(&stage, A_RTCP);
		CU_ASSERT_EQUAL(heard_after(&stage, 2000), 2000);
		/* It is asked for, and answers that RTCP was heard a second ago. */
		CU_ASSERT_TRUE(take_news(&stage, A_RTCP) & 1 << BRIDGE_ASK);
		report(&stage, A_RTCP, stage.now_ms - 1000);
	}
	CU_ASSERT_TRUE(stage.now_ms - muted_ms >= 12000);
	stage.now_ms += 5000;
	report(&stage, A_RTCP, stage.now_ms - 6000);
	CU_ASSERT_EQUAL(heard_after(&stage, 2000), 420);
	close_stage(&stage);
}

static struct bridge_kernel stranger(const struct stage *stage, const char *from, uint32_t ssrc,
				     uint16_t seq, int64_t silent_ms)
{
	return (struct bridge_kernel){ .in_kernel = true,
				       .rtp = true,
				       .ssrc = 7,
				       .seq = stage->seq,
				       .heard_ms = stage->now_ms - silent_ms,
				       .stranger = place(from),
				       .stranger_rtp = true,
				       .stranger_ssrc = ssrc,
				       .stranger_seq = seq };
}

/* The kernel reports the first packet of the new port: the daemon then sees the others. */
static void test_r17_report_of_a_rebound_phone_brings_its_media_to_the_daemon(void)
{
	struct bridge_kernel kernel;
	struct stage stage;
	struct stream *s;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	s = stream_at(&stage, A_RTP);
	stage.now_ms += 40;
	kernel = stranger(&stage, NAT ":6666", 8, 40000, 20);
	stream_kernel(s, &kernel, stage.now_ms);
	CU_ASSERT_FALSE(s->contested);
	kernel = stranger(&stage, NAT ":50001", 7, (uint16_t)(stage.seq + 1), 20);
	stream_kernel(s, &kernel, stage.now_ms);
	CU_ASSERT_TRUE(s->contested);
	CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_CHANGED);
	/* Its flow is gone. */
	kernel = (struct bridge_kernel){ .heard_ms = stage.now_ms - 20 };
	stream_kernel(s, &kernel, stage.now_ms);
	stage.seq++;
	arrive_for(&stage, 160, A_RTP, place(NAT ":50001"));
	CU_ASSERT_FALSE(uses(&stage, A_RTP, NAT ":50001"));
	arrive_for(&stage, 20, A_RTP, place(NAT ":50001"));
	CU_ASSERT_TRUE(uses(&stage, A_RTP, NAT ":50001"));
	CU_ASSERT_FALSE(s->contested);
	close_stage(&stage);
}

/* The media after a final answer begins while the kernel forwards. */
static void test_row_14_report_after_a_final_answer_brings_media_to_the_daemon(void)
{
	static const int64_t silent_ms[] = { 20, 300 };

	for (size_t i = 0; i < 2; i++) {
		struct bridge_kernel kernel;
		struct stage stage;

		open_gateway(&stage, 0);
		stage.scene.change.step[SIDE_A] = LATCH_FINAL;
		signal_stage(&stage);
		stage.now_ms += 400;
		kernel = stranger(&stage, "198.51.100.8:4000", 8, 40000, silent_ms[i]);
		stream_kernel(stream_at(&stage, A_RTP), &kernel, stage.now_ms);
		CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
		kernel = stranger(&stage, OTHER, 8, 40000, silent_ms[i]);
		stream_kernel(stream_at(&stage, A_RTP), &kernel, stage.now_ms);
		CU_ASSERT_TRUE(stream_at(&stage, A_RTP)->contested);
		close_stage(&stage);
	}
}

static void test_r17_report_of_a_rebound_phone_after_the_pause(void)
{
	struct bridge_kernel kernel;
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	stage.now_ms += 220;
	kernel = stranger(&stage, NAT ":50001", 7, (uint16_t)(stage.seq + 10), 200);
	stream_kernel(stream_at(&stage, A_RTP), &kernel, stage.now_ms);
	CU_ASSERT_TRUE(uses(&stage, A_RTP, NAT ":50001"));
	close_stage(&stage);
}

/* One packet of somebody behind the same NAT, then the phone: the kernel reports one packet. */
static void test_report_beside_a_brief_source_brings_media_to_the_daemon(void)
{
	struct stream_report seen;
	struct bridge_kernel kernel;
	struct stage stage;
	struct stream *s;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive(&stage, A_RTP, place(NAT ":6666"));
	s = stream_at(&stage, A_RTP);
	stage.now_ms += 5000;
	kernel = (struct bridge_kernel){ .in_kernel = true, .heard_ms = stage.now_ms - 5000 };
	stream_kernel(s, &kernel, stage.now_ms);
	stream_report(s, &seen);
	CU_ASSERT_FALSE(seen.settled);
	kernel = stranger(&stage, NAT ":50000", 8, 40000, 5000);
	stream_kernel(s, &kernel, stage.now_ms);
	CU_ASSERT_TRUE(s->contested);
	/* Its flow is gone. */
	kernel = (struct bridge_kernel){ .heard_ms = stage.now_ms - 5000 };
	stream_kernel(s, &kernel, stage.now_ms);
	stage.ssrc = 8;
	arrive_for(&stage, 400, A_RTP, place(NAT ":50000"));
	CU_ASSERT_FALSE(uses(&stage, A_RTP, NAT ":50000"));
	arrive_for(&stage, 20, A_RTP, place(NAT ":50000"));
	CU_ASSERT_TRUE(uses(&stage, A_RTP, NAT ":50000"));
	arrive_for(&stage, 3000, A_RTP, place(NAT ":50000"));
	CU_ASSERT_FALSE(s->contested);
	stream_report(s, &seen);
	CU_ASSERT_TRUE(seen.settled);
	close_stage(&stage);
}

/* A re-INVITE without an answer: strangers do not pull the talking call out of the kernel. */
static void test_r9_strangers_while_an_answer_is_missing(void)
{
	struct bridge_kernel kernel;
	struct stage stage;
	struct stream *s;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	s = stream_at(&stage, A_RTP);
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("192.168.1.5:4002");
	stage.scene.change.step[SIDE_A] = LATCH_OFFER;
	signal_stage(&stage);
	CU_ASSERT_TRUE(latch_is_moved(&s->latch));
	arrive_for(&stage, 2980, A_RTP, place(NAT ":50000"));
	take_news(&stage, A_RTP);
	arrive_for(&stage, 20, A_RTP, place(NAT ":50000"));
	CU_ASSERT_TRUE(latch_pending(&s->latch));
	CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_CHANGED);
	kernel = stranger(&stage, NAT ":6666", 8, 40000, 20);
	stream_kernel(s, &kernel, stage.now_ms);
	CU_ASSERT_FALSE(s->contested);
	/* The window of the answer: media is as in the window of the offer. */
	stage.scene.change.step[SIDE_A] = LATCH_ANSWER;
	signal_stage(&stage);
	CU_ASSERT_TRUE(latch_is_moved(&s->latch));
	close_stage(&stage);
}

static uint64_t rebinds(const struct stage *stage)
{
	return stage->scene.bridge->totals->rebinds;
}

/* A NAT gave the phone another port; not its first source, nor where signalling moved it */
static void test_rebinds_are_counted(void)
{
	struct stage stage;
	uint64_t before;

	open_stage(&stage);
	before = rebinds(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	arrive(&stage, A_RTP, place("192.0.2.66:6666")); /* a stranger */
	CU_ASSERT_EQUAL(rebinds(&stage), before);
	stage.now_ms += 2000;
	arrive_for(&stage, 1000, A_RTP, place(NAT ":50002"));
	CU_ASSERT_TRUE(uses(&stage, A_RTP, NAT ":50002"));
	CU_ASSERT_EQUAL(rebinds(&stage), before + 1);
	/* A re-INVITE names another port. */
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("192.168.1.5:4002");
	signal_stage(&stage);
	arrive_for(&stage, 1000, A_RTP, place(NAT ":50004"));
	CU_ASSERT_TRUE(uses(&stage, A_RTP, NAT ":50004"));
	CU_ASSERT_EQUAL(rebinds(&stage), before + 1);
	/* It goes to the endpoint of its SDP: that is no NAT. */
	arrive_for(&stage, 4000, A_RTP, place(NAT ":50004"));
	stage.now_ms += 2000;
	arrive_for(&stage, 1000, A_RTP, place("192.168.1.5:4002"));
	CU_ASSERT_TRUE(uses(&stage, A_RTP, "192.168.1.5:4002"));
	CU_ASSERT_EQUAL(rebinds(&stage), before + 1);
	close_stage(&stage);
}

/* The packet that ends the window may be a stranger's. */
static void test_r9_refused_packet_ends_the_window(void)
{
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("192.168.1.5:4002");
	stage.scene.change.step[SIDE_A] = LATCH_OFFER;
	signal_stage(&stage);
	take_news(&stage, A_RTP);
	stage.now_ms += 3000;
	arrive(&stage, A_RTP, place("192.0.2.66:6666"));
	CU_ASSERT_TRUE(latch_pending(&stream_at(&stage, A_RTP)->latch));
	CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_CHANGED);
	close_stage(&stage);
}

TEST_SUITE(stream_switch, { "row 14: in mid-call", test_row_14_in_mid_call },
	   { "row 14: of a party that sent RTCP", test_row_14_of_a_party_that_sent_rtcp },
	   { "row 14: of a party that sent RTCP to the wrong port",
	     test_row_14_of_a_party_that_sent_rtcp_to_the_wrong_port },
	   { "row 14: with rtcp-mux", test_row_14_with_rtcp_mux },
	   { "row 14: with RTCP in the kernel", test_row_14_with_rtcp_in_the_kernel },
	   { "rebinds are counted", test_rebinds_are_counted },
	   { "R17: report of a rebound phone brings its media to the daemon",
	     test_r17_report_of_a_rebound_phone_brings_its_media_to_the_daemon },
	   { "row 14: report after a final answer brings media to the daemon",
	     test_row_14_report_after_a_final_answer_brings_media_to_the_daemon },
	   { "R17: report of a rebound phone after the pause",
	     test_r17_report_of_a_rebound_phone_after_the_pause },
	   { "R9: strangers while an answer is missing",
	     test_r9_strangers_while_an_answer_is_missing },
	   { "R9: a refused packet ends the window", test_r9_refused_packet_ends_the_window },
	   { "report beside a brief source brings media to the daemon",
	     test_report_beside_a_brief_source_brings_media_to_the_daemon });
