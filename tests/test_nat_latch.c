/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_nat_latch.c - who may be heard, rule by rule; time and packets are handed in
 *
 * Unless a test says otherwise the phone is behind a NAT: its SDP names 192.168.1.5:4000, its SIP came from
 * 203.0.113.9. Patience is 400 ms, the window 3000 ms.
 */
#include "daemon/nat_latch.h"
#include "test.h"

struct box {
	struct latch latch;
	struct latch_ref ref;
	struct endpoint sdp, sip;
	struct endpoint near[2];
	int64_t now;
	uint32_t ssrc;
	uint16_t seq;
	bool no_candidate, rtcp;
};

static struct endpoint ep(const char *text)
{
	struct endpoint at;

	memset(&at, 0, sizeof(at));
	if (*text)
		CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &at));
	return at;
}

static void told(struct box *box, const char *sdp, const char *sip)
{
	box->sdp = ep(sdp);
	box->sip = ep(sip);
	box->ref.signalled = box->ref.sdp = &box->sdp;
	box->ref.sip = &box->sip;
}

static void open_box(struct box *box, const char *sdp, const char *sip)
{
	memset(box, 0, sizeof(*box));
	told(box, sdp, sip);
	box->ref.patience_ms = 400;
	box->ref.window_ms = 3000;
	box->now = 100000;
	box->ssrc = 7;
}

static void open_nat(struct box *box)
{
	open_box(box, "192.168.1.5:4000", "203.0.113.9");
}

static enum latch_verdict hear(struct box *box, const char *from)
{
	struct endpoint source = ep(from);
	struct latch_packet packet = { .source = &source,
				       .now_ms = box->now,
				       .candidate = !box->no_candidate,
				       .has_ssrc = true,
				       .has_seq = !box->rtcp,
				       .ssrc = box->ssrc,
				       .seq = ++box->seq };

	return latch_packet(&box->latch, &box->ref, &packet);
}

static enum latch_verdict hear_after(struct box *box, int64_t ms, const char *from)
{
	box->now += ms;
	return hear(box, from);
}

/* A packet every 20 ms for so long. */
static void hear_for(struct box *box, int64_t ms, const char *from)
{
	for (int64_t end = box->now + ms; box->now < end;)
		CU_ASSERT_EQUAL(hear_after(box, 20, from), LATCH_ADMIT);
}

/* The same from a source that is being waited for. */
static void wait_for(struct box *box, int64_t ms, const char *from)
{
	for (int64_t end = box->now + ms; box->now < end;)
		CU_ASSERT_EQUAL(hear_after(box, 20, from), LATCH_PATIENCE);
}

static bool uses(const struct box *box, const char *source)
{
	struct endpoint at = ep(source);

	return endpoint_eq(&box->latch.source, &at);
}

static bool goes_to(const struct box *box, const char *where)
{
	const struct endpoint *to = latch_destination(&box->latch, &box->ref, false);
	struct endpoint at = ep(where);

	return *where ? to && endpoint_eq(to, &at) : !to;
}

static void update(struct box *box, enum latch_change change, const char *sdp, const char *sip)
{
	told(box, sdp, sip);
	latch_update(&box->latch, &box->ref, change, box->now);
}

static void test_ranks_sources(void)
{
	static const struct {
		const char *sdp, *sip, *near, *source;
		enum latch_rank rank;
	} rows[] = {
		{ "198.51.100.7:4000", "203.0.113.9", "", "198.51.100.7:4000", RANK_EXACT },
		{ "198.51.100.7:4000", "203.0.113.9", "", "198.51.100.7:4002", RANK_ADDR },
		{ "198.51.100.7:4000", "203.0.113.9", "", "203.0.113.9:999", RANK_ADDR },
		{ "198.51.100.7:4000", "", "", "198.51.100.250:4000", RANK_NEAR },
		{ "198.51.100.7:4000", "203.0.113.9", "", "203.0.113.77:4000", RANK_NEAR },
		{ "198.51.100.7:4000", "203.0.113.9", "192.0.2.1:5000", "192.0.2.1:6000",
		  RANK_NEAR },
		{ "198.51.100.7:4000", "203.0.113.9", "192.0.2.1:5000", "192.0.2.2:5000",
		  RANK_UNKNOWN },
		{ "198.51.100.7:4000", "203.0.113.9", "", "192.0.2.1:4000", RANK_UNKNOWN },
		{ "0.0.0.0:4000", "", "", "192.0.2.1:4000", RANK_UNKNOWN },
		{ "", "", "", "192.0.2.1:4000", RANK_UNKNOWN },
		{ "[2001:db8::1]:4000", "", "", "[2001:db8::1]:4000", RANK_EXACT },
		{ "[2001:db8::1]:4000", "", "", "[2001:db8:0:ff::2]:4000", RANK_NEAR },
		{ "[2001:db8::1]:4000", "", "", "[2001:db8:0:100::2]:4000", RANK_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct box box;
		struct endpoint source = ep(rows[i].source);

		open_box(&box, rows[i].sdp, rows[i].sip);
		box.near[0] = ep(rows[i].near);
		box.ref.near[0] = &box.near[0];
		box.ref.n_near = *rows[i].near ? 1 : 0;
		CU_ASSERT_EQUAL(latch_rank(&box.ref, &source), rows[i].rank);
	}
}

static void test_exact_source_locks_at_once(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4002"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4000"), LATCH_ADMIT);
}

