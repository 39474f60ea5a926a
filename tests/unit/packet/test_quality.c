/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_quality.c - the E-model, round trips, intervals */
#include <string.h>
#include "daemon/base/count.h"
#include "daemon/packet/quality.h"
#include "tests/unit/test.h"

/* In hundredths: 441 is a MOS of 4.41. */
static int mos(const char *codec, double loss, double delay_ms)
{
	return (int)(quality_mos(quality_codec(str_of(codec)), loss, delay_ms) * 100 + 0.5);
}

static void test_mos_follows_the_e_model(void)
{
	static const struct {
		const char *codec;
		double loss, delay_ms;
		int mos;
	} rows[] = {
		{ "PCMA", 0, 0, 441 },	    /* R 93.2: the best there is */
		{ "PCMU", 0, 20, 440 },	    /* R 92.7 */
		{ "PCMU", 3, 0, 413 },	    /* R 83.1: Ie,eff 95 * 3 / 28.1 */
		{ "PCMU", 10, 0, 341 },	    /* R 66.1 */
		{ "PCMU", 0, 177.3, 431 },  /* R 88.9 */
		{ "PCMU", 0, 400, 305 },    /* R 59.1 */
		{ "G729", 0, 0, 410 },	    /* R 82.2 */
		{ "g729", 3, 0, 363 },	    /* R 70.7: Ie,eff 11 + 84 * 3 / 22 */
		{ "GSM", 0, 0, 374 },	    /* R 73.2 */
		{ "G726-16", 0, 0, 222 },   /* R 43.2 */
		{ "PCMU", 100, 0, 118 },    /* R 17.3 */
		{ "PCMU", 100, 2000, 100 }, /* R below zero */
		{ "something", 3, 0, 413 }, /* as G.711 */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(mos(rows[i].codec, rows[i].loss, rows[i].delay_ms), rows[i].mos);
}

/* Journals of earlier daemons contain these numbers. */
static void test_numbers_of_codecs_stay(void)
{
	static const char *const names[] = {
		"",
		"PCMU",
		"PCMA",
		"G729",
		"G723",
		"GSM",
		"GSM-EFR",
		"AMR",
		"G728",
		"G726-40",
		"G726-32",
		"G726-24",
		"G726-16",
		"AAL2-G726-40",
		"AAL2-G726-32",
		"AAL2-G726-24",
		"AAL2-G726-16",
		"GSM-HR-08",
		"EVRC",
	};

	for (size_t i = 0; i < COUNT(names); i++)
		CU_ASSERT_EQUAL(quality_codec(str_of(names[i])), i);
	CU_ASSERT_EQUAL(quality_codec(STR("opus")), 0);
}

/*
 * ITU-T G.113 (11/2007), tables I.3 and I.4; G.107, 3.5 and annex B, worked out by hand without
 * delay.
 */
static void test_each_codec_is_judged_by_its_row(void)
{
	static const struct {
		const char *codec;
		double ie, bpl;
	} rows[] = {
		{ "PCMU", 0, 25.1 },	 { "PCMA", 0, 25.1 },	  { "G729", 11, 19 },
		{ "G723", 15, 16.1 },	 { "GSM", 20, 10 },	  { "GSM-EFR", 5, 10 },
		{ "AMR", 5, 10 },	 { "G728", 7, 25.1 },	  { "G726-40", 2, 25.1 },
		{ "G726-32", 7, 25.1 },	 { "G726-24", 25, 25.1 }, { "G726-16", 50, 25.1 },
		{ "GSM-HR-08", 23, 10 }, { "EVRC", 6, 10 },	  { "iLBC", 0, 25.1 },
		{ "G722", 0, 25.1 },	 { "AMR-WB", 0, 25.1 },	  { "opus", 0, 25.1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int quarter = 0; quarter <= 4; quarter++) {
			double loss = 2.5 * quarter;
			double ie = rows[i].ie + (95 - rows[i].ie) * loss / (loss + rows[i].bpl);
			double r = 93.2 - ie;
			double wanted = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;

			CU_ASSERT_EQUAL(mos(rows[i].codec, loss, 0), (int)(wanted * 100 + 0.5));
		}
	}
}

static void test_codecs_by_name_and_number_agree(void)
{
	CU_ASSERT_EQUAL(quality_static_codec(0), quality_codec(STR("PCMU")));
	CU_ASSERT_EQUAL(quality_static_codec(18), quality_codec(STR("G729")));
	CU_ASSERT_EQUAL(quality_static_codec(96), 0);
	CU_ASSERT_EQUAL(quality_codec(STR("telephone-event")), QUALITY_CODEC_NONE);
	CU_ASSERT_EQUAL(quality_static_codec(13), QUALITY_CODEC_NONE);
}

/* The example of RFC 3550, section 6.4.1. */
static void test_round_trip_is_that_of_the_rfc(void)
{
	const struct rtcp_report report = { .ssrc = 7, .lsr = 0xb7052000, .dlsr = 0x00054000 };
	struct quality q = { 0 };

	quality_sent(&q, 0xb7052000, 46853125000);
	quality_report(&q, &report, 8000, 46864500000, 46864500);
	CU_ASSERT_EQUAL(q.leg_us, 6125000);
}

static void test_round_trip_needs_the_report_that_was_sent(void)
{
	struct rtcp_report report = { .ssrc = 7, .lsr = 0x10000, .dlsr = 0x8000 };
	struct quality q = { 0 };

	quality_report(&q, &report, 8000, 2000000, 2000);
	CU_ASSERT_EQUAL(q.leg_us, 0); /* nothing was sent */
	quality_sent(&q, 0x10000, 1000000);
	report.dlsr = 0x20000;
	quality_report(&q, &report, 8000, 2000000, 2000);
	CU_ASSERT_EQUAL(q.leg_us, 0); /* delay at the phone longer than the time since the report */
	report.dlsr = 0x8000;
	quality_report(&q, &report, 8000, 0, 2000);
	CU_ASSERT_EQUAL(q.leg_us, 0); /* time of arrival unknown */
	report.highest++;
	quality_report(&q, &report, 8000, 1540000, 2000);
	CU_ASSERT_EQUAL(q.leg_us, 40000);
	for (uint32_t i = 0; i < QUALITY_REPORTS; i++)
		quality_sent(&q, i, 1000000);
	report.dlsr = 0;
	quality_report(&q, &report, 8000, 3000000, 3000);
	CU_ASSERT_EQUAL(q.leg_us, 40000); /* too old by now */
}

static void test_far_end_is_what_the_report_says(void)
{
	struct rtcp_report report = { .ssrc = 7, .lost = 12, .fraction = 8, .jitter = 160 };
	struct quality q = { 0 };

	quality_report(&q, &report, 8000, 5000, 5);
	CU_ASSERT(q.far.known);
	CU_ASSERT_EQUAL(q.far.lost, 12);
	CU_ASSERT_EQUAL(q.far.fraction, 8);
	CU_ASSERT_EQUAL(q.far.jitter_us, 20000);
	CU_ASSERT_EQUAL(q.reports, 1);
	quality_report(&q, &report, 8000, 5000, 6); /* the same report from the kernel again */
	CU_ASSERT_EQUAL(q.reports, 1);
	report.lost = -5;
	report.jitter = 0xfffffff0;
	quality_report(&q, &report, 8000, 5000, 7);
	CU_ASSERT_EQUAL(q.far.lost, 0);
	CU_ASSERT_EQUAL(q.far.jitter_us, 0); /* impossible value, ignored */
}

/* --- Intervals -------------------------------------------------------------------------------- */

/* 250 packets in 5 s, @lost of them missing, spread over the seconds. */
static void run(struct quality *q, struct quality_counts *counts, int64_t *now_ms, uint64_t lost)
{
	for (int i = 0; i < 5; i++) {
		*now_ms += 1000;
		counts->expected += 50;
		counts->lost += lost / 5;
		if (quality_due(q, counts, *now_ms))
			quality_close(q, counts, 0, *now_ms);
	}
}

static void summarize(const struct quality *q, struct quality_summary *s)
{
	static const struct quality nothing;

	quality_summarize(s, q, &nothing);
}

static void test_intervals_have_lowest_and_highest(void)
{
	struct quality_counts counts = { .ssrc = 7 };
	struct quality_summary s;
	struct quality q = { 0 };
	int64_t now_ms = 1000;

	quality_due(&q, &counts, now_ms);
	run(&q, &counts, &now_ms, 0);  /* ends at 6 s */
	run(&q, &counts, &now_ms, 25); /* ... 11 s */
	run(&q, &counts, &now_ms, 5);
	summarize(&q, &s);
	CU_ASSERT_EQUAL(s.samples, 3);
	CU_ASSERT_EQUAL(s.highest.mos_x100, 440);
	CU_ASSERT_EQUAL(s.highest.at_ms, 6000);
	CU_ASSERT_EQUAL(s.highest.loss, 0);
	CU_ASSERT_EQUAL(s.lowest.mos_x100, 339);
	CU_ASSERT_EQUAL(s.lowest.at_ms, 11000);
	CU_ASSERT_EQUAL(s.lowest.loss, 1000);
	CU_ASSERT_EQUAL(s.average.loss, 400);
	CU_ASSERT_EQUAL(s.average.mos_x100, 400);
	CU_ASSERT_EQUAL(s.interval_s, 5);
	CU_ASSERT_EQUAL(s.entries, 3);
	CU_ASSERT_EQUAL(s.entry[1].loss, 1000);
	CU_ASSERT_EQUAL(s.entry[2].at_ms, 16000);
}

static void test_silence_is_not_a_sample(void)
{
	struct quality_counts counts = { .ssrc = 7 };
	struct quality q = { 0 };
	int64_t now_ms = 1000;

	quality_due(&q, &counts, now_ms);
	run(&q, &counts, &now_ms, 0);
	now_ms += 60000;
	CU_ASSERT(quality_due(&q, &counts, now_ms));
	quality_close(&q, &counts, 0, now_ms);
	CU_ASSERT_EQUAL(q.samples, 1);
}

static void test_another_source_counts_from_zero(void)
{
	struct quality_counts counts = { .ssrc = 7 };
	struct quality q = { 0 };
	int64_t now_ms = 1000;

	quality_due(&q, &counts, now_ms);
	run(&q, &counts, &now_ms, 0);
	counts = (struct quality_counts){ .ssrc = 8 };
	run(&q, &counts, &now_ms, 25);
	CU_ASSERT_EQUAL(q.samples, 2);
	CU_ASSERT_EQUAL(q.lowest.loss, 1000);
}

static void test_the_worse_of_both_ends_counts(void)
{
	const struct rtcp_report report = { .ssrc = 7, .fraction = 64, .jitter = 320 };
	struct quality_counts counts = { .ssrc = 7, .jitter_us = 10000 };
	struct quality q = { 0 };
	int64_t now_ms = 1000;

	quality_due(&q, &counts, now_ms);
	q.leg_us = 60000;
	quality_report(&q, &report, 8000, 2000, 2);
	counts.expected = 250;
	counts.lost = 25;
	quality_close(&q, &counts, 40000, 6000);
	CU_ASSERT_EQUAL(q.lowest.loss, 2500);
	CU_ASSERT_EQUAL(q.lowest.jitter_us, 40000);
	CU_ASSERT_EQUAL(q.lowest.leg_us, 60000);
	CU_ASSERT_EQUAL(q.lowest.rtt_us, 100000);
	counts.expected = 500;
	counts.lost = 50; /* without a report: loss at the relay */
	quality_close(&q, &counts, 40000, 11000);
	CU_ASSERT_EQUAL(q.highest.loss, 1000);
	CU_ASSERT_EQUAL(q.highest.jitter_us, 10000);
}

static void test_tones_are_judged_by_the_codec_before(void)
{
	struct quality_counts counts = { .ssrc = 7, .codec = quality_codec(STR("G729")) };
	struct quality q = { 0 };
	int64_t now_ms = 1000;

	quality_due(&q, &counts, now_ms);
	run(&q, &counts, &now_ms, 0);
	counts.codec = QUALITY_CODEC_NONE;
	run(&q, &counts, &now_ms, 0);
	CU_ASSERT_EQUAL(q.lowest.mos_x100, q.highest.mos_x100);
	CU_ASSERT_EQUAL(q.highest.mos_x100, 409);
}

/* 100 intervals: the 32 entries are merged to 16 twice. */
static void test_progression_is_bounded(void)
{
	struct quality_counts counts = { .ssrc = 7 };
	struct quality_summary s;
	struct quality q = { 0 };
	int64_t now_ms = 1000;

	quality_due(&q, &counts, now_ms);
	for (int i = 0; i < 100; i++)
		run(&q, &counts, &now_ms, i < 64 ? 0 : 25);
	summarize(&q, &s);
	CU_ASSERT_EQUAL(s.samples, 100);
	CU_ASSERT_EQUAL(s.interval_s, 20);
	CU_ASSERT_EQUAL(s.entries, 25);
	CU_ASSERT_EQUAL(s.entry[0].at_ms, 21000);
	CU_ASSERT_EQUAL(s.entry[15].loss, 0);
	CU_ASSERT_EQUAL(s.entry[16].loss, 1000);
	CU_ASSERT_EQUAL(s.entry[24].at_ms, 501000);
	CU_ASSERT_EQUAL(s.average.loss, 360);
}

static void test_a_report_counts_the_open_interval(void)
{
	struct quality_counts counts = { .ssrc = 7, .expected = 10 };
	struct quality_summary s;
	struct quality q = { 0 };

	quality_due(&q, &counts, 1000);
	quality_finish(&q, &counts, 0, 1200); /* few packets, but the only ones */
	summarize(&q, &s);
	CU_ASSERT_EQUAL(s.samples, 1);
	counts.expected += 24;
	quality_finish(&q, &counts, 0, 1700); /* too few for a sample */
	CU_ASSERT_EQUAL(q.samples, 1);
	counts.expected++;
	quality_finish(&q, &counts, 0, 1700);
	CU_ASSERT_EQUAL(q.samples, 2);
}

/* The daemon received the first second, the kernel the rest. */
static void test_both_paths_make_one_summary(void)
{
	struct quality_counts counts = { .ssrc = 7, .expected = 100, .lost = 0 };
	struct quality user = { 0 }, kernel = { 0 };
	struct quality_summary s;

	quality_due(&user, &counts, 1000);
	quality_close(&user, &counts, 0, 3000);
	counts = (struct quality_counts){ .ssrc = 7, .expected = 300, .lost = 30 };
	quality_due(&kernel, &counts, 9000);
	quality_close(&kernel, &counts, 0, 9000);
	quality_summarize(&s, &user, &kernel);
	CU_ASSERT_EQUAL(s.samples, 2);
	CU_ASSERT_EQUAL(s.highest.at_ms, 3000);
	CU_ASSERT_EQUAL(s.lowest.at_ms, 9000);
	CU_ASSERT_EQUAL(s.average.loss, 750); /* weighted by packets */
	CU_ASSERT_EQUAL(s.entries, 2);
	CU_ASSERT_EQUAL(s.entry[0].at_ms, 3000);
	memset(&user, 0, sizeof(user));
	counts = (struct quality_counts){ .ssrc = 7, .expected = 3, .lost = 1 };
	quality_due(&user, &counts, 1000);
	quality_close(&user, &counts, 0, 1000);
	quality_summarize(&s, &user, &kernel);
	CU_ASSERT_EQUAL(s.samples, 1); /* three packets do not count beside those */
	CU_ASSERT_EQUAL(s.lowest.loss, 1000);
}

static void test_memory_of_a_call_is_bounded(void)
{
	CU_ASSERT(4 * sizeof(struct quality) <= 8192); /* both sides, both paths */
}

TEST_SUITE(quality, { "MOS follows the E-model", test_mos_follows_the_e_model },
	   { "numbers of codecs stay", test_numbers_of_codecs_stay },
	   { "each codec is judged by its row", test_each_codec_is_judged_by_its_row },
	   { "codecs by name and number agree", test_codecs_by_name_and_number_agree },
	   { "round trip is that of the RFC", test_round_trip_is_that_of_the_rfc },
	   { "round trip needs the report that was sent",
	     test_round_trip_needs_the_report_that_was_sent },
	   { "far end is what the report says", test_far_end_is_what_the_report_says },
	   { "intervals have lowest and highest", test_intervals_have_lowest_and_highest },
	   { "silence is not a sample", test_silence_is_not_a_sample },
	   { "another source counts from zero", test_another_source_counts_from_zero },
	   { "the worse of both ends counts", test_the_worse_of_both_ends_counts },
	   { "tones are judged by the codec before", test_tones_are_judged_by_the_codec_before },
	   { "progression is bounded", test_progression_is_bounded },
	   { "a report counts the open interval", test_a_report_counts_the_open_interval },
	   { "both paths make one summary", test_both_paths_make_one_summary },
	   { "memory of a call is bounded", test_memory_of_a_call_is_bounded });
