/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_metrics.c - the output for Prometheus is in its format, with any names */
#include "daemon/base/count.h"
#include "daemon/report/counters.h"
#include "daemon/web/metrics.h"
#include "daemon/web/metrics_text.h"
#include "prom_format.h"
#include "tests/unit/test.h"

/* To be freed. */
static char *text_of(struct evbuffer *out)
{
	size_t len = evbuffer_get_length(out);
	char *text = malloc(len + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(evbuffer_copyout(out, text, len), (ev_ssize_t)len);
	text[len] = '\0';
	return text;
}

static void expect_text(struct evbuffer *out, const char *wanted)
{
	char *text = text_of(out);

	CU_ASSERT_STRING_EQUAL(text, wanted);
	if (strcmp(text, wanted))
		fprintf(stderr, "%s", text);
	free(text);
}

static void expect_valid(struct evbuffer *out)
{
	char *text = text_of(out), *error = prom_check(text, NULL);

	CU_ASSERT_PTR_NULL(error);
	if (error)
		fprintf(stderr, "%s\n", error);
	free(error);
	free(text);
}

static void test_writes_families_and_samples(void)
{
	struct metrics_text text = { .out = evbuffer_new() };
	const struct metric_label labels[] = { { "a", STR("x") }, { "b", STR("y") } };

	metrics_family(&text, "things_total", METRIC_COUNTER, "Things done.");
	metrics_u64(&text, NULL, 0, 18446744073709551615U);
	metrics_u64(&text, labels, 2, 0);
	metrics_family(&text, "age_seconds", METRIC_GAUGE, "How old.");
	metrics_seconds(&text, labels, 1, 1000001);
	CU_ASSERT_FALSE(text.failed);
	expect_text(text.out, "# HELP rtprelay_things_total Things done.\n"
			      "# TYPE rtprelay_things_total counter\n"
			      "rtprelay_things_total 18446744073709551615\n"
			      "rtprelay_things_total{a=\"x\",b=\"y\"} 0\n"
			      "# HELP rtprelay_age_seconds How old.\n"
			      "# TYPE rtprelay_age_seconds gauge\n"
			      "rtprelay_age_seconds{a=\"x\"} 1.000001\n");
	expect_valid(text.out);
	evbuffer_free(text.out);
}

static void test_escapes_label_values(void)
{
	struct metrics_text text = { .out = evbuffer_new() };
	const struct metric_label label = { "name", STR("q\" b\\ n\n u\xc3\xa4 c\x01 d\x7f.") };

	metrics_family(&text, "x", METRIC_GAUGE, "X.");
	metrics_u64(&text, &label, 1, 7);
	expect_text(text.out, "# HELP rtprelay_x X.\n"
			      "# TYPE rtprelay_x gauge\n"
			      "rtprelay_x{name=\"q\\\" b\\\\ n\\n u?? c? d?.\"} 7\n");
	expect_valid(text.out);
	evbuffer_free(text.out);
}

static void test_buckets_are_cumulative(void)
{
	static const char *const bounds[] = { "1", "2.5" };
	static const uint64_t counts[] = { 3, 0, 4 };
	struct metrics_text text = { .out = evbuffer_new() };
	const struct metric_label label = { "path", STR("user") };

	metrics_family(&text, "size", METRIC_HISTOGRAM, "Sizes.");
	metrics_histogram(&text, &label, 1, bounds, 2, counts, "20.5");
	metrics_histogram(&text, NULL, 0, bounds, 2, counts, "20.5");
	expect_text(text.out, "# HELP rtprelay_size Sizes.\n"
			      "# TYPE rtprelay_size histogram\n"
			      "rtprelay_size_bucket{path=\"user\",le=\"1\"} 3\n"
			      "rtprelay_size_bucket{path=\"user\",le=\"2.5\"} 3\n"
			      "rtprelay_size_bucket{path=\"user\",le=\"+Inf\"} 7\n"
			      "rtprelay_size_sum{path=\"user\"} 20.5\n"
			      "rtprelay_size_count{path=\"user\"} 7\n"
			      "rtprelay_size_bucket{le=\"1\"} 3\n"
			      "rtprelay_size_bucket{le=\"2.5\"} 3\n"
			      "rtprelay_size_bucket{le=\"+Inf\"} 7\n"
			      "rtprelay_size_sum 20.5\n"
			      "rtprelay_size_count 7\n");
	expect_valid(text.out);
	evbuffer_free(text.out);
}

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	bool found = at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';

	if (!found)
		fprintf(stderr, "no line: %s\n", line);
	return found;
}

