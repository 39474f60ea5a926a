/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_srtp.c - SRTP in a record of the journal: keys, indexes, DTLS
 *
 * call/record.c describes the bytes.
 */
#include "call/record_srtp.h"

static bool any_replaced(const struct srtp_indexes *indexes)
{
	for (unsigned int i = 0; i < SRTP_REPLACED_WORDS; i++)
		if (indexes->replaced[i])
			return true;
	return false;
}

void wire_indexes(struct wire *w, struct srtp_indexes *indexes)
{
	uint8_t sources = (uint8_t)indexes->sources;
	bool replaced = any_replaced(indexes);

	wire_u32(w, &indexes->rtcp_sent);
	wire_u8(w, &sources, SRTP_SSRCS);
	indexes->sources = sources;
	wire_u16(w, &indexes->rtp_used);
	wire_u16(w, &indexes->rtcp_used);
	for (unsigned int i = 0; i < sources; i++) {
		wire_u32(w, &indexes->source[i].ssrc);
		wire_u32(w, &indexes->source[i].rtcp_top);
		wire_u64(w, &indexes->source[i].rtp_top);
	}
	wire_bool(w, &replaced);
	for (unsigned int i = 0; replaced && i < SRTP_REPLACED_WORDS; i++)
		wire_u64(w, &indexes->replaced[i]);
	w->failed = w->failed || !srtp_indexes_valid(indexes) || replaced != any_replaced(indexes);
}

static bool are_lines(struct str text, bool one)
{
	struct sdes_lines lines;
	bool valid = sdes_lines_read(text, &lines) && (!one || lines.n <= 1);

	sdes_wipe(&lines);
	return valid;
}

void wire_lines(struct wire *w, struct str *text, bool one)
{
	wire_str(w, text);
	if (wire_reads(w) && !w->failed)
		w->failed = !are_lines(*text, one);
}

static void wire_fingerprint(struct wire *w, struct dtls_fingerprint *fingerprint)
{
	wire_u8(w, &fingerprint->hash, DTLS_HASHES);
	fingerprint->len = (uint8_t)dtls_hash_len((enum dtls_hash)fingerprint->hash);
	w->failed = w->failed || !fingerprint->len;
	if (!w->failed)
		wire_bytes(w, fingerprint->bytes, fingerprint->len);
}

static void wire_dtls(struct wire *w, struct dtls_record *dtls)
{
	wire_bool(w, &dtls->agreed);
	wire_bool(w, &dtls->active);
	wire_u8(w, &dtls->setup, DTLS_HOLDCONN);
	wire_u8(w, &dtls->wish, DTLS_WISH_MAX);
	wire_u8(w, &dtls->hash, DTLS_HASHES);
	wire_u8(w, &dtls->state, DTLS_FAILED);
	wire_u64(w, &dtls->tls_id);
	wire_u32(w, &dtls->took_ms);
	wire_u8(w, &dtls->n, DTLS_FINGERPRINTS);
	for (unsigned int i = 0; i < dtls->n && !w->failed; i++)
		wire_fingerprint(w, &dtls->peer[i]);
}

void wire_sdes(struct wire *w, struct sdes_record **record)
{
	bool there = *record;
	struct sdes_record *sdes;

	wire_bool(w, &there);
	if (w->failed || !there)
		return;
	if (wire_reads(w))
		*record = arena_zalloc(w->arena, sizeof(**record));
	sdes = *record;
	w->failed = w->failed || !sdes;
	for (int side = 0; side < 2 && !w->failed; side++) {
		wire_bool(w, &sdes->secure[side]);
		wire_bool(w, &sdes->optional[side]);
		wire_bool(w, &sdes->dtls[side]);
		if (sdes->dtls[side] && !w->failed)
			wire_dtls(w, &sdes->handshake[side]);
		/* The key that is in use is one line with one key. */
		for (int kind = 0; kind < SDES_KINDS; kind++)
			wire_lines(w, &sdes->text[side][kind],
				   kind == SDES_HEARD || kind == SDES_SENT);
		wire_indexes(w, &sdes->indexes[side][SRTP_SEND]);
		wire_indexes(w, &sdes->indexes[side][SRTP_RECEIVE]);
	}
}
