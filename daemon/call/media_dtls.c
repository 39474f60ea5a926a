/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_dtls.c - DTLS-SRTP of a media that ends in the relay: what the SDPs said, how far it is
 */
#include <errno.h>
#include <stdlib.h>
#include "call/media_bundle.h"
#include "call/media_dtls.h"
#include "call/media_sdes.h"
#include "packet/bridge.h"

static const char *const state_names[] = {
	[DTLS_WAITING] = "waiting",	[DTLS_HANDSHAKE] = "handshake",
	[DTLS_CONNECTED] = "connected", [DTLS_MISMATCHED] = "wrong-fingerprint",
	[DTLS_FAILED] = "failed",
};

const char *dtls_state_name(enum dtls_state state)
{
	return state_names[state];
}

void media_dtls_free(struct media_dtls *dtls)
{
	if (!dtls)
		return;
	each_component(side, comp)
		dtls_link_close(dtls->side[side].port[comp].link);
	free(dtls);
}

bool media_dtls_ends(const struct media *media, enum side side)
{
	return media->sdes && media->sdes->secure[side] && media->sdes->dtls[side];
}

const struct dtls_side *media_dtls_side(const struct media *media, enum side side)
{
	const struct media *at = media_carrier(media, side);

	return at->dtls && media_dtls_ends(media, side) ? &at->dtls->side[side] : NULL;
}

int media_dtls_open(struct media *media, enum side side)
{
	if (!media->dtls)
		media->dtls = calloc(1, sizeof(*media->dtls));
	if (!media->dtls)
		return -ENOMEM;
	for (int comp = 0; comp < 2; comp++) {
		struct dtls_port *port = &media->dtls->side[side].port[comp];

		if (port->link || !bridge_has(media->bridge, side, comp))
			continue;
		port->link = bridge_link(media->bridge, side, comp, media->table->conf.dtls, media);
		if (!port->link)
			return -ENOMEM;
	}
	return 0;
}

static int agree(struct dtls_port *port, const struct dtls_terms *terms, bool resumed)
{
	if (!port->link)
		return 0;
	if (port->state != DTLS_CONNECTED)
		port->state = terms->active ? DTLS_HANDSHAKE : DTLS_WAITING;
	return dtls_link_terms(port->link, terms, resumed);
}

int media_dtls_agree(struct media *media, enum side side, bool resumed)
{
	struct dtls_side *dtls = &media->dtls->side[side];
	bool mux = bridge_conf(media->bridge)->side[side].flags & SIDE_MUX;
	int error;

	if (!dtls->terms.n)
		return 0;
	dtls->agreed = true;
	error = agree(&dtls->port[COMP_RTP], &dtls->terms, resumed);
	/* The keys of RTCP are not in the journal: a peer that begins again gets new ones. */
	if (!error && !mux)
		error = agree(&dtls->port[COMP_RTCP], &dtls->terms, resumed);
	dtls->terms.fresh = false; /* it was told */
	return error;
}
