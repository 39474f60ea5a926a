/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - all calls, by Call-ID and in the order of their creation
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utlist.h>
#include "base/clock.h"
#include "call/copies.h"
#include "call/drain.h"
#include "call/events.h"
#include "call/media.h"
#include "call/table.h"
#include "journal/journal.h"
#include "port/iface.h"
#include "stats/stats.h"

/* The default limit is at least this: calls without media need no ports. */
#define FEWEST_CALLS 1000

/*
 * The default limit of calls is the number of port pairs: each call with media needs two, so ports
 * run out before.
 */
static size_t count_pairs(const struct iface_table *ifaces)
{
	size_t sum = iface_pairs(ifaces);

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
	table->copies = calloc(1, sizeof(*table->copies));
	if (!table->copies || getrandom(&table->key, sizeof(table->key), 0) != sizeof(table->key) ||
	    getrandom(&mark, sizeof(mark), 0) != sizeof(mark)) {
		free(table->copies);
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
	drain_close(table);
	trace_calls_clear(&table->traces);
	free(table->copies);
	free(table);
}

void call_table_set_limits(struct call_table *table, const struct call_table_conf *conf)
{
	struct call_table_conf *own = &table->conf;

	table->pairs = count_pairs(own->ifaces);
	own->timeout_s = conf->timeout_s;
	own->silent_timeout_s = conf->silent_timeout_s;
	own->offer_timeout_s = conf->offer_timeout_s;
	own->unanswered_timeout_s = conf->unanswered_timeout_s;
	own->final_timeout_s = conf->final_timeout_s;
	own->delete_delay_s = conf->delete_delay_s;
	own->max_sessions = conf->max_sessions;
	own->max_load = conf->max_load;
	own->max_cpu = conf->max_cpu;
	own->max_bandwidth = conf->max_bandwidth;
	own->max_medias = conf->max_medias;
	own->max_branches = conf->max_branches;
	own->tos = conf->tos;
	own->latching = conf->latching;
	own->ice_lite = conf->ice_lite;
	own->ice_consent_s = conf->ice_consent_s;
	own->dtls_passive = conf->dtls_passive;
}

size_t call_table_count(const struct call_table *table)
{
	return HASH_COUNT(table->calls);
}

size_t call_table_limit(const struct call_table *table)
{
	return table->conf.max_sessions ? table->conf.max_sessions : table->pairs;
}

size_t call_table_room(const struct call_table *table)
{
	size_t limit = table->conf.max_sessions, by_ports = iface_pairs(table->conf.ifaces) / 2;

	return limit && limit < by_ports ? limit : by_ports;
}

bool call_table_full(const struct call_table *table)
{
	return table->draining || call_table_count(table) >= call_table_limit(table);
}

size_t call_table_closing(const struct call_table *table)
{
	return table->n_closing;
}

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
	events_tell_call(table->conf.events, CALL_WAS_MADE, call, NULL);
	return 0;
}

void call_touch(struct call *call)
{
	journal_touch(call->mark);
}

void call_table_touch(struct call_table *table)
{
	struct call *call, *next;

	HASH_ITER(hh, table->calls, call, next)
		call_touch(call);
}

/* --- Walking ---------------------------------------------------------------------------------- */

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

/* @call will be removed: moves cursors past it. */
static void leave_cursors(const struct call *call)
{
	struct call_cursor *cursor;

	DL_FOREACH(call->table->cursors, cursor)
		if (cursor->at == call)
			cursor->at = call->hh.next;
}

void call_unlink(struct call *call)
{
	leave_cursors(call);
	HASH_DEL(call->table->calls, call);
	journal_mark_end(call->mark);
}
