/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * call.h - table of calls; a call, its dialogs, their two parties, their medias; freeing goes down the same tree
 *
 * A dialog is one fork of a call: From-tag and via-branch of the offer on side A, To-tag of the answer on
 * side B. Each has ports of its own on both sides, so that forks never mix. A media of party A and the media
 * of party B on the same m= line are joined by a bridge. Control thread only.
 */
#ifndef RTPRELAY_CALL_H
#define RTPRELAY_CALL_H

#include "iface.h"
#include "request.h"
#include "sdp.h"
#include "stats.h"

struct event_base;
struct call_table;
struct call;
struct dialog;

struct call_table_conf {
	struct event_base *base;
	struct iface_table *ifaces;
	struct worker_pool *workers;
	struct stats *stats;
	unsigned int timeout_s, silent_timeout_s, offer_timeout_s, delete_delay_s, max_sessions;
	int tos;
	enum latch_mode latching;
};

struct call_table *call_table_new(const struct call_table_conf *conf);
/* Ends all calls. The worker pool has been freed already, or is freed right after call_table_close_all() was dispatched. */
void call_table_free(struct call_table *table);
/* SIGHUP: the limits that may change while running. */
void call_table_set_limits(struct call_table *table, const struct call_table_conf *conf);
size_t call_table_count(const struct call_table *table);

/* bridge_event_fn for the worker pool; @arg is the struct call_table. */
bridge_event_fn call_bridge_event;

#endif
