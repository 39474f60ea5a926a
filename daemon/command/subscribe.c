/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subscribe.c - subscribe request, subscribe answer, unsubscribe: who gets copies of a call
 *
 * The request may be repeated with the tag of a subscriber: its m= lines keep their places, ports
 * and labels, sources that came are added behind them, and those that are not asked for any more
 * have port 0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utlist.h>
#include "base/log.h"
#include "call/call.h"
#include "call/dialog.h"
#include "call/events.h"
#include "call/media.h"
#include "call/table.h"
#include "command/subscription.h"
#include "port/iface.h"

/* Beside the SDP: tags, labels, and what stands around them. */
#define REPLY_ROOM 256
#define TAG_BYTES  32

static void refuse(const struct request *request, struct reply *reply, const char *error,
		   const char *why)
{
	reply->code = REPLY_ERROR;
	reply->error = error;
	log_call(LOG_LEVEL_INFO, request->call_id, "copies refused: %s%s%s", error, why ? ": " : "",
		 why ? why : "");
}

/* --- subscribe request ------------------------------------------------------------------------ */

static bool is_party(const struct call *call, struct str tag)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		if (dialog_side_of(dialog, tag) >= 0)
			return true;
	return false;
}

/* A request while it is processed: what is taken back if it fails. */
struct subscription {
	struct command_env *env;
	const struct request *request;
	struct subscriber *subscriber;
	bool is_new;
	size_t n_before;
	bool opened[COPY_LINES], wanted[COPY_LINES];
	bool was_inactive, was_siprec;
};

/* 64 hexadecimal digits, as other relays make them. */
static struct str make_tag(struct arena *arena)
{
	uint8_t bytes[TAG_BYTES];
	char *text = arena_alloc(arena, 2 * TAG_BYTES);

