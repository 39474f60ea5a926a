/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_candidates.c - rule R3: who is awaited when many want the place of a phone */
#include "daemon/base/count.h"
#include "latch_scene.h"

#define PHONE "203.0.113.9:50000"

/* Its first @n sources are different from those of other @series. */
static struct endpoint source_at(unsigned int series, unsigned int n)
{
	struct endpoint at = ep("192.0.2.0:1024");

	at.in4.sin_addr.s_addr = htonl(0xc0000200u + (series << 16) + (n >> 8));
	endpoint_set_port(&at, (uint16_t)(1024 + n % 256));
	return at;
}

static bool prove(struct candidates *all, struct endpoint source, int64_t now_ms, uint16_t seq,
		  enum latch_rank rank)
{
	const struct candidate packet = {
		.source = source, .heard_ms = (uint32_t)now_ms, .seq = seq, .rank = (uint8_t)rank
	};

	return candidates_prove(all, &packet, 400);
}

static bool has(const struct candidates *all, struct endpoint source)
{
	for (int i = 0; i < CANDIDATES; i++)
		if (endpoint_eq(&all->slot[i].source, &source))
			return true;
	return false;
}

/* @n sources send two packets each, which go on. Return: when the last one did */
static int64_t fill(struct candidates *all, unsigned int n)
{
	for (unsigned int i = 0; i < 2 * n; i++)
		prove(all, source_at(0, i % n), 1000 + i, (uint16_t)(1 + i / n), RANK_UNKNOWN);
	return 1000 + 2 * n - 1;
}

static enum latch_verdict hear_spoofed(struct box *box, unsigned int n)
{
	struct endpoint source = source_at(1, n);
	struct latch_packet packet = { .source = &source,
				       .now_ms = box->now,
				       .candidate = true,
				       .has_ssrc = true,
				       .has_seq = true,
				       .ssrc = n,
				       .seq = (uint16_t)n };
	enum latch_rank rank;

	return latch_packet(&box->latch, &box->ref, &packet, &rank);
}

/* Milliseconds until a phone is heard that starts in a flood of @per_ms packets. */
static int64_t heard_after(uint64_t seed, unsigned int per_ms)
{
	struct box box;
	int64_t start;
	unsigned int n = 0;

	open_box(&box, "192.168.1.5:4000", "");
	candidates_seed(&box.candidates, seed);
	for (int before = 0; before < 1000; before++, box.now++)
		for (unsigned int i = 0; i < per_ms; i++)
			CU_ASSERT_EQUAL(hear_spoofed(&box, n++), LATCH_PATIENCE);
	for (start = box.now; box.now < start + 10000; box.now++) {
		if ((box.now - start) % 20 == 0 && hear(&box, PHONE) <= LATCH_TAKEN)
			break;
		for (unsigned int i = 0; i < per_ms; i++)
			CU_ASSERT_EQUAL(hear_spoofed(&box, n++), LATCH_PATIENCE);
	}
	return box.now - start;
}

static void test_r3_phone_is_heard_in_a_flood_of_single_packets(void)
{
	CU_ASSERT_EQUAL(heard_after(1, 0), 400);
	for (uint64_t seed = 1; seed <= 200; seed++)
		CU_ASSERT_TRUE(heard_after(seed, 1) <= 400 + 1000);
}

/* Such a source keeps nobody waiting, however long it goes on. */
static void test_r3_source_with_wild_numbers_does_not_delay_a_phone(void)
{
	struct box box;
	uint16_t seq = 0;

	open_box(&box, "192.168.1.5:4000", "");
	for (int i = 0; i < 100; i++, box.now += 20) {
		box.seq = (uint16_t)(box.seq + 7777);
		CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	}
	for (int i = 0; i <= 20; i++, box.now += 20) {
		box.seq = (uint16_t)(7777 * i);
		hear(&box, "192.0.2.66:6666");
		box.seq = seq++;
		CU_ASSERT_EQUAL(hear(&box, PHONE), i < 20 ? LATCH_PATIENCE : LATCH_TAKEN);
	}
}

static void test_r3_several_are_awaited_at_a_time(void)
{
	struct candidates all = { .random = 0 };
	int64_t now_ms = fill(&all, CANDIDATES);

	CU_ASSERT_TRUE(CANDIDATES >= 8);
	for (unsigned int i = 0; i < CANDIDATES; i++)
		CU_ASSERT_TRUE(has(&all, source_at(0, i)));
	/* All talk: nobody is displaced. */
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_FALSE(prove(&all, source_at(2, i), now_ms, 1, RANK_UNKNOWN));
	for (unsigned int i = 0; i < CANDIDATES; i++)
		CU_ASSERT_TRUE(has(&all, source_at(0, i)));
	/* They are heard in the order in which they began. */
	for (int64_t at = 0; at < 400; at += 100)
		for (unsigned int i = 0; i < CANDIDATES; i++)
			CU_ASSERT_FALSE(prove(&all, source_at(0, i), 1000 + i + at,
					      (uint16_t)(3 + at / 100), RANK_UNKNOWN));
	CU_ASSERT_TRUE(prove(&all, source_at(0, 0), 1400, 7, RANK_UNKNOWN));
	CU_ASSERT_FALSE(prove(&all, source_at(0, 1), 1400, 7, RANK_UNKNOWN));
}

