/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call.c - the verbs calls (one line per call), call (one call as a tree) and terminate */
#include <stdio.h>
#include <utlist.h>
#include "admin/answer.h"
#include "admin/quality.h"
#include "admin/recording.h"
#include "admin/stream.h"
#include "admin/walk.h"
#include "base/clock.h"
#include "base/count.h"
#include "call/call.h"
#include "call/media_bundle.h"
#include "call/media_ice.h"
#include "call/media_path.h"
#include "call/media_dtls.h"
#include "call/media_sdes.h"
#include "call/one_way.h"
#include "call/play.h"
#include "packet/bridge.h"
#include "port/iface.h"

/* Sums over the streams of a call. */
struct call_sum {
	size_t medias, streams;
	uint64_t packets[2], bytes[2]; /* by side: received from it */
	uint64_t expected, lost, drops;
	double jitter_ms;	 /* the highest */
	unsigned int mos;	 /* hundredths, the lowest average; 0: not known yet */
	int64_t last_ms;	 /* clock_ms() of the last packet; 0: none */
	int64_t heard_ms[2];	 /* the same, of the RTP of each side */
	int one_way;		 /* enum side: it is not heard; -1: not one-way */
	struct endpoint from[2]; /* of the first RTP stream of each side */
	const char *codec;
};

static void add_stream(struct call_sum *sum, const struct media *media, int side, int comp)
{
	struct stream_report r;

	media_report(media, (enum side)side, (enum component)comp, &r);
	sum->streams++;
	sum->packets[side] += r.packets_in;
	sum->bytes[side] += r.bytes_in;
	for (int i = 0; i < DROP_COUNT; i++)
		sum->drops += r.drops[i];
	sum->last_ms = r.last_in_ms > sum->last_ms ? r.last_in_ms : sum->last_ms;
	if (comp == COMP_RTP && r.last_in_ms > sum->heard_ms[side])
		sum->heard_ms[side] = r.last_in_ms;
	if (comp == COMP_RTP && !endpoint_is_set(&sum->from[side]))
		sum->from[side] = endpoint_is_set(&r.latched) ? r.latched : r.signalled;
	if (!r.ssrc_known)
		return;
	sum->expected += r.expected;
	sum->lost += r.lost;
	sum->jitter_ms = r.jitter_ms > sum->jitter_ms ? r.jitter_ms : sum->jitter_ms;
}

static void add_media(struct call_sum *sum, struct media *media)
{
	unsigned int mos;

	media_path_refresh(&media, 1);
	if (!sum->medias++)
		sum->codec = media->codec;
	if (sum->one_way < 0)
		sum->one_way = media_one_way(media, clock_ms());
	mos = admin_media_mos(media);
	if (mos && (!sum->mos || mos < sum->mos))
		sum->mos = mos;
	each_component(side, comp)
		if (bridge_has(media->bridge, side, comp))
			add_stream(sum, media, side, comp);
}

static const char *state_of(const struct call *call)
{
	const char *state = "ending";
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		if (dialog->delete_at_ms)
			continue;
		if (dialog->answered)
			return "answered";
		state = "offered";
	}
	return state;
}

static void put_pair(struct json_line *line, const char *key, const uint64_t pair[2])
{
	jsonl_open(line, key, '[');
	jsonl_u64(line, NULL, pair[SIDE_A]);
	jsonl_u64(line, NULL, pair[SIDE_B]);
	jsonl_close(line, ']');
}

static void put_tags(struct json_line *line, const struct call *call)
{
	const struct dialog *dialog = call->dialogs;

	jsonl_str(line, "from-tag", dialog->party[SIDE_A].tag);
	if (dialog->party[SIDE_B].tag.len)
		jsonl_str(line, "to-tag", dialog->party[SIDE_B].tag);
}

static void put_sum(struct json_line *line, const struct call_sum *sum, int64_t now_ms)
{
	jsonl_u64(line, "medias", sum->medias);
	jsonl_u64(line, "streams", sum->streams);
	if (sum->codec && *sum->codec)
		jsonl_text(line, "codec", sum->codec);
	jsonl_endpoint(line, "from", &sum->from[SIDE_A]);
	jsonl_endpoint(line, "to", &sum->from[SIDE_B]);
	put_pair(line, "packets", sum->packets);
	put_pair(line, "bytes", sum->bytes);
	jsonl_u64(line, "expected", sum->expected);
	jsonl_u64(line, "lost", sum->lost);
	jsonl_real(line, "jitter-ms", sum->jitter_ms);
	if (sum->mos)
		jsonl_real(line, "mos", sum->mos / 100.0);
	jsonl_u64(line, "drops", sum->drops);
	if (sum->last_ms)
		jsonl_i64(line, "last-in-ms", now_ms - sum->last_ms);
	jsonl_open(line, "heard-ago-ms", '[');
	for (int side = 0; side < 2; side++) {
		if (sum->heard_ms[side])
			jsonl_i64(line, NULL, now_ms - sum->heard_ms[side]);
		else
			jsonl_null(line, NULL);
	}
	jsonl_close(line, ']');
	if (sum->one_way >= 0)
		jsonl_text(line, "one-way", sum->one_way == SIDE_A ? "a" : "b");
}