static void test_sip_address_latches_at_once_and_locks_after_window(void)
{
	struct box box;

	open_nat(&box);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	hear_for(&box, 2980, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	box.now += 20;
	CU_ASSERT_TRUE(latch_tick(&box.latch, box.now));
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
}

static void test_window_closes_by_packet_too(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 3000, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
}

static void test_refuses_second_source_of_same_rank(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50002"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 900, "203.0.113.9:50002"), LATCH_REFUSE);
	CU_ASSERT_TRUE(uses(&box, "203.0.113.9:50000"));
	box.ssrc = 8; /* another phone behind the same NAT, not the same one through a new port */
	CU_ASSERT_EQUAL(hear_after(&box, 1500, "203.0.113.9:50002"), LATCH_REFUSE);
}

static void test_higher_rank_replaces_in_window(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "203.0.113.9");
	wait_for(&box, 400, "203.0.113.200:700");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.200:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_NEAR);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_ADDR);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.200:700"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_EXACT);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(box.latch.relatched, 2);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:700"), LATCH_REFUSE);
}

static void test_higher_rank_is_refused_after_window_while_source_sends(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "203.0.113.9");
	hear(&box, "203.0.113.9:700");
	hear_for(&box, 3000, "203.0.113.9:700");
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_REFUSE);
	CU_ASSERT_TRUE(uses(&box, "203.0.113.9:700"));
}

static void test_exact_source_takes_over_when_locked_one_is_silent(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "203.0.113.9");
	hear(&box, "203.0.113.9:700");
	hear_for(&box, 3000, "203.0.113.9:700");
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 999, "198.51.100.7:4000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "198.51.100.7:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_EXACT);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(box.latch.relatched, 1);
}

static void test_stranger_is_refused_where_sip_is_known(void)
{
	struct box box;

	open_nat(&box);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 1000, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_WAIT);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_TAKEN);
}

static void test_stranger_is_refused_where_sdp_is_public(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "");
	CU_ASSERT_EQUAL(hear_after(&box, 0, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "192.0.2.66:6666"), LATCH_REFUSE);
}

static void test_stranger_is_refused_however_long_the_silence(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 3600000, "192.0.2.66:6666"), LATCH_REFUSE);
	box.ssrc = 99;
	CU_ASSERT_EQUAL(hear_after(&box, 3600000, "203.0.113.9:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_ADMIT);
}

static void test_unknown_source_is_accepted_after_patience(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_PATIENCE);
	wait_for(&box, 380, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 19, "203.0.113.9:50000"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_UNKNOWN);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 600, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_TRUE(uses(&box, "203.0.113.9:50000"));
}

static void test_better_source_ends_patience(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.168.1.5:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_after(&box, 400, "192.0.2.66:6666"), LATCH_REFUSE);
}

static void test_patience_begins_anew_when_the_first_fell_silent(void)
{
	struct box box;

	open_box(&box, "0.0.0.0:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 390, "203.0.113.9:50000"), LATCH_PATIENCE);
	wait_for(&box, 380, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
}

/* 10,000 ports sprayed in turn: each hears of it now and then, or sees the same numbers again, or jumps. */
static void test_a_spray_is_not_a_phone(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 151, "192.0.2.66:6666"), LATCH_PATIENCE);
	for (int i = 0; i < 50; i++, box.seq--)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_PATIENCE);
	for (int i = 0; i < 50; i++, box.seq += 9999)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_PATIENCE);
	for (int i = 0; i < 50; i++, box.ssrc++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_PATIENCE);
	wait_for(&box, 380, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 200, "192.0.2.66:6666"), LATCH_PATIENCE);
}

