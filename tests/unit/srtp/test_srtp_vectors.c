/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_srtp_vectors.c - the test vectors of RFC 3711 (appendix B.2, B.3), RFC 6188 (section 7) and
 *			 RFC 7714 (sections 16 and 17)
 */
#include <string.h>
#include "daemon/base/count.h"
#include "daemon/srtp/cipher.h"
#include "daemon/srtp/ghash.h"
#include "tests/unit/srtp/hex.h"

#define SIZE 2048

static const struct srtp_mki no_mki;

static void expect_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	uint8_t expected[SIZE];
	size_t expected_len = hex_bytes(hex, expected, sizeof(expected));

	CU_ASSERT_EQUAL(len, expected_len);
	CU_ASSERT_TRUE(!memcmp(bytes, expected, expected_len < len ? expected_len : len));
}

static struct srtp_session_keys session_keys(const char *key, const char *salt)
{
	struct srtp_session_keys session = { 0 };

	hex_bytes(key, session.key, sizeof(session.key));
	hex_bytes(salt, session.salt, sizeof(session.salt));
	return session;
}

/* --- Key derivation ------------------------------------------------------------------------ */

static const struct {
	enum srtp_suite_id suite;
	const char *key, *salt;
	const char *cipher_key, *cipher_salt, *auth_key;
} derivations[] = {
	/* RFC 3711, B.3 */
	{ SRTP_AES_CM_128_SHA1_80, "E1F97A0D3E018BE0D64FA32C06DE4139",
	  "0EC675AD498AFEEBB6960B3AABE6", "C61E7A93744F39EE10734AFE3FF7A087",
	  "30CBBC08863D8C85D49DB34A9AE1", "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4" },
	/* RFC 6188, section 7 */
	{ SRTP_AES_256_CM_SHA1_80,
	  "f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6",
	  "3b04803de51ee7c96423ab5b78d2",
	  "5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4",
	  "fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05" },
	{ SRTP_AES_192_CM_SHA1_80, "73edc66c4fa15776fb57f9505c171365 50ffda71f3e8e5f1",
	  "c8522f3acd4ce86d5add78edbb11", "31874736a8f1143870c26e4857d8a5b2 c4a354407faadabb",
	  "2372b82d639b6d8503a47adc0a6c", "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb" },
};

static void test_derives_keys(void)
{
	for (size_t i = 0; i < COUNT(derivations); i++) {
		const struct srtp_suite *suite = srtp_suite_by_id(derivations[i].suite);
		struct srtp_session_keys master =
			session_keys(derivations[i].key, derivations[i].salt);
		struct srtp_session_keys session;

		srtp_derive(suite, master.key, master.salt, false, &session);
		expect_hex(session.key, suite->key_len, derivations[i].cipher_key);
		expect_hex(session.salt, suite->salt_len, derivations[i].cipher_salt);
		expect_hex(session.auth, sizeof(session.auth), derivations[i].auth_key);
	}
}

/* --- Key stream ---------------------------------------------------------------------------- */

#define STREAM_BLOCKS 0xff02 /* the counter stands in the last two bytes */

/* @first, @last: three blocks each, the last ones from counter 0xfeff on */
static const struct {
	enum srtp_suite_id suite;
	const char *key, *salt, *first, *last;
} streams[] = {
	/* RFC 3711, B.2 */
	{ SRTP_AES_CM_128_SHA1_80, "2B7E151628AED2A6ABF7158809CF4F3C",
	  "F0F1F2F3F4F5F6F7F8F9FAFBFCFD",
	  "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB"
	  "41E95B3BB0A2E8DD477901E4FCA894C0",
	  "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE"
	  "6A2CC3787889374FBEB4C81B17BA6C44" },
	/* RFC 6188, section 7 */
	{ SRTP_AES_256_CM_SHA1_80,
	  "57f82fe3613fd170a85ec93c40b1f092 2ec4cb0dc025b58272147cc438944a98",
	  "f0f1f2f3f4f5f6f7f8f9fafbfcfd",
	  "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac"
	  "63c4868b7096d88421b563b8c94c9a31",
	  "cea518c90fd91ced9cbb18c078a54711 3dbc4814f4da5f00a08772b63c6a046d"
	  "6eb246913062a16891433e97dd01a57f" },
	{ SRTP_AES_192_CM_SHA1_80, "eab234764e517b2d3d160d587d8c8621 9740f65f99b6bcf7",
	  "f0f1f2f3f4f5f6f7f8f9fafbfcfd",
	  "35096cba4610028dc1b57503804ce37c 5de986291dcce161d5165ec4568f5c9a"
	  "474a40c77894bc17180202272a4c264d",
	  "d108d1a31a00bad6367ec23eb044b415 c8f57129fdeb970b59f917b257662d4c"
	  "a5dab625811034e8cebdfeb6dc158dd3" },
};

