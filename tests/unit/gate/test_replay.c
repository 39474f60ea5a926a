/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_replay.c - repeated requests: source and cookie, time, number and size limits */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/gate/replay.h"
#include "tests/unit/test.h"

static const struct replay_limits limits = { .entries = 4, .bytes = 100, .ttl_ms = 60000 };

static struct endpoint at(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_TRUE(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

/* The reply recorded for @cookie of @source at @now_ms, or "-" */
static const char *found(struct replay *replay, const char *source, const char *cookie,
			 int64_t now_ms)
{
	static char text[128];
	struct endpoint ep = at(source);
	struct str reply = STR("-");

	replay_find(replay, &ep, str_of(cookie), now_ms, &reply);
	snprintf(text, sizeof(text), STR_FMT, STR_ARG(reply));
	return text;
}

static void put(struct replay *replay, const char *source, const char *cookie, const char *reply,
		int64_t now_ms)
{
	struct endpoint ep = at(source);

	replay_put(replay, &ep, str_of(cookie), str_of(reply), now_ms);
}

static void test_same_source_and_cookie_get_the_same_reply(void)
{
	struct replay *replay = replay_new(&limits);

	put(replay, "192.0.2.1:5060", "0_1_1", "one", 0);
	put(replay, "[2001:db8::1]:5060", "0_1_1", "two", 0);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "0_1_1", 59999), "one");
	CU_ASSERT_STRING_EQUAL(found(replay, "[2001:db8::1]:5060", "0_1_1", 59999), "two");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5061", "0_1_1", 59999), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.2:5060", "0_1_1", 59999), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "[2001:db8::2]:5060", "0_1_1", 59999), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "0_1_", 59999), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "0_1_11", 59999), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "", 59999), "-");
	replay_free(replay);
}

static void test_entries_end_after_their_time(void)
{
	struct replay *replay = replay_new(&limits);

	put(replay, "192.0.2.1:5060", "a", "one", 1000);
	put(replay, "192.0.2.1:5060", "b", "two", 2000);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 60999), "one");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 61000), "-");
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 1);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "b", 61000), "two");
	CU_ASSERT_EQUAL(replay_usage(replay).evicted, 0);
	replay_free(replay);
}

static void test_oldest_leaves_when_there_are_too_many(void)
{
	struct replay *replay = replay_new(&limits);

	for (const char *cookie = "abcde"; *cookie; cookie++)
		put(replay, "192.0.2.1:5060", (char[]){ *cookie, '\0' }, "r", 0);
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 4);
	CU_ASSERT_EQUAL(replay_usage(replay).bytes, 8);
	CU_ASSERT_EQUAL(replay_usage(replay).evicted, 1);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 0), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "b", 0), "r");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "e", 0), "r");
	replay_free(replay);
}

static void test_oldest_leave_when_there_are_too_many_bytes(void)
{
	static const char reply39[] = "123456789012345678901234567890123456789";
	static const char reply99[] = "123456789012345678901234567890123456789012345678901234567890"
				      "123456789012345678901234567890123456789";
	struct replay *replay = replay_new(&limits);

	put(replay, "192.0.2.1:5060", "a", reply39, 0);
	put(replay, "192.0.2.1:5060", "b", reply39, 0);
	CU_ASSERT_EQUAL(replay_usage(replay).bytes, 80);
	put(replay, "192.0.2.1:5060", "c", reply39, 0);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 0), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "b", 0), reply39);
	/*
	 * as large as the limit: recorded, as the only one; larger: not recorded, and no other is
	 * removed for it
	 */
	put(replay, "192.0.2.1:5060", "d", reply99, 0);
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 1);
	CU_ASSERT_EQUAL(replay_usage(replay).bytes, 100);
	CU_ASSERT_EQUAL(replay_usage(replay).evicted, 3);
	put(replay, "192.0.2.1:5060", "ee", reply99, 0);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "ee", 0), "-");
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "d", 0), reply99);
	replay_free(replay);
}

static void test_a_later_reply_takes_the_place_of_the_first(void)
{
	struct replay *replay = replay_new(&limits);

	put(replay, "192.0.2.1:5060", "a", "first", 0);
	put(replay, "192.0.2.1:5060", "b", "other", 1);
	put(replay, "192.0.2.1:5060", "a", "second", 2);
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 2);
	CU_ASSERT_EQUAL(replay_usage(replay).bytes, 7 + 6);
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 60001), "second");
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 1);
	CU_ASSERT_EQUAL(replay_usage(replay).bytes, 7);
	replay_free(replay);
}

