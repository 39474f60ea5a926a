/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.c - /metrics: the daemon's counters, for Prometheus
 *
 * A table: name, type, help, and the function that writes the samples.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include "base/count.h"
#include "packet/latch_names.h"
#include "version.h"
#include "web/metrics.h"
#include "web/metrics_text.h"

struct view {
	struct metrics_text text;
	const struct daemon_report *report;
	unsigned int silent;
};

static void put(struct view *view, uint64_t value)
{
	metrics_u64(&view->text, NULL, 0, value);
}

static void put_one(struct view *view, const char *name, struct str label, uint64_t value)
{
	const struct metric_label labels[] = { { name, label } };

	metrics_u64(&view->text, labels, 1, value);
}

/* --- The daemon ------------------------------------------------------------------------------- */

static void build_info(struct view *view)
{
	put_one(view, "version", STR(RTPRELAY_VERSION), 1);
}

static void uptime(struct view *view)
{
	put(view, (uint64_t)view->report->uptime_s);
}

static uint64_t us_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

static void cpu(struct view *view)
{
	struct rusage usage;

	if (!getrusage(RUSAGE_SELF, &usage))
		metrics_seconds(&view->text, NULL, 0,
				us_of(usage.ru_utime) + us_of(usage.ru_stime));
}

static void threads(struct view *view)
{
	put_one(view, "state", STR("answering"), view->report->threads - view->silent);
	put_one(view, "state", STR("silent"), view->silent);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static void sessions(struct view *view)
{
	put_one(view, "type", STR("own"), view->report->calls);
	put_one(view, "type", STR("foreign"), 0);
}

static void sessions_total(struct view *view)
{
	put(view, view->report->stats.calls_made);
}

static void max_sessions(struct view *view)
{
	put(view, view->report->max_calls);
}

static void drain(struct view *view)
{
	put(view, view->report->draining);
}

static void closed_sessions(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "reason", STR("rejected"), stats->calls_rejected);
	put_one(view, "reason", STR("drained"), stats->calls_drained);
	put_one(view, "reason", STR("overload"), stats->calls_overload);
	put_one(view, "reason", STR("no_address"), stats->calls_no_address);
	put_one(view, "reason", STR("no_outside"), stats->calls_no_outside);
	put_one(view, "reason", STR("timeout"), stats->calls_timeout);
	put_one(view, "reason", STR("silent_timeout"), stats->calls_silent_timeout);
	put_one(view, "reason", STR("final_timeout"), stats->calls_final_timeout);
	put_one(view, "reason", STR("offer_timeout"), stats->calls_offer_timeout);
	put_one(view, "reason", STR("unanswered_timeout"), stats->calls_unanswered);
	put_one(view, "reason", STR("terminated"), stats->calls_deleted);
	put_one(view, "reason", STR("force_terminated"), stats->calls_forced);
}

static void call_duration(struct view *view)
{
	metrics_seconds(&view->text, NULL, 0, view->report->stats.duration_ms * 1000);
}

static void zero_way(struct view *view)
{
	put(view, view->report->stats.zero_way);
}

static void one_way(struct view *view)
{
	put(view, view->report->stats.one_way);
}

static void one_way_now(struct view *view)
{
	put(view, view->report->one_way_calls);
}

static void unheard(struct view *view)
{
	put(view, view->report->stats.calls_unheard);
}

static void srtp_replaced(struct view *view)
{
	put(view, view->report->stats.srtp_replaced);
}

static void ice_ends(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "result", STR("completed"), stats->ice_completed);
	put_one(view, "result", STR("failed"), stats->ice_failed);
	put_one(view, "result", STR("consent_ended"), stats->ice_lost);
}

static void ice_forged(struct view *view)
{
	put(view, view->report->stats.ice_forged);
}

static void prompts(struct view *view)
{
	put_one(view, "result", STR("played"), view->report->stats.prompts_played);
	put_one(view, "result", STR("refused"), view->report->stats.prompts_refused);
}

static void prompts_now(struct view *view)
{
	put(view, view->report->prompts);
}

static void prompt_bytes_now(struct view *view)
{
	put(view, view->report->prompt_bytes);
}

static void prompt_packets(struct view *view)
{
	put(view, view->report->user.prompt_packets);
}

static void stun_lost(struct view *view)
{
	put(view, view->report->user.stun_lost);
}

static void srtp_restarts(struct view *view)
{
	put(view, view->report->stats.srtp_restarts);
}

static void dtls_handshakes(struct view *view)
{
	put(view, view->report->stats.dtls_handshakes);
}

static void dtls_mismatched(struct view *view)
{
	put(view, view->report->stats.dtls_mismatched);
}

static void dtls_failed(struct view *view)
{
	put(view, view->report->stats.dtls_failed);
}

static void dtls_malformed(struct view *view)
{
	put(view, view->report->stats.dtls_malformed);
}

static void medias(struct view *view)
{
	put(view, view->report->media);
}

static void medias_made(struct view *view)
{
	put(view, view->report->stats.medias.made);
}

static void medias_ended(struct view *view)
{
	put(view, view->report->stats.medias.ended);
}

static void media_states(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "state", STR("complete"), stats->medias.complete);
	put_one(view, "state", STR("timed_out"), stats->medias.timed_out);
	put_one(view, "state", STR("no_rtp"), stats->medias.no_rtp);
	put_one(view, "state", STR("one_way_rtp"), stats->medias.one_way_rtp);
	put_one(view, "state", STR("no_rtcp"), stats->medias.no_rtcp);
	put_one(view, "state", STR("one_way_rtcp"), stats->medias.one_way_rtcp);
}