static void fill(struct daemon_report *report, struct iface_report *iface)
{
	*iface = (struct iface_report){ .name = STR("a\"b"), .ports = { 100, 40, 50, 8, 2 } };
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("2001:db8::1"), 0, &iface->bind));
	report->iface = iface;
	report->n_ifaces = 1;
	report->uptime_s = 61;
	report->calls = 10;
	report->media = 11;
	report->streams = 44;
	report->media_by_path[PATH_USER] = 7;
	report->media_by_path[PATH_KERNEL] = 3;
	report->media_by_path[PATH_MIXED] = 1;
	report->stats.quality.count = 2;
	report->stats.quality.sum[QUALITY_MOS] = 815;
	report->stats.quality.sum[QUALITY_JITTER] = 4500;
	report->stats.quality.sum[QUALITY_LOSS] = 125;
	report->flows = 4;
	report->threads = 2;
	report->relayed[PATH_USER] = (struct relayed){ 1000, 172000, 3 };
	report->relayed[PATH_KERNEL] = (struct relayed){ 2000, 344000, 4 };
	report->drops[DROP_SOURCE] = 5;
	report->user.latched = 40;
	report->user.refused[RANK_UNKNOWN] = 6;
	report->stats.calls_made = 30;
	report->stats.calls_deleted = 15;
	report->stats.calls_rejected = 2;
	report->stats.duration_ms = 1500;
	report->stats.n_proxies = 2;
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("192.0.2.1"), 0, &report->stats.proxy[0].addr));
	report->stats.proxy[0].count[VERB_OFFER] = 31;
	report->stats.proxy[0].duration_us[VERB_OFFER] = 2000003;
	report->stats.proxy[0].errors = 9;
}

static void test_has_what_is_in_the_report(void)
{
	static struct daemon_report report;
	struct evbuffer *out = evbuffer_new();
	struct iface_report iface;
	char *text;

	fill(&report, &iface);
	CU_ASSERT_TRUE(metrics_write(out, &report, 1));
	expect_valid(out);
	text = text_of(out);
	CU_ASSERT(has_line(text, "rtprelay_build_info{version=\"" RTPRELAY_VERSION "\"} 1"));
	CU_ASSERT(has_line(text, "rtprelay_uptime_seconds 61"));
	CU_ASSERT(has_line(text, "rtprelay_media_threads{state=\"answering\"} 1"));
	CU_ASSERT(has_line(text, "rtprelay_media_threads{state=\"silent\"} 1"));
	CU_ASSERT(has_line(text, "rtprelay_sessions{type=\"own\"} 10"));
	CU_ASSERT(has_line(text, "rtprelay_sessions_total 30"));
	CU_ASSERT(has_line(text, "rtprelay_closed_sessions_total{reason=\"terminated\"} 15"));
	CU_ASSERT(has_line(text, "rtprelay_closed_sessions_total{reason=\"rejected\"} 2"));
	CU_ASSERT(has_line(text, "rtprelay_call_duration_total 1.500000"));
	CU_ASSERT(has_line(text, "rtprelay_mediastreams{type=\"userspace\"} 7"));
	CU_ASSERT(has_line(text, "rtprelay_mediastreams{type=\"kernel\"} 3"));
	CU_ASSERT(has_line(text, "rtprelay_mediastreams{type=\"mixed\"} 1"));
	CU_ASSERT(has_line(text, "rtprelay_mos_total 8.150000"));
	CU_ASSERT(has_line(text, "rtprelay_mos_samples_total 2"));
	CU_ASSERT(has_line(text, "rtprelay_jitter_total 4.500000"));
	CU_ASSERT(has_line(text, "rtprelay_packetloss_total 1.250000"));
	CU_ASSERT(has_line(text, "rtprelay_streams{path=\"user\"} 40"));
	CU_ASSERT(has_line(text, "rtprelay_streams{path=\"kernel\"} 4"));
	CU_ASSERT(has_line(text, "rtprelay_packets_total{type=\"userspace\"} 1000"));
	CU_ASSERT(has_line(text, "rtprelay_packets_total{type=\"kernel\"} 2000"));
	CU_ASSERT(has_line(text, "rtprelay_bytes_total{type=\"kernel\"} 344000"));
	CU_ASSERT(has_line(text, "rtprelay_packet_errors_total{type=\"userspace\"} 3"));
	CU_ASSERT(has_line(text, "rtprelay_dropped_packets_total{reason=\"source\"} 5"));
	CU_ASSERT(has_line(text, "rtprelay_latched_total 40"));
	CU_ASSERT(has_line(text, "rtprelay_latch_refused_total{source=\"unknown\"} 6"));
	CU_ASSERT(has_line(text, "rtprelay_kernel_flows 4"));
	CU_ASSERT(has_line(text, "rtprelay_ports{name=\"a\\\"b\",address=\"2001:db8::1\"} 200"));
	CU_ASSERT(
		has_line(text, "rtprelay_ports_used{name=\"a\\\"b\",address=\"2001:db8::1\"} 80"));
	CU_ASSERT(has_line(
		text, "rtprelay_ports_quarantined{name=\"a\\\"b\",address=\"2001:db8::1\"} 16"));
	CU_ASSERT(has_line(text,
			   "rtprelay_requests_total{proxy=\"192.0.2.1\",request=\"offer\"} 31"));
	CU_ASSERT(has_line(
		text,
		"rtprelay_request_seconds_total{proxy=\"192.0.2.1\",request=\"offer\"} 2.000003"));
	CU_ASSERT(has_line(text, "rtprelay_errors_total{proxy=\"192.0.2.1\"} 9"));
	CU_ASSERT(has_line(text, "rtprelay_errors_total{proxy=\"others\"} 0"));
	free(text);
	evbuffer_free(out);
}

