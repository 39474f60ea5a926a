/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - executes the commands of the classic protocol that concern calls
 *
 * A session is named by Call-ID, From-tag and number of the m= line; here it is a media of a
 * dialog. The From-tag of U and L is the offerer's. A callee may offer, too: the sides' tags may
 * then be exchanged.
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include "base/log.h"
#include "call/call.h"
#include "call/dialog.h"
#include "call/table.h"
#include "command/dialog_find.h"
#include "packet/bridge.h"
#include "rtpproxy/find.h"
#include "rtpproxy/local.h"
#include "rtpproxy/notify.h"
#include "rtpproxy/reply.h"
#include "rtpproxy/session.h"

/* --- Which session ---------------------------------------------------------------------------- */

static struct media *first_media(const struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->n_media; i++)
		if (dialog->media[i])
			return dialog->media[i];
	return NULL;
}

static bool find_session(const struct call_table *calls, struct str call_id, struct str from,
			 struct str to, struct rtpp_session *session)
{
	struct rtpp_tag tag = rtpp_tag_of(from);
	const struct request request = { .from_tag = tag.tag, .to_tag = rtpp_tag_of(to).tag };
	const struct call *call = call_find(calls, call_id);

	session->media = NULL;
	session->dialog = call ? dialog_of_party(call, &request, &session->whose) : NULL;
	if (!session->dialog)
		return false;
	session->media = tag.number ? dialog_media(session->dialog, tag.number - 1)
				    : first_media(session->dialog);
	return session->media;
}

static struct str arg(const struct rtpp_command *c, size_t index)
{
	return index < c->n_args ? c->arg[index] : STR_NONE;
}

bool rtpp_find_by_args(const struct rtpp_command *c, size_t from, struct rtpp_session *session)
{
	return find_session(c->env->calls, c->arg[0], arg(c, from), arg(c, from + 1), session);
}

/* --- U and L ---------------------------------------------------------------------------------- */

/*
 * Another relay could take a call that is new. One that has medias here stays here, and what a
 * caller can cause (max-medias, max-branches) makes no proxy leave.
 */
static enum rtpp_error error_of(int why, bool new_call, bool new_session)
{
	switch (why) {
	case -ENOMEM:
		return RTPP_E_MEMORY;
	case -EBUSY:
		return RTPP_FULL;
	case -ENAMETOOLONG:
		return RTPP_E_SYNTAX;
	case -EDQUOT:
		return RTPP_E_PORTS;
	default:
		if (new_call && (why == -EADDRINUSE || why == -ENOBUFS || why == -EMFILE ||
				 why == -EHOSTUNREACH))
			return RTPP_FULL;
		return new_session ? RTPP_E_PORTS : RTPP_E_PORTS_OTHER;
	}
}

/* The words of one U or L. */
struct update {
	struct rtpp_modifiers mods;
	struct leg leg;
	struct request request;
};

/*
 * A public address is the one that SIP came from: then media from unknown sources is refused. A
 * private one may be the address in the SDP of a phone behind a NAT.
 */
static void fill_request(const struct rtpp_command *c, struct update *u)
{
	struct request *request = &u->request;

	request->leg = &u->leg;
	request->source = *c->source;
	request->tos = TOS_UNSET;
	if (!endpoint_is_private(&u->leg.remote) && !endpoint_is_any(&u->leg.remote))
		request->received_from = u->leg.remote;
	if (u->mods.flags & RTPP_ASYMMETRIC)
		request->flags |= REQ_ASYMMETRIC;
	if (u->mods.flags & RTPP_NEW_PORT)
		request->flags |= REQ_NEW_PORTS;
	memcpy(u->leg.pts, u->mods.pts, sizeof(u->leg.pts));
}

static enum rtpp_error read_update(const struct rtpp_command *c, struct str letters,
				   struct str addr, struct str port, struct update *u)
{
	enum rtpp_error error = rtpp_read_modifiers(letters, &u->mods);

	if (error == RTPP_OK)
		error = rtpp_read_remote(addr, port, u->mods.flags & RTPP_IPV6, &u->leg.remote);
	if (error == RTPP_OK)
		error = rtpp_locals(c, &u->mods, &u->leg);
	if (error == RTPP_OK)
		fill_request(c, u);
	return error;
}

static void name_session(struct update *u, struct str call_id, struct str from, struct str to)
{
	struct rtpp_tag tag = rtpp_tag_of(from);

	u->request.call_id = call_id;
	u->request.from_tag = tag.tag;
	u->request.to_tag = rtpp_tag_of(to).tag;
	u->leg.index = tag.number ? tag.number - 1 : 0;
}

