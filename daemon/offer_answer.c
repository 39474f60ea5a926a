/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * offer_answer.c - SDP in, ports taken and bridges told, SDP out
 *
 * Offer and answer are one thing seen from two ends: the SDP of one party (from) is shown to the other (to) with
 * our addresses in place of its own. In order: parse, find the dialog, plan each m= line, open what is new,
 * write the SDP, tell what stays; only then is anything that lasts changed (commit). Up to there all is undone.
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include "exchange.h"
#include "log.h"

static void fail(struct exchange *ex, struct reply *reply, int error)
{
	const struct request *request = ex->request;

	reply->code = REPLY_ERROR;
	if (error == -ENOMEM) {
		reply->error = "Out of memory";
	} else {
		/* Whatever keeps us from binding a port: another node may do better, and proxies try one on these words. */
		reply->error = "Ran out of ports";
		if (ex->new_call)
			ex->env->stats->calls_rejected++;
	}
	log_call(LOG_LEVEL_DEBUG, request->call_id, "refused: %s (%s)", reply->error,
		 strerror(-error));
}

static bool wants(const struct exchange *ex, uint32_t flag)
{
	return ex->request->flags & flag;
}

/* *slot will be @value when all is done. 0; -ENOMEM */
static int plan_text(struct exchange *ex, struct str *slot, struct str value)
{
	struct text_plan *text = &ex->text[ex->n_text];

	if (!value.len || str_eq(*slot, value))
		return 0;
	*text = (struct text_plan){ slot, text_dup(value) };
	if (!text->copy.s)
		return -ENOMEM;
	ex->n_text++;
	return 0;
}

/* --- Finding ------------------------------------------------------------------------------------ */

/* The family of the addresses in this SDP; AF_UNSPEC: it names none. */
static int sdp_family(const struct exchange *ex)
{
	if (endpoint_is_set(&ex->request->media_address))
		return ex->request->media_address.sa.sa_family;
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (ex->sdp.media[i].port && endpoint_is_set(&ex->sdp.media[i].rtp))
			return ex->sdp.media[i].rtp.sa.sa_family;
	return ex->sdp.connection.sa.sa_family;
}

/* Without an address of that family any will do: better a one-way call than none. */
static struct iface_addr *pick_local(struct exchange *ex, struct str name, int family)
{
	struct iface_table *ifaces = ex->call->table->conf.ifaces;
	struct iface_addr *local;
	char text[64];
	bool known;

	local = iface_pick(ifaces, name, family, &known);
	if (!local)
		local = iface_pick(ifaces, name, AF_UNSPEC, &known);
	if (name.len && !known && ex->new_call)
		log_call(LOG_LEVEL_WARNING, ex->call->id,
			 "no interface is called \"%s\": taking the first",
			 log_escape(name, text, sizeof(text)));
	return local;
}

/* Another fork of the same caller: it stays where it is. */
static struct iface_addr *sibling_local(const struct exchange *ex)
{
	const struct dialog *dialog;

	DL_FOREACH(ex->call->dialogs, dialog)
		if (party_has_tag(&dialog->party[SIDE_A], ex->request->from_tag))
			return dialog->party[SIDE_A].local;
	return NULL;
}

static int choose_first_locals(struct exchange *ex)
{
	const struct request *request = ex->request;
	int family = sdp_family(ex);
	int shown = request->address_family ? request->address_family : family;
	struct iface_addr *a = sibling_local(ex);

	if (!a || (family && a->bind.sa.sa_family != family))
		a = pick_local(ex, a ? a->name : request->direction[0], family);
	ex->local[SIDE_A] = a;
	ex->local[SIDE_B] = pick_local(ex, request->direction[1], shown);
	return ex->local[SIDE_A] && ex->local[SIDE_B] ? 0 : -EADDRNOTAVAIL;
}

/* The interface is remembered from the first offer; the family follows the phone when it moved. */
static void follow_family(struct exchange *ex, enum side side, int family)
{
	struct iface_addr *now = ex->local[side], *other;
	bool known;

	if (!family || now->bind.sa.sa_family == family)
		return;
	other = iface_pick(ex->call->table->conf.ifaces, now->name, family, &known);
	if (other)
		ex->local[side] = other;
}

