/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_srtp_context.c - indexes and SSRCs under a key: replays, rollovers, strangers, limits
 */
#include "daemon/base/count.h"
#include "daemon/srtp/context.h"
#include "tests/unit/srtp/srtp_scene.h"

#define EACH_SUITE(suite) for (unsigned int suite = 1; suite <= SRTP_SUITES; suite++)

static uint64_t verdicts(const struct srtp *srtp, enum srtp_verdict verdict)
{
	return srtp_counts(srtp)->verdicts[verdict];
}

/* --- Suites -------------------------------------------------------------------------------- */

static void test_knows_suites(void)
{
	const char *name;

	EACH_SUITE(suite)
	{
		const struct srtp_suite *row = srtp_suite_by_id(suite);

		CU_ASSERT_EQUAL(row->id, suite);
		CU_ASSERT_PTR_EQUAL(srtp_suite_by_name(str_of(row->name), &name), row);
		CU_ASSERT_STRING_EQUAL(name, row->name);
		CU_ASSERT_TRUE(row->key_len <= SRTP_KEY_MAX && row->salt_len <= SRTP_SALT_MAX);
	}
	CU_ASSERT_PTR_NULL(srtp_suite_by_id(0));
	CU_ASSERT_PTR_NULL(srtp_suite_by_id(SRTP_SUITES + 1));
	CU_ASSERT_PTR_EQUAL(srtp_suite_by_profile(7), srtp_suite_by_id(SRTP_AEAD_AES_128_GCM));
	CU_ASSERT_PTR_EQUAL(srtp_suite_by_profile(1), srtp_suite_by_id(SRTP_AES_CM_128_SHA1_80));
	CU_ASSERT_PTR_NULL(srtp_suite_by_profile(0));
	CU_ASSERT_PTR_NULL(srtp_suite_by_profile(5)); /* without encryption */
	CU_ASSERT_PTR_EQUAL(srtp_suite_by_name(STR("aes_cm_256_hmac_sha1_32"), &name),
			    srtp_suite_by_id(SRTP_AES_256_CM_SHA1_32));
	CU_ASSERT_STRING_EQUAL(name, "AES_CM_256_HMAC_SHA1_32");
	CU_ASSERT_PTR_NULL(srtp_suite_by_name(STR("F8_128_HMAC_SHA1_80"), NULL));
	CU_ASSERT_PTR_NULL(srtp_suite_by_name(STR(""), NULL));
}

static void test_each_suite_passes_packets(void)
{
	EACH_SUITE(suite)
	{
		struct scene scene = scene_open(suite);
		struct scene_packet packet, plain;

		CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 5, SCENE_SSRC), SRTP_OK);
		scene_rtp(&plain, 5, SCENE_SSRC);
		CU_ASSERT_EQUAL(packet.at.len, plain.at.len + srtp_suite(scene.sender)->tag);
		CU_ASSERT_TRUE(memcmp(packet.bytes + 12, plain.bytes + 12, 160) != 0);
		CU_ASSERT_EQUAL(rtp_unprotect(scene.receiver, &packet.at, 0), SRTP_OK);
		CU_ASSERT_TRUE(scene_equal(&packet, &plain));

		scene_rtcp(&plain, 6, SCENE_SSRC);
		scene_copy(&packet, &plain);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_OK);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &packet.at, 0), SRTP_OK);
		CU_ASSERT_TRUE(scene_equal(&packet, &plain));
		CU_ASSERT_EQUAL(verdicts(scene.receiver, SRTP_OK), 2);
		scene_close(&scene);
	}
}

/* --- Forged packets ------------------------------------------------------------------------ */

/* Each byte of a packet is authenticated; one that is refused is as it was. */
static void test_refuses_changed_bytes(void)
{
	EACH_SUITE(suite)
	{
		struct scene scene = scene_open(suite);
		struct scene_packet packet, changed, copy;

		scene_rtp_of(&packet, (struct scene_shape){ 1, 1, 20, 0 }, 9, SCENE_SSRC);
		CU_ASSERT_EQUAL(rtp_protect(scene.sender, &packet.at, 0), SRTP_OK);
		for (size_t i = 0; i < packet.at.len; i++) {
			scene_copy(&changed, &packet);
			changed.bytes[i] ^= 0x02;
			scene_copy(&copy, &changed);
			CU_ASSERT_TRUE(rtp_unprotect(scene.receiver, &changed.at, 0) != SRTP_OK);
			CU_ASSERT_TRUE(scene_equal(&changed, &copy));
		}
		CU_ASSERT_EQUAL(scene_hear(&scene, &packet), SRTP_OK);
		scene_close(&scene);
	}
}

