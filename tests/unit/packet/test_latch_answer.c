/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_answer.c - rule R9: what an offer opens, what its answer opens, and what holds between
 * them
 */
#include "daemon/base/count.h"
#include "latch_scene.h"

#define OLD	"203.0.113.9:50000"
#define NEW	"203.0.113.9:50001"
#define NAT	"203.0.113.9"
#define OTHER	8 /* an SSRC that the phone has not used */
#define AT_ONCE 20

static void lock_nat(struct box *box)
{
	open_nat(box);
	hear(box, OLD);
	hear_for(box, 3000, OLD);
	CU_ASSERT_EQUAL(latch_state(&box->latch), LATCH_LOCKED);
}

/* Its re-INVITE names a new private port; it goes on at its old one. */
static void offer_new_port(struct box *box)
{
	lock_nat(box);
	box->ref.spoke = true;
	offer(box, LATCH_MOVE, "192.168.1.5:4002", NAT);
}

/* A packet in between, of another SSRC, which has numbers of its own. */
static enum latch_verdict hear_other(struct box *box, int64_t ms, const char *from)
{
	uint32_t ssrc = box->ssrc;
	enum latch_verdict verdict;

	box->ssrc = OTHER;
	verdict = hear_after(box, ms, from);
	box->ssrc = ssrc;
	return verdict;
}

/* Row 9: the phone uses its new port and another SSRC only after the answer. */
static void test_row_9_answer_after_the_window_opens_again(void)
{
	static const int64_t answered_after_ms[] = { 20, 3020, 10000, 31000, 40000 };

	for (size_t i = 0; i < COUNT(answered_after_ms); i++) {
		struct box box;

		offer_new_port(&box);
		hear_for(&box, answered_after_ms[i], OLD);
		answer(&box, LATCH_ANSWER);
		hear_for(&box, 500, OLD);
		CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_TAKEN);
		CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, OLD), LATCH_REFUSE);
	}
}

static void test_row_9_answer_after_the_window_opens_again_ipv6(void)
{
	struct box box;

	open_box(&box, "[fd00::5]:4000", "2001:db8::9");
	hear(&box, "[2001:db8::9]:50000");
	hear_for(&box, 3000, "[2001:db8::9]:50000");
	offer(&box, LATCH_MOVE, "[fd00::5]:4002", "2001:db8::9");
	hear_for(&box, 5000, "[2001:db8::9]:50000");
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, "[2001:db8::9]:50001"), LATCH_REFUSE);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, "[2001:db8::9]:50001"), LATCH_TAKEN);
}

/* An answer that is early opens, and so does the final one. */
static void test_early_and_final_answer_open(void)
{
	struct box box;

	offer_new_port(&box);
	hear_for(&box, 5000, OLD);
	answer(&box, LATCH_EARLY);
	hear_for(&box, 5000, OLD);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_REFUSE);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_TAKEN);

	offer_new_port(&box);
	hear_for(&box, 5000, OLD);
	answer(&box, LATCH_EARLY);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_TAKEN);
}

static void test_second_answer_opens_nothing(void)
{
	struct box box;

	offer_new_port(&box);
	answer(&box, LATCH_ANSWER);
	hear_for(&box, 3000, OLD);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_REFUSE);
}

/* A session timer repeats the SDP. */
static void test_offer_and_answer_of_unchanged_media_open_nothing(void)
{
	struct box box;

	lock_nat(&box);
	offer(&box, LATCH_KEEP, "192.168.1.5:4000", NAT);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_REFUSE);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_REFUSE);
}

/*
 * The attack: a re-INVITE that nobody answers, and somebody behind the same NAT who sends all the
 * time.
 */
static void test_unanswered_offer_opens_nothing_for_somebody_behind_the_same_nat(void)
{
	struct box box;

	offer_new_port(&box);
	hear_for(&box, 3000, OLD);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	while (box.now < 100000 + 3000 + 60000) {
		CU_ASSERT_EQUAL(hear_after(&box, 10, OLD), LATCH_ADMIT);
		CU_ASSERT_EQUAL(hear_other(&box, 10, "203.0.113.9:6666"), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear_other(&box, 0, "203.0.113.77:6666"), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear_other(&box, 0, "192.0.2.66:6666"), LATCH_REFUSE);
	}
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

/* In silence nobody unknown comes in either, and after 32 s nobody at all. */
static void test_unanswered_offer_of_a_silent_phone(void)
{
	struct box box;

	offer_new_port(&box);
	for (int i = 0; i < 300; i++) {
		CU_ASSERT_EQUAL(hear_other(&box, 100, "192.0.2.66:6666"), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear_other(&box, 0, "203.0.113.77:6666"), LATCH_REFUSE);
	}
	box.now += 2000;
	CU_ASSERT_TRUE(latch_tick(&box.latch, box.now));
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(hear_other(&box, 20, NEW), LATCH_REFUSE);
}

/* It moves before the answer comes: its own SSRC shows that it is the phone, or the silence. */
static void test_between_offer_and_answer_the_phone_moves_after_the_patience(void)
{
	struct box box;

	lock_nat(&box);
	offer(&box, LATCH_MOVE, "192.168.1.5:4002", "198.51.100.3");
	hear_for(&box, 5000, OLD);
	CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, "198.51.100.3:700"), LATCH_PATIENCE);
	wait_for(&box, 380, "198.51.100.3:700");
	CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, "198.51.100.3:700"), LATCH_TAKEN);
	hear_for(&box, 2980, "198.51.100.3:700");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, AT_ONCE, "198.51.100.3:700");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);

	offer_new_port(&box);
	hear_for(&box, 5000, OLD);
	box.ssrc = OTHER;
	CU_ASSERT_EQUAL(hear_after(&box, 999, NEW), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 1, NEW), LATCH_PATIENCE);
	wait_for(&box, 380, NEW);
	CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, NEW), LATCH_TAKEN);
}

