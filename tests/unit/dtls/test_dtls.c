/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dtls.c - handshakes of two associations: roles, loss, fingerprints, attacks, memory */
#include <malloc.h>
#include <time.h>
#include "daemon/srtp/srtp.h"
#include "daemon/srtp/sdes_media.h"
#include "tests/unit/dtls/dtls_scene.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
/* Here they are the suites of srtp/suite.h. */
#undef SRTP_AEAD_AES_128_GCM
#undef SRTP_AEAD_AES_256_GCM

/* OpenSSL's allocations may fail, too. */
static void *ssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *ssl_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(old, size);
}

static void ssl_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

static __attribute__((constructor)) void use_our_memory(void)
{
	CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
}

/* Those of the last handshake: on a busy machine, one may have timed out. */
static void check_last_keys(const struct scene *scene, enum srtp_suite_id suite)
{
	const struct dtls_keys *a = &scene->end[0].keys, *b = &scene->end[1].keys;

	CU_ASSERT_TRUE_FATAL(scene->end[0].got[DTLS_EVENT_KEYS] &&
			     scene->end[1].got[DTLS_EVENT_KEYS]);
	CU_ASSERT_EQUAL(a->receive.suite->id, suite);
	CU_ASSERT_TRUE(srtp_master_eq(&a->receive, &b->send));
	CU_ASSERT_TRUE(srtp_master_eq(&a->send, &b->receive));
	CU_ASSERT_FALSE(srtp_master_eq(&a->send, &a->receive));
}

static void check_keys(const struct scene *scene, enum srtp_suite_id suite)
{
	CU_ASSERT_EQUAL_FATAL(scene->end[0].got[DTLS_EVENT_KEYS], 1);
	CU_ASSERT_EQUAL_FATAL(scene->end[1].got[DTLS_EVENT_KEYS], 1);
	check_last_keys(scene, suite);
}

static void test_two_peers_agree(void)
{
	struct scene scene;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	scene_agree(&scene);
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	CU_ASSERT_TRUE(scene.end[0].largest <= DTLS_MTU && scene.end[1].largest <= DTLS_MTU);
	/* Hello and flight; flight and end: no datagram was sent twice. */
	CU_ASSERT_EQUAL(scene.end[0].sent, 2);
	CU_ASSERT_EQUAL(scene.end[1].sent, 2);
	CU_ASSERT_FALSE(dtls_association_busy(scene.end[0].dtls));
	CU_ASSERT_EQUAL(dtls_association_tick(scene.end[0].dtls, clock_ms()), -1);
	scene_close(&scene);
}

static void test_datagrams_keep_to_the_mtu(void)
{
	struct scene scene;

	scene_open(&scene, 300, DTLS_FIRST_MS);
	scene_agree(&scene);
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	CU_ASSERT_TRUE(scene.end[0].largest <= 300 && scene.end[1].largest <= 300);
	CU_ASSERT_TRUE(scene.end[0].sent >= 4);
	scene_close(&scene);
}

static void test_handshake_survives_loss(void)
{
	for (unsigned int seed = 1; seed <= 16; seed++) {
		struct scene scene;

		scene_open(&scene, seed & 1 ? DTLS_MTU : 400, 20);
		scene.loss = 30;
		scene.seed = seed * 7919;
		scene.reorders = true;
		scene_agree(&scene);
		scene_run(&scene, SCENE_LIMIT_MS);
		check_last_keys(&scene, SRTP_AEAD_AES_128_GCM);
		scene_close(&scene);
	}
}

static void test_keys_of_another_certificate_wait(void)
{
	struct dtls_terms wrong, right;
	struct scene scene;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	wrong = scene_terms(false, scene_certs[0], DTLS_SHA_256); /* its own */
	right = scene_terms(false, scene_certs[1], DTLS_SHA_512);
	scene_agree(&scene);
	dtls_association_terms(scene.end[0].dtls, &wrong, false, clock_ms());
	scene_run(&scene, SCENE_LIMIT_MS);
	CU_ASSERT_EQUAL(scene.end[0].got[DTLS_EVENT_MISMATCH], 1);
	CU_ASSERT_EQUAL(scene.end[0].got[DTLS_EVENT_KEYS], 0);
	CU_ASSERT_STRING_EQUAL(scene.end[0].why, "the certificate is not the one of a=fingerprint");
	dtls_association_terms(scene.end[0].dtls, &right, false, clock_ms());
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	scene_close(&scene);
}

