/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_unsequenced.c - rule R2: what RTCP, STUN, DTLS and other packets without sequence
 * numbers may teach a stream
 */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define NAT   "203.0.113.9"
#define PHONE NAT ":50000"

/* What a packet is, in the world of one row. */
enum sent { NO_NUMBERS, UDPTL, RTCP, RTP };

static enum latch_verdict latch_hear(struct latch *latch, const struct latch_ref *ref, int64_t now,
				     const char *from, enum sent sent, uint32_t number)
{
	struct endpoint source = place(from);
	struct latch_packet packet = { .source = &source,
				       .now_ms = now,
				       .candidate = true,
				       .has_ssrc = sent == RTCP || sent == RTP,
				       .has_seq = sent == UDPTL || sent == RTP,
				       .ssrc = 7,
				       .seq = (uint16_t)number };
	enum latch_rank rank;

	return latch_packet(latch, ref, &packet, &rank);
}

struct world {
	struct endpoint sdp, sip, near;
	struct latch_ref ref;
	struct latch latch;
	struct candidates candidates;
};

static void open_world(struct world *w, const char *sdp, const char *sip, const char *near)
{
	memset(w, 0, sizeof(*w));
	w->sdp = place(sdp);
	if (*sip)
		CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(sip), AF_UNSPEC, &w->sip));
	w->ref = (struct latch_ref){ .signalled = &w->sdp,
				     .sdp = &w->sdp,
				     .sip = &w->sip,
				     .near = { &w->near },
				     .candidates = &w->candidates,
				     .patience_ms = 400,
				     .window_ms = 3000 };
	if (*near) {
		w->near = place(near + 1);
		w->ref.n_near = 1;
		w->ref.on_trial = *near == '?';
	}
}

/* @near: the source of another stream of the phone, '+' locked or '?' on trial. */
static void test_r2_only_trusted_sources_teach_without_numbers(void)
{
	static const struct {
		const char *sdp, *sip, *near, *from;
		bool teaches, proves; /* without numbers; with them, after the patience */
	} rows[] = {
		{ "192.168.1.5:4000", NAT, "", PHONE, true, true },
		{ "198.51.100.7:4000", "", "", "198.51.100.7:4000", true, true },
		{ "198.51.100.7:4000", "", "", "198.51.100.7:9", true, true },
		{ "192.168.1.5:4000", NAT, "+192.0.2.1:5000", "192.0.2.1:6", true, true },
		{ "192.168.1.5:4000", NAT, "?192.0.2.1:5000", "192.0.2.1:6", false, true },
		{ "192.168.1.5:4000", NAT, "", "203.0.113.66:6666", false, true },
		{ "192.168.1.5:4000", "", "", "192.0.2.66:6666", false, true },
		{ "192.168.1.5:4000", NAT, "", "192.0.2.66:6666", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int sent = NO_NUMBERS; sent <= RTP; sent++) {
			struct world w;
			bool heard = false;

			open_world(&w, rows[i].sdp, rows[i].sip, rows[i].near);
			/* Many times as long as the patience: no pause. */
			for (uint32_t n = 0; n < 400; n++) {
				heard = latch_hear(&w.latch, &w.ref, 100000 + 20 * n, rows[i].from,
						   sent, n) <= LATCH_TAKEN;
			}
			CU_ASSERT_EQUAL(heard, sent == NO_NUMBERS || sent == RTCP ? rows[i].teaches
										  : rows[i].proves);
		}
	}
}

