/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice.c - whose STUN a media passes on, where the ICE lines were left in the SDP (rule R16)
 */
#include <stdlib.h>
#include "packet/ice.h"
#include "stun/stun.h"

/* Its present ufrag, or the one before: until an ICE restart is done both are in use. */
static bool has_ufrag(const struct side_conf *side, uint64_t id)
{
	for (int i = 0; i < SIDE_UFRAGS; i++)
		if (id && side->ice[i] == id)
			return true;
	return false;
}

static bool names_both(const struct stream *s, struct str username)
{
	const struct side_conf *side = s->bridge->conf.side;
	uint64_t receiver, sender;

	return stun_username_ids(username, &receiver, &sender) &&
	       has_ufrag(&side[!s->side], receiver) && has_ufrag(&side[s->side], sender);
}

bool ice_was_asked(const struct stream *s, const uint8_t *transaction)
{
	for (unsigned int i = 0; s->asked && i < s->asked->n; i++)
		if (!memcmp(s->asked->transaction[i], transaction, STUN_TRANSACTION))
			return true;
	return false;
}

bool ice_passes(const struct stream *s, const struct packet *p)
{
	struct stun stun;

	if (!stun_read(p->data, p->len, &stun))
		return false;
	if (stun.class == STUN_REQUEST)
		return names_both(s, stun.username);
	return stun.class != STUN_INDICATION && ice_was_asked(s, stun.transaction);
}

void ice_note_passed(struct stream *out, const struct packet *p)
{
	struct stun_asked *asked;
	struct stun stun;

	if (!stun_read(p->data, p->len, &stun) || stun.class != STUN_REQUEST ||
	    ice_was_asked(out, stun.transaction))
		return;
	if (!out->asked)
		out->asked = calloc(1, sizeof(*out->asked));
	asked = out->asked;
	if (!asked)
		return;
	memcpy(asked->transaction[asked->next], stun.transaction, STUN_TRANSACTION);
	asked->next = (uint8_t)((asked->next + 1) % STREAM_ASKED);
	if (asked->n < STREAM_ASKED)
		asked->n++;
}
