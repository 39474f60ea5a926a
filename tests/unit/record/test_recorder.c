/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/record/recorder.h"
#include "tests/unit/record/hold_scene.h"
#include "tests/unit/test.h"

#define SEEN 64

/* A sink, and what it was given; read by the test after the thread has ended. */
struct seen {
	struct record_letter letter;
	struct record_sink sink;
	uint32_t taps[3];
	uint32_t tap[SEEN];
	int64_t time_ns[SEEN];
	unsigned int n, last_ticks, bursts, in_burst, longest_burst;
	uint64_t lost, lost_in_kernel;
};

static void on_packet(void *arg, const struct tap_packet *packet, int64_t time_ns)
{
	struct seen *seen = arg;

	if (seen->n < SEEN) {
		seen->tap[seen->n] = packet->tap;
		seen->time_ns[seen->n] = time_ns;
	}
	seen->n++;
	seen->in_burst++;
}

static void on_burst_ends(void *arg)
{
	struct seen *seen = arg;

	if (seen->in_burst > seen->longest_burst)
		seen->longest_burst = seen->in_burst;
	seen->in_burst = 0;
	seen->bursts++;
}

static void on_tick(void *arg, int64_t now_us, int64_t now_ns, bool last)
{
	struct seen *seen = arg;

	(void)now_us;
	(void)now_ns;
	seen->last_ticks += last;
}

static void on_lost(void *arg, uint64_t count, bool kernel)
{
	struct seen *seen = arg;

	*(kernel ? &seen->lost_in_kernel : &seen->lost) += count;
}

static const struct record_sink_ops ops = { on_packet, on_tick, on_lost, on_burst_ends };

static void listen_all(struct recorder *recorder, struct record_letter *letter)
{
	struct seen *seen = (struct seen *)letter;

	seen->sink.ops = &ops;
	seen->sink.arg = seen;
	for (int i = 0; i < 3 && seen->taps[i]; i++) {
		CU_ASSERT_EQUAL(recorder_add(recorder, &seen->sink, seen->taps[i]), 0);
		CU_ASSERT_EQUAL(recorder_add(recorder, &seen->sink, seen->taps[i]), 0);
	}
}

static void put(struct tap_ring *ring, uint32_t tap, int64_t time_us)
{
	struct tap_packet *packet = tap_ring_slot(ring, 20);

	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	packet->tap = tap;
	packet->time_us = time_us;
	tap_ring_put(ring, packet);
}

static void on_look(void *arg)
{
	__atomic_add_fetch((unsigned int *)arg, 1, __ATOMIC_RELAXED);
}

struct scene {
	struct tap_ring *ring[2];
	struct recorder *recorder;
};

/* @looks: how often the recorder's thread has looked at the disk */
static void open_scene_that_looks(struct scene *s, unsigned int *looks)
{
	struct recorder_conf conf = { .rings = s->ring,
				      .n_rings = 2,
				      .own_bytes = TAP_RING_MIN,
				      .look = looks ? on_look : NULL,
				      .look_arg = looks };
	int error;

	for (int i = 0; i < 2; i++)
		s->ring[i] = tap_ring_new(TAP_RING_MIN);
	s->recorder = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->recorder);
}

static void open_scene(struct scene *s)
{
	open_scene_that_looks(s, NULL);
}

static void close_scene(struct scene *s)
{
	recorder_close(s->recorder, RECORDER_TEST_MS);
	for (int i = 0; i < 2; i++)
		tap_ring_free(s->ring[i]);
}

static void test_rings_are_merged_by_time(void)
{
	struct seen first = { .letter = { .run = listen_all }, .taps = { 1, 2 } };
	struct seen second = { .letter = { .run = listen_all }, .taps = { 2 } };
	static const uint32_t all[] = { 1, 2, 1, 2, 1 };
	int64_t now_us = clock_us();
	struct scene s = { 0 };

	open_scene(&s);
	recorder_post(s.recorder, &first.letter);
	recorder_post(s.recorder, &second.letter);
	put(s.ring[0], 1, now_us + 10);
	put(s.ring[0], 1, now_us + 30);
	put(s.ring[1], 2, now_us + 20);
	put(s.ring[0], 1, now_us + 50);
	put(s.ring[1], 2, now_us + 40);
	put(s.ring[1], 3, now_us + 60);
	recorder_close(s.recorder, RECORDER_TEST_MS);
	CU_ASSERT_EQUAL_FATAL(first.n, 5);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(first.tap[i], all[i]);
	for (int i = 1; i < 5; i++)
		CU_ASSERT_EQUAL(first.time_ns[i], first.time_ns[i - 1] + 10000);
	CU_ASSERT_EQUAL(second.n, 2);
	CU_ASSERT_EQUAL(first.last_ticks, 1);
	for (int i = 0; i < 2; i++)
		tap_ring_free(s.ring[i]);
}