static void send_call(struct admin_peer *peer, const struct call *call)
{
	struct json_line *line;
	struct call_sum sum = { .one_way = -1 };
	const struct dialog *dialog;
	unsigned int dialogs = 0;
	int64_t now_ms = clock_ms();

	DL_FOREACH(call->dialogs, dialog) {
		dialogs++;
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				add_media(&sum, dialog->media[i]);
	}
	line = admin_line(peer, "call");
	jsonl_str(line, "call-id", call->id);
	put_tags(line, call);
	jsonl_i64(line, "created", call->created_us / 1000000);
	jsonl_i64(line, "age", (now_ms - call->created_ms) / 1000);
	jsonl_text(line, "state", state_of(call));
	jsonl_text(line, "path", admin_call_path(call));
	jsonl_u64(line, "dialogs", dialogs);
	put_sum(line, &sum, now_ms);
	admin_send(peer);
	peer->job.count++;
}

/* --- calls ------------------------------------------------------------------------------------ */

static enum admin_step step_calls(struct admin_peer *peer)
{
	struct call_filter *filter = &peer->job.filter;
	bool enough = filter->limit > 0 && peer->job.count >= (uint64_t)filter->limit;
	const struct call *call = enough ? NULL : call_cursor_next(&peer->job.cursor);

	if (!call) {
		admin_end(peer, peer->job.count);
		return ADMIN_DONE;
	}
	if (!call_filter_lets(filter, call))
		return ADMIN_MORE;
	if (filter->skip > 0)
		filter->skip--;
	else
		send_call(peer, call);
	return ADMIN_MORE;
}

const struct admin_verb admin_verb_calls = { .name = CONTROL_VERB_CALLS,
					     .begin = admin_walk_begin,
					     .step = step_calls };

/* --- call ------------------------------------------------------------------------------------- */

static struct call *asked_call(struct admin_peer *peer, struct str id)
{
	struct call *call = call_find(peer->conf->calls, id);

	if (!call)
		admin_error(peer, CONTROL_ERROR_CALL, "no such call");
	return call;
}

static struct trace_call *traced_call(struct admin_peer *peer)
{
	return trace_calls_find(&peer->conf->calls->traces, peer->job.call_id, clock_ms());
}

/* The call itself may not exist yet, or no longer. */
static bool begin_debug(struct admin_peer *peer)
{
	if (traced_call(peer))
		return true;
	admin_error(peer, CONTROL_ERROR_CALL,
		    "this call is not debugged: rtprelayctl set --debug-call=ID begins it, for an "
		    "hour");
	return false;
}

static bool begin_call(struct admin_peer *peer, const struct dict *request)
{
	const struct call *call;

	peer->job.call_id = dict_get_str(request, STR("call-id"));
	peer->job.debug = str_eq(dict_get_str(request, STR("debug")), STR("yes"));
	if (peer->job.debug)
		return begin_debug(peer);
	call = asked_call(peer, peer->job.call_id);
	if (!call)
		return false;
	send_call(peer, call);
	admin_send_recording(peer, call);
	admin_send_copies(peer, call);
	return true;
}

static const struct dialog *nth_dialog(const struct call *call, size_t n)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		if (!n--)
			return dialog;
	return NULL;
}

static void send_party(struct admin_peer *peer, const struct dialog *dialog)
{
	const struct party *party = &dialog->party[peer->job.side];
	struct json_line *line = admin_line(peer, "party");

	jsonl_u64(line, "dialog", peer->job.dialog + 1);
	jsonl_text(line, "side", peer->job.side == SIDE_A ? "a" : "b");
	jsonl_str(line, "tag", party->tag);
	if (party->label.len)
		jsonl_str(line, "label", party->label);
	if (dialog->via_branch.len)
		jsonl_str(line, "via-branch", dialog->via_branch);
	jsonl_bool(line, "answered", dialog->answered);
	if (party->local)
		jsonl_str(line, "interface", party->local->name);
	jsonl_open(line, "aliases", '[');
	for (size_t i = 0; i < party->n_aliases; i++)
		jsonl_str(line, NULL, party->aliases[i]);
	jsonl_close(line, ']');
	admin_send(peer);
}

