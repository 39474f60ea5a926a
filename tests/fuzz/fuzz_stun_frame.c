/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_stun_frame.c - any bytes as a connection to the STUN service by TCP
 *
 * The first byte is the size of the pieces in which they arrive. Messages are found whatever the
 * pieces are, and lie within what has arrived; replies are short, and none has an address of the
 * relay.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon/nat/stun_answer.h"
#include "daemon/nat/stun_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void answer(const uint8_t *data, size_t len)
{
	static const struct stun_rules rules = { .stream = true };
	static const struct stun_site site = { .n = 2 };
	struct stun_answer reply = { .len = 0 };
	struct endpoint source = { 0 };
	uint8_t *exact = malloc(len);
	enum stun_verdict verdict;

	require(exact && endpoint_parse(STR("192.0.2.7:53"), 0, &source));
	memcpy(exact, data, len);
	verdict = stun_answer(&site, &rules, 0, &source, exact, len, &reply);
	require(verdict != STUN_ANSWER_CLASSIC && verdict != STUN_ANSWER_DISCOVERY);
	if (verdict < STUN_ANSWERS)
		require(reply.len >= 20 && reply.len <= STUN_SHORT_MAX &&
			endpoint_eq(&reply.to, &source) && !reply.from);
	free(exact);
}

/* Return: messages, until the stream ends */
static size_t read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
	struct stun_frame frame = { .len = 0 };
	size_t messages = 0;
	int found = 0;

	while (size && found >= 0) {
		size_t room = sizeof(frame.bytes) - frame.len;
		size_t n = size < piece ? size : piece;

		n = n < room ? n : room;
		require(n > 0);
		memcpy(frame.bytes + frame.len, data, n);
		frame.len += n;
		data += n;
		size -= n;
		while ((found = stun_frame_size(&frame)) > 0) {
			require((size_t)found <= frame.len && found % 4 == 0);
			answer(frame.bytes, (size_t)found);
			stun_frame_drop(&frame, (size_t)found);
			messages++;
		}
	}
	return messages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	require(read_in_pieces(data + 1, size - 1, data[0] + 1U) ==
		read_in_pieces(data + 1, size - 1, STUN_FRAME_MAX));
	return 0;
}
