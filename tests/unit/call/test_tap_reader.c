/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_tap_reader.c - flows of a tapped media are tapped while the recorder reads the device */
#include "daemon/call/news.h"
#include "daemon/call/tap_reader.h"
#include "daemon/packet/bridge.h"
#include "tests/unit/packet/talk_scene.h"

static unsigned int n_opens;

static void on_open(void *arg)
{
	(void)arg;
	n_opens++;
}

static void with_recorder(struct talk *t)
{
	n_opens = 0;
	t->scene.calls->conf.tap_open = on_open;
}

/* As the start of a recording, or its end. */
static void set_tap(struct talk *t, uint32_t tap)
{
	CU_ASSERT_EQUAL_FATAL(bridge_tap(media_of(t)->bridge, tap), 0);
	media_path_follow(media_of(t));
	turn(t);
}

static unsigned int n_tapped(struct talk *t)
{
	unsigned int n = 0;

	for (int i = 0; i < 4; i++) {
		const struct fake_flow *flow = flow_of(t, i >> 1, i & 1);

		n += flow && flow->flags & RTPRELAY_FLOW_TAP;
	}
	return n;
}

static const char *why(struct talk *t)
{
	return report(t, SIDE_A, COMP_RTP).why_user;
}

static void test_a_call_in_the_kernel_stays_there(void)
{
	struct talk t;

	talk_in_kernel(&t);
	with_recorder(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 50;
	set_tap(&t, 7);
	/* The device is made, but nobody reads it yet. */
	CU_ASSERT_EQUAL(fake.n_taps, 1);
	CU_ASSERT_EQUAL(n_opens, 1);
	CU_ASSERT_EQUAL(n_tapped(&t), 0);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 4);
	media_path_follow(media_of(&t));
	CU_ASSERT_EQUAL(n_opens, 1);
	call_tap_told(t.scene.calls, true, NULL);
	turn(&t);
	CU_ASSERT_EQUAL(n_tapped(&t), 4);
	/* Replaced: never removed, and its counters go on. */
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	CU_ASSERT_EQUAL(fake.n_carried, 4);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 51);
	set_tap(&t, 0);
	CU_ASSERT_EQUAL(n_tapped(&t), 0);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 4);
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 51);
	/* The next one finds it open. */
	set_tap(&t, 8);
	CU_ASSERT_EQUAL(n_opens, 1);
	CU_ASSERT_EQUAL(n_tapped(&t), 4);
	talk_close(&t);
}

/* So its first packets in the kernel are read as well. */
static void test_a_new_call_waits_for_the_reader(void)
{
	struct talk t;

	talk_open(&t, true);
	with_recorder(&t);
	set_tap(&t, 7);
	all_send(&t);
	UNTIL(&t, why(&t) && !strcmp(why(&t), "recording"));
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	call_tap_told(t.scene.calls, true, NULL);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(n_tapped(&t), 4);
	talk_close(&t);
}

static void test_without_a_recorder_the_daemon_relays(void)
{
	struct talk t;

	talk_in_kernel(&t);
	set_tap(&t, 7);
	UNTIL(&t, fake_kmod_count(&fake) == 0);
	CU_ASSERT_STRING_EQUAL(why(&t), "recording");
	set_tap(&t, 0);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	talk_close(&t);
}

static void test_a_device_that_cannot_be_opened(void)
{
	struct talk t;

	talk_in_kernel(&t);
	with_recorder(&t);
	set_tap(&t, 7);
	call_tap_told(t.scene.calls, false, "Operation not permitted");
	UNTIL(&t, fake_kmod_count(&fake) == 0);
	CU_ASSERT_STRING_EQUAL(why(&t), "recording");
	/* Not with each packet: after a while. */
	media_path_follow(media_of(&t));
	CU_ASSERT_EQUAL(n_opens, 1);
	CU_ASSERT_EQUAL(tap_reader_want(t.scene.calls, clock_ms() + TAP_READER_RETRY_MS + 1),
			FLOW_TAP_SOON);
	CU_ASSERT_EQUAL(n_opens, 2);
	call_tap_told(t.scene.calls, true, NULL);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(n_tapped(&t), 4);
	talk_close(&t);
}

static void test_a_device_that_the_module_cannot_make(void)
{
	struct talk t;

	talk_in_kernel(&t);
	with_recorder(&t);
	fake.refuse_add = -ENOMEM;
	fake.sentence = "cannot create the device rtprelay0";
	set_tap(&t, 7);
	CU_ASSERT_EQUAL(n_opens, 0);
	UNTIL(&t, fake_kmod_count(&fake) == 0);
	CU_ASSERT_STRING_EQUAL(why(&t), "recording");
	fake.refuse_add = 0;
	talk_close(&t);
}

static void test_the_device_goes_with_the_module(void)
{
	struct talk t;

	talk_in_kernel(&t);
	with_recorder(&t);
	set_tap(&t, 7);
	call_tap_told(t.scene.calls, true, NULL);
	turn(&t);
	CU_ASSERT_EQUAL(n_tapped(&t), 4);
	fake_kmod_load(&fake, false);
	turn(&t);
	call_tap_told(t.scene.calls, false, "the device is gone");
	CU_ASSERT_STRING_EQUAL(why(&t), "no kernel path is available");
	fake_kmod_load(&fake, true);
	UNTIL(&t, n_opens == 2);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_STRING_EQUAL(why(&t), "recording");
	call_tap_told(t.scene.calls, true, NULL);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(n_tapped(&t), 4);
	talk_close(&t);
}

/* Tapped flows that nobody reads any more leave the kernel until the device is read again. */
static void test_somebody_removes_the_device(void)
{
	struct talk t;

	talk_in_kernel(&t);
	with_recorder(&t);
	set_tap(&t, 7);
	call_tap_told(t.scene.calls, true, NULL);
	turn(&t);
	call_tap_told(t.scene.calls, false, "the device is gone");
	CU_ASSERT_EQUAL(fake.n_taps, 2);
	CU_ASSERT_EQUAL(n_opens, 2);
	UNTIL(&t, fake_kmod_count(&fake) == 0);
	CU_ASSERT_STRING_EQUAL(why(&t), "recording");
	call_tap_told(t.scene.calls, true, NULL);
	UNTIL(&t, n_tapped(&t) == 4);
	talk_close(&t);
}

TEST_SUITE(tap_reader,
	   { "a call in the kernel stays there", test_a_call_in_the_kernel_stays_there },
	   { "a new call waits for the reader", test_a_new_call_waits_for_the_reader },
	   { "without a recorder the daemon relays", test_without_a_recorder_the_daemon_relays },
	   { "a device that cannot be opened", test_a_device_that_cannot_be_opened },
	   { "a device that the module cannot make", test_a_device_that_the_module_cannot_make },
	   { "the device goes with the module", test_the_device_goes_with_the_module },
	   { "somebody removes the device", test_somebody_removes_the_device });
