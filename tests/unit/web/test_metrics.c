/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_metrics.c - the output for Prometheus is in its format, with any names */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/report/counters.h"
#include "daemon/web/metrics.h"
#include "daemon/web/metrics_text.h"
#include "prom_format.h"
#include "tests/unit/test.h"
#include "version.h"

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
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	fprintf(stderr, "no line: %s\n", line);
	return false;
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
	report->user.keepalives_out = 42;
	report->user.keepalives_saved = 43;
	report->user.keepalives_in = 44;
	report->user.denied = 41;
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
	CU_ASSERT(has_line(text, "rtprelay_media_denied_total 41"));
	CU_ASSERT(has_line(text, "rtprelay_latch_refused_total{source=\"unknown\"} 6"));
	CU_ASSERT(has_line(text, "rtprelay_kernel_flows 4"));
	CU_ASSERT(has_line(text, "rtprelay_ports{name=\"a\\\"b\",address=\"2001:db8::1\"} 200"));
	CU_ASSERT(
		has_line(text, "rtprelay_ports_used{name=\"a\\\"b\",address=\"2001:db8::1\"} 80"));
	CU_ASSERT(
		has_line(text, "rtprelay_ports_free{name=\"a\\\"b\",address=\"2001:db8::1\"} 100"));
	CU_ASSERT(has_line(
		text, "rtprelay_ports_taken_by_others{name=\"a\\\"b\",address=\"2001:db8::1\"} 4"));
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
	if (!strcmp(of, "user"))
		return strcmp(name, "latched") != 0 && strcmp(name, "media_denied") != 0;
	return !strcmp(name, "duration");
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
	number(&report.stun.requests, &report.stun + 1, 6000001);
	number(&report.external.checks, &report.external + 1, 7000001);
	number(&report.portmap.granted, &report.portmap + 1, 8000001);
	CU_ASSERT_TRUE(metrics_write(out, &report, 0));
	expect_valid(out);
	text = text_of(out);
	report_counters(&report, expect_in_text, text);
	free(text);
	evbuffer_free(out);
}

#define FIRST	       1000001U
#define AT(member)     offsetof(struct daemon_report, member)
#define DROPPED(id)    AT(drops) + sizeof(uint64_t) * (id)
#define REFUSED(rank)  AT(user.refused) + sizeof(uint64_t) * (rank)
#define PASSED(reason) AT(kernel) + sizeof(uint64_t) * (RTPRELAY_C_PASS_##reason)

