/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.h - medias that arrive and leave by the port of one of them, told apart (RFC 9143, 9)
 *
 * The stream of RTP whose port is used carries those of the others, on one side of their bridges:
 * it has the way of ICE, the association of DTLS and the keys. What arrives is counted, blocked and
 * passed on by the stream of its own media. Media thread only, but for struct bundle before it is
 * handed over by bridge_bundle().
 */
#ifndef RTPRELAY_BUNDLE_H
#define RTPRELAY_BUNDLE_H

#include "base/str.h"
#include "packet/state.h"

/* Longer values of a=mid are not told apart by; those of browsers have one or two characters. */
#define BUNDLE_MID 32
/* SSRCs that are remembered; signalled ones before learned ones. A power of two. */
#define BUNDLE_SSRCS 64
/* Of them, signalled ones of one media. */
#define BUNDLE_SIGNALLED 8
/* An SSRC goes to another media once in this time; in between such packets are dropped. */
#define BUNDLE_MOVE_MS 1000

/**
 * struct bundle_member
 * @bridge: NULL: it was closed
 * @strip: the header extension is taken out of what comes: its receiver has never heard of it
 */
struct bundle_member {
	struct bridge *bridge;
	bool strip;
	uint8_t mid_len;
	char mid[BUNDLE_MID];
};

/* @member: its number, from 1; 0: the place is free. @moved_ms: lower bits */
struct bundle_ssrc {
	uint32_t ssrc, moved_ms;
	uint8_t member;
	bool signalled, moved;
};

/**
 * struct bundle - the medias that one stream carries
 * @carrier: the stream that carries them; set by bundle_apply()
 * @mid_id: number of the header extension with a=mid; 0: not negotiated
 * @n: members; their numbers begin with 1
 * @of_pt: the member whose payload type it is; 0: of none, or of several
 */
struct bundle {
	struct stream *carrier;
	uint8_t mid_id, n;
	uint8_t of_pt[128];
	struct bundle_ssrc ssrc[BUNDLE_SSRCS];
	struct bundle_member member[];
};

/* With @s->bundled: it and the others. */
static inline struct bundle *bundle_of(const struct stream *s)
{
	return s->bridge->bundle[s->side];
}

/* The stream by which packets of @s leave: itself, unless another one carries it. */
static inline struct stream *bundle_carrier(struct stream *s)
{
	return s->bundled ? bundle_of(s)->carrier : s;
}

/* NULL: out of memory. @n: 0..UINT8_MAX - 1 members, which the caller fills in */
struct bundle *bundle_new(size_t n);
/* The payload types of a member; those that another one has tell nothing. */
void bundle_add_pts(struct bundle *bundle, uint8_t member, const uint64_t pts[2]);
/* a=ssrc of a member. Left out if there are too many. */
void bundle_add_ssrc(struct bundle *bundle, uint8_t member, uint32_t ssrc);

/**
 * bundle_member_of() - whose packet it is; pure
 * @p: RTP that was accepted, and decrypted
 * An SSRC is learned with it.
 * Return: its number; 0: it cannot be told, or its SSRC was of another media a moment ago
 */
uint8_t bundle_member_of(struct bundle *bundle, const uint8_t *p, const struct rtp_wire *w,
			 int64_t now_ms);
/* The member that has this SSRC; 0: none. */
uint8_t bundle_ssrc_member(const struct bundle *bundle, uint32_t ssrc);

/**
 * bundle_stream() - the stream of its own media, for a packet that @s has accepted
 * @s: one that carries
 * @p, @w: changed if the header extension is not for the receiver
 * Return: NULL: it cannot be told. What is neither RTP nor RTCP is of @s.
 */
struct stream *bundle_stream(struct stream *s, struct packet *p, struct rtp_wire *w,
			     int64_t now_ms);
/* The stream of the member with number @i, from 0; NULL: it was closed. */
struct stream *bundle_stream_at(const struct bundle *bundle, unsigned int i);

/* @s carries these from now on; NULL: only itself. SSRCs that were learned stay. */
void bundle_apply(struct stream *s, struct bundle *bundle);
/* @b ends: it carries nobody, and nobody carries it. */
void bundle_leave(struct bridge *b);

#endif
