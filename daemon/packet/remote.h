/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remote.h - where a stream's remote is: what its source is held against, where packets to it go
 *
 * Media thread only, but for stream_signalled(), which is pure.
 */
#ifndef RTPRELAY_STREAM_REMOTE_H
#define RTPRELAY_STREAM_REMOTE_H

#include "packet/state.h"

/* What signalling says: SDP's endpoint, or with SIP-source-address SIP's address and SDP's port. */
struct endpoint stream_signalled(const struct side_conf *conf, int comp);
/* What sources of @s are held against. Looks at siblings only @with_near, to rank a newcomer. */
void stream_fill_ref(const struct stream *s, struct latch_ref *ref, bool with_near);
/* Finds the destinations of both streams of this side anew: one may follow from the other. */
void stream_aim_side(const struct stream *s);
/* Hears everybody again. The port stays: it was bound by number. */
void stream_disconnect(struct stream *s);

/* The TOS or traffic class of packets that leave by this socket from now on. */
void stream_set_tos(struct stream *stream, int tos);
/* Its packets leave with this TTL or hop limit from now on; 0: the system's default. */
void stream_set_ttl(struct stream *stream, int ttl);
/* The source has changed: is it one of the relay's own ports? */
void stream_mind_loops(struct stream *stream);

/* Puts the settings of @bridge->conf into effect; all streams of a bridge at its start. */
void stream_start(struct stream *stream);
/* An offer or answer for all streams of @bridge. */
void bridge_apply(struct bridge *bridge, const struct bridge_conf *conf,
		  const struct bridge_change *change, int64_t now_ms);

/**
 * stream_tick() - once a second for watched streams: windows close, sockets are connected and disconnected
 * Return: go on watching. One that is not watched has to be watched again when a packet is accepted.
 */
bool stream_tick(struct stream *stream, int64_t now_ms);

#endif
