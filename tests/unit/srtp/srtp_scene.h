/* SPDX-License-Identifier: GPL-2.0-or-later */
/* srtp_scene.h - master keys and packets of any shape for the tests of srtp/ */
#ifndef RTPRELAY_TEST_SRTP_SCENE_H
#define RTPRELAY_TEST_SRTP_SCENE_H

#include <string.h>
#include "daemon/srtp/srtp.h"
#include "tests/unit/test.h"

#define SCENE_SIZE 2048
#define SCENE_SSRC 0xcafe0001

/* @extension: words of the RTP header extension; -1: none. @padding: bytes at the end, or 0 */
struct scene_shape {
	unsigned int csrcs;
	int extension;
	size_t payload;
	uint8_t padding;
};

struct scene_packet {
	uint8_t bytes[SCENE_SIZE];
	struct srtp_packet at;
};

/* Keys that are the same for the same suite and @seed. */
static inline struct srtp_master scene_master(unsigned int suite, unsigned int seed,
					      uint8_t mki_len)
{
	struct srtp_master master = { .suite = srtp_suite_by_id(suite), .mki = { .len = mki_len } };

	for (unsigned int i = 0; i < master.suite->key_len; i++)
		master.key[i] = (uint8_t)(seed * 31 + i * 7 + 1);
	for (unsigned int i = 0; i < master.suite->salt_len; i++)
		master.salt[i] = (uint8_t)(seed * 17 + i * 5 + 3);
	for (unsigned int i = 0; i < mki_len; i++)
		master.mki.bytes[i] = (uint8_t)(i + 9);
	return master;
}

static inline void scene_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static inline void scene_start(struct scene_packet *packet, size_t len)
{
	packet->at = (struct srtp_packet){ packet->bytes, len, SCENE_SIZE };
}

static inline void scene_rtp_of(struct scene_packet *packet, struct scene_shape shape, uint16_t seq,
				uint32_t ssrc)
{
	size_t len = 12 + 4 * shape.csrcs;
	uint8_t *at;

	memset(packet, 0, sizeof(*packet));
	at = packet->bytes;
	at[0] = (uint8_t)(0x80 | shape.csrcs | (shape.extension >= 0 ? 0x10 : 0) |
			  (shape.padding ? 0x20 : 0));
	at[1] = 8;
	at[2] = (uint8_t)(seq >> 8);
	at[3] = (uint8_t)seq;
	scene_u32(at + 4, seq * 160U);
	scene_u32(at + 8, ssrc);
	for (size_t i = 12; i < len; i++)
		at[i] = (uint8_t)(i * 3);
	if (shape.extension >= 0) {
		scene_u32(at + len, 0xbede0000U | (uint32_t)shape.extension);
		len += 4;
		for (int i = 0; i < 4 * shape.extension; i++)
			at[len++] = (uint8_t)(i + 0x40);
	}
	for (size_t i = 0; i < shape.payload; i++)
		at[len++] = (uint8_t)(seq + i);
	if (shape.padding) {
		len += shape.padding;
		at[len - 1] = shape.padding;
	}
	scene_start(packet, len);
}

/* A voice packet: 172 bytes. */
static inline void scene_rtp(struct scene_packet *packet, uint16_t seq, uint32_t ssrc)
{
	scene_rtp_of(packet, (struct scene_shape){ 0, -1, 160, 0 }, seq, ssrc);
}

/* @words: behind the first eight bytes */
static inline void scene_rtcp(struct scene_packet *packet, unsigned int words, uint32_t ssrc)
{
	memset(packet->bytes, 0, SCENE_SIZE);
	packet->bytes[0] = 0x81;
	packet->bytes[1] = 201;
	packet->bytes[3] = (uint8_t)(words + 1);
	scene_u32(packet->bytes + 4, ssrc);
	for (unsigned int i = 0; i < 4 * words; i++)
		packet->bytes[8 + i] = (uint8_t)(i * 11 + words);
	scene_start(packet, 8 + 4 * (size_t)words);
}

static inline bool scene_equal(const struct scene_packet *a, const struct scene_packet *b)
{
	return a->at.len == b->at.len && !memcmp(a->bytes, b->bytes, a->at.len);
}

/* The copy has its own bytes. */
static inline void scene_copy(struct scene_packet *to, const struct scene_packet *from)
{
	*to = *from;
	to->at.data = to->bytes;
}

/* --- Both ends of a key -------------------------------------------------------------------- */

struct scene {
	struct srtp *sender, *receiver;
	int64_t now;
};

static inline struct scene scene_open(unsigned int suite)
{
	struct srtp_master master = scene_master(suite, 1, 0);
	struct scene scene = { srtp_new(&master, SRTP_SEND), srtp_new(&master, SRTP_RECEIVE),
			       1000 };

	CU_ASSERT_TRUE_FATAL(scene.sender && scene.receiver);
	return scene;
}

static inline void scene_close(struct scene *scene)
{
	srtp_free(scene->sender);
	srtp_free(scene->receiver);
}

/* A sealed voice packet. Return: what the sender says */
static inline enum srtp_verdict scene_seal(struct scene *scene, struct scene_packet *packet,
					   uint16_t seq, uint32_t ssrc)
{
	scene_rtp(packet, seq, ssrc);
	return rtp_protect(scene->sender, &packet->at, scene->now);
}

/* The packet as it is stays sealed: a copy of it is opened. */
static inline enum srtp_verdict scene_hear(struct scene *scene, const struct scene_packet *packet)
{
	struct scene_packet copy;

	scene_copy(&copy, packet);
	return rtp_unprotect(scene->receiver, &copy.at, scene->now);
}

/* Sealed and opened: the packet arrives. Return: what the receiver says */
static inline enum srtp_verdict scene_pass(struct scene *scene, uint16_t seq, uint32_t ssrc)
{
	struct scene_packet packet;

	CU_ASSERT_EQUAL(scene_seal(scene, &packet, seq, ssrc), SRTP_OK);
	return scene_hear(scene, &packet);
}

#endif