static void test_r2_source_without_numbers_never_locks_and_yields(void)
{
	static const struct {
		const char *first, *then;
		bool yields; /* to the same kind; to media it does at once */
		bool yields_to_media;
	} rows[] = {
		{ NAT ":50001", PHONE, false, true },		    /* 2, 2 */
		{ NAT ":50001", "198.51.100.7:4000", true, true },  /* 2, 3 */
		{ "198.51.100.7:4000", PHONE, false, false },	    /* 3, 2 */
		{ "192.0.2.1:6", PHONE, true, true },		    /* sibling, 2 */
		{ PHONE, "192.0.2.1:6", false, false },		    /* 2, sibling */
		{ "192.0.2.1:6", "192.0.2.1:8", false, true },	    /* siblings */
		{ "192.0.2.1:6", "192.0.2.66:6666", false, false }, /* stranger */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int then = NO_NUMBERS; then <= RTP; then++) {
			bool media = then == UDPTL || then == RTP;
			bool yields = media ? rows[i].yields_to_media : rows[i].yields;
			struct world w;

			open_world(&w, "198.51.100.7:4000", NAT, "+192.0.2.1:5000");
			for (uint32_t n = 0; n < 500; n++)
				CU_ASSERT_TRUE(latch_hear(&w.latch, &w.ref, 100000 + 20 * n,
							  rows[i].first, RTCP, n) <= LATCH_TAKEN);
			CU_ASSERT_NOT_EQUAL(latch_state(&w.latch), LATCH_LOCKED);
			CU_ASSERT_TRUE(latch_settled(&w.latch));
			CU_ASSERT_EQUAL(
				latch_hear(&w.latch, &w.ref, 110001, rows[i].then, then, 1000),
				yields ? LATCH_TAKEN : LATCH_REFUSE);
			if (yields && media)
				CU_ASSERT_EQUAL(latch_hear(&w.latch, &w.ref, 110002, rows[i].first,
							   RTCP, 501),
						LATCH_REFUSE);
		}
	}
}

/* The same phone: first its RTCP or DTLS, then its media. */
static void test_r2_source_locks_when_its_media_comes(void)
{
	struct world w;

	open_world(&w, "198.51.100.7:4000", NAT, "");
	CU_ASSERT_EQUAL(latch_hear(&w.latch, &w.ref, 1000, PHONE, NO_NUMBERS, 0), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_hear(&w.latch, &w.ref, 9000, PHONE, NO_NUMBERS, 0), LATCH_ADMIT);
	CU_ASSERT_EQUAL(latch_state(&w.latch), LATCH_LEARN);
	for (uint32_t n = 0; n <= 20; n++) {
		CU_ASSERT_EQUAL(latch_state(&w.latch), LATCH_LEARN);
		CU_ASSERT_EQUAL(latch_hear(&w.latch, &w.ref, 9020 + 20 * n, PHONE, RTP, n),
				LATCH_ADMIT);
	}
	CU_ASSERT_EQUAL(latch_state(&w.latch), LATCH_LOCKED);

	/* At its exact place it needs no window. */
	open_world(&w, "198.51.100.7:4000", NAT, "");
	CU_ASSERT_EQUAL(latch_hear(&w.latch, &w.ref, 1000, "198.51.100.7:4000", RTCP, 0),
			LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&w.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(latch_hear(&w.latch, &w.ref, 1020, "198.51.100.7:4000", RTP, 1),
			LATCH_ADMIT);
	CU_ASSERT_EQUAL(latch_state(&w.latch), LATCH_LOCKED);
}

static void send_report(struct stage *stage, int index, const char *from, uint32_t ssrc,
			bool passes)
{
	uint8_t bytes[8];
	size_t len = receiver_report(bytes, ssrc);

	stage->now_ms += 20;
	CU_ASSERT_EQUAL(arrive_bytes(stage, index, place(from), bytes, len) != NULL, passes);
}

/* The first RTCP of a phone shows where its RTCP comes from; a stranger's has another SSRC. */
static void test_r2_rtcp_teaches_only_with_the_ssrc_of_its_rtp(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place(PHONE)));
	send_report(&stage, A_RTCP, NAT ":50001", 66, false);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTCP)->drops[DROP_SOURCE], 1);
	send_report(&stage, A_RTCP, NAT ":50001", 7, true);
	close_stage(&stage);

	/* A phone that only listens has sent no RTP: any SSRC. */
	open_stage(&stage);
	signal_nat(&stage, NAT);
	send_report(&stage, A_RTCP, NAT ":50001", 66, true);
	close_stage(&stage);

	/* On the port of RTP with rtcp-mux. */
	open_stage(&stage);
	stage.scene.conf.side[SIDE_A].flags = SIDE_MUX;
	signal_nat(&stage, NAT);
	arrive(&stage, A_RTP, place(PHONE));
	arrive_for(&stage, 3000, A_RTP, place(PHONE));
	stage.now_ms += 2000;
	send_report(&stage, A_RTP, NAT ":50001", 66, false);
	send_report(&stage, A_RTP, NAT ":50001", 7, true); /* its NAT changed the port */
	close_stage(&stage);
}