static int choose_locals(struct exchange *ex)
{
	if (ex->new_dialog)
		return choose_first_locals(ex);
	ex->local[SIDE_A] = ex->dialog->party[SIDE_A].local;
	ex->local[SIDE_B] = ex->dialog->party[SIDE_B].local;
	if (ex->offer) {
		follow_family(ex, ex->from, sdp_family(ex));
		follow_family(ex, ex->to, ex->request->address_family);
	}
	return 0;
}

static int find_for_offer(struct exchange *ex, struct reply *reply)
{
	const struct request *request = ex->request;
	struct call_table *table = ex->env->calls;

	ex->call = call_find(table, request->call_id);
	if (!ex->call) {
		if (table->conf.max_sessions &&
		    call_table_count(table) >= table->conf.max_sessions) {
			ex->env->stats->calls_rejected++;
			reply->code = REPLY_ERROR;
			reply->error = "Parallel session limit reached";
			return -EBUSY;
		}
		ex->call = call_new(table, request->call_id, ex->env->now_ms);
		if (!ex->call)
			return -ENOMEM;
		ex->new_call = true;
	}
	ex->from = SIDE_A;
	ex->dialog = dialog_for_offer(ex->call, request, &ex->from);
	if (!ex->dialog) {
		ex->from = SIDE_A;
		ex->dialog = dialog_new(ex->call, request->from_tag, request->via_branch);
		if (!ex->dialog)
			return -ENOMEM;
		ex->new_dialog = true;
		ex->dialog->created_s = time(NULL);
	}
	return 0;
}

/*
 * Who answers. After a serial fork it is somebody else than before, and side B begins anew; one more answer
 * (183 and 200 of several phones behind one branch) is an alias of the first.
 */
static int plan_answerer(struct exchange *ex)
{
	struct party *party = &ex->dialog->party[ex->from];
	struct str tag = ex->request->to_tag;

	if (party_has_tag(party, tag))
		return 0;
	if (!party->tag.len)
		return plan_text(ex, &party->tag, tag);
	if (!ex->dialog->answered) {
		ex->new_answerer = true;
		return plan_text(ex, &party->tag, tag);
	}
	if (party_reserve_alias(party))
		return -ENOMEM;
	ex->alias = text_dup(tag);
	return ex->alias.s ? 0 : -ENOMEM;
}

static int find_for_answer(struct exchange *ex, struct reply *reply)
{
	ex->call = call_find(ex->env->calls, ex->request->call_id);
	if (ex->call)
		ex->dialog = dialog_for_answer(ex->call, ex->request, &ex->from);
	if (!ex->dialog) {
		reply->code = REPLY_ERROR;
		reply->error = "Unknown call-id";
		return -ENOENT;
	}
	return plan_answerer(ex);
}

/* --- Planning ----------------------------------------------------------------------------------- */

static struct bridge *open_sibling(const struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (ex->plan[i].media)
			return ex->plan[i].media->bridge;
	return NULL;
}

static int open_media(struct exchange *ex, size_t index)
{
	struct media_plan *plan = &ex->plan[index];
	struct media_open open = {
		.dialog = ex->dialog,
		.local = { ex->local[SIDE_A], ex->local[SIDE_B] },
		.sibling = open_sibling(ex),
		.index = (unsigned int)index,
	};
	int error;

	plan->media = media_open(&open, &plan->conf, ex->env->now_ms, &error);
	if (!plan->media)
		return error;
	if (plan->old)
		memcpy(plan->media->protocol, plan->old->protocol, sizeof(plan->media->protocol));
	return 0;
}

