/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.h - seals and opens one packet whose index is known: encryption, tag, MKI, SRTCP's trailer
 *
 * In place and without a state: which index a packet has, and whether it was used, is srtp.h's.
 */
#ifndef RTPRELAY_SRTP_CIPHER_H
#define RTPRELAY_SRTP_CIPHER_H

#include "srtp/keys.h"

#define SRTP_MKI_MAX 16 /* bytes; RFC 4568 allows 128 */
/* A packet grows by no more: tag, MKI, and the word of SRTCP with flag and index. */
#define SRTP_GROWTH (SRTP_TAG_MAX + SRTP_MKI_MAX + SRTCP_WORD)

#define SRTCP_WORD	4
#define SRTCP_CLEAR	8	    /* the first bytes of a packet, up to the sender's SSRC */
#define SRTCP_ENCRYPTED 0x80000000U /* the flag E */

/* The name of the master key in each packet; @len 0: none. */
struct srtp_mki {
	uint8_t bytes[SRTP_MKI_MAX];
	uint8_t len;
};

/**
 * struct srtp_place - one packet
 * @data: has room for SRTP_GROWTH more when it is sealed
 * @len: of all, with tag and MKI where it is opened
 * @clear: bytes at its begin that are not encrypted: the RTP header, or SRTCP_CLEAR
 * @index: ROC and sequence number, or the index of SRTCP
 */
struct srtp_place {
	uint8_t *data;
	size_t len, clear;
	uint32_t ssrc;
	uint64_t index;
};

/* What a sealed packet is longer by. */
static inline size_t srtp_trailer(const struct srtp_suite *suite, const struct srtp_mki *mki)
{
	return (size_t)suite->tag + mki->len;
}

static inline size_t srtcp_trailer(const struct srtp_suite *suite, const struct srtp_mki *mki)
{
	return (size_t)suite->rtcp_tag + SRTCP_WORD + mki->len;
}

/* Return: the new length */
size_t srtp_seal(const struct srtp_keys *keys, const struct srtp_mki *mki,
		 const struct srtp_place *at);
size_t srtcp_seal(const struct srtp_keys *keys, const struct srtp_mki *mki,
		  const struct srtp_place *at);

/**
 * srtp_open() - compares the tag, in constant time, and decrypts
 * @at: at least as long as @clear and the trailer together
 * Return: false: the tag is wrong, the packet is as it was. true: it is plain, and shorter by the
 *	   trailer
 */
bool srtp_open(const struct srtp_keys *keys, const struct srtp_mki *mki,
	       const struct srtp_place *at);
/* The same for SRTCP; a packet without the flag E was not encrypted and is only authenticated. */
bool srtcp_open(const struct srtp_keys *keys, const struct srtp_mki *mki,
		const struct srtp_place *at);

/* The word with flag and index of an SRTCP packet that is long enough. */
uint32_t srtcp_word(const struct srtp_suite *suite, const struct srtp_mki *mki, const uint8_t *data,
		    size_t len);
/* Does the packet name this master key? True without an MKI */
bool srtp_mki_fits(const struct srtp_suite *suite, const struct srtp_mki *mki, bool rtcp,
		   const uint8_t *data, size_t len);

#endif
