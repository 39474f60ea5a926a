/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_shrink.c - a report that does not fit into a datagram leaves details out, and says so
 */
#include "daemon/base/count.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ng/ng.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define CUT_WARNING    "Details are left out: the reply would be too large"
#define LISTED_WARNING "Not all calls are listed: the reply would be too large"
#define COMMAND(verb)  "{\"command\":\"" verb "\",\"call-id\":\"c\"}"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

static char said[1 << 20];

static const char *ask(struct scene *scene, size_t room, const char *payload)
{
	struct buf out = BUF_INIT(said, room);

	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	ng_run(&scene->env, &proxy, str_of(payload), &out);
	worker_pool_flush(scene->workers);
	CU_ASSERT_FALSE(out.overflow);
	said[out.len] = '\0';
	return said;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* A call with 64 branches, of which the first is answered. */
static void ring_many(struct scene *scene)
{
	struct request request = { .call_id = STR("c"),
				   .from_tag = STR("a"),
				   .sdp = STR("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n"),
				   .tos = TOS_UNSET };
	char branch[32];

	scene_open_ports(scene, 21000, 21399);
	for (int i = 0; i < 64; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK-branch-%d", i);
		request.via_branch = str_of(branch);
		CU_ASSERT_EQUAL(scene_run(scene, command_offer, request).code, REPLY_OK);
	}
	request.via_branch = STR("z9hG4bK-branch-0");
	request.to_tag = STR("b");
	CU_ASSERT_EQUAL(scene_run(scene, command_answer, request).code, REPLY_OK);
}

/* The row of issue F: it was answered with "Reply too large". */
static void test_query_of_64_branches(void)
{
	struct scene scene;
	const char *reply;

	ring_many(&scene);
	reply = ask(&scene, CTL_DATAGRAM, COMMAND("query"));
	CU_ASSERT_EQUAL(count(reply, "\"result\":\"ok\""), 1);
	CU_ASSERT_EQUAL(count(reply, "\"warning\":\"" CUT_WARNING "\""), 1);
	CU_ASSERT_EQUAL(count(reply, "\"medias\":"), 2 * 64);
	/* Only the answered dialog has its medias, and each party is there. */
	CU_ASSERT_EQUAL(count(reply, "\"type\":\"audio\""), 2);
	CU_ASSERT_EQUAL(count(reply, "\"totals\":"), 1);
	CU_ASSERT_EQUAL(scene.stats.reply_too_large, 1);
	CU_ASSERT_EQUAL(count(ask(&scene, sizeof(said) - 1, COMMAND("query")), "warning"), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_details_go_in_order(void)
{
	static const struct {
		const char *what;
		unsigned int times[5]; /* by number of details that were left out */
	} rows[] = {
		{ CUT_WARNING, { 0, 1, 1, 1, 1 } },
		{ "\"drops\":", { 256, 0, 0, 0, 0 } },
		{ "\"local port\":", { 256, 256, 4, 0, 0 } },
		{ "\"via-branch\":", { 128, 128, 128, 128, 0 } },
		{ "\"totals\":", { 1, 1, 1, 1, 1 } },
		{ "\"result\":\"ok\"", { 1, 1, 1, 1, 1 } },
	};
	size_t room = sizeof(said) - 1;
	struct scene scene;

	ring_many(&scene);
	for (size_t step = 0; step < COUNT(rows[0].times); step++) {
		const char *reply = ask(&scene, room, COMMAND("query"));

		for (size_t i = 0; i < COUNT(rows); i++)
			CU_ASSERT_EQUAL(count(reply, rows[i].what), rows[i].times[step]);
		/* Next time it fits no more. */
		room = strlen(reply) - 1;
	}
	CU_ASSERT_STRING_EQUAL(ask(&scene, room, COMMAND("query")),
			       "{\"error-reason\":\"Reply too large\",\"result\":\"error\"}");
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_and_bencode(void)
{
	struct scene scene;
	const char *reply;

	ring_many(&scene);
	reply = ask(&scene, CTL_DATAGRAM, "d7:command6:delete7:call-id1:ce");
	CU_ASSERT_EQUAL(count(reply, "7:warning50:" CUT_WARNING), 1);
	CU_ASSERT_EQUAL(count(reply, "6:totals"), 1);
	CU_ASSERT(scene_close(&scene));
}

/* Of the calls at least half as many as fit are listed. */
static void test_list_is_cut(void)
{
	struct request request = { .from_tag = STR("a"),
				   .sdp = STR("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n"),
				   .tos = TOS_UNSET };
	struct scene scene;
	char id[4001];

	scene_open_ports(&scene, 21000, 21399);
	memset(id, 'x', sizeof(id));
	for (int i = 0; i < 32; i++) {
		snprintf(id, 16, "%08d", i);
		id[8] = 'x';
		request.call_id = (struct str){ id, sizeof(id) - 1 };
		CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	}
	ask(&scene, CTL_DATAGRAM, "{\"command\":\"list\"}");
	CU_ASSERT_EQUAL(count(said, "xxx\""), 16);
	CU_ASSERT_EQUAL(count(said, "\"warning\":\"" LISTED_WARNING "\""), 1);
	ask(&scene, sizeof(said) - 1, "{\"command\":\"list\"}");
	CU_ASSERT_EQUAL(count(said, "xxx\""), 32);
	CU_ASSERT_EQUAL(count(said, "warning"), 0);
	/* Not even one. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, 120, "{\"command\":\"list\"}"),
			       "{\"warning\":\"" LISTED_WARNING
			       "\",\"calls\":[],\"result\":\"ok\"}");
	CU_ASSERT(scene_close(&scene));
}

static void test_statistics_of_many_proxies(void)
{
	struct endpoint source = proxy;
	const char *reply;
	struct scene scene;
	size_t full;

	scene_open(&scene);
	for (uint32_t i = 0; i < STATS_PROXIES; i++) {
		source.in4.sin_addr.s_addr = htonl(0xc0000201 + i);
		stats_command(&scene.stats, &source, VERB_OFFER, 1, false);
	}
	full = strlen(ask(&scene, sizeof(said) - 1, "{\"command\":\"statistics\"}"));
	reply = ask(&scene, full - 1, "{\"command\":\"statistics\"}");
	CU_ASSERT_EQUAL(count(reply, "\"warning\":\"" CUT_WARNING "\""), 1);
	CU_ASSERT_EQUAL(count(reply, "\"proxy\":"), 0);
	CU_ASSERT_EQUAL(count(reply, "\"pairs\":"), 3);
	CU_ASSERT_EQUAL(count(reply, "\"totaloffercount\":64"), 1);
	reply = ask(&scene, strlen(reply) - 1, "{\"command\":\"statistics\"}");
	CU_ASSERT_EQUAL(count(reply, "\"pairs\":"), 0);
	CU_ASSERT_EQUAL(count(reply, "\"totaloffercount\":64"), 1);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(ng_shrink, { "query of 64 branches", test_query_of_64_branches },
	   { "details go in order", test_details_go_in_order },
	   { "delete, in bencode", test_delete_and_bencode }, { "list is cut", test_list_is_cut },
	   { "statistics of many proxies", test_statistics_of_many_proxies });