static int plan_media(struct exchange *ex)
{
	const struct sdp *sdp = &ex->sdp;
	struct dialog *dialog = ex->dialog;
	int error;

	ex->plan = arena_zalloc(ex->env->arena, (sdp->n_media + 1) * sizeof(*ex->plan));
	if (!ex->plan)
		return -ENOMEM;
	if (sdp->n_media > dialog->n_media) {
		ex->media_table = calloc(sdp->n_media, sizeof(*ex->media_table));
		if (!ex->media_table)
			return -ENOMEM;
	}
	/* First what stays, so that what is new learns from it. */
	for (size_t i = 0; i < sdp->n_media; i++)
		media_plan_make(ex, i);
	for (size_t i = 0; i < sdp->n_media; i++) {
		const struct sdp_media *m = &sdp->media[i];

		if (ex->plan[i].media || !m->port || m->transport == SDP_OTHER)
			continue;
		error = open_media(ex, i);
		if (error)
			return error;
	}
	return 0;
}

/* --- The SDP that goes out ------------------------------------------------------------------------ */

static const struct {
	uint32_t request, edit;
} edit_flags[] = {
	{ REQ_REPLACE_ORIGIN, SDP_REPLACE_ORIGIN },
	{ REQ_REPLACE_USERNAME, SDP_REPLACE_USERNAME },
	{ REQ_REPLACE_SESSION_NAME, SDP_REPLACE_SESSION_NAME },
	{ REQ_REPLACE_VERSION, SDP_REPLACE_VERSION },
	{ REQ_REPLACE_ZERO, SDP_REPLACE_ZERO },
	{ REQ_ORIGINAL_DIRECTION, SDP_ORIGINAL_DIRECTION },
	{ REQ_NO_RTCP_ATTR, SDP_NO_RTCP_ATTR },
	{ REQ_FULL_RTCP_ATTR, SDP_FULL_RTCP_ATTR },
};

static struct shown_sdp *shown_new(const struct sdp *sdp)
{
	struct shown_sdp *shown = calloc(1, sizeof(*shown));

	if (!shown)
		return NULL;
	if (!str_to_u64(sdp->o_version, INT64_MAX, &shown->version))
		shown->version = 1;
	if (text_set(&shown->username, sdp->o_username) || text_set(&shown->o_id, sdp->o_id) ||
	    text_set(&shown->session_name, sdp->session_name)) {
		shown_free(shown);
		return NULL;
	}
	return shown;
}

/* What the receiver has been shown before, if the request wants that kept steady. */
static int plan_shown(struct exchange *ex, struct sdp_edit *edit)
{
	if (!wants(ex, REQ_REPLACE_USERNAME | REQ_REPLACE_SESSION_NAME | REQ_REPLACE_VERSION))
		return 0;
	ex->shown = ex->dialog->party[ex->to].shown;
	if (!ex->shown) {
		ex->shown = shown_new(&ex->sdp);
		if (!ex->shown)
			return -ENOMEM;
		ex->new_shown = true;
	}
	edit->username = ex->shown->username;
	edit->session_name = ex->shown->session_name;
	if (wants(ex, REQ_REPLACE_USERNAME))
		edit->o_id = ex->shown->o_id;
	edit->version = ex->shown->version;
	return 0;
}

static int plan_edit(struct exchange *ex, struct sdp_edit *edit)
{
	edit->flags = SDP_REMOVE_ICE;
	for (size_t i = 0; i < sizeof(edit_flags) / sizeof(edit_flags[0]); i++)
		if (wants(ex, edit_flags[i].request))
			edit->flags |= edit_flags[i].edit;
	edit->address = ex->local[ex->to]->advertised;
	if (wants(ex, REQ_LOOP_PROTECT))
		edit->loop_mark = (struct str){ ex->call->table->mark, CALL_MARK_LEN };
	edit->media = arena_zalloc(ex->env->arena, (ex->sdp.n_media + 1) * sizeof(*edit->media));
	if (!edit->media)
		return -ENOMEM;
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (media_plan_edit(ex, i, &edit->media[i]))
			return -ENOMEM;
	return plan_shown(ex, edit);
}

/* What is added to an m= line: c=, a=rtcp, direction, rtcp-mux; and an a=rtpmap for each static payload type. */
#define MEDIA_GROWTH 192
#define CODEC_GROWTH 40

