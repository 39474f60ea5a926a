/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sdes.c - a=crypto lines, read and written (RFC 4568) */
#include "daemon/base/count.h"
#include "daemon/srtp/sdes.h"
#include "tests/unit/srtp/sdes_text.h"
#include "tests/unit/test.h"

/* --- Lines that are used ------------------------------------------------------------------- */

static const struct {
	const char *text;
	uint32_t tag;
	enum srtp_suite_id suite;
	unsigned int n_keys;
	const char *written; /* NULL: as it came */
} good[] = {
	{ LINE("1"), 1, SRTP_AES_CM_128_SHA1_80, 1, NULL },
	{ "999999999 " CM_32 " inline:" KEY_30, 999999999, SRTP_AES_CM_128_SHA1_32, 1, NULL },
	{ "2 " GCM_128 " inline:" KEY_28 "==", 2, SRTP_AEAD_AES_128_GCM, 1, NULL },
	{ "2 " GCM_128 " inline:" KEY_28, 2, SRTP_AEAD_AES_128_GCM, 1,
	  "2 " GCM_128 " inline:" KEY_28 "==" },
	{ "3 AEAD_AES_256_GCM inline:" KEY_44, 3, SRTP_AEAD_AES_256_GCM, 1,
	  "3 AEAD_AES_256_GCM inline:" KEY_44 "=" },
	{ "4 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46, 4, SRTP_AES_256_CM_SHA1_80, 1, NULL },
	{ "4 AES_256_CM_HMAC_SHA1_32 inline:" KEY_46 "==", 4, SRTP_AES_256_CM_SHA1_32, 1,
	  "4 AES_256_CM_HMAC_SHA1_32 inline:" KEY_46 },
	{ "4 AES_192_CM_HMAC_SHA1_80 inline:" KEY_38, 4, SRTP_AES_192_CM_SHA1_80, 1, NULL },
	{ "4 AES_192_CM_HMAC_SHA1_32 inline:" KEY_38 "=", 4, SRTP_AES_192_CM_SHA1_32, 1,
	  "4 AES_192_CM_HMAC_SHA1_32 inline:" KEY_38 },
	/* The name that the phone uses is the one it understands. */
	{ "4 AES_CM_256_HMAC_SHA1_80 inline:" KEY_46, 4, SRTP_AES_256_CM_SHA1_80, 1, NULL },
	{ "1 aes_cm_128_hmac_sha1_80 INLINE:" KEY_30, 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	/* Lifetimes of any length are accepted, and not kept. */
	{ LINE("1") "|2^20", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") "|2^48", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") "|1048576", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") "|99999999999999999999999", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") "|2^31|1:4", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") "|1:4" },
	{ LINE("1") "|1:4", 1, SRTP_AES_CM_128_SHA1_80, 1, NULL },
	{ LINE("1") "|0:1", 1, SRTP_AES_CM_128_SHA1_80, 1, NULL },
	{ LINE("1") "|255:1", 1, SRTP_AES_CM_128_SHA1_80, 1, NULL },
	{ LINE("1") "|340282366920938463463374607431768211455:16", 1, SRTP_AES_CM_128_SHA1_80, 1,
	  NULL },
	{ LINE("1") "|1:1;inline:" KEY_30 "|2:1", 1, SRTP_AES_CM_128_SHA1_80, 2, NULL },
	{ LINE("1") "|2^20|1:2;inline:" KEY_30 "|2^20|256:2", 1, SRTP_AES_CM_128_SHA1_80, 2,
	  LINE("1") "|1:2;inline:" KEY_30 "|256:2" },
	/* Blanks, and parameters that may be ignored. */
	{ "1\t" CM_80 "  inline:" KEY_30 " ", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") " WSH=128", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") " KDR=0 -FUTURE=1", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
	{ LINE("1") " -UNENCRYPTED_SRTP", 1, SRTP_AES_CM_128_SHA1_80, 1, LINE("1") },
};

static void expect_written(const struct sdes_line *line, unsigned int flags, const char *expected)
{
	char text[SDES_TEXT + 1];
	struct buf buf = BUF_INIT(text, SDES_TEXT);

	sdes_write(&buf, line, flags);
	CU_ASSERT_FALSE(buf.overflow);
	text[buf.len] = '\0';
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_reads_and_writes(void)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		const char *written = good[i].written ? good[i].written : good[i].text;
		struct sdes_line line;

		CU_ASSERT_EQUAL(sdes_read(str_of(good[i].text), &line), SDES_OK);
		CU_ASSERT_EQUAL(line.tag, good[i].tag);
		CU_ASSERT_EQUAL_FATAL(line.n_keys, good[i].n_keys);
		CU_ASSERT_EQUAL(line.keys[0].suite->id, good[i].suite);
		expect_written(&line, 0, written);
	}
}

