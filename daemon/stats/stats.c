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

double stats_bandwidth(const struct stats *stats)
{
	double sum = 0;

	for (size_t i = 0; i < COUNT(stats->sample.rate); i++)
		sum += (double)stats->sample.rate[i].bytes;
	return sum;
}

/* That of @source, a free one, or the one with the fewest commands. */
static struct stranger *stranger_row(struct stats *stats, const struct endpoint *source)
{
	struct stranger *fewest = stats->stranger;

	for (size_t i = 0; i < stats->n_strangers; i++) {
		struct stranger *row = &stats->stranger[i];

		if (endpoint_addr_eq(&row->addr, source))
			return row;
		if (row->commands < fewest->commands)
			fewest = row;
	}
	return stats->n_strangers < STATS_STRANGERS ? &stats->stranger[stats->n_strangers++]
						    : fewest;
}

void stats_stranger(struct stats *stats, const struct endpoint *source, int64_t now_ms)
{
	struct stranger *row = stranger_row(stats, source);

	if (!endpoint_addr_eq(&row->addr, source))
		*row = (struct stranger){ .addr = *source };
	endpoint_set_port(&row->addr, 0);
	row->commands++;
	row->last_ms = now_ms;
}

#define MINUTE_MS 60000

/* Minutes that have passed since the last count are those without calls. */
static void turn(struct stats_hour *hour, int64_t minute)
{
	if (minute - hour->minute > STATS_MINUTES)
		hour->minute = minute - STATS_MINUTES;
	while (hour->minute < minute)
		hour->n[++hour->minute % STATS_MINUTES] = 0;
}

static void add(struct stats_hour *hour, uint64_t n, int64_t now_ms)
{
	turn(hour, now_ms / MINUTE_MS);
	hour->n[hour->minute % STATS_MINUTES] += n;
}

void stats_unheard(struct stats *stats, int64_t now_ms)
{
	add(&stats->unheard, 1, now_ms);
	stats->calls_unheard++;
}

void stats_rebinds(struct stats *stats, uint64_t n, int64_t now_ms)
{
	add(&stats->rebinds, n, now_ms);
}

uint64_t stats_last_hour(const struct stats_hour *hour, int64_t now_ms)
{
	struct stats_hour now = *hour;
	uint64_t sum = 0;

	turn(&now, now_ms / MINUTE_MS);
	for (size_t i = 0; i < STATS_MINUTES; i++)
		sum += now.n[i];
	return sum;
}