static void test_refuses_changed_rtcp(void)
{
	EACH_SUITE(suite)
	{
		struct scene scene = scene_open(suite);
		struct scene_packet packet, changed, copy;

		scene_rtcp(&packet, 5, SCENE_SSRC);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_OK);
		for (size_t i = 0; i < packet.at.len; i++) {
			scene_copy(&changed, &packet);
			changed.bytes[i] ^= 0x01;
			scene_copy(&copy, &changed);
			CU_ASSERT_TRUE(rtcp_unprotect(scene.receiver, &changed.at, 0) != SRTP_OK);
			CU_ASSERT_TRUE(scene_equal(&changed, &copy));
		}
		scene_copy(&copy, &packet);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_OK);
		scene_close(&scene);
	}
}

/* Any length, of RTP and of RTCP, from nothing to a packet without its last byte. */
static void test_refuses_cut_packets(void)
{
	EACH_SUITE(suite)
	{
		struct scene scene = scene_open(suite);
		struct scene_packet packet, cut;

		scene_rtp_of(&packet, (struct scene_shape){ 2, 1, 3, 0 }, 9, SCENE_SSRC);
		CU_ASSERT_EQUAL(rtp_protect(scene.sender, &packet.at, 0), SRTP_OK);
		for (size_t len = 0; len < packet.at.len; len++) {
			scene_copy(&cut, &packet);
			cut.at.len = len;
			CU_ASSERT_TRUE(rtp_unprotect(scene.receiver, &cut.at, 0) != SRTP_OK);
			scene_copy(&cut, &packet);
			cut.at.len = len;
			CU_ASSERT_TRUE(rtcp_unprotect(scene.receiver, &cut.at, 0) != SRTP_OK);
		}
		CU_ASSERT_EQUAL(verdicts(scene.receiver, SRTP_OK), 0);
		scene_close(&scene);
	}
}

static void test_refuses_what_is_no_packet(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct scene_packet packet;

	for (size_t len = 0; len < 12; len++) {
		scene_rtp(&packet, 1, SCENE_SSRC);
		packet.at.len = len;
		CU_ASSERT_EQUAL(rtp_protect(scene.sender, &packet.at, 0), SRTP_MALFORMED);
	}
	for (size_t len = 0; len < 8; len++) {
		scene_rtcp(&packet, 1, SCENE_SSRC);
		packet.at.len = len;
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_MALFORMED);
	}
	scene_rtp(&packet, 1, SCENE_SSRC);
	packet.bytes[0] = 0x40;
	CU_ASSERT_EQUAL(rtp_protect(scene.sender, &packet.at, 0), SRTP_MALFORMED);
	scene_rtcp(&packet, 1, SCENE_SSRC);
	packet.bytes[0] = 0x41;
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_MALFORMED);
	scene_rtp(&packet, 1, SCENE_SSRC);
	packet.bytes[0] |= 0x10; /* an extension longer than the packet */
	memset(packet.bytes + 12, 0xff, 4);
	CU_ASSERT_EQUAL(rtp_protect(scene.sender, &packet.at, 0), SRTP_MALFORMED);
	scene_close(&scene);
}

