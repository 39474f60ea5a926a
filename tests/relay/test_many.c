/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_many.c - two hundred calls survive a reload of the module and a restart of the daemon
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "relay.h"
#include "tests/unit/test.h"

#define CALLS 200
#define FLOWS (2 * CALLS) /* no RTCP here */
#define STATE "--state-dir=/tmp/relay-state"

static struct call calls[CALLS];

static void open_calls(const char *options)
{
	char id[32], a[64], b[64];

	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	world_run("rm -rf /tmp/relay-state");
	relay_start(options);
	for (int i = 0; i < CALLS; i++) {
		snprintf(id, sizeof(id), "many-%d", i);
		snprintf(a, sizeof(a), "192.0.2.1:%d", 10000 + 2 * i);
		snprintf(b, sizeof(b), "198.51.100.1:%d", 20000 + 2 * i);
		call_open(&calls[i], id, a, b);
		CU_ASSERT_TRUE(call_first(&calls[i].a, &calls[i].b));
		CU_ASSERT_TRUE(call_pass(&calls[i].b, &calls[i].a));
	}
	CU_ASSERT_TRUE(relay_flows(FLOWS));
}

/* One packet each way, for each call. Return: the number of calls that lost one */
static int talk_all(void)
{
	int lost = 0;

	for (int i = 0; i < CALLS; i++)
		lost += !call_talk(&calls[i], 1);
	return lost;
}

/* Each has its own Call-ID, and can be deleted. */
static void delete_all(void)
{
	for (int i = 0; i < CALLS; i++) {
		const char *reply = relay_ask("\"command\":\"delete\",\"call-id\":\"many-%d\","
					      "\"from-tag\":\"a\"",
					      i);

		CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"result\":\"ok\""));
		CU_ASSERT_PTR_NULL(strstr(reply, "warning"));
		call_close(&calls[i]);
	}
	CU_ASSERT_EQUAL(relay_number(relay_ask("\"command\":\"statistics\""), "sessionsown"), 0);
	CU_ASSERT_TRUE(relay_flows(0));
	CU_ASSERT_EQUAL(relay_stop(), 0);
}

static void test_module_is_unloaded_and_loaded(void)
{
	open_calls("");
	CU_ASSERT_EQUAL(talk_all(), 0);
	CU_ASSERT_TRUE(relay_module(false));
	CU_ASSERT_EQUAL(talk_all(), 0);
	CU_ASSERT_TRUE(relay_module(true));
	CU_ASSERT_TRUE(relay_flows(FLOWS));
	CU_ASSERT_EQUAL(talk_all(), 0);
	delete_all();
}

/* The journal writes a moment after a change: wait until nothing has been written for a second. */
static void journal_rests(void)
{
	char newest[64] = "", before[64];
	FILE *file;

	for (int ms = 0; ms < 3 * SOON; ms += 1000) {
		memcpy(before, newest, sizeof(before));
		world_run("stat -c '%%Y.%%s' /tmp/relay-state/* | md5sum >/tmp/relay-state.sum");
		file = fopen("/tmp/relay-state.sum", "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		CU_ASSERT_PTR_NOT_NULL(fgets(newest, sizeof(newest), file));
		fclose(file);
		if (!strcmp(newest, before))
			return;
		poll(NULL, 0, 1000);
	}
	CU_FAIL("the journal is written without end");
}

/* No media passes through the daemon, neither the one that ended nor the next. */
static void goes_on(const char *options)
{
	struct nl_state state;
	uint64_t before;

	CU_ASSERT_EQUAL(nl_info(&relay_nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, FLOWS);
	CU_ASSERT_EQUAL(talk_all(), 0);
	before = relay_kernel_packets();
	relay_start(options);
	CU_ASSERT_EQUAL(talk_all(), 0);
	CU_ASSERT_EQUAL(relay_kernel_packets() - before, FLOWS);
	CU_ASSERT_EQUAL(relay_user_packets(), 0);
	CU_ASSERT_EQUAL(relay_number(relay_ask("\"command\":\"statistics\""), "sessionsown"),
			CALLS);
	CU_ASSERT_TRUE(relay_flows(FLOWS));
}

static void test_daemon_is_killed_and_started_again(void)
{
	open_calls(STATE);
	journal_rests();
	relay_signal(SIGKILL);
	goes_on(STATE);
	delete_all();
}

static void test_daemon_is_ended_and_started_again(void)
{
	open_calls(STATE);
	CU_ASSERT_EQUAL(relay_stop(), 0);
	goes_on(STATE);
	delete_all();
}

TEST_SUITE(many_calls, { "the module is unloaded and loaded", test_module_is_unloaded_and_loaded },
	   { "the daemon is killed and started again", test_daemon_is_killed_and_started_again },
	   { "the daemon is ended and started again", test_daemon_is_ended_and_started_again });
