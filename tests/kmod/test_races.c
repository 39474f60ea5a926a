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

#include "growth.h"
#include "nl.h"
#include "scene.h"
#include "tests/unit/test.h"
#include "world.h"

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

#define BATCH  100 /* more flows than the table has room for, when it is small */
#define ENOUGH 1000
#define ROUNDS 1000

/* All in one message: nothing else runs on this CPU before the last of them has been handled. */
static void send_batch(uint8_t cmd, uint16_t flags, int count)
{
	static char buf[BATCH * 256];
	char *at = buf, local[64];

	for (int i = 0; i < count; i++) {
		struct nl_flow flow = { .local = local,
					.out = "198.51.100.254:30002",
					.dst = "198.51.100.1:5000",
					.kind = RTPRELAY_KIND_MUX };
		struct nlmsghdr *nlh = nl_begin(&nl, at, cmd, flags);

		snprintf(local, sizeof(local), "[2001:db8:0:%x::%x]:30000", i + 1, i + 1);
		if (cmd == RTPRELAY_CMD_FLOW_ADD)
			nl_put_flow(nlh, &flow);
		else
			nl_put_endpoint(nlh, RTPRELAY_A_LOCAL, local);
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	CU_ASSERT_EQUAL(mnl_socket_sendto(nl.sock, buf, (size_t)(at - buf)), at - buf);
}

/* Reads the answers to a batch. Return: how many of its commands had the error @error */
static int answers(int count, int error)
{
	uint32_t first = nl.seq - (uint32_t)count + 1;
	int found = 0;

	for (uint32_t seq = first; seq != nl.seq + 1; seq++) {
		int err = nl_read(&nl, seq, NULL, NULL);

		CU_ASSERT(err == 0 || err == error);
		found += err == error;
	}
	return found;
}

/* Return: how many of them could not be added since the table could not grow; none is left */
static int add_until_full(void)
{
	int failed;

	growth_fails(true);
	send_batch(RTPRELAY_CMD_FLOW_ADD, NLM_F_CREATE | NLM_F_EXCL, BATCH);
	growth_fails(false);
	failed = answers(BATCH, -ENOMEM);
	send_batch(RTPRELAY_CMD_FLOW_DEL, 0, BATCH);
	CU_ASSERT_EQUAL(answers(BATCH, -ENOENT), failed);
	return failed;
}

/* A flow that does not fit into the table has got a number before, and must not be found by it. */
static void test_flows_that_cannot_be_added_end_while_all_are_read(void)
{
	int failed = 0, refused, round;
	pid_t pid;

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	growth_open();
	pid = dump_for_ever();
	scene_stay_on_cpu(0);
	/* In some rounds all have room: the table has not been made smaller after the last one. */
	for (round = 0; failed < ENOUGH && round < ROUNDS; round++)
		failed += add_until_full();
	scene_roam();
	stop(pid);
	printf("%d of %d could not be added\n", failed, round * BATCH);
	CU_ASSERT(failed >= ENOUGH);
	refused = growth_close();
	CU_ASSERT(refused < 0 || refused == failed);
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
