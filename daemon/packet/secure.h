/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure.h - SRTP at one side of a bridge: packets are opened before latching judges their source,
 *	      and sealed as they leave
 *
 * The media thread owns the keys of a bridge; they come with bridge_update().
 */
#ifndef RTPRELAY_SECURE_H
#define RTPRELAY_SECURE_H

#include "packet/state.h"

/* New keys, and no more keys for a side that is plain from now on. Takes those of @change. */
void secure_apply(struct bridge *bridge, const struct bridge_change *change);
/* After secure_apply(): the numbers of the keys of @change. */
void secure_number(struct bridge *bridge, const struct bridge_change *change,
		   const struct bridge_key_numbers *numbers);
/*
 * Those of what arrives at @s, or leaves by it: without rtcp-mux DTLS makes keys for each port
 * (RFC 5764, 4.2). NULL: there never were any
 */
struct bridge_keys *secure_keys(const struct stream *s);
/* Wipes the keys of both sides. */
void secure_end(struct bridge *bridge);
/* Wipes keys that no bridge has taken. */
void secure_drop(const struct bridge_change *change);

/**
 * secure_open() - a packet of RTP or RTCP that arrived at a side with SIDE_SRTP
 * @rtcp: what it is
 * Return: DROP_COUNT: it is authentic, and now plain. Otherwise why it is dropped: then it is as it
 *	   came, and tells nothing about its source
 */
enum stream_drop secure_open(struct stream *s, struct packet *packet, bool rtcp, int64_t now_ms);
/* The same for a packet of @s that leaves by @out. DROP_COUNT: it is sealed. */
enum stream_drop secure_seal(struct stream *s, struct stream *out, struct packet *packet, bool rtcp,
			     int64_t now_ms);

/**
 * secure_indexes() - on any thread: the indexes that are to be stored
 * Return: false: there are none yet, or they are of another key than the one with this number
 */
bool secure_indexes(const struct bridge_keys *keys, enum srtp_direction direction, uint16_t number,
		    struct srtp_indexes *indexes);

#endif
