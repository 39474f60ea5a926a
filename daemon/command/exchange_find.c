/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exchange_find.c - finds call, dialog, side and both local addresses of an offer or answer
 */
#include <errno.h>
#include <time.h>
#include <utlist.h>
#include "base/count.h"
#include "base/log.h"
#include "call/call.h"
#include "call/dialog.h"
#include "call/limits.h"
#include "call/table.h"
#include "command/dialog_find.h"
#include "command/exchange.h"
#include "port/iface.h"

int exchange_text(struct exchange *ex, struct str *slot, struct str value)
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

/* The family of the addresses in this SDP; AF_UNSPEC: it has none. */
static int sdp_family(const struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (ex->sdp.media[i].port && endpoint_is_set(&ex->sdp.media[i].rtp))
			return ex->sdp.media[i].rtp.sa.sa_family;
	return ex->sdp.connection.sa.sa_family;
}

/* If there is no address of that family, any other one: a one-way call is better than none. */
static struct iface_addr *pick_local(struct exchange *ex, struct str name, int family)
{
	struct iface_table *ifaces = ex->call->table->conf.ifaces;
	char text[64], address[ENDPOINT_TEXT];
	struct iface_addr *local;
	bool known;

	local = iface_pick(ifaces, name, family, &known);
	if (!local) {
		local = iface_pick(ifaces, name, AF_UNSPEC, &known);
		if (local && ex->new_call)
			log_call(LOG_LEVEL_WARNING, ex->call->id,
				 "interface \"" STR_FMT "\" has no %s address: %s is used",
				 STR_ARG(local->name), family == AF_INET6 ? "IPv6" : "IPv4",
				 endpoint_print_addr(&local->bind, address));
	}
	if (name.len && !known && ex->new_call)
		log_call(LOG_LEVEL_WARNING, ex->call->id,
			 "interface \"%s\" is not configured: the first one is used",
			 log_escape(name, text, sizeof(text)));
	return local;
}

/* In place of an address that this host has lost: another one of its interface. */
static struct iface_addr *present(const struct exchange *ex, struct iface_addr *local)
{
	struct iface_addr *other = NULL;

	if (local && local->gone)
		other = iface_pick(ex->call->table->conf.ifaces, local->name,
				   local->bind.sa.sa_family, NULL);
	return other ? other : local;
}

/* Another fork of the same caller keeps the caller's local address. */
static struct iface_addr *sibling_local(const struct exchange *ex)
{
	const struct dialog *dialog;

	DL_FOREACH(ex->call->dialogs, dialog)
		if (party_has_tag(&dialog->party[SIDE_A], ex->request->from_tag))
			return dialog->party[SIDE_A].local;
	return NULL;
}

/*
 * A media without SDP keeps its addresses; a new one gets the requested ones; otherwise those of
 * the party's other medias, unless they have another family.
 */
static int leg_locals(struct exchange *ex)
{
	const struct leg *leg = ex->request->leg;
	const struct dialog *dialog = ex->dialog;
	const struct media *media = dialog_media(dialog, leg->index);
	int family = leg->remote.sa.sa_family;

	if (media) {
		memcpy(ex->local, media->local, sizeof(ex->local));
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		enum side side = i ? ex->to : ex->from;
		struct iface_addr *local = leg->local[i];

		if (!local)
			local = present(ex, dialog->party[side].local);
		if (!local || (!leg->local[i] && family && local->bind.sa.sa_family != family))
			local = pick_local(ex, local ? local->name : STR_NONE, family);
		if (!local)
			return -EADDRNOTAVAIL;
		ex->local[side] = local;
	}
	return 0;
}

/*
 * "internal" and "external" mean the first IPv4 and the first IPv6 interface if none has that name,
 * as in rtpengine: *name becomes that interface.
 * Return: the family; AF_UNSPEC: *name is as it was
 */
static int family_of_name(const struct exchange *ex, struct str *name)
{
	struct iface_table *ifaces = ex->call->table->conf.ifaces;
	bool internal = str_eq(*name, STR("internal")), known;
	struct iface_addr *first;

	if (!internal && !str_eq(*name, STR("external")))
		return AF_UNSPEC;
	iface_pick(ifaces, *name, AF_UNSPEC, &known);
	first = known ? NULL : iface_first(ifaces, internal ? AF_INET : AF_INET6);
	if (!first)
		return AF_UNSPEC;
	*name = first->name;
	return first->bind.sa.sa_family;
}

