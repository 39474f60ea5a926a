/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice_end.h - ICE that ends in the relay, as far as a media thread has a part in it
 *
 * The agents (ice/ice.h) live on the control thread, since STUN is rare. The media thread copies to
 * it only what an agent can have asked for, or what names own credentials; it sends what the agent
 * writes; and it hears only sources that the agent vouches for. Media thread only.
 */
#ifndef RTPRELAY_PACKET_ICE_END_H
#define RTPRELAY_PACKET_ICE_END_H

#include "packet/state.h"

/**
 * ice_end_takes() - is this packet, which is STUN, for the agent of the stream, which has one?
 * Then it is copied, or counted as lost: more than STREAM_ICE_BURST, or no room.
 */
bool ice_end_takes(struct stream *s, const struct packet *p, int64_t now_us);
/* Has an authentic check come from there? Media and DTLS of others is not heard (RFC 8445). */
bool ice_end_vouches(const struct stream *s, const struct endpoint *source);
/* A message of the agent leaves by the port of the stream; not to a forbidden destination. */
void ice_end_send(struct stream *s, const struct endpoint *to, uint8_t *data, size_t len);

#endif
