/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_rtpp.c - the classic rtpproxy protocol: each command and each error as a row; what sessions mean for calls
 *
 * In what is expected "#" stands for a port.
 */
#include "daemon/rtpp.h"
#include "scene.h"
#include "test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

static char answer[RTPP_REPLY + 1];

static const char *ask_str(struct scene *scene, struct str text)
{
	struct buf out = BUF_INIT(answer, sizeof(answer) - 1);

	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	rtpp_run(&scene->env, NULL, &proxy, text, &out);
	worker_pool_flush(scene->workers);
	answer[out.len] = '\0';
	return answer;
}

static const char *ask(struct scene *scene, const char *text)
{
	return ask_str(scene, str_of(text));
}

static bool matches(const char *said, const char *expected)
{
	for (; *expected; expected++) {
		if (*expected != '#') {
			if (*said++ != *expected)
				return false;
			continue;
		}
		if (*said < '1' || *said > '9')
			return false;
		while (*said >= '0' && *said <= '9')
			said++;
	}
	return !*said;
}

struct row {
	const char *command, *expected;
};

static void check_rows(struct scene *scene, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool right = matches(ask(scene, rows[i].command), rows[i].expected);

		if (!right)
			printf("\n\"%s\" was answered \"%s\", not \"%s\"\n", rows[i].command,
			       answer, rows[i].expected);
		CU_ASSERT(right);
	}
}

#define CHECK_ROWS(scene, rows) check_rows(scene, rows, sizeof(rows) / sizeof(*(rows)))

static unsigned int port_of(const char *reply)
{
	return (unsigned int)strtoul(reply, NULL, 10);
}

static void test_version_and_features(void)
{
	static const struct row rows[] = {
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
		/* What we don't have: repacketizing, copies, notices (nobody is configured), recordings, ... */
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
	CHECK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

#define U4 " c 192.0.2.1 4000 a"

static void test_each_mistake_has_its_number(void)
{
	static const struct row rows[] = {
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
	CHECK_ROWS(&scene, rows);
	CU_ASSERT_STRING_EQUAL(ask_str(&scene, (struct str){ "V\0", 2 }), "E5\n");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 0);
	CU_ASSERT(scene_close(&scene));
}

/* OpenSIPS takes E7 to E10 as an answer to U or L for a broken relay, and gives it up for a minute. */
static void test_no_mistake_in_u_or_l_says_broken(void)
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
		if (sscanf(answer, "E%d", &number) == 1)
			CU_ASSERT(number < 7 || number > 10);
		ask(&scene, "X");
	}
	CU_ASSERT(scene_close(&scene));
}

