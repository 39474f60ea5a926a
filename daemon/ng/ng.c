/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng.c - NG verbs: a payload to a command, and its reply back in the same encoding
 */
#include <errno.h>
#include "base/bencode.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "ng/frame.h"
#include "ng/ng.h"
#include "ng/reply.h"
#include "ng/request.h"
#include "ng/trace.h"

enum {
	NEED_SDP = 1 << 0,
	NEED_CALL_ID = 1 << 1,
	NEED_FROM_TAG = 1 << 2,
	NEED_TO_TAG = 1 << 3,
};

#define NEED_ALL (NEED_SDP | NEED_CALL_ID | NEED_FROM_TAG)

static const struct {
	unsigned int needs;
	command_fn *run;
} verbs[VERB_COUNT] = {
	[VERB_PING] = { 0, command_ping },
	[VERB_OFFER] = { NEED_ALL, command_offer },
	[VERB_ANSWER] = { NEED_ALL | NEED_TO_TAG, command_answer },
	[VERB_DELETE] = { NEED_CALL_ID, command_delete },
	[VERB_QUERY] = { NEED_CALL_ID, command_query },
	[VERB_LIST] = { 0, command_list },
	[VERB_STATISTICS] = { 0, command_statistics },
	[VERB_BLOCK_MEDIA] = { NEED_CALL_ID, command_block_media },
	[VERB_UNBLOCK_MEDIA] = { NEED_CALL_ID, command_unblock_media },
	[VERB_BLOCK_DTMF] = { NEED_CALL_ID, command_block_dtmf },
	[VERB_UNBLOCK_DTMF] = { NEED_CALL_ID, command_unblock_dtmf },
	[VERB_SILENCE_MEDIA] = { NEED_CALL_ID, command_silence_media },
	[VERB_UNSILENCE_MEDIA] = { NEED_CALL_ID, command_unsilence_media },
	[VERB_START_RECORDING] = { NEED_CALL_ID, command_start_recording },
	[VERB_STOP_RECORDING] = { NEED_CALL_ID, command_stop_recording },
	[VERB_PAUSE_RECORDING] = { NEED_CALL_ID, command_pause_recording },
	[VERB_PLAY_MEDIA] = { NEED_CALL_ID, command_play_media },
	[VERB_STOP_MEDIA] = { NEED_CALL_ID, command_stop_media },
	[VERB_SUBSCRIBE_REQUEST] = { NEED_CALL_ID, command_subscribe_request },
	[VERB_SUBSCRIBE_ANSWER] = { NEED_SDP | NEED_CALL_ID | NEED_TO_TAG,
				    command_subscribe_answer },
	[VERB_UNSUBSCRIBE] = { NEED_CALL_ID | NEED_TO_TAG, command_unsubscribe },
};

#define NAME(id, name) [id] = { name, sizeof(name) - 1 },

static const struct str verb_names[VERB_COUNT] = { VERBS(NAME, " ") };

/* @source: sender of the request; @json: its encoding, else bencode; @room: bytes for the answer */
struct ng_context {
	const struct endpoint *source;
	bool json;
	size_t room;
};

/* Checks in rtpengine's order, so that a request with several mistakes gets the same error text. */
static const char *missing(unsigned int needs, const struct request *request)
{
	if (needs & NEED_SDP && !request->sdp.len)
		return "No SDP body in message";
	if (needs & NEED_CALL_ID && !request->call_id.len)
		return "No call-id in message";
	if (needs & NEED_FROM_TAG && !request->from_tag.len)
		return "No from-tag in message";
	if (needs & NEED_TO_TAG && !request->to_tag.len)
		return "No to-tag in message";
	return NULL;
}

/* Bytes of an answer beside its SDP, at most. */
#define AROUND_SDP 64

static bool fits_bencode(const struct request *request, struct str sdp)
{
	return sdp.len + AROUND_SDP <= request->room;
}

static size_t json_size(unsigned char c)
{
	if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t')
		return 2;
	return c < ' ' ? 6 : c < 0x80 ? 1 : 3; /* bytes that are not UTF-8 become U+FFFD */
}

