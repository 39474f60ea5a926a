/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - decides on each packet that arrives at a stream; media thread only */
#ifndef RTPRELAY_STREAM_H
#define RTPRELAY_STREAM_H

#include "packet/state.h"

/**
 * stream_accept() - decide whether and where a packet that arrived at @stream is forwarded
 * @packet: its payload may be replaced by silence
 * Return: the stream whose port and remote it leaves by; NULL: dropped and counted
 */
struct stream *stream_accept(struct stream *stream, struct packet *packet, int64_t now_us);
/* A report of the kernel. Afterwards the caller must watch the stream if its window is open. */
void stream_kernel(struct stream *stream, const struct bridge_kernel *kernel, int64_t now_ms);
/* Counts a packet that was sent by @out; one of @from that could not be sent by @out. */
void stream_sent(struct stream *out, size_t bytes);
void stream_lost(struct stream *from, struct stream *out, enum stream_drop why);

/* @missed: packets that the system has dropped at this port so far. */
void stream_missed(struct stream *stream, uint32_t missed);

#endif