static enum rtpp_error do_update(const struct rtpp_command *c, struct update *u,
				 struct notice *notice, struct buf *out)
{
	struct rtpp_session known;
	bool found = find_session(c->env->calls, u->request.call_id, c->arg[3], arg(c, 4), &known);
	bool new_call = !call_find(c->env->calls, u->request.call_id);
	struct reply reply = { 0 };
	struct media *media;

	command_leg_offer(c->env, &u->request, &reply);
	media = reply.media;
	if (reply.why) {
		free(notice);
		return error_of(reply.why, new_call, !found);
	}
	free(media->notice);
	media->notice = notice;
	if (u->mods.flags & RTPP_WEAK)
		media->holds |= (uint8_t)(HOLD_WEAK << (found ? known.whose : SIDE_A));
	else
		media->holds |= HOLD_STRONG;
	rtpp_reply_endpoint(&reply.local, out);
	return RTPP_OK;
}

/* U CALL ADDRESS PORT FROM [TO] [NOTIFY-SOCKET NOTIFY-TAG] */
enum rtpp_error rtpp_update(const struct rtpp_command *c, struct buf *out)
{
	struct update u = { 0 };
	struct notice *notice = NULL;
	bool with_to = c->n_args == 5 || c->n_args == 7;
	struct rtpp_command plain = *c;
	enum rtpp_error error = read_update(c, c->letters, c->arg[1], c->arg[2], &u);

	if (error == RTPP_OK && c->n_args >= 6)
		error = rtpp_notify_make(c->notify, c->source, c->arg[c->n_args - 2],
					 c->arg[c->n_args - 1], &notice);
	if (error != RTPP_OK)
		return error;
	plain.n_args = with_to ? 5 : 4;
	name_session(&u, c->arg[0], c->arg[3], arg(&plain, 4));
	return do_update(&plain, &u, notice, out);
}

/* An L for an unknown session is answered with port 0. */
static enum rtpp_error do_lookup(const struct rtpp_command *c, struct update *u, struct buf *out)
{
	struct reply reply = { 0 };

	command_leg_answer(c->env, &u->request, &reply);
	if (reply.why == -ENOENT)
		buf_char(out, '0');
	else if (reply.why)
		return error_of(reply.why, false, false);
	else
		rtpp_reply_endpoint(&reply.local, out);
	return RTPP_OK;
}

/* L CALL ADDRESS PORT FROM [TO] */
enum rtpp_error rtpp_lookup(const struct rtpp_command *c, struct buf *out)
{
	struct update u = { 0 };
	enum rtpp_error error = read_update(c, c->letters, c->arg[1], c->arg[2], &u);

	if (error != RTPP_OK)
		return error;
	name_session(&u, c->arg[0], c->arg[3], arg(c, 4));
	return do_lookup(c, &u, out);
}

/* U ... && L ADDRESS PORT: offer and answer in one command */
enum rtpp_error rtpp_sub_lookup(const struct rtpp_command *c, struct buf *out)
{
	struct update u = { 0 };
	enum rtpp_error error = read_update(c, c->letters, c->arg[0], c->arg[1], &u);

	if (error != RTPP_OK)
		return error;
	name_session(&u, c->main->arg[0], c->main->arg[3], arg(c->main, 4));
	return do_lookup(c, &u, out);
}

/* --- D and X ---------------------------------------------------------------------------------- */

/*
 * Both tags are given, and one of them belongs to neither party of an answered call: that phone has
 * lost, or was never asked. Proxies give both tags for BYE, whoever has sent it.
 */
static bool is_of_stranger(const struct dialog *dialog, struct str from, struct str to)
{
	return from.len && to.len && dialog->answered && dialog->party[SIDE_B].tag.len &&
	       dialog_side_with(dialog, from, to) < 0;
}

/*
 * The side of @dialog that sent the command: A, whose tag is @from; or B, whose tag is @from, or
 * where @to is the tag of A. -1: neither
 */
static int side_named(const struct dialog *dialog, struct str from, struct str to)
{
	if (is_of_stranger(dialog, from, to))
		return -1;
	if (party_has_tag(&dialog->party[SIDE_A], from))
		return SIDE_A;
	if (party_has_tag(&dialog->party[SIDE_A], to) ||
	    party_has_tag(&dialog->party[SIDE_B], from))
		return SIDE_B;
	return -1;
}

/* Removes @hold; without any hold the media ends. */
static void release_media(struct dialog *dialog, size_t index, uint8_t hold)
{
	struct media *media = dialog->media[index];

	media->holds &= (uint8_t)~hold;
	if (media->holds)
		return;
	call_end_media(dialog->call, media);
	dialog->media[index] = NULL;
}

