/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.h - all counters of the daemon, with name, unit and help
 *
 * A new counter is a member of its struct and a row of include/counter_names.h; a missing row is a
 * compile error.
 */
#ifndef RTPRELAY_REPORT_COUNTERS_H
#define RTPRELAY_REPORT_COUNTERS_H

#include "counter_names.h"
#include "report/report.h"

/**
 * counter_fn - receives one counter
 * @of: its group: "daemon", "media", "quality", "user", "refused", "drop", "kernel", "journal",
 *	"firewall", "stun", "external", "portmap", "proxy"
 * @proxy: address of the proxy whose commands are counted, or "others"; NULL: @of is not "proxy"
 */
typedef void counter_fn(void *arg, const char *of, const char *proxy,
			const struct counter_name *name, uint64_t value);

void report_counters(const struct daemon_report *report, counter_fn *fn, void *arg);

#endif
