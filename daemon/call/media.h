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
	const struct media_seed *seed; /* of a restored media; NULL: a new one */
};

/* State of a media before a restart. */
struct media_seed {
	uint16_t port[2];		 /* by side; even, RTP */
	struct stream_seed stream[2][2]; /* [side][component] */
};

/**
 * media_open() - takes the ports of both sides and opens the bridge
 * Return: NULL and *error, and nothing is kept: -EADDRINUSE, no ports are left, or the seed's port
 * is in use; -ENOBUFS, no router forwards a free one; -EMFILE; -ENOMEM; -ERANGE, the seed's is none
 */
struct media *media_open(const struct media_open *open, const struct bridge_conf *conf,
			 int64_t now_ms, int *error);
/* Ends forwarding; ports and memory are released when BRIDGE_CLOSED arrives. Takes NULL. */
void media_close(struct media *media);
/* After BRIDGE_CLOSED, or after the worker pool is freed: gives ports back, frees the media. */
void media_closed(struct media *media);

/*
 * A phone may have come to this side of the NAT or gone outside: then its ports are forwarded from
 * now on (nat/portmap.h).
 */
void media_moved(const struct media *media);

/* The address and port in the SDP to the phone on @side: where it must send to. */
struct endpoint media_advertised(const struct media *media, enum side side, enum component comp);
/* The same for a phone with these settings. */
struct endpoint media_address_for(const struct media *media, enum side side, enum component comp,
				  const struct side_conf *phone);
/* Has a side put the media on hold? Then silence is not an error. */
bool media_on_hold(const struct media *media);
/* Packets accepted from @side so far; those in the kernel as of its last report. */
uint64_t media_packets_in(const struct media *media, enum side side);
/* Keeps type, codec, protocol and direction in @sdp, from @side, for reports. */
void media_describe(struct media *media, enum side side, const struct sdp_media *sdp);

#endif