/* One byte less than the packet grows by. */
static void test_never_writes_beyond_the_memory(void)
{
	EACH_SUITE(suite)
	{
		struct srtp_master master = scene_master(suite, 1, SRTP_MKI_MAX);
		struct srtp *srtp = srtp_new(&master, SRTP_SEND);
		struct scene_packet packet;
		size_t grown;

		scene_rtp(&packet, 1, SCENE_SSRC);
		grown = packet.at.len + master.suite->tag + SRTP_MKI_MAX;
		packet.at.size = grown - 1;
		CU_ASSERT_EQUAL(rtp_protect(srtp, &packet.at, 0), SRTP_MALFORMED);
		packet.at.size = grown;
		packet.bytes[grown] = 0x5a;
		CU_ASSERT_EQUAL(rtp_protect(srtp, &packet.at, 0), SRTP_OK);
		CU_ASSERT_EQUAL(packet.at.len, grown);
		CU_ASSERT_EQUAL(packet.bytes[grown], 0x5a);

		scene_rtcp(&packet, 1, SCENE_SSRC);
		grown = packet.at.len + master.suite->rtcp_tag + SRTP_MKI_MAX + SRTCP_WORD;
		CU_ASSERT_TRUE(grown - packet.at.len <= SRTP_GROWTH);
		packet.at.size = grown - 1;
		CU_ASSERT_EQUAL(rtcp_protect(srtp, &packet.at, 0), SRTP_MALFORMED);
		packet.at.size = grown;
		CU_ASSERT_EQUAL(rtcp_protect(srtp, &packet.at, 0), SRTP_OK);
		CU_ASSERT_EQUAL(packet.at.len, grown);
		srtp_free(srtp);
	}
}

static void test_refuses_another_mki(void)
{
	EACH_SUITE(suite)
	{
		struct srtp_master master = scene_master(suite, 1, 4);
		struct scene scene = { srtp_new(&master, SRTP_SEND), NULL, 0 };
		struct scene_packet packet, copy;

		master.mki.bytes[3] ^= 1;
		scene.receiver = srtp_new(&master, SRTP_RECEIVE);
		CU_ASSERT_EQUAL(scene_pass(&scene, 1, SCENE_SSRC), SRTP_FORGED);
		scene_rtcp(&packet, 1, SCENE_SSRC);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_OK);
		scene_copy(&copy, &packet);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_FORGED);
		srtp_free(scene.receiver);

		master.mki.bytes[3] ^= 1;
		scene.receiver = srtp_new(&master, SRTP_RECEIVE);
		CU_ASSERT_EQUAL(scene_pass(&scene, 2, SCENE_SSRC), SRTP_OK);
		scene_copy(&copy, &packet);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_OK);
		scene_close(&scene);
	}
}

/* --- Replays ------------------------------------------------------------------------------- */

static void test_refuses_replays(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_128_GCM);
	struct scene_packet packets[300];

	for (unsigned int i = 0; i < COUNT(packets); i++)
		CU_ASSERT_EQUAL(scene_seal(&scene, &packets[i], (uint16_t)i, SCENE_SSRC), SRTP_OK);
	for (unsigned int i = 0; i < COUNT(packets); i += 2)
		CU_ASSERT_EQUAL(scene_hear(&scene, &packets[i]), SRTP_OK);
	for (unsigned int i = 0; i < COUNT(packets); i += 2)
		CU_ASSERT_EQUAL(scene_hear(&scene, &packets[i]), SRTP_REPLAYED);
	/* The late ones: the last SRTP_WINDOW indexes, up to 298. */
	for (unsigned int i = 1; i < COUNT(packets); i += 2)
		CU_ASSERT_EQUAL(scene_hear(&scene, &packets[i]),
				i <= 298 - SRTP_WINDOW ? SRTP_REPLAYED : SRTP_OK);
	scene_close(&scene);
}

static void test_refuses_replayed_rtcp(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_32);
	struct scene_packet first, second, copy;

	scene_rtcp(&first, 1, SCENE_SSRC);
	scene_rtcp(&second, 1, SCENE_SSRC);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &first.at, 0), SRTP_OK);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &second.at, 0), SRTP_OK);
	scene_copy(&copy, &second);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_OK);
	scene_copy(&copy, &second);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_REPLAYED);
	scene_copy(&copy, &first);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_OK);
	scene_copy(&copy, &first);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &copy.at, 0), SRTP_REPLAYED);
	scene_close(&scene);
}