/* As a proxy has said it, with another relay; its addresses are ours. */
static void test_captured_conversation(void)
{
	static const struct row rows[] = {
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
	CHECK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

static const struct dialog *the_dialog(const struct scene *scene)
{
	return scene->calls->calls ? scene->calls->calls->dialogs : NULL;
}

static bool sdp_is(const struct scene *scene, size_t index, enum side side, const char *expected)
{
	const struct media *media = dialog_media(the_dialog(scene), index);
	char text[ENDPOINT_TEXT];

	return media &&
	       !strcmp(endpoint_print(&bridge_conf(media->bridge)->side[side].sdp[COMP_RTP], text),
		       expected);
}

static void test_either_side_may_offer_again(void)
{
	unsigned int to_callee, to_caller;
	struct scene scene;

	scene_open(&scene);
	to_callee = port_of(ask(&scene, "U c 192.0.2.1 4000 a;1"));
	to_caller = port_of(ask(&scene, "L c 192.0.2.2 5000 a;1 b;1"));
	CU_ASSERT(to_callee && to_caller && to_callee != to_caller);
	CU_ASSERT(!(to_callee % 2) && !(to_caller % 2));
	/* The same again, and another address, keep the port. */
	CU_ASSERT_EQUAL(port_of(ask(&scene, "U c 192.0.2.1 4000 a;1 b;1")), to_callee);
	CU_ASSERT_EQUAL(port_of(ask(&scene, "U c 192.0.2.1 4002 a;1 b;1")), to_callee);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4002"));
	/* The callee offers, the caller answers. */
	CU_ASSERT_EQUAL(port_of(ask(&scene, "U c 192.0.2.2 5002 b;1 a;1")), to_caller);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_B, "192.0.2.2:5002"));
	CU_ASSERT_EQUAL(port_of(ask(&scene, "L c 192.0.2.1 4004 b;1 a;1")), to_callee);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4004"));
	/* A number on the one tag alone; a To-tag that nobody knows. */
	CU_ASSERT_EQUAL(port_of(ask(&scene, "U c 192.0.2.2 5004 b;1 a")), to_caller);
	CU_ASSERT_EQUAL(port_of(ask(&scene, "L c 192.0.2.1 4006 dummy;1 a;1")), to_callee);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4006"));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_medias_of_a_party_are_of_one_dialog(void)
{
	unsigned int first, second;
	struct scene scene;

	scene_open(&scene);
	first = port_of(ask(&scene, "U c 192.0.2.1 4000 a;1"));
	second = port_of(ask(&scene, "U c 192.0.2.1 4002 a;2"));
	CU_ASSERT(first != second);
	CU_ASSERT_PTR_NULL(the_dialog(&scene)->next);
	CU_ASSERT_EQUAL(the_dialog(&scene)->n_media, 2);
	CU_ASSERT(sdp_is(&scene, 1, SIDE_A, "192.0.2.1:4002"));
	/* What was not offered is not answered. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "L c 192.0.2.2 5000 a;3 b;3"), "0\n");
	/* One of them ends, then the other. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a;2"), "0\n");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;2"), "E50\n");
	CU_ASSERT(matches(ask(&scene, "Q c a;1"), "# 0 0 0 0\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a;2"), "E50\n");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a;1"), "0\n");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_takes_tags_either_way_round(void)
{
	static const struct row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "D c x", "E50\n" },
		{ "D c x a", "0\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "D c a x", "0\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4000 a;2", "# 127.80.0.1\n" },
		{ "D c a", "0\n" },
		{ "D c a", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	CHECK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

static void test_weak_users_come_and_go(void)
{
	static const struct row rows[] = {
		{ "U c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "UW c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "UW c 192.0.2.2 4000 b a", "# 127.80.0.1\n" },
		{ "D c a", "0\n" },
		{ "Q c a", "# 0 0 0 0\n" },
		{ "Dw c b a", "0\n" },
		{ "Q c a", "# 0 0 0 0\n" },
		{ "DW c a", "0\n" },
		{ "Q c a", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	CHECK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_subcommands(void)
{
	static const struct row rows[] = {
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
	CHECK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

static void test_local_addresses(void)
{
	static const struct row rows[] = {
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
		/* Letters of a later command change nothing, and neither do those of a new m= line's siblings. */
		{ "UEI 1 192.0.2.1 4000 a", "# 127.80.0.2\n" },
		{ "U 1 192.0.2.1 4000 a;2", "# 127.80.0.2\n" },
	};
	struct scene scene;

	scene_open(&scene);
	CHECK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

static void test_modifiers_reach_the_bridge(void)
{
	const struct bridge_conf *conf;
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "UaZ20c0,8,101 c 192.0.2.1 4000 a;1");
	conf = bridge_conf(the_dialog(&scene)->media[0]->bridge);
	CU_ASSERT(conf->side[SIDE_A].flags & SIDE_ASYMMETRIC);
	CU_ASSERT_FALSE(conf->side[SIDE_B].flags & SIDE_ASYMMETRIC);
	CU_ASSERT_EQUAL(conf->pts[0], 1 | 1 << 8);
	CU_ASSERT_EQUAL(conf->pts[1], UINT64_C(1) << (101 - 64));
	ask(&scene, "LASc9 c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_FALSE(conf->side[SIDE_B].flags & SIDE_ASYMMETRIC);
	CU_ASSERT_EQUAL(conf->pts[0], 1 | 1 << 8 | 1 << 9);
	/* Without payload types it may be a fax. */
	ask(&scene, "U c 192.0.2.1 4000 a;1 b;1");
	CU_ASSERT_EQUAL(conf->pts[0] | conf->pts[1], 0);
	/* A public address is also where SIP came from; a private one need not be. */
	CU_ASSERT(endpoint_is_set(&conf->side[SIDE_A].sip));
	ask(&scene, "U d 10.0.0.1 4000 a;1");
	conf = bridge_conf(call_find(scene.calls, STR("d"))->dialogs->media[0]->bridge);
	CU_ASSERT_FALSE(endpoint_is_set(&conf->side[SIDE_A].sip));
	CU_ASSERT(scene_close(&scene));
}

static void test_new_ports_on_demand(void)
{
	unsigned int before, after;
	struct scene scene;

	scene_open(&scene);
	before = port_of(ask(&scene, "U c 192.0.2.1 4000 a;1"));
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	after = port_of(ask(&scene, "UN c 192.0.2.1 4000 a;1 b;1"));
	CU_ASSERT(after && after != before);
	CU_ASSERT_EQUAL(port_of(ask(&scene, "U c 192.0.2.1 4000 a;1 b;1")), after);
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a"), "0\n");
	CU_ASSERT(scene_close(&scene));
}

static void test_hold_keeps_the_address(void)
{
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;1"), "60 0 0 0 0\n");
	CU_ASSERT(matches(ask(&scene, "U c 0.0.0.0 4000 a;1 b;1"), "# 127.80.0.1\n"));
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4000"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;1"), "3600 0 0 0 0\n");
	CU_ASSERT(scene_close(&scene));
}

