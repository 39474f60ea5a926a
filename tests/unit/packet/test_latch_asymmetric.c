/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_asymmetric.c - flag asymmetric: media goes to the endpoint of the SDP, and comes from
 * there or from one other place, which nobody told
 */
#include "daemon/base/count.h"
#include "latch_scene.h"

#define SDP   "198.51.100.7:4000"
#define SIP   "198.51.100.7"
#define MEDIA "203.0.113.9:50000"
#define OTHER "203.0.113.77:6666"
#define POOL  "198.51.100.80:6666"

static void open_asymmetric(struct box *box)
{
	open_box(box, SDP, SIP);
	box->ref.asymmetric = true;
}

static bool sends_to(const struct box *box, const char *where)
{
	const struct endpoint *to = latch_destination(&box->latch, &box->ref, true);
	struct endpoint at = ep(where);

	return to && endpoint_eq(to, &at);
}

static void hear_elsewhere(struct box *box, const char *from)
{
	CU_ASSERT_EQUAL(hear(box, from), LATCH_PATIENCE);
	wait_for(box, 380, from);
	CU_ASSERT_EQUAL(hear_after(box, 20, from), LATCH_TAKEN);
}

static void test_one_place_elsewhere_after_the_patience(void)
{
	static const char *const places[] = { MEDIA, POOL };

	for (size_t i = 0; i < COUNT(places); i++) {
		struct box box;

		open_asymmetric(&box);
		hear_elsewhere(&box, places[i]);
		CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
		CU_ASSERT_TRUE(sends_to(&box, SDP));
		CU_ASSERT_EQUAL(hear_after(&box, 20, OTHER), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear_after(&box, 3600000, OTHER), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:800"), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear(&box, places[i]), LATCH_ADMIT);
	}
}

static void test_ipv6(void)
{
	struct box box;

	open_box(&box, "[2001:db8::7]:4000", "2001:db8::7");
	box.ref.asymmetric = true;
	hear_elsewhere(&box, "[2001:db8:1::9]:50000");
	CU_ASSERT_TRUE(sends_to(&box, "[2001:db8::7]:4000"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "[2001:db8:2::9]:6666"), LATCH_REFUSE);
}

static void test_place_of_the_sdp_at_once(void)
{
	struct box box;

	open_asymmetric(&box);
	CU_ASSERT_EQUAL(hear(&box, SDP), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_after(&box, 3600000, MEDIA), LATCH_REFUSE);
	/* Also if somebody elsewhere was faster. */
	open_asymmetric(&box);
	hear_elsewhere(&box, MEDIA);
	CU_ASSERT_EQUAL(hear_after(&box, 20, SDP), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, MEDIA), LATCH_REFUSE);
}

static void test_not_while_nobody_is_at_the_other_side(void)
{
	struct box box;

	open_asymmetric(&box);
	box.ref.alone = true;
	wait_for(&box, 5000, MEDIA);
	box.ref.alone = false;
	hear_elsewhere(&box, MEDIA);
	open_asymmetric(&box);
	box.ref.alone = true;
	CU_ASSERT_EQUAL(hear(&box, SDP), LATCH_TAKEN);
}

static void test_strict_source_and_strict(void)
{
	struct box box;

	open_asymmetric(&box);
	box.ref.strict_source = true;
	for (int i = 0; i < 50; i++) {
		CU_ASSERT_EQUAL(hear_after(&box, 20, MEDIA), LATCH_REFUSE);
		CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:800"), LATCH_REFUSE);
	}
	CU_ASSERT_EQUAL(hear(&box, SDP), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 2000, "198.51.100.7:800"), LATCH_REFUSE);
	open_asymmetric(&box);
	box.ref.mode = LATCH_STRICT;
	CU_ASSERT_EQUAL(hear_after(&box, 20, MEDIA), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:800"), LATCH_TAKEN);
}

/* Each of 10,000 ports gets a packet now and then. */
static void test_sprayer(void)
{
	struct box box;

	open_asymmetric(&box);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 151, OTHER), LATCH_PATIENCE);
	for (int i = 0; i < 100; i++, box.ssrc++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, OTHER), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_WAIT);
	CU_ASSERT_EQUAL(hear(&box, SDP), LATCH_TAKEN);
}

/* A phone that was heard at its SDP's endpoint will be heard there again; one elsewhere, too. */
static void test_phone_moves(void)
{
	struct box box;

	open_asymmetric(&box);
	hear(&box, SDP);
	update(&box, LATCH_MOVE, "198.51.100.7:4002", SIP);
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, MEDIA), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4002"), LATCH_TAKEN);

	open_asymmetric(&box);
	hear_elsewhere(&box, MEDIA);
	hear_for(&box, 4000, MEDIA);
	update(&box, LATCH_MOVE, "198.51.100.7:4002", SIP);
	box.ssrc = 8;
	hear_elsewhere(&box, "203.0.113.9:50002");
	CU_ASSERT_TRUE(sends_to(&box, "198.51.100.7:4002"));
}

TEST_SUITE(latch_asymmetric,
	   { "one place elsewhere after the patience",
	     test_one_place_elsewhere_after_the_patience },
	   { "IPv6", test_ipv6 }, { "place of the SDP at once", test_place_of_the_sdp_at_once },
	   { "not while nobody is at the other side", test_not_while_nobody_is_at_the_other_side },
	   { "strict-source, and strict", test_strict_source_and_strict },
	   { "sprayer", test_sprayer }, { "phone moves", test_phone_moves });
