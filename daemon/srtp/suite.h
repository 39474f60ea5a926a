/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suite.h - the crypto suites of SRTP: names, numbers, lengths of keys and tags
 */
#ifndef RTPRELAY_SRTP_SUITE_H
#define RTPRELAY_SRTP_SUITE_H

#include "base/str.h"

/* The longest of all suites, in bytes. */
#define SRTP_KEY_MAX  32
#define SRTP_SALT_MAX 14
#define SRTP_TAG_MAX  16

/* In the order of preference. The numbers are in exported states (state.h): add at the end only. */
enum srtp_suite_id {
	SRTP_AEAD_AES_128_GCM = 1,
	SRTP_AEAD_AES_256_GCM,
	SRTP_AES_CM_128_SHA1_80,
	SRTP_AES_CM_128_SHA1_32,
	SRTP_AES_256_CM_SHA1_80,
	SRTP_AES_256_CM_SHA1_32,
	SRTP_AES_192_CM_SHA1_80,
	SRTP_AES_192_CM_SHA1_32,
};
#define SRTP_SUITES 8

/**
 * struct srtp_suite - one suite; all lengths in bytes
 * @name: in SDES (RFC 4568, 6188, 7714)
 * @profile: in DTLS-SRTP (RFC 5764, 7714); 0: none
 * @tag, @rtcp_tag: authentication tag of an SRTP and of an SRTCP packet
 * @aead: AES-GCM (RFC 7714); otherwise AES in counter mode and HMAC-SHA1 (RFC 3711)
 */
struct srtp_suite {
	const char *name;
	enum srtp_suite_id id;
	uint16_t profile;
	uint8_t key_len, salt_len;
	uint8_t tag, rtcp_tag;
	bool aead;
};

/* Each of these returns NULL for a suite that is not supported. */
const struct srtp_suite *srtp_suite_by_id(unsigned int id);
const struct srtp_suite *srtp_suite_by_profile(unsigned int profile);
/**
 * srtp_suite_by_name() - by its name in SDES, in any case; also by an older name
 * @name: gets the name as it is to be repeated in an answer; may be NULL
 */
const struct srtp_suite *srtp_suite_by_name(struct str text, const char **name);

#endif