static void media_packets(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "type", STR("expected"), stats->medias.expected);
	put_one(view, "type", STR("received"), stats->medias.received);
	put_one(view, "type", STR("duplicate"), stats->medias.duplicate);
	put_one(view, "type", STR("lost"), stats->medias.lost);
	put_one(view, "type", STR("malformed"), stats->medias.malformed);
}

/* --- Media ------------------------------------------------------------------------------------ */

static void streams(struct view *view)
{
	size_t all = view->report->streams, kernel = view->report->flows;

	put_one(view, "path", str_of(path_names[PATH_USER]), all > kernel ? all - kernel : 0);
	put_one(view, "path", str_of(path_names[PATH_KERNEL]), kernel);
}

static void mediastreams(struct view *view)
{
	const size_t *medias = view->report->media_by_path;

	put_one(view, "type", STR("userspace"), medias[PATH_USER]);
	put_one(view, "type", STR("kernel"), medias[PATH_KERNEL]);
	put_one(view, "type", STR("mixed"), medias[PATH_MIXED]);
}

static void by_path(struct view *view, size_t member)
{
	static const struct str types[] = { { "userspace", 9 }, { "kernel", 6 } };

	for (size_t i = 0; i < COUNT(types); i++) {
		const struct relayed *relayed = &view->report->relayed[i];
		const uint64_t values[] = { relayed->packets, relayed->bytes, relayed->errors };

		put_one(view, "type", types[i], values[member]);
	}
}

static void packets(struct view *view)
{
	by_path(view, 0);
}

static void bytes(struct view *view)
{
	by_path(view, 1);
}

static void packet_errors(struct view *view)
{
	by_path(view, 2);
}

static void drops(struct view *view)
{
	for (size_t i = 0; i < DROP_COUNT; i++)
		put_one(view, "reason", str_of(stream_drop_names[i].name), view->report->drops[i]);
}

static void latched(struct view *view)
{
	put(view, view->report->user.latched);
}

static void phones(struct view *view)
{
	put(view, view->report->nat.phones);
}

static void phones_behind_nat(struct view *view)
{
	const struct nat_seen *nat = &view->report->nat;

	put_one(view, "seen", STR("any"), nat->behind);
	put_one(view, "seen", STR("address"), nat->address);
	put_one(view, "seen", STR("port"), nat->port);
	put_one(view, "seen", STR("symmetric"), nat->symmetric);
}

static void rebinds(struct view *view)
{
	put(view, view->report->user.rebinds);
}

static void keepalives(struct view *view)
{
	const struct worker_totals *user = &view->report->user;

	put_one(view, "kind", STR("sent"), user->keepalives_out);
	put_one(view, "kind", STR("saved"), user->keepalives_saved);
	put_one(view, "kind", STR("received"), user->keepalives_in);
}

static void media_denied(struct view *view)
{
	put(view, view->report->user.denied);
}

static void refused(struct view *view)
{
	for (size_t i = 0; i < LATCH_RANKS; i++)
		put_one(view, "source", str_of(latch_rank_names[i]), view->report->user.refused[i]);
}

/* --- Kernel ----------------------------------------------------------------------------------- */

static void kernel_wanted(struct view *view)
{
	put(view, view->report->kernel_on);
}

static void kernel_there(struct view *view)
{
	put(view, view->report->kernel_there);
}

/* Both are always there, so that a rate has a beginning. */
static void by_kernel_path(struct view *view, uint64_t (*value)(const struct kernel_path_report *))
{
	static const char *const paths[] = { "module", "bpf" };
	const struct daemon_report *report = view->report;

	for (size_t i = 0; i < COUNT(paths); i++) {
		uint64_t sum = 0;

		for (size_t j = 0; j < report->n_kernel_paths; j++)
			if (!strcmp(report->kernel_path[j].path, paths[i]))
				sum += value(&report->kernel_path[j]);
		put_one(view, "path", str_of(paths[i]), sum);
	}
}

static uint64_t used_of(const struct kernel_path_report *path)
{
	return path->used;
}

static uint64_t flows_of(const struct kernel_path_report *path)
{
	return path->flows;
}

static uint64_t packets_of(const struct kernel_path_report *path)
{
	return path->relayed.packets;
}

static uint64_t bytes_of(const struct kernel_path_report *path)
{
	return path->relayed.bytes;
}

static void path_used(struct view *view)
{
	by_kernel_path(view, used_of);
}

static void path_flows(struct view *view)
{
	by_kernel_path(view, flows_of);
}

static void path_packets(struct view *view)
{
	by_kernel_path(view, packets_of);
}

static void path_bytes(struct view *view)
{
	by_kernel_path(view, bytes_of);
}

static void flows(struct view *view)
{
	put(view, view->report->flows);
}