static void put_sdes(struct json_line *line, const struct media_sdes *sdes, enum side side)
{
	const struct srtp_suite *suite;
	char text[64];

	if (!sdes || !sdes->secure[side])
		return;
	suite = media_sdes_suite(sdes, side);
	if (!suite)
		return;
	snprintf(text, sizeof(text), "suite=%s", suite->name);
	jsonl_text(line, NULL, text);
	if (sdes->dtls[side])
		return;
	jsonl_text(line, NULL,
		   sdes->text[side][SDES_THEIRS].len ? "sdes-role=offerer" : "sdes-role=answerer");
}

/* The m= line whose port it uses. */
static void put_bundle(struct json_line *line, const struct media *media, enum side side)
{
	char text[32];

	if (!media->bundle || !media->bundle->side[side].carrier)
		return;
	snprintf(text, sizeof(text), "bundle=%u", media->bundle->side[side].carrier);
	jsonl_text(line, NULL, text);
}

static void put_ice(struct json_line *line, const struct media *media, enum side side)
{
	struct media_ice_report ice;
	char address[ENDPOINT_TEXT], text[ENDPOINT_TEXT + 16];

	if (!media_ice_report(media, side, &ice))
		return;
	snprintf(text, sizeof(text), "ice=%s", ice.state);
	jsonl_text(line, NULL, text);
	snprintf(text, sizeof(text), "ice-role=%s", ice.role);
	jsonl_text(line, NULL, text);
	if (ice.lite)
		jsonl_text(line, NULL, "ice-lite");
	if (!endpoint_is_set(&ice.pair))
		return;
	snprintf(text, sizeof(text), "ice-pair=%s", endpoint_print(&ice.pair, address));
	jsonl_text(line, NULL, text);
}

static void put_dtls(struct json_line *line, const struct media *media, enum side side)
{
	const struct dtls_side *dtls = media_dtls_side(media, side);
	const struct dtls_port *port = dtls ? &dtls->port[COMP_RTP] : NULL;
	char text[DTLS_FINGERPRINT_TEXT + 32];
	struct buf buf = BUF_INIT(text, sizeof(text));

	if (!dtls)
		return;
	snprintf(text, sizeof(text), "dtls=%s", dtls_state_name((enum dtls_state)port->state));
	jsonl_text(line, NULL, text);
	if (dtls->agreed)
		jsonl_text(line, NULL,
			   dtls->terms.active ? "dtls-role=active" : "dtls-role=passive");
	if (port->took_ms) {
		snprintf(text, sizeof(text), "handshake=%ums", port->took_ms);
		jsonl_text(line, NULL, text);
	}
	if (port->why && *port->why) {
		snprintf(text, sizeof(text), "dtls-why=%s", port->why);
		jsonl_text(line, NULL, text);
	}
	if (!dtls->terms.n)
		return;
	buf_lit(&buf, "fingerprint=");
	dtls_fingerprint_write(&buf, &dtls->terms.peer[0]);
	jsonl_str(line, NULL, (struct str){ text, buf.len });
}

/* What this side hears instead of the other one. */
static void put_prompt(struct json_line *line, const struct media *media, enum side side)
{
	const struct media_play *play = media->play[side];
	char text[PROMPT_NAME_MAX + 96];

	if (!play)
		return;
	snprintf(text, sizeof(text), "hears=%s", play->name);
	jsonl_text(line, NULL, text);
	snprintf(text, sizeof(text), "prompt-at=%llums of %llums",
		 (unsigned long long)play_position_ms(media, side),
		 (unsigned long long)play->duration_ms);
	jsonl_text(line, NULL, text);
}

/* The mode of latching is named if it is not the default one. */
static void put_flags(struct json_line *line, const struct media *media, enum side of)
{
	const struct side_conf *side = &bridge_conf(media->bridge)->side[of];
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ SIDE_MUX, "rtcp-mux" },
		{ SIDE_ASYMMETRIC, "asymmetric" },
		{ SIDE_STRICT_SOURCE, "strict-source" },
		{ SIDE_HANDOVER, "media-handover" },
		{ SIDE_TRUST_SIP, "sip-source-address" },
		{ SIDE_BLOCK, "blocked" },
		{ SIDE_DTMF_BLOCK, "dtmf-blocked" },
		{ SIDE_SILENCE, "silenced" },
		{ SIDE_DTLS, "dtls" },
		{ SIDE_HOLD, "on-hold" },
		{ SIDE_PIERCE, "pierce-nat" },
		{ SIDE_SRTP, "srtp" },
	};

	jsonl_open(line, "flags", '[');
	for (size_t i = 0; i < COUNT(names); i++)
		if (side->flags & names[i].flag)
			jsonl_text(line, NULL, names[i].name);
	put_bundle(line, media, of);
	put_sdes(line, media_carrier(media, of)->sdes, of);
	put_ice(line, media, of);
	put_dtls(line, media, of);
	put_prompt(line, media, of);
	if (side->ice[0])
		jsonl_text(line, NULL, "ice");
	if (side->latching == LATCH_STRICT)
		jsonl_text(line, NULL, "latching=strict");
	else if (side->latching == LATCH_FIRST)
		jsonl_text(line, NULL, "latching=first");
	jsonl_close(line, ']');
}