	if (!text || getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return STR_NONE;
	for (size_t i = 0; i < 2 * TAG_BYTES; i++)
		text[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
	return (struct str){ text, 2 * TAG_BYTES };
}

static bool wants_keys(const struct request *request)
{
	struct str asked = request->transport_protocol;

	return request->osrtp & OSRTP_OFFER ||
	       (asked.len && !str_eq(asked, STR("RTP/AVP")) && !str_eq(asked, STR("RTP/AVPF")));
}

static struct iface_addr *find_local(const struct subscription *s)
{
	const struct request *request = s->request;
	bool known;

	return iface_pick(s->env->calls->conf.ifaces,
			  request->direction[1].len ? request->direction[1] : request->direction[0],
			  request->address_family, &known);
}

static void describe(struct subscriber_line *line)
{
	const struct media *media = dialog_media(line->dialog, line->index);

	snprintf(line->type, sizeof(line->type), "%s", media->type[0] ? media->type : "audio");
}

static int want_source(struct subscription *s, const struct subscription_source *source,
		       struct iface_addr *local)
{
	struct subscriber *subscriber = s->subscriber;
	struct subscriber_line *line =
		subscriber_line_of(subscriber, source->dialog, source->index, source->side);
	bool had_ports = line && line->sockets;
	int error;

	if (!line)
		line = subscriber_line_add(subscriber, source->dialog, source->index, source->side);
	if (!line)
		return 0; /* more than a recorder reads */
	describe(line);
	error = subscriber_line_open(subscriber, line, local, 0, s->env->now_ms);
	s->opened[line - subscriber->line] = !error && !had_ports;
	line->wanted = true;
	if (error || !wants_keys(s->request))
		return error;
	line->needs_key = !(s->request->osrtp & OSRTP_OFFER);
	return subscription_make_keys(s->request, line);
}

static int want_all(struct subscription *s, const struct subscription_sources *sources)
{
	struct iface_addr *local = find_local(s);
	int error = 0;

	if (!local)
		return -EADDRNOTAVAIL;
	if (local->unknown)
		return -EHOSTUNREACH;
	for (size_t i = 0; i < sources->n && !error; i++)
		error = want_source(s, &sources->source[i], local);
	return error;
}

static void begin(struct subscription *s)
{
	struct subscriber *subscriber = s->subscriber;

	s->n_before = subscriber->n;
	s->was_inactive = subscriber->inactive;
	s->was_siprec = subscriber->siprec;
	subscriber->inactive = s->request->inactive;
	subscriber->siprec |= s->request->siprec;
	subscriber->sdp_version++;
	for (size_t i = 0; i < subscriber->n; i++) {
		s->wanted[i] = subscriber->line[i].wanted;
		subscriber->line[i].wanted = false;
	}
}

static void take_back(struct subscription *s)
{
	struct subscriber *subscriber = s->subscriber;

	for (size_t i = 0; i < subscriber->n; i++) {
		subscriber->line[i].wanted = s->wanted[i];
		if (s->opened[i])
			subscriber_line_close(subscriber, &subscriber->line[i]);
	}
	subscriber->n = s->n_before;
	subscriber->inactive = s->was_inactive;
	subscriber->siprec = s->was_siprec;
	subscriber->sdp_version--;
	if (s->is_new)
		subscriber_free(subscriber);
}

static void report_line(const struct subscriber_line *line, struct subscription_line *report)
{
	const struct party *party = &line->dialog->party[line->side];
	const struct media *media = dialog_media(line->dialog, line->index);

	*report = (struct subscription_line){
		.tag = party->tag,
		.party_label = party->label,
		.type = str_of(line->type),
		.mode = sdp_direction_name(media->direction[line->side]),
		.index = line->index + 1U,
		.label = line->label,
	};
}

static int make_report(struct subscription *s, struct reply *reply)
{
	const struct subscriber *subscriber = s->subscriber;
	struct subscription_report *report = arena_zalloc(s->env->arena, sizeof(*report));

	if (!report)
		return -ENOMEM;
	report->line = arena_zalloc(s->env->arena, (subscriber->n + 1) * sizeof(*report->line));
	if (!report->line)
		return -ENOMEM;
	report->to_tag = subscriber->tag;
	report->siprec = subscriber->siprec;
	for (size_t i = 0; i < subscriber->n; i++)
		if (subscriber->line[i].wanted)
			report_line(&subscriber->line[i], &report->line[report->n++]);
	reply->subscription = report;
	return 0;
}

/* Tags of phones may be long, and each is there three times. */
static bool fits(const struct subscription *s, const struct reply *reply)
{
	const struct subscription_report *report = reply->subscription;
	struct request asked = *s->request;
	size_t rest = REPLY_ROOM + report->to_tag.len;

	for (size_t i = 0; i < report->n; i++)
		rest += REPLY_ROOM + 3 * report->line[i].tag.len +
			2 * report->line[i].party_label.len;
	if (!asked.fits)
		return true;
	if (rest > asked.room)
		return false;
	asked.room -= rest;
	return asked.fits(&asked, reply->sdp);
}

static int prepare(struct subscription *s, const struct subscription_sources *sources,
		   struct reply *reply)
{
	const struct request *request = s->request;
	struct str label = request->to_label.len ? request->to_label : request->set_label;
	int error = want_all(s, sources);

	if (!error)
		error = subscription_write(s->env, request, s->subscriber, &reply->sdp);
	if (!error)
		error = make_report(s, reply);
	if (!error && !fits(s, reply))
		error = -EMSGSIZE;
	if (!error && label.len)
		error = text_set(&s->subscriber->label, label);
	return error;
}

static void refuse_error(const struct request *request, struct reply *reply, int error)
{
	reply->sdp = STR_NONE;
	reply->subscription = NULL;
	if (error == -ENOMEM)
		refuse(request, reply, "Out of memory", NULL);
	else if (error == -EMSGSIZE)
		refuse(request, reply, "Reply too large", NULL);
	else
		refuse(request, reply, "Ran out of ports",
		       error == -EADDRINUSE	 ? "no pair of ports is free"
		       : error == -EMFILE	 ? "no descriptor is free; raise LimitNOFILE="
		       : error == -EADDRNOTAVAIL ? "no \"interface\" has an address for it"
		       : error == -EHOSTUNREACH	 ? "the address outside of the NAT is not known"
						 : strerror(-error));
}

static void close_unwanted(struct subscriber *subscriber)
{
	for (size_t i = 0; i < subscriber->n; i++)
		if (!subscriber->line[i].wanted)
			subscriber_line_close(subscriber, &subscriber->line[i]);
}

static void commit(struct subscription *s)
{
	struct subscriber *subscriber = s->subscriber;

	if (s->is_new)
		subscriber_link(subscriber);
	close_unwanted(subscriber);
	subscriber_apply(subscriber);
	call_touch(subscriber->call);
}

static struct subscriber *find_or_make(struct command_env *env, struct call *call,
				       const struct request *request, struct reply *reply,
				       bool *is_new)
{
	struct subscriber *subscriber;
	struct str tag = request->to_tag;

	*is_new = false;
	subscriber = tag.len ? subscriber_find(call, tag) : NULL;
	if (subscriber && subscriber->classic)
		subscriber = NULL;
	if (subscriber)
		return subscriber;
	*is_new = true;
	if (tag.len > REQUEST_NAME_MAX) {
		refuse(request, reply, "To-tag is too long", NULL);
		return NULL;
	}
	if (tag.len && is_party(call, tag)) {
		refuse(request, reply, "To-tag is that of a party of the call", NULL);
		return NULL;
	}
	if (subscriber_count(call) == CALL_SUBSCRIBERS) {
		refuse(request, reply, "Too many subscriptions of this call", NULL);
		return NULL;
	}
	if (!tag.len)
		tag = make_tag(env->arena);
	subscriber = tag.len ? subscriber_new(call, tag) : NULL;
	if (!subscriber)
		refuse(request, reply, "Out of memory", NULL);
	return subscriber;
}

void command_subscribe_request(struct command_env *env, const struct request *request,
			       struct reply *reply)
{
	struct call *call = call_find(env->calls, request->call_id);
	struct subscription s = { .env = env, .request = request };
	struct subscription_sources sources;
	int error;

	if (!call) {
		refuse(request, reply, "Unknown call-ID(s)", NULL);
		return;
	}
	if (!env->calls->conf.copies) {
		refuse(request, reply, "Copies are not available", NULL);
		return;
	}
	subscription_find(call, request, &sources);
	if (!sources.n) {
		refuse(request, reply, "No medias found (no monologues matched)", NULL);
		return;
	}
	s.subscriber = find_or_make(env, call, request, reply, &s.is_new);
	if (!s.subscriber)
		return;
	begin(&s);
	error = prepare(&s, &sources, reply);
	if (error) {
		take_back(&s);
		refuse_error(request, reply, error);
		return;
	}
	commit(&s);
	log_call(LOG_LEVEL_INFO, call->id, "copies: subscriber " STR_FMT ": m= lines: %zu",
		 STR_ARG(s.subscriber->tag), sources.n);
}

/* --- subscribe answer ------------------------------------------------------------------------- */

static struct subscriber *find_subscriber(struct command_env *env, const struct request *request,
					  struct reply *reply)
{
	struct call *call = call_find(env->calls, request->call_id);
	struct subscriber *subscriber = call ? subscriber_find(call, request->to_tag) : NULL;

	if (!call)
		refuse(request, reply, "Unknown call-ID", NULL);
	else if (!subscriber || subscriber->classic)
		refuse(request, reply, "To-tag not found", NULL);
	else
		return subscriber;
	return NULL;
}

/* Nothing is changed if one of the lines is refused; a line that is just not taken is no error. */
static const char *read_answer(struct command_env *env, const struct subscriber *subscriber,
			       const struct sdp *sdp, struct subscription_answer answers[])
{
	bool tried = false, any = false;

	for (size_t i = 0; i < subscriber->n; i++) {
		const struct sdp_media *m = i < sdp->n_media ? &sdp->media[i] : NULL;
		const struct subscriber_line *line = &subscriber->line[i];
		const char *why = subscription_read(env, subscriber, line, sdp, m, &answers[i]);

		if (why)
			return why;
		tried |= line->sockets && m && endpoint_is_set(&answers[i].to[COMP_RTP]);
		any |= answers[i].accepted;
	}
	return tried && !any ? "no codec of the call is in it" : NULL;
}

static void set_answer(struct subscriber_line *line, const struct subscription_answer *answer)
{
	line->accepted = answer->accepted;
	memcpy(line->to, answer->to, sizeof(line->to));
	memcpy(line->pts, answer->pts, sizeof(line->pts));
}

static int take_answer(struct subscriber *subscriber, const struct subscription_answer answers[])
{
	struct subscription_answer before[COPY_LINES] = { 0 };
	int error = 0;

	for (size_t i = 0; i < subscriber->n && !error; i++)
		if (answers[i].accepted)
			error = subscriber_line_secure(&subscriber->line[i], answers[i].key);
	if (error)
		return error;
	for (size_t i = 0; i < subscriber->n; i++) {
		struct subscriber_line *line = &subscriber->line[i];

		before[i] = (struct subscription_answer){
			.accepted = line->accepted,
			.to = { line->to[COMP_RTP], line->to[COMP_RTCP] },
			.pts = { line->pts[0], line->pts[1] },
		};
		set_answer(line, &answers[i]);
	}
	error = subscriber_apply(subscriber);
	for (size_t i = 0; i < subscriber->n && error; i++)
		set_answer(&subscriber->line[i], &before[i]);
	return error;
}

static size_t count_sending(const struct subscriber *subscriber)
{
	size_t n = 0;

	for (size_t i = 0; i < subscriber->n; i++)
		n += subscriber_line_sends(subscriber, &subscriber->line[i]);
	return n;
}

void command_subscribe_answer(struct command_env *env, const struct request *request,
			      struct reply *reply)
{
	struct subscriber *subscriber = find_subscriber(env, request, reply);
	struct subscription_answer answers[COPY_LINES];
	const char *why;
	struct sdp sdp;
	int error;

	if (!subscriber)
		return;
	error = sdp_parse(env->arena, request->sdp, &sdp, &why);
	if (error) {
		refuse(request, reply, error == -ENOMEM ? "Out of memory" : "Failed to parse SDP",
		       why);
		return;
	}
	why = read_answer(env, subscriber, &sdp, answers);
	if (why) {
		refuse(request, reply, "Failed to process subscription answer", why);
		return;
	}
	if (take_answer(subscriber, answers)) {
		refuse(request, reply, "Out of memory", NULL);
		return;
	}
	call_touch(subscriber->call);
	log_call(LOG_LEVEL_INFO, subscriber->call->id,
		 "copies: subscriber " STR_FMT ": m= lines that are sent: %zu",
		 STR_ARG(subscriber->tag), count_sending(subscriber));
}

/* --- unsubscribe ------------------------------------------------------------------------------ */

void command_unsubscribe(struct command_env *env, const struct request *request,
			 struct reply *reply)
{
	struct subscriber *subscriber = find_subscriber(env, request, reply);
	struct call *call;

	if (!subscriber)
		return;
	call = subscriber->call;
	log_call(LOG_LEVEL_INFO, call->id, "copies: subscriber " STR_FMT ": ended",
		 STR_ARG(subscriber->tag));
	subscriber_free(subscriber);
	call_touch(call);
}
