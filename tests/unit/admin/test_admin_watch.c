/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_watch.c - clients that watch the events of calls */
#include "admin_scene.h"

static void test_watcher_receives_call_events(void)
{
	start();
	ask("{\"verb\":\"watch\"}");
	CU_ASSERT_STRING_EQUAL(talk.text, "{\"type\":\"watching\",\"calls\":0}\n");
	talk.len = 0;
	add_call("alpha-1", "f1", true);
	call_end(call_find(talk.scene.calls, STR("alpha-1")), CALL_DELETED);
	listen_on();
	CU_ASSERT_EQUAL(count_of("\"event\":\"made\",\"call-id\":\"alpha-1\"}\n"), 1);
	CU_ASSERT_EQUAL(
		count_of("\"event\":\"ended\",\"call-id\":\"alpha-1\",\"why\":\"deleted\"}\n"), 1);
	CU_ASSERT(stop());
}

static void test_watcher_that_leaves_is_removed(void)
{
	start();
	ask("{\"verb\":\"watch\"}");
	CU_ASSERT_PTR_NOT_NULL(talk.events.watchers);
	shutdown(talk.fd, SHUT_RDWR);
	listen_on();
	CU_ASSERT_PTR_NULL(talk.events.watchers);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 0);
	CU_ASSERT(stop());
}

/* Events for a client that does not read are bounded; it gets the number that it missed. */
static void test_slow_watcher_learns_what_it_missed(void)
{
	const struct happening one = { .kind = STREAM_SILENT };
	const struct happening other = { .kind = KERNEL_PATH };
	size_t told;

	start();
	ask("{\"verb\":\"watch\"}");
	talk.len = 0;
	for (int i = 0; i < 10000; i++)
		events_tell(&talk.events, &one);
	listen_on();
	events_tell(&talk.events, &other);
	listen_on();
	told = count_of("\"event\":\"silent\"");
	CU_ASSERT(told > 1000 && told < 10000);
	{
		char lost[64];

		snprintf(lost, sizeof(lost), "{\"type\":\"lost\",\"events\":%zu}\n", 10000 - told);
		CU_ASSERT_EQUAL(count_of(lost), 1);
		CU_ASSERT_EQUAL(talk.scene.stats.events_lost, 10000 - told);
	}
	CU_ASSERT_EQUAL(count_of("\"event\":\"kernel-path\",\"path\":\"user\""), 1);
	events_tell(&talk.events, &other);
	listen_on();
	CU_ASSERT_EQUAL(count_of("\"event\":\"kernel-path\",\"path\":\"user\""), 2);
	CU_ASSERT_EQUAL(count_of("\"type\":\"lost\""), 1); /* not again */
	CU_ASSERT(stop());
}

/* Keys are PINs and card numbers: the socket's group sees that there was one. */
static void test_only_who_may_look_into_calls_sees_keys(void)
{
	const struct happening_dtmf key = { .event = 7, .duration_ms = 100 };
	const struct happening pressed = { .kind = DTMF_PRESSED, .dtmf = &key };

	for (int only_read = 0; only_read < 2; only_read++) {
		peer_spy_only_read(only_read);
		start();
		ask("{\"verb\":\"watch\"}");
		talk.len = 0;
		events_tell(&talk.events, &pressed);
		listen_on();
		CU_ASSERT_EQUAL(count_of("\"event\":\"dtmf\""), 1);
		CU_ASSERT_EQUAL(count_of("\"duration-ms\":100"), 1);
		CU_ASSERT_EQUAL(count_of("\"digit\":\"7\""), !only_read);
		CU_ASSERT(stop());
	}
	peer_spy_only_read(false);
}

TEST_SUITE(admin_watch, { "a watcher receives call events", test_watcher_receives_call_events },
	   { "only who may look into calls sees keys",
	     test_only_who_may_look_into_calls_sees_keys },
	   { "a watcher that leaves is removed", test_watcher_that_leaves_is_removed },
	   { "a slow watcher learns what it missed", test_slow_watcher_learns_what_it_missed });
