/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_relay.c - daemon and module in one kernel: calls whose media bypasses the daemon
 *
 * Checked by the module's counters, and by those of the daemon, which must not change.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"
#include "tests/unit/test.h"

#define A "192.0.2.1:4000"
#define B "198.51.100.1:5000"

static struct call call;

static void begin(const char *options)
{
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(options);
}

static void end(void)
{
	call_close(&call);
	CU_ASSERT_EQUAL(relay_stop(), 0);
	CU_ASSERT_TRUE(relay_flows(0));
}

static const char *query(void)
{
	return relay_ask("\"command\":\"query\",\"call-id\":\"%s\"", call.id);
}

static const char *delete_call(void)
{
	return relay_ask("\"command\":\"delete\",\"call-id\":\"%s\",\"from-tag\":\"a\"", call.id);
}

/* Media continues, and the kernel forwards it. */
static void in_kernel(int count)
{
	uint64_t before = relay_kernel_packets();
	long user = relay_user_packets();

	CU_ASSERT_TRUE(call_talk(&call, count));
	CU_ASSERT_EQUAL(relay_kernel_packets() - before, (uint64_t)count * 2);
	CU_ASSERT_EQUAL(relay_user_packets(), user);
}

/* Queries until the text occurs that many times in the reply. */
static bool query_comes_to(const char *text, int count)
{
	for (int ms = 0; ms < SOON; ms += 100) {
		if (relay_count(query(), text) == count)
			return true;
		poll(NULL, 0, 100);
	}
	printf("%s: not %d times in %s\n", text, count, query());
	return false;
}

static void test_media_goes_through_the_kernel(void)
{
	const char *reply;
	uint64_t before;

	begin("");
	before = relay_kernel_packets();
	call_open(&call, "plain", A, B);
	call_latch(&call, 4);
	in_kernel(50);
	CU_ASSERT_TRUE(call_pass_rtcp(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass_rtcp(&call.b, &call.a));
	reply = query();
	CU_ASSERT_EQUAL(relay_count(reply, "\"path\":\"kernel\""), 4);
	CU_ASSERT_EQUAL(relay_count(reply, "kernelized"), 4);
	CU_ASSERT_EQUAL(relay_count(reply, "\"kernel packets\":0"), 0);
	reply = relay_ask("\"command\":\"statistics\"");
	CU_ASSERT_EQUAL(relay_number(reply, "relayedpackets_kernel"),
			(long)(relay_kernel_packets() - before));
	CU_ASSERT(relay_number(reply, "relayedpackets_kernel") >= 102);
	CU_ASSERT_EQUAL(relay_number(reply, "media_kernel"), 1);
	CU_ASSERT_EQUAL(relay_number(reply, "media_userspace"), 0);
	/* All windows close, though only the kernel receives packets. */
	CU_ASSERT_TRUE(query_comes_to("\"latch\":\"locked\"", 2)); /* RTCP never locks */
	end();
}

static void test_delete_has_sums_and_ends_flows(void)
{
	char totals[128];
	const char *reply;
	bool lost = false;
	unsigned int sent;

	begin("");
	call_open(&call, "sums", A, B);
	call_latch(&call, 4);
	CU_ASSERT_TRUE(call_talk(&call, 30));
	reply = delete_call();
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"result\":\"ok\""));
	/* The daemon forwarded the first packets, the kernel the rest. */
	sent = call.a.sent + call.b.sent;
	CU_ASSERT(sent >= 62);
	snprintf(totals, sizeof(totals),
		 "\"totals\":{\"RTP\":{\"packets\":%u,\"bytes\":%u,\"errors\":0},\"RTCP\":{"
		 "\"packets\":2,",
		 sent, sent * 172);
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, totals));
	CU_ASSERT_EQUAL(relay_count(reply, "\"cumulative loss\":0"), 2);
	CU_ASSERT_EQUAL(relay_count(reply, "\"last RTP seq\":1030"), 1);
	CU_ASSERT_TRUE(relay_flows(0));
	/* The media thread may take a moment to close its sockets. */
	for (int i = 0; i < 20 && !lost; i++)
		lost = call_lost(&call.a, &call.b);
	CU_ASSERT_TRUE(lost);
	end();
}

static void test_media_goes_on_while_the_daemon_stands_still(void)
{
	begin("");
	call_open(&call, "stopped", A, B);
	call_latch(&call, 4);
	relay_signal(SIGSTOP);
	CU_ASSERT_TRUE(call_talk(&call, 50));
	CU_ASSERT_TRUE(call_pass_rtcp(&call.a, &call.b));
	relay_signal(SIGCONT);
	in_kernel(5);
	end();
}

