/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * srtp.h - SRTP and SRTCP under one master key, in one direction (RFC 3711, 6188, 7714)
 *
 * Pure: packets and time are handed in; no I/O, no clock, no allocation and no lock per packet. One
 * thread at a time. Nothing that a peer sends changes an index before its tag was right.
 */
#ifndef RTPRELAY_SRTP_H
#define RTPRELAY_SRTP_H

#include "srtp/cipher.h"

enum srtp_direction { SRTP_SEND, SRTP_RECEIVE };

/* The SSRCs that a master key is used for at a time: a browser's video has several. */
#define SRTP_SSRCS 16
/* A new SSRC replaces one that was silent for so long; of several the one silent for longest. */
#define SRTP_IDLE_MS 10000

/**
 * enum srtp_verdict - what became of a packet
 * @SRTP_OK: it is sealed, or authentic and plain; all others: it is as it was and is to be dropped
 * @SRTP_MALFORMED: no RTP or RTCP, or too short for tag and MKI; or no room for them
 * @SRTP_FORGED: the tag is wrong, or it names another key
 * @SRTP_REPLAYED: its index was used, or is below the window. When sending: an index is never used
 *	twice, whatever the other side sends
 * @SRTP_CROWDED: a new SSRC, while SRTP_SSRCS are active; when sending also one that may have been
 *	replaced, so that its indexes are not known
 * @SRTP_ENDED: all indexes of this key are used
 */
enum srtp_verdict {
	SRTP_OK,
	SRTP_MALFORMED,
	SRTP_FORGED,
	SRTP_REPLAYED,
	SRTP_CROWDED,
	SRTP_ENDED,
	SRTP_VERDICTS
};

/**
 * struct srtp_master - a master key
 * @key, @salt: as long as those of @suite
 * @mki: each packet names the key by it
 */
struct srtp_master {
	const struct srtp_suite *suite;
	uint8_t key[SRTP_KEY_MAX];
	uint8_t salt[SRTP_SALT_MAX];
	struct srtp_mki mki;
};

/**
 * struct srtp_counts - since srtp_new()
 * @verdicts: packets by verdict
 * @replaced: SSRCs that gave way to others
 * @restarts: when sending, sequence numbers of an SSRC went back for SRTP_RESTART packets in a row
 * @searches: searches for a rollover counter; @found: that found it
 */
struct srtp_counts {
	uint64_t verdicts[SRTP_VERDICTS];
	uint64_t replaced, restarts, searches, found;
};

/* @size: bytes of the memory at @data; @len: of the packet */
struct srtp_packet {
	uint8_t *data;
	size_t len, size;
};

struct srtp;

#define SRTP_REPLACED_WORDS 16 /* a filter of 1024 bits */

/**
 * struct srtp_indexes - what packets change in a struct srtp, as far as a restart needs it; no key
 * @rtcp_sent: the index of the last SRTCP packet that was sent; 0: none
 * @rtp_used, @rtcp_used: bit n: SRTP, SRTCP of @source[n] was used under this key. A @rtp_top that
 *	was not is from an earlier key: srtp_inherit()
 * @sources: so many of @source are used
 * @replaced: filter of the SSRCs that may not begin again
 * @replacements, @restarts: of struct srtp_counts, for the log; not stored
 * @source: the highest indexes: rollover counter with sequence number; that of SRTCP when receiving
 */
struct srtp_indexes {
	uint32_t rtcp_sent;
	uint16_t rtp_used, rtcp_used;
	uint32_t sources, replacements, restarts;
	uint64_t replaced[SRTP_REPLACED_WORDS];
	struct srtp_index {
		uint32_t ssrc, rtcp_top;
		uint64_t rtp_top;
	} source[SRTP_SSRCS];
};

/* So many packets in a row with numbers that were used: the sender began again. */
#define SRTP_RESTART 16
/* Indexes that rose so far have to be stored: the usual guess is right up to twice as far. */
#define SRTP_DUE (1U << 14)

/* Return: the caller's, until srtp_free(); NULL: out of memory. @master is copied. */
struct srtp *srtp_new(const struct srtp_master *master, enum srtp_direction direction);
/* Wipes the keys. */
void srtp_free(struct srtp *srtp);

/**
 * srtp_inherit() - @srtp, new, to receive, takes the place of @old: a new key for the same media
 * Peers differ: the rollover counters of their SSRCs go on, as RFC 3711 says, or begin with 0. Both
 * are tried for the first packet of each SSRC.
 */
void srtp_inherit(struct srtp *srtp, const struct srtp *old);

/* Seal an RTP packet, an RTCP packet. @packet grows by SRTP_GROWTH at most. */
enum srtp_verdict rtp_protect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms);
enum srtp_verdict rtcp_protect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms);
/* Open an SRTP packet, an SRTCP packet. */
enum srtp_verdict rtp_unprotect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms);
enum srtp_verdict rtcp_unprotect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms);

/* Is it time for srtp_indexes()? There is a new SSRC, or indexes rose by SRTP_DUE. */
bool srtp_due(const struct srtp *srtp);
/* Copies them; they are not due any more. */
void srtp_indexes(struct srtp *srtp, struct srtp_indexes *indexes);
/* Can they be those of a struct srtp? Any bytes may be asked about. */
bool srtp_indexes_valid(const struct srtp_indexes *indexes);
/**
 * srtp_resume() - after a restart, from indexes that were copied less than half of a rollover ago
 * None of them is used again. What was sealed since they were copied may be: a sender that repeats
 * a packet repeats the same one.
 * @srtp: gets it; the caller's, until srtp_free()
 * Return: 0; -EINVAL, no such indexes; -ENOMEM
 */
int srtp_resume(const struct srtp_master *master, enum srtp_direction direction,
		const struct srtp_indexes *indexes, int64_t now_ms, struct srtp **srtp);

const struct srtp_suite *srtp_suite(const struct srtp *srtp);
const struct srtp_counts *srtp_counts(const struct srtp *srtp);

#endif
