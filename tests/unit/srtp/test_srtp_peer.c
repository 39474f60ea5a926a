/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_srtp_peer.c - the same bytes as libsrtp2, in both directions, for each suite that it has
 *
 * AES-192 is not among them: libsrtp 2.5 derives its keys otherwise than RFC 6188 says. The vectors
 * of the RFC are in test_srtp_vectors.c.
 */
#include <srtp2/srtp.h>
#include "daemon/base/count.h"
#include "tests/unit/srtp/srtp_scene.h"

typedef void (*policy_fn)(srtp_crypto_policy_t *policy);

static const struct peer_suite {
	enum srtp_suite_id suite;
	policy_fn rtp, rtcp;
} suites[] = {
	{ SRTP_AEAD_AES_128_GCM, srtp_crypto_policy_set_aes_gcm_128_16_auth,
	  srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ SRTP_AEAD_AES_256_GCM, srtp_crypto_policy_set_aes_gcm_256_16_auth,
	  srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ SRTP_AES_CM_128_SHA1_80, srtp_crypto_policy_set_rtp_default,
	  srtp_crypto_policy_set_rtcp_default },
	{ SRTP_AES_CM_128_SHA1_32, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
	  srtp_crypto_policy_set_rtcp_default },
	{ SRTP_AES_256_CM_SHA1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ SRTP_AES_256_CM_SHA1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
};

/* Ours and theirs, for one key and each direction. */
struct peers {
	bool mki;
	struct scene ours;
	srtp_t sender, receiver;
};

static srtp_t open_theirs(const struct peer_suite *row, const struct srtp_master *master,
			  srtp_ssrc_type_t type, srtp_sec_serv_t rtcp)
{
	uint8_t key[SRTP_KEY_MAX + SRTP_SALT_MAX], mki[SRTP_MKI_MAX];
	srtp_master_key_t named = { key, mki, master->mki.len };
	srtp_master_key_t *keys[] = { &named };
	srtp_policy_t policy = { .ssrc = { .type = type }, .window_size = 128 };
	srtp_t srtp = NULL;

	memcpy(key, master->key, master->suite->key_len);
	memcpy(key + master->suite->key_len, master->salt, master->suite->salt_len);
	memcpy(mki, master->mki.bytes, sizeof(mki));
	row->rtp(&policy.rtp);
	row->rtcp(&policy.rtcp);
	policy.rtcp.sec_serv = rtcp;
	if (master->mki.len) {
		policy.keys = keys;
		policy.num_master_keys = 1;
	} else {
		policy.key = key;
	}
	CU_ASSERT_EQUAL_FATAL(srtp_create(&srtp, &policy), srtp_err_status_ok);
	return srtp;
}

static struct peers peers_open(const struct peer_suite *row, uint8_t mki_len)
{
	struct srtp_master master = scene_master(row->suite, 7, mki_len);
	struct peers peers = {
		.mki = mki_len,
		.ours = { srtp_new(&master, SRTP_SEND), srtp_new(&master, SRTP_RECEIVE), 1000 },
	};

	CU_ASSERT_TRUE_FATAL(peers.ours.sender && peers.ours.receiver);
	peers.sender = open_theirs(row, &master, ssrc_any_outbound, sec_serv_conf_and_auth);
	peers.receiver = open_theirs(row, &master, ssrc_any_inbound, sec_serv_conf_and_auth);
	return peers;
}

static void peers_close(struct peers *peers)
{
	scene_close(&peers->ours);
	srtp_dealloc(peers->sender);
	srtp_dealloc(peers->receiver);
}

static int their_protect(struct peers *peers, struct scene_packet *packet, bool rtcp)
{
	int len = (int)packet->at.len, error;

	error = rtcp ? srtp_protect_rtcp_mki(peers->sender, packet->bytes, &len, peers->mki, 0)
		     : srtp_protect_mki(peers->sender, packet->bytes, &len, peers->mki, 0);
	packet->at.len = (size_t)len;
	return error;
}

static int their_unprotect(struct peers *peers, struct scene_packet *packet, bool rtcp)
{
	int len = (int)packet->at.len, error;

	error = rtcp ? srtp_unprotect_rtcp_mki(peers->receiver, packet->bytes, &len, peers->mki)
		     : srtp_unprotect_mki(peers->receiver, packet->bytes, &len, peers->mki);
	packet->at.len = (size_t)len;
	return error;
}

/* Both seal the packet to the same bytes, which both open to the packet. */
static void exchange(struct peers *peers, const struct scene_packet *plain, bool rtcp)
{
	const struct srtp_suite *suite = srtp_suite(peers->ours.sender);
	struct scene_packet ours, theirs;

	scene_copy(&ours, plain);
	scene_copy(&theirs, plain);
	CU_ASSERT_EQUAL((rtcp ? rtcp_protect : rtp_protect)(peers->ours.sender, &ours.at, 1000),
			SRTP_OK);
	CU_ASSERT_EQUAL(their_protect(peers, &theirs, rtcp), srtp_err_status_ok);
	CU_ASSERT_TRUE(scene_equal(&ours, &theirs));

	if (rtcp && peers->mki && suite->tag != suite->rtcp_tag)
		scene_copy(&ours, plain); /* libsrtp 2.5 cannot open what it has sealed so */
	else
		CU_ASSERT_EQUAL(their_unprotect(peers, &ours, rtcp), srtp_err_status_ok);
	CU_ASSERT_EQUAL(
		(rtcp ? rtcp_unprotect : rtp_unprotect)(peers->ours.receiver, &theirs.at, 1000),
		SRTP_OK);
	CU_ASSERT_TRUE(scene_equal(&ours, plain));
	CU_ASSERT_TRUE(scene_equal(&theirs, plain));
}

/* --- Tests --------------------------------------------------------------------------------- */

/* Each suite, without and with an MKI. */
static void each_peer(void (*test)(struct peers *peers))
{
	CU_ASSERT_EQUAL_FATAL(srtp_init(), srtp_err_status_ok);
	for (size_t nr = 0; nr < 2 * COUNT(suites); nr++) {
		struct peers peers = peers_open(&suites[nr / 2], nr % 2 ? 4 : 0);

		test(&peers);
		peers_close(&peers);
	}
	srtp_shutdown();
}

static void sizes_of(struct peers *peers)
{
	uint16_t seq = 100;

	for (size_t payload = 0; payload <= 20; payload++) {
		struct scene_packet plain;

		scene_rtp_of(&plain, (struct scene_shape){ 0, -1, payload, 0 }, seq++, SCENE_SSRC);
		exchange(peers, &plain, false);
	}
}

static void test_sizes(void)
{
	each_peer(sizes_of);
}

static const struct scene_shape shapes[] = {
	{ 0, -1, 160, 0 }, { 1, -1, 20, 0 },  { 15, -1, 160, 0 }, { 0, 0, 160, 0 },
	{ 0, 1, 33, 0 },   { 0, 9, 1100, 0 }, { 3, 4, 17, 0 },	  { 0, -1, 10, 6 },
	{ 2, 2, 0, 4 },	   { 0, -1, 0, 255 }, { 15, 100, 64, 1 },
};

static void shapes_of(struct peers *peers)
{
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct scene_packet plain;

		scene_rtp_of(&plain, shapes[i], (uint16_t)(i + 1), SCENE_SSRC);
		exchange(peers, &plain, false);
	}
}

