/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_history.c - the last hour: not more than that is kept, and rates are between two samples
 */
#include <stdlib.h>
#include "daemon/base/clock.h"
#include "daemon/web/api.h"
#include "tests/unit/test.h"

static void test_keeps_the_last_hour(void)
{
	static struct history history;

	for (uint32_t i = 0; i < HISTORY_SAMPLES + 5; i++)
		history_add(&history, &(struct history_sample){ .calls = i });
	CU_ASSERT_EQUAL(history.count, HISTORY_SAMPLES);
	CU_ASSERT_EQUAL(history_at(&history, 0)->calls, 5);
	CU_ASSERT_EQUAL(history_at(&history, HISTORY_SAMPLES - 1)->calls, HISTORY_SAMPLES + 4);
}

static void test_keeps_what_there_is(void)
{
	static struct history history;

	CU_ASSERT_EQUAL(history.count, 0);
	history_add(&history, &(struct history_sample){ .calls = 7 });
	history_add(&history, &(struct history_sample){ .calls = 8 });
	CU_ASSERT_EQUAL(history.count, 2);
	CU_ASSERT_EQUAL(history_at(&history, 0)->calls, 7);
	CU_ASSERT_EQUAL(history_at(&history, 1)->calls, 8);
}

/* To be freed. */
static char *told(const struct history *history)
{
	struct http_reply reply = { 200, "", evbuffer_new(), NULL };
	char *text;

	web_api_history(history, &reply);
	CU_ASSERT_EQUAL(reply.status, 200);
	text = calloc(1, evbuffer_get_length(reply.body) + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	evbuffer_remove(reply.body, text, evbuffer_get_length(reply.body));
	evbuffer_free(reply.body);
	return text;
}

static void expect(const struct history *history, const char *wanted)
{
	char *text = told(history);

	CU_ASSERT_STRING_EQUAL(text, wanted);
	if (strcmp(text, wanted))
		fprintf(stderr, "%s", text);
	free(text);
}

static void test_has_rates_and_averages(void)
{
	static struct history history;
	int64_t now_ms = clock_ms();
	struct history_sample sample = { .at_ms = now_ms - 20000, .packets = { 100, 1000 } };

	expect(&history, "{\"type\":\"history\",\"interval\":10,\"samples\":[]}\n");
	history_add(&history, &sample);
	expect(&history, "{\"type\":\"history\",\"interval\":10,\"samples\":[]}\n");
	sample = (struct history_sample){ .at_ms = now_ms - 10000,
					  .calls = 3,
					  .streams = 12,
					  .flows = 8,
					  .packets = { 150, 3000 },
					  .drops = 25,
					  .refused = 5,
					  .medias = 2,
					  .quality = { 800, 300, 5000 } };
	history_add(&history, &sample);
	sample.at_ms = now_ms;
	history_add(&history, &sample);
	expect(&history, "{\"type\":\"history\",\"interval\":10,\"samples\":["
			 "{\"ago\":10,\"calls\":3,\"streams\":12,\"flows\":8,\"user\":5.000,"
			 "\"kernel\":200.000,\"drops\":2.500,\"refused\":0.500,\"mos\":4.000,"
			 "\"loss-percent\":1.500,\"jitter-ms\":2.500},"
			 "{\"ago\":0,\"calls\":3,\"streams\":12,\"flows\":8,\"user\":0.000,"
			 "\"kernel\":0.000,\"drops\":0.000,\"refused\":0.000}]}\n");
}

static void test_the_largest_hour_fits(void)
{
	static struct history history;
	char *text;

	for (uint64_t i = 0; i < HISTORY_SAMPLES; i++)
		history_add(&history,
			    &(struct history_sample){ .at_ms = (int64_t)i,
						      .calls = UINT32_MAX,
						      .streams = UINT32_MAX,
						      .flows = UINT32_MAX,
						      .packets = { i << 50, i << 50 },
						      .drops = i << 50,
						      .refused = i << 50,
						      .medias = i,
						      .quality = { i << 50, i << 50, i << 50 } });
	text = told(&history);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "}]}\n"));
	free(text);
}

static void test_no_memory_is_status_500(void)
{
	static struct history history;

	history_add(&history, &(struct history_sample){ .at_ms = 1 });
	ALLOC_FAILS_AT_EACH
	{
		struct http_reply reply = { 200, "", evbuffer_new(), NULL };

		web_api_history(&history, &reply);
		CU_ASSERT_EQUAL(reply.status, alloc_failed() ? 500 : 200);
		evbuffer_free(reply.body);
	}
}

/* --- Quality of all calls --------------------------------------------------------------------- */

static void test_each_value_falls_into_one_bucket(void)
{
	struct quality_totals totals = { 0 };
	struct quality_summary s = {
		.samples = 1, .average = { .mos_x100 = 403, .loss = 0, .jitter_us = 321000 }
	};

	quality_totals_add(&totals, &s);
	s.average.mos_x100 = 404;
	quality_totals_add(&totals, &s);
	CU_ASSERT_EQUAL(totals.count, 2);
	CU_ASSERT_EQUAL(totals.bucket[QUALITY_MOS][5], 1);
	CU_ASSERT_EQUAL(totals.bucket[QUALITY_MOS][6], 1);
	CU_ASSERT_EQUAL(totals.bucket[QUALITY_LOSS][0], 2);
	CU_ASSERT_EQUAL(totals.bucket[QUALITY_JITTER][QUALITY_BOUNDS], 2);
	CU_ASSERT_EQUAL(totals.sum[QUALITY_MOS], 807);
	CU_ASSERT_EQUAL(totals.sum[QUALITY_JITTER], 642000);
}

static void test_media_without_samples_does_not_count(void)
{
	struct quality_totals totals = { 0 };
	const struct quality_summary nothing = { .samples = 0 };

	quality_totals_add(&totals, &nothing);
	CU_ASSERT_EQUAL(totals.count, 0);
}

static void test_bounds_are_those_of_their_texts(void)
{
	static const double units[QUALITY_MEASURES] = { 100, 10000, 1000000 };

	for (int m = 0; m < QUALITY_MEASURES; m++) {
		for (int i = 0; i < QUALITY_BOUNDS; i++) {
			const struct quality_scale *scale = &quality_scales[m];

			CU_ASSERT_DOUBLE_EQUAL(strtod(scale->text[i], NULL) * units[m],
					       (double)scale->bound[i], 0.001);
			CU_ASSERT(!i || scale->bound[i] > scale->bound[i - 1]);
		}
	}
}

TEST_SUITE(history, { "keeps the last hour", test_keeps_the_last_hour },
	   { "keeps what there is", test_keeps_what_there_is },
	   { "has rates and averages", test_has_rates_and_averages },
	   { "the largest hour fits", test_the_largest_hour_fits },
	   { "no memory is status 500", test_no_memory_is_status_500 },
	   { "each value falls into one bucket", test_each_value_falls_into_one_bucket },
	   { "media without samples does not count", test_media_without_samples_does_not_count },
	   { "bounds are those of their texts", test_bounds_are_those_of_their_texts });
