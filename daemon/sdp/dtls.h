/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtls.h - the DTLS lines of an SDP: fingerprints, setup, tls-id (RFC 8122, 4145, 8842) */
#ifndef RTPRELAY_SDP_DTLS_H
#define RTPRELAY_SDP_DTLS_H

#include "sdp/sdp.h"

#define SDP_FINGERPRINTS 8 /* of one media; more are not read */

/* What stands behind "a=fingerprint:" and so on, as written; of a media, else of the session. */
struct sdp_dtls {
	struct str setup, tls_id; /* STR_NONE: not given */
	size_t n;
	struct str fingerprint[SDP_FINGERPRINTS];
};

void sdp_dtls(const struct sdp *sdp, const struct sdp_media *media, struct sdp_dtls *dtls);

#endif
