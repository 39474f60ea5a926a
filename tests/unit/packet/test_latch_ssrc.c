/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_ssrc.c - a NAT that changes its port under a phone with more than one SSRC, or after a
 * long silence
 */
#include "daemon/base/count.h"
#include "latch_scene.h"

#define OLD "203.0.113.9:50000"
#define NEW "203.0.113.9:50001"

/* Locked, and its rate is measured: 50 packets a second, of SSRC 7. */
static void lock_talker(struct box *box)
{
	open_nat(box);
	hear(box, OLD);
	for (int second = 0; second < 4; second++) {
		hear_for(box, 1000, OLD);
		latch_tick(&box->latch, box->now);
	}
	CU_ASSERT_EQUAL(latch_state(&box->latch), LATCH_LOCKED);
}

static enum latch_verdict hear_ssrc(struct box *box, uint32_t ssrc, uint16_t seq, const char *from)
{
	uint32_t was_ssrc = box->ssrc;
	uint16_t was_seq = box->seq;
	enum latch_verdict verdict;

	box->ssrc = ssrc;
	box->seq = (uint16_t)(seq - 1);
	verdict = hear(box, from);
	box->ssrc = was_ssrc;
	box->seq = was_seq;
	return verdict;
}

/* A retransmission (RFC 4588) was the last packet before the silence. */
static void test_last_packet_was_of_another_ssrc(void)
{
	struct box box;

	lock_talker(&box);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 70, 9, OLD), LATCH_ADMIT);
	CU_ASSERT_EQUAL(hear_after(&box, 199, NEW), LATCH_SOON);
	CU_ASSERT_EQUAL(hear_after(&box, 1, NEW), LATCH_TAKEN);
	/* And again, by the other one. */
	box.now += 1000;
	CU_ASSERT_EQUAL(hear_ssrc(&box, 70, 10, "203.0.113.9:50002"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 1000, OLD), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

static void test_last_packet_was_of_another_ssrc_ipv6(void)
{
	struct box box;

	open_box(&box, "[fd00::5]:4000", "2001:db8::9");
	hear(&box, "[2001:db8::9]:50000");
	hear_for(&box, 3000, "[2001:db8::9]:50000");
	hear_ssrc(&box, 70, 9, "[2001:db8::9]:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 1000, "[2001:db8::9]:50001"), LATCH_TAKEN);
}

static void test_sender_reports_of_two_ssrcs(void)
{
	struct box box;

	open_nat(&box);
	box.rtcp = true;
	hear(&box, OLD);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 70, 0, OLD), LATCH_ADMIT);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, NEW), LATCH_TAKEN);
}

/* One of the last four, and each has numbers of its own. */
static void test_the_oldest_is_forgotten(void)
{
	struct box box;

	lock_talker(&box);
	for (uint32_t i = 1; i <= 3; i++)
		hear_ssrc(&box, 70 * i, (uint16_t)(20000 * i), OLD);
	hear_ssrc(&box, 70, 20001, OLD); /* not one more */
	box.now += 1000;
	for (uint32_t i = 1; i <= 3; i++)
		CU_ASSERT_EQUAL(hear_ssrc(&box, 70 * i, 1, NEW), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 71, 20002, NEW), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 7, (uint16_t)(box.seq + 1), NEW), LATCH_TAKEN);
	hear_ssrc(&box, 280, 1, NEW);
	box.now += 1000;
	CU_ASSERT_EQUAL(hear_ssrc(&box, 140, 40001, OLD), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 210, 60001, OLD), LATCH_TAKEN);
}

static void test_ssrc_of_a_refused_packet_is_not_remembered(void)
{
	struct box box;

	lock_talker(&box);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 66, 1, NEW), LATCH_REFUSE);
	box.now += 1000;
	CU_ASSERT_EQUAL(hear_ssrc(&box, 66, 2, NEW), LATCH_REFUSE);
	/* Nor are those of a source that another one has replaced. */
	lock_talker(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	CU_ASSERT_EQUAL(hear_ssrc(&box, 8, 1, NEW), LATCH_TAKEN);
	for (uint16_t seq = 2; seq < 5; seq++) {
		box.now += 200;
		CU_ASSERT_EQUAL(hear_ssrc(&box, 8, seq, NEW), LATCH_ADMIT);
	}
	box.now += 4000;
	latch_tick(&box.latch, box.now);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 7, (uint16_t)(box.seq + 1), OLD), LATCH_REFUSE);
}

