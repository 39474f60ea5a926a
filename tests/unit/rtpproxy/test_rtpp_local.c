/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_local.c - which of our addresses a command of the classic rtpproxy protocol means
 */
#include "daemon/base/count.h"
#include "daemon/packet/bridge.h"
#include "rtpp_ask.h"

static void test_local_addresses(void)
{
	static const struct ask_row rows[] = {
		{ "UIE 1 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "L 1 192.0.2.2 4000 a b", "# 127.80.0.1\n" },
		{ "UEI 2 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "L 2 192.0.2.2 4000 a b", "# 127.80.0.2\n" },
		{ "UEE 3 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "L 3 192.0.2.2 4000 a b", "# 127.80.0.2\n" },
		{ "UE 4 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "L 4 192.0.2.2 4000 a b", "# 127.80.0.2\n" },
		{ "ULie 5 192.0.2.1 4000 a", "E15\n" },
		{ "UL127.80.0.2 5 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "L 5 192.0.2.2 4000 a b", "# 127.80.0.2\n" },
		{ "UL{priv} 6 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "U6 7 2001:db8::1 4000 a", "# ::1 6\n" },
		{ "L6 7 2001:db8::2 4000 a b", "# ::1 6\n" },
		{ "U6 8 [2001:db8::1] 4000 a", "# ::1 6\n" },
		{ "UL[::1] 9 192.0.2.1 4000 a", "# ::1 6\n" },
		{ "L 9 2001:db8::2 4000 a b", "E37\n" },
		{ "L6 9 2001:db8::2 4000 a b", "# 127.80.0.1\n" },
		{ "UR127.80.0.2 10 192.0.2.1 4000 a", "# 127.80.0.#\n" },
		{ "UL{six} 11 192.0.2.1 4000 a", "# ::1 6\n" },
		/*
		 * Letters of a later command change nothing; neither do letters of the m= lines
		 * beside a new one.
		 */
		{ "UEI 1 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "U 1 192.0.2.1 4000 a;2", "# 127.80.0.2\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* One interface of one family: nothing to bridge, and no address of the other family. */
static void test_one_interface_of_one_family(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1" };
	static const struct ask_row rows[] = {
		{ "UIE c 192.0.2.1 4000 a", "E12\n" },
		{ "UE c 192.0.2.1 4000 a", "E11\n" },
		{ "UEI c 192.0.2.1 4000 a", "E11\n" },
		{ "U6 c 2001:db8::1 4000 a", "E36\n" },
		{ "U c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "LE c 192.0.2.2 4000 a b", "E11\n" },
		{ "L6 c 2001:db8::1 4000 a b", "E36\n" },
		{ "L c 192.0.2.2 4000 a b", "# 127.80.0.1\n" },
	};
	struct scene scene;

	scene_open_at(&scene, interfaces, 1, 21000, 21199);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* As Kamailio's flag "x" says it: IE of a phone with IPv4, EI6 of one with IPv6. */
static void test_one_interface_of_both_families(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1", "pub/::1" };
	static const struct ask_row rows[] = {
		{ "UIE 1 192.0.2.1 4000 a;1", "# ::1 6\n" },
		{ "LEI6 1 2001:db8::2 4000 a;1 b;1", "# 127.80.0.1\n" },
		{ "UEI6 1 2001:db8::2 4000 b;1 a;1", "# 127.80.0.1\n" },
		{ "LIE 1 192.0.2.1 4000 b;1 a;1", "# ::1 6\n" },
		{ "UEI6 2 2001:db8::1 4000 a;1", "# 127.80.0.1\n" },
		{ "LIE 2 192.0.2.2 4000 a;1 b;1", "# ::1 6\n" },
	};
	struct scene scene;

	scene_open_at(&scene, interfaces, 2, 21000, 21199);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* Names say which is which, whatever their order. */
static void test_interfaces_named_internal_and_external(void)
{
	static const char *const interfaces[] = { "other/127.80.0.3", "external/127.80.0.2",
						  "internal/127.80.0.1" };
	static const struct ask_row rows[] = {
		{ "UIE 1 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "L 1 192.0.2.2 4000 a b", "# 127.80.0.1\n" },
		{ "U 2 192.0.2.1 4000 a", "# 127.80.0.3\n" },
		{ "UL{internal} 3 192.0.2.1 4000 a", "# 127.80.0.1\n" },
	};
	struct scene scene;

	scene_open_at(&scene, interfaces, 3, 21000, 21199);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* The address that phones get in place of our own. */
static void test_advertised_address(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!198.51.100.7" };
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a", "# 198.51.100.7\n" },
		{ "UL198.51.100.7 d 192.0.2.1 4000 a", "# 198.51.100.7\n" },
		{ "UL127.80.0.1 e 192.0.2.1 4000 a", "# 198.51.100.7\n" },
	};
	struct scene scene;

	scene_open_at(&scene, interfaces, 1, 21000, 21199);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/*
 * Bridged or not: media is sent to the latched source of the phone, and unknown sources are
 * refused.
 */
static void test_bridging_does_not_imply_asymmetric(void)
{
	static const char *const letters[] = { "", "IE", "EI", "EE", "II", "E" };
	struct scene scene;
	char text[64];

	scene_open(&scene);
	for (size_t i = 0; i < COUNT(letters); i++) {
		const struct bridge_conf *conf;

		snprintf(text, sizeof(text), "U%s c 192.0.2.1 4000 a", letters[i]);
		ask(&scene, text);
		ask(&scene, "L c 192.0.2.2 4000 a b");
		conf = bridge_conf(ask_dialog(&scene)->media[0]->bridge);
		for (int side = 0; side < 2; side++) {
			CU_ASSERT_FALSE(conf->side[side].flags & SIDE_ASYMMETRIC);
			CU_ASSERT_EQUAL(conf->side[side].latching, LATCH_SMART);
			CU_ASSERT(endpoint_is_set(&conf->side[side].sip));
		}
		ask(&scene, "D c a");
	}
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_local, { "local addresses", test_local_addresses },
	   { "one interface of one family", test_one_interface_of_one_family },
	   { "one interface of both families", test_one_interface_of_both_families },
	   { "interfaces named internal and external",
	     test_interfaces_named_internal_and_external },
	   { "advertised address", test_advertised_address },
	   { "bridging does not imply asymmetric", test_bridging_does_not_imply_asymmetric });
