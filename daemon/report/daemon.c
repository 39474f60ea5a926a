/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon.c - the report of the whole daemon: totals, rates, interfaces
 */
#include "call/bans.h"
#include "call/cdr_file.h"
#include "call/recorded_conf.h"
#include "call/table.h"
#include "dtls/service.h"
#include "kernel/kmod.h"
#include "packet/pool.h"
#include "port/iface.h"
#include "record/dir.h"
#include "record/kernel_source.h"
#include "report/report.h"

static uint64_t per_second(uint64_t now, uint64_t before, int64_t ms)
{
	return now > before ? (now - before) * 1000 / (uint64_t)ms : 0;
}

/* @c: the kernel's counters */
static struct relayed by_kernel(const uint64_t *c)
{
	uint64_t errors = c[RTPRELAY_C_DROP_NOMEM] + c[RTPRELAY_C_DROP_XMIT];

	return (struct relayed){ c[RTPRELAY_C_PACKETS] - errors, c[RTPRELAY_C_BYTES], errors };
}

static void sum_relayed(const struct worker_totals *totals, const uint64_t *c,
			struct relayed relayed[2])
{
	relayed[PATH_USER] = (struct relayed){ totals->packets, totals->bytes, totals->errors };
	relayed[PATH_KERNEL] = by_kernel(c);
}

static void report_dtls(const struct dtls_service *dtls, struct stats *stats)
{
	struct dtls_counts counts;

	if (!dtls)
		return;
	dtls_service_counts(dtls, &counts);
	stats->dtls_malformed = counts.taken[DTLS_MALFORMED];
}

static void report_kernel_paths(const struct kmod *kmod, struct daemon_report *report)
{
	struct kmod_backend told;
	size_t *n = &report->n_kernel_paths;

	for (; *n < KERNEL_PATHS && kmod_backend(kmod, (unsigned int)*n, &told); ++*n)
		report->kernel_path[*n] = (struct kernel_path_report){
			.path = told.path,
			.why = told.why,
			.used = !strcmp(told.path, kmod_path(kmod)),
			.flows = told.flows,
			.relayed = by_kernel(told.counters),
		};
}

void stats_sample(struct stats *stats, const struct call_table *table, int64_t now_ms)
{
	int64_t since_ms = now_ms - (stats->sample.at_ms ? stats->sample.at_ms : stats->started_ms);
	uint64_t c[RTPRELAY_C_MAX + 1];
	struct worker_totals totals;
	struct relayed now[2];

	if (since_ms <= 0)
		return;
	worker_pool_totals(table->conf.workers, &totals);
	kmod_totals(table->conf.kmod, c);
	sum_relayed(&totals, c, now);
	for (int i = 0; i < 2; i++) {
		struct relayed *sum = &stats->sample.sum[i], *rate = &stats->sample.rate[i];

		rate->packets = per_second(now[i].packets, sum->packets, since_ms);
		rate->bytes = per_second(now[i].bytes, sum->bytes, since_ms);
		rate->errors = per_second(now[i].errors, sum->errors, since_ms);
		*sum = now[i];
	}
	stats_rebinds(stats, totals.rebinds - stats->sample.rebinds, now_ms);
	stats->sample.rebinds = totals.rebinds;
	stats->sample.refused = totals.drops[DROP_SOURCE] + c[RTPRELAY_C_DROP_SOURCE];
	stats->sample.at_ms = now_ms;
}

static void report_relayed(const struct call_table *table, struct daemon_report *report)
{
	const uint64_t *c = report->kernel;

	worker_pool_totals(table->conf.workers, &report->user);
	kmod_totals(table->conf.kmod, report->kernel);
	sum_relayed(&report->user, c, report->relayed);
	memcpy(report->drops, report->user.drops, sizeof(report->drops));
	report->drops[DROP_SOURCE] += c[RTPRELAY_C_DROP_SOURCE];
	report->drops[DROP_BLOCKED] += c[RTPRELAY_C_DROP_BLOCKED];
	report->drops[DROP_TTL] += c[RTPRELAY_C_DROP_TTL];
	report->firewall = nft_counters(table->conf.nft);
	report->drops[DROP_BANNED] += report->firewall.banned;
	report->stun = stun_service_counters(table->conf.stun);
	report->external = external_counters(table->conf.external);
	report->portmap = portmap_counters(table->conf.portmap);
}

