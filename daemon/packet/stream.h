/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - what becomes of each packet that arrives at a stream; media thread only */
#ifndef RTPRELAY_STREAM_H
#define RTPRELAY_STREAM_H

#include "packet/state.h"

/**
 * stream_accept() - all that is decided about a packet that arrived at @stream
 * @packet: its payload may be silenced
 * Return: the stream whose port and remote it leaves by; NULL: dropped and counted
 */
struct stream *stream_accept(struct stream *stream, struct packet *packet, int64_t now_us);
/* What the kernel knows or wants decided; the window may have to be watched afterwards. */
void stream_kernel(struct stream *stream, const struct bridge_kernel *kernel, int64_t now_ms);
/* The packet from @from left by @out, or was lost there. */
void stream_sent(struct stream *out, size_t bytes);
void stream_lost(struct stream *from, struct stream *out, enum stream_drop why);

/* @missed: packets that the system has dropped at this port so far. */
void stream_missed(struct stream *stream, uint32_t missed);

#endif
