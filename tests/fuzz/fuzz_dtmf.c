/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_dtmf.c - any packets of telephone-event at any time
 *
 * Per packet 20 bytes: time in ms, flags (marker, SSRC, length of the payload), sequence number and
 * timestamp / 160; then the payload of up to 16 bytes. A key is told once while it is remembered;
 * no more events than reports; nothing is due without an open key.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon/packet/dtmf_keys.h"

#define STEP  20
#define BYTES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static size_t hear_report(struct dtmf_keys *keys, const struct dtmf_packet *packet, int64_t now_ms)
{
	struct dtmf_event told[DTMF_AT_ONCE + 1];
	size_t n = dtmf_expire(keys, now_ms, told);

	n += dtmf_hear(keys, packet, now_ms, told + n);
	require(n <= DTMF_AT_ONCE + 1);
	for (size_t i = 0; i < n; i++)
		require(dtmf_digit(told[i].event) != '?' && told[i].volume < 64);
	/* A repetition tells nothing. */
	require(packet->event >= DTMF_EVENTS || !dtmf_hear(keys, packet, now_ms, told));
	return n;
}

static size_t hear(struct dtmf_keys *keys, const uint8_t *p, int64_t now_ms, size_t *reports)
{
	const struct dtmf_packet header = {
		.marker = p[1] & 1, .ssrc = p[1] >> 1 & 1, .seq = p[2], .timestamp = p[3] * 160U
	};
	size_t len = (size_t)(p[1] >> 2) % (BYTES + 1), n, events = 0;
	struct dtmf_packet packet[DTMF_REPORTS];
	uint8_t *exact = malloc(len ? len : 1);

	require(exact);
	memcpy(exact, p + 4, len);
	n = dtmf_read(exact, len, &header, packet);
	free(exact);
	require(n <= len / 4 && !n == (len < 4));
	for (size_t i = 0; i < n; i++)
		events += hear_report(keys, &packet[i], now_ms);
	*reports += n;
	return events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dtmf_keys keys = { 0 };
	struct dtmf_event told;
	int64_t now_ms = 1000;
	size_t reports = 0, events = 0;

	for (; size >= STEP; data += STEP, size -= STEP) {
		now_ms += data[0];
		events += hear(&keys, data, now_ms, &reports);
		require(events <= reports);
	}
	events += dtmf_expire(&keys, now_ms + DTMF_GAP_MS, &told);
	require(dtmf_due_ms(&keys) < 0 && events <= reports);
	return 0;
}
