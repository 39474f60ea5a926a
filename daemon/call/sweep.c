/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep.c - visits all calls periodically: reads the kernel's counters, counts one-way calls and
 * phones behind NATs, reports to homer
 */
#include <time.h>
#include <utlist.h>
#include "call/copies_restore.h"
#include "call/homer_reports.h"
#include "call/media_path.h"
#include "call/nat_seen.h"
#include "call/one_way.h"
#include "call/sweep.h"

#define TICK_MS 1000

/* CPU time of this thread: that of other threads must not count. */
static int64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Medias for one query to the kernel. */
struct batch {
	struct media *medias[REFRESH_MEDIAS];
	size_t n;
	bool asked;
};

static void ask(struct batch *batch)
{
	media_path_refresh(batch->medias, batch->n);
	batch->n = 0;
	batch->asked = true;
}

static size_t add_media(struct batch *batch, struct media *media)
{
	size_t flows = media_path_flows(media);

	if (!flows)
		return 0;
	batch->medias[batch->n++] = media;
	if (batch->n == REFRESH_MEDIAS)
		ask(batch);
	return flows;
}

/* Return: flows of the call */
static size_t add_call(struct batch *batch, const struct call *call)
{
	const struct dialog *dialog;
	size_t flows = 0;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				flows += add_media(batch, dialog->media[i]);
	return flows;
}

static void go_on(struct sweep *sweep, struct call_table *calls, int64_t now_ms)
{
	/* The share of this tick: calls are spread evenly over a round. */
	size_t left = call_table_count(calls) * TICK_MS / SWEEP_MS + 1;
	int64_t until_us = cpu_us() + SWEEP_CPU_US;
	struct batch batch = { .n = 0 };
	struct call *call;

	while (left-- && (call = call_cursor_next(&sweep->cursor))) {
		/* By the last reading: the next one comes with those of other calls. */
		sweep->one_way += call_one_way(call, now_ms) >= 0;
		nat_seen_add(&sweep->nat, call);
		homer_report_call(call, now_ms);
		copies_mind_indexes(call);
		sweep->read += add_call(&batch, call);
		if ((batch.asked || left % REFRESH_MEDIAS == 0) && cpu_us() >= until_us)
			break;
		batch.asked = false;
	}
	ask(&batch);
	if (sweep->cursor.table)
		return;
	calls->one_way = sweep->one_way;
	calls->nat = sweep->nat;
}

void sweep_tick(struct sweep *sweep, struct call_table *calls, int64_t now_ms)
{
	if (!sweep->cursor.table) {
		if (sweep->began_ms && now_ms - sweep->began_ms < SWEEP_MS)
			return;
		sweep->began_ms = now_ms;
		sweep->one_way = 0;
		sweep->nat = (struct nat_seen){ 0 };
		call_cursor_begin(&sweep->cursor, calls);
	}
	go_on(sweep, calls, now_ms);
}

void sweep_end(struct sweep *sweep)
{
	call_cursor_end(&sweep->cursor);
}
