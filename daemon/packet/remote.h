/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remote.h - a stream's remote: what its sources are compared with, where packets to it are sent
 *
 * Media thread only, except stream_signalled(), which is pure.
 */
#ifndef RTPRELAY_STREAM_REMOTE_H
#define RTPRELAY_STREAM_REMOTE_H

#include "packet/state.h"

/* What signalling says: SDP's endpoint, or with SIP-source-address SIP's address and SDP's port. */
struct endpoint stream_signalled(const struct side_conf *conf, int comp);
/* What sources of @s are compared with. Reads siblings only if @with_near, to rank a newcomer. */
void stream_fill_ref(const struct stream *s, struct latch_ref *ref, bool with_near);
/* RTCP of this party may pass through the kernel unseen: requests reports of it. */
void stream_ask_for_rtcp(const struct stream *stream);
/* Static text; NULL: media of this stream's remote may go to @to. */
const char *stream_why_denied(const struct stream *stream, const struct endpoint *to);
/* Signalling names the address of @source (rank 2 or 3), and media may go there. */
bool stream_names(const struct stream *stream, const struct latch_ref *ref,
		  const struct endpoint *source);
/*
 * May a keep-alive of @source tell where packets to this remote go? At a port for RTCP only the
 * signalled endpoint may, and the port after the source of the RTP.
 */
bool stream_may_teach(const struct stream *stream, const struct latch_ref *ref,
		      const struct endpoint *source);
/* NULL: no keep-alive, while the stream has no source, tells where packets to it have to go. */
const struct endpoint *stream_taught(const struct stream *stream, const struct latch_ref *ref);
/* Allocated when the first one comes or leaves; stays until the bridge is freed. NULL: no memory */
struct keepalives *stream_keepalives(struct stream *stream);
/* Counts and reports that @to is forbidden. Under stream->to_version. */
void stream_note_denied(struct stream *stream, const struct endpoint *to, const char *why);
/* Finds the destination. */
void stream_aim(struct stream *stream);
/* Finds the destinations of both streams of this side: one may follow from the other. */
void stream_aim_side(const struct stream *s);
/* What the agent of ICE has found; @ice is the stream's from then on. NULL: it has no agent. */
void stream_set_ice(struct stream *s, struct stream_ice *ice);
/*
 * If the source of @s has rank 2 or 3: sources on trial, on other streams of its party, are not
 * heard any more. The phone is not there.
 */
void stream_end_trials(const struct stream *s);
/* @bridge ends: what others of the same dialog have to know of it. */
void bridge_pass_on(struct bridge *bridge);
/* Packets of all sources arrive again. The socket keeps its port, to which it was bound. */
void stream_disconnect(struct stream *s);

/* Sets the TOS or traffic class of packets that leave by this socket. */
void stream_set_tos(struct stream *stream, int tos);
/* Sets the TTL or hop limit of these packets; 0: the system's default. */
void stream_set_ttl(struct stream *stream, int ttl);
/* After a change of source: TTL is required if its address is one of the relay's own. */
void stream_mind_loops(struct stream *stream);

/* Applies the settings of the bridge; to be called for all streams of a bridge at its start. */
void stream_start(struct stream *stream);
/* Applies an offer or answer to all streams of @bridge. */
void bridge_apply(struct bridge *bridge, const struct bridge_conf *conf,
		  const struct bridge_change *change, int64_t now_ms);

/**
 * stream_tick() - once a second for watched streams: close windows, connect or disconnect sockets
 * Return: keep watching? If not, the caller watches it again when a packet is accepted.
 */
bool stream_tick(struct stream *stream, int64_t now_ms);

#endif
