/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp.c - the classic rtpproxy protocol: each command and each error as a row
 */
#include "rtpp_ask.h"

static void test_version_and_features(void)
{
	static const struct ask_row rows[] = {
		{ "V", "20040107\n" },
		{ "v", "20040107\n" },
		{ "  V\r\n", "20040107\n" },
		{ "V x", "E1\n" },
		{ "Vx", "E2\n" },
		{ "VFF 20050322", "E2\n" },
		{ "VF", "E1\n" },
		{ "VF 20050322 20050322", "E1\n" },
		{ "vf 20050322", "1\n" },
		{ "VF 20040107", "1\n" },
		{ "VF 20060704", "1\n" },
		{ "VF 20080403", "1\n" },
		{ "VF 20081102", "1\n" },
		{ "VF 20090810", "1\n" },
		{ "VF 20140323", "1\n" },
		{ "VF 20141004", "1\n" },
		{ "VF 20150330", "1\n" },
		{ "VF 20150420", "1\n" },
		{ "VF 20191015", "1\n" },
		{ "VF 20230205", "1\n" },
		{ "VF 20230314", "1\n" },
		{ "VF 20251015", "1\n" },
		{ "VF 20260306", "1\n" },
		{ "VF 20260308", "1\n" },
		/*
		 * What is not supported: repacketizing, copies, notices (none is configured),
		 * recordings, ...
		 */
		{ "VF 20071116", "0\n" },
		{ "VF 20071218", "0\n" },
		{ "VF 20081224", "0\n" },
		{ "VF 20140617", "0\n" },
		{ "VF 20150617", "0\n" },
		{ "VF 20170313", "0\n" },
		{ "VF 20200226", "0\n" },
		{ "VF 20230424", "0\n" },
		{ "VF 20250523", "0\n" },
		{ "VF 20260309", "0\n" },
		{ "VF 99999999", "0\n" },
		{ "VF x", "0\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

#define U4 " c 192.0.2.1 4000 a"

static void test_each_mistake_has_its_number(void)
{
	static const struct ask_row rows[] = {
		{ "", "E5\n" },
		{ " \t\r\n", "E5\n" },
		{ "&& V", "E5\n" },
		{ "a b c d e f g h i j k l m n o p q r s t u v w x", "E5\n" },
		{ "Y", "E0\n" },
		{ "\xff", "E0\n" },
		{ "U", "E1\n" },
		{ "U c 192.0.2.1 4000", "E1\n" },
		{ "U c 192.0.2.1 4000 a b n t x", "E1\n" },
		{ "L c 192.0.2.1 4000", "E1\n" },
		{ "L c 192.0.2.1 4000 a b x", "E1\n" },
		{ "D c", "E1\n" },
		{ "D c a b x", "E1\n" },
		{ "Q c", "E1\n" },
		{ "Q c a b 1 2 3 4 5 6 7 8 9 10 11 12 13", "E1\n" },
		{ "I x", "E1\n" },
		{ "X x", "E1\n" },
		{ "S c", "E1\n" },
		{ "P c p session", "E1\n" },
		{ "R c", "E1\n" },
		{ "C c t", "E1\n" },
		{ "N c", "E1\n" },
		{ "Xa", "E2\n" },
		{ "Sx c a", "E2\n" },
		{ "V && D", "E3\n" },
		{ "D c a && D", "E3\n" },
		{ "U" U4 " && Z", "E3\n" },
		{ "U" U4 " && M3:1 Dd5", "E3\n" },
		{ "U" U4 " && L 192.0.2.2 4000", "E3\n" },
		{ "L c 192.0.2.1 4000 a b && L 192.0.2.2 4000", "E3\n" },
		{ "L" U4 " && L 192.0.2.2 4000", "E3\n" },
		{ "Q c a b && L 192.0.2.2 4000", "E3\n" },
		{ "U" U4 " b && L 192.0.2.2 4000 && L 192.0.2.3 4000", "E3\n" },
		{ "U" U4 " b && C a b", "E3\n" },
		{ "I && D", "E3\n" },
		{ "G && D", "E3\n" },
		{ "X && D", "E3\n" },
		{ "S c a && D", "E3\n" },
		{ "P c p 0 a && D", "E3\n" },
		{ "R c a && D", "E3\n" },
		{ "C c t a && D", "E3\n" },
		{ "N c a && D", "E3\n" },
		{ "U" U4 " &&", "E5\n" },
		{ "U" U4 " && && D", "E5\n" },
		{ "U" U4 " && D && D && D && D && D && D && D && D && D && D && D && D && D && D "
		  "&& D && D",
		  "E5\n" },
		{ "Nx c a", "E6\n" },
		{ "Rx c a", "E7\n" },
		{ "Cx c t a", "E7\n" },
		{ "Dx c a", "E8\n" },
		{ "Gx", "E9\n" },
		{ "UIEI" U4, "E12\n" },
		{ "UIEE" U4, "E11\n" },
		{ "UZ" U4, "E13\n" },
		{ "UZ0" U4, "E13\n" },
		{ "UZ1000" U4, "E13\n" },
		{ "UC" U4, "E14\n" },
		{ "UC0,8C9" U4, "E14\n" },
		{ "UL" U4, "E15\n" },
		{ "UL1.2.3" U4, "E15\n" },
		{ "UL[::1" U4, "E15\n" },
		{ "UL{}" U4, "E15\n" },
		{ "UL{pub" U4, "E15\n" },
		{ "UR" U4, "E16\n" },
		{ "UR[192.0.2.1]" U4, "E16\n" },
		{ "UR255.255.255.255" U4, "E32\n" }, /* not permitted as a destination */
		{ "Px c p session a", "E17\n" },
		{ "P-2 c p session a", "E17\n" },
		{ "Ix", "E18\n" },
		{ "Qx c a", "E19\n" },
		{ "UL192.0.2.9" U4, "E31\n" },
		{ "UL{nowhere}" U4, "E31\n" },
		{ "U?" U4, "E35\n" },
		{ "UT60" U4, "E35\n" },
		{ "U7" U4, "E35\n" },
		{ "LX" U4, "E35\n" },
		{ "U c 192.0.2.1 x a", "E37\n" },
		{ "U c 192.0.2.1 65536 a", "E37\n" },
		{ "U c 192.0.2.1 -1 a", "E37\n" },
		{ "U c 192.0.2.1 99999999999999999999999 a", "E37\n" },
		{ "U c 192.0.2 4000 a", "E37\n" },
		{ "U c 192.0.2.1.1 4000 a", "E37\n" },
		{ "U c 2001:db8::1 4000 a", "E37\n" },
		{ "U6 c 192.0.2.1 4000 a", "E37\n" },
		{ "U c phone.example 4000 a", "E37\n" },
		{ "U c 1111111111111111111111111111111111111111111111111111111 4000 a", "E37\n" },
		{ "D c a", "E50\n" },
		{ "Q c a", "E50\n" },
		{ "S c a", "E50\n" },
		{ "P c p session a", "E50\n" },
		{ "R c a", "E50\n" },
		{ "C c t a", "E50\n" },
		{ "N c a", "E50\n" },
		{ "G nsess_created nonsense", "E68\n" },
		{ "U c 192.0.2.1 4000 a unix:/tmp/x tag", "E75\n" },
		{ "U c 192.0.2.1 4000 a b unix:/tmp/x tag", "E75\n" },
		{ "L c 192.0.2.1 4000 a b", "0\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_STRING_EQUAL(ask_str(&scene, (struct str){ "V\0", 2 }), "E5\n");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 0);
	CU_ASSERT(scene_close(&scene));
}

/*
 * OpenSIPS treats E7 to E10 as answers of a broken relay to U or L, and does not use it for a
 * minute.
 */
static void test_no_mistake_in_u_or_l_means_a_broken_relay(void)
{
	static const char bytes[] = "AaSsWw6NnIiEeZzCcLlRr0129,.[]{}:;%?TXMP&\x01\x80";
	struct scene scene;
	char text[128];

	scene_open(&scene);
	for (unsigned int i = 0; i < 4 * sizeof(bytes) * sizeof(bytes); i++) {
		char a = bytes[i / 4 % (sizeof(bytes) - 1)],
		     b = bytes[i / 4 / sizeof(bytes) % (sizeof(bytes) - 1)];
		int number;

		snprintf(text, sizeof(text), "%c%c%c c 192.0.2.1 4000 a%s", i & 1 ? 'U' : 'L', a, b,
			 i & 2 ? " b unix:/x %zz" : "");
		ask(&scene, text);
		if (sscanf(ask_answer, "E%d", &number) == 1)
			CU_ASSERT(number < 7 || number > 10);
		ask(&scene, "X");
		CU_ASSERT_FATAL(scene_settle(&scene)); /* the ports are free again: else it is E7 */
	}
	CU_ASSERT(scene_close(&scene));
}

/* Captured from a proxy with another relay; addresses are replaced by ours. */
static void test_captured_conversation(void)
{
	static const struct ask_row rows[] = {
		{ "V", "20040107\n" },
		{ "VF 20050322", "1\n" },
		{ "Uc8,101 e93e0be3f5e81a1b 198.51.100.101 16656 9d504f06cc1868b4;1",
		  "# 127.80.0.1\n" },
		{ "Uc96 e93e0be3f5e81a1b 198.51.100.101 16478 9d504f06cc1868b4;2",
		  "# 127.80.0.1\n" },
		{ "Lc8,101 e93e0be3f5e81a1b 198.51.100.102 16108 9d504f06cc1868b4;1 "
		  "f0009ff3dc721938;1",
		  "# 127.80.0.1\n" },
		{ "Uc8,101 bc8e574e42ecb890 198.51.100.101 16496 ff5d314d53151e17;1",
		  "# 127.80.0.1\n" },
		{ "Uc8,101 bc8e574e42ecb890 198.51.100.101 16496 ff5d314d53151e17;1 "
		  "931e3b3aa09bc6d0;1",
		  "# 127.80.0.1\n" },
		{ "D e93e0be3f5e81a1b 9d504f06cc1868b4 f0009ff3dc721938", "0\n" },
		{ "D bc8e574e42ecb890 931e3b3aa09bc6d0 ff5d314d53151e17", "0\n" },
		{ "Uc8,101 d39c36dec98ef63e 198.51.100.101 16496 495d2626824513d3;1",
		  "# 127.80.0.1\n" },
		{ "D d39c36dec98ef63e 495d2626824513d3", "0\n" },
		{ "D d39c36dec98ef63e 495d2626824513d3", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_subcommands(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1 b;1 && L 192.0.2.2 5000",
		  "# 127.80.0.1 && # 127.80.0.1\n" },
		{ "Q c a;1 && S ttl=7", "# 0 0 0 0\n" },
		{ "Q c a;1", "7 0 0 0 0\n" },
		{ "Q c a;1 && Sr tos=184 && S tos=256", "7 0 0 0 0 && 0 && -1\n" },
		{ "Q c a;1 && S ttl=0", "7 0 0 0 0 && -1\n" },
		{ "Q c a;1 && S ttl=9 x", "7 0 0 0 0 && -1\n" },
		{ "Q c a;1 && D x && D", "7 0 0 0 0 && -1\n" },
		{ "Q c a;1", "E50\n" },
		{ "U c 192.0.2.1 4000 a;1 b;1 && L 192.0.2.2 x", "# 127.80.0.1 && -1\n" },
		{ "L c 192.0.2.2 5000 a;1 b;1 && D", "# 127.80.0.1\n" },
		{ "D c a", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

static void test_nothing_is_played_or_recorded_unless_configured(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "P c prompt session a;1", "E35\n" },
		{ "P c prompt 0,8 a;1", "E60\n" },
		{ "Uc8 c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "P-1 c prompt session a;1 b;1", "E60\n" },
		{ "P0 c prompt session a;1", "0\n" },
		{ "S c a;1", "0\n" },
		{ "R c a", "E50\n" },
		{ "RS c a b", "E50\n" },
		{ "C c file a;1", "E65\n" },
		{ "Csp c udp:192.0.2.9:4000 a;1", "E65\n" },
		{ "N c a;1", "0\n" },
		{ "NA c a;1 b;1", "0\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* Without recording-dir no file is written, whatever the Call-ID is. */
static void test_call_ids_are_no_paths(void)
{
	static const struct ask_row rows[] = {
		{ "U /../tmp/rtprelay-x 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "R /../tmp/rtprelay-x a", "E50\n" },
		{ "C /../tmp/rtprelay-x /tmp/rtprelay-x a;1", "E65\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(access("/tmp/rtprelay-x", F_OK), -1);
	CU_ASSERT(scene_close(&scene));
}

/* A proxy reads 255 bytes, including its cookie and the LF. */
static void test_answers_fit_where_proxies_read(void)
{
#define NAMES8                                                                                     \
	" loss_percent loss_percent loss_percent loss_percent loss_percent loss_percent "          \
	"loss_percent loss_percent"
	static const struct ask_row rows[] = {
		{ "U6 c 2001:db8::1 4000 a b && L6 2001:db8::2 4000 && D x && D x && D x && D x && "
		  "D x && D x && D x && "
		  "D x && D x && D x && D x && D x && D x && D x",
		  "# ::1 6 && # ::1 6 && -1 && -1 && -1 && -1 && -1 && -1 && -1 && -1 && -1 && -1 "
		  "&& -1 && -1 && -1 && "
		  "-1\n" },
		{ "Qv c a b" NAMES8 " mos mos mos",
		  "loss_percent=0.000000 loss_percent=0.000000 loss_percent=0.000000 "
		  "loss_percent=0.000000 loss_percent=0.000000 loss_percent=0.000000 "
		  "loss_percent=0.000000 loss_percent=0.000000 mos=0.000000 mos=0.000000 "
		  "mos=0.000000\n" },
		{ "Qv c a b" NAMES8 " loss_percent loss_percent loss_percent loss_percent",
		  "E26\n" },
		/* Nothing is done if the answer does not fit. */
		{ "Qv c a b" NAMES8 " loss_percent loss_percent mos mos && D x && D x && D",
		  "E26\n" },
		{ "Q c a b && D", "60 0 0 0 0\n" },
	};
	char cookie[RTPP_REPLY] = "1234567_1234567890 ";
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	ask(&scene, "U c 192.0.2.1 4000 a b");
	/* The longest answer that fits without a cookie does not fit with one. */
	for (size_t len = 0; len < 50; len++) {
		struct buf out = BUF_INIT(cookie, sizeof(cookie));

		out.len = len;
		rtpp_run(&scene.env, NULL, &ask_proxy, str_of("Qv c a b" NAMES8 " mos mos ttl ttl"),
			 &out);
		CU_ASSERT(out.len <= 255);
		CU_ASSERT_EQUAL(out.len == len + 4, len > 254 - 219);
	}
	CU_ASSERT(scene_close(&scene));
}

static void test_x_ends_all(void)
{
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "U d 192.0.2.1 4000 a;1");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "X"), "0\n");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT_EQUAL(scene.stats.calls_timeout, 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_out_of_memory_changes_nothing(void)
{
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U other 192.0.2.1 4000 a;1");
	ALLOC_FAILS_AT_EACH
	{
		const char *said = ask(&scene, "U c 192.0.2.1 4000 a;1 b;1 && L 192.0.2.2 4000");

		CU_ASSERT(!strcmp(said, "E81\n") || !strcmp(said, "E7\n") ||
			  ask_matches(said, "# 127.80.0.1 && -1\n") ||
			  ask_matches(said, "# 127.80.0.1 && # 127.80.0.1\n"));
		if (said[0] == 'E')
			CU_ASSERT_EQUAL(call_table_count(scene.calls), 1);
		ask(&scene, "D c a");
	}
	CU_ASSERT(ask_matches(ask(&scene, "Q other a"), "# 0 0 0 0\n"));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp, { "answers fit where proxies read", test_answers_fit_where_proxies_read },
	   { "version and features", test_version_and_features },
	   { "each mistake has its number", test_each_mistake_has_its_number },
	   { "no mistake in U or L means a broken relay",
	     test_no_mistake_in_u_or_l_means_a_broken_relay },
	   { "captured conversation", test_captured_conversation },
	   { "subcommands", test_subcommands },
	   { "nothing is played or recorded unless configured",
	     test_nothing_is_played_or_recorded_unless_configured },
	   { "call-ids are no paths", test_call_ids_are_no_paths },
	   { "x ends all", test_x_ends_all },
	   { "out of memory changes nothing", test_out_of_memory_changes_nothing });
