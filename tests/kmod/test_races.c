/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_races.c - commands of one process while another one reads the flows
 *
 * What these tests look for is memory that is used after it was freed. Only a kernel that checks
 * its memory notices it: tests/guest/debug-kernel, or any with "slub_debug=FZPU".
 */
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define LOCAL "192.0.2.254:30000"

static struct nl nl;
static struct nl_state state;

/* Memory that was freed has another content, in these kernels. */
static void check_alike(const struct nl_state *s, void *arg)
{
	bool *wrong = arg;

	*wrong |= strncmp(s->local, "[2001:db8:0:", 12) != 0 || s->kind != RTPRELAY_KIND_MUX;
}

/* A process that reads all flows again and again, until one is wrong or it is killed. */
static pid_t dump_for_ever(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		bool wrong = false;
		struct nl own;

		if (!nl_open(&own, "relay"))
			_exit(1);
		while (!wrong)
			nl_dump(&own, check_alike, &wrong);
		_exit(1);
	}
	return pid;
}

static void stop(pid_t pid)
{
	int status;

	CU_ASSERT_EQUAL(waitpid(pid, &status, WNOHANG), 0); /* it still runs */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#define ALIKE  20
#define ROUNDS 150

/* Addresses of this form, all with one port, once had one hash value. */
static void alike(char text[64], int i)
{
	snprintf(text, 64, "[2001:db8:0:%x::%x]:30000", i + 1, i + 1);
}

static int add_alike(int i)
{
	char local[64];
	struct nl_flow flow = { .local = local,
				.out = "198.51.100.254:30002",
				.dst = "198.51.100.1:5000",
				.kind = RTPRELAY_KIND_MUX };

	alike(local, i);
	return nl_add(&nl, &flow, NLM_F_CREATE | NLM_F_EXCL, NULL);
}

/* Return: how many of them could be added; all of them are gone afterwards */
static int add_and_delete_alike(void)
{
	int added = 0;
	char local[64];

	for (int i = 0; i < ALIKE; i++) {
		int err = add_alike(i);

		CU_ASSERT(err == 0 || err == -EBUSY);
		added += !err;
	}
	for (int i = 0; i < ALIKE; i++) {
		alike(local, i);
		nl_del(&nl, local, NULL);
	}
	return added;
}

static void test_flows_that_cannot_be_added_end_while_all_are_read(void)
{
	int added = 0;
	pid_t pid;

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	pid = dump_for_ever();
	for (int round = 0; round < ROUNDS; round++)
		added += add_and_delete_alike();
	stop(pid);
	printf("%d of %d were added\n", added, ROUNDS * ALIKE);
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 0);
	nl_close(&nl);
}

#define STRANGERS 20000

/* A process that sends to LOCAL from an address that the flow does not admit. */
static pid_t send_as_stranger(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = world_udp("a", "192.0.2.1:4000");
		uint8_t rtp[172];

		for (uint32_t n = 0; n < STRANGERS; n++) {
			rtp_make(rtp, sizeof(rtp), 0, (uint16_t)n, n, 1);
			if (!world_send(fd, LOCAL, rtp, sizeof(rtp)))
				_exit(1);
		}
		_exit(0);
	}
	return pid;
}

/* Each is counted once: by the old flow before its state is final, or by its replacement. */
static void check_strangers(uint32_t flags)
{
	const struct nl_flow flow = { .local = LOCAL,
				      .src = "192.0.2.2:4000",
				      .out = "198.51.100.254:30002",
				      .dst = "198.51.100.1:5000",
				      .flags = flags,
				      .kind = RTPRELAY_KIND_MUX };
	int status = -1, rounds = 0;
	uint64_t counted = 0;
	pid_t pid;

	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	pid = send_as_stranger();
	while (waitpid(pid, &status, WNOHANG) == 0) {
		memset(&state, 0, sizeof(state));
		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, &state), 0);
		counted += state.counters[RTPRELAY_C_DROP_SOURCE];
		rounds++;
	}
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT(rounds > 100);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	counted += state.counters[RTPRELAY_C_DROP_SOURCE];
	CU_ASSERT_EQUAL(counted, STRANGERS);
}

static void test_replacing_under_a_flood_of_strangers_loses_no_count(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	check_strangers(0);
	check_strangers(RTPRELAY_FLOW_CARRY);
	nl_close(&nl);
}

TEST_SUITE(races,
	   { "flows that cannot be added end while all are read",
	     test_flows_that_cannot_be_added_end_while_all_are_read },
	   { "replacing under a flood of strangers loses no count",
	     test_replacing_under_a_flood_of_strangers_loses_no_count });