static int write_text(const struct exchange *ex, const struct sdp_edit *edit, struct str *text)
{
	size_t size = ex->request->sdp.len * 2 + 512;
	struct buf out;

	for (size_t i = 0; i < ex->sdp.n_media; i++)
		size += MEDIA_GROWTH + ex->sdp.media[i].n_codecs * CODEC_GROWTH;
	for (;; size *= 2) {
		out = BUF_INIT(arena_alloc(ex->env->arena, size), size);
		if (!out.data)
			return -ENOMEM;
		sdp_write(&ex->sdp, edit, &out);
		if (!out.overflow)
			break;
		if (size > 1 << 20)
			return -ENOMEM;
	}
	*text = (struct str){ out.data, out.len };
	return 0;
}

/* A receiver takes SDP for news only if its version went up; and it must not go up for nothing (RFC 3264, section 8). */
static int write_sdp(struct exchange *ex, struct str *text)
{
	const struct siphash_key *key = &ex->call->table->key;
	struct sdp_edit edit = { 0 };
	int error = plan_edit(ex, &edit);

	if (!error)
		error = write_text(ex, &edit, text);
	if (error || !ex->shown)
		return error;
	ex->version = edit.version;
	ex->hash = siphash(key, *text);
	if (!wants(ex, REQ_REPLACE_VERSION) || ex->new_shown || ex->hash == ex->shown->hash)
		return 0;
	ex->version = ++edit.version;
	error = write_text(ex, &edit, text);
	if (!error)
		ex->hash = siphash(key, *text);
	return error;
}

/* --- Doing it ------------------------------------------------------------------------------------- */

/* New settings for the bridges that stay: all, or none. */
static int update_bridges(struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		if (!plan->media || plan->media != plan->old ||
		    !memcmp(&plan->conf, &plan->before, sizeof(plan->conf)))
			continue;
		if (!bridge_update(plan->media->bridge, &plan->conf))
			continue;
		while (i--) {
			plan = &ex->plan[i];
			if (plan->media && plan->media == plan->old)
				bridge_update(plan->media->bridge, &plan->before);
		}
		return -ENOMEM;
	}
	return 0;
}

static void undo(struct exchange *ex)
{
	for (size_t i = 0; ex->plan && i < ex->sdp.n_media; i++)
		if (ex->plan[i].media != ex->plan[i].old)
			media_close(ex->plan[i].media);
	while (ex->n_text)
		text_free(&ex->text[--ex->n_text].copy);
	text_free(&ex->alias);
	if (ex->new_shown)
		shown_free(ex->shown);
	free(ex->media_table);
	if (ex->new_dialog)
		dialog_free(ex->dialog);
	if (ex->new_call)
		call_free(ex->call);
}

static void commit_media(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;

	if (ex->media_table) {
		if (dialog->n_media)
			memcpy(ex->media_table, dialog->media,
			       dialog->n_media * sizeof(*dialog->media));
		free(dialog->media);
		dialog->media = ex->media_table;
		dialog->n_media = ex->sdp.n_media;
	}
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		dialog->media[i] = plan->media;
		if (plan->old && plan->old != plan->media)
			call_end_media(ex->call, plan->old);
		if (!plan->media)
			continue;
		plan->media->flags = plan->flags;
		if (ex->sdp.media[i].port)
			media_describe(plan->media, ex->from, &ex->sdp.media[i]);
	}
}

static void commit_parties(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;

	for (int side = 0; side < 2; side++)
		dialog->party[side].local = ex->local[side];
	if (ex->new_answerer)
		party_drop_aliases(&dialog->party[ex->from]);
	for (size_t i = 0; i < ex->n_text; i++) {
		text_free(ex->text[i].slot);
		*ex->text[i].slot = ex->text[i].copy;
	}
	if (ex->alias.s)
		party_take_alias(&dialog->party[ex->from], ex->alias);
	if (ex->shown) {
		ex->shown->version = ex->version;
		ex->shown->hash = ex->hash;
		dialog->party[ex->to].shown = ex->shown;
	}
}

/* A 2xx decides among forks: those of the same caller that nobody has answered are over. */
static void end_losers(struct exchange *ex)
{
	struct dialog *dialog, *next;

	if (ex->request->sip_code < 200 || ex->request->sip_code > 299)
		return;
	DL_FOREACH_SAFE(ex->call->dialogs, dialog, next)
		if (dialog != ex->dialog && !dialog->answered &&
		    party_has_tag(&dialog->party[SIDE_A], ex->dialog->party[SIDE_A].tag))
			call_end_dialog(ex->call, dialog, CALL_DELETED);
}

