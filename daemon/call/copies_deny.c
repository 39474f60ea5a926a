/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copies_deny.c - copies end whose destination has become a forbidden one */
#include <utlist.h>
#include "base/log.h"
#include "call/copies.h"
#include "call/copies_deny.h"
#include "call/table.h"

static const char *why_not(const struct call *call, const struct subscriber_line *line,
			   int64_t now_ms)
{
	const char *why = NULL;

	for (int comp = 0; comp < 2 && !why; comp++)
		if (endpoint_port(&line->to[comp]))
			why = copies_why_not(call, line->local, &line->to[comp], now_ms);
	return why;
}

/* True: it was sent up to now. */
static bool end_line(const struct call *call, struct subscriber_line *line, int64_t now_ms)
{
	const char *why = line->accepted && line->sockets ? why_not(call, line, now_ms) : NULL;

	if (!why)
		return false;
	log_call(LOG_LEVEL_WARNING, call->id,
		 "copies: line %u of the recorder ends: where it goes is forbidden now: %s",
		 line->label, why);
	line->accepted = false;
	return true;
}

static void follow_call(struct call *call, int64_t now_ms)
{
	struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber) {
		bool changed = false;

		for (size_t i = 0; i < subscriber->n; i++)
			changed |= end_line(call, &subscriber->line[i], now_ms);
		if (!changed)
			continue;
		subscriber_apply(subscriber);
		call_touch(call);
	}
}

void copies_follow_deny(struct call_table *table, int64_t now_ms)
{
	struct call_cursor cursor;
	struct call *call;

	call_cursor_begin(&cursor, table);
	while ((call = call_cursor_next(&cursor)))
		follow_call(call, now_ms);
}