static void test_cookies_up_to_256_bytes_are_recorded(void)
{
	struct replay *replay = replay_new(&(struct replay_limits){ 10, 10000, 1000 });
	struct endpoint ep = at("192.0.2.1:5060");
	char cookie[REPLAY_COOKIE_MAX + 1];
	struct str reply;

	memset(cookie, 'c', sizeof(cookie));
	replay_put(replay, &ep, (struct str){ cookie, 256 }, STR("x"), 0);
	CU_ASSERT_TRUE(replay_find(replay, &ep, (struct str){ cookie, 256 }, 0, &reply));
	CU_ASSERT_FALSE(replay_find(replay, &ep, (struct str){ cookie, 255 }, 0, &reply));
	replay_put(replay, &ep, (struct str){ cookie, 257 }, STR("x"), 0);
	CU_ASSERT_FALSE(replay_find(replay, &ep, (struct str){ cookie, 257 }, 0, &reply));
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 1);
	replay_free(replay);
}

static void test_many_come_and_go_within_the_limits(void)
{
	struct replay *replay = replay_new(&(struct replay_limits){ 1000, 1000000, 100 });
	struct endpoint ep = at("192.0.2.1:5060");

	for (int i = 0; i < 20000; i++) {
		char cookie[16];

		snprintf(cookie, sizeof(cookie), "c_%d", i);
		replay_put(replay, &ep, str_of(cookie), STR("d6:result2:oke"), i);
		CU_ASSERT_TRUE(replay_usage(replay).entries <= 100);
	}
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 100);
	CU_ASSERT_EQUAL(replay_usage(replay).evicted, 0);
	/* all are too old; they are removed a few at a time, and none is found */
	CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "c_19999", 30000), "-");
	CU_ASSERT_TRUE(replay_usage(replay).entries > 50);
	replay_free(replay);
}

/* A command removes four expired entries; its long answer needs the room of others as well. */
static void test_expired_entries_are_not_evicted(void)
{
	struct replay *replay = replay_new(&(struct replay_limits){ 8, 100, 60000 });
	char reply[90];

	memset(reply, 'r', sizeof(reply) - 1);
	reply[sizeof(reply) - 1] = '\0';
	for (const char *cookie = "abcdefgh"; *cookie; cookie++)
		put(replay, "192.0.2.1:5060", (char[]){ *cookie, '\0' }, "123456789", 0);
	put(replay, "192.0.2.1:5060", "i", reply, 60000);
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 2);
	CU_ASSERT_EQUAL(replay_usage(replay).evicted, 0);
	put(replay, "192.0.2.1:5060", "j", "123456789", 60000);
	put(replay, "192.0.2.1:5060", "k", "123456789", 60001);
	CU_ASSERT_EQUAL(replay_usage(replay).entries, 2);
	CU_ASSERT_EQUAL(replay_usage(replay).evicted, 1);
	replay_free(replay);
}

static void test_no_limits_record_nothing(void)
{
	/* Each limit alone is enough. */
	static const struct replay_limits none[] = { { 0, 10000, 60000 }, { 10, 0, 60000 } };

	for (size_t i = 0; i < COUNT(none); i++) {
		struct replay *replay = replay_new(&none[i]);

		put(replay, "192.0.2.1:5060", "a", "one", 0);
		CU_ASSERT_EQUAL(replay_usage(replay).entries, 0);
		CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 0), "-");
		replay_free(replay);
	}
	replay_free(NULL);
}

static void test_out_of_memory_only_costs_the_repetition(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct replay *replay = replay_new(&limits);

		if (!replay)
			continue;
		put(replay, "192.0.2.1:5060", "a", "one", 0);
		put(replay, "192.0.2.1:5060", "b", "two", 0);
		if (!alloc_failed()) {
			CU_ASSERT_STRING_EQUAL(found(replay, "192.0.2.1:5060", "a", 0), "one");
			CU_ASSERT_EQUAL(replay_usage(replay).entries, 2);
		} else {
			CU_ASSERT_EQUAL(replay_usage(replay).entries, 1);
			CU_ASSERT_EQUAL(replay_usage(replay).bytes, 4);
		}
		replay_free(replay);
	}
}

TEST_SUITE(replay,
	   { "same source and cookie get the same reply",
	     test_same_source_and_cookie_get_the_same_reply },
	   { "entries end after their time", test_entries_end_after_their_time },
	   { "the oldest is removed when there are too many",
	     test_oldest_leaves_when_there_are_too_many },
	   { "the oldest are removed when there are too many bytes",
	     test_oldest_leave_when_there_are_too_many_bytes },
	   { "a later reply replaces the first", test_a_later_reply_takes_the_place_of_the_first },
	   { "cookies up to 256 bytes are recorded", test_cookies_up_to_256_bytes_are_recorded },
	   { "many come and go within the limits", test_many_come_and_go_within_the_limits },
	   { "expired entries are not evicted", test_expired_entries_are_not_evicted },
	   { "no limits record nothing", test_no_limits_record_nothing },
	   { "out of memory only costs the repetition",
	     test_out_of_memory_only_costs_the_repetition });
