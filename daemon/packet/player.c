/* SPDX-License-Identifier: GPL-2.0-or-later */
/* player.c - sends a prompt to one phone, by the stream that the phone sends to */
#include <stdlib.h>
#include <sys/random.h>
#include "packet/batch.h"
#include "packet/bundle.h"
#include "packet/player.h"
#include "packet/prompted.h"
#include "packet/secure.h"
#include "packet/stream.h"
#include "packet/tap.h"

#define TICK_US (1000000 / PROMPT_CLOCK)
/* Until the phone's address, or its keys, are known. */
#define WAIT_US 20000

/* --- One prompt ------------------------------------------------------------------------------- */

static void store(uint64_t *shared, uint64_t value)
{
	__atomic_store_n(shared, value, __ATOMIC_RELAXED);
}

void player_begin(struct player *p, struct prompt *prompt, const struct player_conf *conf,
		  uint32_t number)
{
	player_end(p);
	p->prompt = prompt;
	p->conf = *conf;
	p->left = conf->times;
	p->at = conf->start < prompt->len ? conf->start : prompt->len;
	p->packet_bytes = prompt_bytes((enum prompt_format)prompt->format, conf->packet_ms);
	p->next_us = p->begun_us = 0;
	p->first = true;
	__atomic_store_n(&p->number, number, __ATOMIC_RELAXED);
	store(&p->sent, 0);
	store(&p->played_bytes, p->at);
}

void player_end(struct player *p)
{
	if (!p->prompt)
		return;
	prompt_put(p->prompt);
	p->prompt = NULL;
	__atomic_store_n(&p->done, p->number, __ATOMIC_RELEASE);
}

bool player_is_over(const struct player *p, int64_t now_us)
{
	if (!p->prompt || now_us < p->next_us)
		return !p->prompt;
	if (p->conf.duration_ms && p->begun_us &&
	    now_us - p->begun_us >= 1000 * (int64_t)p->conf.duration_ms)
		return true;
	return p->at == p->prompt->len && p->left == 1;
}

static void put_u32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_header(struct player *p, uint8_t *to)
{
	to[0] = 2 << 6;
	to[1] = (uint8_t)(p->conf.pt | (p->first ? 0x80 : 0));
	to[2] = (uint8_t)(p->seq >> 8);
	to[3] = (uint8_t)p->seq;
	put_u32(to + 4, p->timestamp);
	put_u32(to + 8, p->ssrc);
}

/* The clock of the stream goes on between prompts. */
static void start_clock(struct player *p, int64_t now_us)
{
	if (p->sent_until_us && now_us > p->sent_until_us)
		p->timestamp += (uint32_t)((now_us - p->sent_until_us) / TICK_US);
	p->next_us = p->begun_us = now_us;
}

static void mind_ssrc(struct player *p, uint32_t ssrc)
{
	if (p->ssrc == ssrc || !p->ssrc)
		p->ssrc ^= 0x5bd1e995;
}

size_t player_packet(struct player *p, int64_t now_us, uint32_t ssrc, uint8_t *to)
{
	const struct prompt_codec *codec;
	uint32_t ticks;
	size_t bytes;

	if (!p->prompt || now_us < p->next_us || player_is_over(p, now_us))
		return 0;
	if (!p->next_us)
		start_clock(p, now_us);
	else if (now_us - p->next_us > PLAYER_LATE_US)
		p->next_us = now_us;
	if (p->at == p->prompt->len) {
		p->at = 0;
		p->left -= p->left > 0;
	}
	codec = &prompt_codecs[p->prompt->format];
	bytes = p->prompt->len - p->at < p->packet_bytes ? p->prompt->len - p->at : p->packet_bytes;
	ticks = (uint32_t)(bytes / codec->unit_bytes * codec->unit_ticks);
	mind_ssrc(p, ssrc);
	put_header(p, to);
	memcpy(to + 12, p->prompt->bytes + p->at, bytes);
	p->at += bytes;
	p->seq++;
	p->timestamp += ticks;
	p->next_us += (int64_t)ticks * TICK_US;
	p->sent_until_us = p->next_us;
	p->first = false;
	store(&p->sent, p->sent + 1);
	store(&p->played_bytes, p->at);
	return 12 + bytes;
}

/* --- Its place in the media thread ------------------------------------------------------------ */