/*
 * Counters that /metrics shows in another form: as a sum over both paths, in seconds, as a
 * histogram.
 */
static bool has_another_form(const char *of, const char *name)
{
	static const char *const folders[] = { "quality", "drop", "proxy" };

	for (size_t i = 0; i < COUNT(folders); i++)
		if (!strcmp(of, folders[i]))
			return true;
	if (!strcmp(of, "kernel"))
		return strncmp(name, "pass_", 5) != 0 && strcmp(name, "tapped") != 0;
	return !strcmp(name, "duration") || (!strcmp(of, "user") && strcmp(name, "latched") != 0);
}

static void expect_in_text(void *arg, const char *of, const char *proxy,
			   const struct counter_name *name, uint64_t value)
{
	char sample[32];

	(void)proxy;
	if (has_another_form(of, name->name))
		return;
	snprintf(sample, sizeof(sample), " %llu\n", (unsigned long long)value);
	CU_ASSERT(value && strstr(arg, sample));
	if (!value || !strstr(arg, sample))
		fprintf(stderr, "not in /metrics: %s.%s\n", of, name->name);
}

static void number(uint64_t *begin, const void *end, uint64_t first)
{
	for (uint64_t *at = begin; (const void *)at < end; at++)
		*at = first++;
}

static void test_every_counter_of_the_report_is_there(void)
{
	static struct daemon_report report;
	struct evbuffer *out = evbuffer_new();
	char *text;

	number(&report.stats.calls_made, &report.stats.sample, 1000001);
	number(&report.user.packets, &report.user + 1, 2000001);
	number(report.kernel, report.kernel + RTPRELAY_C_MAX + 1, 3000001);
	number(&report.journal.restored, &report.journal + 1, 4000001);
	number(&report.firewall.errors, &report.firewall + 1, 5000001);
	CU_ASSERT_TRUE(metrics_write(out, &report, 0));
	expect_valid(out);
	text = text_of(out);
	report_counters(&report, expect_in_text, text);
	free(text);
	evbuffer_free(out);
}

static void test_every_verb_has_a_name(void)
{
	for (int i = 0; i < VERB_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(stats_verb_names[i]);
}

static void test_the_reader_finds_errors(void)
{
	static const struct {
		const char *text, *wrong;
	} rows[] = {
		{ "", "does not end" },
		{ "# HELP a_total A.\n# TYPE a_total counter\na_total 1", "does not end" },
		{ "a 1\n", "sample without TYPE" },
		{ "# HELP a A.\n# TYPE a gauge\n\na 1\n", "no value" },
		{ "# HELP a A.\n# TYPE a counter\na 1\n", "_total is for" },
		{ "# HELP a_total A.\n# TYPE a_total gauge\na 1\n", "_total is for" },
		{ "# HELP a A.\n# TYPE a gauge\na 1\na 2\n", "there twice" },
		{ "# HELP a A.\n# HELP a A.\n", "HELP again" },
		{ "# HELP a A.\n# TYPE a gauge\n# TYPE a gauge\n", "TYPE without" },
		{ "# HELP a A.\n# TYPE b gauge\n", "TYPE without" },
		{ "# HELP 1a A.\n", "bad name" },
		{ "# HELP a A.\n# TYPE a gauge\nb 1\n", "is not of the family" },
		{ "# HELP a A.\n# TYPE a gauge\na{b=\"\\x\"} 1\n", "bad escape" },
		{ "# HELP a A.\n# TYPE a gauge\na{b=\"x} 1\n", "without end" },
		{ "# HELP a A.\n# TYPE a gauge\na{b=\"x\",b=\"y\"} 1\n", "there twice" },
		{ "# HELP a A.\n# TYPE a gauge\na 1 1700000000\n", "more than that" },
		{ "# HELP a A.\n# TYPE a gauge\na one\n", "no value" },
		{ "# HELP a_total A.\n# TYPE a_total counter\na_total -1\n", "bad value" },
		{ "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} "
		  "1\n",
		  "buckets fall" },
		{ "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 1\n", "no bucket" },
		{ "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_count 1\n",
		  "count is not" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *error = prom_check(rows[i].text, NULL);

		CU_ASSERT(error && strstr(error, rows[i].wrong));
		if (!error || !strstr(error, rows[i].wrong))
			fprintf(stderr, "row %zu: %s\n", i, error ? error : "nothing found");
		free(error);
	}
}

TEST_SUITE(metrics, { "writes families and samples", test_writes_families_and_samples },
	   { "escapes label values", test_escapes_label_values },
	   { "buckets are cumulative", test_buckets_are_cumulative },
	   { "has what is in the report", test_has_what_is_in_the_report },
	   { "every counter of the report is there", test_every_counter_of_the_report_is_there },
	   { "every verb has a name", test_every_verb_has_a_name },
	   { "the reader finds errors", test_the_reader_finds_errors });
