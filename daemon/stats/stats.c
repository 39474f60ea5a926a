/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - the daemon's own counters
 */
#include "base/count.h"
#include "base/siphash.h"
#include "stats/stats.h"

#define NAME(id, name) [id] = (name),

const char *const stats_verb_names[VERB_COUNT] = { VERBS(NAME, "_") };

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

bool stats_log_once(struct stats *stats, const struct endpoint *source, struct str subject)
{
	static const struct siphash_key any = { { 0 } };
	struct proxy_stats *row = proxy_row(stats, source);
	uint64_t hash = siphash(&any, subject);

	for (size_t i = 0; i < row->logged.n; i++)
		if (row->logged.hash[i] == hash)
			return false;
	if (row->logged.n == COUNT(row->logged.hash))
		return false;
	row->logged.hash[row->logged.n++] = hash;
	return true;
}
