/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice.h - the ICE lines of an SDP (RFC 8839): candidates and username fragments
 */
#ifndef RTPRELAY_SDP_ICE_H
#define RTPRELAY_SDP_ICE_H

#include "sdp/sdp.h"

/* @address: of a candidate; port 0 */
typedef bool sdp_address_fn(const void *arg, const struct endpoint *address);

/* Is one of the candidates, of any media, at an address for which @fn returns true? */
bool sdp_has_candidate(const struct sdp *sdp, sdp_address_fn *fn, const void *arg);
/* The ICE lines of this media; what it does not say itself, the session's. */
void sdp_ice_read(const struct sdp *sdp, const struct sdp_media *media,
		  struct ice_description *lines);
/* The a=ice-ufrag of this media, or that of the session, or STR_NONE. */
struct str sdp_ice_ufrag(const struct sdp *sdp, const struct sdp_media *media);

#endif