static void test_makes_key_stream(void)
{
	static uint8_t packet[STREAM_BLOCKS * AES_BLOCK_SIZE + SRTP_GROWTH];

	for (size_t i = 0; i < COUNT(streams); i++) {
		struct srtp_session_keys session = session_keys(streams[i].key, streams[i].salt);
		struct srtp_place place = { .data = packet, .len = STREAM_BLOCKS * AES_BLOCK_SIZE };
		struct srtp_keys keys;

		srtp_keys_set(&keys, srtp_suite_by_id(streams[i].suite), &session, NULL);
		memset(packet, 0, sizeof(packet));
		srtp_seal(&keys, &no_mki, &place);
		expect_hex(packet, 3 * AES_BLOCK_SIZE, streams[i].first);
		expect_hex(packet + 0xfeff * AES_BLOCK_SIZE, 3 * AES_BLOCK_SIZE, streams[i].last);
	}
}

/* --- AES-GCM ------------------------------------------------------------------------------- */

#define KEY_128	 "000102030405060708090a0b0c0d0e0f"
#define KEY_256	 KEY_128 "101112131415161718191a1b1c1d1e1f"
#define GCM_SALT "517569642070726f2071756f"

/* RFC 7714, section 16: ROC 0 */
#define RTP_HEADER "8040f17b 8041f8d3 5501a0b2"
#define RTP_PLAIN                                                                                  \
	"47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465"                  \
	"73207472 6573"
/* Section 17 */
#define RTCP_HEADER "81c8000d 4d617273"
#define RTCP_PLAIN                                                                                 \
	"4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef"                  \
	"deadbeef deadbeef deadbeef"
#define RTCP_INDEX 0x5d4

static const struct {
	enum srtp_suite_id suite;
	const char *key, *rtp, *rtcp;
} gcm[] = {
	/* 16.1.1 and 17.1 */
	{ SRTP_AEAD_AES_128_GCM, KEY_128,
	  RTP_HEADER "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b"
		     "36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
	  RTCP_HEADER "63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda"
		      "4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4" },
	/* 16.2.1 and 17.2 */
	{ SRTP_AEAD_AES_256_GCM, KEY_256,
	  RTP_HEADER "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f"
		     "1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
	  RTCP_HEADER "d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be"
		      "8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4" },
};

/* With a table of the keys, by carry-less multiplication, and with a table made for the packet. */
static void check_gcm(const struct srtp_keys *keys, const char *rtp, const char *rtcp)
{
	uint8_t packet[SIZE];
	struct srtp_place place = { packet, 0, 12, 0x5501a0b2, 0xf17b };
	size_t len;

	place.len = hex_bytes(RTP_HEADER RTP_PLAIN, packet, sizeof(packet));
	len = place.len;
	place.len = srtp_seal(keys, &no_mki, &place);
	expect_hex(packet, place.len, rtp);
	CU_ASSERT_TRUE(srtp_open(keys, &no_mki, &place));
	expect_hex(packet, len, RTP_HEADER RTP_PLAIN);

	place = (struct srtp_place){ packet, 0, SRTCP_CLEAR, 0x4d617273, RTCP_INDEX };
	place.len = hex_bytes(RTCP_HEADER RTCP_PLAIN, packet, sizeof(packet));
	len = place.len;
	place.len = srtcp_seal(keys, &no_mki, &place);
	expect_hex(packet, place.len, rtcp);
	CU_ASSERT_TRUE(srtcp_open(keys, &no_mki, &place));
	expect_hex(packet, len, RTCP_HEADER RTCP_PLAIN);
}