/* A stranger may rent the address next door: the network alone is little to go by. */
static void test_pool_source_is_waited_for_and_never_locks(void)
{
	struct box box;

	open_nat(&box);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 1250, "203.0.113.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_WAIT);
	wait_for(&box, 380, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_TAKEN);
	hear_for(&box, 60000, "203.0.113.66:6666");
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_REFUSE);
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
}

static void test_rtcp_of_the_pool_follows_its_rtp(void)
{
	struct box box;

	open_nat(&box);
	box.rtcp = true;
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6667"), LATCH_PATIENCE);
	box.near[0] = ep("203.0.113.66:6666");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6667"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_NEAR);
}

/* What follows a source on trial is on trial, and does not speak for it in turn. */
static void test_two_on_trial_do_not_vouch_for_each_other(void)
{
	struct box box;

	open_nat(&box);
	box.near[0] = ep("203.0.113.66:6666");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = box.ref.on_trial = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6667"), LATCH_TAKEN);
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	hear_for(&box, 10000, "203.0.113.66:6667");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50001"), LATCH_TAKEN);

	/* Another sibling was heard where it had to come from. */
	open_nat(&box);
	box.near[0] = ep("203.0.113.66:6666");
	box.near[1] = ep("203.0.113.66:7000");
	box.ref.near[0] = &box.near[0];
	box.ref.near[1] = &box.near[1];
	box.ref.n_near = 2;
	box.ref.on_trial = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6667"), LATCH_TAKEN);
	hear_for(&box, 3000, "203.0.113.66:6667");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
}

/* A phone that is rung for need not talk: the patience with it begins when the other side is there. */
static void test_pool_source_waits_while_the_other_side_rings(void)
{
	struct box box;

	open_nat(&box);
	box.ref.alone = true;
	wait_for(&box, 10000, "203.0.113.66:6666");
	box.ref.alone = false;
	wait_for(&box, 400, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_TAKEN);
	box.ref.alone = true;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
}

static void test_side_without_answer_latches_nobody_unknown(void)
{
	struct box box;

	open_box(&box, "", "");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 10000, "192.0.2.66:6666"), LATCH_PATIENCE);
	update(&box, LATCH_KEEP, "198.51.100.7:4000", "");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_TAKEN);
}

static void test_strict_wants_the_address(void)
{
	struct box box;

	open_nat(&box);
	box.ref.mode = LATCH_STRICT;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.77:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_TAKEN);
	open_box(&box, "192.168.1.5:4000", "");
	box.ref.mode = LATCH_STRICT;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_first_takes_whoever_comes_first(void)
{
	struct box box;

	open_nat(&box);
	box.ref.mode = LATCH_FIRST;
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.67:6666"), LATCH_REFUSE);
	hear_for(&box, 3000, "192.0.2.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_packets_that_are_no_candidates_never_latch(void)
{
	struct box box;

	open_nat(&box);
	box.no_candidate = true;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_NO_CANDIDATE);
	box.no_candidate = false;
	hear(&box, "203.0.113.9:50000");
	box.no_candidate = true;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_REFUSE);
}

static void lock_nat(struct box *box)
{
	open_nat(box);
	hear(box, "203.0.113.9:50000");
	hear_for(box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(box->latch.state, LATCH_LOCKED);
}

static void test_nat_rebinding_is_followed_after_silence(void)
{
	struct box box;

	lock_nat(&box);
	CU_ASSERT_EQUAL(hear_after(&box, 999, "203.0.113.9:50001"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "203.0.113.9:50001"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(box.latch.relatched, 1);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_nat_rebinding_wants_the_ssrc_going_on(void)
{
	struct box box;

	lock_nat(&box);
	box.now += 1000;
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_REFUSE);
	box.ssrc = 7;
	box.seq += 3000;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_REFUSE);
	box.seq -= 3000;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.77:50001"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_TAKEN);
}

static void test_nat_rebinding_of_rtcp_goes_by_its_ssrc(void)
{
	struct box box;

	open_nat(&box);
	box.rtcp = true;
	hear(&box, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50000"), LATCH_ADMIT);
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50001"), LATCH_REFUSE);
	box.ssrc = 7;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_TAKEN);
}

static void test_strict_source_refuses_a_nat_that_rebound(void)
{
	struct box box;

	lock_nat(&box);
	box.ref.strict_source = true;
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50001"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "192.168.1.5:4000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_ADMIT);
}

static void test_handover_lets_acceptable_sources_take_over(void)
{
	struct box box;

	lock_nat(&box);
	box.ref.handover = true;
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:800"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	wait_for(&box, 400, "203.0.113.77:800");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.77:800"), LATCH_TAKEN);
	open_box(&box, "192.168.1.5:4000", "");
	box.ref.handover = true;
	wait_for(&box, 400, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_TAKEN);
}