static void kernel_passed(struct view *view)
{
	const uint64_t *kernel = view->report->kernel;

	put_one(view, "reason", STR("stun"), kernel[RTPRELAY_C_PASS_STUN]);
	put_one(view, "reason", STR("dtls"), kernel[RTPRELAY_C_PASS_DTLS]);
	put_one(view, "reason", STR("kind"), kernel[RTPRELAY_C_PASS_KIND]);
	put_one(view, "reason", STR("pt"), kernel[RTPRELAY_C_PASS_PT]);
	put_one(view, "reason", STR("route"), kernel[RTPRELAY_C_PASS_ROUTE]);
	put_one(view, "reason", STR("size"), kernel[RTPRELAY_C_PASS_SIZE]);
	put_one(view, "reason", STR("policy"), kernel[RTPRELAY_C_PASS_POLICY]);
	put_one(view, "reason", STR("device"), kernel[RTPRELAY_C_PASS_DEVICE]);
}

static void kernel_tapped(struct view *view)
{
	put(view, view->report->kernel[RTPRELAY_C_TAPPED]);
}

/* --- Ports ------------------------------------------------------------------------------------ */

/* A pair is two ports. Addresses that share a pool report the same ports. */
static void ports(struct view *view, unsigned int (*of)(const struct port_pool_usage *usage))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		const struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
		};

		metrics_u64(&view->text, labels, COUNT(labels), 2UL * of(&iface->ports));
	}
}

static unsigned int of_all(const struct port_pool_usage *usage)
{
	return usage->pairs;
}

static unsigned int of_used(const struct port_pool_usage *usage)
{
	return usage->used;
}

static unsigned int of_free(const struct port_pool_usage *usage)
{
	return usage->free;
}

static unsigned int of_resting(const struct port_pool_usage *usage)
{
	return usage->quarantined;
}

static unsigned int of_foreign(const struct port_pool_usage *usage)
{
	return usage->taken_by_others;
}

static void ports_all(struct view *view)
{
	ports(view, of_all);
}

static void ports_used(struct view *view)
{
	ports(view, of_used);
}

static void ports_free(struct view *view)
{
	ports(view, of_free);
}

static void ports_quarantined(struct view *view)
{
	ports(view, of_resting);
}

static void ports_foreign(struct view *view)
{
	ports(view, of_foreign);
}

/* --- Commands --------------------------------------------------------------------------------- */

static struct str proxy_name(const struct proxy_stats *row, char *text)
{
	if (!endpoint_is_set(&row->addr))
		return STR("others");
	return str_of(endpoint_print_addr(&row->addr, text));
}

typedef void put_verb_fn(struct metrics_text *text, const struct metric_label *labels, size_t n,
			 const struct proxy_stats *proxy, size_t verb);

static void put_count(struct metrics_text *text, const struct metric_label *labels, size_t n,
		      const struct proxy_stats *proxy, size_t verb)
{
	metrics_u64(text, labels, n, proxy->count[verb]);
}

static void put_duration(struct metrics_text *text, const struct metric_label *labels, size_t n,
			 const struct proxy_stats *proxy, size_t verb)
{
	metrics_seconds(text, labels, n, proxy->duration_us[verb]);
}

static void each_verb(struct view *view, put_verb_fn *put_verb)
{
	const struct stats *stats = &view->report->stats;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < stats->n_proxies; i++) {
		struct metric_label labels[] = {
			{ "proxy", proxy_name(&stats->proxy[i], text) },
			{ "request", STR_NONE },
		};

		for (size_t verb = 0; verb < VERB_COUNT; verb++) {
			labels[1].value = str_of(stats_verb_names[verb]);
			put_verb(&view->text, labels, COUNT(labels), &stats->proxy[i], verb);
		}
	}
}

static void requests(struct view *view)
{
	each_verb(view, put_count);
}

static void request_seconds(struct view *view)
{
	each_verb(view, put_duration);
}

static void errors(struct view *view)
{
	const struct stats *stats = &view->report->stats;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < stats->n_proxies; i++)
		put_one(view, "proxy", proxy_name(&stats->proxy[i], text), stats->proxy[i].errors);
}

static void control_requests(struct view *view)
{
	put(view, view->report->stats.requests);
}

static void control_replays(struct view *view)
{
	put(view, view->report->stats.replayed);
}

static void control_replies(struct view *view)
{
	put(view, view->report->stats.replies);
}

static void control_failures(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "reason", STR("malformed"), stats->malformed);
	put_one(view, "reason", STR("unknown_command"), stats->unknown_command);
	put_one(view, "reason", STR("not_allowed"), stats->not_allowed);
	put_one(view, "reason", STR("from_media_port"), stats->from_media_port);
	put_one(view, "reason", STR("reply_too_large"), stats->reply_too_large);
	put_one(view, "reason", STR("send_failed"), stats->send_failed);
}

static void control_evicted(struct view *view)
{
	put(view, view->report->stats.replies_evicted);
}

static void rtpproxy_commands(struct view *view)
{
	put_one(view, "result", STR("done"), view->report->stats.rtpp_done);
	put_one(view, "result", STR("refused"), view->report->stats.rtpp_refused);
}

/* --- Notices, records, journal, firewall, bans ------------------------------------------------ */

static void lost_notices(struct view *view)
{
	put(view, view->report->stats.notices_lost);
}

static void lost_events(struct view *view)
{
	put(view, view->report->stats.events_lost);
}

static void lost_records(struct view *view)
{
	put(view, view->report->stats.cdr_lost);
}

static void homer_reports(struct view *view)
{
	put_one(view, "result", STR("sent"), view->report->stats.homer_sent);
	put_one(view, "result", STR("lost"), view->report->stats.homer_lost);
	put_one(view, "result", STR("not_copied"), view->report->user.rtcp_lost);
}

