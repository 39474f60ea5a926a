/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_memory.c - every allocation may fail; needs a kernel with fault injection
 * (tests/guest/debug-kernel)
 *
 * In another kernel these tests report that, and check only that the commands work.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define LOCAL "192.0.2.254:30000"

static struct nl nl;
static struct nl_state state;
static struct packet packet;

static const struct nl_flow plain = {
	.local = LOCAL,
	.out = "198.51.100.254:30002",
	.dst = "198.51.100.1:5000",
	.kind = RTPRELAY_KIND_MUX,
	.cookie = "a cookie",
};

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Kept open: opening it would be an allocation. */
static int fail_fd = -1;

static bool can_inject(void)
{
	if (fail_fd < 0)
		fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_fd >= 0 && write_to("/sys/kernel/debug/failslab/ignore-gfp-wait", "N") &&
	    write_to("/sys/kernel/debug/failslab/verbose", "0"))
		return true;
	CU_FAIL("this kernel has no fault injection: boot the debug kernel");
	return false;
}

static void start(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
}

/* The nth allocation of this thread from now on fails; 0: none. */
static void fail_nth(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	CU_ASSERT_EQUAL(pwrite(fail_fd, text, (size_t)len, 0), len);
}

/* Return: true: it failed; false: there was no nth allocation */
static bool failed_nth(void)
{
	char text[16] = "";

	CU_ASSERT(pread(fail_fd, text, sizeof(text) - 1, 0) > 0);
	fail_nth(0);
	return atoi(text) == 0;
}

static int run_add(void)
{
	return nl_add(&nl, &plain, NLM_F_CREATE | NLM_F_EXCL, NULL);
}

static int run_tapped(void)
{
	struct nl_flow flow = plain;

	flow.flags = RTPRELAY_FLOW_TAP;
	return nl_add(&nl, &flow, NLM_F_CREATE | NLM_F_EXCL, NULL);
}

static int run_replace(void)
{
	return nl_add(&nl, &plain, NLM_F_REPLACE, NULL);
}

static int run_del(void)
{
	return nl_del(&nl, LOCAL, NULL);
}

static int run_get(void)
{
	return nl_get(&nl, LOCAL, &state);
}

static int run_info(void)
{
	return nl_info(&nl, &state);
}

static void ignore(const struct nl_state *s, void *arg)
{
	(void)s;
	(void)arg;
}

static int run_dump(void)
{
	return nl_dump(&nl, ignore, NULL);
}

struct command {
	const char *name;
	int (*run)(void);
	bool before, after; /* is there a flow? */
};

static const struct command commands[] = {
	{ "add", run_add, false, true },	{ "add, tapped", run_tapped, false, true },
	{ "replace", run_replace, true, true }, { "delete", run_del, true, false },
	{ "get", run_get, true, true },		{ "dump", run_dump, true, true },
	{ "info", run_info, true, true },
};

static void set_flow(bool there)
{
	int err = there ? nl_add(&nl, &plain, NLM_F_CREATE, NULL) : nl_del(&nl, LOCAL, NULL);

	CU_ASSERT(err == 0 || (!there && err == -ENOENT));
}

/*
 * A command that fails changes nothing; one that succeeds has been done. ENOBUFS comes from the
 * socket and means that the answer was lost: the state must be read to know if the command was
 * done.
 */
static void check_command(const struct command *c, bool inject)
{
	int n, err;

	for (n = 1; n < 1000; n++) {
		bool failed;

		set_flow(c->before);
		if (inject)
			fail_nth(n);
		err = c->run();
		failed = inject && failed_nth();
		/* The rest of an answer that arrived nevertheless. */
		nl_close(&nl);
		CU_ASSERT_FATAL(nl_open(&nl, "relay"));
		if (err != -ENOBUFS)
			CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, NULL),
					(err ? c->before : c->after) ? 0 : -ENOENT);
		if (!failed)
			break;
	}
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT(!inject || n > 3);
	set_flow(false);
}

static void test_each_allocation_of_each_command(void)
{
	bool inject = can_inject();

	start();
	for (size_t i = 0; i < COUNT(commands); i++)
		check_command(&commands[i], inject);
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 0);
	nl_close(&nl);
}