/* What the request asks for and we don't do: one line for each call. */
static void tell_ignored(struct call *call, const struct request *request)
{
	char text[256];

	if (!request->ignored.len || call->ignored_told)
		return;
	call->ignored_told = true;
	log_call(LOG_LEVEL_INFO, call->id, "not supported, ignored: %s",
		 log_escape(request->ignored, text, sizeof(text)));
}

static void commit(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;
	struct call *call = ex->call;
	const struct request *request = ex->request;

	commit_media(ex);
	commit_parties(ex);
	if (ex->new_dialog)
		DL_APPEND(call->dialogs, dialog);
	call->tos = ex->tos;
	call->latching = ex->latching;
	call->last_signal_s = time(NULL);
	dialog->last_signal_ms = ex->env->now_ms;
	dialog->delete_at_ms = 0;
	if (!ex->offer)
		dialog->answered = true;
	else if (dialog_side_of(dialog, request->to_tag) < 0 && ex->from == SIDE_A)
		dialog->answered = false; /* offered to somebody anew */
	end_losers(ex);
	if (ex->new_call)
		log_call(LOG_LEVEL_INFO, call->id, "made: %zu m-lines", ex->sdp.n_media);
	tell_ignored(call, request);
	call_watch(call, ex->env->now_ms);
}

static bool is_incomplete(const struct exchange *ex)
{
	if (ex->sdp.session_connection || endpoint_is_set(&ex->request->media_address))
		return false;
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		const struct sdp_media *m = &ex->sdp.media[i];

		if (m->port && m->transport != SDP_OTHER && !m->connection)
			return true;
	}
	return false;
}

static int plan_all(struct exchange *ex, struct reply *reply)
{
	const struct request *request = ex->request;
	struct party *sender;
	int error = ex->offer ? find_for_offer(ex, reply) : find_for_answer(ex, reply);

	if (error)
		return error;
	ex->to = ex->from == SIDE_A ? SIDE_B : SIDE_A;
	ex->tos = request->tos == TOS_UNSET ? ex->call->tos : (int16_t)request->tos;
	ex->latching =
		request->flags & REQ_LATCHING ? (uint8_t)request->latching : ex->call->latching;
	sender = &ex->dialog->party[ex->from];
	if (plan_text(ex, &sender->label,
		      request->set_label.len ? request->set_label : request->label) ||
	    plan_text(ex, &ex->call->metadata, request->metadata))
		return -ENOMEM;
	error = choose_locals(ex);
	if (!error)
		error = plan_media(ex);
	if (!error)
		error = write_sdp(ex, &reply->sdp);
	if (!error && ex->new_call)
		error = call_link(ex->call);
	if (!error)
		error = update_bridges(ex);
	return error;
}

static void run(struct command_env *env, const struct request *request, struct reply *reply,
		bool offer)
{
	struct exchange ex = { .env = env, .request = request, .offer = offer };
	const char *why;
	int error;

	reply->code = REPLY_ERROR;
	error = sdp_parse(env->arena, request->sdp, &ex.sdp, &why);
	if (error) {
		reply->error = error == -ENOMEM ? "Out of memory" : "Failed to parse SDP";
		log_call(LOG_LEVEL_INFO, request->call_id, "SDP refused: %s", why);
		return;
	}
	if (request->flags & REQ_LOOP_PROTECT &&
	    sdp_has_mark(&ex.sdp, (struct str){ env->calls->mark, CALL_MARK_LEN })) {
		reply->code = REPLY_OK;
		reply->sdp = request->sdp;
		return;
	}
	if (is_incomplete(&ex)) {
		reply->error = "Incomplete SDP specification";
		return;
	}
	reply->code = REPLY_OK;
	error = plan_all(&ex, reply);
	if (error) {
		if (!reply->error)
			fail(&ex, reply, error);
		undo(&ex);
		return;
	}
	commit(&ex);
}

void command_offer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, true);
}

void command_answer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, false);
}
