/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_dtls.h - DTLS-SRTP of a media that ends in the relay: what the SDPs said, how far it is
 *
 * The keys that a handshake gives are in struct media_sdes, as those of SDES. Control thread only.
 */
#ifndef RTPRELAY_MEDIA_DTLS_H
#define RTPRELAY_MEDIA_DTLS_H

#include "call/tree.h"
#include "dtls/service.h"

/* The numbers are in the journal: add at the end only. */
enum dtls_state {
	DTLS_WAITING,	 /* for the SDP of the peer, or its hello */
	DTLS_HANDSHAKE,	 /* the relay has begun */
	DTLS_CONNECTED,	 /* keys are in use */
	DTLS_MISMATCHED, /* the peer has another certificate than its SDP says */
	DTLS_FAILED,
};

/**
 * struct dtls_port - RTP, or RTCP without rtcp-mux
 * @link: NULL: none
 * @why: static; of a failure
 * @took_ms: the handshake
 */
struct dtls_port {
	struct dtls_link *link;
	uint8_t state; /* enum dtls_state */
	unsigned int took_ms;
	const char *why;
};

/* a=setup, as a side wrote it. */
enum dtls_setup {
	DTLS_SETUP_NONE,
	DTLS_ACTPASS,
	DTLS_SETUP_ACTIVE,
	DTLS_SETUP_PASSIVE,
	DTLS_HOLDCONN
};

/**
 * struct dtls_side
 * @agreed: @terms are in effect
 * @setup: of its last SDP; @wish: enum dtls_role that the proxy wants there; 0: any
 * @hash: enum dtls_hash of the fingerprint that it is shown; 0: as usual
 * @tls_id: hash of its a=tls-id; 0: none
 * @terms: @active: the relay's role
 */
struct dtls_side {
	bool agreed;
	uint8_t setup, wish, hash;
	uint64_t tls_id;
	struct dtls_terms terms;
	struct dtls_port port[2];
};

#define DTLS_WISH_MAX 2

struct media_dtls {
	struct dtls_side side[2];
};

const char *dtls_state_name(enum dtls_state state);
/* Closes its links. Takes NULL. */
void media_dtls_free(struct media_dtls *dtls);
/* Links for a side, if it has none. 0; -ENOMEM */
int media_dtls_open(struct media *media, enum side side);
/* Gives the terms to the ports that need them; with rtcp-mux only to that of RTP. 0; -ENOMEM */
int media_dtls_agree(struct media *media, enum side side, bool resumed);
/* Does a handshake of the relay give this side's keys? */
bool media_dtls_ends(const struct media *media, enum side side);
/* Its state of DTLS; NULL: the side has none that ends here. */
const struct dtls_side *media_dtls_side(const struct media *media, enum side side);

/* A dtls_service_conf.event; @arg: struct call_table */
void call_dtls_event(void *arg, const struct dtls_report *report);

#endif