/* The family that the receiver has to use: of address-family or media-address; or AF_UNSPEC. */
static int family_asked(const struct request *request)
{
	return request->address_family ? request->address_family
				       : request->media_address.sa.sa_family;
}

static int choose_first_locals(struct exchange *ex)
{
	const struct request *request = ex->request;
	struct str from = request->direction[0], to = request->direction[1];
	struct iface_addr *a = present(ex, sibling_local(ex));
	int family = sdp_family(ex), shown;

	family_of_name(ex, &from);
	shown = family_of_name(ex, &to);
	if (family_asked(request))
		shown = family_asked(request);
	else if (!shown)
		shown = family;
	if (!a || (family && a->bind.sa.sa_family != family))
		a = pick_local(ex, a ? a->name : from, family);
	ex->local[SIDE_A] = a;
	ex->local[SIDE_B] = pick_local(ex, to, shown);
	return ex->local[SIDE_A] && ex->local[SIDE_B] ? 0 : -EADDRNOTAVAIL;
}

/* The interface stays that of the first offer; the family follows the one of the phone. */
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

/*
 * A call does not begin at an address whose place outside of the NAT is not known: its phones would
 * send nowhere. One that has begun goes on with the last address.
 */
static int known_outside(const struct exchange *ex, int error)
{
	bool unknown = !error && (ex->local[SIDE_A]->unknown || ex->local[SIDE_B]->unknown);

	return unknown && ex->new_dialog ? -EHOSTUNREACH : error;
}

int exchange_locals(struct exchange *ex)
{
	if (ex->request->leg)
		return known_outside(ex, leg_locals(ex));
	if (ex->new_dialog)
		return known_outside(ex, choose_first_locals(ex));
	ex->local[SIDE_A] = ex->dialog->party[SIDE_A].local;
	ex->local[SIDE_B] = ex->dialog->party[SIDE_B].local;
	if (ex->offer) {
		for (int side = 0; side < 2; side++)
			ex->local[side] = present(ex, ex->local[side]);
		follow_family(ex, ex->from, sdp_family(ex));
		follow_family(ex, ex->to, family_asked(ex->request));
	}
	return 0;
}

/* An error that no proxy takes for a broken relay: a caller may cause it. */
static int too_many_branches(const struct exchange *ex, struct reply *reply)
{
	reply->code = REPLY_ERROR;
	reply->error = "Too many branches in this call";
	log_call(LOG_LEVEL_WARNING, ex->call->id,
		 "offer refused: %s: it has max-branches (%u) of them", reply->error,
		 ex->call->table->conf.max_branches);
	return -EDQUOT;
}

static int make_dialog(struct exchange *ex, struct reply *reply)
{
	const struct request *request = ex->request;
	const struct dialog *dialog;
	unsigned int n;

	DL_COUNT(ex->call->dialogs, dialog, n);
	if (n >= ex->call->table->conf.max_branches)
		return too_many_branches(ex, reply);
	ex->dialog = dialog_new(ex->call, request->from_tag,
				request->leg ? STR_NONE : request->to_tag, request->via_branch);
	if (!ex->dialog)
		return -ENOMEM;
	ex->from = SIDE_A;
	ex->new_dialog = true;
	ex->dialog->created_s = time(NULL);
	return 0;
}

static struct dialog *find_dialog(struct exchange *ex)
{
	const struct request *request = ex->request;
	struct dialog *dialog;

	if (!request->leg)
		return ex->offer ? dialog_for_offer(ex->call, request, &ex->from)
				 : dialog_for_answer(ex->call, request, &ex->from);
	dialog = dialog_of_party(ex->call, request, &ex->from);
	if (ex->offer || !dialog)
		return dialog;
	/* The From-tag is the offerer's, and address and port are the answerer's. */
	ex->from = ex->from == SIDE_A ? SIDE_B : SIDE_A;
	return dialog_media(dialog, request->leg->index) ? dialog : NULL;
}

/* An operator who drains the relay wants it: that is no trouble, so it is counted apart. */
static int refuse_call(struct exchange *ex, struct reply *reply)
{
	bool draining = ex->env->calls->draining;

	if (draining)
		ex->env->stats->calls_drained++;
	else
		ex->env->stats->calls_rejected++;
	reply->code = REPLY_ERROR;
	reply->error = "Parallel session limit reached";
	if (draining)
		log_call(LOG_LEVEL_INFO, ex->request->call_id, "offer refused: %s (drain is on)",
			 reply->error);
	else
		log_call(LOG_LEVEL_WARNING, ex->request->call_id,
			 "offer refused: %s (calls: %zu, %s: %zu)", reply->error,
			 call_table_count(ex->env->calls),
			 ex->env->calls->conf.max_sessions ? "max-sessions" : "pairs of ports",
			 call_table_limit(ex->env->calls));
	return -EBUSY;
}

