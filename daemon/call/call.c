/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.c - start, deadlines and end of a call
 *
 * Nothing polls: each call has one timer, set to its earliest deadline. When it fires, the media
 * threads' counters say whether media arrived in the meantime, and the timer is set again.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/account.h"
#include "call/call.h"
#include "call/cdr.h"
#include "call/copies.h"
#include "call/dialog.h"
#include "call/ended_branch.h"
#include "call/events.h"
#include "call/media.h"
#include "call/media_path.h"
#include "call/recorded.h"
#include "call/recorded_media.h"
#include "call/table.h"
#include "call/tapped.h"
#include "kernel/kmod.h"
#include "packet/pool.h"

/* 0 means no time-out: then the timer fires in a day, without effect. */
static int64_t after(int64_t from_ms, unsigned int timeout_s)
{
	return from_ms + (timeout_s ? timeout_s : 86400) * INT64_C(1000);
}

static bool is_answered(const struct call *call)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		if (dialog->answered)
			return true;
	return false;
}

/* Does unanswered-timeout end a silent call before offer-timeout does? */
static bool ends_unanswered(const struct call_table_conf *conf)
{
	return conf->unanswered_timeout_s &&
	       (!conf->offer_timeout_s || conf->unanswered_timeout_s < conf->offer_timeout_s);
}

/*
 * When @dialog ends if nothing more happens. The time-outs of offers apply only until one fork is
 * answered; from then on all forks have the media time-out.
 */
static int64_t silence_deadline(const struct dialog *dialog, bool call_answered, int64_t now_ms,
				enum call_end *reason)
{
	const struct call_table_conf *conf = &dialog->call->table->conf;
	unsigned int own_s = dialog->timeout_s;
	int64_t media_ms = dialog_last_in_ms(dialog, now_ms);
	bool heard = media_ms && media_ms > dialog->last_signal_ms;
	int64_t last_ms = heard ? media_ms : dialog->last_signal_ms;

	if (dialog->delete_at_ms) {
		*reason = CALL_DELETED;
		return dialog->delete_at_ms;
	}
	if (!call_answered) {
		if (!own_s && !media_ms && ends_unanswered(conf)) {
			*reason = CALL_UNANSWERED;
			return after(dialog->last_signal_ms, conf->unanswered_timeout_s);
		}
		*reason = CALL_OFFER_TIMEOUT;
		return after(dialog->last_signal_ms, own_s ? own_s : conf->offer_timeout_s);
	}
	if (dialog->answered && dialog_on_hold(dialog)) {
		*reason = CALL_SILENT_TIMEOUT;
		return after(last_ms, own_s ? own_s : conf->silent_timeout_s);
	}
	*reason = CALL_TIMEOUT;
	last_ms = after(last_ms, own_s ? own_s : conf->timeout_s);
	return last_ms > dialog->call->grace_until_ms ? last_ms : dialog->call->grace_until_ms;
}

static int64_t dialog_deadline(const struct dialog *dialog, bool call_answered, int64_t now_ms,
			       enum call_end *reason)
{
	const struct call *call = dialog->call;
	unsigned int final_s = call->table->conf.final_timeout_s;
	int64_t at_ms = silence_deadline(dialog, call_answered, now_ms, reason);

	if (final_s && after(call->created_ms, final_s) < at_ms) {
		*reason = CALL_FINAL_TIMEOUT;
		at_ms = after(call->created_ms, final_s);
	}
	return at_ms;
}

int64_t call_left_ms(const struct dialog *dialog, int64_t now_ms)
{
	enum call_end reason;
	int64_t at_ms = dialog_deadline(dialog, is_answered(dialog->call), now_ms, &reason);

	return at_ms > now_ms ? at_ms - now_ms : 0;
}

static bool is_endless(const struct call_table_conf *conf, enum call_end reason)
{
	switch (reason) {
	case CALL_TIMEOUT:
		return !conf->timeout_s;
	case CALL_SILENT_TIMEOUT:
		return !conf->silent_timeout_s;
	case CALL_OFFER_TIMEOUT:
		return !conf->offer_timeout_s;
	default:
		return false;
	}
}