static void report_ifaces(const struct call_table_conf *conf, struct daemon_report *report,
			  int64_t now_ms)
{
	for (size_t i = 0; i < report->n_ifaces; i++) {
		const struct iface_addr *addr = iface_at(conf->ifaces, i);

		report->iface[i].name = addr->name;
		report->iface[i].bind = addr->bind;
		report->iface[i].advertised = addr->advertised;
		report->iface[i].unknown = addr->unknown;
		report->iface[i].outside =
			addr->found ? external_of(conf->external, &addr->bind) : NULL;
		report->iface[i].mapping = portmap_of(conf->portmap, addr->pool);
		report->iface[i].port_min = addr->port_min;
		report->iface[i].port_max = addr->port_max;
		report->iface[i].gone = addr->gone;
		report->iface[i].ports = port_pool_usage(addr->pool, now_ms);
	}
}

/* The recorder also counts what the kernel has lost, a little later than the kernel's tap. */
static void report_recorder(const struct call_table_conf *conf, struct daemon_report *report)
{
	struct kernel_tap_counts *kernel = &report->kernel_tap;
	struct recorder_counts *all = &report->recorder;

	if (conf->recorded && conf->recorded->watch)
		record_dir_watch_read(conf->recorded->watch, &report->recording_dir);
	if (conf->recorder)
		recorder_counts(conf->recorder, all);
	if (conf->recorded)
		report->recording_left_known =
			record_dir_left_last(conf->recorded->dir, &report->recording_left);
	if (conf->kernel_source)
		kernel_source_counts(conf->kernel_source, kernel);
	all->lost -= all->lost < kernel->lost ? all->lost : kernel->lost;
}

const struct daemon_report *daemon_report_make(struct arena *arena, const struct call_table *table,
					       const struct stats *stats, int64_t now_ms)
{
	struct iface_table *ifaces = table->conf.ifaces;
	struct daemon_report *report = arena_zalloc(arena, sizeof(*report));

	if (!report)
		return NULL;
	report->n_ifaces = iface_count(ifaces);
	report->iface = arena_zalloc(arena, (report->n_ifaces + 1) * sizeof(*report->iface));
	if (!report->iface)
		return NULL;
	report->uptime_s = (now_ms - stats->started_ms) / 1000;
	report->calls = call_table_count(table);
	report->one_way_calls = table->one_way;
	report->prompts = table->n_playing;
	report->prompt_bytes = prompt_store_bytes(table->conf.prompts);
	report->nat = table->nat;
	report->max_calls = call_table_room(table);
	report->draining = table->draining;
	report->media = table->n_media;
	report->streams = table->n_streams;
	memcpy(report->media_by_path, table->media_by_path, sizeof(report->media_by_path));
	report->flows = kmod_count(table->conf.kmod);
	report->kernel_on = table->conf.kmod;
	report->kernel_there = kmod_available(table->conf.kmod);
	report->threads = worker_pool_threads(table->conf.workers);
	report->stats = *stats;
	report_dtls(table->conf.dtls, &report->stats);
	report->stats.cdr_lost = table->conf.cdr_file ? cdr_file_dropped(table->conf.cdr_file) : 0;
	report->cdr_failing = table->conf.cdr_file && cdr_file_failing(table->conf.cdr_file);
	report->journal = journal_counters(table->journal);
	report->journal_state =
		table->journal_absent ? JOURNAL_ABSENT : journal_state(table->journal);
	report_recorder(&table->conf, report);
	report->copies = *table->copies;
	report->banned = bans_count(table->bans);
	report->bans_state = bans_state(table->bans);
	report_relayed(table, report);
	report_ifaces(&table->conf, report, now_ms);
	report_kernel_paths(table->conf.kmod, report);
	return report;
}
