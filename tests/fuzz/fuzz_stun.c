/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_stun.c - any bytes as a message of STUN
 *
 * Nothing may be read past the end; what is found is within the message.
 */
#include <stdlib.h>
#include "daemon/stun/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_within(const void *part, size_t part_len, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = part;

	return at >= bytes && part_len <= len && at <= bytes + len - part_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	uint64_t receiver, sender;
	struct stun stun;

	require(exact);
	if (size)
		memcpy(exact, data, size);
	if (stun_read(exact, size, &stun)) {
		require(stun.class <= STUN_ERROR);
		require(is_within(stun.transaction, STUN_TRANSACTION, exact, size));
		require(!stun.username.s ||
			is_within(stun.username.s, stun.username.len, exact, size));
		if (stun_username_ids(stun.username, &receiver, &sender))
			require(receiver && sender && stun.username.len >= 3);
	}
	free(exact);
	return 0;
}
