/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes.h - an a=crypto line of SDP: keys of SRTP in clear text (RFC 4568)
 *
 *   1 AES_CM_128_HMAC_SHA1_80 inline:BASE64|2^31|1:4
 *
 * tag, suite, key with salt, lifetime, value and length of the MKI, then session parameters. Pure.
 * A line of the offerer has the key for what the offerer sends.
 */
#ifndef RTPRELAY_SDES_H
#define RTPRELAY_SDES_H

#include "base/buf.h"
#include "srtp/srtp.h"

#define SDES_TAG_MAX 999999999
#define SDES_KEYS    4	 /* of one line; a line with more is not used */
#define SDES_TEXT    576 /* a line that is written is shorter */

/**
 * struct sdes_line - a line that can be used
 * @name: of the suite, as an answer has to repeat it
 * @keys: the first @n_keys, all with the suite; more than one are told apart by their MKIs, which
 *	have the same length
 * Lifetimes are not kept: 2^48 packets are out of reach, and a shorter life would end a call that
 * cannot get a new key.
 */
struct sdes_line {
	uint32_t tag;
	const char *name;
	unsigned int n_keys;
	struct srtp_master keys[SDES_KEYS];
};

/* Why a line is not used. */
enum sdes_fault {
	SDES_OK,
	SDES_MALFORMED,
	SDES_UNKNOWN_SUITE,
	SDES_BAD_KEY,  /* not as long as the suite's, or not base64 */
	SDES_BAD_LIFE, /* of the lifetime */
	SDES_BAD_MKI,  /* also: longer than SRTP_MKI_MAX, or missing with several keys */
	SDES_TOO_MANY_KEYS,
	SDES_UNPROTECTED, /* the peer wants packets without encryption or authentication */
	SDES_PARAMETER,	  /* a session parameter that is not known and may not be ignored */
	SDES_FAULTS
};

/* @value: behind "a=crypto:". On a fault @line is wiped. */
enum sdes_fault sdes_read(struct str value, struct sdes_line *line);
/* A short English reason. */
const char *sdes_fault_text(enum sdes_fault fault);

enum sdes_write_flag {
	SDES_PAD = 1 << 0,	/* '=' behind the keys; AES-GCM always has them: baresip needs it */
	SDES_LIFETIME = 1 << 1, /* a lifetime of 2^31: Teams wants one */
};
/* What stands behind "a=crypto:". @flags: enum sdes_write_flag */
void sdes_write(struct buf *buf, const struct sdes_line *line, unsigned int flags);

#endif