static void test_one_of_several_fingerprints_is_enough(void)
{
	struct dtls_terms terms;
	struct scene scene;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	scene_agree(&scene);
	terms = scene_terms(false, scene_certs[0], DTLS_SHA_256);
	terms.peer[terms.n++] = scene_certs[1]->fingerprint[DTLS_SHA_1 - 1];
	dtls_association_terms(scene.end[0].dtls, &terms, false, clock_ms());
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	scene_close(&scene);
}

static void test_hellos_wait_for_the_sdp(void)
{
	struct dtls_terms terms;
	struct scene scene;
	uint8_t hello[DTLS_DATAGRAM_MAX];
	size_t len;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	terms = scene_terms(true, scene_certs[0], DTLS_SHA_256);
	dtls_association_terms(scene.end[1].dtls, &terms, false, clock_ms());
	len = scene.end[1].out[0].len;
	memcpy(hello, scene.end[1].out[0].data, len);
	scene.end[1].n_out = 0;
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(dtls_association_receive(scene.end[0].dtls, hello, len, clock_ms()),
				DTLS_KEPT);
	CU_ASSERT_EQUAL(scene.end[0].sent, 0);
	CU_ASSERT_FALSE(dtls_association_busy(scene.end[0].dtls));
	terms = scene_terms(false, scene_certs[1], DTLS_SHA_256);
	dtls_association_terms(scene.end[0].dtls, &terms, false, clock_ms());
	CU_ASSERT_TRUE(scene.end[0].sent >= 1); /* at once */
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	scene_close(&scene);
}

static void test_lost_end_is_sent_again(void)
{
	struct scene scene;
	size_t before;

	scene_open(&scene, DTLS_MTU, 20);
	scene_agree(&scene);
	while (!scene.end[0].got[DTLS_EVENT_KEYS] && scene_carry(&scene))
		continue;
	scene.end[0].n_out = 0; /* the server's last flight is lost */
	CU_ASSERT_EQUAL_FATAL(scene.end[1].got[DTLS_EVENT_KEYS], 0);
	before = scene.end[0].sent;
	scene_run(&scene, SCENE_LIMIT_MS);
	CU_ASSERT_TRUE(scene.end[0].sent > before);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	scene_close(&scene);
}

static void test_last_flight_is_no_amplifier(void)
{
	struct scene_datagram copy;
	struct scene scene;
	size_t before;
	int64_t now_ms;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	scene_agree(&scene);
	scene.end[0].n_out = 0;
	dtls_association_receive(scene.end[0].dtls, scene.end[1].out[0].data,
				 scene.end[1].out[0].len, clock_ms());
	scene.end[1].n_out = 0;
	dtls_association_receive(scene.end[1].dtls, scene.end[0].out[0].data,
				 scene.end[0].out[0].len, clock_ms());
	scene.end[0].n_out = 0;
	CU_ASSERT_EQUAL_FATAL(scene.end[1].n_out, 1);
	copy = scene.end[1].out[0];
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	before = scene.end[0].bytes;
	now_ms = clock_ms() + 1000;
	for (int i = 0; i < 100; i++)
		dtls_association_receive(scene.end[0].dtls, copy.data, copy.len, now_ms);
	CU_ASSERT_TRUE(scene.end[0].bytes > before);
	CU_ASSERT_TRUE(scene.end[0].bytes - before < copy.len);
	CU_ASSERT_EQUAL(scene.end[0].got[DTLS_EVENT_KEYS], 1);
	scene_close(&scene);
}

/* Another client at the same place, or the same one that makes new keys. */
static void renew_client(struct scene *scene, const struct dtls_cert *cert)
{
	const struct dtls_association_conf conf = { .cert = cert,
						    .mtu = DTLS_MTU,
						    .first_ms = DTLS_FIRST_MS,
						    .send = scene_send,
						    .event = scene_event,
						    .arg = &scene->end[1] };
	struct dtls_terms terms = scene_terms(true, scene_certs[0], DTLS_SHA_256);

	dtls_association_free(scene->end[1].dtls);
	memset(&scene->end[1], 0, sizeof(scene->end[1]));
	scene->end[1].dtls = dtls_association_new(&conf);
	dtls_association_terms(scene->end[1].dtls, &terms, false, clock_ms());
}

static void test_new_hello_makes_new_keys(void)
{
	struct dtls_keys old;
	struct scene scene;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	scene_agree(&scene);
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	old = scene.end[0].keys;
	scene.end[0].got[DTLS_EVENT_KEYS] = 0;
	renew_client(&scene, scene_certs[1]);
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	CU_ASSERT_FALSE(srtp_master_eq(&old.send, &scene.end[0].keys.send));
	scene_close(&scene);
}

