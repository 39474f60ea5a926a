/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * taught.h - keep-alives that phones send: they are no media, but tell where a phone is that only
 * listens
 *
 * Media thread only.
 */
#ifndef RTPRELAY_PACKET_TAUGHT_H
#define RTPRELAY_PACKET_TAUGHT_H

#include "packet/state.h"

/* Bytes of the longest keep-alive that is no RTP and no STUN. */
#define TAUGHT_BYTES 12
/* A place that has sent no keep-alive for so long yields to another one of the same rank. */
#define TAUGHT_MS 60000

/*
 * Is it a keep-alive by its form? @w: as parsed. RTP is one if it has no payload; where the SDP is
 * not known only an empty datagram is one, since the others may be of a fax, or of ICE.
 */
bool taught_is_keepalive(const struct stream *stream, const struct packet *packet,
			 const struct rtp_wire *w);
/*
 * Counts a keep-alive of the source in use, or of one of rank 2 or 3. If the stream has no source,
 * what is sent to this remote goes there from now on. Return: false: it is of somebody else
 */
bool taught_hear(struct stream *stream, const struct packet *packet, int64_t now_ms);
/* The stream has a source now. */
void taught_forget(struct stream *stream);

#endif
