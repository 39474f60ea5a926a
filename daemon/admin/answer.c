/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answer.c - writes the lines of an answer to the client */
#include <event2/event.h>
#include "admin/answer.h"
#include "base/clock.h"

/* A watching client with this many unread bytes gets no more events. */
#define WATCH_HIGH ((size_t)256 * 1024)

struct json_line *admin_line(struct admin_peer *peer, const char *type)
{
	struct admin_writer *writer = peer->writer;

	json_line_start(&writer->line, writer->memory, CONTROL_PROTO_LINE, type);
	return &writer->line;
}

void admin_send(struct admin_peer *peer)
{
	struct json_line *line = &peer->writer->line;

	if (!json_line_end(line) || evbuffer_add(peer->out, line->buf.data, line->buf.len))
		peer->failed = true;
}

void admin_error(struct admin_peer *peer, const char *code, const char *text)
{
	struct json_line *line = admin_line(peer, "error");

	jsonl_text(line, "code", code);
	jsonl_text(line, "text", text);
	admin_send(peer);
}

void admin_end(struct admin_peer *peer, uint64_t count)
{
	struct json_line *line = admin_line(peer, "end");

	jsonl_u64(line, "count", count);
	admin_send(peer);
}

const struct daemon_report *admin_report(struct admin_peer *peer)
{
	const struct call_table *calls = peer->conf->calls;
	const struct daemon_report *report =
		daemon_report_make(peer->arena, calls, calls->conf.stats, clock_ms());

	if (!report)
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
	return report;
}

bool admin_room(struct admin_peer *peer)
{
	return evbuffer_get_length(peer->out) < WATCH_HIGH;
}

void admin_wake(struct admin_peer *peer)
{
	static const struct timeval patience = { CONTROL_PROTO_PATIENCE_S, 0 };

	if (!event_pending(peer->write, EV_WRITE, NULL) && event_add(peer->write, &patience))
		peer->failed = true;
}
