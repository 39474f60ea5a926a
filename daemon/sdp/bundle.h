/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.h - the lines of an SDP about medias at one port: groups, a=extmap for a=mid, a=ssrc
 * (RFC 9143, 8285, 5576)
 */
#ifndef RTPRELAY_SDP_BUNDLE_H
#define RTPRELAY_SDP_BUNDLE_H

#include "sdp/sdp.h"

/* Groups of one SDP that are read; more are left out. */
#define SDP_GROUPS 16

#define SDP_MID_URI "urn:ietf:params:rtp-hdrext:sdes:mid"

/**
 * struct sdp_bundle - a=group:BUNDLE
 * @group: of each m= line, from 1; 0: none. A line is in one group, the first that names it.
 * @rank: its place there, from 0. The first one with a port has the transport of the group.
 */
struct sdp_bundle {
	uint8_t group[SDP_MAX_MEDIA], rank[SDP_MAX_MEDIA];
	uint8_t n_groups;
};

void sdp_bundle_read(const struct sdp *sdp, struct sdp_bundle *bundle);

/* The number of the header extension with a=mid, also at session level; 0: none, or above 255 */
uint8_t sdp_mid_extension(const struct sdp *sdp, const struct sdp_media *media);
/* Is it a=extmap for a=mid? */
bool sdp_is_mid_extension(const struct sdp_line *line);
/* Has the media, or the session, an a=extmap of anything else? */
bool sdp_has_other_extensions(const struct sdp *sdp, const struct sdp_media *media);

/* a=ssrc of the media, each once. Return: how many, up to @max */
size_t sdp_ssrcs(const struct sdp *sdp, const struct sdp_media *media, uint32_t *ssrc, size_t max);

#endif