static void test_r3_newcomer_displaces_who_paused_or_sent_once(void)
{
	struct candidates all = { .random = 0 };
	int64_t now_ms = fill(&all, CANDIDATES);

	for (unsigned int i = 0; i < CANDIDATES; i++)
		if (i != 5)
			prove(&all, source_at(0, i), now_ms + 100, 3, RANK_UNKNOWN);
	/* The one that did not go on was heard at 1000 + CANDIDATES + 5. */
	now_ms = 1000 + CANDIDATES + 5 + LATCH_GAP_MS;
	prove(&all, source_at(2, 0), now_ms, 1, RANK_UNKNOWN);
	CU_ASSERT_FALSE(has(&all, source_at(2, 0)));
	prove(&all, source_at(2, 0), now_ms + 1, 1, RANK_UNKNOWN);
	CU_ASSERT_TRUE(has(&all, source_at(2, 0)));
	CU_ASSERT_FALSE(has(&all, source_at(0, 5)));
	/* It sent a single packet itself. */
	prove(&all, source_at(2, 1), now_ms + 2, 1, RANK_UNKNOWN);
	CU_ASSERT_TRUE(has(&all, source_at(2, 1)));
	CU_ASSERT_FALSE(has(&all, source_at(2, 0)));
}

static void test_r3_lower_rank_is_displaced(void)
{
	struct candidates all = { .random = 0 };
	int64_t now_ms = fill(&all, CANDIDATES);

	prove(&all, source_at(2, 0), now_ms, 1, RANK_NEAR);
	CU_ASSERT_TRUE(has(&all, source_at(2, 0)));
	prove(&all, source_at(2, 0), now_ms + 20, 2, RANK_NEAR);
	prove(&all, source_at(2, 1), now_ms + 20, 1, RANK_UNKNOWN);
	CU_ASSERT_FALSE(has(&all, source_at(2, 1)));
	CU_ASSERT_TRUE(has(&all, source_at(2, 0)));
}

/* Whom a newcomer displaces cannot be foreseen, and any can be the one. */
static void test_r3_the_displaced_one_is_chosen_at_random(void)
{
	unsigned int displaced[CANDIDATES] = { 0 };

	for (uint64_t seed = 1; seed <= 100 * CANDIDATES; seed++) {
		struct candidates all;

		memset(&all, 0, sizeof(all));
		candidates_seed(&all, seed * 0x9e3779b97f4a7c15u);
		for (unsigned int i = 0; i <= CANDIDATES; i++)
			prove(&all, source_at(0, i), 1000, 1, RANK_UNKNOWN);
		for (unsigned int i = 0; i < CANDIDATES; i++)
			displaced[i] += !has(&all, source_at(0, i));
	}
	for (unsigned int i = 0; i < CANDIDATES; i++)
		CU_ASSERT_TRUE(displaced[i] > 60 && displaced[i] < 140);
}

/* Times are kept as 32 bits: every 49 days they begin again. */
static void test_time_may_wrap(void)
{
	struct candidates all = { .random = 0 };
	int64_t start = (INT64_C(1) << 32) - 200;

	for (uint16_t i = 0; i < 20; i++)
		CU_ASSERT_FALSE(prove(&all, source_at(0, 0), start + 20 * i, i, RANK_UNKNOWN));
	CU_ASSERT_TRUE(prove(&all, source_at(0, 0), start + 400, 20, RANK_UNKNOWN));
}

TEST_SUITE(candidates,
	   { "R3: a phone is heard in a flood of single packets",
	     test_r3_phone_is_heard_in_a_flood_of_single_packets },
	   { "R3: a source with wild numbers does not delay a phone",
	     test_r3_source_with_wild_numbers_does_not_delay_a_phone },
	   { "R3: several are awaited at a time", test_r3_several_are_awaited_at_a_time },
	   { "R3: a newcomer displaces who paused or sent once",
	     test_r3_newcomer_displaces_who_paused_or_sent_once },
	   { "R3: a lower rank is displaced", test_r3_lower_rank_is_displaced },
	   { "R3: the displaced one is chosen at random",
	     test_r3_the_displaced_one_is_chosen_at_random },
	   { "time may wrap", test_time_may_wrap });
