/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_bencode.c - any bytes into the bencode decoder
 *
 * What is accepted must encode to the same bytes: the decoder is strict and keeps the order.
 */
#include <stdlib.h>
#include "daemon/base/bencode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);
	struct buf out = BUF_INIT(malloc(size + 1), size + 1);
	struct dict *value;

	if (!arena || !out.data)
		abort();
	if (!bencode_decode(arena, (struct str){ (const char *)data, size }, &value)) {
		bencode_encode(value, &out);
		if (out.overflow || out.len != size || memcmp(out.data, data, size))
			abort();
	}
	free(out.data);
	arena_free(arena);
	return 0;
}
