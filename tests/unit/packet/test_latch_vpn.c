/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_vpn.c - SIP, SDP and media have three private addresses: those of a VPN, but not those
 * of a proxy in front that hides phones with public addresses
 */
#include "daemon/base/count.h"
#include "latch_scene.h"

/* It sends for as long as an unknown source has to. */
static enum latch_verdict after_patience(struct box *box, const char *from)
{
	enum latch_verdict verdict = LATCH_REFUSE;

	for (int i = 0; i <= 20; i++)
		verdict = hear_after(box, 20, from);
	return verdict;
}

static void test_who_is_heard_after_the_patience(void)
{
	static const struct {
		const char *sdp, *sip, *from;
		enum latch_mode mode;
		bool heard;
	} rows[] = {
		{ "10.8.0.5:4000", "172.16.7.9", "192.168.1.5:4000", LATCH_SMART, true },
		{ "10.8.0.5:4000", "172.16.7.9", "100.64.3.7:4000", LATCH_SMART, true },
		{ "[fd01::5]:4000", "fd02::9", "[fd03::7]:4000", LATCH_SMART, true },
		{ "0.0.0.0:4000", "172.16.7.9", "192.168.1.5:4000", LATCH_SMART, true },
		{ "10.8.0.5:4000", "172.16.7.9", "203.0.113.9:4000", LATCH_SMART, false },
		{ "[fd01::5]:4000", "fd02::9", "[2001:db8::9]:4000", LATCH_SMART, false },
		{ "0.0.0.0:4000", "172.16.7.9", "203.0.113.9:4000", LATCH_SMART, false },
		/* Not all that was told is private. */
		{ "198.51.100.7:4000", "172.16.7.9", "192.168.1.5:4000", LATCH_SMART, false },
		{ "10.8.0.5:4000", "198.51.100.7", "192.168.1.5:4000", LATCH_SMART, false },
		{ "[2001:db8::7]:4000", "fd02::9", "[fd03::7]:4000", LATCH_SMART, false },
		/* Addresses of this host and of its link are not those of a VPN. */
		{ "10.8.0.5:4000", "172.16.7.9", "127.0.0.1:4000", LATCH_SMART, false },
		{ "10.8.0.5:4000", "172.16.7.9", "169.254.1.1:4000", LATCH_SMART, false },
		{ "[fd01::5]:4000", "fd02::9", "[::1]:4000", LATCH_SMART, false },
		{ "10.8.0.5:4000", "127.0.0.1", "192.168.1.5:4000", LATCH_SMART, false },
		{ "10.8.0.5:4000", "172.16.7.9", "192.168.1.5:4000", LATCH_STRICT, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		open_box(&box, rows[i].sdp, rows[i].sip);
		box.ref.mode = rows[i].mode;
		if (rows[i].heard)
			wait_for(&box, 100, rows[i].from);
		CU_ASSERT_EQUAL(after_patience(&box, rows[i].from),
				rows[i].heard ? LATCH_ADMIT : LATCH_REFUSE);
		CU_ASSERT_EQUAL(latch_state(&box.latch), rows[i].heard ? LATCH_LEARN : LATCH_WAIT);
		CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_UNKNOWN);
	}
}

static void test_nobody_is_heard_before_the_answer(void)
{
	struct box box;

	open_box(&box, "", "172.16.7.9");
	wait_for(&box, 2000, "192.168.1.5:4000");
	told(&box, "10.8.0.5:4000", "172.16.7.9");
	wait_for(&box, 380, "192.168.1.5:4000");
	CU_ASSERT_EQUAL(after_patience(&box, "192.168.1.5:4000"), LATCH_ADMIT);
}

/* Once it is heard it stays, as any other source: an offer does not make it a stranger. */
static void test_source_stays_after_an_offer(void)
{
	struct box box;

	open_box(&box, "10.8.0.5:4000", "172.16.7.9");
	after_patience(&box, "192.168.1.5:4000");
	hear_for(&box, 3000, "192.168.1.5:4000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	update(&box, LATCH_KEEP, "10.8.0.5:4000", "172.16.7.9");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_FALSE(latch_is_moved(&box.latch));
	CU_ASSERT_EQUAL(after_patience(&box, "192.168.1.6:4000"), LATCH_REFUSE);
	update(&box, LATCH_KEEP, "10.8.0.5:4000", "198.51.100.7");
	CU_ASSERT_TRUE(latch_is_moved(&box.latch));
}

TEST_SUITE(latch_vpn, { "who is heard after the patience", test_who_is_heard_after_the_patience },
	   { "nobody is heard before the answer", test_nobody_is_heard_before_the_answer },
	   { "source stays after an offer", test_source_stays_after_an_offer });
