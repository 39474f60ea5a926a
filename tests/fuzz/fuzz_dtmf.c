/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_dtmf.c - any packets of telephone-event at any time
 *
 * Per packet 8 bytes: time in ms, flags (marker, SSRC, length of the payload), sequence number,
 * timestamp / 160; then the payload of up to 4 bytes. A key is told once while it is remembered; no
 * more events than packets; nothing is due without an open key.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon/packet/dtmf_keys.h"

#define STEP 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static size_t hear(struct dtmf_keys *keys, const uint8_t *p, int64_t now_ms)
{
	size_t len = p[1] >> 2 & 7;
	struct dtmf_event told[DTMF_AT_ONCE + 1];
	struct dtmf_packet packet = {
		.marker = p[1] & 1, .ssrc = p[1] >> 1 & 1, .seq = p[2], .timestamp = p[3] * 160U
	};
	uint8_t *exact = malloc(len ? len : 1);
	bool whole;
	size_t n = 0;

	require(exact);
	len = len > 4 ? 4 : len;
	memcpy(exact, p + 4, len);
	whole = dtmf_read(exact, len, &packet);
	free(exact);
	require(whole == (len == 4));
	if (!whole)
		return 0;
	n = dtmf_expire(keys, now_ms, told);
	n += dtmf_hear(keys, &packet, now_ms, told + n);
	require(n <= DTMF_AT_ONCE + 1);
	for (size_t i = 0; i < n; i++)
		require(dtmf_digit(told[i].event) != '?' && told[i].volume < 64);
	/* A repetition tells nothing. */
	require(packet.event >= DTMF_EVENTS || !dtmf_hear(keys, &packet, now_ms, told));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dtmf_keys keys = { 0 };
	struct dtmf_event told;
	int64_t now_ms = 1000;
	size_t packets = 0, events = 0;

	for (; size >= STEP; data += STEP, size -= STEP) {
		now_ms += data[0];
		events += hear(&keys, data, now_ms);
		packets++;
		require(events <= packets);
	}
	events += dtmf_expire(&keys, now_ms + DTMF_GAP_MS, &told);
	require(dtmf_due_ms(&keys) < 0 && events <= packets);
	return 0;
}
