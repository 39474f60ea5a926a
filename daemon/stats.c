/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.c - the daemon's own counters, and the report of the whole daemon
 */
#include "call.h"

static struct proxy_stats *proxy_row(struct stats *stats, const struct endpoint *source)
{
	struct proxy_stats *row;

	for (size_t i = 0; i < stats->n_proxies; i++)
		if (endpoint_addr_eq(&stats->proxy[i].addr, source))
			return &stats->proxy[i];
	if (stats->n_proxies == STATS_PROXIES)
		return &stats->proxy[STATS_PROXIES - 1];
	row = &stats->proxy[stats->n_proxies++];
	if (stats->n_proxies < STATS_PROXIES) {
		row->addr = *source;
		endpoint_set_port(&row->addr, 0);
	}
	return row;
}

void stats_command(struct stats *stats, const struct endpoint *source, enum verb verb,
		   int64_t took_us, bool error)
{
	struct proxy_stats *row = proxy_row(stats, source);

	row->count[verb]++;
	row->duration_us[verb] += (uint64_t)took_us;
	row->errors += error;
}

/* Rates are those since statistics were last asked for, at least a second ago. */
static void take_sample(struct stats *stats, const struct worker_totals *now, int64_t now_ms)
{
	int64_t since_ms = now_ms - (stats->sample.at_ms ? stats->sample.at_ms : stats->started_ms);

	if (since_ms < 1000)
		return;
	stats->sample.packet_rate =
		(now->packets - stats->sample.packets) * 1000 / (uint64_t)since_ms;
	stats->sample.byte_rate = (now->bytes - stats->sample.bytes) * 1000 / (uint64_t)since_ms;
	stats->sample.error_rate = (now->errors - stats->sample.errors) * 1000 / (uint64_t)since_ms;
	stats->sample.packets = now->packets;
	stats->sample.bytes = now->bytes;
	stats->sample.errors = now->errors;
	stats->sample.at_ms = now_ms;
}

const struct daemon_report *daemon_report_make(struct arena *arena, const struct call_table *table,
					       struct stats *stats, int64_t now_ms)
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
	report->media = table->n_media;
	report->streams = table->n_streams;
	worker_pool_totals(table->conf.workers, &report->media_totals);
	take_sample(stats, &report->media_totals, now_ms);
	report->stats = *stats;
	for (size_t i = 0; i < report->n_ifaces; i++) {
		const struct iface_addr *addr = iface_at(ifaces, i);

		report->iface[i].name = addr->name;
		report->iface[i].bind = addr->bind;
		report->iface[i].advertised = addr->advertised;
		report->iface[i].ports = port_pool_usage(addr->pool, now_ms);
	}
	return report;
}
