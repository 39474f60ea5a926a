/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal_refused.c - calls that cannot be restored; times of those that can */
#include <errno.h>
#include "daemon/base/count.h"
#include "restored_scene.h"

static void test_taken_port_ends_only_its_call(void)
{
	struct world *w = world_new();
	struct endpoint at = sample_ep("127.80.0.2");
	int other;

	make_call(w);
	endpoint_set_port(&at, (uint16_t)(audio(w)->port[SIDE_B] + 1));
	restart(w);
	other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	scene_must(!bind(other, &at.sa, endpoint_len(&at)), "another program");
	log_set_level(LOG_LEVEL_ERR);
	CU_ASSERT_EQUAL(take_up(w, 0), -EADDRINUSE);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
	CU_ASSERT(scene_settle(&w->scene));
	CU_ASSERT_EQUAL(scene_used(&w->scene, "pub"), 0);
	close(other);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, request(offer_sdp)).code, REPLY_OK);
	world_free(w);
}

static void test_what_does_not_fit_this_relay_is_refused(void)
{
	static const struct {
		const char *iface, *addr;
		uint16_t port;
		int error;
	} rows[] = {
		{ "gone", "127.80.0.1", 21000, -EADDRNOTAVAIL },
		{ "pub", "127.80.0.3", 21000, -EADDRNOTAVAIL },
		{ "pub", "127.80.0.1", 20000, -ERANGE },
		{ "pub", "127.80.0.1", 21001, -ERANGE },
		{ "six", "[::1]", 21000, -EBADMSG },
	};
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;

	make_call(w);
	restart(w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		reread(w, arena, &record);
		record.dialogs[0].media[0].place[SIDE_A] =
			(struct place_record){ str_of(rows[i].iface), sample_ep(rows[i].addr) };
		record.dialogs[0].media[0].port[SIDE_A] = rows[i].port;
		rewrite(w, &record);
		CU_ASSERT_EQUAL(take_up(w, 0), rows[i].error);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
	}
	arena_free(arena);
	world_free(w);
}

/* Packets of the other family never come to the socket of a side. */
static void test_addresses_of_another_family_are_refused(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();

	make_call(w);
	restart(w);
	for (int what = 0; what < 4; what++) {
		struct call_record record;
		struct media_record *media;
		struct latch_record *latch;

		reread(w, arena, &record);
		media = &record.dialogs[0].media[0];
		latch = &media->stream[SIDE_A][COMP_RTP].latch;
		*(struct endpoint *[]){ &latch->source, &latch->replaced,
					&media->conf.side[SIDE_A].sdp[COMP_RTP],
					&media->conf.side[SIDE_A].sip }[what] =
			sample_ep("[2001:db8::9]:4000");
		if (what == 0)
			latch->phase = PHASE_OPEN;
		rewrite(w, &record);
		CU_ASSERT_EQUAL(take_up(w, 0), -EBADMSG);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
		/* nothing else is wrong with it */
		*(struct endpoint *[]){ &latch->source, &latch->replaced,
					&media->conf.side[SIDE_A].sdp[COMP_RTP],
					&media->conf.side[SIDE_A].sip }[what] =
			sample_ep("192.0.2.9:4000");
		rewrite(w, &record);
		CU_ASSERT_EQUAL(take_up(w, 0), 0);
		call_end(the_call(w), CALL_FORCED);
		CU_ASSERT(scene_settle(&w->scene));
	}
	arena_free(arena);
	world_free(w);
}

static void test_same_call_twice_is_refused(void)
{
	struct world *w = world_new();

	make_call(w);
	restart(w);
	CU_ASSERT_EQUAL(take_up(w, 0), 0);
	CU_ASSERT_EQUAL(take_up(w, 0), -EEXIST);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 1);
	world_free(w);
}

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Times are restored independently of changes of the clocks: in the past, not in the future; no
 * wait becomes longer.
 */
static void test_times_are_restored(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;
	int64_t now_ms;

	make_call(w);
	restart(w);
	reread(w, arena, &record);
	record.written_ms = wall_ms() - 20000;
	record.dialogs[0].last_signal_ms = wall_ms() - 30000;
	record.dialogs[0].delete_at_ms = wall_ms() + 10000;
	record.created_us = (wall_ms() + 3600000) * 1000; /* the clock was set back */
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	now_ms = clock_ms();
	CU_ASSERT(llabs(the_call(w)->dialogs->last_signal_ms - (now_ms - 30000)) < 1000);
	CU_ASSERT(llabs(the_call(w)->dialogs->delete_at_ms - (now_ms + 10000)) < 1000);
	CU_ASSERT(the_call(w)->created_ms <= now_ms);
	call_end(the_call(w), CALL_FORCED);
	CU_ASSERT(scene_settle(&w->scene));

	/*
	 * The clock was an hour ahead when it was written: the delay of ten seconds does not become
	 * an hour.
	 */
	record.written_ms = wall_ms() + 3600000;
	record.dialogs[0].delete_at_ms = record.written_ms + 10000;
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	CU_ASSERT(llabs(the_call(w)->dialogs->delete_at_ms - (clock_ms() + 10000)) < 1000);
	arena_free(arena);
	world_free(w);
}

/* There may have been media until the crash: the record does not contain that. */
static void test_old_call_is_not_ended_at_once(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;

	make_call(w);
	restart(w);
	reread(w, arena, &record);
	record.dialogs[0].last_signal_ms = wall_ms() - 3600000;
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	CU_ASSERT(call_left_ms(the_call(w)->dialogs, clock_ms()) > RESTORED_GRACE_MS - 1000);
	CU_ASSERT(call_left_ms(the_call(w)->dialogs, clock_ms()) <= RESTORED_GRACE_MS);
	arena_free(arena);
	world_free(w);
}

static void test_out_of_memory_leaves_nothing(void)
{
	struct world *w = world_new();
	int error;

	make_call(w);
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0); /* so that the arena has its chunks */
	call_end(the_call(w), CALL_FORCED);
	CU_ASSERT(scene_settle(&w->scene));
	ALLOC_FAILS_AT_EACH
	{
		error = take_up(w, 0);
		CU_ASSERT(!error || alloc_failed());
		if (!error)
			call_end(the_call(w), CALL_FORCED);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
	}
	CU_ASSERT_EQUAL(scene_used(&w->scene, "priv"), 0);
	world_free(w);
}

TEST_SUITE(
	journal_refused, { "a taken port ends only its call", test_taken_port_ends_only_its_call },
	{ "what does not fit this relay is refused", test_what_does_not_fit_this_relay_is_refused },
	{ "addresses of another family are refused", test_addresses_of_another_family_are_refused },
	{ "the same call twice is refused", test_same_call_twice_is_refused },
	{ "times are restored", test_times_are_restored },
	{ "an old call is not ended at once", test_old_call_is_not_ended_at_once },
	{ "out of memory leaves nothing", test_out_of_memory_leaves_nothing });