static void send_media(struct admin_peer *peer, struct media *media)
{
	enum side side = (enum side)peer->job.side;
	struct json_line *line;

	media_path_refresh(&media, 1);
	line = admin_line(peer, "media");
	jsonl_u64(line, "media", media->index + 1U);
	jsonl_text(line, "kind", media->type);
	jsonl_text(line, "protocol", media->protocol[side]);
	jsonl_text(line, "codec", media->codec);
	put_flags(line, media, side);
	admin_put_quality(line, media, side);
	jsonl_open(line, "streams", '[');
	for (int comp = 0; comp < 2; comp++) {
		if (!bridge_has(media->bridge, side, comp))
			continue;
		jsonl_open(line, NULL, '{');
		admin_put_stream(line, media, side, comp);
		jsonl_close(line, '}');
	}
	jsonl_close(line, ']');
	admin_send(peer);
}

/* Sends a line; job.media is where the next one begins. It may have been set again meanwhile. */
static enum admin_step step_debug(struct admin_peer *peer)
{
	const struct trace_call *call = traced_call(peer);
	struct str rest = STR_NONE;
	struct json_line *line;

	if (call && peer->job.media < call->lines.len)
		rest = (struct str){ call->lines.data + peer->job.media,
				     call->lines.len - peer->job.media };
	if (!rest.len) {
		admin_end(peer, peer->job.count);
		return ADMIN_DONE;
	}
	line = admin_line(peer, "debug");
	rest = str_split(&rest, '\n');
	jsonl_str(line, "text", rest);
	admin_send(peer);
	peer->job.media += rest.len + 1;
	peer->job.count++;
	return ADMIN_MORE;
}

/* Sends a party or one of its medias, then moves the position to the next one. */
static enum admin_step step_call(struct admin_peer *peer)
{
	struct admin_job *job = &peer->job;
	const struct dialog *dialog;
	const struct call *call;

	if (job->debug)
		return step_debug(peer);
	call = asked_call(peer, job->call_id);
	if (!call)
		return ADMIN_DONE;
	dialog = nth_dialog(call, job->dialog);
	if (!dialog) {
		admin_end(peer, job->dialog * 2);
		return ADMIN_DONE;
	}
	if (!job->media)
		send_party(peer, dialog);
	else if (job->media <= dialog->n_media && dialog->media[job->media - 1])
		send_media(peer, dialog->media[job->media - 1]);
	if (job->media++ < dialog->n_media)
		return ADMIN_MORE;
	job->media = 0;
	job->dialog += (size_t)job->side;
	job->side = !job->side;
	return ADMIN_MORE;
}

const struct admin_verb admin_verb_call = { .name = CONTROL_VERB_CALL,
					    .begin = begin_call,
					    .step = step_call };

/* --- terminate -------------------------------------------------------------------------------- */

static bool begin_terminate(struct admin_peer *peer, const struct dict *request)
{
	struct str id = dict_get_str(request, STR("call-id"));
	bool all = str_eq(dict_get_str(request, STR("all")), STR("yes"));
	struct call *call;

	if (all == (id.len > 0)) {
		admin_error(peer, CONTROL_ERROR_REQUEST, "either call-id or all is required");
		return false;
	}
	if (all) {
		call_cursor_begin(&peer->job.cursor, peer->conf->calls);
		return true;
	}
	call = asked_call(peer, id);
	if (!call)
		return false;
	call_end(call, CALL_TERMINATED);
	admin_end(peer, 1);
	return false;
}

static enum admin_step step_terminate(struct admin_peer *peer)
{
	struct json_line *line;
	struct call *call = call_cursor_next(&peer->job.cursor);

	if (!call) {
		admin_end(peer, peer->job.count);
		return ADMIN_DONE;
	}
	/* One line per call, so that the client does not time out while thousands end. */
	line = admin_line(peer, "ended");
	jsonl_str(line, "call-id", call->id);
	admin_send(peer);
	call_end(call, CALL_TERMINATED);
	peer->job.count++;
	return ADMIN_MORE;
}

const struct admin_verb admin_verb_terminate = {
	.name = CONTROL_VERB_TERMINATE,
	.changes = true,
	.begin = begin_terminate,
	.step = step_terminate,
};