static void dtmf_keys(struct view *view)
{
	put_one(view, "result", STR("reported"), view->report->stats.dtmf_keys);
	put_one(view, "result", STR("lost"), view->report->user.dtmf_lost);
}

static void dtmf_reports(struct view *view)
{
	put_one(view, "result", STR("sent"), view->report->stats.dtmf_sent);
	put_one(view, "result", STR("lost"), view->report->stats.dtmf_lost);
}

static void journal_restored(struct view *view)
{
	const struct journal_counters *journal = &view->report->journal;

	put_one(view, "result", STR("restored"), journal->restored);
	put_one(view, "result", STR("not_restored"), journal->not_restored);
	put_one(view, "result", STR("unreadable"), journal->unreadable);
}

static void journal_states(struct view *view)
{
	for (int i = 0; i < JOURNAL_STATES; i++)
		put_one(view, "state", str_of(journal_state_names[i]),
			(int)view->report->journal_state == i);
}

static void journal_lost(struct view *view)
{
	put(view, view->report->journal.lost);
}

static void journal_damaged(struct view *view)
{
	put(view, view->report->journal.damaged);
}

static void journal_too_large(struct view *view)
{
	put(view, view->report->journal.too_large);
}

static void journal_errors(struct view *view)
{
	put(view, view->report->journal.write_errors);
}

static void firewall_errors(struct view *view)
{
	put(view, view->report->firewall.errors);
}

static void firewall_repairs(struct view *view)
{
	put(view, view->report->firewall.repairs);
}

static void firewall_banned(struct view *view)
{
	put(view, view->report->firewall.banned);
}

static void banned_addresses(struct view *view)
{
	put(view, view->report->banned);
}

/* --- STUN ------------------------------------------------------------------------------------- */

/* --- The address outside of a NAT ------------------------------------------------------------- */

static void each_outside(struct view *view, bool (*of)(const struct iface_report *))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		const struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
		};

		if (iface->outside)
			metrics_u64(&view->text, labels, COUNT(labels), of(iface));
	}
}

static bool is_known(const struct iface_report *iface)
{
	return !iface->unknown;
}

static bool is_failing(const struct iface_report *iface)
{
	return iface->outside->failing;
}

/* --- Ports that a router forwards ------------------------------------------------------------- */

static void each_mapping(struct view *view, unsigned int (*of)(const struct portmap_place *))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		const struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
		};

		if (iface->mapping)
			metrics_u64(&view->text, labels, COUNT(labels), of(iface->mapping));
	}
}

static unsigned int mapping_failing(const struct portmap_place *mapping)
{
	return mapping->state == PORTMAP_FAILING;
}

static unsigned int mapping_full(const struct portmap_place *mapping)
{
	return mapping->state == PORTMAP_FULL;
}

static unsigned int mapping_ports(const struct portmap_place *mapping)
{
	return portmap_place_sums(mapping).ports;
}

static unsigned int mapping_free(const struct portmap_place *mapping)
{
	return portmap_place_sums(mapping).free;
}

static void mappings_failing(struct view *view)
{
	each_mapping(view, mapping_failing);
}

static void mappings_full(struct view *view)
{
	each_mapping(view, mapping_full);
}

static void mappings_ports(struct view *view)
{
	each_mapping(view, mapping_ports);
}

static void mappings_free(struct view *view)
{
	each_mapping(view, mapping_free);
}

static void recordings(struct view *view)
{
	put(view, view->report->stats.recordings);
}

static void recordings_failed(struct view *view)
{
	put(view, view->report->stats.recordings_failed);
}

/* Only with recording-dir, once the disk has said something. */
static void recording_dir_usable(struct view *view)
{
	if (view->report->recording_dir.known)
		put(view, !view->report->recording_dir.why);
}

static void recorded_packets(struct view *view)
{
	put(view, view->report->recorder.delivered);
}

static void recorded_lost(struct view *view)
{
	put_one(view, "where", STR("ring"), view->report->recorder.lost);
	put_one(view, "where", STR("kernel"), view->report->kernel_tap.lost);
	put_one(view, "where", STR("disk"), view->report->recorder.unwritten);
}

static void recording_left(struct view *view)
{
	if (view->report->recording_left_known)
		put(view, view->report->recording_left);
}

static void kernel_shown(struct view *view)
{
	const struct kernel_tap_counts *counts = &view->report->kernel_tap;

	put_one(view, "result", STR("read"), counts->read);
	put_one(view, "result", STR("unknown"), counts->unknown);
	put_one(view, "result", STR("invalid"), counts->invalid);
	put_one(view, "result", STR("cut"), counts->cut);
}

static void copies_made(struct view *view)
{
	put(view, view->report->copies.made);
}

static void copies_now(struct view *view)
{
	put(view, view->report->copies.subscribers);
}

static void copy_lines_now(struct view *view)
{
	put(view, view->report->copies.lines);
}

static void copied_packets(struct view *view)
{
	put_one(view, "result", STR("sent"), view->report->copies.counts.packets);
	put_one(view, "result", STR("failed"), view->report->copies.counts.errors);
}

static void mapping_requests(struct view *view)
{
	put_one(view, "result", STR("granted"), view->report->portmap.granted);
	put_one(view, "result", STR("refused"), view->report->portmap.refused);
	put_one(view, "result", STR("unanswered"), view->report->portmap.unanswered);
}

static void mapping_restarts(struct view *view)
{
	put(view, view->report->portmap.restarts);
}