/* The key stream of an index is used once, whatever the other side sends. */
static void test_never_seals_an_index_twice(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_128_GCM);
	struct scene_packet packet, plain;

	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1000, SCENE_SSRC), SRTP_OK);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1002, SCENE_SSRC), SRTP_OK);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1000, SCENE_SSRC), SRTP_REPLAYED);
	scene_rtp(&plain, 1000, SCENE_SSRC);
	CU_ASSERT_TRUE(scene_equal(&packet, &plain)); /* as it was */
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1001, SCENE_SSRC), SRTP_OK);
	/* A sequence that begins again */
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1, SCENE_SSRC), SRTP_REPLAYED);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1, SCENE_SSRC + 1), SRTP_OK);
	CU_ASSERT_EQUAL(verdicts(scene.sender, SRTP_REPLAYED), 2);
	scene_close(&scene);
}

/* --- Rollover counters --------------------------------------------------------------------- */

static const struct {
	uint64_t top;
	uint16_t seq;
	uint64_t index;
} guesses[] = {
	{ 0, 0, 0 },
	{ 0, 65535, 65535 }, /* nothing is before the first rollover */
	{ 1000, 33768, 33768 },
	{ 1000, 40000, 40000 },
	{ 65535, 0, 65536 },
	{ 40000, 7231, 65536 + 7231 },
	{ 40000, 7232, 7232 }, /* exactly half: the same rollover, as libsrtp has it */
	{ 65536 + 1000, 40000, 40000 },
	{ 65536 + 1000, 33768, 65536 + 33768 },
	{ 65536 * 7ULL + 65535, 1, 65536 * 8ULL + 1 },
	{ 65536 * 7ULL + 5, 65530, 65536 * 6ULL + 65530 },
	{ SRTP_INDEX_MAX, 0, SRTP_INDEX_MAX + 1 },
};

static void test_guesses_the_index(void)
{
	for (size_t i = 0; i < COUNT(guesses); i++)
		CU_ASSERT_EQUAL(srtp_guess_index(guesses[i].top, guesses[i].seq), guesses[i].index);
}

/* A sequence began shortly before the wrap, and its first packets are lost. */
static void test_first_packet_after_a_wrap(void)
{
	EACH_SUITE(suite)
	{
		struct scene scene = scene_open(suite);
		struct scene_packet packet;

		CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 65534, SCENE_SSRC), SRTP_OK);
		CU_ASSERT_EQUAL(scene_pass(&scene, 3, SCENE_SSRC), SRTP_OK);
		CU_ASSERT_EQUAL(scene_hear(&scene, &packet), SRTP_OK); /* late */
		CU_ASSERT_EQUAL(scene_pass(&scene, 4, SCENE_SSRC), SRTP_OK);
		scene_close(&scene);
	}
}

static void test_follows_rollovers(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);

	for (uint32_t seq = 0; seq < 20 * 65536; seq += 30011)
		CU_ASSERT_EQUAL(scene_pass(&scene, (uint16_t)seq, SCENE_SSRC), SRTP_OK);
	scene_close(&scene);
}

/* The sender goes on, by @packets in steps, while nothing arrives. */
static void lose(struct scene *scene, uint32_t from, uint32_t packets)
{
	struct scene_packet packet;

	for (uint32_t lost = 0; lost < packets; lost += 20000)
		CU_ASSERT_EQUAL(scene_seal(scene, &packet, (uint16_t)(from + lost), SCENE_SSRC),
				SRTP_OK);
}

static const struct {
	uint32_t from, lost;
	unsigned int searches; /* at most, until it is found */
} losses[] = {
	{ 70000, 65536 + 40000, 1 },
	{ 100, 2 * 65536, 1 },
	{ 5000, 20 * 65536, 7 },
};

