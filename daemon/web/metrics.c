/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.c - /metrics: the daemon's counters, for Prometheus
 *
 * A table for each subject, in the file of that subject (web/metrics_table.h); those of the process
 * and of the journal are here.
 */
#include <sys/resource.h>
#include "version.h"
#include "web/metrics.h"
#include "web/metrics_table.h"

/* --- The daemon ------------------------------------------------------------------------------- */

static void build_info(struct view *view)
{
	put_one(view, "version", STR(RTPRELAY_VERSION), 1);
}

static void uptime(struct view *view)
{
	put(view, (uint64_t)view->report->uptime_s);
}

static uint64_t us_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

static void cpu(struct view *view)
{
	struct rusage usage;

	if (!getrusage(RUSAGE_SELF, &usage))
		metrics_seconds(&view->text, NULL, 0,
				us_of(usage.ru_utime) + us_of(usage.ru_stime));
}

static void threads(struct view *view)
{
	put_one(view, "state", STR("answering"), view->report->threads - view->silent);
	put_one(view, "state", STR("silent"), view->silent);
}

static void lost_events(struct view *view)
{
	put(view, view->report->stats.events_lost);
}

/* --- Calls of the previous daemon ------------------------------------------------------------- */

static void journal_restored(struct view *view)
{
	const struct journal_counters *journal = &view->report->journal;

	put_one(view, "result", STR("restored"), journal->restored);
	put_one(view, "result", STR("not_restored"), journal->not_restored);
	put_one(view, "result", STR("unreadable"), journal->unreadable);
}

static void journal_states(struct view *view)
{
	for (int i = 0; i < JOURNAL_STATES; i++)
		put_one(view, "state", str_of(journal_state_names[i]),
			(int)view->report->journal_state == i);
}

static void journal_lost(struct view *view)
{
	put(view, view->report->journal.lost);
}

static void journal_damaged(struct view *view)
{
	put(view, view->report->journal.damaged);
}

static void journal_too_large(struct view *view)
{
	put(view, view->report->journal.too_large);
}

static void journal_errors(struct view *view)
{
	put(view, view->report->journal.write_errors);
}

/* --- The tables ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "build_info", METRIC_GAUGE, "Always 1; the label is the version of the daemon.", build_info },
	{ "uptime_seconds", METRIC_GAUGE, "Time since the start.", uptime },
	{ "cpu_seconds_total", METRIC_COUNTER, "CPU time of the daemon, without packets that the kernel forwards.", cpu },
	{ "media_threads", METRIC_GAUGE, "Threads that forward packets, by state: answering or silent.", threads },
	{ "events_lost_total", METRIC_COUNTER, "Events not sent to clients (rtprelayctl watch) that read too slowly.", lost_events },
	{ "journal_restored_calls_total", METRIC_COUNTER, "Calls found in state-dir at the start, by result.", journal_restored },
	{ "journal_state", METRIC_GAUGE, "1 for the present state of saving calls in state-dir.", journal_states },
	{ "journal_lost_calls_total", METRIC_COUNTER, "Calls of the previous daemon that damaged parts of its file, or of the file's log, had.", journal_lost },
	{ "journal_damaged_files_total", METRIC_COUNTER, "Files of the previous daemon that were damaged or of another version.", journal_damaged },
	{ "journal_too_large_calls_total", METRIC_COUNTER, "Calls too large to be saved in state-dir: a restart ends them.", journal_too_large },
	{ "journal_write_errors_total", METRIC_COUNTER, "Failed writes to state-dir; each is tried again.", journal_errors },
};
/* clang-format on */

static const struct metric_table metrics_daemon = { rows, COUNT(rows) };

static const struct metric_table *const tables[] = {
	&metrics_daemon,    &metrics_calls,    &metrics_packets,  &metrics_kernel,
	&metrics_addresses, &metrics_commands, &metrics_recorder,
};

bool metrics_write(struct evbuffer *out, const struct daemon_report *report, unsigned int silent)
{
	struct view view = { { .out = out }, report, silent };

	for (size_t i = 0; i < COUNT(tables); i++) {
		for (size_t j = 0; j < tables[i]->n; j++) {
			const struct metric *row = &tables[i]->row[j];

			metrics_family(&view.text, row->name, row->type, row->help);
			row->write(&view);
		}
	}
	return !view.text.failed;
}