static void mapping_moved(struct view *view)
{
	put(view, view->report->portmap.moved);
}

/* --- The address outside of a NAT, continued -------------------------------------------------- */

static void external_known(struct view *view)
{
	each_outside(view, is_known);
}

static void external_failing(struct view *view)
{
	each_outside(view, is_failing);
}

/* One row for each address: what is known of its NAT is a label. */
static void each_nat(struct view *view, const char *label,
		     const char *(*name_of)(const struct external_place *outside))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
			{ label, STR("") },
		};

		if (!iface->outside)
			continue;
		labels[2].value = str_of(name_of(iface->outside));
		metrics_u64(&view->text, labels, COUNT(labels), 1);
	}
}

static const char *mapping_of(const struct external_place *outside)
{
	return external_mapping_names[outside->mapping];
}

static const char *filtering_of(const struct external_place *outside)
{
	return external_filtering_names[outside->filtering];
}

static void outside_mapping(struct view *view)
{
	each_nat(view, "mapping", mapping_of);
}

static void outside_filtering(struct view *view)
{
	each_nat(view, "filtering", filtering_of);
}

static void external_checks(struct view *view)
{
	put(view, view->report->external.checks);
}

static void external_failed(struct view *view)
{
	put_one(view, "reason", STR("no_answer"), view->report->external.failed);
	put_one(view, "reason", STR("double_nat"), view->report->external.double_nat);
}

static void external_changes(struct view *view)
{
	put(view, view->report->external.changes);
}

/* --- The STUN service ------------------------------------------------------------------------- */

static void stun_requests(struct view *view)
{
	put(view, view->report->stun.requests);
}

static void stun_replies(struct view *view)
{
	const struct stun_counters *stun = &view->report->stun;

	put_one(view, "kind", STR("all"), stun->replies);
	put_one(view, "kind", STR("classic"), stun->classic);
	put_one(view, "kind", STR("discovery"), stun->discovery);
	put_one(view, "kind", STR("error"), stun->errors);
}

static void stun_connections(struct view *view)
{
	const struct stun_counters *stun = &view->report->stun;

	put_one(view, "state", STR("accepted"), stun->tcp);
	put_one(view, "state", STR("refused"), stun->tcp_refused);
	put_one(view, "state", STR("ended"), stun->tcp_ended);
}

static void stun_refused(struct view *view)
{
	const struct stun_counters *stun = &view->report->stun;

	put_one(view, "reason", STR("malformed"), stun->malformed);
	put_one(view, "reason", STR("fingerprint"), stun->fingerprint);
	put_one(view, "reason", STR("source"), stun->source);
	put_one(view, "reason", STR("not_allowed"), stun->not_allowed);
	put_one(view, "reason", STR("banned"), stun->banned);
	put_one(view, "reason", STR("classic"), stun->classic_refused);
	put_one(view, "reason", STR("cannot_change"), stun->cannot_change);
	put_one(view, "reason", STR("limited"), stun->limited);
	put_one(view, "reason", STR("limited_total"), stun->limited_total);
	put_one(view, "reason", STR("send_failed"), stun->send_failed);
	put_one(view, "reason", STR("receive_queue"), stun->receive_queue);
}

/* --- Quality ---------------------------------------------------------------------------------- */

static void quality(struct view *view, enum quality_measure measure, unsigned int unit)
{
	const struct quality_totals *totals = &view->report->stats.quality;
	uint64_t sum = totals->sum[measure];
	char text[40];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, sum / unit,
		 sum % unit * (1000000 / unit));
	metrics_histogram(&view->text, NULL, 0, quality_scales[measure].text, QUALITY_BOUNDS,
			  totals->bucket[measure], text);
}

static void mos(struct view *view)
{
	quality(view, QUALITY_MOS, 100);
}

static void loss(struct view *view)
{
	quality(view, QUALITY_LOSS, 10000);
}

static void jitter(struct view *view)
{
	quality(view, QUALITY_JITTER, 1000000);
}

/* Sums and counts as rtpengine exports them, for dashboards that divide one by the other. */
static void put_sum(struct view *view, enum quality_measure measure, uint64_t millionths)
{
	metrics_seconds(&view->text, NULL, 0,
			view->report->stats.quality.sum[measure] * millionths);
}

static void mos_total(struct view *view)
{
	put_sum(view, QUALITY_MOS, 10000);
}

static void jitter_total(struct view *view)
{
	put_sum(view, QUALITY_JITTER, 1000);
}

static void packetloss_total(struct view *view)
{
	put_sum(view, QUALITY_LOSS, 10000);
}

