/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - /metrics: the daemon's counters, for Prometheus
 *
 * Where the meaning is the same, names are those of rtpengine's exporter, with another prefix. The
 * cost does not depend on the number of calls.
 */
#ifndef RTPRELAY_METRICS_H
#define RTPRELAY_METRICS_H

#include <event2/buffer.h>
#include "report/report.h"

/*
 * Appends all metrics. @silent: media threads that do not answer. False: out of memory, @out is
 * incomplete.
 */
bool metrics_write(struct evbuffer *out, const struct daemon_report *report, unsigned int silent);

#endif
