/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_journal.c - any bytes as a record of the journal
 *
 * The checksum is corrected first; otherwise every record would be refused by it. An accepted
 * record must encode to the same bytes: no value is accepted that the daemon could not have
 * written.
 */
#include <stdlib.h>
#include "daemon/call/record.h"
#include "daemon/journal/store.h"
#include "daemon/base/siphash.h"

#define HEAD	12
#define LEN_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void set_head(uint8_t *bytes, size_t len)
{
	static const struct siphash_key key = { { JOURNAL_VERSION } };
	uint32_t version = htole32(JOURNAL_VERSION);
	uint64_t sum = htole64(siphash(&key, (struct str){ (char *)bytes + HEAD, len - HEAD }));

	memcpy(bytes, &version, sizeof(version));
	memcpy(bytes + sizeof(version), &sum, sizeof(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);
	uint8_t *bytes, *again;
	struct call_record call;

	require(arena);
	journal_record_read(arena, data, size, &call);
	if (size < HEAD || size > LEN_MAX) {
		arena_free(arena);
		return 0;
	}
	bytes = malloc(size);
	again = malloc(size);
	require(bytes && again);
	memcpy(bytes, data, size);
	set_head(bytes, size);
	arena_reset(arena);
	if (!journal_record_read(arena, bytes, size, &call)) {
		require(journal_record_write(&call, again, size) == size);
		require(!memcmp(bytes, again, size));
	}
	free(bytes);
	free(again);
	arena_free(arena);
	return 0;
}
