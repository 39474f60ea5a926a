/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.c - table of calls; a call and its dialogs; freeing goes down the same tree
 *
 * Nothing polls: each call has one timer, set to its earliest deadline. When it fires, the media threads'
 * counters say whether media came in the meantime, and the timer is set anew.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/call.h"
#include "call/media_quality.h"
#include "packet/bridge.h"
#include "packet/pool.h"

static const struct {
	const char *text;
	size_t counter; /* in struct stats */
} ends[] = {
	[CALL_DELETED] = { "deleted", offsetof(struct stats, calls_deleted) },
	[CALL_TIMEOUT] = { "no media (timeout)", offsetof(struct stats, calls_timeout) },
	[CALL_SILENT_TIMEOUT] = { "no media on hold (silent-timeout)",
				  offsetof(struct stats, calls_silent_timeout) },
	[CALL_OFFER_TIMEOUT] = { "no answer (offer-timeout)",
				 offsetof(struct stats, calls_offer_timeout) },
	[CALL_FORCED] = { "shutdown", offsetof(struct stats, calls_forced) },
	[CALL_KEPT] = { "here; kept for the next daemon", offsetof(struct stats, calls_forced) },
	[CALL_TERMINATED] = { "terminated by an operator", offsetof(struct stats, calls_forced) },
};

/* Those without media need no ports. */
#define FEWEST_CALLS 1000

/* A call takes two pairs of ports, if any: with no limit of its own the table has that of all there are. */
static size_t count_pairs(const struct iface_table *ifaces)
{
	size_t sum = 0;

	for (size_t i = 0; i < iface_count(ifaces); i++)
		sum += port_pool_usage(iface_at(ifaces, i)->pool, clock_ms()).pairs;
	return sum < FEWEST_CALLS ? FEWEST_CALLS : sum;
}

struct call_table *call_table_new(const struct call_table_conf *conf)
{
	struct call_table *table = calloc(1, sizeof(*table));
	char hex[CALL_MARK_LEN + 1];
	uint64_t mark;

	if (!table)
		return NULL;
	table->conf = *conf;
	table->pairs = count_pairs(conf->ifaces);
	if (getrandom(&table->key, sizeof(table->key), 0) != sizeof(table->key) ||
	    getrandom(&mark, sizeof(mark), 0) != sizeof(mark)) {
		free(table);
		return NULL;
	}
	snprintf(hex, sizeof(hex), "%016" PRIx64, mark);
	memcpy(table->mark, hex, sizeof(table->mark));
	return table;
}

void call_table_free(struct call_table *table)
{
	if (!table)
		return;
	while (table->closing)
		media_closed(table->closing);
	free(table);
}

void call_table_set_limits(struct call_table *table, const struct call_table_conf *conf)
{
	struct call_table_conf *own = &table->conf;

	own->timeout_s = conf->timeout_s;
	own->silent_timeout_s = conf->silent_timeout_s;
	own->offer_timeout_s = conf->offer_timeout_s;
	own->delete_delay_s = conf->delete_delay_s;
	own->max_sessions = conf->max_sessions;
	own->tos = conf->tos;
	own->latching = conf->latching;
}

size_t call_table_count(const struct call_table *table)
{
	return HASH_COUNT(table->calls);
}

bool call_table_full(const struct call_table *table)
{
	size_t limit = table->conf.max_sessions;

	if (!limit)
		limit = table->pairs;
	return table->draining || call_table_count(table) >= limit;
}

size_t call_table_closing(const struct call_table *table)
{
	return table->n_closing;
}

/* In large batches, not call by call. */
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

void call_table_close_all(struct call_table *table)
{
	end_flows(table);
	while (table->calls)
		call_end(table->calls, CALL_FORCED);
}

void call_table_leave_all(struct call_table *table)
{
	while (table->calls)
		call_end(table->calls, CALL_KEPT);
}

void call_table_touch(struct call_table *table)
{
	struct call *call, *next;

	HASH_ITER(hh, table->calls, call, next)
		journal_touch(call->mark);
}

/* --- Walking ------------------------------------------------------------------------------------ */