static void test_new_keys_need_the_fingerprint(void)
{
	struct scene scene;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	scene_agree(&scene);
	scene_run(&scene, SCENE_LIMIT_MS);
	renew_client(&scene, scene_certs[0]); /* another certificate */
	scene_run(&scene, SCENE_LIMIT_MS);
	CU_ASSERT_EQUAL(scene.end[0].got[DTLS_EVENT_KEYS], 1); /* those of before */
	CU_ASSERT_EQUAL(scene.end[0].got[DTLS_EVENT_MISMATCH], 1);
	scene_close(&scene);
}

static void test_restored_association_takes_a_new_hello(void)
{
	struct dtls_terms terms;
	struct scene scene;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	terms = scene_terms(true, scene_certs[1], DTLS_SHA_256);
	dtls_association_terms(scene.end[0].dtls, &terms, true, clock_ms());
	CU_ASSERT_EQUAL(scene.end[0].sent, 0); /* no handshake of its own */
	renew_client(&scene, scene_certs[1]);
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	scene_close(&scene);
}

/* A record of the handshake with a ClientHello of no ciphers. */
static size_t forge_hello(uint8_t *to, uint8_t random)
{
	static const uint8_t head[] = { 22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,   1,
					0,  0,	  0,	0, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xfd };
	size_t len = sizeof(head), body;

	memcpy(to, head, len);
	memset(to + len, random, DTLS_RANDOM);
	len += DTLS_RANDOM;
	to[len++] = 0; /* session id */
	to[len++] = 0; /* cookie */
	to[len++] = 0;
	to[len++] = 2;
	to[len++] = 0; /* TLS_NULL_WITH_NULL_NULL */
	to[len++] = 0;
	to[len++] = 1;
	to[len++] = 0;
	body = len - 25;
	to[12] = (uint8_t)(body + 12);
	to[16] = to[24] = (uint8_t)body;
	return len;
}

static void test_forged_datagrams_end_nothing(void)
{
	static const uint8_t alert[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40 };
	uint8_t hello[128];
	size_t len = forge_hello(hello, 0x55);
	struct scene scene;

	scene_open(&scene, DTLS_MTU, 20);
	scene_agree(&scene);
	do {
		for (int i = 0; i < 2; i++) {
			CU_ASSERT_EQUAL(dtls_association_receive(scene.end[i].dtls, alert,
								 sizeof(alert), clock_ms()),
					DTLS_MALFORMED);
			dtls_association_receive(scene.end[i].dtls, hello, len, clock_ms());
		}
	} while (scene_carry(&scene));
	scene_run(&scene, SCENE_LIMIT_MS);
	check_keys(&scene, SRTP_AEAD_AES_128_GCM);
	scene_close(&scene);
}

static void test_flood_of_hellos_is_cheap(void)
{
	uint8_t hello[128];
	struct scene scene;
	size_t in = 0;

	scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
	scene_agree(&scene);
	scene.end[1].n_out = 0;
	for (int i = 0; i < 2000; i++) {
		size_t len = forge_hello(hello, (uint8_t)i);

		in += len;
		dtls_association_receive(scene.end[0].dtls, hello, len, clock_ms());
	}
	CU_ASSERT_TRUE(scene.end[0].bytes < in / 10);
	CU_ASSERT_EQUAL(scene.end[0].got[DTLS_EVENT_KEYS], 0);
	scene_close(&scene);
}

static void test_active_side_repeats_its_hello(void)
{
	struct dtls_terms terms;
	struct scene scene;
	int64_t begin_ms;

	scene_open(&scene, DTLS_MTU, 16);
	terms = scene_terms(true, scene_certs[0], DTLS_SHA_256);
	dtls_association_terms(scene.end[1].dtls, &terms, false, clock_ms());
	begin_ms = clock_ms();
	while (scene.end[1].sent < 5 && clock_ms() - begin_ms < SCENE_LIMIT_MS)
		dtls_association_tick(scene.end[1].dtls, clock_ms());
	CU_ASSERT_EQUAL(scene.end[1].sent, 5);
	/* 16, 32, 64, 128; OpenSSL lets each be 15 less. */
	CU_ASSERT_TRUE(clock_ms() - begin_ms >= 180);
	CU_ASSERT_TRUE(dtls_association_busy(scene.end[1].dtls));
	scene_close(&scene);
}