static void test_module_is_unloaded_and_loaded_under_a_call(void)
{
	long user;

	begin("");
	call_open(&call, "module", A, B);
	call_latch(&call, 4);
	in_kernel(10);
	CU_ASSERT_TRUE(relay_module(false));
	CU_ASSERT_TRUE(query_comes_to("no kernel path is available", 4));
	user = relay_user_packets();
	CU_ASSERT_TRUE(call_talk(&call, 10));
	CU_ASSERT_EQUAL(relay_user_packets(), user + 20);
	CU_ASSERT_TRUE(relay_module(true));
	CU_ASSERT_TRUE(relay_flows(4));
	in_kernel(10);
	end();
}

static void test_module_is_loaded_later(void)
{
	begin("");
	relay_stop();
	CU_ASSERT_TRUE(relay_module(false));
	relay_start("");
	call_open(&call, "later", A, B);
	CU_ASSERT_TRUE(call_first(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass(&call.b, &call.a));
	CU_ASSERT_TRUE(call_pass_rtcp(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass_rtcp(&call.b, &call.a));
	CU_ASSERT_TRUE(relay_module(true));
	CU_ASSERT_TRUE(relay_flows(4));
	in_kernel(10);
	end();
}

static void test_unknown_source_is_dropped_and_counted(void)
{
	uint8_t rtp[172];
	int unknown;

	begin("");
	call_open(&call, "unknown", A, B);
	call_latch(&call, 4);
	unknown = world_udp("a", "192.0.2.2:4000");
	rtp_make(rtp, sizeof(rtp), 0, 7, 7, call.a.ssrc);
	for (int i = 0; i < 20; i++)
		world_send(unknown, call.a.to[0], rtp, sizeof(rtp));
	CU_ASSERT_TRUE(query_comes_to("\"source\":20", 1));
	CU_ASSERT_TRUE(call_talk(&call, 1));
	CU_ASSERT_TRUE(query_comes_to("\"path\":\"kernel\"", 4));
	in_kernel(10);
	CU_ASSERT_EQUAL(relay_number(query(), "relatched"), 0);
	close(unknown);
	end();
}

/* The daemon says so before the kernel has the flow that leads there. */
static bool callee_reaches(const char *caller)
{
	struct nl_state state;

	if (!query_comes_to("\"port\":4600", 1))
		return false;
	for (int ms = 0; ms < SOON; ms += 20) {
		if (nl_get(&relay_nl, call.b.to[0], &state) || !strcmp(state.dst, caller))
			return true; /* without a flow the daemon forwards */
		poll(NULL, 0, 20);
	}
	printf("the kernel sends to %s, not to %s\n", state.dst, caller);
	return false;
}

/*
 * Same address and SSRC, continued sequence, the old port silent: the kernel's report is
 * sufficient.
 */
static void test_rebound_phone_is_followed(void)
{
	bool heard = false;

	begin("");
	call_open(&call, "rebound", A, B);
	call_latch(&call, 4);
	in_kernel(10);
	phone_move(&call.a, "192.0.2.1:4600");
	for (int i = 0; i < 50 && !heard; i++)
		heard = !call_lost(&call.a, &call.b);
	CU_ASSERT_TRUE(heard);
	CU_ASSERT_TRUE(callee_reaches("192.0.2.1:4600"));
	CU_ASSERT_TRUE(call_talk(&call, 1));
	in_kernel(10);
	end();
}

/* The same, while an unknown source sends a hundred times as many packets to its port. */
static void test_rebound_phone_is_found_in_a_flood(void)
{
	struct packet packet;
	uint8_t rtp[172];
	bool heard = false;
	int unknown;

	begin("");
	call_open(&call, "flood", A, B);
	call_latch(&call, 4);
	unknown = world_udp("a", "192.0.2.2:4000");
	rtp_make(rtp, sizeof(rtp), 0, 7, 7, 0x6666);
	phone_move(&call.a, "192.0.2.1:4600");
	for (int i = 0; i < 200 && !heard; i++) {
		for (int j = 0; j < 100; j++)
			world_send(unknown, call.a.to[0], rtp, sizeof(rtp));
		heard = !call_lost(&call.a, &call.b);
	}
	CU_ASSERT_TRUE(heard);
	CU_ASSERT_TRUE(callee_reaches("192.0.2.1:4600"));
	CU_ASSERT_TRUE(call_talk(&call, 1));
	CU_ASSERT_TRUE(query_comes_to("\"path\":\"kernel\"", 4));
	in_kernel(10);
	CU_ASSERT_FALSE(world_receive(call.b.fd[0], &packet, 0));
	close(unknown);
	end();
}

static void test_reinvite_moves_a_phone(void)
{
	begin("");
	call_open(&call, "moved", A, B);
	call_latch(&call, 4);
	phone_move(&call.a, "192.0.2.2:4700");
	CU_ASSERT_PTR_NOT_NULL(strstr(call_offer(&call, ""), "\"result\":\"ok\""));
	CU_ASSERT_TRUE(call_first(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass(&call.b, &call.a));
	CU_ASSERT_TRUE(call_pass_rtcp(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass_rtcp(&call.b, &call.a));
	CU_ASSERT_TRUE(query_comes_to("\"path\":\"kernel\"", 4));
	in_kernel(10);
	CU_ASSERT_TRUE(query_comes_to("\"latch\":\"locked\"", 2)); /* RTCP never locks */
	end();
}

static void test_blocked_media_is_dropped_by_the_kernel(void)
{
	long user;

	begin("");
	call_open(&call, "blocked", A, B);
	call_latch(&call, 4);
	relay_ask("\"command\":\"block media\",\"call-id\":\"blocked\",\"from-tag\":\"a\"");
	CU_ASSERT_TRUE(query_comes_to("\"blocked\"", 1));
	poll(NULL, 0, NEVER);
	user = relay_user_packets();
	CU_ASSERT_TRUE(call_lost(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass(&call.b, &call.a));
	CU_ASSERT_EQUAL(relay_user_packets(), user);
	CU_ASSERT_TRUE(query_comes_to("\"blocked\":1", 1));
	relay_ask("\"command\":\"unblock media\",\"call-id\":\"blocked\",\"from-tag\":\"a\"");
	CU_ASSERT_TRUE(query_comes_to("\"blocked\"]", 0));
	poll(NULL, 0, NEVER);
	in_kernel(5);
	end();
}

/*
 * Longer than the time-out, without a packet that the daemon sees; then silence, which the kernel
 * reports.
 */
static void test_time_out_follows_the_kernel(void)
{
	begin("--timeout=4");
	call_open(&call, "timeout", A, B);
	call_latch(&call, 4);
	for (int i = 0; i < 12; i++) {
		CU_ASSERT_TRUE(call_talk(&call, 1));
		poll(NULL, 0, 500);
	}
	CU_ASSERT_EQUAL(relay_count(query(), "\"path\":\"kernel\""), 4);
	for (int ms = 0; ms < 3 * SOON && relay_count(query(), "Unknown call") == 0; ms += 200)
		poll(NULL, 0, 200);
	CU_ASSERT_EQUAL(relay_count(query(), "Unknown call"), 1);
	CU_ASSERT_EQUAL(relay_number(relay_ask("\"command\":\"statistics\""), "timeoutsessions"),
			1);
	end();
}

/* Datagrams that netlink sockets of this namespace have lost because their buffers were full. */
static unsigned long lost_news(void)
{
	unsigned long sum = 0, drops;
	char line[256];
	FILE *file;

	world_enter("relay");
	file = fopen("/proc/net/netlink", "r");
	world_leave();
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*d %*u %*x %*u %*u %*u %*u %lu", &drops) == 1)
			sum += drops;
	fclose(file);
	return sum;
}

/*
 * Fills the receive buffer of the sockets that subscribe to the module's events, with messages that
 * root may send and every receiver ignores.
 */
static void flood_news(void)
{
	static uint8_t junk[32768] __attribute__((aligned(8)));
	const struct sockaddr_nl to = { .nl_family = AF_NETLINK,
					.nl_groups = 1U << (relay_nl.group - 1) };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(junk);
	unsigned long before = lost_news();

	CU_ASSERT_FATAL(relay_nl.group >= 1 && relay_nl.group <= 32);
	nlh->nlmsg_len = sizeof(junk);
	nlh->nlmsg_type = NLMSG_NOOP;
	for (int i = 0; i < 4000 && lost_news() == before; i++)
		CU_ASSERT_EQUAL_FATAL(sendto(mnl_socket_get_fd(relay_nl.sock), junk, sizeof(junk),
					     0, (const struct sockaddr *)&to, sizeof(to)),
				      sizeof(junk));
	CU_ASSERT(lost_news() > before);
}

/* The kernel reports that the phones are silent while the daemon cannot receive the event. */
static void test_events_that_were_lost_are_detected(void)
{
	struct nl_state state = { .silent = false };
	unsigned long lost;

	begin("--timeout=4");
	call_open(&call, "overrun", A, B);
	call_latch(&call, 4);
	relay_signal(SIGSTOP);
	flood_news();
	lost = lost_news();
	for (int ms = 0; ms < SOON && lost_news() < lost + 4; ms += 100)
		poll(NULL, 0, 100);
	CU_ASSERT(lost_news() >= lost + 4);
	CU_ASSERT_EQUAL(nl_get(&relay_nl, call.a.to[0], &state), 0);
	CU_ASSERT_TRUE(state.silent);
	relay_signal(SIGCONT);
	for (int ms = 0; ms < SOON && relay_count(query(), "Unknown call") == 0; ms += 200)
		poll(NULL, 0, 200);
	CU_ASSERT_EQUAL(relay_count(query(), "Unknown call"), 1);
	CU_ASSERT_EQUAL(relay_number(relay_ask("\"command\":\"statistics\""), "timeoutsessions"),
			1);
	end();
}

/*
 * The second call exceeds the limit and reports that; when the first has ended, its flows are set.
 */
static void test_call_beyond_the_limit_waits_for_room(void)
{
	struct call second;

	begin("");
	CU_ASSERT_EQUAL(nl_limit(&relay_nl, 4), 0);
	call_open(&call, "first", A, B);
	call_latch(&call, 4);
	call_open(&second, "second", "192.0.2.1:4100", "198.51.100.1:5100");
	call_latch(&second, 4);
	CU_ASSERT_TRUE(call_talk(&second, 10));
	CU_ASSERT_EQUAL(relay_count(relay_ask("\"command\":\"query\",\"call-id\":\"second\""),
				    "\"path reason\":\"the limit of flows"),
			4);
	delete_call();
	call_close(&call);
	call = second;
	CU_ASSERT_TRUE(relay_flows(4));
	CU_ASSERT_TRUE(query_comes_to("\"path\":\"kernel\"", 4));
	in_kernel(10);
	CU_ASSERT_EQUAL(nl_limit(&relay_nl, RTPRELAY_LIMIT_DEFAULT), 0);
	end();
}

static void test_ipv4_to_ipv6(void)
{
	begin("");
	call_open(&call, "six", A, "[2001:db8:b::1]:5000");
	call_latch(&call, 4);
	in_kernel(20);
	end();
}

/* The next daemon removes what a killed one left behind. */
static void test_flows_of_a_killed_daemon_are_removed(void)
{
	begin("");
	call_open(&call, "killed", A, B);
	call_latch(&call, 4);
	relay_signal(SIGKILL);
	CU_ASSERT_TRUE(call_talk(&call, 10));
	relay_start("");
	CU_ASSERT_TRUE(relay_flows(0));
	end();
}

TEST_SUITE(relay, { "media goes through the kernel", test_media_goes_through_the_kernel },
	   { "delete has the sums, and ends flows", test_delete_has_sums_and_ends_flows },
	   { "media continues while the daemon is stopped",
	     test_media_goes_on_while_the_daemon_stands_still },
	   { "the module is unloaded and loaded under a call",
	     test_module_is_unloaded_and_loaded_under_a_call },
	   { "the module is loaded later", test_module_is_loaded_later },
	   { "an unknown source is dropped and counted",
	     test_unknown_source_is_dropped_and_counted },
	   { "a rebound phone is followed", test_rebound_phone_is_followed },
	   { "a rebound phone is found in a flood", test_rebound_phone_is_found_in_a_flood },
	   { "a re-INVITE moves a phone", test_reinvite_moves_a_phone },
	   { "blocked media is dropped by the kernel",
	     test_blocked_media_is_dropped_by_the_kernel },
	   { "time-out follows the kernel", test_time_out_follows_the_kernel },
	   { "events that were lost are detected", test_events_that_were_lost_are_detected },
	   { "a call beyond the limit waits for room", test_call_beyond_the_limit_waits_for_room },
	   { "IPv4 to IPv6", test_ipv4_to_ipv6 },
	   { "flows of a killed daemon are removed", test_flows_of_a_killed_daemon_are_removed });