/* Each sample that shows one number of the report, and which. */
static const struct {
	const char *name;
	size_t offset; /* in struct daemon_report, of 64 bits */
} samples[] = {
	{ "uptime_seconds", AT(uptime_s) },
	{ "sessions{type=\"own\"}", AT(calls) },
	{ "sessions_total", AT(stats.calls_made) },
	{ "closed_sessions_total{reason=\"rejected\"}", AT(stats.calls_rejected) },
	{ "closed_sessions_total{reason=\"drained\"}", AT(stats.calls_drained) },
	{ "max_sessions", AT(max_calls) },
	{ "closed_sessions_total{reason=\"overload\"}", AT(stats.calls_overload) },
	{ "closed_sessions_total{reason=\"no_address\"}", AT(stats.calls_no_address) },
	{ "closed_sessions_total{reason=\"no_outside\"}", AT(stats.calls_no_outside) },
	{ "one_way_calls", AT(one_way_calls) },
	{ "closed_sessions_total{reason=\"timeout\"}", AT(stats.calls_timeout) },
	{ "closed_sessions_total{reason=\"silent_timeout\"}", AT(stats.calls_silent_timeout) },
	{ "closed_sessions_total{reason=\"final_timeout\"}", AT(stats.calls_final_timeout) },
	{ "closed_sessions_total{reason=\"offer_timeout\"}", AT(stats.calls_offer_timeout) },
	{ "closed_sessions_total{reason=\"unanswered_timeout\"}", AT(stats.calls_unanswered) },
	{ "closed_sessions_total{reason=\"terminated\"}", AT(stats.calls_deleted) },
	{ "closed_sessions_total{reason=\"force_terminated\"}", AT(stats.calls_forced) },
	{ "recordings_total", AT(stats.recordings) },
	{ "recordings_failed_total", AT(stats.recordings_failed) },
	{ "recorder_packets_total", AT(recorder.delivered) },
	{ "recorder_packets_lost_total{where=\"ring\"}", AT(recorder.lost) },
	{ "recorder_packets_lost_total{where=\"kernel\"}", AT(kernel_tap.lost) },
	{ "recorder_packets_lost_total{where=\"disk\"}", AT(recorder.unwritten) },
	{ "recorder_orders_refused_total", AT(recorder.refused) },
	{ "recording_free_bytes", AT(recording_left) },
	{ "recorder_kernel_packets_total{result=\"read\"}", AT(kernel_tap.read) },
	{ "recorder_kernel_packets_total{result=\"unknown\"}", AT(kernel_tap.unknown) },
	{ "recorder_kernel_packets_total{result=\"invalid\"}", AT(kernel_tap.invalid) },
	{ "recorder_kernel_packets_total{result=\"cut\"}", AT(kernel_tap.cut) },
	{ "copies_total", AT(copies.made) },
	{ "copies", AT(copies.subscribers) },
	{ "copy_lines", AT(copies.lines) },
	{ "copy_packets_total{result=\"sent\"}", AT(copies.counts.packets) },
	{ "copy_packets_total{result=\"failed\"}", AT(copies.counts.errors) },
	{ "zero_packet_streams_total", AT(stats.zero_way) },
	{ "one_way_sessions_total", AT(stats.one_way) },
	{ "unheard_sessions_total", AT(stats.calls_unheard) },
	{ "srtp_replaced_ssrcs_total", AT(stats.srtp_replaced) },
	{ "srtp_restarted_streams_total", AT(stats.srtp_restarts) },
	{ "ice_results_total{result=\"completed\"}", AT(stats.ice_completed) },
	{ "ice_results_total{result=\"failed\"}", AT(stats.ice_failed) },
	{ "ice_results_total{result=\"consent_ended\"}", AT(stats.ice_lost) },
	{ "ice_forged_packets_total", AT(stats.ice_forged) },
	{ "dtls_handshakes_total", AT(stats.dtls_handshakes) },
	{ "dtls_mismatched_handshakes_total", AT(stats.dtls_mismatched) },
	{ "dtls_failed_handshakes_total", AT(stats.dtls_failed) },
	{ "dtls_malformed_datagrams_total", AT(stats.dtls_malformed) },
	{ "medias", AT(media) },
	{ "medias_total", AT(stats.medias.made) },
	{ "ended_medias_total", AT(stats.medias.ended) },
	{ "ended_medias_state_total{state=\"complete\"}", AT(stats.medias.complete) },
	{ "ended_medias_state_total{state=\"timed_out\"}", AT(stats.medias.timed_out) },
	{ "ended_medias_state_total{state=\"no_rtp\"}", AT(stats.medias.no_rtp) },
	{ "ended_medias_state_total{state=\"one_way_rtp\"}", AT(stats.medias.one_way_rtp) },
	{ "ended_medias_state_total{state=\"no_rtcp\"}", AT(stats.medias.no_rtcp) },
	{ "ended_medias_state_total{state=\"one_way_rtcp\"}", AT(stats.medias.one_way_rtcp) },
	{ "ended_medias_packets_total{type=\"expected\"}", AT(stats.medias.expected) },
	{ "ended_medias_packets_total{type=\"received\"}", AT(stats.medias.received) },
	{ "ended_medias_packets_total{type=\"duplicate\"}", AT(stats.medias.duplicate) },
	{ "ended_medias_packets_total{type=\"lost\"}", AT(stats.medias.lost) },
	{ "ended_medias_packets_total{type=\"malformed\"}", AT(stats.medias.malformed) },
	{ "mediastreams{type=\"userspace\"}", AT(media_by_path[PATH_USER]) },
	{ "mediastreams{type=\"kernel\"}", AT(media_by_path[PATH_KERNEL]) },
	{ "mediastreams{type=\"mixed\"}", AT(media_by_path[PATH_MIXED]) },
	{ "streams{path=\"kernel\"}", AT(flows) },
	{ "kernel_flows", AT(flows) },
	{ "packets_total{type=\"userspace\"}", AT(relayed[PATH_USER].packets) },
	{ "packets_total{type=\"kernel\"}", AT(relayed[PATH_KERNEL].packets) },
	{ "bytes_total{type=\"userspace\"}", AT(relayed[PATH_USER].bytes) },
	{ "bytes_total{type=\"kernel\"}", AT(relayed[PATH_KERNEL].bytes) },
	{ "packet_errors_total{type=\"userspace\"}", AT(relayed[PATH_USER].errors) },
	{ "packet_errors_total{type=\"kernel\"}", AT(relayed[PATH_KERNEL].errors) },
	{ "dropped_packets_total{reason=\"malformed\"}", DROPPED(DROP_MALFORMED) },
	{ "dropped_packets_total{reason=\"kind\"}", DROPPED(DROP_KIND) },
	{ "dropped_packets_total{reason=\"source\"}", DROPPED(DROP_SOURCE) },
	{ "dropped_packets_total{reason=\"patience\"}", DROPPED(DROP_PATIENCE) },
	{ "dropped_packets_total{reason=\"no_destination\"}", DROPPED(DROP_NO_DESTINATION) },
	{ "dropped_packets_total{reason=\"destination\"}", DROPPED(DROP_DESTINATION) },
	{ "dropped_packets_total{reason=\"blocked\"}", DROPPED(DROP_BLOCKED) },
	{ "dropped_packets_total{reason=\"send_queue\"}", DROPPED(DROP_SEND_QUEUE) },
	{ "dropped_packets_total{reason=\"unreachable\"}", DROPPED(DROP_UNREACHABLE) },
	{ "dropped_packets_total{reason=\"too_large\"}", DROPPED(DROP_TOO_LARGE) },
	{ "dropped_packets_total{reason=\"loop\"}", DROPPED(DROP_LOOP) },
	{ "dropped_packets_total{reason=\"ttl\"}", DROPPED(DROP_TTL) },
	{ "dropped_packets_total{reason=\"receive_queue\"}", DROPPED(DROP_RECEIVE_QUEUE) },
	{ "dropped_packets_total{reason=\"banned\"}", DROPPED(DROP_BANNED) },
	{ "dropped_packets_total{reason=\"no_keys\"}", DROPPED(DROP_NO_KEYS) },
	{ "dropped_packets_total{reason=\"srtp_auth\"}", DROPPED(DROP_SRTP_AUTH) },
	{ "dropped_packets_total{reason=\"srtp_replay\"}", DROPPED(DROP_SRTP_REPLAY) },
	{ "dropped_packets_total{reason=\"not_vouched\"}", DROPPED(DROP_NOT_VOUCHED) },
	{ "dropped_packets_total{reason=\"handshake_queue\"}", DROPPED(DROP_HANDSHAKE_QUEUE) },
	{ "dropped_packets_total{reason=\"dtmf\"}", DROPPED(DROP_DTMF) },
	{ "dropped_packets_total{reason=\"bundle\"}", DROPPED(DROP_BUNDLE) },
	{ "dropped_packets_total{reason=\"prompt\"}", DROPPED(DROP_PROMPT) },
	{ "latched_total", AT(user.latched) },
	{ "keepalives_total{kind=\"sent\"}", AT(user.keepalives_out) },
	{ "keepalives_total{kind=\"saved\"}", AT(user.keepalives_saved) },
	{ "keepalives_total{kind=\"received\"}", AT(user.keepalives_in) },
	{ "phones", AT(nat.phones) },
	{ "phones_behind_nat{seen=\"any\"}", AT(nat.behind) },
	{ "phones_behind_nat{seen=\"address\"}", AT(nat.address) },
	{ "phones_behind_nat{seen=\"port\"}", AT(nat.port) },
	{ "phones_behind_nat{seen=\"symmetric\"}", AT(nat.symmetric) },
	{ "nat_rebinds_total", AT(user.rebinds) },
	{ "media_denied_total", AT(user.denied) },
	{ "latch_refused_total{source=\"unknown\"}", REFUSED(RANK_UNKNOWN) },
	{ "latch_refused_total{source=\"near\"}", REFUSED(RANK_NEAR) },
	{ "latch_refused_total{source=\"address\"}", REFUSED(RANK_ADDR) },
	{ "latch_refused_total{source=\"exact\"}", REFUSED(RANK_EXACT) },
	{ "mos_samples_total", AT(stats.quality.count) },
	{ "jitter_samples_total", AT(stats.quality.count) },
	{ "packetloss_samples_total", AT(stats.quality.count) },
	{ "kernel_passed_packets_total{reason=\"stun\"}", PASSED(STUN) },
	{ "kernel_passed_packets_total{reason=\"dtls\"}", PASSED(DTLS) },
	{ "kernel_passed_packets_total{reason=\"kind\"}", PASSED(KIND) },
	{ "kernel_passed_packets_total{reason=\"pt\"}", PASSED(PT) },
	{ "kernel_passed_packets_total{reason=\"route\"}", PASSED(ROUTE) },
	{ "kernel_passed_packets_total{reason=\"size\"}", PASSED(SIZE) },
	{ "kernel_passed_packets_total{reason=\"policy\"}", PASSED(POLICY) },
	{ "kernel_passed_packets_total{reason=\"device\"}", PASSED(DEVICE) },
	{ "kernel_tapped_packets_total", AT(kernel[RTPRELAY_C_TAPPED]) },
	{ "control_requests_total", AT(stats.requests) },
	{ "control_replayed_total", AT(stats.replayed) },
	{ "control_replies_total", AT(stats.replies) },
	{ "control_failures_total{reason=\"malformed\"}", AT(stats.malformed) },
	{ "control_failures_total{reason=\"unknown_command\"}", AT(stats.unknown_command) },
	{ "control_failures_total{reason=\"not_allowed\"}", AT(stats.not_allowed) },
	{ "control_failures_total{reason=\"from_media_port\"}", AT(stats.from_media_port) },
	{ "control_failures_total{reason=\"reply_too_large\"}", AT(stats.reply_too_large) },
	{ "control_failures_total{reason=\"send_failed\"}", AT(stats.send_failed) },
	{ "control_replies_evicted_total", AT(stats.replies_evicted) },
	{ "rtpproxy_commands_total{result=\"done\"}", AT(stats.rtpp_done) },
	{ "rtpproxy_commands_total{result=\"refused\"}", AT(stats.rtpp_refused) },
	{ "notices_lost_total", AT(stats.notices_lost) },
	{ "events_lost_total", AT(stats.events_lost) },
	{ "call_records_lost_total", AT(stats.cdr_lost) },
	{ "homer_reports_total{result=\"sent\"}", AT(stats.homer_sent) },
	{ "homer_reports_total{result=\"lost\"}", AT(stats.homer_lost) },
	{ "homer_reports_total{result=\"not_copied\"}", AT(user.rtcp_lost) },
	{ "dtmf_keys_total{result=\"reported\"}", AT(stats.dtmf_keys) },
	{ "dtmf_keys_total{result=\"lost\"}", AT(user.dtmf_lost) },
	{ "dtmf_reports_total{result=\"sent\"}", AT(stats.dtmf_sent) },
	{ "dtmf_reports_total{result=\"lost\"}", AT(stats.dtmf_lost) },
	{ "ice_lost_packets_total", AT(user.stun_lost) },
	{ "prompts_total{result=\"played\"}", AT(stats.prompts_played) },
	{ "prompts_total{result=\"refused\"}", AT(stats.prompts_refused) },
	{ "prompts_now", AT(prompts) },
	{ "prompt_memory_bytes", AT(prompt_bytes) },
	{ "prompt_packets_total", AT(user.prompt_packets) },
	{ "journal_restored_calls_total{result=\"restored\"}", AT(journal.restored) },
	{ "journal_restored_calls_total{result=\"not_restored\"}", AT(journal.not_restored) },
	{ "journal_restored_calls_total{result=\"unreadable\"}", AT(journal.unreadable) },
	{ "journal_lost_calls_total", AT(journal.lost) },
	{ "journal_damaged_files_total", AT(journal.damaged) },
	{ "journal_too_large_calls_total", AT(journal.too_large) },
	{ "journal_write_errors_total", AT(journal.write_errors) },
	{ "firewall_errors_total", AT(firewall.errors) },
	{ "firewall_repairs_total", AT(firewall.repairs) },
	{ "firewall_banned_packets_total", AT(firewall.banned) },
	{ "stun_requests_total", AT(stun.requests) },
	{ "stun_replies_total{kind=\"all\"}", AT(stun.replies) },
	{ "stun_replies_total{kind=\"classic\"}", AT(stun.classic) },
	{ "stun_replies_total{kind=\"discovery\"}", AT(stun.discovery) },
	{ "stun_replies_total{kind=\"error\"}", AT(stun.errors) },
	{ "stun_refused_total{reason=\"malformed\"}", AT(stun.malformed) },
	{ "stun_refused_total{reason=\"fingerprint\"}", AT(stun.fingerprint) },
	{ "stun_refused_total{reason=\"source\"}", AT(stun.source) },
	{ "stun_refused_total{reason=\"not_allowed\"}", AT(stun.not_allowed) },
	{ "stun_refused_total{reason=\"banned\"}", AT(stun.banned) },
	{ "stun_refused_total{reason=\"classic\"}", AT(stun.classic_refused) },
	{ "stun_refused_total{reason=\"cannot_change\"}", AT(stun.cannot_change) },
	{ "stun_refused_total{reason=\"limited\"}", AT(stun.limited) },
	{ "stun_refused_total{reason=\"limited_total\"}", AT(stun.limited_total) },
	{ "stun_refused_total{reason=\"send_failed\"}", AT(stun.send_failed) },
	{ "stun_refused_total{reason=\"receive_queue\"}", AT(stun.receive_queue) },
	{ "stun_connections_total{state=\"accepted\"}", AT(stun.tcp) },
	{ "stun_connections_total{state=\"refused\"}", AT(stun.tcp_refused) },
	{ "stun_connections_total{state=\"ended\"}", AT(stun.tcp_ended) },
	{ "external_address_checks_total", AT(external.checks) },
	{ "external_address_failed_total{reason=\"no_answer\"}", AT(external.failed) },
	{ "external_address_failed_total{reason=\"double_nat\"}", AT(external.double_nat) },
	{ "external_address_changes_total", AT(external.changes) },
	{ "port_mapping_requests_total{result=\"granted\"}", AT(portmap.granted) },
	{ "port_mapping_requests_total{result=\"refused\"}", AT(portmap.refused) },
	{ "port_mapping_requests_total{result=\"unanswered\"}", AT(portmap.unanswered) },
	{ "port_mapping_router_restarts_total", AT(portmap.restarts) },
	{ "port_mapping_moved_total", AT(portmap.moved) },
	{ "banned_addresses", AT(banned) },
};

