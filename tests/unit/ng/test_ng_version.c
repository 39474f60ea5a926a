/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_version.c - force-increment-sdp-ver; internal and external as names of address families
 */
#include "tests/unit/ng/ng_talk.h"

#define A(version)	 HEAD("a 7 " version " IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO
#define B(version)	 HEAD("b 3 " version " IN IP4 192.0.2.2", "IP4 192.0.2.2") AUDIO
#define SHOWN_B(version) OK(HEAD("a 7 " version " IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED TAIL)
#define SHOWN_A(version) OK(HEAD("b 3 " version " IN IP4 192.0.2.2", "IP4 127.80.0.2") RELAYED TAIL)
#define RAISE		 ",\"replace\":[\"force-increment-sdp-ver\"]"
#define RAISE_FLAG	 ",\"flags\":[\"replace-force-increment-sdp-ver\"]"
#define KEEP_VERSION	 ",\"replace\":[\"SDP-version\"]"

static void test_raise(void)
{
	static const struct talk talks[] = {
		{ "always one more, also if nothing changed",
		  { { OFFER(RAISE SDP(A("9"))), SHOWN_B("10") },
		    { ANSWER(RAISE SDP(B("4"))), SHOWN_A("5") },
		    { OFFER(RAISE_FLAG SDP(A("9"))), SHOWN_B("11") },
		    { OFFER(RAISE SDP(A("30"))), SHOWN_B("12") },
		    { ANSWER(RAISE SDP(B("4"))), SHOWN_A("6") } } },
		{ "together with SDP-version",
		  { { OFFER(KEEP_VERSION SDP(A("9"))), SHOWN_B("9") },
		    { OFFER(KEEP_VERSION SDP(A("10"))), SHOWN_B("9") },
		    { OFFER(RAISE SDP(A("10"))), SHOWN_B("10") },
		    { OFFER(KEEP_VERSION SDP(A("10"))), SHOWN_B("10") } } },
	};

	run_talks(talks, COUNT(talks));
}

#define DIRECTION(from, to, more)                                                                  \
	"{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"direction\":[\"" from       \
	"\",\"" to "\"]" more                                                                      \
	SDP(OF_A AUDIO) "}"
#define OF_A6 HEAD("a 7 9 IN IP6 2001:db8::1", "IP6 2001:db8::1")
#define TO_B6 HEAD("a 7 9 IN IP4 192.0.2.1", "IP6 ::1")

static void test_families(void)
{
	static const struct talk talks[] = {
		{ "internal to external: IPv4 to IPv6",
		  { { DIRECTION("internal", "external", ""), OK(TO_B6 RELAYED TAIL) },
		    { ANSWER(SDP(HEAD("b 3 4 IN IP6 2001:db8::2", "IP6 2001:db8::2") AUDIO)),
		      OK(HEAD("b 3 4 IN IP6 2001:db8::2", "IP4 127.80.0.1") RELAYED TAIL) } } },
		{ "external to internal: IPv6 to IPv4, as flags",
		  { { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"flags\":["
		      "\"external\",\"internal\"]" SDP(OF_A6 AUDIO) "}",
		      OK(HEAD("a 7 9 IN IP6 2001:db8::1", "IP4 127.80.0.1") RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)),
		      OK(HEAD("b 3 4 IN IP4 192.0.2.2", "IP6 ::1") RELAYED TAIL) } } },
		{ "address-family has priority",
		  { { DIRECTION("priv", "external", ",\"address-family\":\"IP4\""),
		      OK(TO_B RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

/* Which local addresses both sides have, with these interfaces. */
static void check_locals(const char *const *interfaces, size_t n, const char *expected)
{
	struct request request = {
		.call_id = STR("c"),
		.from_tag = STR("a"),
		.sdp = STR("v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			   "m=audio 4000 RTP/AVP 0\n"),
		.tos = TOS_UNSET,
		.direction = { STR("internal"), STR("external") },
	};
	char a[ENDPOINT_TEXT], b[ENDPOINT_TEXT], both[2 * ENDPOINT_TEXT + 1];
	const struct dialog *dialog;
	struct scene scene;

	scene_open_at(&scene, interfaces, n, 21000, 21019);
	CU_ASSERT_EQUAL_FATAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	dialog = call_find(scene.calls, STR("c"))->dialogs;
	snprintf(both, sizeof(both), "%s %s",
		 endpoint_print_addr(&dialog->party[SIDE_A].local->bind, a),
		 endpoint_print_addr(&dialog->party[SIDE_B].local->bind, b));
	CU_ASSERT_STRING_EQUAL(both, expected);
	CU_ASSERT(scene_close(&scene));
}

static void test_names_of_interfaces(void)
{
	static const char *const named[] = { "internal/127.80.0.1", "external/127.80.0.2",
					     "six/::1" };
	static const char *const one_named[] = { "x/127.80.0.1", "external/127.80.0.2", "six/::1" };
	static const char *const four[] = { "x/127.80.0.1", "y/127.80.0.2" };
	static const char *const both[] = { "six/::1", "x/127.80.0.3", "y/127.80.0.2" };

	check_locals(named, COUNT(named), "127.80.0.1 127.80.0.2");
	check_locals(one_named, COUNT(one_named), "127.80.0.1 127.80.0.2");
	check_locals(four, COUNT(four), "127.80.0.1 127.80.0.1");
	check_locals(both, COUNT(both), "127.80.0.3 ::1");
}

TEST_SUITE(ng_version, { "force-increment-sdp-ver: always one more", test_raise },
	   { "internal and external mean families", test_families },
	   { "unless interfaces have these names", test_names_of_interfaces });
