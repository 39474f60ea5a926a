/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media.h - one m= line of a dialog: the ports of both sides and the bridge between them
 *
 * Owned by its dialog until media_close(); then by the table, until the media thread has let go of it.
 * Control thread only.
 */
#ifndef RTPRELAY_MEDIA_H
#define RTPRELAY_MEDIA_H

#include "call/media_path.h"
#include "packet/side.h"
#include "port/iface.h"
#include "sdp/sdp.h"

struct dialog;
struct call_table;

enum media_flag {
	MEDIA_MUX_SEEN = 1 << 0,   /* the offerer offered rtcp-mux (and we did not refuse it) */
	MEDIA_MUX_TOLD = 1 << 1,   /* we offered rtcp-mux to the answerer */
	MEDIA_MUX_ACCEPT = 1 << 2, /* the offerer gets rtcp-mux even when the answerer refuses it */
	MEDIA_DTLS = 1 << 3,
	MEDIA_SDES = 1 << 4,
	MEDIA_UNIDIRECTIONAL = 1 << 5,
	MEDIA_NEW_ANSWERER =
		1 << 6, /* somebody else answered a sibling: the next answer is of somebody new */
};

/* Who wants the media to stay, in the classic protocol: its weak users may come and go. */
enum media_hold {
	HOLD_STRONG = 1 << 0,
	HOLD_WEAK = 1 << 1, /* << side */
};

/* Who will be told, and what, when the call ends for want of media. */
struct notice {
	uint32_t target;	/* which of the configured "notify": a hash of its text */
	struct endpoint source; /* who asked for it */
	struct str tag;
	char text[];
};

struct media {
	struct media *prev, *next; /* in call_table.closing */
	struct call_table *table;
	struct dialog *dialog; /* NULL once closed */
	struct bridge *bridge;
	struct iface_addr *local[2]; /* by side */
	uint16_t port[2];	     /* even, RTP */
	uint8_t index;		     /* of the m= line, from 0 */
	uint8_t flags;		     /* enum media_flag */
	uint8_t holds;	       /* enum media_hold; 0: none of these, the first delete ends it */
	struct notice *notice; /* owned: whom to tell of a time-out, or NULL */
	uint8_t direction[2];  /* enum sdp_direction, as each side's last SDP said */
	struct media_path path;
	/* For reports and for the way back of the offer's profile; cut when longer. */
	char type[12], codec[20], protocol[2][24];
};

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