/* Waits for what another thread does. */
static bool wait_for(const struct recorder *recorder, uint64_t delivered)
{
	struct recorder_counts counts;
	int64_t until_ms = clock_ms() + 20000;

	do {
		recorder_counts(recorder, &counts);
	} while (counts.delivered + counts.unknown < delivered && clock_ms() < until_ms);
	return counts.delivered + counts.unknown >= delivered;
}

static void test_packets_are_handed_over_while_it_runs(void)
{
	struct seen seen = { .letter = { .run = listen_all }, .taps = { 5 } };
	struct recorder_counts counts;
	struct scene s = { 0 };

	open_scene(&s);
	recorder_post(s.recorder, &seen.letter);
	for (int i = 0; i < 10; i++)
		put(s.ring[i % 2], 5 + i % 2, clock_us());
	CU_ASSERT_TRUE(wait_for(s.recorder, 10));
	recorder_counts(s.recorder, &counts);
	CU_ASSERT_EQUAL(counts.delivered, 5);
	CU_ASSERT_EQUAL(counts.unknown, 5);
	close_scene(&s);
	CU_ASSERT_EQUAL(seen.n, 5);
	CU_ASSERT(seen.bursts && seen.bursts <= 5);
	CU_ASSERT_EQUAL(seen.in_burst, 0);
}

/* The thread sleeps until the letter comes, and then finds all of them. */
static void test_the_end_of_a_burst_is_told_once(void)
{
	struct seen seen = { .letter = { .run = listen_all }, .taps = { 1 } };
	struct seen other = { .letter = { .run = listen_all }, .taps = { 2 } };
	struct scene s = { 0 };

	open_scene(&s);
	for (int i = 0; i < 20; i++)
		put(s.ring[i % 2], 1, clock_us() - 2 * RECORDER_HOLD_US);
	recorder_post(s.recorder, &seen.letter);
	recorder_post(s.recorder, &other.letter);
	CU_ASSERT_TRUE(wait_for(s.recorder, 20));
	close_scene(&s);
	CU_ASSERT_EQUAL(seen.n, 20);
	CU_ASSERT_EQUAL(seen.bursts, 1);
	CU_ASSERT_EQUAL(seen.longest_burst, 20);
	CU_ASSERT_EQUAL(other.bursts, 0);
}

static void test_losses_are_told_to_all_sinks(void)
{
	struct seen one = { .letter = { .run = listen_all }, .taps = { 1 } };
	struct seen two = { .letter = { .run = listen_all }, .taps = { 2 } };
	struct tap_packet *packet;
	struct scene s = { 0 };

	open_scene(&s);
	recorder_post(s.recorder, &one.letter);
	recorder_post(s.recorder, &two.letter);
	packet = tap_ring_slot(s.ring[0], UINT16_MAX + 1); /* lost */
	CU_ASSERT_PTR_NULL(packet);
	put(s.ring[0], 1, clock_us());
	close_scene(&s);
	CU_ASSERT_EQUAL(one.lost, 1);
	CU_ASSERT_EQUAL(two.lost, 1);
	CU_ASSERT_EQUAL(one.lost_in_kernel, 0);
	CU_ASSERT_EQUAL(two.n, 0);
}