void call_cursor_begin(struct call_cursor *cursor, struct call_table *table)
{
	cursor->table = table;
	cursor->at = table->calls;
	DL_APPEND(table->cursors, cursor);
}

void call_cursor_end(struct call_cursor *cursor)
{
	if (cursor->table)
		DL_DELETE(cursor->table->cursors, cursor);
	cursor->table = NULL;
}

struct call *call_cursor_next(struct call_cursor *cursor)
{
	struct call *call = cursor->table ? cursor->at : NULL;

	if (call)
		cursor->at = call->hh.next;
	else
		call_cursor_end(cursor);
	return call;
}

/* @call is about to go: nobody may come to it any more. */
static void leave_cursors(const struct call *call)
{
	struct call_cursor *cursor;

	DL_FOREACH(call->table->cursors, cursor)
		if (cursor->at == call)
			cursor->at = call->hh.next;
}

/* --- The table ---------------------------------------------------------------------------------- */

static unsigned int hash_id(const struct call_table *table, struct str id)
{
	return (unsigned int)siphash(&table->key, id);
}

struct call *call_find(const struct call_table *table, struct str id)
{
	struct call *call;

	HASH_FIND_BYHASHVALUE(hh, table->calls, id.s, id.len, hash_id(table, id), call);
	return call;
}

static void tell_call(const struct call *call, enum happening_kind kind, const char *why)
{
	const struct happening happening = { .kind = kind, .call = call, .why = why };

	events_tell(call->table->conf.events, &happening);
}

int call_link(struct call *call)
{
	struct call_table *table = call->table;

	HASH_ADD_KEYPTR_BYHASHVALUE(hh, table->calls, call->id.s, call->id.len,
				    hash_id(table, call->id), call);
	if (!call->hh.tbl)
		return -ENOMEM;
	if (!call->mark && journal_mark_new(table->journal, call, &call->mark)) {
		HASH_DEL(table->calls, call);
		return -ENOMEM;
	}
	table->conf.stats->calls_made++;
	tell_call(call, CALL_WAS_MADE, NULL);
	return 0;
}

/* 0 means never: then look again in a day. */
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

/*
 * When @dialog ends if nothing more happens. Forks without answer have the patience of an offer only until
 * one of them is answered.
 */
static int64_t dialog_deadline(const struct dialog *dialog, bool call_answered, int64_t now_ms,
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
		*reason = CALL_OFFER_TIMEOUT;
		return after(dialog->last_signal_ms, own_s ? own_s : conf->offer_timeout_s);
	}
	if (dialog->answered && dialog_on_hold(dialog)) {
		*reason = CALL_SILENT_TIMEOUT;
		return after(last_ms, own_s ? own_s : conf->silent_timeout_s);
	}
	*reason = CALL_TIMEOUT;
	last_ms = after(last_ms, own_s ? own_s : conf->timeout_s);
	return last_ms > dialog->call->spare_until_ms ? last_ms : dialog->call->spare_until_ms;
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

	journal_touch(call->mark);
	DL_FOREACH(call->dialogs, dialog) {
		int64_t at_ms = dialog_deadline(dialog, answered, now_ms, &reason);

		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	/* A deadline that moved away is found out when the timer fires: cheaper than moving the timer each time. */
	if (call->timer_at_ms && call->timer_at_ms <= next_ms)
		return;
	call->timer_at_ms = next_ms;
	next_ms -= now_ms;
	if (next_ms < 1)
		next_ms = 1;
	tv.tv_sec = next_ms / 1000;
	tv.tv_usec = next_ms % 1000 * 1000;
	if (event_add(&call->timer, &tv))
		log_call(LOG_LEVEL_ERR, call->id, "no timer for this call: out of memory");
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
	text_set(&call->metadata, STR_NONE);
	cdr_free(&call->cdr);
	free(call);
}

static bool is_timeout(enum call_end reason)
{
	return reason == CALL_TIMEOUT || reason == CALL_SILENT_TIMEOUT ||
	       reason == CALL_OFFER_TIMEOUT;
}

