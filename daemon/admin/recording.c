/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.c - the verbs record and recordings; what the verb call says of recording and copies */
#include <errno.h>
#include <utlist.h>
#include "admin/answer.h"
#include "admin/recording.h"
#include "base/count.h"
#include "base/log.h"
#include "call/call.h"
#include "call/copies.h"
#include "call/recorded.h"

static void put_lost(struct json_line *line, const struct recording_state *state)
{
	jsonl_open(line, "lost", '{');
	jsonl_u64(line, "ring", state->lost[RECORD_LOST_RING]);
	jsonl_u64(line, "kernel", state->lost[RECORD_LOST_KERNEL]);
	jsonl_u64(line, "disk", state->lost[RECORD_LOST_DISK]);
	jsonl_close(line, '}');
}

bool admin_send_recording(struct admin_peer *peer, const struct call *call)
{
	struct recorded_report report;
	struct json_line *line;

	if (!recorded_report(call, &report))
		return false;
	line = admin_line(peer, "recording");
	jsonl_str(line, "call-id", call->id);
	jsonl_text(line, "file", report.path);
	jsonl_i64(line, "since", report.since_s);
	jsonl_bool(line, "paused", report.paused);
	jsonl_u64(line, "parts", report.state.parts);
	jsonl_u64(line, "packets", report.state.packets);
	jsonl_u64(line, "bytes", report.state.bytes);
	jsonl_u64(line, "paused-packets", report.state.paused_packets);
	put_lost(line, &report.state);
	admin_send(peer);
	return true;
}

/* --- Copies ----------------------------------------------------------------------------------- */

static void put_line(struct json_line *out, const struct subscriber *subscriber,
		     const struct subscriber_line *line)
{
	struct copy_counts counts;

	subscriber_line_counts(line, &counts);
	jsonl_open(out, NULL, '{');
	jsonl_u64(out, "label", line->label);
	if (*line->type)
		jsonl_text(out, "kind", line->type);
	if (line->dialog)
		jsonl_str(out, "of", line->dialog->party[line->side].tag);
	jsonl_endpoint(out, "to", &line->to[COMP_RTP]);
	jsonl_bool(out, "sends", subscriber_line_sends(subscriber, line));
	jsonl_u64(out, "packets", counts.packets);
	jsonl_u64(out, "bytes", counts.bytes);
	jsonl_u64(out, "errors", counts.errors);
	jsonl_close(out, '}');
}

void admin_send_copies(struct admin_peer *peer, const struct call *call)
{
	const struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber) {
		struct json_line *out = admin_line(peer, "copy");

		jsonl_str(out, "call-id", call->id);
		jsonl_str(out, "tag", subscriber->tag);
		if (subscriber->label.len)
			jsonl_str(out, "label", subscriber->label);
		jsonl_bool(out, "siprec", subscriber->siprec);
		jsonl_bool(out, "paused", subscriber->inactive);
		jsonl_open(out, "lines", '[');
		for (size_t i = 0; i < subscriber->n; i++)
			put_line(out, subscriber, &subscriber->line[i]);
		jsonl_close(out, ']');
		admin_send(peer);
	}
}

/* --- record ----------------------------------------------------------------------------------- */

/* The answer to a command that the relay could not follow. */
static void refuse(struct admin_peer *peer, int error)
{
	if (error == -ENOTSUP)
		admin_error(peer, CONTROL_ERROR_RECORDER,
			    "nothing can be recorded: recording-dir is not set");
	else if (error == -ENOBUFS)
		admin_error(peer, CONTROL_ERROR_RECORDER,
			    "the recording is refused: the disk of recording-dir does not answer, "
			    "and too much waits for it");
	else
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
}

static int start(struct call *call)
{
	return recorded_start(call, STR_NONE, STR_NONE);
}

static int stop(struct call *call)
{
	recorded_stop(call, false);
	return 0;
}

/* @needs: there has to be a recording */
static const struct {
	const char *name, *done;
	bool needs;
	int (*run)(struct call *call);
} actions[] = {
	{ "start", "begun", false, start },
	{ "stop", "ended", true, stop },
	{ "pause", "paused", false, recorded_pause },
};

static struct call *asked_call(struct admin_peer *peer, const struct dict *request)
{
	struct call *call = call_find(peer->conf->calls, dict_get_str(request, STR("call-id")));

	if (!call)
		admin_error(peer, CONTROL_ERROR_CALL, "no such call");
	return call;
}

static bool begin_record(struct admin_peer *peer, const struct dict *request)
{
	struct str name = dict_get_str(request, STR("action"));
	struct call *call;
	size_t i = 0;
	int error;

	while (i < COUNT(actions) && !str_eq(str_of(actions[i].name), name))
		i++;
	if (i == COUNT(actions)) {
		admin_error(peer, CONTROL_ERROR_REQUEST, "action must be start, stop or pause");
		return false;
	}
	call = asked_call(peer, request);
	if (!call)
		return false;
	if (actions[i].needs && !recorded_path(call)) {
		admin_error(peer, CONTROL_ERROR_RECORDED, "this call is not recorded");
		return false;
	}
	error = peer->conf->calls->conf.recorded ? actions[i].run(call) : -ENOTSUP;
	if (error) {
		refuse(peer, error);
		return false;
	}
	log_call(LOG_LEVEL_NOTICE, call->id, "the recording is %s by an operator", actions[i].done);
	call_touch(call);
	admin_send_recording(peer, call);
	admin_end(peer, 1);
	return false;
}

const struct admin_verb admin_verb_record = { .name = CONTROL_VERB_RECORD,
					      .changes = true,
					      .begin = begin_record };

/* --- recordings ------------------------------------------------------------------------------- */

static bool begin_recordings(struct admin_peer *peer, const struct dict *request)
{
	(void)request;
	call_cursor_begin(&peer->job.cursor, peer->conf->calls);
	return true;
}

static enum admin_step step_recordings(struct admin_peer *peer)
{
	const struct call *call = call_cursor_next(&peer->job.cursor);

	if (!call) {
		admin_end(peer, peer->job.count);
		return ADMIN_DONE;
	}
	if (admin_send_recording(peer, call))
		peer->job.count++;
	return ADMIN_MORE;
}

const struct admin_verb admin_verb_recordings = { .name = CONTROL_VERB_RECORDINGS,
						  .begin = begin_recordings,
						  .step = step_recordings };