/* What it could have sent in the silence, and half as much again, and 100; at most 16,000. */
static void test_allowed_jump(void)
{
	static const struct {
		int64_t silence_ms;
		int ahead;
		bool taken;
	} rows[] = {
		{ 1000, 175, true },	   { 1000, 176, false },   { 60000, 4600, true },
		{ 60000, 4601, false },	   { 120000, 9100, true }, { 3600000, 16000, true },
		{ 3600000, 16001, false }, { 1000, -99, true },	   { 3600000, -101, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		lock_talker(&box);
		box.now += rows[i].silence_ms;
		box.seq = (uint16_t)(box.seq + rows[i].ahead - 1);
		CU_ASSERT_EQUAL(hear(&box, NEW), rows[i].taken ? LATCH_TAKEN : LATCH_REFUSE);
	}
}

/* Video: 500 packets a second. A phone in DTX, 5 a second, has the room of 50. */
static void test_allowed_jump_follows_the_rate(void)
{
	static const struct {
		int64_t every_ms;
		int ahead;
		bool taken;
	} rows[] = { { 2, 850, true }, { 2, 851, false }, { 200, 175, true }, { 200, 176, false } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		open_nat(&box);
		for (int64_t ms = 0; ms <= 4000; ms += rows[i].every_ms) {
			hear_after(&box, rows[i].every_ms, OLD);
			if (ms % 1000 == 0)
				latch_tick(&box.latch, box.now);
		}
		box.now += 1000;
		box.seq = (uint16_t)(box.seq + rows[i].ahead - 1);
		CU_ASSERT_EQUAL(hear(&box, NEW), rows[i].taken ? LATCH_TAKEN : LATCH_REFUSE);
	}
}

/* The kernel reports the last SSRC; others may have gone on there. */
static void test_ssrcs_in_the_kernel(void)
{
	struct latch_packet last = { .has_ssrc = true, .has_seq = true, .ssrc = 70, .seq = 9 };
	struct box box;

	lock_talker(&box);
	last.now_ms = box.now + 600000;
	latch_heard_in_kernel(&box.latch, &last, 500, last.now_ms);
	box.now = last.now_ms + 1000;
	CU_ASSERT_EQUAL(hear_ssrc(&box, 70, 860, NEW), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 71, 10, NEW), LATCH_REFUSE);
	box.seq += 30000;
	CU_ASSERT_EQUAL(hear(&box, NEW), LATCH_TAKEN);
	/* Its rate counts. */
	box.now += 1000;
	box.seq += 840;
	CU_ASSERT_EQUAL(hear(&box, OLD), LATCH_TAKEN);
}

static void test_ssrcs_after_a_restart(void)
{
	struct latch_record record;
	struct box box;

	lock_talker(&box);
	hear_ssrc(&box, 70, 9, OLD);
	hear_ssrc(&box, 71, 9, OLD);
	latch_export(&box.latch, &record);
	CU_ASSERT_TRUE(latch_record_valid(&record));
	record.n_ssrcs = SSRCS_EARLIER + 1;
	CU_ASSERT_FALSE(latch_record_valid(&record));
	record.n_ssrcs = 2;
	memset(&box.latch, 0xa5, sizeof(box.latch));
	latch_import(&box.latch, &record);
	box.now += 1000;
	CU_ASSERT_EQUAL(hear_ssrc(&box, 72, 9, NEW), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_ssrc(&box, 7, 40000, NEW), LATCH_TAKEN);
}

TEST_SUITE(latch_ssrc, { "last packet was of another SSRC", test_last_packet_was_of_another_ssrc },
	   { "last packet was of another SSRC, IPv6", test_last_packet_was_of_another_ssrc_ipv6 },
	   { "sender reports of two SSRCs", test_sender_reports_of_two_ssrcs },
	   { "the oldest is forgotten", test_the_oldest_is_forgotten },
	   { "SSRC of a refused packet is not remembered",
	     test_ssrc_of_a_refused_packet_is_not_remembered },
	   { "allowed jump", test_allowed_jump },
	   { "allowed jump follows the rate", test_allowed_jump_follows_the_rate },
	   { "SSRCs in the kernel", test_ssrcs_in_the_kernel },
	   { "SSRCs after a restart", test_ssrcs_after_a_restart });
