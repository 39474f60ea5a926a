/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_deadline.c - when a call ends by itself: its time-outs, and what media, hold and commands
 * change in them
 */
#include "call_scene.h"
#include "daemon/base/count.h"

#define TWO_MEDIAS(first, second)                                                                  \
	SDP_AT("127.0.0.1", "4000") first "m=audio 4010 RTP/AVP 0\r\n" second
#define HELD "a=inactive\r\n"

static const char loopback_sdp[] = SDP_AT("127.0.0.1", "4000");
static const char held_sdp[] = SDP_AT("127.0.0.1", "4000") HELD;

static void test_timeout_without_media(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b");
	let_pass(&scene, 59000);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	let_pass(&scene, 1001);
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT_EQUAL(scene.stats.calls_timeout, 1);
	CU_ASSERT_EQUAL(scene.stats.zero_way, 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_unanswered_fork_times_out_once_another_is_answered(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	ANSWER("a", "b", "z1");
	the_call(&scene)->dialogs->next->last_signal_ms -= 61000;
	let_pass(&scene, 0);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->answered);
	CU_ASSERT(scene_close(&scene));
}

static void test_zero_timeout_never_ends(void)
{
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.timeout_s = 0;
	OFFER("a");
	ANSWER("a", "b");
	let_pass(&scene, 100 * 86400000LL);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(event_pending(&the_call(&scene)->timer, EV_TIMEOUT, NULL));
	CU_ASSERT(scene_close(&scene));
}

static int64_t left_ms(struct scene *scene)
{
	return call_left_ms(the_call(scene)->dialogs, clock_ms());
}

/* Counts the dialogs that time out. */
static void note_timed_out(void *arg, const struct dialog *dialog)
{
	(void)dialog;
	++*(unsigned int *)arg;
}

/* Which time-out applies, and in which counter a call that it ended is counted. */
static void test_each_state_has_its_timeout(void)
{
	static const struct {
		const char *name, *sdp;
		bool answered;
		unsigned int own_s; /* of the session, by the rtpproxy protocol */
		unsigned int left_s;
		size_t counter;
	} rows[] = {
#define OFFER_TIMEOUT  offsetof(struct stats, calls_offer_timeout)
#define SILENT_TIMEOUT offsetof(struct stats, calls_silent_timeout)
#define TIMEOUT	       offsetof(struct stats, calls_timeout)
		{ "no answer", loopback_sdp, false, 0, 600, OFFER_TIMEOUT },
		{ "no answer, on hold", held_sdp, false, 0, 600, OFFER_TIMEOUT },
		{ "no answer, own", loopback_sdp, false, 7, 7, OFFER_TIMEOUT },
		{ "answered", loopback_sdp, true, 0, 60, TIMEOUT },
		{ "answered, own", loopback_sdp, true, 7, 7, TIMEOUT },
		{ "on hold", held_sdp, true, 0, 3600, SILENT_TIMEOUT },
		{ "on hold, own", held_sdp, true, 7, 7, SILENT_TIMEOUT },
		{ "first media on hold", TWO_MEDIAS(HELD, ""), true, 0, 60, TIMEOUT },
		{ "second media on hold", TWO_MEDIAS("", HELD), true, 0, 60, TIMEOUT },
		{ "both medias on hold", TWO_MEDIAS(HELD, HELD), true, 0, 3600, SILENT_TIMEOUT },
#undef OFFER_TIMEOUT
#undef SILENT_TIMEOUT
#undef TIMEOUT
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int told = 0;
		struct scene scene;

		scene_open(&scene);
		scene.calls->conf.offer_timeout_s = 600;
		scene.calls->conf.timed_out = note_timed_out;
		scene.calls->conf.timed_out_arg = &told;
		test_clock_stop();
		OFFER("a", NULL, NULL, rows[i].sdp);
		if (rows[i].answered)
			ANSWER("a", "b", NULL, rows[i].sdp);
		the_call(&scene)->dialogs->timeout_s = rows[i].own_s;
		CU_ASSERT_EQUAL(left_ms(&scene), rows[i].left_s * 1000);
		let_pass(&scene, rows[i].left_s * 1000 - 1);
		CU_ASSERT_EQUAL(dialogs(&scene), 1);
		let_pass(&scene, 1);
		if (dialogs(&scene) || *(uint64_t *)((char *)&scene.stats + rows[i].counter) != 1) {
			printf("%s: not ended, or counted as another end\n", rows[i].name);
			CU_FAIL("time-out of a state");
		}
		CU_ASSERT_EQUAL(told, 1);
		test_clock_go();
		CU_ASSERT(scene_close(&scene));
	}
}

/* Media does not matter, and a time-out that comes earlier keeps its reason. */
static void test_final_timeout_ends_a_call_that_talks(void)
{
	static const struct {
		unsigned int final_s, deleted_s, left_s;
		size_t counter;
	} rows[] = {
		{ 50, 0, 50, offsetof(struct stats, calls_final_timeout) },
		{ 61, 0, 60, offsetof(struct stats, calls_timeout) },
		{ 0, 0, 60, offsetof(struct stats, calls_timeout) },
		{ 50, 30, 30, offsetof(struct stats, calls_deleted) },
		{ 20, 30, 20, offsetof(struct stats, calls_final_timeout) },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int told = 0;
		struct scene scene;

		scene_open(&scene);
		scene.calls->conf.final_timeout_s = rows[i].final_s;
		scene.calls->conf.timed_out = note_timed_out;
		scene.calls->conf.timed_out_arg = &told;
		test_clock_stop();
		OFFER("a", NULL, "z1");
		OFFER("a", NULL, "z2");
		ANSWER("a", "b", "z2");
		if (rows[i].deleted_s)
			the_call(&scene)->dialogs->delete_at_ms =
				the_call(&scene)->dialogs->next->delete_at_ms =
					clock_ms() + rows[i].deleted_s * INT64_C(1000);
		CU_ASSERT_EQUAL(left_ms(&scene), rows[i].left_s * 1000);
		test_clock_pass(rows[i].left_s * 1000 - 1);
		let_pass(&scene, 0);
		CU_ASSERT_EQUAL(dialogs(&scene), 2);
		test_clock_pass(1);
		let_pass(&scene, 0);
		CU_ASSERT_EQUAL(dialogs(&scene), 0);
		CU_ASSERT_EQUAL(*(uint64_t *)((char *)&scene.stats + rows[i].counter), 1);
		CU_ASSERT_EQUAL(told, rows[i].deleted_s == rows[i].left_s ? 0 : 2);
		test_clock_go();
		CU_ASSERT(scene_close(&scene));
	}
}

/* The forks that rang have the time-out of the talk, even if their callers were put on hold. */
static void test_held_fork_without_answer_has_the_timeout_of_the_talk(void)
{
	struct scene scene;

	scene_open(&scene);
	test_clock_stop();
	OFFER("a", NULL, "z1", held_sdp);
	OFFER("a", NULL, "z2", held_sdp);
	ANSWER("a", "b", "z2");
	CU_ASSERT_EQUAL(left_ms(&scene), 60000);
	test_clock_go();
	CU_ASSERT(scene_close(&scene));
}

static void test_only_timeouts_are_reported_as_such(void)
{
	unsigned int told = 0;
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.timed_out = note_timed_out;
	scene.calls->conf.timed_out_arg = &told;
	OFFER("a");
	DELETE("a");
	OFFER("a");
	call_end(the_call(&scene), CALL_TERMINATED);
	OFFER("a");
	call_end(the_call(&scene), CALL_FORCED);
	CU_ASSERT_EQUAL(told, 0);
	CU_ASSERT(scene_close(&scene));
}

/* Such a call's timer fires once a day; more often would be work for nothing. */
static void test_timer_of_an_endless_call_fires_once_a_day(void)
{
	const int64_t day_ms = 86400000;
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.timeout_s = 0;
	test_clock_stop();
	OFFER("a");
	the_call(&scene)->timer_at_ms = 0; /* that of the offer-timeout has fired */
	ANSWER("a", "b");
	CU_ASSERT_EQUAL(left_ms(&scene), day_ms);
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms, clock_ms() + day_ms);
	let_pass(&scene, day_ms);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms, clock_ms() + day_ms);
	test_clock_go();
	CU_ASSERT(scene_close(&scene));
}

