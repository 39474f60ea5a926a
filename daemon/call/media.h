/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media.h - one m= line of a dialog: the ports of both sides and the bridge between them
 *
 * Control thread only.
 */
#ifndef RTPRELAY_MEDIA_H
#define RTPRELAY_MEDIA_H

#include "call/tree.h"
#include "sdp/sdp.h"

struct media_open {
	struct dialog *dialog;
	struct iface_addr *local[2];
	struct bridge *sibling; /* or NULL */
	unsigned int index;
	const struct media_seed *seed; /* NULL: a new media */
};

/* What a media had before a restart. */
struct media_seed {
	uint16_t port[2];		 /* by side; even, RTP */
	struct stream_seed stream[2][2]; /* [side][component] */
};

/**
 * media_open() - takes the ports of both sides and opens the bridge
 * Return: NULL and *error: -EADDRINUSE, no ports left, or that of the seed is taken; -EMFILE; -ENOMEM; -ERANGE,
 * that of the seed is not in the range; nothing is held then
 */
struct media *media_open(const struct media_open *open, const struct bridge_conf *conf,
			 int64_t now_ms, int *error);
/* Forwarding ends now; ports and memory come back with BRIDGE_CLOSED. Takes NULL. */
void media_close(struct media *media);
/* BRIDGE_CLOSED came, or the pool is gone: gives the ports back and frees. */
void media_closed(struct media *media);

/* The address and port that SDP tells the phone on @side to send to. */
struct endpoint media_advertised(const struct media *media, enum side side, enum component comp);
/* Does either side say that it sends nothing? Silence is no fault then. */
bool media_on_hold(const struct media *media);
/* Packets accepted from @side so far; those of the kernel as of the last time it was asked. */
uint64_t media_packets_in(const struct media *media, enum side side);
/* What @sdp, from @side, says of the media is kept for reports. */
void media_describe(struct media *media, enum side side, const struct sdp_media *sdp);

#endif