__attribute__((format(printf, 2, 3))) static bool has_sample(const char *text, const char *format,
							     ...)
{
	char line[160] = "rtprelay_";
	size_t len = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + len, sizeof(line) - len, format, args);
	va_end(args);
	return has_line(text, line);
}

/* The lines of whole numbers from FIRST on, without buckets and counts of histograms. */
static size_t count_numbers(const char *text)
{
	size_t n = 0;

	for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
		struct str line = { at, (size_t)(end - at) };
		const char *value = memrchr(line.s, ' ', line.len);
		bool of_histogram = memmem(line.s, line.len, "le=\"", 4) ||
				    memmem(line.s, line.len, "_count", 6);

		n += *at != '#' && !of_histogram && !memchr(value, '.', (size_t)(end - value)) &&
		     strtoull(value, NULL, 10) >= FIRST;
	}
	return n;
}

static void test_every_sample_shows_its_own_number(void)
{
	static struct daemon_report report;
	struct evbuffer *out = evbuffer_new();
	uint64_t value;
	char *text;

	number(&report.stats.calls_made, &report.stats.sample, FIRST);
	number((uint64_t *)&report.uptime_s, &report.kernel_on, 2 * FIRST);
	report.streams = report.flows + 7;
	report.draining = report.kernel_there = report.recording_left_known = true;
	report.threads = 9;
	report.recording_dir.known = report.recording_dir.has_left = true;
	report.recording_dir.why = "no";
	CU_ASSERT_TRUE(metrics_write(out, &report, 2));
	expect_valid(out);
	text = text_of(out);
	for (size_t i = 0; i < COUNT(samples); i++) {
		memcpy(&value, (const char *)&report + samples[i].offset, sizeof(value));
		CU_ASSERT(has_sample(text, "%s %" PRIu64, samples[i].name, value));
	}
	CU_ASSERT_EQUAL(count_numbers(text), COUNT(samples));
	CU_ASSERT(has_sample(text, "streams{path=\"user\"} 7"));
	CU_ASSERT(has_sample(text, "drain 1"));
	CU_ASSERT(has_sample(text, "recording_dir_usable 0"));
	CU_ASSERT(has_sample(text, "kernel_wanted 0"));
	CU_ASSERT(has_sample(text, "kernel_path_available 1"));
	CU_ASSERT(has_sample(text, "media_threads{state=\"answering\"} 7"));
	CU_ASSERT(has_sample(text, "media_threads{state=\"silent\"} 2"));
	free(text);
	evbuffer_free(out);
}