void call_watch(struct call *call, int64_t now_ms)
{
	bool answered = is_answered(call);
	int64_t next_ms = INT64_MAX;
	struct dialog *dialog;
	enum call_end reason;
	struct timeval tv;

	call_touch(call);
	DL_FOREACH(call->dialogs, dialog) {
		int64_t at_ms = dialog_deadline(dialog, answered, now_ms, &reason);

		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	/* If the deadline is later now, the timer fires early: cheaper than moving it each time. */
	if (call->timer_at_ms && call->timer_at_ms <= next_ms)
		return;
	call->timer_at_ms = next_ms;
	next_ms -= now_ms;
	if (next_ms < 1)
		next_ms = 1;
	tv.tv_sec = next_ms / 1000;
	tv.tv_usec = next_ms % 1000 * 1000;
	if (event_add(&call->timer, &tv))
		log_call(LOG_LEVEL_ERR, call->id,
			 "out of memory: the call has no timer and may never time out; end it "
			 "with rtprelayctl terminate");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	bool answered = is_answered(call);
	struct dialog *dialog, *next;
	int64_t now_ms = clock_ms();
	enum call_end reason;

	(void)fd;
	(void)what;
	call->timer_at_ms = 0;
	DL_FOREACH_SAFE(call->dialogs, dialog, next) {
		if (dialog_deadline(dialog, answered, now_ms, &reason) > now_ms)
			continue;
		if (!dialog->timeout_s && is_endless(&call->table->conf, reason))
			dialog->last_signal_ms = now_ms;
		else if (call_end_dialog(call, dialog, reason))
			return;
	}
	call_watch(call, now_ms);
}

struct call *call_new(struct call_table *table, struct str id, int64_t now_ms)
{
	struct call *call = calloc(1, sizeof(*call) + id.len);
	struct timespec wall;

	if (!call)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &wall);
	memcpy(call->id_text, id.s, id.len);
	call->id = (struct str){ call->id_text, id.len };
	call->table = table;
	call->created_ms = now_ms;
	call->created_us = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
	call->last_signal_s = wall.tv_sec;
	call->tos = (int16_t)table->conf.tos;
	call->latching = (uint8_t)table->conf.latching;
	call->thread = worker_pool_pick(table->conf.workers);
	event_assign(&call->timer, table->conf.base, -1, 0, on_timer, call);
	return call;
}

void call_free(struct call *call)
{
	if (!call)
		return;
	copies_free(call);
	text_set(&call->metadata, STR_NONE);
	text_set(&call->dtmf_place, STR_NONE);
	cdr_free(&call->cdr);
	ended_branch_free(call);
	free(call);
}

void call_end_media(struct call *call, struct media *media)
{
	if (!media)
		return;
	media_path_stop(media);
	recorded_media_ends(media);
	copies_media_ends(call, media);
	tapped_end(media);
	account_media(call, media);
	media_close(media);
}

/* The last dialog has ended. */
static void call_remove(struct call *call)
{
	account_call(call);
	recorded_call_ends(call, call->reason == CALL_KEPT, call_end_text(call->reason));
	events_tell_call(call->table->conf.events, CALL_HAS_ENDED, call,
			 call_end_text(call->reason));
	call_unlink(call);
	event_del(&call->timer);
	call_free(call);
}

static void tell_timed_out(const struct call_table_conf *conf, const struct dialog *dialog)
{
	if (conf->timed_out && call_end_is_timeout(dialog->call->reason))
		conf->timed_out(conf->timed_out_arg, dialog);
}

bool call_end_dialog(struct call *call, struct dialog *dialog, enum call_end reason)
{
	call->reason = reason;
	tell_timed_out(&call->table->conf, dialog);
	copies_forget(call, dialog);
	for (size_t i = 0; i < dialog->n_media; i++) {
		call_end_media(call, dialog->media[i]);
		dialog->media[i] = NULL;
	}
	cdr_add_dialog(&call->cdr, dialog, clock_ms());
	DL_DELETE(call->dialogs, dialog);
	if (call->dialogs)
		ended_branch_note(call, dialog);
	dialog_free(dialog);
	if (call->dialogs) {
		call_touch(call);
		return false;
	}
	call_remove(call);
	return true;
}

void call_end(struct call *call, enum call_end reason)
{
	while (!call_end_dialog(call, call->dialogs, reason))
		;
}

/* Removes all flows from the kernel in large batches, not call by call. */
static void end_flows(const struct call_table *table)
{
	struct call *call, *next;
	struct dialog *dialog;

	HASH_ITER(hh, table->calls, call, next) {
		DL_FOREACH(call->dialogs, dialog)
			for (size_t i = 0; i < dialog->n_media; i++)
				if (dialog->media[i])
					media_path_leave(dialog->media[i]);
	}
	kmod_flush(table->conf.kmod);
}

static void end_all(struct call_table *table, enum call_end reason)
{
	struct call *call, *next;

	HASH_ITER(hh, table->calls, call, next)
		call_end(call, reason);
}

void call_table_close_all(struct call_table *table)
{
	end_flows(table);
	end_all(table, CALL_FORCED);
}

void call_table_leave_all(struct call_table *table)
{
	end_all(table, CALL_KEPT);
}
