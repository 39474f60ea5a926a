/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_streams.c - streams are listed with the counters that they have now */
#include <event2/buffer.h>
#include <jansson.h>
#include "control_proto.h"
#include "daemon/admin/admin.h"
#include "tests/unit/packet/talk_scene.h"

/* The answer's line for this stream, to be freed; NULL: there is none. */
static json_t *line_of(struct talk *t, const char *side, const char *component)
{
	static const struct conf relay_conf = { .kernel = KMOD_AUTO };
	const struct admin_conf conf = {
		.base = t->scene.base, .fd = -1, .calls = t->scene.calls, .conf = &relay_conf
	};
	struct evbuffer *out = evbuffer_new();
	struct admin *admin = admin_open(&conf);
	json_t *found = NULL;
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(admin);
	CU_ASSERT_EQUAL(admin_ask(admin, STR("{\"verb\":\"streams\"}"), out), 0);
	while (!found && (text = evbuffer_readln(out, NULL, EVBUFFER_EOL_LF))) {
		json_t *line = json_loads(text, 0, NULL);
		const char *at = json_string_value(json_object_get(line, "side"));
		const char *kind = json_string_value(json_object_get(line, "component"));

		if (at && kind && !strcmp(at, side) && !strcmp(kind, component))
			found = json_incref(line);
		json_decref(line);
		free(text);
	}
	admin_close(admin);
	evbuffer_free(out);
	CU_ASSERT_PTR_NOT_NULL(found);
	return found;
}

static int64_t number(const json_t *line, const char *key)
{
	return json_integer_value(json_object_get(line, key));
}

/* No sweep has read the flows since. */
static void test_counters_of_the_kernel_are_read(void)
{
	struct fake_flow *flow;
	struct talk t;
	json_t *line;

	talk_in_kernel(&t);
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->packets = 1000;
	flow->bytes = 172000;
	flow->refused = 7;
	line = line_of(&t, "a", "rtp");
	CU_ASSERT_EQUAL(number(line, "kernel-packets-in"), 1000);
	CU_ASSERT_EQUAL(number(line, "packets-in"), 1001);
	CU_ASSERT_EQUAL(number(line, "bytes-in"), 172172);
	CU_ASSERT_EQUAL(number(json_object_get(line, "drops"), "source"), 7);
	json_decref(line);
	talk_close(&t);
}

/* The caller sends three packets, the callee one. */
static void test_what_comes_in_is_not_what_goes_out(void)
{
	struct worker_totals totals;
	struct talk t;
	json_t *line;

	talk_open(&t, false);
	all_send(&t);
	phone_sends(&t, SIDE_A, COMP_RTP);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, (worker_pool_totals(t.scene.workers, &totals), totals.packets == 6));
	line = line_of(&t, "a", "rtp");
	CU_ASSERT_EQUAL(number(line, "packets-in"), 3);
	CU_ASSERT_EQUAL(number(line, "bytes-in"), 3 * 172);
	CU_ASSERT_EQUAL(number(line, "packets-out"), 1);
	CU_ASSERT_EQUAL(number(line, "bytes-out"), 172);
	json_decref(line);
	line = line_of(&t, "b", "rtp");
	CU_ASSERT_EQUAL(number(line, "packets-in"), 1);
	CU_ASSERT_EQUAL(number(line, "packets-out"), 3);
	CU_ASSERT_EQUAL(number(line, "bytes-out"), 3 * 172);
	json_decref(line);
	talk_close(&t);
}

/* The caller's place is not known yet; the relay does no ICE, so that latching finds it. */
static struct reply signal_zero(struct talk *t)
{
	static const char sdp[] = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n"
				  "t=0 0\r\nm=audio 9 RTP/AVP 0\r\na=ice-ufrag:abcd\r\n"
				  "a=ice-pwd:0123456789abcdef012345\r\n";
	const struct request request = { .call_id = STR("call"),
					 .from_tag = STR("a"),
					 .sdp = { sdp, sizeof(sdp) - 1 },
					 .reject_ice = true,
					 .tos = TOS_UNSET };

	return scene_run(&t->scene, command_offer, request);
}

static bool signals(struct talk *t, const char *place)
{
	json_t *line = line_of(t, "a", "rtp");
	const char *text = json_string_value(json_object_get(line, "signalled"));
	bool found = text && !strncmp(text, place, strlen(place));

	json_decref(line);
	return found;
}

/* As browsers do: each source differs from 0.0.0.0, and that says nothing about a NAT. */
static void test_zero_is_no_place(void)
{
	struct worker_totals totals;
	struct talk t;
	json_t *line;

	talk_open(&t, false);
	all_send(&t);
	UNTIL(&t, (worker_pool_totals(t.scene.workers, &totals), totals.packets == 4));
	line = line_of(&t, "a", "rtp");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "nat")), "none");
	json_decref(line);
	CU_ASSERT_EQUAL(signal_zero(&t).code, REPLY_OK);
	UNTIL(&t, signals(&t, "0.0.0.0:"));
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, (worker_pool_totals(t.scene.workers, &totals), totals.packets == 5));
	line = line_of(&t, "a", "rtp");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(line, "latched"));
	CU_ASSERT_PTR_NULL(json_object_get(line, "nat"));
	json_decref(line);
	talk_close(&t);
}

TEST_SUITE(admin_streams, { "zero is no place", test_zero_is_no_place },
	   { "counters of the kernel are read", test_counters_of_the_kernel_are_read },
	   { "what comes in is not what goes out", test_what_comes_in_is_not_what_goes_out });
