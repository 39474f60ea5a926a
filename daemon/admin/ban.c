/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ban.c - the verbs ban, unban and banned: addresses whose media is dropped (call/bans.h) */
#include <errno.h>
#include <stdio.h>
#include "admin/answer.h"
#include "base/log.h"
#include "call/bans.h"

/* The only argument of both. False: it was refused. */
static bool read_address(struct admin_peer *peer, const struct dict *request, struct endpoint *addr)
{
	*addr = (struct endpoint){ 0 };
	if (endpoint_parse_addr(dict_get_str(request, STR("address")), 0, addr))
		return true;
	admin_error(peer, CONTROL_ERROR_REQUEST,
		    "address must be an IPv4 or IPv6 address, without port and prefix length");
	return false;
}

static void refuse(struct admin_peer *peer, int error)
{
	char text[64];

	snprintf(text, sizeof(text), "%d addresses are banned, the maximum", BANS_MAX);
	switch (error) {
	case -ENOSPC:
		admin_error(peer, CONTROL_ERROR_FULL, text);
		break;
	case -EINVAL:
		admin_error(peer, CONTROL_ERROR_REQUEST, "the address is not that of a host");
		break;
	case -ENOENT:
		admin_error(peer, CONTROL_ERROR_BANNED, "the address is not banned");
		break;
	default:
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
		break;
	}
}

/* Whoever bans may count on it that the ban survives a restart. */
static void tell_unsaved(struct admin_peer *peer, bool bans)
{
	enum bans_state state = bans_state(peer->conf->calls->bans);

	if (state == BANS_OK || (state == BANS_OFF && !bans))
		return;
	jsonl_text(admin_line(peer, "unsaved"), "state", bans_state_names[state]);
	admin_send(peer);
}

static bool change(struct admin_peer *peer, const struct dict *request,
		   int (*apply)(struct bans *bans, const struct endpoint *addr), const char *done)
{
	char text[ENDPOINT_TEXT];
	struct endpoint addr;
	int error;

	if (!read_address(peer, request, &addr))
		return false;
	error = apply(peer->conf->calls->bans, &addr);
	if (error) {
		refuse(peer, error);
		return false;
	}
	log_notice("%s is %s by an operator", endpoint_print_addr(&addr, text), done);
	tell_unsaved(peer, apply == bans_add);
	admin_end(peer, 1);
	return false;
}

static bool begin_ban(struct admin_peer *peer, const struct dict *request)
{
	return change(peer, request, bans_add, "banned");
}

static bool begin_unban(struct admin_peer *peer, const struct dict *request)
{
	return change(peer, request, bans_remove, "not banned any more");
}

const struct admin_verb admin_verb_ban = { .name = CONTROL_VERB_BAN,
					   .changes = true,
					   .begin = begin_ban };
const struct admin_verb admin_verb_unban = { .name = CONTROL_VERB_UNBAN,
					     .changes = true,
					     .begin = begin_unban };

static bool begin_banned(struct admin_peer *peer, const struct dict *request)
{
	(void)peer;
	(void)request;
	return true;
}

/* By position: of a list that changes meanwhile, an address may be missing or be sent twice. */
static enum admin_step step_banned(struct admin_peer *peer)
{
	const struct ban *ban = bans_at(peer->conf->calls->bans, peer->job.count);
	char text[ENDPOINT_TEXT];
	struct json_line *line;

	if (!ban) {
		admin_end(peer, peer->job.count);
		return ADMIN_DONE;
	}
	line = admin_line(peer, "banned");
	jsonl_text(line, "address", endpoint_print_addr(&ban->addr, text));
	jsonl_i64(line, "since", ban->since_s);
	admin_send(peer);
	peer->job.count++;
	return ADMIN_MORE;
}

const struct admin_verb admin_verb_banned = { .name = CONTROL_VERB_BANNED,
					      .begin = begin_banned,
					      .step = step_banned };