/* Counts and logs. Return: may a new call be made? */
static bool load_allows(const struct exchange *ex, struct reply *reply)
{
	struct call_limit limits[CALL_LIMITS];

	call_limits(ex->env->calls, limits);
	for (size_t i = 0; i < COUNT(limits); i++) {
		if (!call_limit_exceeded(&limits[i]))
			continue;
		ex->env->stats->calls_overload++;
		reply->code = REPLY_ERROR;
		reply->error = limits[i].error;
		log_call(LOG_LEVEL_WARNING, ex->request->call_id,
			 "offer refused: %s (%.15g, %s is %.15g)", reply->error, limits[i].is,
			 limits[i].key, limits[i].limit);
		return false;
	}
	return true;
}

static int find_for_offer(struct exchange *ex, struct reply *reply)
{
	const struct request *request = ex->request;
	struct call_table *table = ex->env->calls;

	ex->call = call_find(table, request->call_id);
	if (!ex->call) {
		if (call_table_full(table))
			return refuse_call(ex, reply);
		if (!load_allows(ex, reply))
			return -EBUSY;
		ex->call = call_new(table, request->call_id, ex->env->now_ms);
		if (!ex->call)
			return -ENOMEM;
		ex->new_call = true;
	}
	ex->dialog = find_dialog(ex);
	return ex->dialog ? 0 : make_dialog(ex, reply);
}

static bool is_2xx(const struct request *request)
{
	return request->sip_code >= 200 && request->sip_code <= 299;
}

/*
 * A 2xx to an initial offer has decided which phone the call has. Another one behind the same offer
 * may send its 2xx all the same (RFC 3261, section 13.2.2.4): it must not take the media away. The
 * classic protocol has no codes: nothing is known there.
 */
static bool is_late(const struct exchange *ex)
{
	const struct party *party = &ex->dialog->party[ex->from];

	return ex->dialog->final && !ex->request->leg && party->tag.len &&
	       ex->request->to_tag.len && !party_has_tag(party, ex->request->to_tag);
}

/*
 * The party that answers. After a serial fork it is another one than before, and side B starts
 * without what was learned. If the dialog is answered already (183 and 200 of several phones behind
 * one branch), the new tag becomes an alias; a 2xx leaves only its own tag. The party that made the
 * initial offer (side A) cannot decide it.
 */
static int plan_answerer(struct exchange *ex)
{
	struct party *party = &ex->dialog->party[ex->from];
	struct str tag = ex->request->to_tag;
	bool known = party_has_tag(party, tag);

	ex->final = ex->dialog->initial && !ex->dialog->inner && ex->from == SIDE_B &&
		    is_2xx(ex->request);
	if (!tag.len)
		return 0;
	ex->new_answerer = party->tag.len && !known && !ex->dialog->answered;
	if (!party->tag.len || ex->new_answerer || ex->final)
		return exchange_text(ex, &party->tag, tag);
	if (known)
		return 0;
	if (party_reserve_alias(party))
		return -ENOMEM;
	ex->alias = text_dup(tag);
	return ex->alias.s ? 0 : -ENOMEM;
}

static int find_for_answer(struct exchange *ex, struct reply *reply)
{
	ex->call = call_find(ex->env->calls, ex->request->call_id);
	if (ex->call)
		ex->dialog = find_dialog(ex);
	if (!ex->dialog) {
		reply->code = REPLY_ERROR;
		reply->error = "Unknown call-id";
		return -ENOENT;
	}
	ex->late = is_late(ex);
	return ex->late ? 0 : plan_answerer(ex);
}

static bool has_long_name(const struct request *request)
{
	return request->call_id.len > REQUEST_NAME_MAX ||
	       request->from_tag.len > REQUEST_NAME_MAX || request->to_tag.len > REQUEST_NAME_MAX ||
	       request->via_branch.len > REQUEST_NAME_MAX;
}

int exchange_find(struct exchange *ex, struct reply *reply)
{
	int error;

	if (has_long_name(ex->request)) {
		reply->code = REPLY_ERROR;
		reply->error = "Call-ID, tag or via-branch is too long";
		return -ENAMETOOLONG;
	}
	error = ex->offer ? find_for_offer(ex, reply) : find_for_answer(ex, reply);

	ex->to = ex->from == SIDE_A ? SIDE_B : SIDE_A;
	return error;
}