static void test_own_timeout_applies_where_the_daemons_is_off(void)
{
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.timeout_s = 0;
	OFFER("a");
	ANSWER("a", "b");
	the_call(&scene)->dialogs->timeout_s = 30;
	let_pass(&scene, 30001);
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT_EQUAL(scene.stats.calls_timeout, 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_timer_follows_an_earlier_deadline(void)
{
	struct scene scene;

	scene_open(&scene);
	test_clock_stop();
	OFFER("a");
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms, clock_ms() + 3600000);
	ANSWER("a", "b");
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms, clock_ms() + 60000);
	/* A later one: when it fires, the timer is set again. */
	test_clock_pass(1000);
	OFFER("a", "b");
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms, clock_ms() + 59000);
	let_pass(&scene, 0);
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms, clock_ms() + 60000);
	test_clock_go();
	CU_ASSERT(scene_close(&scene));
}

/* Only the timer reads the time of the last packet from the phone, when it fires. */
static void test_media_keeps_the_call(void)
{
	for (size_t speaking = 0; speaking < 2; speaking++) {
		struct scene scene;

		scene_open(&scene);
		test_clock_stop();
		OFFER("a", NULL, NULL, TWO_MEDIAS("", ""));
		ANSWER("a", "b", NULL, TWO_MEDIAS("", ""));
		test_clock_pass(40000);
		hear_caller(&scene, speaking);
		CU_ASSERT_EQUAL(left_ms(&scene), 60000);
		let_pass(&scene, 61000);
		CU_ASSERT_EQUAL(dialogs(&scene), 1);
		test_clock_pass(60000);
		let_pass(&scene, 0);
		CU_ASSERT_EQUAL(dialogs(&scene), 0);
		CU_ASSERT_EQUAL(scene.stats.one_way, 1);
		test_clock_go();
		CU_ASSERT(scene_close(&scene));
	}
}