/* A disabled m= line has port 0, and gets ports all the same. */
static void test_port_zero_gets_ports(void)
{
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT(matches(ask(&scene, "U c 192.0.2.1 0 a;2"), "# 127.80.0.1\n"));
	CU_ASSERT(sdp_is(&scene, 1, SIDE_A, "none"));
	CU_ASSERT(matches(ask(&scene, "L c 192.0.2.2 0 a;2 b;2"), "# 127.80.0.1\n"));
	CU_ASSERT(matches(ask(&scene, "U c 192.0.2.1 65535 a;3"), "# 127.80.0.1\n"));
	CU_ASSERT(scene_close(&scene));
}

static void test_players_and_recordings_are_not_there(void)
{
	static const struct row rows[] = {
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
	CHECK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* Bridged or not: to the phone media goes to where it comes from, and strangers are refused. */
static void test_bridging_does_not_make_asymmetric(void)
{
	static const char *const letters[] = { "", "IE", "EI", "EE", "II", "E" };
	struct scene scene;
	char text[64];

	scene_open(&scene);
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		const struct bridge_conf *conf;

		snprintf(text, sizeof(text), "U%s c 192.0.2.1 4000 a", letters[i]);
		ask(&scene, text);
		ask(&scene, "L c 192.0.2.2 4000 a b");
		conf = bridge_conf(the_dialog(&scene)->media[0]->bridge);
		for (int side = 0; side < 2; side++) {
			CU_ASSERT_FALSE(conf->side[side].flags & SIDE_ASYMMETRIC);
			CU_ASSERT_EQUAL(conf->side[side].latching, LATCH_SMART);
			CU_ASSERT(endpoint_is_set(&conf->side[side].sip));
		}
		ask(&scene, "D c a");
	}
	CU_ASSERT(scene_close(&scene));
}

/* Nothing is recorded, so that nothing is written anywhere, whatever a call is called. */
static void test_call_ids_are_no_paths(void)
{
	static const struct row rows[] = {
		{ "U /../tmp/rtprelay-x 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "R /../tmp/rtprelay-x a", "E50\n" },
		{ "C /../tmp/rtprelay-x /tmp/rtprelay-x a;1", "E65\n" },
	};
	struct scene scene;

	scene_open(&scene);
	CHECK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(access("/tmp/rtprelay-x", F_OK), -1);
	CU_ASSERT(scene_close(&scene));
}

static void test_numbers(void)
{
	static const struct row rows[] = {
		{ "I", "sessions created: 0\nactive sessions: 0\nactive streams: 0\npackets "
		       "received: 0\n"
		       "packets transmitted: 0\n" },
		{ "G", "\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4000 a;2", "# 127.80.0.1\n" },
		{ "IBL", "sessions created: 2\nactive sessions: 2\nactive streams: 8\npackets "
			 "received: 0\n"
			 "packets transmitted: 0\naverage load: 0.000000\n" },
		{ "L c 192.0.2.2 4000 a;1 b;1", "# 127.80.0.1\n" },
		{ "Q c a;1 b", "60 0 0 0 0\n" },
		{ "QV c a;1", "ttl=60 npkts_ina=0 npkts_ino=0 nrelayed=0 ndropped=0\n" },
		{ "Q c a;1 b;1 rtpa_nsent ttl rtpa_nrcvd rtpa_ndups rtpa_nlost rtpa_perrs",
		  "0 60 0 0 0 0\n" },
		{ "Qv c a;1 b;1 NRELAYED", "nrelayed=0\n" },
		{ "Q c a;1 b;1 ttl longest_ipi", "E62\n" },
		{ "D c a", "0\n" },
		{ "G nsess_created nsess_destroyed nsess_timeout nsess_complete", "2 2 0 2\n" },
		{ "Gv nsess_nortp nsess_owrtp nsess_nortcp nsess_owrtcp",
		  "nsess_nortp=2 nsess_owrtp=0 nsess_nortcp=2 nsess_owrtcp=0\n" },
		{ "G npkts_rcvd npkts_relayed npkts_discard npkts_played nplrs_created",
		  "0 0 0 0 0\n" },
		{ "G rtpa_nsent rtpa_nrcvd rtpa_ndups rtpa_nlost rtpa_perrs", "0 0 0 0 0\n" },
		{ "Gv pps_in", "pps_in=0.000000\n" },
		/* The one before, that is: one failed, and this one is not done yet. */
		{ "G ncmds_succd ncmds_errs ncmds_repld", "16 1 17\n" },
	};
	struct scene scene;

	scene_open(&scene);
	CHECK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

static void test_calls_of_either_protocol_are_the_same_calls(void)
{
	static const char sdp[] =
		"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP 0\r\n";
	struct request request = { .call_id = STR("ng"),
				   .from_tag = STR("a"),
				   .sdp = STR(sdp),
				   .limit = 32,
				   .tos = TOS_UNSET };
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	ask(&scene, "U classic 192.0.2.1 4000 a;1");
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	reply = scene_run(&scene, command_list, request);
	CU_ASSERT_EQUAL(reply.n_calls, 2);
	CU_ASSERT(str_eq(reply.calls[0], STR("classic")));
	/* Each ends the other's. */
	CU_ASSERT(matches(ask(&scene, "Q ng a"), "# 0 0 0 0\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D ng a"), "0\n");
	request.call_id = STR("classic");
	reply = scene_run(&scene, command_query, request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply.call);
	CU_ASSERT_EQUAL(reply.call->n_parties, 2);
	CU_ASSERT_EQUAL(reply.call->party[0].n_media, 1);
	scene_run(&scene, command_delete, request);
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q classic a"), "E50\n");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_all_ports_are_used_and_free_again(void)
{
	struct scene scene;
	char text[64];

	scene_open_ports(&scene, 21000, 21007); /* four pairs: two sessions */
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 2; i++) {
			snprintf(text, sizeof(text), "U %d.%d 192.0.2.1 4000 a", round, i);
			CU_ASSERT(matches(ask(&scene, text), "# 127.80.0.1\n"));
		}
		CU_ASSERT_STRING_EQUAL(ask(&scene, "U more 192.0.2.1 4000 a"), "E72\n");
		for (int i = 0; i < 2; i++) {
			snprintf(text, sizeof(text), "D %d.%d a", round, i);
			CU_ASSERT_STRING_EQUAL(ask(&scene, text), "0\n");
		}
		CU_ASSERT(scene_settle(&scene));
	}
	CU_ASSERT(matches(ask(&scene, "U c 192.0.2.1 4000 a"), "# 127.80.0.1\n"));
	CU_ASSERT(matches(ask(&scene, "U d 192.0.2.1 4000 a"), "# 127.80.0.1\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "UN c 192.0.2.1 4000 a"), "E71\n");
	scene.calls->conf.max_sessions = 2;
	CU_ASSERT_STRING_EQUAL(ask(&scene, "U e 192.0.2.1 4000 a"), "E98\n");
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

/* Somebody else answers after another offer: the first medium's answer tells it for all. */
static void test_another_answerer(void)
{
	struct scene scene;

	scene_open(&scene);
	for (int i = 1; i <= 2; i++)
		ask(&scene, i == 1 ? "U c 192.0.2.1 4000 a;1" : "U c 192.0.2.1 4002 a;2");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	ask(&scene, "L c 192.0.2.2 5002 a;2 b;2");
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "U c 192.0.2.1 4002 a;2");
	ask(&scene, "L c 192.0.2.3 5000 a;1 c;1");
	CU_ASSERT(the_dialog(&scene)->media[1]->flags & MEDIA_NEW_ANSWERER);
	CU_ASSERT_FALSE(the_dialog(&scene)->media[0]->flags & MEDIA_NEW_ANSWERER);
	ask(&scene, "L c 192.0.2.3 5002 a;2 c;2");
	CU_ASSERT_FALSE(the_dialog(&scene)->media[1]->flags & MEDIA_NEW_ANSWERER);
	CU_ASSERT(bridge_conf(the_dialog(&scene)->media[1]->bridge)->side[SIDE_B].flags &
		  SIDE_FRESH);
	CU_ASSERT(party_has_tag(&the_dialog(&scene)->party[SIDE_B], STR("c")));
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

		CU_ASSERT(!strcmp(said, "E81\n") || !strcmp(said, "E72\n") ||
			  matches(said, "# 127.80.0.1 && -1\n") ||
			  matches(said, "# 127.80.0.1 && # 127.80.0.1\n"));
		if (said[0] == 'E')
			CU_ASSERT_EQUAL(call_table_count(scene.calls), 1);
		ask(&scene, "D c a");
	}
	CU_ASSERT(matches(ask(&scene, "Q other a"), "# 0 0 0 0\n"));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp, { "version and features", test_version_and_features },
	   { "each mistake has its number", test_each_mistake_has_its_number },
	   { "no mistake in u or l says broken", test_no_mistake_in_u_or_l_says_broken },
	   { "captured conversation", test_captured_conversation },
	   { "either side may offer again", test_either_side_may_offer_again },
	   { "medias of a party are of one dialog", test_medias_of_a_party_are_of_one_dialog },
	   { "delete takes tags either way round", test_delete_takes_tags_either_way_round },
	   { "weak users come and go", test_weak_users_come_and_go },
	   { "subcommands", test_subcommands }, { "local addresses", test_local_addresses },
	   { "modifiers reach the bridge", test_modifiers_reach_the_bridge },
	   { "new ports on demand", test_new_ports_on_demand },
	   { "hold keeps the address", test_hold_keeps_the_address },
	   { "port zero gets ports", test_port_zero_gets_ports },
	   { "players and recordings are not there", test_players_and_recordings_are_not_there },
	   { "bridging does not make asymmetric", test_bridging_does_not_make_asymmetric },
	   { "call-ids are no paths", test_call_ids_are_no_paths }, { "numbers", test_numbers },
	   { "calls of either protocol are the same calls",
	     test_calls_of_either_protocol_are_the_same_calls },
	   { "all ports are used and free again", test_all_ports_are_used_and_free_again },
	   { "x ends all", test_x_ends_all }, { "another answerer", test_another_answerer },
	   { "out of memory changes nothing", test_out_of_memory_changes_nothing });
