/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun.c - messages of STUN, well formed and not */
#include "daemon/base/count.h"
#include "daemon/stun/stun.h"
#include "tests/unit/test.h"

#define COOKIE	  "\x21\x12\xa4\x42"
#define ID	  "transaction!"
#define HEAD(len) "\x00\x01\x00" len COOKIE ID
#define NAME                                                                                       \
	"\x00\x06\x00\x09"                                                                         \
	"bbbb:aaaa"                                                                                \
	"\0\0\0" /* 16 bytes */
#define INTEGRITY                                                                                  \
	"\x00\x08\x00\x04"                                                                         \
	"hash" /* 8 bytes */

struct row {
	const char *name, *bytes;
	size_t len;
	bool valid;
	enum stun_class class;
	const char *username;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct row rows[] = {
	{ "request", BYTES(HEAD("\x10") NAME), true, STUN_REQUEST, "bbbb:aaaa" },
	{ "request without attributes", BYTES(HEAD("\x00")), true, STUN_REQUEST, "" },
	{ "indication", BYTES("\x00\x11\x00\x00" COOKIE ID), true, STUN_INDICATION, "" },
	{ "success", BYTES("\x01\x01\x00\x00" COOKIE ID), true, STUN_SUCCESS, "" },
	{ "error", BYTES("\x01\x11\x00\x00" COOKIE ID), true, STUN_ERROR, "" },
	{ "the first name counts",
	  BYTES(HEAD("\x20") NAME "\x00\x06\x00\x09"
				  "xxxx:yyyy"
				  "\0\0\0"),
	  true, STUN_REQUEST, "bbbb:aaaa" },
	{ "name behind another attribute",
	  BYTES(HEAD("\x18") "\x80\x22\x00\x03"
			     "abc"
			     "\0" NAME),
	  true, STUN_REQUEST, "bbbb:aaaa" },
	{ "name before the integrity check", BYTES(HEAD("\x18") NAME INTEGRITY), true, STUN_REQUEST,
	  "bbbb:aaaa" },
	{ "name behind the integrity check", BYTES(HEAD("\x18") INTEGRITY NAME), true, STUN_REQUEST,
	  "" },
	{ "name behind that of SHA-256",
	  BYTES(HEAD("\x18") "\x00\x1c\x00\x04"
			     "hash" NAME),
	  true, STUN_REQUEST, "" },
	/* Malformed. */
	{ "too short", BYTES("\x00\x01\x00\x00" COOKIE "transaction"), false, 0, "" },
	{ "nothing", BYTES(""), false, 0, "" },
	{ "no cookie",
	  BYTES("\x00\x01\x00\x00"
		"\x21\x12\xa4\x43" ID),
	  false, 0, "" },
	{ "another method", BYTES("\x00\x03\x00\x00" COOKIE ID), false, 0, "" },
	{ "another method, high bit", BYTES("\x20\x01\x00\x00" COOKIE ID), false, 0, "" },
	{ "another method, middle bit", BYTES("\x00\x21\x00\x00" COOKIE ID), false, 0, "" },
	{ "not STUN", BYTES("\x40\x01\x00\x00" COOKIE ID), false, 0, "" },
	{ "more than it says", BYTES(HEAD("\x00") NAME), false, 0, "" },
	{ "less than it says", BYTES(HEAD("\x14") NAME), false, 0, "" },
	{ "not whole words", BYTES(HEAD("\x02") "ab"), false, 0, "" },
	{ "attribute beyond the end",
	  BYTES(HEAD("\x08") "\x00\x06\x00\x05"
			     "abcd"),
	  false, 0, "" },
	{ "longest attribute",
	  BYTES(HEAD("\x08") "\x00\x06\xff\xff"
			     "abcd"),
	  false, 0, "" },
};

static void test_messages(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct stun stun;

		CU_ASSERT_EQUAL(stun_read((const uint8_t *)row->bytes, row->len, &stun),
				row->valid);
		if (!row->valid)
			continue;
		CU_ASSERT_EQUAL(stun.class, row->class);
		CU_ASSERT_EQUAL(memcmp(stun.transaction, ID, STUN_TRANSACTION), 0);
		CU_ASSERT(str_eq(stun.username, str_of(row->username)));
	}
}

static void test_usernames(void)
{
	uint64_t a = stun_ufrag_id(STR("aaaa")), b = stun_ufrag_id(STR("bbbb")), receiver, sender;

	CU_ASSERT_NOT_EQUAL(a, b);
	CU_ASSERT_NOT_EQUAL(a, 0);
	CU_ASSERT_EQUAL(stun_ufrag_id(STR("")), 0);
	CU_ASSERT_EQUAL(stun_ufrag_id(STR_NONE), 0);
	CU_ASSERT_TRUE(stun_username_ids(STR("bbbb:aaaa"), &receiver, &sender));
	CU_ASSERT_EQUAL(receiver, b);
	CU_ASSERT_EQUAL(sender, a);
	CU_ASSERT_FALSE(stun_username_ids(STR("bbbb"), &receiver, &sender));
	CU_ASSERT_FALSE(stun_username_ids(STR("bbbb:"), &receiver, &sender));
	CU_ASSERT_FALSE(stun_username_ids(STR(":aaaa"), &receiver, &sender));
	CU_ASSERT_FALSE(stun_username_ids(STR_NONE, &receiver, &sender));
}

/* A journal of an earlier process has them. */
static void test_ids_stay_the_same(void)
{
	CU_ASSERT_EQUAL(stun_ufrag_id(STR("8f1c2b3a")), UINT64_C(0xb889e072399bb733));
}

TEST_SUITE(stun, { "messages", test_messages }, { "usernames", test_usernames },
	   { "ids stay the same", test_ids_stay_the_same });
