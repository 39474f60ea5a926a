/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_extension.c - elements of the header extension of RTP are found, and no others
 */
#include "daemon/base/count.h"
#include "daemon/packet/extension.h"
#include "tests/unit/test.h"

#define HEAD	  0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7
#define HEAD_CSRC 0x91, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4
#define PAYLOAD	  'p', 'a', 'y'
#define ROOM	  48

static const struct {
	const char *what;
	uint8_t bytes[ROOM];
	size_t len;
	uint8_t id;
	const char *value; /* NULL: there is none */
} rows[] = {
	{ "none at all", { 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, PAYLOAD }, 15, 4, NULL },
	{ "one byte", { HEAD, 0xbe, 0xde, 0, 1, 0x41, 'm', '1', 0, PAYLOAD }, 23, 4, "m1" },
	{ "another one", { HEAD, 0xbe, 0xde, 0, 1, 0x31, 'm', '1', 0, PAYLOAD }, 23, 4, NULL },
	{ "behind CSRC", { HEAD_CSRC, 0xbe, 0xde, 0, 1, 0x40, 'x', 0, 0, 'p' }, 25, 4, "x" },
	{ "behind padding and another one",
	  { HEAD, 0xbe, 0xde, 0, 2, 0, 0x10, 9, 0, 0x41, 'a', 'b', 0, PAYLOAD },
	  27,
	  4,
	  "ab" },
	{ "reaches beyond", { HEAD, 0xbe, 0xde, 0, 1, 0x43, 'a', 'b', 'c', PAYLOAD }, 23, 4, NULL },
	{ "another one reaches beyond",
	  { HEAD, 0xbe, 0xde, 0, 1, 0x13, 0x40, 'b', 0, PAYLOAD },
	  23,
	  4,
	  NULL },
	{ "ends with its head", { HEAD, 0xbe, 0xde, 0, 1, 0, 0, 0, 0x40, PAYLOAD }, 23, 4, NULL },
	{ "15 ends them", { HEAD, 0xbe, 0xde, 0, 1, 0xf0, 0, 0x40, 'b', PAYLOAD }, 23, 4, NULL },
	{ "15 is not asked for", { HEAD, 0xbe, 0xde, 0, 1, 0xf0, 'x', 0, 0, 'p' }, 21, 15, NULL },
	{ "length without number ends them",
	  { HEAD, 0xbe, 0xde, 0, 1, 0x01, 0x40, 'b', 0, PAYLOAD },
	  23,
	  4,
	  NULL },
	{ "two bytes", { HEAD, 0x10, 0x05, 0, 1, 4, 2, 'm', '1', PAYLOAD }, 23, 4, "m1" },
	{ "two bytes, of length 0", { HEAD, 0x10, 0, 0, 1, 4, 0, 0, 0, PAYLOAD }, 23, 4, "" },
	{ "two bytes, behind padding and another one",
	  { HEAD, 0x10, 0, 0, 2, 0, 200, 1, 'x', 4, 1, 'y', 0, 'p' },
	  25,
	  4,
	  "y" },
	{ "two bytes, 200", { HEAD, 0x10, 0, 0, 1, 200, 1, 'x', 0, 'p' }, 21, 200, "x" },
	{ "two bytes reach beyond", { HEAD, 0x10, 0, 0, 1, 4, 3, 'x', 'y', 'p' }, 21, 4, NULL },
	{ "two bytes, head alone", { HEAD, 0x10, 0, 0, 1, 0, 0, 0, 4, 'p' }, 21, 4, NULL },
	{ "another profile", { HEAD, 0xab, 0xac, 0, 1, 0x40, 'x', 0, 0, 'p' }, 21, 4, NULL },
	{ "empty", { HEAD, 0xbe, 0xde, 0, 0, 0x40, 'x', 'p' }, 19, 4, NULL },
};

static void parse(const uint8_t *bytes, size_t len, struct rtp_wire *w)
{
	const struct rtp_port mux = { .mux = true };

	rtp_wire_parse(bytes, len, &mux, w);
	CU_ASSERT_EQUAL_FATAL(w->kind, RTP_KIND_RTP);
}

static void test_elements_are_found(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str value = STR_NONE;
		struct rtp_wire w;
		bool found;

		parse(rows[i].bytes, rows[i].len, &w);
		found = extension_find(rows[i].bytes, &w, rows[i].id, &value);
		if (found != !!rows[i].value || (found && !str_eq(value, str_of(rows[i].value))))
			CU_FAIL(rows[i].what);
	}
}

static void test_removed_extension_leaves_head_and_payload(void)
{
	static const uint8_t csrc[] = { HEAD_CSRC }, payload[] = { PAYLOAD };
	uint8_t bytes[] = { HEAD_CSRC, 0xbe, 0xde, 0, 1, 0x40, 'x', 0, 0, PAYLOAD };
	struct rtp_wire w;
	size_t len;

	parse(bytes, sizeof(bytes), &w);
	len = extension_remove(bytes, sizeof(bytes), &w);
	CU_ASSERT_EQUAL(len, sizeof(csrc) + sizeof(payload));
	CU_ASSERT_EQUAL(bytes[0], 0x81);
	CU_ASSERT_EQUAL(w.header_len, sizeof(csrc));
	CU_ASSERT_EQUAL(memcmp(bytes + 1, csrc + 1, sizeof(csrc) - 1), 0);
	CU_ASSERT_EQUAL(memcmp(bytes + sizeof(csrc), payload, sizeof(payload)), 0);
	CU_ASSERT_EQUAL(extension_remove(bytes, len, &w), len);
}

TEST_SUITE(extension, { "elements are found", test_elements_are_found },
	   { "removed extension leaves head and payload",
	     test_removed_extension_leaves_head_and_payload });