/* Counts byte by byte only if the SDP might not fit. */
static bool fits_json(const struct request *request, struct str sdp)
{
	size_t size = AROUND_SDP;

	if (sdp.len * 6 + AROUND_SDP <= request->room)
		return true;
	for (size_t i = 0; i < sdp.len; i++)
		size += json_size((unsigned char)sdp.s[i]);
	return size <= request->room;
}

static void log_unknown(struct command_env *env, const struct endpoint *source, struct str name)
{
	char shown[64], text[ENDPOINT_TEXT];

	if (stats_log_once(env->stats, source, name))
		log_warn("proxy %s: command \"%s\" is not supported; the answer is an error",
			 endpoint_print_addr(source, text), log_escape(name, shown, sizeof(shown)));
}

/* Without the address that SIP came from, latching cannot know the NAT in front of a phone. */
static void check_received_from(struct command_env *env, const struct request *request)
{
	static const struct str subject = STR(" received-from");
	char text[ENDPOINT_TEXT];

	if (endpoint_is_set(&request->received_from) ||
	    !stats_log_once(env->stats, &request->source, subject))
		return;
	log_notice("proxy %s: an offer or answer has no received-from, so phones behind NATs are "
		   "heard later; pass it in the flags: received-from=$si in Kamailio 6",
		   endpoint_print_addr(&request->source, text));
}

static void run_verb(struct command_env *env, enum verb verb, const struct dict *map,
		     const struct ng_context *context, struct reply *reply)
{
	struct request request = {
		.source = *context->source,
		.fits = context->json ? fits_json : fits_bencode,
		.room = context->room,
		.tos = TOS_UNSET,
		.delete_delay = -1,
		.limit = 32,
	};

	ng_request_read(env->arena, map, &request);
	reply->error = missing(verbs[verb].needs, &request);
	if (reply->error)
		reply->code = REPLY_ERROR;
	else
		verbs[verb].run(env, &request, reply);
	if (verb == VERB_OFFER || verb == VERB_ANSWER)
		check_received_from(env, &request);
}

static void run_map(struct command_env *env, const struct dict *map,
		    const struct ng_context *context, struct reply *reply)
{
	struct str name = dict_get_str(map, STR("command"));
	int64_t begun_us = clock_us();
	int verb = 0;

	reply->code = REPLY_ERROR;
	if (!name.len) {
		reply->error = "Dictionary contains no key \"command\"";
		return;
	}
	while (verb < VERB_COUNT && !dict_key_eq(verb_names[verb], name))
		verb++;
	if (verb == VERB_COUNT) {
		env->stats->unknown_command++;
		log_unknown(env, context->source, name);
		reply->error = "Unrecognized command";
		return;
	}
	reply->code = REPLY_OK;
	run_verb(env, verb, map, context, reply);
	stats_command(env->stats, context->source, verb, clock_us() - begun_us,
		      reply->code == REPLY_ERROR);
}

/* Line ends and NUL after a message are not part of it: some clients send them. */
static struct str without_line_end(struct str payload)
{
	while (payload.len && strchr("\r\n", payload.s[payload.len - 1])) /* finds '\0', too */
		payload.len--;
	return payload;
}

static const char *decode(struct arena *arena, struct str payload, struct dict **map)
{
	int error;

	payload = without_line_end(payload);
	if (!payload.len)
		return "Invalid data (no payload)";
	if (payload.s[0] == '{') {
		error = json_decode(arena, payload, map);
		if (error == -EINVAL)
			return "Could not decode JSON dictionary";
	} else if (payload.s[0] == 'd') {
		error = bencode_decode(arena, payload, map);
		if (error == -EINVAL)
			return "Could not decode bencode dictionary";
	} else {
		return "Invalid NG data format";
	}
	return error ? "Out of memory" : NULL;
}

/* Return: what was encoded, or NULL */
static const struct dict *encode(struct command_env *env, bool json, const struct reply *reply,
				 struct buf *out)
{
	const struct dict *tree = ng_reply_make(env->arena, reply);

