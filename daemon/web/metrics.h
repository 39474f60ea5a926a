/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - /metrics: what the daemon counts, for Prometheus
 *
 * Names are those of rtpengine's exporter with another prefix where the meaning is the same. Costs the same
 * however many calls there are.
 */
#ifndef RTPRELAY_METRICS_H
#define RTPRELAY_METRICS_H

#include <event2/buffer.h>
#include "report/report.h"

/* Appends all. @silent: media threads that do not answer. False: out of memory, @out is not whole. */
bool metrics_write(struct evbuffer *out, const struct daemon_report *report, unsigned int silent);

#endif