/* No packet follows which could tell of it. */
static void test_the_last_packet_that_is_lost_is_told(void)
{
	struct seen one = { .letter = { .run = listen_all }, .taps = { 1 } };
	int64_t until_ms = clock_ms() + 20000;
	struct recorder_counts counts;
	struct scene s = { 0 };

	open_scene(&s);
	recorder_post(s.recorder, &one.letter);
	put(s.ring[1], 1, clock_us());
	CU_ASSERT_TRUE(wait_for(s.recorder, 1));
	CU_ASSERT_PTR_NULL(tap_ring_slot(s.ring[1], UINT16_MAX + 1));
	CU_ASSERT_PTR_NULL(tap_ring_slot(s.ring[1], UINT16_MAX + 1));
	do {
		recorder_counts(s.recorder, &counts);
	} while (counts.lost < 2 && clock_ms() < until_ms);
	CU_ASSERT_EQUAL(counts.lost, 2);
	close_scene(&s);
	CU_ASSERT_EQUAL(one.lost, 2);
	CU_ASSERT_EQUAL(one.n, 1);
}

/* --- Another source --------------------------------------------------------------------------- */

/* @read_us: shared; @done_us: recorder_done_us(), as the sink has seen it at each tick */
struct source {
	struct record_letter letter;
	struct record_sink sink;
	int64_t read_us, done_us;
	unsigned int ticks;
};

static int64_t read_source(void *arg)
{
	struct source *source = arg;

	return __atomic_load_n(&source->read_us, __ATOMIC_ACQUIRE);
}

static struct recorder *source_recorder;

static void on_source_tick(void *arg, int64_t now_us, int64_t now_ns, bool last)
{
	struct source *source = arg;

	(void)now_us;
	(void)now_ns;
	(void)last;
	__atomic_store_n(&source->done_us, recorder_done_us(source_recorder), __ATOMIC_RELEASE);
	__atomic_add_fetch(&source->ticks, 1, __ATOMIC_RELEASE);
}

static void begin_source(struct recorder *recorder, struct record_letter *letter)
{
	static const struct record_sink_ops ticked = { .tick = on_source_tick };
	struct source *source = (struct source *)letter;

	source_recorder = recorder;
	source->sink = (struct record_sink){ .ops = &ticked, .arg = source };
	CU_ASSERT_EQUAL(recorder_add(recorder, &source->sink, 9), 0);
	recorder_watch(recorder, -1, read_source, source);
}

static void wait_ticks(const struct source *source, unsigned int n)
{
	int64_t until_ms = clock_ms() + 20000;

	while (__atomic_load_n(&source->ticks, __ATOMIC_ACQUIRE) < n && clock_ms() < until_ms)
		sched_yield();
}

/* Nothing is done before the source has read it, nor before a letter of its time was read. */
static void test_what_is_done_waits_for_the_source(void)
{
	struct source source = { .letter = { .run = begin_source }, .read_us = clock_us() };
	int64_t read_us = source.read_us, now_us;
	struct scene s = { 0 };

	open_scene(&s);
	recorder_post(s.recorder, &source.letter);
	wait_ticks(&source, 2);
	CU_ASSERT_EQUAL(__atomic_load_n(&source.done_us, __ATOMIC_ACQUIRE),
			read_us - RECORDER_HOLD_US);
	now_us = clock_us();
	__atomic_store_n(&source.read_us, INT64_MAX, __ATOMIC_RELEASE);
	wait_ticks(&source, __atomic_load_n(&source.ticks, __ATOMIC_ACQUIRE) + 2);
	CU_ASSERT_TRUE(__atomic_load_n(&source.done_us, __ATOMIC_ACQUIRE) > now_us);
	close_scene(&s);
}

static void ignore_letter(struct recorder *recorder, struct record_letter *letter)
{
	struct seen *seen = (struct seen *)((char *)letter - offsetof(struct seen, letter));

	CU_ASSERT_EQUAL(recorder_add(recorder, &seen->sink, 1), 0);
	recorder_remove(recorder, &seen->sink, 1);
	recorder_remove(recorder, &seen->sink, 1);
	CU_ASSERT_EQUAL(recorder_add(recorder, &seen->sink, 1), 0);
	CU_ASSERT_EQUAL(recorder_add(recorder, &seen->sink, 2), 0);
	recorder_forget(recorder, &seen->sink);
	recorder_forget(recorder, &seen->sink);
}