	if (!tree) { /* out of memory: this text needs none */
		if (json)
			buf_lit(out, "{\"result\":\"error\",\"error-reason\":\"Out of memory\"}");
		else
			buf_lit(out, "d6:result5:error12:error-reason13:Out of memorye");
	} else if (json) {
		json_encode(tree, out);
	} else {
		bencode_encode(tree, out);
	}
	return tree;
}

/*
 * Makes the reply smaller by one step. False: nothing in it can be left out.
 *
 * Of a list each step leaves half of the calls out.
 */
static bool shrink(struct reply *reply)
{
	if (reply->code != REPLY_OK)
		return false;
	if (reply->n_calls) {
		reply->n_calls /= 2;
		reply->warning = "Not all calls are listed: the reply would be too large";
		return true;
	}
	if (!(reply->call || reply->statistics) || reply->detail + 1 == DETAIL_COUNT)
		return false;
	reply->detail++;
	reply->warning = "Details are left out: the reply would be too large";
	return true;
}

/* A delete has already taken effect: an error would say that it has not. */
static void cut_short(struct reply *reply)
{
	if (reply->call && reply->deleted)
		*reply = (struct reply){ .code = REPLY_OK,
					 .warning = "Statistics are too large to be sent" };
	else
		*reply = (struct reply){ .code = REPLY_ERROR, .error = "Reply too large" };
}

static const struct dict *encode_again(struct command_env *env, bool json,
				       const struct reply *reply, size_t begin, struct buf *out)
{
	out->overflow = false;
	out->len = begin;
	return encode(env, json, reply, out);
}

/* In steps smaller, until it fits. */
static const struct dict *encode_to_fit(struct command_env *env, bool json, struct reply *reply,
					struct buf *out)
{
	size_t begin = out->len;
	const struct dict *tree = encode(env, json, reply, out);

	if (!out->overflow)
		return tree;
	env->stats->reply_too_large++;
	while (out->overflow && shrink(reply))
		tree = encode_again(env, json, reply, begin, out);
	if (!out->overflow)
		return tree;
	cut_short(reply);
	return encode_again(env, json, reply, begin, out);
}

void ng_run(struct command_env *env, const struct endpoint *source, struct str payload,
	    struct buf *out)
{
	bool json = payload.len && payload.s[0] == '{', traced = false;
	struct ng_context context = { source, json, out->size - out->len };
	struct reply reply = { .code = REPLY_ERROR };
	const struct dict *tree;
	struct trace trace;
	struct dict *map;

	reply.error = decode(env->arena, payload, &map);
	if (reply.error) {
		env->stats->malformed++;
	} else {
		traced = ng_trace_begin(&trace, env, map, log_enabled(LOG_LEVEL_DEBUG));
		if (traced)
			ng_trace(&trace, "command from", source, map);
		run_map(env, map, &context, &reply);
	}
	tree = encode_to_fit(env, json, &reply, out);
	if (traced && tree)
		ng_trace(&trace, "reply to", source, tree);
}

/* The text up to the first blank; without a blank there is no cookie. */
static struct str take_cookie(struct str *payload)
{
	size_t len = payload->len;
	struct str cookie = str_split(payload, ' ');

	return cookie.len < len ? cookie : STR_NONE;
}

static bool is_request(struct str payload)
{
	return payload.len && (payload.s[0] == 'd' || payload.s[0] == '{');
}

static void run(struct command_env *env, void *arg, const struct endpoint *source,
		struct str payload, struct buf *out)
{
	(void)arg;
	ng_run(env, source, payload, out);
}

const struct control_protocol ng_protocol = { .key = "listen-ng",
					      .cookie = take_cookie,
					      .is_request = is_request,
					      .takes_others = true,
					      .run = run };

const struct control_protocol ng_tcp_protocol = {
	.key = "listen-tcp-ng", .cookie = take_cookie, .frame = ng_frame, .run = run
};