static void test_seals_with_gcm(void)
{
	for (size_t i = 0; i < COUNT(gcm); i++) {
		struct srtp_session_keys session = session_keys(gcm[i].key, GCM_SALT);
		struct srtp_keys keys;
		struct gcm_key table;

		srtp_keys_set(&keys, srtp_suite_by_id(gcm[i].suite), &session, &table);
		check_gcm(&keys, gcm[i].rtp, gcm[i].rtcp);
		CU_ASSERT_FALSE(keys.fast);
		srtp_keys_set(&keys, srtp_suite_by_id(gcm[i].suite), &session, NULL);
		CU_ASSERT_EQUAL(keys.fast, ghash_is_fast());
		check_gcm(&keys, gcm[i].rtp, gcm[i].rtcp);
		keys.fast = false;
		check_gcm(&keys, gcm[i].rtp, gcm[i].rtcp);
	}
}

/* Our own GHASH against nettle's, for packets of all lengths and random bytes. */
static void test_hashes_as_nettle(void)
{
	struct srtp_session_keys session;
	uint8_t packet[2][128 + SRTP_GROWTH];
	struct srtp_keys keys, other;
	struct gcm_key table;
	uint32_t random = 1;

	for (size_t len = 12; len <= 128; len++) {
		struct srtp_place place = { packet[0], len, 12, (uint32_t)len, len << 20 };

		for (size_t i = 0; i < sizeof(session); i++)
			((uint8_t *)&session)[i] =
				(uint8_t)((random = random * 1103515245 + 12345) >> 16);
		for (size_t i = 0; i < len; i++)
			packet[0][i] = packet[1][i] =
				(uint8_t)((random = random * 1103515245 + 12345) >> 16);
		srtp_keys_set(&keys, srtp_suite_by_id(SRTP_AEAD_AES_256_GCM), &session, NULL);
		srtp_keys_set(&other, srtp_suite_by_id(SRTP_AEAD_AES_256_GCM), &session, &table);
		place.len = srtp_seal(&keys, &no_mki, &place);
		place.data = packet[1];
		place.len = len;
		place.len = srtp_seal(&other, &no_mki, &place);
		CU_ASSERT_EQUAL(place.len, len + GCM_DIGEST_SIZE);
		CU_ASSERT_TRUE(!memcmp(packet[0], packet[1], place.len));
		packet[1][len] ^= 0x80;
		memcpy(packet[0], packet[1], place.len);
		CU_ASSERT_FALSE(srtp_open(&keys, &no_mki, &place));
		CU_ASSERT_TRUE(!memcmp(packet[0], packet[1], place.len)); /* it is as it was */
		packet[1][len] ^= 0x80;
		CU_ASSERT_TRUE(srtp_open(&keys, &no_mki, &place));
	}
}

/* 17.3 and 17.4: SRTCP that is not encrypted, only authenticated */
static const struct {
	enum srtp_suite_id suite;
	const char *key, *tag;
} only_tags[] = {
	{ SRTP_AEAD_AES_128_GCM, KEY_128, "841dd968 3dd78ec9 2ae58790 125f62b3" },
	{ SRTP_AEAD_AES_256_GCM, KEY_256, "91db4afb feee5a97 8fab4393 ed2615fe" },
};

static void test_opens_unencrypted_rtcp(void)
{
	for (size_t i = 0; i < COUNT(only_tags); i++) {
		struct srtp_session_keys session = session_keys(only_tags[i].key, GCM_SALT);
		uint8_t packet[SIZE];
		struct srtp_place place = { packet, 0, SRTCP_CLEAR, 0x4d617273, RTCP_INDEX };
		struct srtp_keys keys;
		size_t len = hex_bytes(RTCP_HEADER RTCP_PLAIN, packet, sizeof(packet));

		srtp_keys_set(&keys, srtp_suite_by_id(only_tags[i].suite), &session, NULL);
		place.len = len;
		place.len += hex_bytes(only_tags[i].tag, packet + place.len, 16);
		place.len += hex_bytes("000005d4", packet + place.len, 4);
		packet[len - 1] ^= 1;
		CU_ASSERT_FALSE(srtcp_open(&keys, &no_mki, &place));
		packet[len - 1] ^= 1;
		CU_ASSERT_TRUE(srtcp_open(&keys, &no_mki, &place));
		expect_hex(packet, len, RTCP_HEADER RTCP_PLAIN);
	}
}

TEST_SUITE(srtp_vectors, { "derives session keys", test_derives_keys },
	   { "makes the key stream of AES-CM", test_makes_key_stream },
	   { "seals and opens with AES-GCM", test_seals_with_gcm },
	   { "hashes as nettle", test_hashes_as_nettle },
	   { "opens SRTCP that is only authenticated", test_opens_unencrypted_rtcp });