static void test_sinks_can_be_removed(void)
{
	struct seen seen = { .letter = { .run = ignore_letter }, .sink = { .ops = &ops } };
	struct scene s = { 0 };

	seen.sink.arg = &seen;
	open_scene(&s);
	recorder_post(s.recorder, &seen.letter);
	put(s.ring[0], 1, clock_us());
	put(s.ring[1], 2, clock_us());
	close_scene(&s);
	CU_ASSERT_EQUAL(seen.n, 0);
	CU_ASSERT_EQUAL(seen.last_ticks, 0);
}

static void test_taps_have_numbers_of_their_own(void)
{
	struct scene s = { 0 };
	uint32_t first;

	open_scene(&s);
	first = recorder_new_tap(s.recorder);
	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_NOT_EQUAL(recorder_new_tap(s.recorder), first);
	close_scene(&s);
}

/* --- Clocks ----------------------------------------------------------------------------------- */

/* It stays as it is, but when the wall clock was set; what is unknown is measured. */
static void test_the_offset_of_clocks_stays(void)
{
	static const struct {
		int64_t wrong_us;
		bool stays;
	} rows[] = { { 0, true },
		     { CLOCK_APART_US / 4, true },
		     { -CLOCK_APART_US / 4, true },
		     { 5000000, false },
		     { -3600000000, false } };
	int64_t measured, from_us, got;
	int tries = 0;

	/* Not kept from running between its readings. */
	do {
		from_us = clock_us();
		measured = clock_offset_us(0);
	} while (clock_us() - from_us >= CLOCK_APART_US / 4 && ++tries < 10000);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t before = measured + rows[i].wrong_us;

		tries = 0;
		do
			got = clock_offset_us(before);
		while (!rows[i].stays && got == before && ++tries < 100);
		if (rows[i].stays)
			CU_ASSERT_EQUAL(got, before);
		if (!rows[i].stays)
			CU_ASSERT_TRUE(got > measured - 2 * CLOCK_APART_US &&
				       got < measured + 2 * CLOCK_APART_US);
	}
}

/* --- A flood ---------------------------------------------------------------------------------- */

#define FLOOD_MS 10000

/* A sender that is as fast as the disk: for each packet that is written there is another one. */
struct flood {
	struct record_letter letter;
	struct record_sink sink;
	struct tap_ring *ring;
	int64_t until_ms;
	bool ticked, ended;
};

static bool pour(struct tap_ring *ring)
{
	struct tap_packet *packet = tap_ring_slot(ring, 20);

	if (!packet)
		return false;
	packet->tap = 1;
	packet->time_us = clock_us();
	tap_ring_put(ring, packet);
	return true;
}

/* It stops only when the test has failed. */
static void on_flood(void *arg, const struct tap_packet *packet, int64_t time_ns)
{
	struct flood *flood = arg;

	(void)packet;
	(void)time_ns;
	if (clock_ms() < flood->until_ms)
		pour(flood->ring);
}

static void on_flood_tick(void *arg, int64_t now_us, int64_t now_ns, bool last)
{
	struct flood *flood = arg;
	bool in_time = clock_ms() < flood->until_ms;

	(void)now_us;
	(void)now_ns;
	if (last)
		flood->ended = in_time;
	else
		__atomic_store_n(&flood->ticked, in_time, __ATOMIC_RELEASE);
}

static void begin_flood(struct recorder *recorder, struct record_letter *letter)
{
	static const struct record_sink_ops flooded = { .packet = on_flood, .tick = on_flood_tick };
	struct flood *flood = (struct flood *)letter;

	flood->sink.ops = &flooded;
	flood->sink.arg = flood;
	flood->until_ms = clock_ms() + FLOOD_MS;
	CU_ASSERT_EQUAL(recorder_add(recorder, &flood->sink, 1), 0);
	while (pour(flood->ring))
		;
}

static void test_a_flood_stops_neither_ticks_nor_the_end(void)
{
	struct flood flood = { .letter = { .run = begin_flood } };
	int64_t until_ms = clock_ms() + 2 * FLOOD_MS;
	struct scene s = { 0 };

	open_scene(&s);
	flood.ring = s.ring[0];
	recorder_post(s.recorder, &flood.letter);
	while (!__atomic_load_n(&flood.ticked, __ATOMIC_ACQUIRE) && clock_ms() < until_ms)
		sched_yield();
	close_scene(&s);
	CU_ASSERT_TRUE(flood.ticked);
	CU_ASSERT_TRUE(flood.ended);
}

