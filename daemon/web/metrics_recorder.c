/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics_recorder.c - recordings, and copies for recorders */
#include "web/metrics_table.h"

static void recordings(struct view *view)
{
	put(view, view->report->stats.recordings);
}

static void recordings_failed(struct view *view)
{
	put(view, view->report->stats.recordings_failed);
}

/* Only with recording-dir, once the disk has said something. */
static void recording_dir_usable(struct view *view)
{
	if (view->report->recording_dir.known)
		put(view, !view->report->recording_dir.why);
}

static void recorded_packets(struct view *view)
{
	put(view, view->report->recorder.delivered);
}

static void recorded_lost(struct view *view)
{
	put_one(view, "where", STR("ring"), view->report->recorder.lost);
	put_one(view, "where", STR("kernel"), view->report->kernel_tap.lost);
	put_one(view, "where", STR("disk"), view->report->recorder.unwritten);
}

static void recorder_refused(struct view *view)
{
	put(view, view->report->recorder.refused);
}

static void recording_left(struct view *view)
{
	if (view->report->recording_left_known)
		put(view, view->report->recording_left);
}

static void kernel_shown(struct view *view)
{
	const struct kernel_tap_counts *counts = &view->report->kernel_tap;

	put_one(view, "result", STR("read"), counts->read);
	put_one(view, "result", STR("unknown"), counts->unknown);
	put_one(view, "result", STR("invalid"), counts->invalid);
	put_one(view, "result", STR("cut"), counts->cut);
}

static void copies_made(struct view *view)
{
	put(view, view->report->copies.made);
}

static void copies_now(struct view *view)
{
	put(view, view->report->copies.subscribers);
}

static void copy_lines_now(struct view *view)
{
	put(view, view->report->copies.lines);
}

static void copied_packets(struct view *view)
{
	put_one(view, "result", STR("sent"), view->report->copies.counts.packets);
	put_one(view, "result", STR("failed"), view->report->copies.counts.errors);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "recordings_total", METRIC_COUNTER, "Recordings of calls that were begun.", recordings },
	{ "recordings_failed_total", METRIC_COUNTER, "Recordings that ended before their call, because their files could not be written.", recordings_failed },
	{ "recording_dir_usable", METRIC_GAUGE, "Can files be made in recording-dir? (1; 0: no, or the disk does not answer)", recording_dir_usable },
	{ "recorder_packets_total", METRIC_COUNTER, "Packets that the recorder handed to files, copies, and whoever looked into calls.", recorded_packets },
	{ "recorder_packets_lost_total", METRIC_COUNTER, "Packets that are in no recording: the ring of a media thread was full, or the kernel's (recording-ring); or the disk was full or failed.", recorded_lost },
	{ "recorder_orders_refused_total", METRIC_COUNTER, "Orders that the recorder could not take, since its disk has not answered for long: new recordings, or details of their JSON files.", recorder_refused },
	{ "recording_free_bytes", METRIC_GAUGE, "Bytes that recordings may still take of their disk, without recording-min-free; with 0 nothing is recorded.", recording_left },
	{ "recorder_kernel_packets_total", METRIC_COUNTER, "Packets that the module showed to the recorder; of those that were read, unknown: of no call that is recorded now; cut: too long.", kernel_shown },
	{ "copies_total", METRIC_COUNTER, "Subscriptions to copies of a call's media (SIPREC).", copies_made },
	{ "copies", METRIC_GAUGE, "Of them, now.", copies_now },
	{ "copy_lines", METRIC_GAUGE, "Their m= lines that have ports now.", copy_lines_now },
	{ "copy_packets_total", METRIC_COUNTER, "Packets of copies, counted when the subscription ends.", copied_packets },
};
/* clang-format on */

const struct metric_table metrics_recorder = { rows, COUNT(rows) };