/* A peer that offers one profile only. */
static void test_profiles_are_ours(void)
{
	static const struct {
		const char *offered;
		enum srtp_suite_id suite;
	} rows[] = {
		{ "SRTP_AES128_CM_SHA1_80", SRTP_AES_CM_128_SHA1_80 },
		{ "SRTP_AES128_CM_SHA1_32", SRTP_AES_CM_128_SHA1_32 },
		{ "SRTP_AEAD_AES_256_GCM", SRTP_AEAD_AES_256_GCM },
		{ "SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", SRTP_AES_CM_128_SHA1_80 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		struct dtls_cert *cert = dtls_cert_make(time(NULL));

		scene_open(&scene, DTLS_MTU, DTLS_FIRST_MS);
		SSL_CTX_set_tlsext_use_srtp(cert->ctx, rows[i].offered);
		renew_client(&scene, cert);
		struct dtls_terms terms = scene_terms(false, cert, DTLS_SHA_384);
		dtls_association_terms(scene.end[0].dtls, &terms, false, clock_ms());
		scene_run(&scene, SCENE_LIMIT_MS);
		check_keys(&scene, rows[i].suite);
		scene_close(&scene);
		dtls_cert_free(cert);
	}
}

#define MANY 64

static void test_nothing_large_is_kept(void)
{
	static struct scene scene[MANY];
	size_t before, after;

	scene_open(&scene[0], DTLS_MTU, DTLS_FIRST_MS); /* what is made once */
	scene_agree(&scene[0]);
	scene_run(&scene[0], SCENE_LIMIT_MS);
	scene_close(&scene[0]);
	before = mallinfo2().uordblks;
	for (int i = 0; i < MANY; i++) {
		scene_open(&scene[i], DTLS_MTU, DTLS_FIRST_MS);
		scene_agree(&scene[i]);
		scene_run(&scene[i], SCENE_LIMIT_MS);
	}
	after = mallinfo2().uordblks;
	CU_ASSERT_TRUE(after < before + MANY * 2 * 1536);
	for (int i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(scene[i].end[0].got[DTLS_EVENT_KEYS], 1);
		scene_close(&scene[i]);
	}
}

/* Each n at first, where the handshake begins; then some of the thousands. */
static void test_allocations_may_fail(void)
{
	bool failed = true;

	for (unsigned int n = 1; failed; n += n < 150 ? 1 : 31) {
		struct scene scene;

		scene_open(&scene, DTLS_MTU, 16);
		alloc_fail_at(n);
		scene_agree(&scene);
		scene_run(&scene, 30);
		failed = alloc_failed();
		alloc_fail_at(0);
		if (!failed) {
			scene_run(&scene, SCENE_LIMIT_MS);
			check_last_keys(&scene, SRTP_AEAD_AES_128_GCM);
		}
		for (int i = 0; i < 2; i++)
			if (scene.end[i].got[DTLS_EVENT_KEYS])
				CU_ASSERT_PTR_NOT_NULL(scene.end[i].keys.send.suite);
		scene_close(&scene);
		ERR_clear_error();
	}
}

TEST_SUITE(dtls, { "two peers agree", test_two_peers_agree },
	   { "datagrams keep to the MTU", test_datagrams_keep_to_the_mtu },
	   { "handshake survives loss and reordering", test_handshake_survives_loss },
	   { "keys of another certificate wait", test_keys_of_another_certificate_wait },
	   { "one of several fingerprints is enough", test_one_of_several_fingerprints_is_enough },
	   { "hellos wait for the SDP", test_hellos_wait_for_the_sdp },
	   { "lost end is sent again", test_lost_end_is_sent_again },
	   { "last flight is no amplifier", test_last_flight_is_no_amplifier },
	   { "new hello makes new keys", test_new_hello_makes_new_keys },
	   { "new keys need the fingerprint", test_new_keys_need_the_fingerprint },
	   { "restored association takes a new hello",
	     test_restored_association_takes_a_new_hello },
	   { "forged datagrams end nothing", test_forged_datagrams_end_nothing },
	   { "flood of hellos is cheap", test_flood_of_hellos_is_cheap },
	   { "active side repeats its hello", test_active_side_repeats_its_hello },
	   { "profiles are ours", test_profiles_are_ours },
	   { "nothing large is kept", test_nothing_large_is_kept },
	   { "allocations may fail", test_allocations_may_fail });