/* A 0 would mean that nothing is recorded any more. */
static void test_unknown_space_of_recordings_is_not_shown(void)
{
	static struct daemon_report report;
	struct evbuffer *out = evbuffer_new();
	char *text;

	CU_ASSERT_TRUE(metrics_write(out, &report, 0));
	text = text_of(out);
	CU_ASSERT_PTR_NULL(strstr(text, "\nrtprelay_recording_free_bytes"));
	free(text);
	evbuffer_free(out);
}

static void test_every_bucket_shows_its_own_number(void)
{
	static const char *const names[QUALITY_MEASURES] = {
		[QUALITY_MOS] = "media_mos",
		[QUALITY_LOSS] = "media_loss_ratio",
		[QUALITY_JITTER] = "media_jitter_seconds",
	};
	static struct daemon_report report;
	struct quality_totals *quality = &report.stats.quality;
	struct evbuffer *out = evbuffer_new();
	char *text;

	number(&quality->bucket[0][0], quality + 1, FIRST);
	quality->sum[QUALITY_MOS] = 81503;
	quality->sum[QUALITY_LOSS] = 20405;
	quality->sum[QUALITY_JITTER] = 7000009;
	CU_ASSERT_TRUE(metrics_write(out, &report, 0));
	text = text_of(out);
	for (size_t m = 0; m < QUALITY_MEASURES; m++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < QUALITY_BOUNDS; i++) {
			sum += quality->bucket[m][i];
			CU_ASSERT(has_sample(text, "%s_bucket{le=\"%s\"} %" PRIu64, names[m],
					     quality_scales[m].text[i], sum));
		}
		sum += quality->bucket[m][QUALITY_BOUNDS];
		CU_ASSERT(has_sample(text, "%s_count %" PRIu64, names[m], sum));
	}
	CU_ASSERT(has_sample(text, "media_mos_sum 815.030000"));
	CU_ASSERT(has_sample(text, "media_loss_ratio_sum 2.040500"));
	CU_ASSERT(has_sample(text, "media_jitter_seconds_sum 7.000009"));
	CU_ASSERT(has_sample(text, "mos_total 815.030000"));
	CU_ASSERT(has_sample(text, "packetloss_total 204.050000"));
	CU_ASSERT(has_sample(text, "jitter_total 7000.009000"));
	free(text);
	evbuffer_free(out);
}

