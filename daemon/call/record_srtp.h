/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record_srtp.h - SRTP in a record of the journal: keys, indexes, DTLS */
#ifndef RTPRELAY_RECORD_SRTP_H
#define RTPRELAY_RECORD_SRTP_H

#include "call/media_dtls.h"
#include "call/media_sdes.h"
#include "call/record_wire.h"

/* DTLS that gives the keys of a side: struct dtls_side, and of its port of RTP @state, @took_ms. */
struct dtls_record {
	bool agreed, active;
	uint8_t setup, wish, hash, state, n;
	uint64_t tls_id;
	uint32_t took_ms;
	struct dtls_fingerprint peer[DTLS_FINGERPRINTS];
};

/**
 * struct sdes_record - SRTP that ends in the relay, with its keys
 * @handshake: of a side with @dtls
 * @text: lines by side and enum sdes_kind
 * @indexes: [side][enum srtp_direction]; all zero: none used yet
 */
struct sdes_record {
	bool secure[2], optional[2], dtls[2];
	struct dtls_record handshake[2];
	struct str text[2][SDES_KINDS];
	struct srtp_indexes indexes[2][2];
};

void wire_indexes(struct wire *w, struct srtp_indexes *indexes);
/* NULL is possible, in both directions. */
void wire_sdes(struct wire *w, struct sdes_record **record);
/* a=crypto lines as sdes_lines_write() writes them; with @one not more than one line and key */
void wire_lines(struct wire *w, struct str *text, bool one);

#endif
