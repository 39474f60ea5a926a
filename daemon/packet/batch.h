/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch.h - receives and sends packets at the sockets of streams, in batches
 *
 * Each media thread has one batch; its buffers are used for each stream that is ready. Another way
 * to receive and send (io_uring, a steered socket) would be another packet/batch.c.
 */
#ifndef RTPRELAY_BATCH_H
#define RTPRELAY_BATCH_H

#include "packet/state.h"

struct batch;

/* NULL: out of memory. */
struct batch *batch_new(void);
void batch_free(struct batch *batch);
/**
 * batch_receive() - receive what is queued at the stream's socket, at most one batch
 * @many: more than one packet is likely to wait
 * Return: number of packets in *packets, which are valid until the next call
 */
unsigned int batch_receive(struct batch *batch, struct stream *stream, bool many,
			   struct packet **packets);
/* Packets dropped at this socket since it was opened, mostly because its buffer was full; wraps. */
uint32_t batch_missed(const struct stream *stream);
/* Queues @packet of @from to leave by @out. Sent at the latest by batch_flush(), in order. */
void batch_send(struct batch *batch, struct stream *from, struct stream *out,
		const struct packet *packet);
void batch_flush(struct batch *batch);

#endif
