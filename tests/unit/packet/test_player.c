/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_player.c - packets of a prompt, by a clock that is handed in */
#include "daemon/packet/player.h"
#include "tests/unit/test.h"

#define START_US 1000000

static struct prompt *prompt_of(enum prompt_format format, size_t len)
{
	uint8_t bytes[2000];
	struct prompt *prompt;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)i;
	prompt = prompt_new(STR("a"), format, bytes, len, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(prompt);
	return prompt;
}

static unsigned int seq_of(const uint8_t *p)
{
	return p[2] << 8 | p[3];
}

static uint32_t word_of(const uint8_t *p, int at)
{
	return (uint32_t)p[at] << 24 | (uint32_t)p[at + 1] << 16 | (uint32_t)p[at + 2] << 8 |
	       p[at + 3];
}

static void test_packets_come_on_time(void)
{
	const struct player_conf conf = { .pt = 8, .packet_ms = 20, .times = 1 };
	struct player p = { .ssrc = 5, .seq = 65535, .timestamp = 100, .known = true };
	uint8_t to[PLAYER_PACKET_ROOM];

	player_begin(&p, prompt_of(PROMPT_PCMA, 400), &conf, 7);
	CU_ASSERT_EQUAL(player_packet(&p, START_US, 0, to), 172);
	CU_ASSERT_EQUAL(to[0], 0x80);
	CU_ASSERT_EQUAL(to[1], 0x80 | 8);
	CU_ASSERT_EQUAL(seq_of(to), 65535);
	CU_ASSERT_EQUAL(word_of(to, 4), 100);
	CU_ASSERT_EQUAL(word_of(to, 8), 5);
	CU_ASSERT_EQUAL(to[12], 0);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 19999, 0, to), 0);
	/* 5 ms late: the next one is not. */
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 25000, 0, to), 172);
	CU_ASSERT_EQUAL(to[1], 8);
	CU_ASSERT_EQUAL(seq_of(to), 0);
	CU_ASSERT_EQUAL(word_of(to, 4), 260);
	CU_ASSERT_EQUAL(to[12], 160);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 39999, 0, to), 0);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 40000, 0, to), 12 + 80);
	CU_ASSERT_FALSE(player_is_over(&p, START_US + 49999)); /* its last 10 ms are heard */
	CU_ASSERT_TRUE(player_is_over(&p, START_US + 50000));
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 60000, 0, to), 0);
	CU_ASSERT_EQUAL(p.sent, 3);
	CU_ASSERT_EQUAL(p.played_bytes, 400);
	player_end(&p);
	CU_ASSERT_EQUAL(p.done, 7);
}

static void test_a_long_pause_moves_the_times(void)
{
	const struct player_conf conf = { .packet_ms = 20, .times = 1 };
	struct player p = { .ssrc = 5 };
	uint8_t to[PLAYER_PACKET_ROOM];

	player_begin(&p, prompt_of(PROMPT_PCMU, 800), &conf, 1);
	player_packet(&p, START_US, 0, to);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 1000000, 0, to), 172);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 1019999, 0, to), 0); /* no burst */
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 1020000, 0, to), 172);
	player_end(&p);
}

static void test_repeats(void)
{
	const struct player_conf conf = { .packet_ms = 20, .times = 2, .start = 160 };
	struct player p = { .ssrc = 5 };
	uint8_t to[PLAYER_PACKET_ROOM];
	int64_t now_us = START_US;
	int first[5] = { 160, 0, 160, -1, -1 };

	player_begin(&p, prompt_of(PROMPT_PCMU, 320), &conf, 1);
	for (int i = 0; i < 5; i++, now_us += 20000) {
		size_t len = player_packet(&p, now_us, 0, to);

		CU_ASSERT_EQUAL(len ? to[12] : -1, first[i]);
		CU_ASSERT_EQUAL(len ? to[1] >> 7 : 0, i == 0);
	}
	CU_ASSERT_TRUE(player_is_over(&p, now_us));
	player_end(&p);
}

static void test_for_ever_and_for_a_time(void)
{
	struct player_conf conf = { .packet_ms = 20, .times = 0 };
	struct player p = { .ssrc = 5 };
	uint8_t to[PLAYER_PACKET_ROOM];
	int64_t now_us = START_US;

	player_begin(&p, prompt_of(PROMPT_PCMU, 160), &conf, 1);
	for (int i = 0; i < 1000; i++, now_us += 20000)
		CU_ASSERT_EQUAL(player_packet(&p, now_us, 0, to), 172);
	conf.duration_ms = 100;
	player_begin(&p, prompt_of(PROMPT_PCMU, 160), &conf, 2);
	CU_ASSERT_EQUAL(p.done, 1);
	for (int i = 0; i < 5; i++, now_us += 20000)
		CU_ASSERT_EQUAL(player_packet(&p, now_us, 0, to), 172);
	CU_ASSERT_TRUE(player_is_over(&p, now_us));
	player_end(&p);
}

static void test_the_stream_goes_on_between_prompts(void)
{
	const struct player_conf conf = { .packet_ms = 20, .times = 1 };
	struct player p = { .ssrc = 5, .seq = 10, .timestamp = 1000 };
	uint8_t to[PLAYER_PACKET_ROOM];

	player_begin(&p, prompt_of(PROMPT_PCMU, 160), &conf, 1);
	player_packet(&p, START_US, 0, to);
	player_begin(&p, prompt_of(PROMPT_PCMU, 160), &conf, 2);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 1020000, 0, to), 172);
	CU_ASSERT_EQUAL(seq_of(to), 11);
	CU_ASSERT_EQUAL(word_of(to, 4), 1000 + 160 + 8000);
	CU_ASSERT_EQUAL(to[1] >> 7, 1);
	player_begin(&p, prompt_of(PROMPT_PCMU, 160), &conf, 3);
	player_packet(&p, START_US + 2000000, 5, to);
	CU_ASSERT_NOT_EQUAL(word_of(to, 8), 5); /* the call's */
	player_end(&p);
}

static void test_frames_are_whole(void)
{
	struct player_conf conf = { .pt = 3, .packet_ms = 30, .times = 1 };
	struct player p = { .ssrc = 5 };
	uint8_t to[PLAYER_PACKET_ROOM];

	player_begin(&p, prompt_of(PROMPT_GSM, 3 * 33), &conf, 1);
	CU_ASSERT_EQUAL(player_packet(&p, START_US, 0, to), 12 + 66);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 39999, 0, to), 0);
	CU_ASSERT_EQUAL(player_packet(&p, START_US + 40000, 0, to), 12 + 33);
	player_end(&p);
}

TEST_SUITE(player, { "packets come on time", test_packets_come_on_time },
	   { "a long pause moves the times", test_a_long_pause_moves_the_times },
	   { "repeats", test_repeats }, { "for ever and for a time", test_for_ever_and_for_a_time },
	   { "the stream goes on between prompts", test_the_stream_goes_on_between_prompts },
	   { "frames are whole", test_frames_are_whole });