static void test_packets_while_memory_is_short(void)
{
	struct nl_flow flow = plain;
	bool inject = can_inject();
	uint8_t rtp[172];
	int a, b, sniff;

	start();
	flow.flags = RTPRELAY_FLOW_TAP;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	a = world_udp("a", "192.0.2.1:4000");
	b = world_udp("b", "198.51.100.1:5000");
	sniff = world_sniff("relay", "a0"); /* so that each packet must be copied */
	if (inject) {
		write_to("/sys/kernel/debug/failslab/times", "-1");
		write_to("/sys/kernel/debug/failslab/interval", "1");
		write_to("/sys/kernel/debug/failslab/probability", "25");
	}
	for (uint16_t seq = 0; seq < 3000; seq++) {
		struct sockaddr_storage to = world_addr(LOCAL);

		rtp_make(rtp, sizeof(rtp), 0, seq, 0, 1);
		sendto(a, rtp, sizeof(rtp), MSG_DONTWAIT, (struct sockaddr *)&to,
		       sizeof(struct sockaddr_in));
	}
	/* Opening the file may fail for the same reason. */
	while (inject && !write_to("/sys/kernel/debug/failslab/probability", "0"))
		;
	while (world_receive(b, &packet, NEVER))
		;
	rtp_make(rtp, sizeof(rtp), 0, 3000, 0, 1);
	CU_ASSERT(world_send(a, LOCAL, rtp, sizeof(rtp)));
	CU_ASSERT(world_receive(b, &packet, SOON));
	CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, sizeof(rtp)), 0);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.counters[RTPRELAY_C_PACKETS] > 100);
	CU_ASSERT(!inject || state.counters[RTPRELAY_C_DROP_NOMEM] > 0);
	close(sniff);
	close(a);
	close(b);
	nl_close(&nl);
}

#define SEGMENTS 8
#define BURSTS	 200

/* Eight packets, one after the other, which wait together for the device at the other end. */
static void send_burst(int fd, uint16_t seq)
{
	static uint8_t bytes[SEGMENTS * 172];
	struct sockaddr_storage to = world_addr(LOCAL);
	int size = 172;

	for (int i = 0; i < SEGMENTS; i++)
		rtp_make(bytes + i * 172, 172, 0, (uint16_t)(seq + i), 0, 1);
	CU_ASSERT_EQUAL(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	sendto(fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&to,
	       sizeof(struct sockaddr_in));
}

/*
 * A list of merged packets is taken apart in place: when memory for that is missing, what is left
 * of the list must reach nobody.
 */
static void test_merged_packets_while_memory_is_short(void)
{
	bool inject = can_inject();
	int a, b, relay, wire;
	uint64_t counted;

	start();
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	a = world_udp("a", "192.0.2.1:4000");
	b = world_udp("b", "198.51.100.1:5000");
	relay = world_udp("relay", LOCAL);
	wire = world_sniff("relay", "a0"); /* so that a list must be copied */
	world_run("ip netns exec relay ethtool -K a0 gro on rx-gro-list on >/dev/null;"
		  "ip netns exec a ethtool -K eth0 tx on tx-udp-segmentation off >/dev/null");
	if (inject) {
		write_to("/sys/kernel/debug/failslab/times", "-1");
		write_to("/sys/kernel/debug/failslab/interval", "1");
		write_to("/sys/kernel/debug/failslab/probability", "5");
	}
	for (uint16_t burst = 0; burst < BURSTS; burst++)
		send_burst(a, (uint16_t)(burst * SEGMENTS));
	while (inject && !write_to("/sys/kernel/debug/failslab/probability", "0"))
		;
	while (world_receive(b, &packet, NEVER))
		CU_ASSERT_EQUAL(packet.len, 172);
	CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
	world_run("ip netns exec relay ethtool -K a0 rx-gro-list off gro off >/dev/null;"
		  "ip netns exec a ethtool -K eth0 tx-udp-segmentation on >/dev/null");
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	counted = state.counters[RTPRELAY_C_PACKETS] + state.counters[RTPRELAY_C_DROP_NOMEM];
	CU_ASSERT(counted > 100 && counted <= 2 * BURSTS * SEGMENTS);
	CU_ASSERT(!inject || state.counters[RTPRELAY_C_DROP_NOMEM] > 0);
	close(wire);
	close(relay);
	close(a);
	close(b);
	nl_close(&nl);
}

TEST_SUITE(memory,
	   { "each allocation of each command may fail", test_each_allocation_of_each_command },
	   { "packets while memory is short", test_packets_while_memory_is_short },
	   { "merged packets while memory is short", test_merged_packets_while_memory_is_short });
