/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stray.h - the socket of a media thread for packets that no connected socket of its streams takes
 *
 * Each packet comes with the endpoint that it was sent to, by which its stream is found.
 */
#ifndef RTPRELAY_STRAY_H
#define RTPRELAY_STRAY_H

#include "packet/state.h"
#include "packet/steer.h"

struct stray;

/* A packet for @stream. */
struct stray_packet {
	struct stream *stream;
	struct packet packet;
};

/* NULL: out of memory. @steer is borrowed; @thread: number of the media thread. */
struct stray *stray_open(struct steer *steer, unsigned int thread);
void stray_close(struct stray *stray);
/* Readable when packets wait; -1: none will. */
int stray_fd(const struct stray *stray);
/* Both accept a @stray that is NULL. */
void stray_add(struct stray *stray, struct stream *s);
void stray_remove(struct stray *stray, const struct stream *s);
/* Return: number of packets in *packets, valid until the next call. Others were not for streams. */
unsigned int stray_receive(struct stray *stray, struct stray_packet **packets);
/* Packets that did not fit into its queue since the last call. */
uint32_t stray_missed(struct stray *stray);

#endif