static void test_shapes(void)
{
	each_peer(shapes_of);
}

/* Sequence numbers wrap while packets are lost, three at a time, and two SSRCs take turns. */
static void wraps_of(struct peers *peers)
{
	uint32_t step = 1, seq = 65300;

	for (unsigned int i = 0; i < 400; i++) {
		struct scene_packet plain;

		scene_rtp(&plain, (uint16_t)seq, SCENE_SSRC);
		exchange(peers, &plain, false);
		scene_rtp(&plain, (uint16_t)(seq + 30000), SCENE_SSRC + 1);
		exchange(peers, &plain, false);
		step = step * 1103515245 + 12345;
		seq += 1 + step / 65536 % 3;
	}
}

static void test_wraps(void)
{
	each_peer(wraps_of);
}

/* Through several rollovers, in steps that a window cannot hold. */
static void rolls_over_of(struct peers *peers)
{
	for (uint32_t seq = 1; seq < 5 * 65536; seq += 20011) {
		struct scene_packet plain;

		scene_rtp(&plain, (uint16_t)seq, SCENE_SSRC);
		exchange(peers, &plain, false);
	}
}

static void test_rolls_over(void)
{
	each_peer(rolls_over_of);
}

static void late_packets_of(struct peers *peers)
{
	static const uint16_t seqs[] = { 65530, 65534, 3, 65533, 65535, 0, 2, 1, 65531 };

	for (size_t i = 0; i < COUNT(seqs); i++) {
		struct scene_packet plain;

		scene_rtp(&plain, seqs[i], SCENE_SSRC);
		exchange(peers, &plain, false);
	}
}

static void test_late_packets(void)
{
	each_peer(late_packets_of);
}

static void rtcp_of(struct peers *peers)
{
	for (unsigned int words = 0; words < 40; words++) {
		struct scene_packet plain;

		scene_rtcp(&plain, words, SCENE_SSRC);
		exchange(peers, &plain, true);
	}
}

static void test_rtcp(void)
{
	each_peer(rtcp_of);
}

/* SRTCP without the flag E (RFC 3711, 3.4); ours is always encrypted. */
static void test_unencrypted_rtcp(void)
{
	CU_ASSERT_EQUAL_FATAL(srtp_init(), srtp_err_status_ok);
	for (size_t nr = 0; nr < 2 * COUNT(suites); nr++) {
		struct srtp_master master = scene_master(suites[nr / 2].suite, 7, nr % 2 ? 4 : 0);
		struct srtp *ours = srtp_new(&master, SRTP_RECEIVE);
		struct scene_packet plain, packet;
		struct peers peers = { .mki = nr % 2 };

		peers.sender =
			open_theirs(&suites[nr / 2], &master, ssrc_any_outbound, sec_serv_auth);
		for (unsigned int words = 0; words < 10; words++) {
			scene_rtcp(&plain, words, SCENE_SSRC);
			scene_copy(&packet, &plain);
			CU_ASSERT_EQUAL(their_protect(&peers, &packet, true), srtp_err_status_ok);
			CU_ASSERT_TRUE(!memcmp(packet.bytes, plain.bytes, plain.at.len));
			CU_ASSERT_EQUAL(rtcp_unprotect(ours, &packet.at, 0), SRTP_OK);
			CU_ASSERT_TRUE(scene_equal(&packet, &plain));
		}
		srtp_dealloc(peers.sender);
		srtp_free(ours);
	}
	srtp_shutdown();
}

TEST_SUITE(srtp_peer, { "payloads of 0 to 20 bytes", test_sizes },
	   { "CSRCs, extensions, padding", test_shapes },
	   { "sequences that wrap, with loss", test_wraps },
	   { "several rollovers", test_rolls_over },
	   { "late packets from before the wrap", test_late_packets },
	   { "SRTCP of each length", test_rtcp },
	   { "SRTCP that is only authenticated", test_unencrypted_rtcp });
