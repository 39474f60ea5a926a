/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.h - table of calls; a call and its dialogs; freeing goes down the same tree
 *
 * A dialog is one fork of a call: From-tag and via-branch of the offer on side A, To-tag of the answer on
 * side B. Each has ports of its own on both sides, so that forks never mix. A media of party A and the media
 * of party B on the same m= line are joined by a bridge. Control thread only.
 */
#ifndef RTPRELAY_CALL_H
#define RTPRELAY_CALL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/hash.h"
#include "base/siphash.h"
#include "call/cdr.h"
#include "call/cdr_file.h"
#include "call/dialog.h"
#include "call/events.h"
#include "journal/journal.h"
#include "port/iface.h"
#include "stats/stats.h"

/* @dialog is about to be ended for want of media or of an answer. */
typedef void call_timed_out_fn(void *arg, const struct dialog *dialog);

struct call_table_conf {
	struct event_base *base;
	struct iface_table *ifaces;
	struct worker_pool *workers;
	struct kmod *kmod; /* NULL: no kernel path */
	struct nft *nft;   /* NULL: no firewall */
	struct stats *stats;
	struct cdr_file *cdr_file;    /* NULL: calls leave no record but in the log */
	struct events *events;	      /* NULL: nobody can watch */
	call_timed_out_fn *timed_out; /* or NULL */
	void *timed_out_arg;
	unsigned int timeout_s, silent_timeout_s, offer_timeout_s, delete_delay_s, max_sessions;
	int tos;
	enum latch_mode latching;
};

/* 16 hexadecimal digits that tell this daemon from all others: a=rtprelay:<mark> (loop-protect) */
#define CALL_MARK_LEN 16

struct call_table {
	struct call_table_conf conf;
	struct journal *journal; /* NULL: calls are not kept */
	struct call *calls;	 /* by call-id; oldest first */
	struct media
		*closing; /* of calls that may have gone: their media threads have yet to let go */
	size_t n_closing;
	size_t pairs; /* of ports: so many calls at once, unless max_sessions says otherwise */
	size_t n_media, n_streams; /* of all calls, now */
	size_t media_by_path[3];   /* the same medias, by enum path */
	struct call_cursor *cursors;
	bool draining; /* new calls are refused */
	struct siphash_key key;
	char mark[CALL_MARK_LEN];
};

/* Why a call, or one of its dialogs, ended. */
enum call_end {
	CALL_DELETED,
	CALL_TIMEOUT,
	CALL_SILENT_TIMEOUT,
	CALL_OFFER_TIMEOUT,
	CALL_FORCED,
	CALL_KEPT,	 /* for the daemon that comes next */
	CALL_TERMINATED, /* by an operator */
};

struct call {
	UT_hash_handle hh;
	struct call_table *table;
	struct dialog *dialogs;	   /* oldest first */
	struct event timer;	   /* one look at all deadlines of the call, then the next */
	int64_t timer_at_ms;	   /* 0: not running */
	struct journal_mark *mark; /* NULL: not kept */
	int64_t spare_until_ms; /* restored: its phones have so long to be heard again; 0: a call of ours */
	int64_t created_ms;
	int64_t created_us;    /* wall clock */
	int64_t last_signal_s; /* wall clock */
	uint64_t packets[2];   /* accepted from each side, of medias that are closed */
	struct cdr cdr;
	struct str metadata; /* owned */
	unsigned int thread; /* media thread of all its bridges */
	int16_t tos;
	uint8_t latching;     /* enum latch_mode */
	bool ignored_told;    /* the one log line on what isn't supported was written */
	enum call_end reason; /* of the last dialog that ended */
	struct str id;
	char id_text[];
};

/* Return: NULL, out of memory */
struct call_table *call_table_new(const struct call_table_conf *conf);
/*
 * After call_table_close_all(), and after the worker pool has been freed: what its media threads still had is
 * freed here. The ports go back to their pools, so the interfaces are freed later. Takes NULL.
 */
void call_table_free(struct call_table *table);
/* SIGHUP: the limits that may change while running; base, ifaces, workers and stats stay as they were. */
void call_table_set_limits(struct call_table *table, const struct call_table_conf *conf);
size_t call_table_count(const struct call_table *table);
/* No new calls now: there are as many as there may be, or the daemon is to run empty. */
bool call_table_full(const struct call_table *table);
/* Shutdown: ends all calls. The sockets are closed when call_table_closing() is 0; keep dispatching until then. */
void call_table_close_all(struct call_table *table);
/* The same when the journal has them all: they go on in the daemon that comes next. */
void call_table_leave_all(struct call_table *table);
/* Each call is written to the journal once more, as it is now. */
void call_table_touch(struct call_table *table);
/* Bridges that have been closed and are still with their media threads. */
size_t call_table_closing(const struct call_table *table);

/* bridge_event_fn for the worker pool; @arg is the struct call_table. */
bridge_event_fn call_bridge_event;

/* kmod_event_fn; @arg is the struct call_table. */
kmod_event_fn call_kmod_event;
/* There is a kernel path from now on, none any more, or it is another module: all medias follow. */
void call_table_follow(struct call_table *table);

/* Goes through all calls, oldest first, with pauses in which calls may come and end. Embedded by who walks. */
struct call_cursor {
	struct call_table *table; /* NULL: not begun, or at its end */
	struct call_cursor *prev, *next;
	struct call *at; /* the next one; NULL: the end */
};

void call_cursor_begin(struct call_cursor *cursor, struct call_table *table);
/* NULL: that was the last one, and the cursor has ended. A call that came meanwhile may be among them. */
struct call *call_cursor_next(struct call_cursor *cursor);
/* Takes one that has ended. */
void call_cursor_end(struct call_cursor *cursor);

/* NULL: not there */
struct call *call_find(const struct call_table *table, struct str id);
/* Not in the table yet, without dialogs. NULL: out of memory. */
struct call *call_new(struct call_table *table, struct str id, int64_t now_ms);
/* Into the table. 0; -ENOMEM */
int call_link(struct call *call);
/* Only one that isn't in the table and has no dialogs. Takes NULL. */
void call_free(struct call *call);
/* Ends one dialog; the call ends with its last. True: the call is gone. */
bool call_end_dialog(struct call *call, struct dialog *dialog, enum call_end reason);
/* Ends all dialogs, and so the call. */
void call_end(struct call *call, enum call_end reason);
/* How long @dialog has yet if nothing more happens; one without time-out: a day. */
int64_t call_left_ms(const struct dialog *dialog, int64_t now_ms);
/* Something has changed, and a deadline may have come nearer: sets the timer, and keeps the call as it is now. */
void call_watch(struct call *call, int64_t now_ms);
/* A media of a living call ends: it has its part in the sums of the call. Takes NULL. */
void call_end_media(struct call *call, struct media *media);

#endif
