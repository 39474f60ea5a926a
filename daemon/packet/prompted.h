/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prompted.h - the call's own packets to a phone that hears a prompt, or has heard one
 *
 * Media thread only. packet/player.h sends the prompt.
 */
#ifndef RTPRELAY_PACKET_PROMPTED_H
#define RTPRELAY_PACKET_PROMPTED_H

#include "packet/state.h"

/* What the phone at @stream hears. */
void prompted_set(struct stream *stream, enum player_state state);
/*
 * RTP of @s that is about to leave by @out, whose state is not PLAYER_NONE. The first one after a
 * prompt gets the marker. Return: false: it is dropped, since a prompt is played
 */
bool prompted_lets_pass(struct stream *s, struct stream *out, struct packet *packet, uint8_t pt);

#endif
