/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics_text.h - writes Prometheus' text format, version 0.0.4
 *
 * A family (HELP, TYPE), then its samples.
 */
#ifndef RTPRELAY_METRICS_TEXT_H
#define RTPRELAY_METRICS_TEXT_H

#include <event2/buffer.h>
#include "base/str.h"

#define METRICS_TYPE   "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_PREFIX "rtprelay_"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
	const char *name;
	struct str value;
};

/* @failed: out of memory; checked once, at the end */
struct metrics_text {
	struct evbuffer *out;
	const char *family; /* without prefix */
	bool failed;
};

/* @name: without prefix, static; a counter's ends in _total */
void metrics_family(struct metrics_text *text, const char *name, enum metric_type type,
		    const char *help);
/* One sample of the family; @labels may be NULL when @n is 0. */
void metrics_u64(struct metrics_text *text, const struct metric_label *labels, size_t n,
		 uint64_t value);
/* The same in seconds. */
void metrics_seconds(struct metrics_text *text, const struct metric_label *labels, size_t n,
		     uint64_t us);
/**
 * metrics_histogram() - all samples of one histogram
 * @bounds: upper ends of the buckets as text, ascending; +Inf is added
 * @counts: for each bound, the values in that bucket only (not cumulated); then those above all
 *          bounds
 * @sum: of all values, as text
 */
void metrics_histogram(struct metrics_text *text, const struct metric_label *labels, size_t n,
		       const char *const *bounds, size_t n_bounds, const uint64_t *counts,
		       const char *sum);

#endif