static void test_moved_phone_takes_over_at_once_and_late_packets_do_not(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_TRUE(goes_to(&box, "203.0.113.9:50000"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50009"), LATCH_TAKEN);
	CU_ASSERT_TRUE(goes_to(&box, "203.0.113.9:50009"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 1500, "203.0.113.9:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50009"), LATCH_ADMIT);
}

static void test_phone_may_move_back(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	hear_after(&box, 20, "203.0.113.9:50009");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
	update(&box, LATCH_MOVE, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50009"), LATCH_REFUSE);
}

static void test_moved_phone_is_not_replaced_by_a_stranger(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.7.5:4002", "198.51.100.3");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.3:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_old_source_is_locked_again_when_nothing_new_appears(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50009"), LATCH_REFUSE);
}

static void test_moved_phone_may_come_after_the_window(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	box.now += 10000;
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50009"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_moved_public_phone_gets_media_at_its_new_place_at_once(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:4000");
	update(&box, LATCH_MOVE, "198.51.100.7:4010", "198.51.100.7");
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_ADMIT);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4010"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_REFUSE);
}

static void test_phone_that_did_not_move_after_all_gets_media_back(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:4000");
	update(&box, LATCH_MOVE, "198.51.100.7:4010", "198.51.100.7");
	hear_for(&box, 3000, "198.51.100.7:4000");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4000"));
}

static void test_signalling_that_names_the_source_locks_it(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "203.0.113.9:50000", "203.0.113.9");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(box.latch.rank, RANK_EXACT);
}

static void test_resumed_phone_keeps_its_source(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50001"), LATCH_REFUSE);
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(box.latch.state, LATCH_LOCKED);
}

static void test_resumed_phone_may_have_a_new_nat_binding(void)
{
	struct box box;

	lock_nat(&box);
	box.now += 300000; /* on hold */
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "203.0.113.9");
	box.ssrc = 1234;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 4000, "203.0.113.77:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:61000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

/* In another WLAN: the same private address, but SIP comes from elsewhere. */
static void test_phone_in_another_network_may_come_late(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "198.51.100.3");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_ADMIT);
	box.now += 4000;
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.3:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_unchanged_update_changes_nothing(void)
{
	struct box box;
	struct latch before;

	lock_nat(&box);
	before = box.latch;
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(memcmp(&before, &box.latch, sizeof(before)), 0);
}

