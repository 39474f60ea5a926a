/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - the commands and replies of calls that an operator looks into, with their SDP
 *
 * A call is named by its Call-ID, and may be named before it exists. Each line goes to the log,
 * whatever the level of the log is, and into memory, for rtprelayctl. Keys, passwords and DTMF
 * digits are replaced (base/redact.h). Control thread only.
 */
#ifndef RTPRELAY_TRACE_H
#define RTPRELAY_TRACE_H

#include "base/buf.h"
#include "base/endpoint.h"

#define TRACE_CALLS ((size_t)16)
#define TRACE_BYTES ((size_t)64 * 1024) /* of the lines of a call */
#define TRACE_ID    ((size_t)1024)	/* of a Call-ID */
#define TRACE_S	    3600

struct trace_call {
	struct str id; /* in @memory, behind the lines */
	int64_t until_ms;
	struct buf lines; /* each with its line end; once it overflows, the trace has ended */
	char memory[];
};

struct trace_calls {
	struct trace_call *call[TRACE_CALLS];
	size_t n;
};

/**
 * trace_calls_add() - from now on and for TRACE_S; a call that is there already starts again, empty
 * Return: 0; -ENOSPC, there are TRACE_CALLS; -EINVAL, the Call-ID is empty or too long; -ENOMEM
 */
int trace_calls_add(struct trace_calls *calls, struct str id, int64_t now_ms);
/* NULL: this call is not traced, or its time is over */
struct trace_call *trace_calls_find(const struct trace_calls *calls, struct str id, int64_t now_ms);
/* Ends all. */
void trace_calls_clear(struct trace_calls *calls);
/* Ends those whose time is over; called about once a second. */
void trace_calls_tick(struct trace_calls *calls, int64_t now_ms);

/* The lines of one command or reply. */
struct trace {
	struct trace_call *call; /* NULL: they go only to the log */
	struct str call_id;
	bool log; /* log even if @call is NULL or full: the level of the log is debug */
};

/* False: nobody wants them. @log: the caller's log_enabled(LOG_LEVEL_DEBUG) */
bool trace_begin(struct trace *trace, const struct trace_calls *calls, struct str call_id,
		 int64_t now_ms, bool log);
/* The first line, after the time: "command from 192.0.2.1:5060 (ng):" */
void trace_head(struct trace *trace, const char *command_from, const struct endpoint *proxy,
		const char *protocol);
/* Each line of @text, preceded by @indent blanks. */
void trace_text(struct trace *trace, unsigned int indent, struct str text);

#endif
