/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sdes_key.c - a context of libsrtp2 from the inline key of an a=crypto line (RFC 4568) */
#include <err.h>
#include <string.h>
#include "sdes_key.h"

#define KEY 30

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* 40 digits are 30 bytes: no padding. */
static void read_key(const char *text, unsigned char key[KEY])
{
	if (strlen(text) != KEY / 3 * 4)
		errx(2, "%s: not a key of %d bytes", text, KEY);
	for (int i = 0; i < KEY / 3; i++) {
		unsigned int bits = 0;

		for (int j = 0; j < 4; j++) {
			int value = value_of(text[4 * i + j]);

			if (value < 0)
				errx(2, "%s: not base64", text);
			bits = bits << 6 | (unsigned int)value;
		}
		key[3 * i] = (unsigned char)(bits >> 16);
		key[3 * i + 1] = (unsigned char)(bits >> 8);
		key[3 * i + 2] = (unsigned char)bits;
	}
}

srtp_t sdes_key_srtp(const char *text, bool sends)
{
	srtp_policy_t policy = { .ssrc = { .type = sends ? ssrc_any_outbound : ssrc_any_inbound },
				 .window_size = 128 };
	unsigned char key[KEY];
	srtp_t srtp;

	read_key(text, key);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	policy.key = key;
	if (srtp_create(&srtp, &policy) != srtp_err_status_ok)
		errx(2, "libsrtp2 takes no key");
	return srtp;
}