/* Hold has a longer time-out: when the call is resumed, the last packet may be hours old. */
static void test_offer_after_long_silence_keeps_the_call(void)
{
	struct scene scene;

	scene_open(&scene);
	test_clock_stop();
	OFFER("a", NULL, NULL, loopback_sdp);
	ANSWER("a", "b");
	hear_caller(&scene, 0);
	OFFER("a", "b", NULL, held_sdp);
	ANSWER("a", "b");
	CU_ASSERT_EQUAL(left_ms(&scene), 3600000); /* one side holds: both are silent */
	test_clock_pass(3000000);
	OFFER("a", "b", NULL, loopback_sdp);
	CU_ASSERT_EQUAL(left_ms(&scene), 60000);
	let_pass(&scene, 0);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	test_clock_go();
	CU_ASSERT(scene_close(&scene));
}

/* A proxy that sends no delete when an INVITE fails leaves such calls. */
static void test_call_without_answer_and_media_ends_early(void)
{
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.unanswered_timeout_s = 200;
	test_clock_stop();
	OFFER("a", NULL, NULL, loopback_sdp);
	CU_ASSERT_EQUAL(left_ms(&scene), 200000);
	test_clock_pass(150000);
	OFFER("a", NULL, NULL, loopback_sdp); /* rings at another phone */
	CU_ASSERT_EQUAL(left_ms(&scene), 200000);
	let_pass(&scene, 199999);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	let_pass(&scene, 1);
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT_EQUAL(scene.stats.calls_unanswered, 1);
	CU_ASSERT_EQUAL(scene.stats.calls_offer_timeout, 0);
	test_clock_go();
	CU_ASSERT(scene_close(&scene));
}

static void test_unanswered_timeout_leaves_other_calls_alone(void)
{
	static const struct {
		unsigned int unanswered_s, own_s;
		bool media, answered;
		unsigned int left_s;
	} rows[] = {
		{ 0, 0, false, false, 3600 },	 /* off */
		{ 3601, 0, false, false, 3600 }, /* offer-timeout is earlier */
		{ 200, 500, false, false, 500 }, /* the command gives a time-out */
		{ 200, 0, true, false, 3600 },	 /* a phone is heard, early media */
		{ 200, 0, false, true, 60 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		scene.calls->conf.unanswered_timeout_s = rows[i].unanswered_s;
		test_clock_stop();
		OFFER("a", NULL, NULL, loopback_sdp);
		the_call(&scene)->dialogs->timeout_s = rows[i].own_s;
		if (rows[i].media)
			hear_caller(&scene, 0);
		if (rows[i].answered)
			ANSWER("a", "b");
		CU_ASSERT_EQUAL(left_ms(&scene), rows[i].left_s * 1000);
		test_clock_go();
		CU_ASSERT(scene_close(&scene));
	}
}

/* A caller who listens to announcements sends media, too. */
static void test_early_media_does_not_move_the_end_of_an_offer(void)
{
	struct scene scene;

	scene_open(&scene);
	test_clock_stop();
	OFFER("a", NULL, NULL, loopback_sdp);
	test_clock_pass(3000000);
	hear_caller(&scene, 0);
	CU_ASSERT_EQUAL(left_ms(&scene), 600000);
	test_clock_pass(600000);
	let_pass(&scene, 0);
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT_EQUAL(scene.stats.calls_offer_timeout, 1);
	test_clock_go();
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(deadline, { "timeout without media", test_timeout_without_media },
	   { "unanswered fork times out once another is answered",
	     test_unanswered_fork_times_out_once_another_is_answered },
	   { "zero timeout never ends", test_zero_timeout_never_ends },
	   { "each state has its time-out", test_each_state_has_its_timeout },
	   { "final-timeout ends a call that talks", test_final_timeout_ends_a_call_that_talks },
	   { "a held fork without answer has the time-out of the talk",
	     test_held_fork_without_answer_has_the_timeout_of_the_talk },
	   { "only time-outs are reported as such", test_only_timeouts_are_reported_as_such },
	   { "the timer of an endless call fires once a day",
	     test_timer_of_an_endless_call_fires_once_a_day },
	   { "own time-out applies where the daemon's is off",
	     test_own_timeout_applies_where_the_daemons_is_off },
	   { "the timer follows an earlier deadline", test_timer_follows_an_earlier_deadline },
	   { "media keeps the call", test_media_keeps_the_call },
	   { "a call without answer and media ends early",
	     test_call_without_answer_and_media_ends_early },
	   { "unanswered-timeout leaves other calls alone",
	     test_unanswered_timeout_leaves_other_calls_alone },
	   { "an offer after long silence keeps the call",
	     test_offer_after_long_silence_keeps_the_call },
	   { "early media does not move the end of an offer",
	     test_early_media_does_not_move_the_end_of_an_offer });
