/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.c - how busy the host may be for new calls: max-load, max-cpu, max-bandwidth */
#include "call/limits.h"
#include "stats/stats.h"

void call_limits(const struct call_table *table, struct call_limit limit[CALL_LIMITS])
{
	const struct call_table_conf *conf = &table->conf;
	const struct stats *stats = conf->stats;

	limit[0] = (struct call_limit){ "max-load", "Load limit exceeded", stats->load.average,
					conf->max_load };
	limit[1] = (struct call_limit){ "max-cpu", "CPU usage limit exceeded", stats->load.busy,
					conf->max_cpu };
	limit[2] = (struct call_limit){ "max-bandwidth", "Bandwidth limit exceeded",
					stats_bandwidth(stats), conf->max_bandwidth };
}