static void test_unknown_source_yields_once_an_address_is_told(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	wait_for(&box, 400, "192.0.2.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_TAKEN);
	hear_for(&box, 3000, "192.0.2.66:6666");
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
}

static void test_destination_before_anything_is_heard(void)
{
	static const struct {
		const char *sdp, *sip, *to;
	} rows[] = {
		{ "198.51.100.7:4000", "", "198.51.100.7:4000" },
		{ "198.51.100.7:4000", "203.0.113.9", "198.51.100.7:4000" },
		{ "192.168.1.5:4000", "", "192.168.1.5:4000" },
		{ "192.168.1.5:4000", "192.168.1.9", "192.168.1.5:4000" },
		{ "192.168.1.5:4000", "203.0.113.9", "" },
		{ "0.0.0.0:4000", "", "" },
		{ "224.0.0.1:4000", "", "" },
		{ "[::]:4000", "", "" },
		{ "198.51.100.7:0", "", "" },
		{ "", "203.0.113.9", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct box box;

		open_box(&box, rows[i].sdp, rows[i].sip);
		CU_ASSERT_TRUE(goes_to(&box, rows[i].to));
	}
}

static void test_asymmetric_phone_is_sent_to_where_sdp_says(void)
{
	struct box box;
	const struct endpoint *to;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:9999");
	to = latch_destination(&box.latch, &box.ref, true);
	CU_ASSERT_TRUE(to && endpoint_eq(to, &box.sdp));
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:9999"));
}

TEST_SUITE(
	nat_latch, { "ranks sources", test_ranks_sources },
	{ "exact source locks at once", test_exact_source_locks_at_once },
	{ "SIP address latches at once, locks after window",
	  test_sip_address_latches_at_once_and_locks_after_window },
	{ "window closes by packet too", test_window_closes_by_packet_too },
	{ "refuses second source of same rank", test_refuses_second_source_of_same_rank },
	{ "higher rank replaces in window", test_higher_rank_replaces_in_window },
	{ "higher rank is refused after window while source sends",
	  test_higher_rank_is_refused_after_window_while_source_sends },
	{ "exact source takes over when locked one is silent",
	  test_exact_source_takes_over_when_locked_one_is_silent },
	{ "stranger is refused where SIP is known", test_stranger_is_refused_where_sip_is_known },
	{ "stranger is refused where SDP is public", test_stranger_is_refused_where_sdp_is_public },
	{ "stranger is refused however long the silence",
	  test_stranger_is_refused_however_long_the_silence },
	{ "unknown source is accepted after patience",
	  test_unknown_source_is_accepted_after_patience },
	{ "better source ends patience", test_better_source_ends_patience },
	{ "patience begins anew when the first fell silent",
	  test_patience_begins_anew_when_the_first_fell_silent },
	{ "a spray is not a phone", test_a_spray_is_not_a_phone },
	{ "pool source is waited for and never locks",
	  test_pool_source_is_waited_for_and_never_locks },
	{ "RTCP of the pool follows its RTP", test_rtcp_of_the_pool_follows_its_rtp },
	{ "two on trial do not vouch for each other",
	  test_two_on_trial_do_not_vouch_for_each_other },
	{ "pool source waits while the other side rings",
	  test_pool_source_waits_while_the_other_side_rings },
	{ "side without answer latches nobody unknown",
	  test_side_without_answer_latches_nobody_unknown },
	{ "strict wants the address", test_strict_wants_the_address },
	{ "first takes whoever comes first", test_first_takes_whoever_comes_first },
	{ "packets that are no candidates never latch",
	  test_packets_that_are_no_candidates_never_latch },
	{ "NAT rebinding is followed after silence", test_nat_rebinding_is_followed_after_silence },
	{ "NAT rebinding wants the SSRC going on", test_nat_rebinding_wants_the_ssrc_going_on },
	{ "NAT rebinding of RTCP goes by its SSRC", test_nat_rebinding_of_rtcp_goes_by_its_ssrc },
	{ "strict source refuses a NAT that rebound",
	  test_strict_source_refuses_a_nat_that_rebound },
	{ "handover lets acceptable sources take over",
	  test_handover_lets_acceptable_sources_take_over },
	{ "moved phone takes over at once, late packets do not",
	  test_moved_phone_takes_over_at_once_and_late_packets_do_not },
	{ "phone may move back", test_phone_may_move_back },
	{ "moved phone is not replaced by a stranger",
	  test_moved_phone_is_not_replaced_by_a_stranger },
	{ "old source is locked again when nothing new appears",
	  test_old_source_is_locked_again_when_nothing_new_appears },
	{ "moved phone may come after the window", test_moved_phone_may_come_after_the_window },
	{ "moved public phone gets media at its new place at once",
	  test_moved_public_phone_gets_media_at_its_new_place_at_once },
	{ "phone that did not move after all gets media back",
	  test_phone_that_did_not_move_after_all_gets_media_back },
	{ "signalling that names the source locks it",
	  test_signalling_that_names_the_source_locks_it },
	{ "resumed phone keeps its source", test_resumed_phone_keeps_its_source },
	{ "resumed phone may have a new NAT binding",
	  test_resumed_phone_may_have_a_new_nat_binding },
	{ "phone in another network may come late", test_phone_in_another_network_may_come_late },
	{ "unchanged update changes nothing", test_unchanged_update_changes_nothing },
	{ "unknown source yields once an address is told",
	  test_unknown_source_yields_once_an_address_is_told },
	{ "destination before anything is heard", test_destination_before_anything_is_heard },
	{ "asymmetric phone is sent to where SDP says",
	  test_asymmetric_phone_is_sent_to_where_sdp_says });