static void quality_samples(struct view *view)
{
	put(view, view->report->stats.quality.count);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric {
	const char *name;
	enum metric_type type;
	const char *help;
	void (*write)(struct view *view);
} metrics[] = {
	{ "build_info", METRIC_GAUGE, "Always 1; the label is the version of the daemon.", build_info },
	{ "uptime_seconds", METRIC_GAUGE, "Time since the start.", uptime },
	{ "cpu_seconds_total", METRIC_COUNTER, "CPU time of the daemon, without packets that the kernel forwards.", cpu },
	{ "media_threads", METRIC_GAUGE, "Threads that forward packets, by state: answering or silent.", threads },
	{ "sessions", METRIC_GAUGE, "Calls now.", sessions },
	{ "sessions_total", METRIC_COUNTER, "Calls made since the start.", sessions_total },
	{ "max_sessions", METRIC_GAUGE, "Calls that may exist at a time: max-sessions, or as many as the ports allow, if that is less (two pairs for a call of one media).", max_sessions },
	{ "drain", METRIC_GAUGE, "1 while new calls are refused by rtprelayctl set --drain=on.", drain },
	{ "closed_sessions_total", METRIC_COUNTER, "Calls that ended, or were refused (rejected; drained: because drain is on), by reason.", closed_sessions },
	{ "call_duration_total", METRIC_COUNTER, "Sum of the durations of ended calls, in seconds.", call_duration },
	{ "zero_packet_streams_total", METRIC_COUNTER, "Calls that ended without media from either side.", zero_way },
	{ "one_way_sessions_total", METRIC_COUNTER, "Calls that ended with media from one side only.", one_way },
	{ "one_way_calls", METRIC_GAUGE, "Calls now of which one side has not been heard for 5 seconds, while the other one is.", one_way_now },
	{ "unheard_sessions_total", METRIC_COUNTER,
	  "Calls with media that latching refused, since neither SDP nor SIP names its address.", unheard },
	{ "srtp_replaced_ssrcs_total", METRIC_COUNTER, "SSRCs of SRTP that gave way to others under the same key.", srtp_replaced },
	{ "srtp_restarted_streams_total", METRIC_COUNTER,
	  "Streams to be encrypted whose sequence numbers went back: dropped until they are new.", srtp_restarts },
	{ "ice_results_total", METRIC_COUNTER, "Sides of medias for which ICE has ended, by result.", ice_ends },
	{ "ice_forged_packets_total", METRIC_COUNTER, "STUN for ICE that is not authentic: not answered.", ice_forged },
	{ "ice_lost_packets_total", METRIC_COUNTER, "STUN for ICE that was not looked at: too many at once, or of one port.", stun_lost },
	{ "prompts_total", METRIC_COUNTER, "Prompts for phones (play media), by result; refused: no such file, no codec of the listener, no memory.", prompts },
	{ "prompts_now", METRIC_GAUGE, "Prompts that are being played.", prompts_now },
	{ "prompt_memory_bytes", METRIC_GAUGE, "Memory of the files of prompts: at most prompt-memory.", prompt_bytes_now },
	{ "prompt_packets_total", METRIC_COUNTER, "Packets of prompts that were sent.", prompt_packets },
	{ "dtls_handshakes_total", METRIC_COUNTER, "Handshakes of DTLS-SRTP that gave keys.", dtls_handshakes },
	{ "dtls_mismatched_handshakes_total", METRIC_COUNTER,
	  "Handshakes with another certificate than a=fingerprint names: no media.", dtls_mismatched },
	{ "dtls_failed_handshakes_total", METRIC_COUNTER, "Handshakes of DTLS-SRTP that failed three times.", dtls_failed },
	{ "dtls_malformed_datagrams_total", METRIC_COUNTER,
	  "Datagrams of DTLS dropped before OpenSSL: damaged, or alerts without encryption.", dtls_malformed },
	{ "medias", METRIC_GAUGE, "Medias (m= lines of SDP) of all calls now.", medias },
	{ "medias_total", METRIC_COUNTER, "Medias that got ports since the start.", medias_made },
	{ "ended_medias_total", METRIC_COUNTER, "Medias that ended.", medias_ended },
	{ "ended_medias_state_total", METRIC_COUNTER, "Medias that ended, by state; one media may have several.", media_states },
	{ "ended_medias_packets_total", METRIC_COUNTER, "RTP packets of medias that ended, counted by sequence number.", media_packets },
	{ "mediastreams", METRIC_GAUGE, "Medias of all calls now, by the path of their packets.", mediastreams },
	{ "streams", METRIC_GAUGE, "Streams (RTP or RTCP of one side of a media), by the path of arriving packets.", streams },
	{ "packets_total", METRIC_COUNTER, "Packets forwarded, by path.", packets },
	{ "bytes_total", METRIC_COUNTER, "UDP payload forwarded, by path.", bytes },
	{ "packet_errors_total", METRIC_COUNTER, "Packets that could not be sent, by path.", packet_errors },
	{ "dropped_packets_total", METRIC_COUNTER, "Packets received and not forwarded, by reason (rtprelayctl stats --all).", drops },
	{ "latched_total", METRIC_COUNTER, "Times that a stream latched to a source, the first one or another.", latched },
	{ "phones", METRIC_GAUGE, "Parties of calls now whose media was heard, without those that use ICE.", phones },
	{ "phones_behind_nat", METRIC_GAUGE, "Of them, those behind a NAT; address, port: media comes from another one than the SDP says; "
	  "symmetric: the ports of one phone were changed by different amounts.", phones_behind_nat },
	{ "nat_rebinds_total", METRIC_COUNTER, "Times that a phone went on at another port or address without signalling: another NAT binding.", rebinds },
	{ "keepalives_total", METRIC_COUNTER, "Keep-alives of NAT bindings: sent to phones; saved: a silent phone was heard again "
	  "where they were sent to; received from phones.", keepalives },
	{ "media_denied_total", METRIC_COUNTER, "Times that an address was refused as destination of a stream (media-deny).", media_denied },
	{ "latch_refused_total", METRIC_COUNTER, "Packets refused by latching in the daemon, by rank of their source: unknown, "
	  "near, address (of SDP or SIP), exact (address and port of SDP).", refused },
	{ "media_mos", METRIC_HISTOGRAM, "Average MOS of each side of medias that ended.", mos },
	{ "media_loss_ratio", METRIC_HISTOGRAM, "Average loss of each side of medias that ended, 0 to 1.", loss },
	{ "media_jitter_seconds", METRIC_HISTOGRAM, "Average jitter of each side of medias that ended.", jitter },
	{ "mos_total", METRIC_COUNTER, "Sum of the MOS in media_mos.", mos_total },
	{ "mos_samples_total", METRIC_COUNTER, "Number of values in mos_total.", quality_samples },
	{ "jitter_total", METRIC_COUNTER, "Sum of the jitter in media_jitter_seconds, in milliseconds.", jitter_total },
	{ "jitter_samples_total", METRIC_COUNTER, "Number of values in jitter_total.", quality_samples },
	{ "packetloss_total", METRIC_COUNTER, "Sum of the loss in media_loss_ratio, in percent.", packetloss_total },
	{ "packetloss_samples_total", METRIC_COUNTER, "Number of values in packetloss_total.", quality_samples },
	{ "kernel_wanted", METRIC_GAUGE, "1 unless kernel=off is configured.", kernel_wanted },
	{ "kernel_path_available", METRIC_GAUGE, "1 while the daemon can set flows in the kernel, by the module or by BPF.", kernel_there },
	{ "kernel_flows", METRIC_GAUGE, "Flows of this daemon in the kernel.", flows },
	{ "kernel_path_used", METRIC_GAUGE, "1 for the path that new flows in the kernel take: module, bpf.", path_used },
	{ "kernel_path_flows", METRIC_GAUGE, "Flows of this daemon in the kernel, by path: module, bpf.", path_flows },
	{ "kernel_path_packets_total", METRIC_COUNTER, "Packets forwarded in the kernel, by path: module, bpf.", path_packets },
	{ "kernel_path_bytes_total", METRIC_COUNTER, "UDP payload forwarded in the kernel, by path: module, bpf.", path_bytes },
	{ "kernel_passed_packets_total", METRIC_COUNTER, "Packets that the kernel path passed to the daemon, by reason.", kernel_passed },
	{ "kernel_tapped_packets_total", METRIC_COUNTER, "Packets that the module copied to the device rtprelay0, for capture.", kernel_tapped },
	{ "ports", METRIC_GAUGE, "Ports for media.", ports_all },
	{ "ports_used", METRIC_GAUGE, "Ports in use.", ports_used },
	{ "ports_free", METRIC_GAUGE, "Ports that a new call can use now.", ports_free },
	{ "ports_quarantined", METRIC_GAUGE, "Ports in quarantine after their call (port-quarantine).", ports_quarantined },
	{ "ports_taken_by_others", METRIC_GAUGE, "Ports that other programs have open.", ports_foreign },
	{ "requests_total", METRIC_COUNTER, "Commands executed, by proxy and command.", requests },
	{ "request_seconds_total", METRIC_COUNTER, "Time spent on commands, by proxy and command.", request_seconds },
	{ "errors_total", METRIC_COUNTER, "Commands answered with an error, by proxy.", errors },
	{ "control_requests_total", METRIC_COUNTER, "Requests received at the control sockets, repeated ones included.", control_requests },
	{ "control_replayed_total", METRIC_COUNTER, "Repeated requests, answered with the recorded reply.", control_replays },
	{ "control_replies_total", METRIC_COUNTER, "Replies sent.", control_replies },
	{ "control_failures_total", METRIC_COUNTER, "Requests without a reply, or with an error reply, by reason.", control_failures },
	{ "control_replies_evicted_total", METRIC_COUNTER, "Recorded replies removed early for lack of room: raise replay-entries or replay-mbytes.", control_evicted },
	{ "rtpproxy_commands_total", METRIC_COUNTER, "Commands of the rtpproxy protocol, by result.", rtpproxy_commands },
	{ "notices_lost_total", METRIC_COUNTER, "Time-out notifications that could not be sent to their listener (notify).", lost_notices },
	{ "events_lost_total", METRIC_COUNTER, "Events not sent to clients (rtprelayctl watch) that read too slowly.", lost_events },
	{ "call_records_lost_total", METRIC_COUNTER, "Call records that could not be written to cdr-file.", lost_records },
	{ "homer_reports_total", METRIC_COUNTER, "Reports for homer: sent; lost when they were sent; RTCP not copied, too many at once or of one side.", homer_reports },
	{ "dtmf_keys_total", METRIC_COUNTER, "DTMF keys of calls where they are reported; lost: too many at once, or of one side.", dtmf_keys },
	{ "dtmf_reports_total", METRIC_COUNTER, "Datagrams about DTMF keys, to dtmf-log-dest.", dtmf_reports },
	{ "journal_restored_calls_total", METRIC_COUNTER, "Calls found in state-dir at the start, by result.", journal_restored },
	{ "journal_state", METRIC_GAUGE, "1 for the present state of saving calls in state-dir.", journal_states },
	{ "journal_lost_calls_total", METRIC_COUNTER, "Calls of the previous daemon that damaged parts of its file, or of the file's log, had.", journal_lost },
	{ "journal_damaged_files_total", METRIC_COUNTER, "Files of the previous daemon that were damaged or of another version.", journal_damaged },
	{ "journal_too_large_calls_total", METRIC_COUNTER, "Calls too large to be saved in state-dir: a restart ends them.", journal_too_large },
	{ "journal_write_errors_total", METRIC_COUNTER, "Failed writes to state-dir; each is tried again.", journal_errors },
	{ "firewall_errors_total", METRIC_COUNTER, "Changes of table inet rtprelay that the kernel refused; each is tried again.", firewall_errors },
	{ "firewall_repairs_total", METRIC_COUNTER, "Times that another program changed table inet rtprelay, and the daemon restored it.", firewall_repairs },
	{ "firewall_banned_packets_total", METRIC_COUNTER, "Packets of banned addresses that table inet rtprelay dropped; dropped_packets_total, reason banned, has them too.", firewall_banned },
	{ "stun_requests_total", METRIC_COUNTER, "Datagrams that the STUN service received.", stun_requests },
	{ "stun_replies_total", METRIC_COUNTER, "Replies of the STUN service: all, and those of some kinds.", stun_replies },
	{ "stun_connections_total", METRIC_COUNTER, "Connections to the STUN service by TCP; ended: idle, or to make room for others.", stun_connections },
	{ "stun_refused_total", METRIC_COUNTER, "Datagrams to the STUN service that were not answered, by reason.", stun_refused },
	{ "external_address_known", METRIC_GAUGE, "1: calls may begin at this interface, whose address outside of the NAT is found out (external-address); 0: they are refused.", external_known },
	{ "external_address_failing", METRIC_GAUGE, "1: no source of external-address answers for this interface at present.", external_failing },
	{ "external_address_mapping", METRIC_GAUGE, "1; mapping: how the NAT in front of the relay maps ports (RFC 5780): unknown, none, endpoint-independent, address-dependent.", outside_mapping },
	{ "external_address_filtering", METRIC_GAUGE, "1; filtering: which packets the NAT in front of the relay lets in (RFC 5780): unknown, endpoint-independent, address-dependent, address-port-dependent.", outside_filtering },
	{ "external_address_checks_total", METRIC_COUNTER, "Rounds of questions for an address outside of the NAT.", external_checks },
	{ "external_address_failed_total", METRIC_COUNTER, "Rounds that no source answered with a usable address, by reason; no_answer has those of double_nat too.", external_failed },
	{ "external_address_changes_total", METRIC_COUNTER, "Times that another address outside of the NAT was found, or the first one.", external_changes },
	{ "recordings_total", METRIC_COUNTER, "Recordings of calls that were begun.", recordings },
	{ "recordings_failed_total", METRIC_COUNTER, "Recordings that ended before their call, because their files could not be written.", recordings_failed },
	{ "recording_dir_usable", METRIC_GAUGE, "Can files be made in recording-dir? (1; 0: no, or the disk does not answer)", recording_dir_usable },
	{ "recorder_packets_total", METRIC_COUNTER, "Packets that the recorder handed to files, copies, and whoever looked into calls.", recorded_packets },
	{ "recorder_packets_lost_total", METRIC_COUNTER, "Packets that are in no recording: the ring of a media thread was full, or the kernel's (recording-ring); or the disk was full or failed.", recorded_lost },
	{ "recording_free_bytes", METRIC_GAUGE, "Bytes that recordings may still take of their disk, without recording-min-free; with 0 nothing is recorded.", recording_left },
	{ "recorder_kernel_packets_total", METRIC_COUNTER, "Packets that the module showed to the recorder; of those that were read, unknown: of no call that is recorded now; cut: too long.", kernel_shown },
	{ "copies_total", METRIC_COUNTER, "Subscriptions to copies of a call's media (SIPREC).", copies_made },
	{ "copies", METRIC_GAUGE, "Of them, now.", copies_now },
	{ "copy_lines", METRIC_GAUGE, "Their m= lines that have ports now.", copy_lines_now },
	{ "copy_packets_total", METRIC_COUNTER, "Packets of copies, counted when the subscription ends.", copied_packets },
	{ "port_mapping_failing", METRIC_GAUGE, "1: the router does not forward ports to this interface (port-mapping): it does not answer, or refuses.", mappings_failing },
	{ "port_mapping_full", METRIC_GAUGE, "1: the router forwards ports to this interface, and refuses more.", mappings_full },
	{ "port_mapping_ports", METRIC_GAUGE, "Ports that the router forwards to this interface.", mappings_ports },
	{ "port_mapping_free_pairs", METRIC_GAUGE, "Pairs of them for the next calls; with 0, calls are refused.", mappings_free },
	{ "port_mapping_requests_total", METRIC_COUNTER, "Requests to routers for a port, by result.", mapping_requests },
	{ "port_mapping_router_restarts_total", METRIC_COUNTER, "Times that a router had lost what it forwarded.", mapping_restarts },
	{ "port_mapping_moved_total", METRIC_COUNTER, "Times that a port of a call got another port outside.", mapping_moved },
	{ "banned_addresses", METRIC_GAUGE, "Addresses whose media is dropped (rtprelayctl banned).", banned_addresses },
};
/* clang-format on */

bool metrics_write(struct evbuffer *out, const struct daemon_report *report, unsigned int silent)
{
	struct view view = { { .out = out }, report, silent };

	for (size_t i = 0; i < COUNT(metrics); i++) {
		metrics_family(&view.text, metrics[i].name, metrics[i].type, metrics[i].help);
		metrics[i].write(&view);
	}
	return !view.text.failed;
}