/* Key and salt are the bytes in their order; the MKI is big-endian, filled up in front. */
static void test_takes_key_salt_and_mki(void)
{
	struct sdes_line line;

	CU_ASSERT_EQUAL(sdes_read(STR(LINE("1") "|2^31|66051:4"), &line), SDES_OK);
	for (uint8_t i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(line.keys[0].key[i], i);
	for (uint8_t i = 0; i < 14; i++)
		CU_ASSERT_EQUAL(line.keys[0].salt[i], 16 + i);
	CU_ASSERT_EQUAL(line.keys[0].mki.len, 4);
	CU_ASSERT_TRUE(!memcmp(line.keys[0].mki.bytes, "\0\1\2\3", 4));
	CU_ASSERT_EQUAL(sdes_read(STR("1 AEAD_AES_256_GCM inline:" KEY_44), &line), SDES_OK);
	CU_ASSERT_EQUAL(line.keys[0].key[31], 31);
	CU_ASSERT_EQUAL(line.keys[0].salt[11], 43);
	CU_ASSERT_EQUAL(line.keys[0].mki.len, 0);
}

static void test_pads_and_adds_lifetimes(void)
{
	struct sdes_line line;

	CU_ASSERT_EQUAL(sdes_read(STR("4 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46 "|1:4"), &line),
			SDES_OK);
	expect_written(&line, SDES_PAD, "4 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46 "==|1:4");
	expect_written(&line, SDES_LIFETIME,
		       "4 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46 "|2^31|1:4");
}

/* The longest line fits. */
static void test_longest_line(void)
{
	struct sdes_line line;

	CU_ASSERT_EQUAL(sdes_read(STR("999999999 AES_256_CM_HMAC_SHA1_80 inline:" KEY_46), &line),
			SDES_OK);
	line.n_keys = SDES_KEYS;
	for (unsigned int i = 0; i < SDES_KEYS; i++) {
		line.keys[i] = line.keys[0];
		line.keys[i].mki.len = SRTP_MKI_MAX;
		memset(line.keys[i].mki.bytes, 0xff, SRTP_MKI_MAX);
	}
	char text[SDES_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));

	sdes_write(&buf, &line, SDES_PAD | SDES_LIFETIME);
	CU_ASSERT_FALSE(buf.overflow);
}

/* --- Lines that are not ---------------------------------------------------------------------- */

static const struct {
	const char *text;
	enum sdes_fault fault;
} bad[] = {
	{ "", SDES_MALFORMED },
	{ "1", SDES_MALFORMED },
	{ "1 " CM_80, SDES_MALFORMED },
	{ "x " CM_80 " inline:" KEY_30, SDES_MALFORMED },
	{ "-1 " CM_80 " inline:" KEY_30, SDES_MALFORMED },
	{ "1000000000 " CM_80 " inline:" KEY_30, SDES_MALFORMED },
	{ "0000000001 " CM_80 " inline:" KEY_30, SDES_MALFORMED },
	{ "1 " CM_80 " uri:" KEY_30, SDES_MALFORMED },
	{ "1 " CM_80 " " KEY_30, SDES_MALFORMED },
	{ "1 F8_128_HMAC_SHA1_80 inline:" KEY_30, SDES_UNKNOWN_SUITE },
	{ "1 NULL_HMAC_SHA1_80 inline:" KEY_30, SDES_UNKNOWN_SUITE },
	{ "1 AES_CM_128_HMAC_SHA1_8 inline:" KEY_30, SDES_UNKNOWN_SUITE },
	/* Lengths are those of the suite, and exact. */
	{ "1 " CM_80 " inline:", SDES_BAD_KEY },
	{ "1 " CM_80 " inline:" KEY_28, SDES_BAD_KEY },
	{ "1 " CM_80 " inline:" KEY_38, SDES_BAD_KEY },
	{ "1 " CM_80 " inline:" KEY_30 "A", SDES_BAD_KEY },
	{ "1 " CM_80 " inline:" KEY_30 "=", SDES_BAD_KEY },
	{ "1 " CM_80 " inline:" KEY_46, SDES_BAD_KEY },
	{ "1 " GCM_128 " inline:" KEY_30, SDES_BAD_KEY },
	{ "1 " GCM_128 " inline:" KEY_28 "=", SDES_BAD_KEY },
	{ "1 " CM_80 " inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx-d", SDES_BAD_KEY },
	{ "1 " GCM_128 " inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx", SDES_BAD_KEY },
	/* Lifetimes */
	{ LINE("1") "|", SDES_BAD_LIFE },
	{ LINE("1") "|0", SDES_BAD_LIFE },
	{ LINE("1") "|000", SDES_BAD_LIFE },
	{ LINE("1") "|2^", SDES_BAD_LIFE },
	{ LINE("1") "|2^x", SDES_BAD_LIFE },
	{ LINE("1") "|3^5", SDES_BAD_LIFE },
	{ LINE("1") "||1:4", SDES_BAD_LIFE },
	/* MKIs */
	{ LINE("1") "|2^31|", SDES_BAD_MKI },
	{ LINE("1") "|2^31|1", SDES_BAD_MKI },
	{ LINE("1") "|2^31|2^31", SDES_BAD_MKI },
	{ LINE("1") "|1:", SDES_BAD_MKI },
	{ LINE("1") "|:4", SDES_BAD_MKI },
	{ LINE("1") "|1:0", SDES_BAD_MKI },
	{ LINE("1") "|1:17", SDES_BAD_MKI },
	{ LINE("1") "|1:129", SDES_BAD_MKI },
	{ LINE("1") "|x:4", SDES_BAD_MKI },
	{ LINE("1") "|-1:4", SDES_BAD_MKI },
	{ LINE("1") "|256:1", SDES_BAD_MKI },
	{ LINE("1") "|340282366920938463463374607431768211456:16", SDES_BAD_MKI },
	{ LINE("1") "|1:4|2^31", SDES_MALFORMED },
	{ LINE("1") "|1:4|1:4", SDES_MALFORMED },
	/* Several keys */
	{ LINE("1") ";", SDES_MALFORMED },
	{ LINE("1") ";inline:" KEY_30, SDES_BAD_MKI },
	{ LINE("1") "|1:1;inline:" KEY_30, SDES_BAD_MKI },
	{ LINE("1") "|1:1;inline:" KEY_30 "|1:1", SDES_BAD_MKI },
	{ LINE("1") "|1:1;inline:" KEY_30 "|2:2", SDES_BAD_MKI },
	{ LINE("1") "|1:1;inline:" KEY_28 "|2:1", SDES_BAD_KEY },
	{ LINE("1") "|1:1;inline:" KEY_30 "|2:1;inline:" KEY_30 "|3:1;inline:" KEY_30
		    "|4:1;inline:" KEY_30 "|5:1",
	  SDES_TOO_MANY_KEYS },
	/* Parameters */
	{ LINE("1") " UNENCRYPTED_SRTP", SDES_UNPROTECTED },
	{ LINE("1") " UNENCRYPTED_SRTCP", SDES_UNPROTECTED },
	{ LINE("1") " WSH=64 UNAUTHENTICATED_SRTP", SDES_UNPROTECTED },
	{ LINE("1") " unencrypted_srtp", SDES_UNPROTECTED },
	{ LINE("1") " KDR=1", SDES_PARAMETER },
	{ LINE("1") " FEC_ORDER=FEC_SRTP", SDES_PARAMETER },
	{ LINE("1") " FUTURE", SDES_PARAMETER },
	{ LINE("1") " WSH=", SDES_PARAMETER },
	{ LINE("1") " WSH=x", SDES_PARAMETER },
};

static void test_refuses(void)
{
	static const struct sdes_line empty;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct sdes_line line;
		enum sdes_fault fault = sdes_read(str_of(bad[i].text), &line);

		if (fault != bad[i].fault)
			CU_ASSERT_STRING_EQUAL(bad[i].text, sdes_fault_text(fault));
		CU_ASSERT_EQUAL(fault, bad[i].fault);
		CU_ASSERT_TRUE(!memcmp(&line, &empty, sizeof(line)));
	}
	for (unsigned int fault = 0; fault < SDES_FAULTS; fault++)
		CU_ASSERT_TRUE(strlen(sdes_fault_text((enum sdes_fault)fault)) > 3);
}

TEST_SUITE(sdes, { "reads and writes lines", test_reads_and_writes },
	   { "takes key, salt and MKI", test_takes_key_salt_and_mki },
	   { "pads keys and adds lifetimes", test_pads_and_adds_lifetimes },
	   { "the longest line fits", test_longest_line }, { "refuses other lines", test_refuses });
