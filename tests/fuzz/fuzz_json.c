/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_json.c - any bytes into the JSON decoder, and as a text into the encoder
 *
 * What is accepted and written must be read as the same tree again; any text must encode to valid
 * JSON.
 */
#include <jansson.h>
#include <stdlib.h>
#include "daemon/base/json.h"

/* An escape is the longest output of one byte. */
#define GROWTH 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf written(const struct dict *value, size_t size)
{
	struct buf out = BUF_INIT(malloc(size), size);

	if (!out.data)
		abort();
	json_encode(value, &out);
	if (out.overflow)
		abort();
	return out;
}

static void round_trip(struct arena *arena, const struct dict *value, size_t size)
{
	struct buf first = written(value, size * GROWTH + 64);
	struct buf second;
	struct dict *again;

	if (json_decode(arena, (struct str){ first.data, first.len }, &again))
		abort();
	second = written(again, first.size);
	if (first.len != second.len || memcmp(first.data, second.data, first.len))
		abort();
	free(first.data);
	free(second.data);
}

static void any_text_is_valid(const uint8_t *data, size_t size)
{
	struct dict value = { .type = DICT_STRING, .string = { (const char *)data, size } };
	struct buf out = written(&value, size * GROWTH + 64);
	json_t *read = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (!read)
		abort();
	json_decref(read);
	free(out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);
	struct dict *value;

	if (!arena)
		abort();
	if (!json_decode(arena, (struct str){ (const char *)data, size }, &value))
		round_trip(arena, value, size);
	any_text_is_valid(data, size);
	arena_free(arena);
	return 0;
}
