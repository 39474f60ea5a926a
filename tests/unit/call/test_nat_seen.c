/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_nat_seen.c - what media tells of the NATs in front of phones */
#include "daemon/base/count.h"
#include "daemon/call/nat_seen.h"
#include "tests/unit/packet/talk_scene.h"

#define LAN "192.168.1.5"
#define NAT "203.0.113.9"

/* Text as places; NULL: unset */
static struct endpoint place(const char *text)
{
	struct endpoint at = { 0 };

	if (text)
		CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &at));
	return at;
}

static void test_signs_of_a_nat(void)
{
	static const struct {
		const char *told[3], *seen[3];
		int signs;
	} rows[] = {
		{ { NULL }, { NULL }, -1 },
		{ { LAN ":4000" }, { NULL }, -1 },
		{ { NULL }, { NAT ":4000" }, -1 },
		{ { "0.0.0.0:4000" }, { NAT ":4000" }, -1 },
		{ { LAN ":0" }, { NAT ":4000" }, -1 },
		{ { NAT ":4000" }, { NAT ":4000" }, 0 },
		{ { LAN ":4000" }, { NAT ":4000" }, NAT_ADDRESS },
		{ { NAT ":4000" }, { NAT ":4008" }, NAT_PORT },
		{ { LAN ":4000" }, { NAT ":4008" }, NAT_ADDRESS | NAT_PORT },
		/* Both ports moved in the same way: the NAT keeps neighbours together */
		{ { LAN ":4000", LAN ":4001" },
		  { NAT ":5000", NAT ":5001" },
		  NAT_ADDRESS | NAT_PORT },
		{ { LAN ":4000", LAN ":4001" },
		  { NAT ":4000", NAT ":5001" },
		  NAT_ADDRESS | NAT_PORT | NAT_SYMMETRIC },
		{ { LAN ":4000", LAN ":4001", LAN ":4002" },
		  { NAT ":5000", NAT ":5001", NAT ":777" },
		  NAT_ADDRESS | NAT_PORT | NAT_SYMMETRIC },
		/* Of one port two bindings */
		{ { LAN ":4000", LAN ":4000" },
		  { NAT ":5000", NAT ":5001" },
		  NAT_ADDRESS | NAT_PORT | NAT_SYMMETRIC },
		/* Two hosts say nothing of one NAT */
		{ { LAN ":4000", "192.168.1.6:4001" },
		  { NAT ":5000", NAT ":777" },
		  NAT_ADDRESS | NAT_PORT },
		{ { LAN ":4000", LAN ":4001" },
		  { NAT ":5000", "203.0.113.10:777" },
		  NAT_ADDRESS | NAT_PORT },
		/* An unknown one is not compared */
		{ { LAN ":0", LAN ":4001" }, { NAT ":5000", NAT ":777" }, NAT_ADDRESS | NAT_PORT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nat_place places[3];

		for (int j = 0; j < 3; j++) {
			places[j].told = place(rows[i].told[j]);
			places[j].seen = place(rows[i].seen[j]);
		}
		if (nat_signs(places, 3) != rows[i].signs)
			printf("row %zu: ", i);
		CU_ASSERT_EQUAL(nat_signs(places, 3), rows[i].signs);
	}
}

/* --- A call ----------------------------------------------------------------------------------- */

static struct nat_seen seen_of(struct talk *t)
{
	struct nat_seen seen = { 0 };

	nat_seen_add(&seen, media_of(t)->dialog->call);
	return seen;
}

static bool all_are_heard(struct talk *t)
{
	each_component(side, comp)
		if (!report(t, (enum side)side, (enum component)comp).packets_in)
			return false;
	return true;
}

static void swap_ports(struct phone *phone)
{
	int rtp = phone->fd[COMP_RTP];

	phone->fd[COMP_RTP] = phone->fd[COMP_RTCP];
	phone->fd[COMP_RTCP] = rtp;
}

static void test_phones_of_a_call_are_counted(void)
{
	struct sweep sweep = { .began_ms = 0 };
	struct nat_seen seen;
	struct talk t;

	talk_open(&t, false);
	seen = seen_of(&t);
	CU_ASSERT_EQUAL(seen.phones, 0); /* not heard yet */
	/* As a NAT would: the caller's RTP comes from the port after the one of its SDP. */
	swap_ports(&t.phone[SIDE_A]);
	all_send(&t);
	UNTIL(&t, all_are_heard(&t));
	seen = seen_of(&t);
	CU_ASSERT_EQUAL(seen.phones, 2);
	CU_ASSERT_EQUAL(seen.behind, 1);
	CU_ASSERT_EQUAL(seen.address, 0);
	CU_ASSERT_EQUAL(seen.port, 1);
	CU_ASSERT_EQUAL(seen.symmetric, 1); /* one port up, the other one down */
	do
		sweep_tick(&sweep, t.scene.calls, clock_ms());
	while (sweep.cursor.table);
	CU_ASSERT_EQUAL(t.scene.calls->nat.phones, 2);
	CU_ASSERT_EQUAL(t.scene.calls->nat.behind, 1);
	talk_close(&t);
}

/* Their media may come from elsewhere without a NAT. */
static void test_phones_with_ice_or_asymmetric_are_not_counted(void)
{
	struct nat_seen seen;
	struct talk t;

	struct bridge_conf *conf;

	talk_open(&t, false);
	all_send(&t);
	UNTIL(&t, all_are_heard(&t));
	conf = (struct bridge_conf *)(uintptr_t)bridge_conf(media_of(&t)->bridge);
	conf->side[SIDE_A].ice[0] = 7;
	seen = seen_of(&t);
	CU_ASSERT_EQUAL(seen.phones, 1);
	conf->side[SIDE_B].flags |= SIDE_ASYMMETRIC;
	seen = seen_of(&t);
	CU_ASSERT_EQUAL(seen.phones, 0);
	talk_close(&t);
}

TEST_SUITE(nat_seen, { "signs of a nat", test_signs_of_a_nat },
	   { "phones of a call are counted", test_phones_of_a_call_are_counted },
	   { "phones with ice or asymmetric are not counted",
	     test_phones_with_ice_or_asymmetric_are_not_counted });