static void test_finds_the_rollover_counter_after_long_loss(void)
{
	EACH_SUITE(suite)
	{
		for (size_t i = 0; i < COUNT(losses); i++) {
			struct scene scene = scene_open(suite);
			uint32_t seq = losses[i].from + losses[i].lost;
			unsigned int packets = 0;

			if (losses[i].from >= 65536)
				CU_ASSERT_EQUAL(scene_pass(&scene, 60000, SCENE_SSRC), SRTP_OK);
			CU_ASSERT_EQUAL(scene_pass(&scene, (uint16_t)losses[i].from, SCENE_SSRC),
					SRTP_OK);
			lose(&scene, losses[i].from + 20000, losses[i].lost - 20000);
			while (scene_pass(&scene, (uint16_t)seq++, SCENE_SSRC) != SRTP_OK) {
				scene.now += SRTP_SEARCH_MS;
				CU_ASSERT_TRUE_FATAL(++packets < 100);
			}
			CU_ASSERT_TRUE(srtp_counts(scene.receiver)->searches <= losses[i].searches);
			CU_ASSERT_EQUAL(srtp_counts(scene.receiver)->found, 1);
			CU_ASSERT_EQUAL(scene_pass(&scene, (uint16_t)seq, SCENE_SSRC), SRTP_OK);
			scene_close(&scene);
		}
	}
}

/* Packets with wrong tags, far ahead: the index stays, and searches are few, however many come. */
static void test_forged_packets_move_nothing(void)
{
	EACH_SUITE(suite)
	{
		struct scene scene = scene_open(suite);
		struct scene_packet packet;

		CU_ASSERT_EQUAL(scene_pass(&scene, 1000, SCENE_SSRC), SRTP_OK);
		for (unsigned int i = 0; i < 5000; i++) {
			scene_rtp(&packet, (uint16_t)(i * 13), SCENE_SSRC);
			CU_ASSERT_TRUE(rtp_unprotect(scene.receiver, &packet.at, scene.now) !=
				       SRTP_OK);
			scene.now += i % 10 == 0;
		}
		/* 500 ms */
		CU_ASSERT_TRUE(srtp_counts(scene.receiver)->searches >= 4);
		CU_ASSERT_TRUE(srtp_counts(scene.receiver)->searches <= 6);
		CU_ASSERT_EQUAL(srtp_counts(scene.receiver)->found, 0);
		CU_ASSERT_EQUAL(scene_pass(&scene, 1001, SCENE_SSRC), SRTP_OK);
		scene_close(&scene);
	}
}

/* Recorded packets of earlier rollovers, sent again in a pause: none is accepted. */
static void test_recorded_packets_set_nothing_back(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct scene_packet recorded[20];

	for (unsigned int i = 0; i < COUNT(recorded); i++) {
		CU_ASSERT_EQUAL(scene_seal(&scene, &recorded[i], (uint16_t)(i * 20), SCENE_SSRC),
				SRTP_OK);
		CU_ASSERT_EQUAL(scene_hear(&scene, &recorded[i]), SRTP_OK);
	}
	for (uint32_t seq = 20000; seq < 3 * 65536; seq += 20000)
		CU_ASSERT_EQUAL(scene_pass(&scene, (uint16_t)seq, SCENE_SSRC), SRTP_OK);
	for (unsigned int i = 0; i < 10 * COUNT(recorded); i++) {
		scene.now += SRTP_SEARCH_MS;
		CU_ASSERT_TRUE(scene_hear(&scene, &recorded[i % COUNT(recorded)]) != SRTP_OK);
	}
	CU_ASSERT_EQUAL(srtp_counts(scene.receiver)->found, 0);
	CU_ASSERT_EQUAL(scene_pass(&scene, 200, SCENE_SSRC), SRTP_OK);
	scene_close(&scene);
}

/* --- SSRCs --------------------------------------------------------------------------------- */

static void test_ssrcs_have_their_own_indexes(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_256_GCM);

	for (uint32_t i = 0; i < SRTP_SSRCS; i++)
		CU_ASSERT_EQUAL(scene_pass(&scene, (uint16_t)(i * 5000), i), SRTP_OK);
	for (uint32_t i = 0; i < SRTP_SSRCS; i++)
		CU_ASSERT_EQUAL(scene_pass(&scene, (uint16_t)(i * 5000 + 1), i), SRTP_OK);
	/* One that goes and comes back goes on, also after a wrap. */
	CU_ASSERT_EQUAL(scene_pass(&scene, 30000, 0), SRTP_OK);
	CU_ASSERT_EQUAL(scene_pass(&scene, 60000, 0), SRTP_OK);
	CU_ASSERT_EQUAL(scene_pass(&scene, 10, 0), SRTP_OK);
	scene_close(&scene);
}

