/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure.c - SRTP at one side of a bridge: packets are opened before latching judges their source,
 *	      and sealed as they leave; media thread
 */
#include <stdlib.h>
#include "packet/secure.h"
#include "srtp/srtp.h"

/* --- Keys ------------------------------------------------------------------------------------ */

static void end_side(struct bridge_keys *keys)
{
	srtp_free(keys->receive);
	srtp_free(keys->before);
	srtp_free(keys->send);
	*keys = (struct bridge_keys){ 0 };
}

void secure_end(struct bridge *b)
{
	for (int side = 0; b->keys && side < 2; side++)
		end_side(&b->keys[side]);
	free(b->keys);
}

static void drop_side(const struct bridge_change *change, int side)
{
	srtp_free(change->receive[side]);
	srtp_free(change->send[side]);
}

void secure_drop(const struct bridge_change *change)
{
	for (int side = 0; side < 2; side++)
		drop_side(change, side);
}

/* The key of before counts until the first packet with the new one: the peer changes later. */
static void take_receive(struct bridge_keys *keys, struct srtp *receive)
{
	if (!receive)
		return;
	if (keys->receive) {
		srtp_inherit(receive, keys->receive);
		srtp_free(keys->before);
		keys->before = keys->receive;
	}
	keys->receive = receive;
}

static void take_send(struct bridge_keys *keys, struct srtp *send)
{
	if (!send)
		return;
	srtp_free(keys->send);
	keys->send = send;
}

void secure_apply(struct bridge *b, const struct bridge_change *change)
{
	for (int side = 0; b->keys && side < 2; side++) {
		if (b->conf.side[side].flags & SIDE_SRTP) {
			take_receive(&b->keys[side], change->receive[side]);
			take_send(&b->keys[side], change->send[side]);
		} else {
			end_side(&b->keys[side]);
			drop_side(change, side);
		}
	}
}

/* --- Packets --------------------------------------------------------------------------------- */

/* A plain packet, or one too short for a tag, is not authentic either. */
static const enum stream_drop why_not_opened[SRTP_VERDICTS] = {
	[SRTP_OK] = DROP_COUNT,		 [SRTP_MALFORMED] = DROP_SRTP_AUTH,
	[SRTP_FORGED] = DROP_SRTP_AUTH,	 [SRTP_REPLAYED] = DROP_SRTP_REPLAY,
	[SRTP_CROWDED] = DROP_SRTP_AUTH, [SRTP_ENDED] = DROP_NO_KEYS,
};

/* An SSRC that may have been used is dropped for the same reason as a number that was. */
static const enum stream_drop why_not_sealed[SRTP_VERDICTS] = {
	[SRTP_OK] = DROP_COUNT,
	[SRTP_MALFORMED] = DROP_MALFORMED,
	[SRTP_FORGED] = DROP_MALFORMED,
	[SRTP_REPLAYED] = DROP_SRTP_REPLAY,
	[SRTP_CROWDED] = DROP_SRTP_REPLAY,
	[SRTP_ENDED] = DROP_NO_KEYS,
};

static enum srtp_verdict open_with(struct srtp *srtp, struct srtp_packet *packet, bool rtcp,
				   int64_t now_ms)
{
	return (rtcp ? rtcp_unprotect : rtp_unprotect)(srtp, packet, now_ms);
}

enum stream_drop secure_open(struct stream *s, struct packet *p, bool rtcp, int64_t now_ms)
{
	struct bridge_keys *keys = s->bridge->keys ? &s->bridge->keys[s->side] : NULL;
	struct srtp_packet packet = { p->data, p->len, p->size };
	enum srtp_verdict verdict;

	if (!keys || !keys->receive)
		return DROP_NO_KEYS;
	verdict = open_with(keys->receive, &packet, rtcp, now_ms);
	if (verdict == SRTP_OK) {
		srtp_free(keys->before);
		keys->before = NULL;
	} else if (keys->before && open_with(keys->before, &packet, rtcp, now_ms) == SRTP_OK) {
		verdict = SRTP_OK;
	}
	p->len = packet.len;
	return why_not_opened[verdict];
}

enum stream_drop secure_seal(struct stream *out, struct packet *p, bool rtcp, int64_t now_ms)
{
	struct bridge_keys *keys = out->bridge->keys ? &out->bridge->keys[out->side] : NULL;
	struct srtp_packet packet = { p->data, p->len, p->size };
	enum srtp_verdict verdict;

	if (!keys || !keys->send)
		return DROP_NO_KEYS;
	verdict = (rtcp ? rtcp_protect : rtp_protect)(keys->send, &packet, now_ms);
	p->len = packet.len;
	return why_not_sealed[verdict];
}
