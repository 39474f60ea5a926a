/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_rtcp.c - any RTCP, at any time, into the statistics of a media, and as JSON for homer
 *
 * Per packet: one byte of time, one byte of packets counted meanwhile, two bytes of length, the
 * packet. Nothing may be read past the end of a packet, and figures must stay within their range.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon/homer/payload.h"
#include "daemon/packet/quality.h"

#define HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_sample(const struct quality_sample *s)
{
	require(s->mos_x100 >= 100 && s->mos_x100 <= 450);
	require(s->loss <= 10000);
	require(s->jitter_us <= 5000000);
	require(s->leg_us <= 60000000);
}

static void check(const struct quality_summary *s)
{
	require(s->entries <= QUALITY_ENTRIES && (!s->samples || s->entries || s->interval_s > 5));
	for (unsigned int i = 0; i < s->entries; i++)
		check_sample(&s->entry[i]);
	if (!s->samples)
		return;
	check_sample(&s->average);
	check_sample(&s->lowest);
	check_sample(&s->highest);
	check_sample(&s->latest);
	require(s->lowest.mos_x100 <= s->average.mos_x100 &&
		s->average.mos_x100 <= s->highest.mos_x100);
}

/* Fits whatever the packet has, or is left out: it has no report. */
static void tell(const uint8_t *bytes, size_t len)
{
	static char text[8192]; /* as in homer/homer.c */
	struct buf buf = BUF_INIT(text, sizeof(text));

	require(payload_rtcp(&buf, bytes, len) || !buf.len);
	require(!buf.len || text[buf.len - 1] == '}');
}

static void hear(struct quality *q, const uint8_t *bytes, size_t len, int64_t now_us)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct rtcp_report report;
	struct rtcp_part part;
	uint32_t time;
	size_t at = 0;

	require(exact);
	memcpy(exact, bytes, len);
	tell(exact, len);
	if (rtcp_is_whole(exact, len)) {
		while (rtcp_next(exact, len, &at, &part)) {
			if (rtcp_sr_time(&part, &time))
				quality_sent(q, time, now_us);
			for (unsigned int i = 0; rtcp_report_at(&part, i, &report); i++)
				quality_report(q, &report, 8000, now_us, now_us / 1000);
		}
		require(at == len);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct quality nothing;
	struct quality_counts counts = { .ssrc = 7, .codec = size ? data[0] : 0 };
	struct quality_summary summary;
	struct quality q = { 0 };
	int64_t now_us = 1000000;

	while (size >= HEAD) {
		size_t len = (size_t)data[2] << 8 | data[3];

		now_us += data[0] * 50000;
		counts.expected += data[1];
		counts.lost += data[1] / 16;
		size -= HEAD;
		data += HEAD;
		len = len < size ? len : size;
		hear(&q, data, len, now_us);
		data += len;
		size -= len;
		if (quality_due(&q, &counts, now_us / 1000))
			quality_close(&q, &counts, 5000, now_us / 1000);
	}
	quality_finish(&q, &counts, 5000, now_us / 1000);
	quality_summarize(&summary, &q, &nothing);
	check(&summary);
	return 0;
}
