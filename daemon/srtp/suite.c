/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suite.c - the crypto suites of SRTP: names, numbers, lengths of keys and tags
 */
#include "base/count.h"
#include "srtp/suite.h"

static const struct srtp_suite suites[SRTP_SUITES] = {
	{ "AEAD_AES_128_GCM", SRTP_AEAD_AES_128_GCM, 0x0007, 16, 12, 16, 16, true },
	{ "AEAD_AES_256_GCM", SRTP_AEAD_AES_256_GCM, 0x0008, 32, 12, 16, 16, true },
	{ "AES_CM_128_HMAC_SHA1_80", SRTP_AES_CM_128_SHA1_80, 0x0001, 16, 14, 10, 10, false },
	{ "AES_CM_128_HMAC_SHA1_32", SRTP_AES_CM_128_SHA1_32, 0x0002, 16, 14, 4, 10, false },
	{ "AES_256_CM_HMAC_SHA1_80", SRTP_AES_256_CM_SHA1_80, 0, 32, 14, 10, 10, false },
	{ "AES_256_CM_HMAC_SHA1_32", SRTP_AES_256_CM_SHA1_32, 0, 32, 14, 4, 10, false },
	{ "AES_192_CM_HMAC_SHA1_80", SRTP_AES_192_CM_SHA1_80, 0, 24, 14, 10, 10, false },
	{ "AES_192_CM_HMAC_SHA1_32", SRTP_AES_192_CM_SHA1_32, 0, 24, 14, 4, 10, false },
};

/* Phones from before RFC 6188 use the names of its drafts. */
static const struct {
	const char *name;
	enum srtp_suite_id id;
} old_names[] = {
	{ "AES_CM_256_HMAC_SHA1_80", SRTP_AES_256_CM_SHA1_80 },
	{ "AES_CM_256_HMAC_SHA1_32", SRTP_AES_256_CM_SHA1_32 },
	{ "AES_CM_192_HMAC_SHA1_80", SRTP_AES_192_CM_SHA1_80 },
	{ "AES_CM_192_HMAC_SHA1_32", SRTP_AES_192_CM_SHA1_32 },
};

const struct srtp_suite *srtp_suite_by_id(unsigned int id)
{
	return id >= 1 && id <= SRTP_SUITES ? &suites[id - 1] : NULL;
}

const struct srtp_suite *srtp_suite_by_profile(unsigned int profile)
{
	for (size_t i = 0; i < COUNT(suites); i++)
		if (profile && suites[i].profile == profile)
			return &suites[i];
	return NULL;
}

static const struct srtp_suite *named(const struct srtp_suite *suite, const char *as,
				      const char **name)
{
	if (name)
		*name = as;
	return suite;
}

const struct srtp_suite *srtp_suite_by_name(struct str text, const char **name)
{
	for (size_t i = 0; i < COUNT(suites); i++)
		if (str_eq_nocase(text, str_of(suites[i].name)))
			return named(&suites[i], suites[i].name, name);
	for (size_t i = 0; i < COUNT(old_names); i++)
		if (str_eq_nocase(text, str_of(old_names[i].name)))
			return named(srtp_suite_by_id(old_names[i].id), old_names[i].name, name);
	return NULL;
}