static void test_between_offer_and_answer_a_lower_rank_is_refused(void)
{
	struct box box;

	offer_new_port(&box);
	box.near[0] = ep("203.0.113.66:7000");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = 1;
	hear_for(&box, 5000, OLD);
	CU_ASSERT_EQUAL(hear_after(&box, 2000, "203.0.113.66:6666"), LATCH_REFUSE);
}

/* What has no numbers waits for the answer. */
static void test_between_offer_and_answer_rtcp_is_refused(void)
{
	struct box box;

	open_nat(&box);
	box.rtcp = true;
	hear(&box, OLD);
	offer(&box, LATCH_MOVE, "192.168.1.5:4003", NAT);
	hear_after(&box, 3000, OLD);
	box.ssrc = OTHER;
	CU_ASSERT_EQUAL(hear_after(&box, 2000, NEW), LATCH_PATIENCE);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(hear_after(&box, 2000, NEW), LATCH_TAKEN);
}

/* Heard at its new place before the answer: that does not open it for everybody. */
static void test_answer_after_the_phone_has_moved(void)
{
	struct box box;

	offer_new_port(&box);
	box.ssrc = 9;
	CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, NEW), LATCH_TAKEN);
	hear_for(&box, 4000, NEW);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, OLD), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_other(&box, 1000, OLD), LATCH_TAKEN);
}

/* Until the answer a phone that moved is served where it is heard. */
static void test_media_goes_to_where_the_phone_is_heard(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:4000");
	box.now += 20;
	offer(&box, LATCH_MOVE, "198.51.100.7:4010", "198.51.100.7");
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
	box.now += 4000;
	CU_ASSERT_TRUE(latch_tick(&box.latch, box.now));
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4000"), LATCH_ADMIT);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4000"));
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
}

static void test_resumed_from_hold_the_answer_opens_again(void)
{
	struct box box;

	lock_nat(&box);
	offer(&box, LATCH_REOPEN, "192.168.1.5:4000", NAT);
	box.now += 5000;
	latch_tick(&box.latch, box.now);
	box.ssrc = OTHER;
	CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, NEW), LATCH_PATIENCE);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(hear_after(&box, AT_ONCE, NEW), LATCH_TAKEN);
}

static void test_restart_between_offer_and_answer(void)
{
	struct latch_record record;
	struct box box;

	offer_new_port(&box);
	hear_for(&box, 5000, OLD);
	latch_export(&box.latch, &record);
	CU_ASSERT_TRUE(latch_record_valid(&record));
	memset(&box.latch, 0xa5, sizeof(box.latch));
	latch_import(&box.latch, &record);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_REFUSE);
	hear_for(&box, 5000, OLD);
	answer(&box, LATCH_ANSWER);
	CU_ASSERT_EQUAL(hear_other(&box, AT_ONCE, NEW), LATCH_TAKEN);

	record.unanswered = PHASE_WAIT;
	CU_ASSERT_FALSE(latch_record_valid(&record));
	record.unanswered = PHASE_OPEN;
	CU_ASSERT_FALSE(latch_record_valid(&record));
	record.unanswered = PHASE_REOPENED;
	record.phase = PHASE_LOCKED;
	CU_ASSERT_TRUE(latch_record_valid(&record));
	record.phase = PHASE_WAIT;
	record.source = ep("");
	record.class = CLASS_STRANGER;
	CU_ASSERT_FALSE(latch_record_valid(&record));
}

TEST_SUITE(latch_answer,
	   { "row 9: an answer after the window opens it again",
	     test_row_9_answer_after_the_window_opens_again },
	   { "row 9: an answer after the window opens it again, IPv6",
	     test_row_9_answer_after_the_window_opens_again_ipv6 },
	   { "an early and the final answer open", test_early_and_final_answer_open },
	   { "a second answer opens nothing", test_second_answer_opens_nothing },
	   { "offer and answer of unchanged media open nothing",
	     test_offer_and_answer_of_unchanged_media_open_nothing },
	   { "unanswered offer opens nothing for somebody behind the same NAT",
	     test_unanswered_offer_opens_nothing_for_somebody_behind_the_same_nat },
	   { "unanswered offer of a silent phone", test_unanswered_offer_of_a_silent_phone },
	   { "between offer and answer the phone moves after the patience",
	     test_between_offer_and_answer_the_phone_moves_after_the_patience },
	   { "between offer and answer a lower rank is refused",
	     test_between_offer_and_answer_a_lower_rank_is_refused },
	   { "between offer and answer RTCP is refused",
	     test_between_offer_and_answer_rtcp_is_refused },
	   { "answer after the phone has moved", test_answer_after_the_phone_has_moved },
	   { "media goes to where the phone is heard",
	     test_media_goes_to_where_the_phone_is_heard },
	   { "resumed from hold, the answer opens again",
	     test_resumed_from_hold_the_answer_opens_again },
	   { "restart between offer and answer", test_restart_between_offer_and_answer });
