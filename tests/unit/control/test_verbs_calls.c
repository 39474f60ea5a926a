/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verbs_calls.c - rtprelayctl calls, streams and call: what they ask, and what they print */
#include "control_scene.h"
#include "daemon/base/count.h"

#define CALLS                                                                                      \
	CALL("old", "4000", "12345,678", "100", "2.5", "", "2", "[0,4000]")                        \
	CALL("bad", "70", "5,6", "300", "0.5", ",\"mos\":2.1", "9",                                \
	     "[2000,65000],\"one-way\":\"b\"")                                                     \
	CALL("new", "7", "9999,1", "0", "9.5", ",\"mos\":4.3", "0", "[null,70000]")

static void test_calls_have_their_columns(void)
{
	CU_ASSERT_EQUAL(ask("calls", CALLS END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"calls\"}");
	squeeze(printed);
	CU_ASSERT_STRING_EQUAL(
		printed,
		"CALL-ID AGE STATE PATH CODEC CALLER CALLEE FROM A FROM B MOS LOSS JITTER DROPS "
		"HEARD A HEARD B\n"
		"old 1h06m answered user PCMU 192.0.2.1:4000 192.0.2.2:4002 12.3k 678 - 10.0% "
		"2.5ms 2 0s 4s\n"
		"bad 1:10 answered user PCMU 192.0.2.1:4000 192.0.2.2:4002 5 6 2.10 30.0% 0.5ms 9 "
		"2s 1:05\n"
		"new 7s answered user PCMU 192.0.2.1:4000 192.0.2.2:4002 9999 1 4.30 0.0% 9.5ms 0 "
		"never 1:10\n");
	CU_ASSERT_EQUAL(ask("calls --limit=2", CALLS END), EXIT_OK);
	CU_ASSERT(strstr(printed, "bad") && !strstr(printed, "new"));
}

static void test_calls_are_sorted(void)
{
	static const struct {
		const char *sort, *order[3];
	} rows[] = {
		{ "age", { "old", "bad", "new" } },	{ "packets", { "old", "new", "bad" } },
		{ "loss", { "bad", "old", "new" } },	{ "jitter", { "new", "old", "bad" } },
		{ "drops", { "bad", "old", "new" } },	{ "mos", { "bad", "new", "old" } },
		{ "call-id", { "bad", "new", "old" } }, { "heard", { "bad", "new", "old" } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[80];
		const char *at;

		snprintf(line, sizeof(line), "calls --tag=t --sort=%s", rows[i].sort);
		CU_ASSERT_EQUAL(ask(line, CALLS END), EXIT_OK);
		CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"calls\",\"tag\":\"t\"}");
		at = printed;
		for (size_t call = 0; call < 3 && at; call++)
			at = strstr(at, rows[i].order[call]);
		CU_ASSERT_PTR_NOT_NULL(at);
		if (!at)
			fprintf(stderr, "--sort=%s:\n%s", rows[i].sort, printed);
	}
}

static void test_all_of_many_calls_are_sorted(void)
{
	static char answer[600 * 400 + 64];
	size_t len = 0, lines = 0;

	for (int i = 0; i < 600; i++)
		len += (size_t)snprintf(answer + len, sizeof(answer) - len,
					"{\"type\":\"call\",\"call-id\":\"c%d\",\"drops\":%d}\n", i,
					i);
	strcpy(answer + len, END);
	CU_ASSERT_EQUAL(ask("calls --sort=drops", answer), EXIT_OK);
	for (const char *at = printed; (at = strchr(at, '\n')); at++)
		lines++;
	CU_ASSERT_EQUAL(lines, 601);
	CU_ASSERT_EQUAL(strncmp(strchr(printed, '\n'), "\nc599 ", 6), 0);
}

static void test_each_filter_is_sent(void)
{
	CU_ASSERT_EQUAL(ask("streams --call-id=c --tag=t --address=192.0.2.1 --path=user "
			    "--min-age=3 --max-mos=2.5 --one-way",
			    END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked,
			       "{\"v\":1,\"verb\":\"streams\",\"call-id\":\"c\",\"tag\":\"t\","
			       "\"address\":\"192.0.2.1\",\"path\":\"user\",\"min-age\":\"3\","
			       "\"max-mos\":\"2.5\",\"one-way\":\"yes\"}");
}

#define STREAM                                                                                     \
	"\"component\":\"rtp\",\"local\":\"203.0.113.1:30000\",\"signalled\":\"10.0.0.1:4000\","   \
	"\"latched\":\"192.0.2.1:4000\",\"to\":\"192.0.2.9:6000\",\"state\":\"locked\","           \
	"\"rank\":\"near\",\"nat\":\"both\",\"relatched\":2,\"path\":\"user\","                    \
	"\"packets-in\":101,\"bytes-in\":17372,\"packets-out\":55,\"bytes-out\":9460,"             \
	"\"errors-out\":4,\"kernel-packets-in\":0,\"last-in-ms\":7200,"                            \
	"\"drops\":{\"source\":3,\"kind\":5},\"rtp\":{\"ssrc\":255,\"pt\":8,\"expected\":200,"     \
	"\"lost\":20,\"reordered\":1,\"duplicate\":2,\"gaps\":6,\"jitter-ms\":1.5}"

static void test_streams_have_their_columns(void)
{
	CU_ASSERT_EQUAL(ask("streams", "{\"type\":\"stream\",\"call-id\":\"c\",\"side\":\"b\","
				       "\"media\":2," STREAM "}\n" END),
			EXIT_OK);
	squeeze(printed);
	CU_ASSERT_STRING_EQUAL(printed,
			       "CALL-ID SIDE M KIND LOCAL SIGNALLED HEARD LATCH NAT PATH IN OUT "
			       "LOSS JITTER DROPS\n"
			       "c b 2 rtp 203.0.113.1:30000 10.0.0.1:4000 192.0.2.1:4000 locked "
			       "both user 101 55 10.0% 1.5ms 8\n");
}

static void test_call_is_a_tree(void)
{
	CU_ASSERT_EQUAL(
		ask("call c",
		    CALL("c", "70", "1,2", "0", "0", ",\"mos\":4.1", "0",
			 "[0,0]") "{\"type\":\"party\","
				  "\"side\":\"a\",\"tag\":\"t1\",\"interface\":\"pub\","
				  "\"answered\":"
				  "true}\n"
				  "{\"type\":\"media\",\"media\":1,\"kind\":\"audio\",\"protocol\":"
				  "\"RTP/AVP\","
				  "\"codec\":\"PCMA\",\"flags\":[\"blocked\"],\"streams\":[{" STREAM
				  "}]}\n"
				  "{\"type\":\"party\",\"side\":\"b\",\"tag\":\"t2\",\"interface\":"
				  "\"pub\","
				  "\"answered\":false}\n" END),
		EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"call\",\"call-id\":\"c\"}");
	expect("caller, tag t1, interface pub\n");
	expect("callee, tag t2, interface pub (no answer yet)\n");
	expect("  media 1: audio RTP/AVP PCMA, blocked\n");
	expect("signalled 10.0.0.1:4000, accepted 192.0.2.1:4000 "
	       "(NAT: other address and port than signalled)\n");
	expect("times that another source took over: 2");
	expect("in 101 packets, 17372 bytes (0 by the kernel), last 7s ago\n");
	expect("out 55 packets to 192.0.2.9:6000, 4 could not be sent\n");
	expect("20 of 200 lost (10.0%) in 6 gaps, 1 reordered, 2 duplicate, jitter 1.5 ms\n");
	expect("dropped: source 3, kind 5\n");
}

/* A browser signals 0.0.0.0: that differs from each source, and says nothing about a NAT. */
static void test_call_without_signalled_place(void)
{
	CU_ASSERT_EQUAL(ask("call c", "{\"type\":\"media\",\"media\":1,\"streams\":[{"
				      "\"signalled\":\"0.0.0.0:9\","
				      "\"latched\":\"192.0.2.1:4000\"}]}\n" END),
			EXIT_OK);
	expect("signalled 0.0.0.0:9, accepted 192.0.2.1:4000\n");
}

static void test_call_says_which_side_is_not_heard(void)
{
	CU_ASSERT_EQUAL(ask("call c", CALL("c", "70", "1,1", "0", "0", ",\"one-way\":\"b\"", "0",
					   "[20,42000]") END),
			EXIT_OK);
	expect("  one-way: the callee has not been heard for 42s; below");
	CU_ASSERT_EQUAL(ask("call c", CALL("c", "70", "1,0", "0", "0", ",\"one-way\":\"a\"", "0",
					   "[null,20]") END),
			EXIT_OK);
	expect("  one-way: the caller was never heard; below");
	CU_ASSERT_EQUAL(ask("call c", CALL("c", "70", "1,1", "0", "0", "", "0", "[20,20]") END),
			EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(printed, "one-way"));
}

static void test_one_is_not_plural(void)
{
	CU_ASSERT_EQUAL(ask("call c", "{\"type\":\"media\",\"media\":1,\"streams\":[{"
				      "\"packets-in\":1,\"packets-out\":1}]}\n" END),
			EXIT_OK);
	expect("in 1 packet, 0 bytes");
	expect("out 1 packet to -");
}

static void test_debug_of_a_call(void)
{
	CU_ASSERT_EQUAL(ask("set --debug-call=c@d", END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"set\",\"debug-call\":\"c@d\"}");
	CU_ASSERT_EQUAL(ask("call c@d --debug",
			    "{\"type\":\"debug\",\"text\":\"    a=x \\\\x22\\u001b[2J\"}\n"
			    "{\"type\":\"debug\",\"text\":\"  two\"}\n" END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked,
			       "{\"v\":1,\"verb\":\"call\",\"debug\":true,\"call-id\":\"c@d\"}");
	CU_ASSERT_STRING_EQUAL(printed, "    a=x \\x22?[2J\n  two\n");
}

TEST_SUITE(verbs_calls, { "calls have their columns", test_calls_have_their_columns },
	   { "calls are sorted", test_calls_are_sorted },
	   { "all of many calls are sorted", test_all_of_many_calls_are_sorted },
	   { "each filter is sent", test_each_filter_is_sent },
	   { "streams have their columns", test_streams_have_their_columns },
	   { "a call is a tree", test_call_is_a_tree },
	   { "call without a signalled place", test_call_without_signalled_place },
	   { "call says which side is not heard", test_call_says_which_side_is_not_heard },
	   { "one is not plural", test_one_is_not_plural },
	   { "debug of a call", test_debug_of_a_call });