/* One m= line, or all if @number is 0. Return: how many the command names */
static size_t release_dialog(struct dialog *dialog, unsigned int number, uint8_t hold,
			     int64_t now_ms)
{
	size_t found = 0;

	for (size_t i = 0; i < dialog->n_media; i++) {
		if (!dialog->media[i] || (number && i + 1 != number))
			continue;
		found++;
		release_media(dialog, i, hold);
	}
	if (!first_media(dialog))
		call_end_dialog(dialog->call, dialog, CALL_DELETED);
	else if (found)
		call_watch(dialog->call, now_ms);
	return found;
}

static enum rtpp_error release(const struct rtpp_command *c, struct str call_id, struct str from,
			       struct str to, struct buf *out)
{
	struct call *call = call_find(c->env->calls, call_id);
	bool weak = rtpp_has_letter(c->letters, 'W');
	struct rtpp_tag tag = rtpp_tag_of(from);
	struct dialog *dialog, *next;
	size_t found = 0;

	if (!rtpp_only_letters(c->letters, "W"))
		return RTPP_E_DELETE;
	if (!call)
		return RTPP_E_NO_SESSION;
	DL_FOREACH_SAFE(call->dialogs, dialog, next) {
		int side = side_named(dialog, tag.tag, rtpp_tag_of(to).tag);

		if (side >= 0) /* the last one frees the call: @next is NULL then */
			found += release_dialog(dialog, tag.number,
						weak ? (uint8_t)(HOLD_WEAK << side) : HOLD_STRONG,
						c->env->now_ms);
	}
	buf_char(out, '0');
	return found ? RTPP_OK : RTPP_E_NO_SESSION;
}

/* D[W] CALL FROM [TO] */
enum rtpp_error rtpp_delete(const struct rtpp_command *c, struct buf *out)
{
	return release(c, c->arg[0], c->arg[1], arg(c, 2), out);
}

/* U, L, Q ... && D[W] */
enum rtpp_error rtpp_sub_delete(const struct rtpp_command *c, struct buf *out)
{
	const struct rtpp_command *main = c->main;
	size_t from = main->tags_at;

	return release(c, main->arg[0], main->arg[from], arg(main, from + 1), out);
}

enum rtpp_error rtpp_delete_all(const struct rtpp_command *c, struct buf *out)
{
	while (c->env->calls->calls)
		call_end(c->env->calls->calls, CALL_DELETED);
	buf_char(out, '0');
	return RTPP_OK;
}

/* --- The others ------------------------------------------------------------------------------- */

/* Q[V] CALL FROM [TO [NAME...]] */
enum rtpp_error rtpp_query(const struct rtpp_command *c, struct buf *out)
{
	struct rtpp_session session;

	if (!rtpp_only_letters(c->letters, "V"))
		return RTPP_E_QUERY;
	if (!rtpp_find_by_args(c, 1, &session))
		return RTPP_E_NO_SESSION;
	return rtpp_query_reply(c, session.media, session.whose, c->arg + 3,
				c->n_args > 3 ? c->n_args - 3 : 0, out);
}

/* --- && S ------------------------------------------------------------------------------------- */

static enum rtpp_error set_tos(struct rtpp_session *session, bool other, int tos)
{
	struct bridge_conf conf = *bridge_conf(session->media->bridge);

	conf.side[other ? !session->whose : session->whose].tos = (int16_t)tos;
	if (bridge_update(session->media->bridge, &conf, NULL))
		return RTPP_E_MEMORY;
	call_touch(session->dialog->call);
	return RTPP_OK;
}

/* U, L, Q ... && S[R] ttl=SECONDS | tos=N: R means the side of the other party */
enum rtpp_error rtpp_sub_set(const struct rtpp_command *c, struct buf *out)
{
	const struct rtpp_command *main = c->main;
	struct str value = arg(c, 0), name = str_split(&value, '=');
	struct rtpp_session session;
	uint64_t number;

	if (!rtpp_only_letters(c->letters, "R") || c->n_args != 1 ||
	    !rtpp_find_by_args(main, main->tags_at, &session))
		return RTPP_E_SYNTAX;
	buf_char(out, '0');
	if (str_eq_nocase(name, STR("tos")) && str_to_u64(value, 255, &number))
		return set_tos(&session, rtpp_has_letter(c->letters, 'R'), (int)number);
	if (!str_eq_nocase(name, STR("ttl")) || !str_to_u64(value, 86400, &number) || !number)
		return RTPP_E_SYNTAX;
	session.dialog->timeout_s = (unsigned int)number;
	call_watch(session.dialog->call, c->env->now_ms);
	return RTPP_OK;
}