/* Without random numbers others could foresee them: SRTP does not depend on that. */
static void seed(struct player *p)
{
	uint32_t random[3] = { 0x9e3779b9, 0x7f4a7c15, 0xf39c };

	if (p->known)
		return;
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) < 0)
		random[0] ^= (uint32_t)(uintptr_t)p;
	p->ssrc = random[0];
	p->timestamp = random[1];
	p->seq = (uint16_t)random[2] & 0x7fff; /* RFC 3711, 3.3.1: not soon back to 0 */
	p->known = true;
}

static void wait_until(struct wheel *wheel, struct player *p, int64_t at_us, int64_t now_us)
{
	wheel_add(wheel, &p->item, (at_us + 999) / 1000, now_us / 1000);
}

static struct player *player_of(const struct stream *s)
{
	return s->bridge->player[s->side];
}

static void leave(struct stream *s)
{
	if (s->player_state == PLAYER_PLAYS)
		prompted_set(s, PLAYER_PLAYED);
	player_end(player_of(s));
	s->news_bits |= 1 << BRIDGE_PLAYED;
}

void player_order(struct wheel *wheel, struct order_play *order, int64_t now_us)
{
	struct player *p = order->player;

	wheel_remove(wheel, &p->item);
	if (!order->prompt) {
		leave(p->stream);
		return;
	}
	seed(p);
	player_begin(p, order->prompt, &order->conf, order->number);
	prompted_set(p->stream, PLAYER_PLAYS);
	wait_until(wheel, p, now_us, now_us);
}

void player_stop(struct wheel *wheel, struct bridge *b)
{
	for (int side = 0; side < 2; side++) {
		if (!b->player[side])
			continue;
		wheel_remove(wheel, &b->player[side]->item);
		player_end(b->player[side]);
	}
}

static bool is_banned(const struct stream *s)
{
	return s->bridge->banned && banned_has(*s->bridge->banned, &s->to);
}

static bool has_keys(const struct stream *s)
{
	const struct bridge_keys *keys = secure_keys(s);

	return !(s->flags & SIDE_SRTP) || (keys && keys->send);
}

/* @by: the stream by which packets of the prompt leave */
static bool can_send(const struct stream *by)
{
	return by->has_to && by->fd >= 0 && has_keys(by) && !is_banned(by);
}

static uint32_t ssrc_of_call(const struct stream *s)
{
	const struct stream *other = s->bridge->stream[!s->side][COMP_RTP];

	return other && other->rtp.known ? other->rtp.ssrc : 0;
}

static void send_one(struct batch *batch, struct stream *s, int64_t now_us)
{
	struct stream *by = bundle_carrier(s);
	uint8_t bytes[PLAYER_PACKET_ROOM];
	struct packet packet = { .data = bytes, .size = sizeof(bytes), .tos = -1 };
	enum stream_drop why = DROP_COUNT;
	uint32_t tap;

	packet.len = player_packet(player_of(s), now_us, ssrc_of_call(s), bytes);
	if (!packet.len)
		return;
	tap = __atomic_load_n(&s->bridge->tap, __ATOMIC_RELAXED);
	if (tap)
		tap_prompt(s, by, &packet, tap);
	if (by->flags & SIDE_SRTP)
		why = secure_seal(s, by, &packet, false, now_us / 1000);
	if (why != DROP_COUNT) {
		stream_lost(s, s, why);
		return;
	}
	counter_add(&s->bridge->totals->prompt_packets, 1);
	batch_send(batch, s, s, &packet);
	batch_flush(batch);
}

struct stream *player_visit(struct wheel *wheel, struct batch *batch, int64_t now_us)
{
	struct wheel_item *item = wheel_take(wheel, now_us / 1000);
	struct player *p = item ? container_of(item, struct player, item) : NULL;
	struct stream *s = p ? p->stream : NULL;

	if (!s)
		return NULL;
	if (player_is_over(p, now_us)) {
		leave(s);
	} else if (!can_send(bundle_carrier(s))) {
		if (p->next_us)
			p->next_us = now_us + WAIT_US;
		wait_until(wheel, p, now_us + WAIT_US, now_us);
	} else {
		send_one(batch, s, now_us);
		wait_until(wheel, p, p->next_us, now_us);
	}
	return s;
}