/*
 * Somebody behind the same NAT sends RTCP before the phone has sent any RTP, and goes on. When the
 * phone's RTCP comes it is heard in that one's place, and the other side's RTCP goes there.
 */
static void test_r2_rtcp_of_another_ssrc_yields_to_that_of_the_phone(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	for (int i = 0; i < 500; i++)
		send_report(&stage, A_RTCP, NAT ":6667", 66, true);
	arrive_for(&stage, 5000, A_RTP, place(PHONE));
	send_report(&stage, A_RTCP, NAT ":6667", 66, true);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place(NAT ":6667")));
	send_report(&stage, A_RTCP, NAT ":6669", 67, false);
	send_report(&stage, A_RTCP, NAT ":50001", 7, true);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place(NAT ":50001")));
	send_report(&stage, A_RTCP, NAT ":6667", 66, false);
	/* Two of the phone's own: the first one stays. */
	send_report(&stage, A_RTCP, NAT ":50003", 7, false);
	close_stage(&stage);
}

/* The kernel forwards the RTCP of that one, and reports the phone's without its SSRC. */
static void test_r2_rtcp_of_another_ssrc_does_not_stay_in_the_kernel(void)
{
	struct bridge_kernel report = { .in_kernel = true, .stranger = place(NAT ":50001") };
	struct stream *rtcp;
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	rtcp = stream_at(&stage, A_RTCP);
	for (int i = 0; i < 500; i++)
		send_report(&stage, A_RTCP, NAT ":6667", 66, true);
	CU_ASSERT_TRUE(latch_settled(&rtcp->latch));
	report.heard_ms = stage.now_ms;
	stream_kernel(rtcp, &report, stage.now_ms);
	CU_ASSERT_FALSE(rtcp->contested);
	arrive_for(&stage, 5000, A_RTP, place(PHONE));
	report.heard_ms = stage.now_ms;
	take_news(&stage, A_RTCP);
	stream_kernel(rtcp, &report, stage.now_ms);
	CU_ASSERT_TRUE(rtcp->contested);
	CU_ASSERT_TRUE(take_news(&stage, A_RTCP) & 1 << BRIDGE_CHANGED);
	report = (struct bridge_kernel){ .in_kernel = false };
	stream_kernel(rtcp, &report, stage.now_ms);
	send_report(&stage, A_RTCP, NAT ":6667", 66, true);
	CU_ASSERT_TRUE(rtcp->contested);
	send_report(&stage, A_RTCP, NAT ":50001", 7, true);
	arrive_for(&stage, 3000, A_RTCP, place(NAT ":50001"));
	CU_ASSERT_FALSE(rtcp->contested);
	close_stage(&stage);
}

/* RTP on trial may be a stranger's: it must not keep the phone's own RTCP out. */
static void test_r2_rtp_on_trial_does_not_speak_for_the_ssrc(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	stage.ssrc = 66;
	arrive_for(&stage, 500, A_RTP, place("203.0.113.66:6666"));
	CU_ASSERT_TRUE(latch_on_trial(&stream_at(&stage, A_RTP)->latch));
	send_report(&stage, A_RTCP, "203.0.113.66:6667", 66, false);
	send_report(&stage, A_RTCP, NAT ":50001", 7, true);
	close_stage(&stage);
}

/* The kernel forwards RTP, of which a newer SSRC is not known here: it is asked for. */
static void test_r2_ssrc_is_asked_for_where_the_kernel_forwards(void)
{
	struct bridge_kernel report = { .in_kernel = true, .rtp = true, .ssrc = 7 };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, PHONE);
	report.heard_ms = stage.now_ms;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	take_news(&stage, A_RTP);
	send_report(&stage, A_RTCP, NAT ":50001", 8, false);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 1 << BRIDGE_ASK);
	send_report(&stage, A_RTCP, NAT ":50001", 8, false); /* asked once a second */
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
	report.ssrc = 8;
	report.heard_ms = stage.now_ms + 100;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	send_report(&stage, A_RTCP, NAT ":50001", 8, true);
	close_stage(&stage);
}

