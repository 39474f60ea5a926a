/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtls.c - the DTLS lines of an SDP: fingerprints, setup, tls-id (RFC 8122, 4145, 8842) */
#include "sdp/dtls.h"
#include "sdp/names.h"

static void read_line(const struct sdp_line *line, struct sdp_dtls *dtls)
{
	struct str rest = line->value, name = str_split(&rest, ':');

	if (line->attr == SDP_ATTR_FINGERPRINT) {
		if (dtls->n < SDP_FINGERPRINTS)
			dtls->fingerprint[dtls->n++] = rest;
	} else if (str_eq(name, STR("setup"))) {
		if (!dtls->setup.len)
			dtls->setup = rest;
	} else if (!dtls->tls_id.len) {
		dtls->tls_id = rest;
	}
}

static void read_lines(const struct sdp *sdp, size_t first, size_t n, struct sdp_dtls *dtls)
{
	*dtls = (struct sdp_dtls){ 0 };
	for (size_t i = first; i < first + n; i++) {
		const struct sdp_line *line = &sdp->lines[i];

		if (line->type == 'a' &&
		    (line->attr == SDP_ATTR_FINGERPRINT || line->attr == SDP_ATTR_DTLS))
			read_line(line, dtls);
	}
}

void sdp_dtls(const struct sdp *sdp, const struct sdp_media *media, struct sdp_dtls *dtls)
{
	struct sdp_dtls session;

	read_lines(sdp, media->first_line, media->n_lines, dtls);
	read_lines(sdp, 0, sdp->session_lines, &session);
	if (!dtls->setup.len)
		dtls->setup = session.setup;
	if (!dtls->tls_id.len)
		dtls->tls_id = session.tls_id;
	if (dtls->n)
		return;
	dtls->n = session.n;
	memcpy(dtls->fingerprint, session.fingerprint, sizeof(dtls->fingerprint));
}