/* What both sides of one component have heard, when it is over. */
static void count_component(struct call *call, const struct media *media, enum component comp)
{
	struct stats *stats = call->table->conf.stats;
	struct stream_report report;
	uint64_t packets[2] = { 0, 0 };

	for (int side = 0; side < 2; side++) {
		if (!bridge_has(media->bridge, side, comp))
			continue;
		media_report(media, side, comp, &report);
		packets[side] = report.packets_in;
		call->packets[side] += report.packets_in;
		stats->medias.malformed += report.drops[DROP_MALFORMED];
		if (comp != COMP_RTP)
			continue;
		stats->medias.expected += report.expected;
		stats->medias.received += report.expected - report.lost;
		stats->medias.duplicate += report.duplicate;
		stats->medias.lost += report.lost;
	}
	if (!packets[SIDE_A] && !packets[SIDE_B])
		++*(comp == COMP_RTP ? &stats->medias.no_rtp : &stats->medias.no_rtcp);
	else if (!packets[SIDE_A] || !packets[SIDE_B])
		++*(comp == COMP_RTP ? &stats->medias.one_way_rtp : &stats->medias.one_way_rtcp);
}

/* After media_path_stop(): the kernel has told its last. */
static void count_quality(struct stats *stats, const struct media *media)
{
	struct quality_summary summary;

	if (bridge_conf(media->bridge)->kind != BRIDGE_RTP)
		return;
	for (int side = 0; side < 2; side++) {
		media_quality(media, (enum side)side, clock_ms(), &summary);
		quality_totals_add(&stats->quality, &summary);
	}
}

void call_end_media(struct call *call, struct media *media)
{
	struct stats *stats = call->table->conf.stats;

	if (!media)
		return;
	media_path_stop(media);
	if (call->reason != CALL_KEPT) {
		cdr_add_media(&call->cdr, media, clock_ms());
		count_quality(stats, media);
	}
	count_component(call, media, COMP_RTP);
	count_component(call, media, COMP_RTCP);
	stats->medias.ended++;
	stats->medias.complete += media->dialog->answered;
	stats->medias.timed_out += is_timeout(call->reason);
	media_close(media);
}

static void count_ended(const struct call *call, int64_t lasted_ms)
{
	struct stats *stats = call->table->conf.stats;

	++*(uint64_t *)((char *)stats + ends[call->reason].counter);
	stats->duration_ms += (uint64_t)lasted_ms;
	if (!call->packets[SIDE_A] && !call->packets[SIDE_B])
		stats->zero_way++;
	else if (!call->packets[SIDE_A] || !call->packets[SIDE_B])
		stats->one_way++;
}

static void write_record(const struct call *call)
{
	struct cdr_file *file = call->table->conf.cdr_file;
	struct str line;

	if (!file || call->reason == CALL_KEPT)
		return;
	line = cdr_line(call, ends[call->reason].text);
	if (line.s)
		cdr_file_write(file, line);
	else
		log_call(LOG_LEVEL_ERR, call->id, "no record of this call: out of memory");
	free((void *)(uintptr_t)line.s);
}

/* The last dialog has gone. */
static void call_remove(struct call *call)
{
	struct call_table *table = call->table;
	int64_t lasted_ms = clock_ms() - call->created_ms;

	count_ended(call, lasted_ms);
	log_call(LOG_LEVEL_INFO, call->id,
		 "ended: %s; %" PRId64 ".%03d s, %" PRIu64 " packets from caller, %" PRIu64
		 " from callee%s",
		 ends[call->reason].text, lasted_ms / 1000, (int)(lasted_ms % 1000),
		 call->packets[SIDE_A], call->packets[SIDE_B],
		 call->cdr.text ? call->cdr.text : "");
	write_record(call);
	tell_call(call, CALL_HAS_ENDED, ends[call->reason].text);
	leave_cursors(call);
	HASH_DEL(table->calls, call);
	event_del(&call->timer);
	journal_mark_end(call->mark);
	call_free(call);
}

static void tell_timed_out(const struct call_table_conf *conf, const struct dialog *dialog,
			   enum call_end reason)
{
	if (conf->timed_out && is_timeout(reason))
		conf->timed_out(conf->timed_out_arg, dialog);
}