/* 100 packets of one kind, every 20 ms. Return: how many passed */
static int send_100(struct stage *stage, const char *from, enum sent sent)
{
	int passed = 0;

	for (int i = 0; i < 100; i++) {
		uint8_t bytes[172] = { (uint8_t)(i >> 8), (uint8_t)i, 1, 6 };
		size_t len = 60;

		if (sent == RTP)
			len = rtp(bytes, 0, (uint16_t)i, 66);
		else if (sent == NO_NUMBERS)
			memcpy(bytes, "\x20\1\0\4\0\0\0\1", 8); /* BFCP (RFC 8855, 5.1) */
		stage->now_ms += 20;
		passed += !!arrive_bytes(stage, A_RTP, place(from), bytes, len);
	}
	return passed;
}

/*
 * Media of each kind: a stranger's packets, and the phone's. Where no address is known a stranger
 * that is like a phone is heard after the patience.
 */
static void test_r2_stranger_without_numbers_is_never_heard(void)
{
	static const struct {
		enum bridge_kind kind;
		bool any;
		enum sent sent;
		bool heard;
	} rows[] = {
		{ BRIDGE_OPAQUE, false, NO_NUMBERS, false },
		{ BRIDGE_OPAQUE, false, UDPTL, false },
		{ BRIDGE_OPAQUE, false, RTP, false },
		{ BRIDGE_UDPTL, false, UDPTL, true },
		{ BRIDGE_UDPTL, false, NO_NUMBERS, false },
		{ BRIDGE_RTP, true, NO_NUMBERS, false },
		{ BRIDGE_RTP, true, UDPTL, false },
		{ BRIDGE_RTP, true, RTP, true },
		{ BRIDGE_RTP, false, RTP, true },
		{ BRIDGE_RTP, false, NO_NUMBERS, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.kind = rows[i].kind;
		stage.scene.conf.any = rows[i].any;
		if (rows[i].any)
			stage.scene.conf.pts[0] = 0;
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("192.168.1.5:4000");
		signal_stage(&stage);
		CU_ASSERT_EQUAL(send_100(&stage, "192.0.2.66:6666", rows[i].sent),
				rows[i].heard ? 80 : 0);
		close_stage(&stage);
	}
}

/* T.38 and BFCP of a phone behind a NAT, whose SIP came from there: from the first packet. */
static void test_r2_phone_behind_its_nat_is_heard_at_once(void)
{
	static const struct {
		enum bridge_kind kind;
		bool any;
		enum sent sent;
	} rows[] = { { BRIDGE_OPAQUE, false, NO_NUMBERS },
		     { BRIDGE_UDPTL, false, UDPTL },
		     { BRIDGE_RTP, true, NO_NUMBERS },
		     { BRIDGE_RTP, true, UDPTL } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.kind = rows[i].kind;
		stage.scene.conf.any = rows[i].any;
		if (rows[i].any)
			stage.scene.conf.pts[0] = 0;
		signal_nat(&stage, NAT);
		CU_ASSERT_EQUAL(send_100(&stage, PHONE, rows[i].sent), 100);
		close_stage(&stage);
	}
}

TEST_SUITE(latch_unsequenced,
	   { "R2: only trusted sources teach without numbers",
	     test_r2_only_trusted_sources_teach_without_numbers },
	   { "R2: a source without numbers never locks, and yields",
	     test_r2_source_without_numbers_never_locks_and_yields },
	   { "R2: a source locks when its media comes", test_r2_source_locks_when_its_media_comes },
	   { "R2: RTCP teaches only with the SSRC of its RTP",
	     test_r2_rtcp_teaches_only_with_the_ssrc_of_its_rtp },
	   { "R2: RTCP of another SSRC yields to that of the phone",
	     test_r2_rtcp_of_another_ssrc_yields_to_that_of_the_phone },
	   { "R2: RTCP of another SSRC does not stay in the kernel",
	     test_r2_rtcp_of_another_ssrc_does_not_stay_in_the_kernel },
	   { "R2: RTP on trial does not speak for the SSRC",
	     test_r2_rtp_on_trial_does_not_speak_for_the_ssrc },
	   { "R2: the SSRC is asked for where the kernel forwards",
	     test_r2_ssrc_is_asked_for_where_the_kernel_forwards },
	   { "R2: a stranger without numbers is never heard",
	     test_r2_stranger_without_numbers_is_never_heard },
	   { "R2: a phone behind its NAT is heard at once",
	     test_r2_phone_behind_its_nat_is_heard_at_once });
