/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice.h - whose STUN a media passes on, where the ICE lines were left in the SDP (rule R16)
 *
 * Then the two phones check each other through the relay, which only passes their messages:
 * requests that name the ufrags of both, and responses to requests that it has passed. Media thread
 * only.
 */
#ifndef RTPRELAY_PACKET_ICE_H
#define RTPRELAY_PACKET_ICE_H

#include "packet/state.h"

/* May this packet, which is STUN, pass from @s to the other side? */
bool ice_passes(const struct stream *s, const struct packet *p);
/* Has a request with this transaction left by @s, among the last ones? */
bool ice_was_asked(const struct stream *s, const uint8_t *transaction);
/* It leaves by @out. A request is remembered there, since its response will arrive there. */
void ice_note_passed(struct stream *out, const struct packet *p);

#endif