struct slow_letter {
	struct record_letter letter;
	int64_t packet_us; /* when the packet came; 0: not yet */
	bool begun;
};

/* As one that opens files: it is at work when a packet comes, until that is held back no more. */
static void be_slow(struct recorder *recorder, struct record_letter *letter)
{
	struct slow_letter *slow = (struct slow_letter *)letter;
	int64_t us;

	(void)recorder;
	__atomic_store_n(&slow->begun, true, __ATOMIC_RELEASE);
	while (!(us = __atomic_load_n(&slow->packet_us, __ATOMIC_ACQUIRE)) ||
	       clock_us() < us + 2 * RECORDER_HOLD_US)
		;
}

static void test_a_packet_waits_for_the_letter_of_its_tap(void)
{
	struct slow_letter slow = { .letter = { .run = be_slow } };
	struct seen seen = { .letter = { .run = listen_all }, .taps = { 1 } };
	struct recorder_counts counts;
	struct scene s = { 0 };
	int64_t us;

	open_scene(&s);
	recorder_post(s.recorder, &slow.letter);
	while (!__atomic_load_n(&slow.begun, __ATOMIC_ACQUIRE))
		;
	recorder_post(s.recorder, &seen.letter);
	us = clock_us();
	put(s.ring[0], 1, us);
	__atomic_store_n(&slow.packet_us, us, __ATOMIC_RELEASE);
	CU_ASSERT_TRUE(wait_for(s.recorder, 1));
	recorder_counts(s.recorder, &counts);
	CU_ASSERT_EQUAL(counts.unknown, 0);
	close_scene(&s);
	CU_ASSERT_EQUAL(seen.n, 1);
}

/* For numbers that are asked for while nothing is recorded. */
static void test_the_disk_is_looked_at_from_the_start(void)
{
	int64_t until_ms = clock_ms() + 20000;
	unsigned int looks = 0, before;
	struct scene s = { 0 };

	open_scene_that_looks(&s, &looks);
	while (!__atomic_load_n(&looks, __ATOMIC_RELAXED) && clock_ms() < until_ms)
		;
	before = __atomic_load_n(&looks, __ATOMIC_RELAXED);
	CU_ASSERT(before);
	close_scene(&s);
	CU_ASSERT(looks > before);
}

static void lose_on_disk(struct recorder *recorder, struct record_letter *letter)
{
	(void)letter;
	recorder_lost_on_disk(recorder, 3);
	recorder_lost_on_disk(recorder, 4);
}

static void test_what_the_disk_has_no_room_for_is_counted(void)
{
	struct record_letter letter = { .run = lose_on_disk };
	int64_t until_ms = clock_ms() + 20000;
	struct recorder_counts counts;
	struct scene s = { 0 };

	open_scene(&s);
	recorder_post(s.recorder, &letter);
	do {
		recorder_counts(s.recorder, &counts);
	} while (counts.unwritten < 7 && clock_ms() < until_ms);
	CU_ASSERT_EQUAL(counts.unwritten, 7);
	CU_ASSERT_EQUAL(counts.lost, 0);
	close_scene(&s);
}

/* --- A disk that hangs ------------------------------------------------------------------------ */

#define LETTER_BYTES 1000

static void count_letter(struct recorder *recorder, struct record_letter *letter)
{
	(void)recorder;
	(void)letter;
}

static bool wait_until_room(struct recorder *recorder, struct record_letter *letter, size_t size)
{
	int64_t until_ms = clock_ms() + 20000;

	while (recorder_offer(recorder, letter, size, RECORD_RANK_BEGINS))
		if (clock_ms() > until_ms)
			return false;
	return true;
}

