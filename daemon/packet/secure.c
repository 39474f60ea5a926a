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
	keys->receive = keys->before = keys->send = NULL;
}

void secure_end(struct bridge *b)
{
	for (int i = 0; b->keys && i < BRIDGE_KEYS; i++) {
		end_side(&b->keys[i]);
		free(b->keys[i].indexes);
	}
	free(b->keys);
}

static void drop_side(const struct bridge_change *change, int side)
{
	srtp_free(change->receive[side]);
	srtp_free(change->send[side]);
	srtp_free(change->rtcp_receive[side]);
	srtp_free(change->rtcp_send[side]);
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
			take_receive(&b->keys[2 + side], change->rtcp_receive[side]);
			take_send(&b->keys[2 + side], change->rtcp_send[side]);
		} else {
			end_side(&b->keys[side]);
			end_side(&b->keys[2 + side]);
			drop_side(change, side);
		}
	}
}

/* --- Indexes --------------------------------------------------------------------------------- */

/*
 * The control thread copies them for the journal. Here, when they have risen far enough, not from
 * the keys themselves: so a packet costs nothing more.
 */
static void publish(struct bridge_keys *keys, enum srtp_direction direction, struct srtp *srtp)
{
	write_begin(&keys->version);
	srtp_indexes(srtp, &keys->indexes[direction]);
	write_end(&keys->version);
}

static void set_number(struct bridge_keys *keys, enum srtp_direction direction, struct srtp *srtp,
		       uint16_t number)
{
	write_begin(&keys->version);
	keys->number[direction] = number;
	srtp_indexes(srtp, &keys->indexes[direction]);
	write_end(&keys->version);
}

void secure_number(struct bridge *b, const struct bridge_change *change,
		   const struct bridge_key_numbers *numbers)
{
	for (int side = 0; b->keys && side < 2; side++) {
		struct bridge_keys *keys = &b->keys[side];

		if (change->receive[side] && keys->receive)
			set_number(keys, SRTP_RECEIVE, keys->receive,
				   numbers->of[side][SRTP_RECEIVE]);
		if (change->send[side] && keys->send)
			set_number(keys, SRTP_SEND, keys->send, numbers->of[side][SRTP_SEND]);
	}
}

bool secure_indexes(const struct bridge_keys *keys, enum srtp_direction direction, uint16_t number,
		    struct srtp_indexes *indexes)
{
	_Static_assert(!(sizeof(*indexes) % 4), "is copied word by word");
	uint32_t version;
	uint16_t of;

	do {
		version = __atomic_load_n(&keys->version, __ATOMIC_ACQUIRE);
		of = __atomic_load_n(&keys->number[direction], __ATOMIC_RELAXED);
		shared_copy(indexes, &keys->indexes[direction], sizeof(*indexes));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&keys->version, __ATOMIC_RELAXED));
	return of == number;
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

struct bridge_keys *secure_keys(const struct stream *s)
{
	bool own = s->comp == COMP_RTCP && stream_side(s)->flags & SIDE_HANDSHAKE;

	return s->bridge->keys ? &s->bridge->keys[(own ? 2 : 0) + s->side] : NULL;
}

static enum srtp_verdict open_with(struct srtp *srtp, struct srtp_packet *packet, bool rtcp,
				   int64_t now_ms)
{
	return (rtcp ? rtcp_unprotect : rtp_unprotect)(srtp, packet, now_ms);
}

enum stream_drop secure_open(struct stream *s, struct packet *p, bool rtcp, int64_t now_ms)
{
	struct bridge_keys *keys = secure_keys(s);
	struct srtp_packet packet = { p->data, p->len, p->size };
	enum srtp_verdict verdict;

	if (!keys || !keys->receive)
		return DROP_NO_KEYS;
	verdict = open_with(keys->receive, &packet, rtcp, now_ms);
	if (verdict == SRTP_OK) {
		srtp_free(keys->before);
		keys->before = NULL;
		if (srtp_due(keys->receive) && keys->indexes) {
			publish(keys, SRTP_RECEIVE, keys->receive);
			s->news_bits |= 1 << BRIDGE_INDEXES;
		}
	} else if (keys->before && open_with(keys->before, &packet, rtcp, now_ms) == SRTP_OK) {
		verdict = SRTP_OK;
	}
	p->len = packet.len;
	return why_not_opened[verdict];
}

enum stream_drop secure_seal(struct stream *s, struct stream *out, struct packet *p, bool rtcp,
			     int64_t now_ms)
{
	struct bridge_keys *keys = secure_keys(out);
	struct srtp_packet packet = { p->data, p->len, p->size };
	enum srtp_verdict verdict;

	if (!keys || !keys->send)
		return DROP_NO_KEYS;
	verdict = (rtcp ? rtcp_protect : rtp_protect)(keys->send, &packet, now_ms);
	p->len = packet.len;
	if (srtp_due(keys->send) && keys->indexes) {
		publish(keys, SRTP_SEND, keys->send);
		s->news_bits |= 1 << BRIDGE_INDEXES;
	}
	return why_not_sealed[verdict];
}
