/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leg.c - offer and answer of one media without SDP, for protocols that give only address and port
 *
 * Address and port are written as the m= line they would have had in SDP, and then processed like
 * any other offer or answer (command/exchange.h). The medias of one party come in separate commands
 * and belong to one dialog.
 */
#include <errno.h>
#include "base/log.h"
#include "call/dialog.h"
#include "call/media.h"
#include "command/exchange.h"

static size_t count_pts(const struct leg *leg)
{
	return (size_t)__builtin_popcountll(leg->pts[0]) +
	       (size_t)__builtin_popcountll(leg->pts[1]);
}

static int write_codecs(struct arena *arena, const struct leg *leg, struct sdp_media *m)
{
	m->codecs = arena_zalloc(arena, (count_pts(leg) + 1) * sizeof(*m->codecs));
	if (!m->codecs)
		return -ENOMEM;
	for (unsigned int pt = 0; pt < 128; pt++)
		if (leg->pts[pt / 64] >> (pt % 64) & 1)
			m->codecs[m->n_codecs++].pt = (uint8_t)pt;
	return 0;
}

/* Port 0 and 0.0.0.0 mean the same: the party accepts no media, and silence is not an error. */
static int write_media(struct exchange *ex)
{
	const struct leg *leg = ex->request->leg;
	struct sdp_media *m;

	ex->first = leg->index;
	ex->sdp.n_media = leg->index + 1;
	ex->sdp.media = arena_zalloc(ex->env->arena, ex->sdp.n_media * sizeof(*ex->sdp.media));
	if (!ex->sdp.media)
		return -ENOMEM;
	m = &ex->sdp.media[leg->index];
	m->transport = SDP_RTP;
	m->port = endpoint_port(&leg->remote);
	m->held = endpoint_is_set(&leg->remote) && endpoint_is_any(&leg->remote);
	m->direction = m->port && !m->held ? SDP_SENDRECV : SDP_INACTIVE;
	m->connection = true;
	m->rtp = m->rtcp = leg->remote;
	if (!m->port || m->port == UINT16_MAX)
		m->rtcp = (struct endpoint){ 0 };
	else
		endpoint_set_port(&m->rtcp, (uint16_t)(m->port + 1));
	return write_codecs(ex->env->arena, leg, m);
}

/* A sibling's answer came from another party than before: this answer is from that party, too. */
static void find_answerer(struct exchange *ex)
{
	const struct media *media = dialog_media(ex->dialog, ex->first);

	if (!ex->offer && ex->from == SIDE_B && media && media->flags & MEDIA_NEW_ANSWERER)
		ex->new_answerer = true;
}

/* After the first answer of another party, marks the siblings: their answers come from it, too. */
static void mark_siblings(const struct exchange *ex)
{
	struct media **media = ex->dialog->media;
	bool marked = media[ex->first]->flags & MEDIA_NEW_ANSWERER;

	if (!ex->new_answerer)
		return;
	for (size_t i = 0; i < ex->dialog->n_media && !marked; i++)
		if (media[i])
			media[i]->flags |= MEDIA_NEW_ANSWERER;
	media[ex->first]->flags &= (uint8_t)~MEDIA_NEW_ANSWERER;
}

static int plan(struct exchange *ex, struct reply *reply)
{
	int error = write_media(ex);

	if (!error)
		error = exchange_find(ex, reply);
	if (error)
		return error;
	find_answerer(ex);
	ex->tos = ex->call->tos;
	ex->keepalive_s = ex->call->keepalive_s;
	ex->latching = ex->call->latching;
	error = exchange_locals(ex);
	if (!error)
		error = exchange_media(ex);
	return error ? error : exchange_settle(ex);
}

static void run(struct command_env *env, const struct request *request, struct reply *reply,
		bool offer)
{
	struct exchange ex = { .env = env, .request = request, .offer = offer };
	int error = plan(&ex, reply);

	reply->why = error;
	if (error) {
		if (!reply->error)
			exchange_refuse(&ex, reply, error);
		exchange_undo(&ex);
		return;
	}
	exchange_commit(&ex);
	mark_siblings(&ex);
	record_exchange(&ex);
	reply->media = ex.dialog->media[ex.first];
	reply->local = media_advertised(reply->media, ex.to, COMP_RTP);
	if (ex.new_call)
		log_call(LOG_LEVEL_INFO, ex.call->id, "call created: media %zu (rtpproxy protocol)",
			 ex.first + 1);
}

void command_leg_offer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, true);
}

void command_leg_answer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, false);
}
