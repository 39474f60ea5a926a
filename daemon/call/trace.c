/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.c - the commands and replies of calls that an operator looks into, with their SDP */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "base/redact.h"
#include "call/trace.h"

/* Bytes of a line as it is logged. A longer one ends in "...". */
#define LINE 900

#define TRACE_MS (TRACE_S * INT64_C(1000))

static_assert(TRACE_BYTES > 2 * LINE, "a call has room for some lines");

/* Its place in the table, or calls->n. */
static size_t place_of(const struct trace_calls *calls, struct str id)
{
	size_t i = 0;

	while (i < calls->n && !str_eq(calls->call[i]->id, id))
		i++;
	return i;
}

static void remove_at(struct trace_calls *calls, size_t at)
{
	free(calls->call[at]);
	calls->call[at] = calls->call[--calls->n];
}

int trace_calls_add(struct trace_calls *calls, struct str id, int64_t now_ms)
{
	struct trace_call *call;
	size_t at;

	if (!id.len || id.len > TRACE_ID)
		return -EINVAL;
	trace_calls_tick(calls, now_ms);
	at = place_of(calls, id);
	if (at == TRACE_CALLS)
		return -ENOSPC;
	call = malloc(sizeof(*call) + TRACE_BYTES + id.len);
	if (!call)
		return -ENOMEM;
	call->lines = BUF_INIT(call->memory, TRACE_BYTES);
	memcpy(call->memory + TRACE_BYTES, id.s, id.len);
	call->id = (struct str){ call->memory + TRACE_BYTES, id.len };
	call->until_ms = now_ms + TRACE_MS;
	if (at < calls->n)
		remove_at(calls, at);
	calls->call[calls->n++] = call;
	return 0;
}

struct trace_call *trace_calls_find(const struct trace_calls *calls, struct str id, int64_t now_ms)
{
	size_t at = place_of(calls, id);

	return at < calls->n && now_ms < calls->call[at]->until_ms ? calls->call[at] : NULL;
}

void trace_calls_clear(struct trace_calls *calls)
{
	while (calls->n)
		remove_at(calls, calls->n - 1);
}

void trace_calls_tick(struct trace_calls *calls, int64_t now_ms)
{
	for (size_t i = calls->n; i--;) {
		if (now_ms < calls->call[i]->until_ms)
			continue;
		log_call(LOG_LEVEL_NOTICE, calls->call[i]->id,
			 "debug-call has ended: an hour is over");
		remove_at(calls, i);
	}
}

bool trace_begin(struct trace *trace, const struct trace_calls *calls, struct str call_id,
		 int64_t now_ms, bool log)
{
	if (!log && !calls->n)
		return false;
	*trace = (struct trace){ trace_calls_find(calls, call_id, now_ms), call_id, log };
	if (trace->call && trace->call->lines.overflow)
		trace->call = NULL;
	return trace->call || log;
}

/* @line: printable, terminated */
static void put_line(struct trace *trace, const char *line)
{
	struct trace_call *call = trace->call;
	size_t len = strlen(line);

	if (call && call->lines.size - call->lines.len <= len) {
		call->lines.overflow = true;
		trace->call = NULL;
		log_call(LOG_LEVEL_NOTICE, trace->call_id,
			 "debug-call has ended: 64 KiB are full; set it again to go on");
	} else if (call) {
		buf_add(&call->lines, line, len);
		buf_char(&call->lines, '\n');
	}
	if (trace->call || trace->log)
		log_call_asked(trace->call_id, "%s", line);
}

void trace_head(struct trace *trace, const char *command_from, const struct endpoint *proxy,
		const char *protocol)
{
	char line[200], when[16] = "", text[ENDPOINT_TEXT];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(line, sizeof(line), "%s.%03ld %s %s (%s):", when, now.tv_nsec / 1000000,
		 command_from,
		 endpoint_is_set(proxy) ? endpoint_print(proxy, text) : "a local socket", protocol);
	put_line(trace, line);
}

/* What does not fit into the line goes before it is redacted: a secret is never cut in halves. */
static void put_text(struct trace *trace, unsigned int indent, struct str text)
{
	char plain[LINE + 64], line[LINE + 32];
	struct buf out = BUF_INIT(plain, sizeof(plain));

	if (text.len > LINE)
		text.len = LINE;
	redact_line(text, &out);
	snprintf(line, sizeof(line), "%*s", (int)indent, "");
	log_escape((struct str){ plain, out.len }, line + indent, LINE);
	put_line(trace, line);
}

void trace_text(struct trace *trace, unsigned int indent, struct str text)
{
	while (text.len && (trace->call || trace->log)) {
		size_t len = 0;

		while (len < text.len && text.s[len] != '\r' && text.s[len] != '\n')
			len++;
		if (len)
			put_text(trace, indent < 32 ? indent : 31, (struct str){ text.s, len });
		len += len < text.len; /* the line end */
		text.s += len;
		text.len -= len;
	}
}
