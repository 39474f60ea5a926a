/* SPDX-License-Identifier: GPL-2.0-or-later */
/* payload.c - RTCP and the quality of RTP as JSON, with the names of members that Homer knows */
#include <stdio.h>
#include "base/json_line.h"
#include "homer/payload.h"
#include "rtcp_wire.h"

/* --- RTCP ------------------------------------------------------------------------------------- */

/* The NTP time is sent as it is on the wire: seconds since 1900, and 1/2^32 of a second. */
static void put_sender(struct json_line *line, const uint8_t *sr)
{
	jsonl_open(line, "sender_information", '{');
	jsonl_u64(line, "ntp_timestamp_sec", rtp_wire_u32(sr + 8));
	jsonl_u64(line, "ntp_timestamp_usec", rtp_wire_u32(sr + 12));
	jsonl_u64(line, "rtp_timestamp", rtp_wire_u32(sr + 16));
	jsonl_u64(line, "packets", rtp_wire_u32(sr + 20));
	jsonl_u64(line, "octets", rtp_wire_u32(sr + 24));
	jsonl_close(line, '}');
}

/* Loss below zero (duplicates) is sent as 0: servers read a number without sign. */
static void put_block(struct json_line *line, const struct rtcp_report *report)
{
	jsonl_open(line, NULL, '{');
	jsonl_u64(line, "source_ssrc", report->ssrc);
	jsonl_u64(line, "fraction_lost", report->fraction);
	jsonl_u64(line, "packets_lost", report->lost > 0 ? (uint64_t)report->lost : 0);
	jsonl_u64(line, "highest_seq_no", report->highest);
	jsonl_u64(line, "ia_jitter", report->jitter);
	jsonl_u64(line, "lsr", report->lsr);
	jsonl_u64(line, "dlsr", report->dlsr);
	jsonl_close(line, '}');
}

/* What a compound packet has for the JSON. */
struct found {
	const uint8_t *sr; /* NULL: none */
	const uint8_t *rr; /* the first one; NULL: none */
	struct rtcp_report block[PAYLOAD_BLOCKS];
	unsigned int n;
};

static void find_blocks(struct found *found, const struct rtcp_part *part)
{
	for (unsigned int i = 0; found->n < PAYLOAD_BLOCKS; i++, found->n++)
		if (!rtcp_report_at(part, i, &found->block[found->n]))
			return;
}

static void find(struct found *found, const uint8_t *rtcp, size_t len)
{
	struct rtcp_part part;
	uint32_t time;
	size_t at = 0;

	*found = (struct found){ .n = 0 };
	while (rtcp_next(rtcp, len, &at, &part)) {
		if (!found->sr && rtcp_sr_time(&part, &time))
			found->sr = part.bytes;
		if (!found->rr && part.type == RTCP_RR && part.len >= 8)
			found->rr = part.bytes;
		find_blocks(found, &part);
	}
}

bool payload_rtcp(struct buf *out, const uint8_t *rtcp, size_t len)
{
	struct json_line line = { .buf = *out };
	struct found found;
	const uint8_t *first;

	find(&found, rtcp, len);
	first = found.sr ? found.sr : found.rr;
	if (!first || (!found.sr && !found.n))
		return false;
	jsonl_open(&line, NULL, '{');
	if (found.sr)
		put_sender(&line, found.sr);
	jsonl_u64(&line, "ssrc", rtp_wire_u32(first + 4));
	jsonl_u64(&line, "type", first[1]);
	jsonl_u64(&line, "report_count", found.n);
	jsonl_open(&line, "report_blocks", '[');
	for (unsigned int i = 0; i < found.n; i++)
		put_block(&line, &found.block[i]);
	jsonl_close(&line, ']');
	jsonl_close(&line, '}');
	*out = line.buf;
	return !out->overflow;
}

/* --- RTP -------------------------------------------------------------------------------------- */

static void put_address(struct json_line *line, const char *ip, const char *port,
			const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	if (!endpoint_is_set(ep))
		return;
	jsonl_text(line, ip, endpoint_print_addr(ep, text));
	jsonl_u64(line, port, endpoint_port(ep));
}

static void put_counts(struct json_line *line, const struct stream_report *report)
{
	char ssrc[16];

	jsonl_u64(line, "TOTAL_PK", report->packets_in);
	jsonl_u64(line, "TL_BYTE", report->bytes_in);
	jsonl_u64(line, "EXPECTED_PK", report->expected);
	jsonl_u64(line, "PACKET_LOSS", report->lost);
	jsonl_u64(line, "OUT_ORDER", report->reordered);
	jsonl_u64(line, "SEQ", report->last_seq);
	jsonl_u64(line, "CODEC_PT", report->last_pt);
	jsonl_u64(line, "CLOCK", report->clock);
	snprintf(ssrc, sizeof(ssrc), "0x%08x", report->ssrc);
	jsonl_text(line, "SSRC", ssrc);
}

static double jitter_ms(const struct quality_sample *sample)
{
	return sample->jitter_us / 1000.0;
}

static double highest_jitter_ms(const struct quality_summary *q)
{
	double highest = jitter_ms(&q->latest);

	for (unsigned int i = 0; i < q->entries; i++)
		if (jitter_ms(&q->entry[i]) > highest)
			highest = jitter_ms(&q->entry[i]);
	return highest;
}

/* DELTA and SKEW are not measured; pages that draw them need a number. */
static void put_quality(struct json_line *line, const struct quality_summary *q)
{
	if (!q->samples)
		return;
	jsonl_real(line, "MOS", q->latest.mos_x100 / 100.0);
	jsonl_real(line, "MEAN_MOS", q->average.mos_x100 / 100.0);
	jsonl_real(line, "MIN_MOS", q->lowest.mos_x100 / 100.0);
	jsonl_real(line, "MAX_MOS", q->highest.mos_x100 / 100.0);
	jsonl_real(line, "JITTER", jitter_ms(&q->latest));
	jsonl_real(line, "MEAN_JITTER", jitter_ms(&q->average));
	jsonl_real(line, "MAX_JITTER", highest_jitter_ms(q));
	jsonl_u64(line, "DELTA", 0);
	jsonl_u64(line, "SKEW", 0);
}

bool payload_rtp(struct buf *out, const struct payload_rtp *rtp)
{
	struct json_line line = { .buf = *out };

	jsonl_open(&line, NULL, '{');
	jsonl_str(&line, "CORRELATION_ID", rtp->call_id);
	jsonl_str(&line, "RTP_SIP_CALL_ID", rtp->call_id);
	jsonl_text(&line, "TYPE", rtp->final ? "HANGUP" : "PERIODIC");
	jsonl_i64(&line, "REPORT_TS", rtp->at_s);
	jsonl_u64(&line, "PARTY", rtp->side);
	jsonl_u64(&line, "DIR", 0); /* received */
	jsonl_text(&line, "REPORT_NAME", side_names[rtp->side]);
	put_address(&line, "SRC_IP", "SRC_PORT", &rtp->report->latched);
	put_address(&line, "DST_IP", "DST_PORT", &rtp->report->local);
	if (*rtp->codec)
		jsonl_text(&line, "CODEC_NAME", rtp->codec);
	put_counts(&line, rtp->report);
	put_quality(&line, rtp->quality);
	jsonl_close(&line, '}');
	*out = line.buf;
	return !out->overflow;
}