/* Beginnings up to a half, what is for JSON files up to three quarters. */
static void test_letters_that_wait_are_bounded(void)
{
	static const struct {
		size_t size;
		enum record_rank rank;
		int error;
	} rows[] = {
		{ 400, RECORD_RANK_BEGINS, 0 },	      { 101, RECORD_RANK_BEGINS, -ENOBUFS },
		{ 100, RECORD_RANK_BEGINS, 0 },	      { 1, RECORD_RANK_BEGINS, -ENOBUFS },
		{ 251, RECORD_RANK_TELLS, -ENOBUFS }, { 250, RECORD_RANK_TELLS, 0 },
		{ 1, RECORD_RANK_TELLS, -ENOBUFS },   { SIZE_MAX, RECORD_RANK_NEEDS, -ENOBUFS },
		{ 250, RECORD_RANK_NEEDS, 0 },	      { 1, RECORD_RANK_NEEDS, -ENOBUFS },
	};
	struct record_letter letter[sizeof(rows) / sizeof(*rows)];
	struct record_letter posted = { .run = count_letter }, later = { .run = count_letter };
	struct recorder_conf conf = { .own_bytes = TAP_RING_MIN, .letter_bytes = LETTER_BYTES };
	struct recorder_counts counts;
	struct recorder *recorder;
	struct hold hold;
	int error;

	recorder = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(recorder);
	hold_recorder(&hold, recorder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		letter[i] = (struct record_letter){ .run = count_letter };
		CU_ASSERT_EQUAL(recorder_offer(recorder, &letter[i], rows[i].size, rows[i].rank),
				rows[i].error);
	}
	recorder_post(recorder, &posted);
	recorder_counts(recorder, &counts);
	CU_ASSERT_EQUAL(counts.refused, 6);
	hold_ends(&hold);
	CU_ASSERT_TRUE(wait_until_room(recorder, &later, LETTER_BYTES / 2));
	CU_ASSERT_EQUAL(recorder_close(recorder, RECORDER_TEST_MS), 0);
}

/* What is told to a thread that does not end is told before recorder_close() returns. */
struct told {
	struct record_letter letter;
	struct record_news news;
	unsigned int runs;
};

static void on_told(struct record_news *news)
{
	((struct told *)((char *)news - offsetof(struct told, news)))->runs++;
}

static void tell_it(struct recorder *recorder, struct record_letter *letter)
{
	recorder_tell(recorder, &((struct told *)letter)->news);
}

static void test_the_end_does_not_wait_for_the_disk(void)
{
	static struct recorder
		*left; /* its thread ends some time later; else it counts as leaked */
	static struct hold hold;
	struct told told = { .letter.run = tell_it, .news.run = on_told };
	struct recorder_conf conf = { .own_bytes = TAP_RING_MIN };
	int64_t begun_ms = clock_ms();
	int error;

	left = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(left);
	recorder_post(left, &told.letter);
	hold_recorder(&hold, left);
	CU_ASSERT_EQUAL(recorder_close(left, 1100), -ETIMEDOUT);
	CU_ASSERT(clock_ms() - begun_ms >= 1100);
	CU_ASSERT_EQUAL(told.runs, 1);
	hold_ends(&hold);
}

TEST_SUITE(recorder, { "letters that wait are bounded", test_letters_that_wait_are_bounded },
	   { "the end does not wait for the disk", test_the_end_does_not_wait_for_the_disk },
	   { "rings are merged by time", test_rings_are_merged_by_time },
	   { "packets are handed over while it runs", test_packets_are_handed_over_while_it_runs },
	   { "the end of a burst is told once", test_the_end_of_a_burst_is_told_once },
	   { "losses are told to all sinks", test_losses_are_told_to_all_sinks },
	   { "the offset of clocks stays", test_the_offset_of_clocks_stays },
	   { "the last packet that is lost is told", test_the_last_packet_that_is_lost_is_told },
	   { "what is done waits for the source", test_what_is_done_waits_for_the_source },
	   { "sinks can be removed", test_sinks_can_be_removed },
	   { "a packet waits for the letter of its tap",
	     test_a_packet_waits_for_the_letter_of_its_tap },
	   { "the disk is looked at from the start", test_the_disk_is_looked_at_from_the_start },
	   { "what the disk has no room for is counted",
	     test_what_the_disk_has_no_room_for_is_counted },
	   { "taps have numbers of their own", test_taps_have_numbers_of_their_own },
	   { "a flood stops neither ticks nor the end",
	     test_a_flood_stops_neither_ticks_nor_the_end });
