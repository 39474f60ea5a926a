/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_redact.c - no key, password or digit is left in what will be logged */
#include "daemon/base/count.h"
#include "daemon/base/redact.h"
#include "tests/unit/test.h"

static void test_secrets_of_lines(void)
{
	static const struct {
		const char *line, *expected;
	} rows[] = {
		{ "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxa",
		  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 ***" },
		{ "a=crypto:2 AEAD_AES_256_GCM inline:a|2^20|1:4;inline:b UNENCRYPTED_SRTP",
		  "a=crypto:2 AEAD_AES_256_GCM ***" },
		/* Not as it should be: no more is shown. */
		{ "a=crypto:PS1uQCVeeCFC", "a=crypto:***" },
		{ "a=crypto:1 PS1uQCVeeCFC", "a=crypto:***" },
		{ "a=crypto:1 inline:PS1uQCVe", "a=crypto:***" },
		{ "a=crypto:1  AES_CM_128_HMAC_SHA1_80 PS1uQCVe", "a=crypto:***" },
		{ "a=crypto:1 AES_PS1uQCVeeCFCPS1uQCVeeCFCPS1uQCVeeCFCPS1uQCVeeCFC",
		  "a=crypto:***" },
		{ "A=CRYPTO:1 x INLINE:PS1uQCVe", "A=CRYPTO:***" },
		{ "a=acap:1 crypto:1 AES_CM_128_HMAC_SHA1_32 inline:PS1uQCVe",
		  "a=acap:1 crypto:1 AES_CM_128_HMAC_SHA1_32 ***" },
		{ "a=x inline: PS1uQCVe", "a=x inline:***" },
		{ "a=ice-pwd:asd88fgpdd777uzjYhagZg", "a=ice-pwd***" },
		{ "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyO", "a=key-mgmt***" },
		{ "k=base64:PS1uQCVe", "k=***" },
		{ "flags: play DTMF code=17", "flags: play DTMF code=***" },
		{ "code=17", "code=***" },
		{ "x Password=a b", "x Passw***" },
		{ "http://user:pwd=a@192.0.2.1", "http://user:pwd=***" },
		/* Nothing to hide. */
		{ "a=ice-ufrag:8hhY", "a=ice-ufrag:8hhY" },
		{ "a=fingerprint:sha-256 19:E2", "a=fingerprint:sha-256 19:E2" },
		{ "a=rtpmap:101 telephone-event/8000", "a=rtpmap:101 telephone-event/8000" },
		{ "transcode=PCMU", "transcode=PCMU" },
		{ "a=k=1", "a=k=1" },
		{ "a=crypt", "a=crypt" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char memory[200];
		struct buf out = BUF_INIT(memory, sizeof(memory) - 1);

		redact_line(str_of(rows[i].line), &out);
		memory[out.len] = '\0';
		CU_ASSERT_STRING_EQUAL(memory, rows[i].expected);
	}
}

static void test_secret_keys_of_commands(void)
{
	static const char *const secret[] = { "code",	  "Code",     "digit",
					      "DTMF",	  "password", "user-passwd",
					      "SDES-key", "blob",     "auth" };
	static const char *const plain[] = { "call-id",	  "from-tag", "sdp",	 "codec",
					     "transcode", "flags",    "command", "" };

	for (size_t i = 0; i < COUNT(secret); i++)
		CU_ASSERT(redact_key(str_of(secret[i])));
	for (size_t i = 0; i < COUNT(plain); i++)
		CU_ASSERT_FALSE(redact_key(str_of(plain[i])));
}

static void test_values_of_secret_names(void)
{
	static const struct {
		const char *pair, *expected;
	} rows[] = {
		{ "ice-pwd=abc", "ice-pwd=" REDACTED },
		{ "code=12", "code=" REDACTED },
		{ "crypto-suite=abc", "crypto-suite=" REDACTED },
		{ "passphrase=abc", "passphrase=" REDACTED },
		{ "token=abc", "token=" REDACTED },
		{ "crypto:1 abc=d", "crypto:" REDACTED "=" REDACTED },
		{ "media=inline:abc", "media=inline:" REDACTED },
		{ "ICE=force", "ICE=force" },
		{ "trust-address", "trust-address" },
		{ "from-token", "from-token" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char memory[200];
		struct buf out = BUF_INIT(memory, sizeof(memory) - 1);

		redact_pair(str_of(rows[i].pair), &out);
		memory[out.len] = '\0';
		CU_ASSERT_STRING_EQUAL(memory, rows[i].expected);
	}
}

TEST_SUITE(redact, { "values of secret names", test_values_of_secret_names },
	   { "secrets of lines", test_secrets_of_lines },
	   { "secret keys of commands", test_secret_keys_of_commands });
