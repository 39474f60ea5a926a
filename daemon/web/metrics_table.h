/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics_table.h - a metric is a row: name, type, help, and the function that writes its samples
 *
 * Each subject has a file with its functions and its table; metrics.c goes through the tables.
 */
#ifndef RTPRELAY_METRICS_TABLE_H
#define RTPRELAY_METRICS_TABLE_H

#include "base/count.h"
#include "report/report.h"
#include "web/metrics_text.h"

/* What the functions read, and where they write. @silent: media threads that do not answer */
struct view {
	struct metrics_text text;
	const struct daemon_report *report;
	unsigned int silent;
};

/* @name: without prefix; a counter's ends in _total */
struct metric {
	const char *name;
	enum metric_type type;
	const char *help;
	void (*write)(struct view *view);
};

struct metric_table {
	const struct metric *row;
	size_t n;
};

extern const struct metric_table metrics_calls, metrics_packets, metrics_kernel, metrics_addresses,
	metrics_commands, metrics_recorder;

/* A sample without labels. */
static inline void put(struct view *view, uint64_t value)
{
	metrics_u64(&view->text, NULL, 0, value);
}

/* A sample with one label. */
static inline void put_one(struct view *view, const char *name, struct str label, uint64_t value)
{
	const struct metric_label labels[] = { { name, label } };

	metrics_u64(&view->text, labels, 1, value);
}

#endif