/* The SSRC that was silent for longest gives way. */
static void test_new_ssrc_replaces_an_idle_one(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct scene_packet packet;

	for (uint32_t i = 0; i < SRTP_SSRCS; i++) {
		CU_ASSERT_EQUAL(scene_pass(&scene, 1, i), SRTP_OK);
		scene.now += 100;
	}
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1, 100), SRTP_CROWDED);
	CU_ASSERT_EQUAL(scene_pass(&scene, 2, 0), SRTP_OK);
	scene.now += SRTP_IDLE_MS - 100 * SRTP_SSRCS + 100;
	CU_ASSERT_EQUAL(scene_pass(&scene, 1, 100), SRTP_OK);
	CU_ASSERT_EQUAL(srtp_counts(scene.sender)->replaced, 1);
	CU_ASSERT_EQUAL(srtp_counts(scene.receiver)->replaced, 1);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1, 101), SRTP_CROWDED);
	/* 1 gave way: its indexes are not known, so it may not begin again. */
	CU_ASSERT_EQUAL(scene_pass(&scene, 3, 0), SRTP_OK);
	scene.now += 2 * SRTP_IDLE_MS;
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 2, 1), SRTP_CROWDED);
	CU_ASSERT_EQUAL(scene_pass(&scene, 1, 102), SRTP_OK);
	scene_close(&scene);
}

/* Only who has the key takes a place; also by SRTCP. */
static void test_strangers_take_no_place(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct scene_packet packet;

	for (uint32_t i = 0; i < 1000; i++) {
		scene_rtp(&packet, 1, i + 1000);
		CU_ASSERT_EQUAL(rtp_unprotect(scene.receiver, &packet.at, 0), SRTP_FORGED);
		scene_rtcp(&packet, 10, i + 1000);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &packet.at, 0), SRTP_FORGED);
	}
	for (uint32_t i = 0; i < SRTP_SSRCS; i++)
		CU_ASSERT_EQUAL(scene_pass(&scene, 1, i), SRTP_OK);
	CU_ASSERT_EQUAL(srtp_counts(scene.receiver)->replaced, 0);
	scene_close(&scene);
}

/* An SSRC that has only sent SRTCP: its first SRTP packet is the first. */
static void test_rtcp_alone_starts_no_sequence(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_128_GCM);
	struct scene_packet packet;

	scene_rtcp(&packet, 1, SCENE_SSRC);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_OK);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &packet.at, 0), SRTP_OK);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 65534, SCENE_SSRC), SRTP_OK);
	CU_ASSERT_EQUAL(scene_pass(&scene, 3, SCENE_SSRC), SRTP_OK);
	CU_ASSERT_EQUAL(scene.receiver->source_count, 1);
	scene_close(&scene);
}

/* --- Keys ---------------------------------------------------------------------------------- */

static void test_ends_with_the_last_index(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct scene_packet packet;

	CU_ASSERT_EQUAL(scene_pass(&scene, 1, SCENE_SSRC), SRTP_OK);
	srtp_source_find(scene.sender, SCENE_SSRC)->rtp.top = SRTP_INDEX_MAX - 1;
	srtp_source_find(scene.receiver, SCENE_SSRC)->rtp.top = SRTP_INDEX_MAX - 1;
	CU_ASSERT_EQUAL(scene_pass(&scene, 65535, SCENE_SSRC), SRTP_OK);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 0, SCENE_SSRC), SRTP_ENDED);
	CU_ASSERT_TRUE(scene_hear(&scene, &packet) != SRTP_OK);

	scene.sender->rtcp_sent = SRTCP_INDEX_MAX - 1;
	scene_rtcp(&packet, 1, SCENE_SSRC);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_OK);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &packet.at, 0), SRTP_OK);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_ENDED);
	scene_close(&scene);
}

