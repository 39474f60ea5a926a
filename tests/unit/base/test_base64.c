/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_base64.c - bytes as base64 (the vectors of RFC 4648, section 10) and back */
#include "daemon/base/base64.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

static const struct {
	const char *bytes, *padded, *plain;
} rows[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xff\xef\xbe", "/+++", "/+++" },
};

static struct str written(char *text, size_t size, const char *bytes, bool pad)
{
	struct buf buf = BUF_INIT(text, size);

	base64_write(&buf, (const uint8_t *)bytes, strlen(bytes), pad);
	CU_ASSERT_FALSE(buf.overflow);
	return (struct str){ buf.data, buf.len };
}

static void test_there_and_back(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].bytes);
		char text[16], bytes[8];

		CU_ASSERT_TRUE(str_eq(written(text, sizeof(text), rows[i].bytes, true),
				      str_of(rows[i].padded)));
		CU_ASSERT_TRUE(str_eq(written(text, sizeof(text), rows[i].bytes, false),
				      str_of(rows[i].plain)));
		CU_ASSERT_TRUE(base64_read(str_of(rows[i].padded), (uint8_t *)bytes, len));
		CU_ASSERT_TRUE(!memcmp(bytes, rows[i].bytes, len));
		CU_ASSERT_TRUE(base64_read(str_of(rows[i].plain), (uint8_t *)bytes, len));
		CU_ASSERT_TRUE(!memcmp(bytes, rows[i].bytes, len));
	}
}

static const struct {
	const char *text;
	size_t len;
} wrong[] = {
	{ "Zm9v", 2 }, { "Zm9v", 4 }, { "Zm8", 3 },  { "Zm8==", 2 },  { "Zm=8", 2 }, { "Zm9", 2 },
	{ "Zh==", 1 }, { "Zm9-", 3 }, { "Zm9_", 3 }, { "Zm 9", 3 },   { "====", 1 }, { "Zg=", 1 },
	{ "Z", 1 },    { "", 1 },     { "A", 0 },    { "Zm9v\n", 3 },
};

static void test_refuses_other_texts(void)
{
	for (size_t i = 0; i < COUNT(wrong); i++) {
		uint8_t bytes[8];

		CU_ASSERT_FALSE(base64_read(str_of(wrong[i].text), bytes, wrong[i].len));
	}
	CU_ASSERT_FALSE(base64_read((struct str){ "Zm\0v", 4 }, (uint8_t[3]){ 0 }, 3));
}

TEST_SUITE(base64, { "there and back", test_there_and_back },
	   { "refuses other texts", test_refuses_other_texts });
