/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_frame.c - any bytes as those of a connection with NG messages
 *
 * The messages are the same whether the bytes arrive at once or one by one; what has a cookie and
 * is valid bencode or JSON is one message, to its last byte.
 */
#include <stdlib.h>
#include "daemon/base/bencode.h"
#include "daemon/base/json.h"
#include "daemon/ng/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As at the end of a read(): no byte behind @len may be looked at. */
static int frame_piece(struct control_frame *frame, const uint8_t *data, size_t len)
{
	char *copy = malloc(len + !len);
	int result;

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	result = ng_frame(frame, (struct str){ copy, len });
	free(copy);
	if (frame->at > len || frame->begin > frame->at)
		abort();
	return result;
}

static void must_be_same_in_pieces(const uint8_t *data, size_t size, int result,
				   const struct control_frame *whole)
{
	struct control_frame frame = { 0 };
	size_t step = size / 64 + 1; /* a large input is not copied thousands of times */
	int pieces = 0;

	for (size_t n = 0; n < size && !pieces; n += step)
		pieces = frame_piece(&frame, data, n);
	if (!pieces)
		pieces = frame_piece(&frame, data, size);
	if (pieces != result || frame.at != whole->at || frame.begin != whole->begin)
		abort();
}

static bool decodes(struct str text)
{
	struct arena *arena = arena_new(4096);
	struct dict *value;
	bool valid;

	if (!arena)
		abort();
	valid = text.s[0] == '{' ? !json_decode(arena, text, &value)
				 : !bencode_decode(arena, text, &value);
	arena_free(arena);
	return valid;
}

/* The input behind a cookie. */
static void must_be_one_message(const uint8_t *data, size_t size)
{
	struct control_frame frame = { 0 };
	char *text;

	if (size > CONTROL_REQUEST_MAX - 2 || !size || (data[0] != 'd' && data[0] != '{') ||
	    data[size - 1] == '\n' || data[size - 1] == ' ' || data[size - 1] == '\t' ||
	    data[size - 1] == '\r')
		return; /* JSON may be followed by blanks */
	if (!decodes((struct str){ (const char *)data, size }))
		return;
	text = malloc(size + 2);
	if (!text)
		abort();
	memcpy(text, "1 ", 2);
	memcpy(text + 2, data, size);
	if (ng_frame(&frame, (struct str){ text, size + 2 }) != 1 || frame.at != size + 2)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_frame frame;
	int result = 1;

	must_be_one_message(data, size);
	while (result > 0 && size) {
		frame = (struct control_frame){ 0 };
		result = frame_piece(&frame, data, size);
		must_be_same_in_pieces(data, size, result, &frame);
		data += frame.at;
		size -= frame.at;
	}
	return 0;
}