/* A new key for the same SSRC: its rollover counter goes on, or begins with 0. */
static void test_new_key_keeps_or_drops_the_rollover_counter(void)
{
	for (unsigned int restarts = 0; restarts < 2; restarts++) {
		struct scene old = scene_open(SRTP_AEAD_AES_128_GCM), fresh;
		struct srtp_master master = scene_master(SRTP_AES_CM_128_SHA1_80, 2, 0);

		for (uint32_t seq = 0; seq <= 3 * 65536; seq += 16384)
			CU_ASSERT_EQUAL(scene_pass(&old, (uint16_t)seq, SCENE_SSRC), SRTP_OK);
		fresh = (struct scene){ srtp_new(&master, SRTP_SEND),
					srtp_new(&master, SRTP_RECEIVE), old.now };
		if (!restarts)
			srtp_inherit(fresh.sender, old.sender);
		srtp_inherit(fresh.receiver, old.receiver);
		CU_ASSERT_EQUAL(scene_pass(&fresh, 1, SCENE_SSRC), SRTP_OK);
		CU_ASSERT_EQUAL(srtp_source_find(fresh.receiver, SCENE_SSRC)->rtp.top,
				restarts ? 1 : 3 * 65536 + 1);
		CU_ASSERT_EQUAL(scene_pass(&fresh, 0, SCENE_SSRC),
				SRTP_OK); /* late, not a replay */
		CU_ASSERT_EQUAL(scene_pass(&fresh, 1, SCENE_SSRC + 1), SRTP_OK);
		scene_close(&old);
		scene_close(&fresh);
	}
}

static void test_fails_without_memory(void)
{
	long before = alloc_live();

	EACH_SUITE(suite)
	{
		struct srtp_master master = scene_master(suite, 1, 0);
		struct srtp *srtp;

		ALLOC_FAILS_AT_EACH
		{
			srtp = srtp_new(&master, SRTP_SEND);
			CU_ASSERT_EQUAL(!srtp, alloc_failed());
			srtp_free(srtp);
		}
		/* Packets need none. */
		struct scene scene = scene_open(suite);
		struct scene_packet packet;

		alloc_fail_at(1);
		CU_ASSERT_EQUAL(scene_pass(&scene, 1, SCENE_SSRC), SRTP_OK);
		scene_rtcp(&packet, 4, SCENE_SSRC);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, 0), SRTP_OK);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &packet.at, 0), SRTP_OK);
		CU_ASSERT_FALSE(alloc_failed());
		alloc_fail_at(0);
		scene_close(&scene);
	}
	CU_ASSERT_EQUAL(alloc_live(), before);
}

TEST_SUITE(srtp_context, { "knows its suites", test_knows_suites },
	   { "each suite passes packets", test_each_suite_passes_packets },
	   { "refuses changed bytes", test_refuses_changed_bytes },
	   { "refuses changed bytes of SRTCP", test_refuses_changed_rtcp },
	   { "refuses cut packets", test_refuses_cut_packets },
	   { "refuses what is no packet", test_refuses_what_is_no_packet },
	   { "never writes beyond the memory", test_never_writes_beyond_the_memory },
	   { "refuses another MKI", test_refuses_another_mki },
	   { "refuses replays", test_refuses_replays },
	   { "refuses replayed SRTCP", test_refuses_replayed_rtcp },
	   { "never seals an index twice", test_never_seals_an_index_twice },
	   { "guesses the index", test_guesses_the_index },
	   { "first packet after a wrap", test_first_packet_after_a_wrap },
	   { "follows rollovers", test_follows_rollovers },
	   { "finds the rollover counter after long loss",
	     test_finds_the_rollover_counter_after_long_loss },
	   { "forged packets move nothing", test_forged_packets_move_nothing },
	   { "recorded packets set nothing back", test_recorded_packets_set_nothing_back },
	   { "SSRCs have their own indexes", test_ssrcs_have_their_own_indexes },
	   { "a new SSRC replaces an idle one", test_new_ssrc_replaces_an_idle_one },
	   { "strangers take no place", test_strangers_take_no_place },
	   { "SRTCP alone starts no sequence", test_rtcp_alone_starts_no_sequence },
	   { "ends with the last index", test_ends_with_the_last_index },
	   { "a new key keeps or drops the rollover counter",
	     test_new_key_keeps_or_drops_the_rollover_counter },
	   { "fails without memory", test_fails_without_memory });
