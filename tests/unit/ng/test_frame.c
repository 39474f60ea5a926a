/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_frame.c - where an NG message ends in the bytes of a connection */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/gate/replay.h"
#include "daemon/ng/frame.h"
#include "tests/unit/test.h"

#define PING "d7:command4:pinge"

struct row {
	const char *bytes;
	int result;
	size_t begin, end; /* of a complete message */
};

static const struct row rows[] = {
	{ "", 0, 0, 0 },
	{ "1_2_3", 0, 0, 0 },
	{ "1 ", 0, 0, 0 },
	{ "1 " PING, 1, 0, 19 },
	{ "1 " PING "2 " PING, 1, 0, 19 },
	{ "1 de", 1, 0, 4 },
	/* Brackets within strings do not count. */
	{ "1 d3:sdp4:eeee1:a2:lde", 1, 0, 22 },
	{ "1 d3:sdp4:eeee1:a2:ld", 0, 0, 0 },
	{ "1 d1:a0:1:b1:ee", 1, 0, 15 },
	{ "1 d1:ali-12ei0eee", 1, 0, 17 },
	{ "1 d1:ad1:bd1:cdeeee", 1, 0, 19 },
	{ "1 {}", 1, 0, 4 },
	{ "1 {\"command\":\"ping\"}rest", 1, 0, 20 },
	{ "1 {\"a\":[{\"b\":\"}]\"}]}", 1, 0, 20 },
	{ "1 {\"a\":\"\\\"}\"}", 1, 0, 13 },
	{ "1 {\"a\":\"\\\\\"}", 1, 0, 12 },
	{ "1 {\"a\":\"\\\\\\\"}", 0, 0, 0 },
	/* Line ends and NUL between messages: clients at a terminal send them. */
	{ "\r\n\n1 " PING "\n", 1, 3, 22 },
	{ "\n", 0, 0, 0 },
	{ " 1 " PING, -EINVAL, 0, 0 },
	{ "GET / HTTP/1.1\r\n", -EINVAL, 0, 0 },
	{ "1 V\n", -EINVAL, 0, 0 },
	{ "1 l4:pinge", -EINVAL, 0, 0 },
	{ "1 [1]", -EINVAL, 0, 0 },
	{ "1 d7:commandx", -EINVAL, 0, 0 },
	{ "1 d1:ai1x", -EINVAL, 0, 0 },
	{ "1 d1;", -EINVAL, 0, 0 },
	{ "1 d-1:", -EINVAL, 0, 0 },
	/* Refused before its bytes have come. */
	{ "1 d65507:", 0, 0, 0 },
	{ "1 d65508", -EINVAL, 0, 0 },
	{ "1 d99999999999999999999999999999999999999:", -EINVAL, 0, 0 },
};

static void check(const struct row *row, int result, const struct control_frame *frame)
{
	CU_ASSERT_EQUAL(result, row->result);
	if (result != row->result)
		fprintf(stderr, "%s: %d, not %d\n", row->bytes, result, row->result);
	if (result <= 0)
		return;
	CU_ASSERT_EQUAL(frame->begin, row->begin);
	CU_ASSERT_EQUAL(frame->at, row->end);
}

static void test_end_is_found(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct control_frame frame = { 0 };

		check(&rows[i], ng_frame(&frame, str_of(rows[i].bytes)), &frame);
	}
}

/* Each piece in memory of its own, so that a sanitizer sees what is read too far. */
static void test_end_is_found_byte_by_byte(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct control_frame frame = { 0 };
		size_t len = strlen(rows[i].bytes);
		int result = 0;

		for (size_t n = 1; n <= len && !result; n++) {
			char *piece = malloc(n);

			CU_ASSERT_PTR_NOT_NULL_FATAL(piece);
			memcpy(piece, rows[i].bytes, n);
			result = ng_frame(&frame, (struct str){ piece, n });
			CU_ASSERT(result || frame.at == n);
			free(piece);
		}
		check(&rows[i], result, &frame);
	}
}

static void test_length_of_cookie_is_bounded(void)
{
	char text[REPLAY_COOKIE_MAX + 32];
	struct control_frame frame = { 0 };

	memset(text, 'x', sizeof(text));
	memcpy(text + REPLAY_COOKIE_MAX, " de", 3);
	CU_ASSERT_EQUAL(ng_frame(&frame, (struct str){ text, sizeof(text) }), 1);
	CU_ASSERT_EQUAL(frame.at, REPLAY_COOKIE_MAX + 3);
	frame = (struct control_frame){ 0 };
	text[REPLAY_COOKIE_MAX] = 'x';
	CU_ASSERT_EQUAL(ng_frame(&frame, (struct str){ text, REPLAY_COOKIE_MAX }), 0);
	CU_ASSERT_EQUAL(ng_frame(&frame, (struct str){ text, sizeof(text) }), -EINVAL);
}

TEST_SUITE(ng_frame, { "the end is found", test_end_is_found },
	   { "the end is found byte by byte", test_end_is_found_byte_by_byte },
	   { "the length of the cookie is bounded", test_length_of_cookie_is_bounded });