bool call_end_dialog(struct call *call, struct dialog *dialog, enum call_end reason)
{
	tell_timed_out(&call->table->conf, dialog, reason);
	call->reason = reason;
	for (size_t i = 0; i < dialog->n_media; i++) {
		call_end_media(call, dialog->media[i]);
		dialog->media[i] = NULL;
	}
	cdr_add_dialog(&call->cdr, dialog, clock_ms());
	DL_DELETE(call->dialogs, dialog);
	dialog_free(dialog);
	if (call->dialogs) {
		journal_touch(call->mark);
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

static const char *const rank_names[] = {
	[RANK_UNKNOWN] = "nothing to hold it against",
	[RANK_NEAR] = "near to what was signalled",
	[RANK_ADDR] = "signalled address, other port",
	[RANK_EXACT] = "as signalled",
};

static void log_source(const struct media *media, enum bridge_event event, enum side side,
		       enum component comp)
{
	enum log_level level = event == BRIDGE_LATCHED ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING;
	const char *what = comp == COMP_RTCP ? "RTCP" : "RTP";
	const char *who = side == SIDE_A ? "caller" : "callee";
	struct str id = media->dialog->call->id;
	struct stream_report report;
	char text[ENDPOINT_TEXT];

	if (!log_enabled(level))
		return;
	media_report(media, side, comp, &report); /* the kernel may have refused them */
	if (event == BRIDGE_LATCHED)
		log_call(level, id, "m-line %u: %s of %s comes from %s (%s)", media->index + 1U,
			 what, who, endpoint_print(&report.latched, text), rank_names[report.rank]);
	else
		log_call(level, id,
			 "m-line %u: %s from a stranger was refused at port %u of the %s: %" PRIu64
			 " packets so far",
			 media->index + 1U, what, endpoint_port(&report.local), who,
			 report.drops[DROP_SOURCE]);
}

static void tell_source(const struct media *media, enum bridge_event event, enum side side,
			enum component comp)
{
	struct happening happening = {
		.call = media->dialog->call, .media = media, .side = side, .comp = comp
	};
	struct stream_report report;

	if (!events_watched(media->table->conf.events))
		return;
	bridge_report(media->bridge, side, comp, &report);
	happening.kind = report.relatched ? STREAM_RELATCHED : STREAM_LATCHED;
	if (event == BRIDGE_REFUSED)
		happening.kind = STREAM_REFUSED;
	events_tell(media->table->conf.events, &happening);
}

void call_bridge_event(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		       enum component comp)
{
	struct media *media = bridge_owner(bridge);

	(void)arg;
	if (event == BRIDGE_CLOSED) {
		media_closed(media);
		return;
	}
	if (!media->dialog)
		return;
	if (event == BRIDGE_LATCHED || event == BRIDGE_REFUSED) {
		log_source(media, event, side, comp);
		tell_source(media, event, side, comp);
	}
	if (event == BRIDGE_LATCHED || event == BRIDGE_CHANGED) {
		journal_touch(media->dialog->call->mark);
		media_path_follow(media);
	}
	if (event == BRIDGE_ASK)
		media_path_ask(media, side, comp);
}

void call_table_follow(struct call_table *table)
{
	struct call *call, *next;
	struct dialog *dialog;

	worker_pool_tell_flows(table->conf.workers, kmod_available(table->conf.kmod));
	HASH_ITER(hh, table->calls, call, next) {
		DL_FOREACH(call->dialogs, dialog)
			for (size_t i = 0; i < dialog->n_media; i++)
				if (dialog->media[i])
					media_path_follow(dialog->media[i]);
	}
}

static void hear_module(struct call_table *table, enum kmod_event event)
{
	const struct happening happening = {
		.kind = event == KMOD_CAME ? MODULE_CAME : MODULE_WENT,
	};

	events_tell(table->conf.events, &happening);
	call_table_follow(table);
}

void call_kmod_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
		     const struct kmod_stranger *stranger)
{
	struct media *media = flow ? kmod_flow_owner(flow) : NULL;

	if (!flow) {
		hear_module(arg, event);
		return;
	}
	if (event == KMOD_IDLE && media->dialog)
		call_watch(media->dialog->call, clock_ms()); /* its deadline has come nearer */
	media_path_event(media, event, flow, stranger);
}
