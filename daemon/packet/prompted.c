/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prompted.c - the call's own packets to a phone that hears a prompt, or has heard one */
#include "packet/prompted.h"
#include "packet/quality.h"

void prompted_set(struct stream *s, enum player_state state)
{
	__atomic_store_n(&s->player_state, (uint8_t)state, __ATOMIC_RELAXED);
}

static bool is_speech(const struct bridge_conf *conf, uint8_t pt)
{
	for (int i = 0; i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++)
		if (conf->clocks[i].pt == pt)
			return conf->clocks[i].codec != QUALITY_CODEC_NONE;
	return quality_static_codec(pt) != QUALITY_CODEC_NONE;
}

bool prompted_lets_pass(struct stream *s, struct stream *out, struct packet *packet, uint8_t pt)
{
	if (out->player_state == PLAYER_PLAYS)
		return false;
	/* In an event it would begin another digit. */
	if (!is_speech(&out->bridge->conf, pt))
		return true;
	packet->data[1] |= 0x80;
	prompted_set(out, PLAYER_NONE);
	s->news_bits |= 1 << BRIDGE_CHANGED; /* the kernel may forward again */
	return true;
}
