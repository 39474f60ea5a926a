/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handshake.h - DTLS of a side with SIDE_HANDSHAKE: datagrams to the crypto thread, and back
 *
 * Media thread only. worker_send_datagram() is the way back.
 */
#ifndef RTPRELAY_HANDSHAKE_H
#define RTPRELAY_HANDSHAKE_H

#include "packet/state.h"

/**
 * handshake_take() - a datagram of DTLS that arrived at @s, from a source that latching admits
 * Return: DROP_COUNT: the crypto thread has it
 */
enum stream_drop handshake_take(struct stream *s, const struct packet *packet);
/* The stream's link to the crypto thread from now on; takes the reference. The bridge has keys. */
void handshake_set(struct stream *s, struct dtls_link *link);
/* None of the bridge's streams has one any more. */
void handshake_end(struct bridge *bridge);

/* Executes and frees it: sends to where the media of this side goes, or not at all. */
void handshake_leave(struct order_datagram *order);

#endif