static void test_every_proxy_shows_its_own_numbers(void)
{
	static const char *const names[] = { "192.0.2.1", "2001:db8::9", "others" };
	static struct daemon_report report;
	struct proxy_stats *proxy = report.stats.proxy;
	struct evbuffer *out = evbuffer_new();
	char *text;

	report.stats.n_proxies = COUNT(names);
	for (size_t i = 0; i < COUNT(names); i++) {
		number(proxy[i].count, &proxy[i] + 1, FIRST * (i + 1));
		if (i < 2)
			CU_ASSERT_TRUE(endpoint_parse_addr(str_of(names[i]), 0, &proxy[i].addr));
	}
	CU_ASSERT_TRUE(metrics_write(out, &report, 0));
	text = text_of(out);
	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t verb = 0; verb < VERB_COUNT; verb++) {
			uint64_t us = proxy[i].duration_us[verb];

			CU_ASSERT(has_sample(
				text, "requests_total{proxy=\"%s\",request=\"%s\"} %" PRIu64,
				names[i], stats_verb_names[verb], proxy[i].count[verb]));
			CU_ASSERT(has_sample(text,
					     "request_seconds_total{proxy=\"%s\",request=\"%s\"} "
					     "%" PRIu64 ".%06" PRIu64,
					     names[i], stats_verb_names[verb], us / 1000000,
					     us % 1000000));
		}
		CU_ASSERT(has_sample(text, "errors_total{proxy=\"%s\"} %" PRIu64, names[i],
				     proxy[i].errors));
	}
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
	   { "every sample shows its own number", test_every_sample_shows_its_own_number },
	   { "unknown space of recordings is not shown",
	     test_unknown_space_of_recordings_is_not_shown },
	   { "every bucket shows its own number", test_every_bucket_shows_its_own_number },
	   { "every proxy shows its own numbers", test_every_proxy_shows_its_own_numbers },
	   { "every verb has a name", test_every_verb_has_a_name },
	   { "the reader finds errors", test_the_reader_finds_errors });
