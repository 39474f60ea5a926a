/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_net.c - packets through the attached program, from a phone to another, in namespaces
 */
#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "frame.h"
#include "net.h"
#include "tests/kmod/kinds.h"
#include "tests/kmod/world.h"
#include "tests/unit/test.h"

#define A_PHONE	  "192.0.2.1:4000"
#define A_UNKNOWN "192.0.2.2:4000"
#define A_RELAY	  "192.0.2.254:30000"
#define B_PHONE	  "198.51.100.1:5000"
#define B_RELAY	  "198.51.100.254:30002"

#define A6_PHONE   "[2001:db8:a::1]:4000"
#define A6_UNKNOWN "[2001:db8:a::2]:4000"
#define A6_RELAY   "[2001:db8:a::fe]:30000"
#define B6_PHONE   "[2001:db8:b::1]:5000"
#define B6_RELAY   "[2001:db8:b::fe]:30002"

#define PIN "/mnt/rtprelay"

static const struct {
	const char *phone, *unknown, *local, *out, *dst;
} families[] = {
	{ A_PHONE, A_UNKNOWN, A_RELAY, B_RELAY, B_PHONE },
	{ A6_PHONE, A6_UNKNOWN, A6_RELAY, B6_RELAY, B6_PHONE },
};

static struct flow_map *map;
static struct packet packet;
static struct map_state state;
static unsigned int refused;
static struct map_stranger stranger;

static void hear(void *arg, enum map_event event, const struct map_found *found)
{
	(void)arg;
	if (event != MAP_REFUSED)
		return;
	refused++;
	stranger = *found->stranger;
}

static int open_map(const char *pin)
{
	struct map_conf conf = {
		.pin = pin, .limit = 100, .statistics = true, .event = hear, .clsacts = &net_clsacts
	};
	char why[FLOW_MAP_WHY];

	refused = 0;
	return flow_map_open(&conf, &map, why);
}

static void start(void)
{
	world_open();
	CU_ASSERT_EQUAL_FATAL(open_map(NULL), 0);
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attach(map, "b0"), 0);
}

static void end(void)
{
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_detach(map, "b0"), 0);
	flow_map_close(map, false);
	net_clsacts_end();
}

static void set_flows(bool v6, bool any_source)
{
	struct map_flow flow;

	net_flow(&flow, families[v6].local, any_source ? NULL : families[v6].phone,
		 families[v6].out, families[v6].dst, "b0");
	CU_ASSERT_EQUAL_FATAL(flow_map_set(map, &flow, false, NULL, NULL), 0);
	net_flow(&flow, families[v6].out, families[v6].dst, families[v6].local, families[v6].phone,
		 "a0");
	CU_ASSERT_EQUAL_FATAL(flow_map_set(map, &flow, false, NULL, NULL), 0);
}

static void send_rtp(int fd, const char *to, size_t len, uint16_t seq)
{
	uint8_t rtp[1500];

	rtp_make(rtp, len, 0, seq, seq * 160u, 0xabcd);
	CU_ASSERT_FATAL(world_send(fd, to, rtp, len));
}

static void check_rtp(int from, int to, const char *local, const char *source, size_t len,
		      uint16_t seq)
{
	uint8_t rtp[1500];

	rtp_make(rtp, len, 0, seq, seq * 160u, 0xabcd);
	send_rtp(from, local, len, seq);
	CU_ASSERT_FATAL(world_receive(to, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.from, source);
	CU_ASSERT_EQUAL(packet.ttl, 63);
	CU_ASSERT_EQUAL(packet.len, len);
	CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, len), 0);
}

static struct map_state read_flow(const char *local)
{
	struct endpoint ep = frame_endpoint(local);

	CU_ASSERT_EQUAL(flow_map_read(map, &ep, &state), 0);
	return state;
}

static void test_both_directions_without_the_socket(void)
{
	start();
	for (int v6 = 0; v6 < 2; v6++) {
		int a = world_udp("a", families[v6].phone), b = world_udp("b", families[v6].dst);
		int relay = world_udp("relay", families[v6].local);

		set_flows(v6, false);
		world_run("ip -n relay neigh flush all");
		for (uint16_t seq = 1; seq < 21; seq++) {
			check_rtp(a, b, families[v6].local, families[v6].out, 172, seq);
			check_rtp(b, a, families[v6].out, families[v6].local, 100, seq);
		}
		CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
		CU_ASSERT_EQUAL(read_flow(families[v6].local).counters[RTPRELAY_C_PACKETS], 20);
		CU_ASSERT_EQUAL(read_flow(families[v6].out).counters[RTPRELAY_C_BYTES], 2000);
		CU_ASSERT_EQUAL(rtp_stats_lost(&state.rtp), 0);
		close(a);
		close(b);
		close(relay);
	}
	end();
}

/* Checksums computed by the sender or left to its device; the same on the relay's output. */
static void test_checksums_hold(void)
{
	static const struct {
		const char *sender, *relay;
	} offloads[] = { { "off", "on" }, { "on", "on" }, { "on", "off" }, { "off", "off" } };

	start();
	for (size_t i = 0; i < COUNT(offloads) * 4; i++) {
		bool v6 = i & 1, any = i & 2;
		const char *sender = offloads[i / 4].sender, *relay = offloads[i / 4].relay;
		int a = world_udp("a", families[v6].phone), b = world_udp("b", families[v6].dst);
		int wire = world_sniff("b", "eth0");

		world_run("ip netns exec a ethtool -K eth0 tx %s >/dev/null; "
			  "ip netns exec relay ethtool -K b0 tx %s >/dev/null",
			  sender, relay);
		set_flows(v6, any);
		for (uint16_t seq = 1; seq < 21; seq++) {
			check_rtp(a, b, families[v6].local, families[v6].out, 160 + seq, seq);
			CU_ASSERT_FATAL(world_sniffed(wire, &packet, SOON));
			CU_ASSERT_NOT_EQUAL(packet.udp_checksum, 0);
			if (!strcmp(sender, "off") || !strcmp(relay, "off"))
				CU_ASSERT(packet.good);
		}
		close(wire);
		close(a);
		close(b);
	}
	world_run("ip netns exec a ethtool -K eth0 tx on >/dev/null; "
		  "ip netns exec relay ethtool -K b0 tx on >/dev/null");
	end();
}

static void test_strangers_are_dropped_and_told(void)
{
	start();
	for (int v6 = 0; v6 < 2; v6++) {
		int unknown = world_udp("a", families[v6].unknown);
		int a = world_udp("a", families[v6].phone);
		int b = world_udp("b", families[v6].dst);
		int relay = world_udp("relay", families[v6].local);
		int64_t start_ms = clock_ms();
		struct endpoint source = frame_endpoint(families[v6].unknown);

		refused = 0;
		set_flows(v6, false);
		for (uint16_t seq = 1; seq < 6; seq++)
			send_rtp(unknown, families[v6].local, 172, seq);
		/* The phone's packet comes after those, by the same way. */
		check_rtp(a, b, families[v6].local, families[v6].out, 172, 1);
		CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
		CU_ASSERT_EQUAL(read_flow(families[v6].local).counters[RTPRELAY_C_DROP_SOURCE], 5);
		while (!refused && clock_ms() - start_ms < SOON)
			flow_map_dispatch(map);
		CU_ASSERT_EQUAL(refused, 1);
		CU_ASSERT(endpoint_eq(&stranger.source, &source));
		close(unknown);
		close(a);
		close(b);
		close(relay);
	}
	end();
}

static void test_what_the_flow_does_not_carry_reaches_the_socket(void)
{
	int a, b, relay;
	struct map_flow flow;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	relay = world_udp("relay", A_RELAY);
	net_flow(&flow, A_RELAY, A_PHONE, B_RELAY, B_PHONE, "b0");
	flow.pt_set[0] = 1; /* PCMU */
	CU_ASSERT_EQUAL_FATAL(flow_map_set(map, &flow, false, NULL, NULL), 0);
	CU_ASSERT(world_send(a, A_RELAY, BYTES(STUN_BYTES)));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.from, A_PHONE);
	CU_ASSERT_EQUAL(packet.ttl, 64);
	CU_ASSERT(world_send(a, A_RELAY, BYTES(DTLS_BYTES)));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT(world_send(a, A_RELAY, BYTES("\x80\x63\0\1\0\0\0\1\0\0\0\2x")));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(packet.bytes[1], 99);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 1);
	read_flow(A_RELAY);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_STUN], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_DTLS], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_PT], 1);
	close(a);
	close(b);
	close(relay);
	end();
}

/* A datagram in fragments is put together for the socket. */
static void test_fragments_reach_the_socket(void)
{
	uint8_t rtp[2000];
	int a, relay;

	start();
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	world_run("ip -n a link set eth0 mtu 1000");
	set_flows(false, false);
	rtp_make(rtp, sizeof(rtp), 0, 1, 0, 0xabcd);
	CU_ASSERT(world_send(a, A_RELAY, rtp, sizeof(rtp)));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, sizeof(rtp));
	CU_ASSERT_EQUAL(read_flow(A_RELAY).counters[RTPRELAY_C_PACKETS], 0);
	world_run("ip -n a link set eth0 mtu 1500");
	close(a);
	close(relay);
	end();
}

/* Datagrams that the sender hands over as one are admitted one by one, by the daemon. */
static void test_merged_datagrams_reach_the_socket(void)
{
	uint8_t rtp[3 * 172];
	int a, relay, size = 172;

	start();
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	set_flows(false, false);
	for (uint16_t i = 0; i < 3; i++)
		rtp_make(rtp + i * 172, 172, 0, i, 0, 0xabcd);
	CU_ASSERT_EQUAL_FATAL(setsockopt(a, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	CU_ASSERT(world_send(a, A_RELAY, rtp, sizeof(rtp)));
	for (uint8_t i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(world_receive(relay, &packet, SOON));
		CU_ASSERT_EQUAL(packet.len, 172);
		CU_ASSERT_EQUAL(packet.bytes[3], i);
	}
	CU_ASSERT_EQUAL(read_flow(A_RELAY).counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_SIZE], 1);
	close(a);
	close(relay);
	end();
}

static void test_by_a_router(void)
{
	struct map_flow flow;
	int a, b;

	start();
	/* Nobody answers for that address on the link. */
	world_run("ip netns exec b sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore'");
	world_run("ip -n b addr add 203.0.113.9/32 dev lo");
	a = world_udp("a", A_PHONE);
	b = world_udp("b", "203.0.113.9:5000");
	net_flow(&flow, A_RELAY, A_PHONE, B_RELAY, "203.0.113.9:5000", "b0");
	flow.hop = frame_endpoint("198.51.100.1:0");
	CU_ASSERT_EQUAL_FATAL(flow_map_set(map, &flow, false, NULL, NULL), 0);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 1);
	flow.hop = frame_endpoint("[2001:db8:b::1]:0"); /* RFC 5549 */
	CU_ASSERT_EQUAL_FATAL(flow_map_set(map, &flow, true, NULL, NULL), 0);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 2);
	world_run("ip -n b addr del 203.0.113.9/32 dev lo");
	world_run("ip netns exec b sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore'");
	close(a);
	close(b);
	end();
}

/* --- Programs of others: one runs before ours, one after it; and nftables --- */

static struct foreign before, after;

static void others_come(void)
{
	foreign_open(&before);
	foreign_open(&after);
	CU_ASSERT_EQUAL(foreign_attach(&before, "a0", 1, 1), 0);
	CU_ASSERT_EQUAL(foreign_attach(&after, "a0", 1, 60000), 0);
	CU_ASSERT_EQUAL(world_run("ip netns exec relay nft -f - <<-END\n"
				  "table ip t { chain c { type filter hook input priority 0;\n"
				  "udp dport 30000 counter; udp dport 9 counter drop; }\n}\nEND"),
			0);
}

static void others_go(void)
{
	world_run("ip netns exec relay nft delete table ip t; tc -n relay qdisc del dev a0 clsact");
	foreign_close(&before);
	foreign_close(&after);
}

/* nftables counts what goes up, and only that. */
static bool nft_has_counted(int packets)
{
	return !world_run("ip netns exec relay nft list table ip t | "
			  "grep -q 'dport 30000 counter packets %d '",
			  packets);
}

/* What no flow takes reaches both programs, nftables and the socket. */
static void check_all_see(int a, int relay)
{
	uint64_t at_first = foreign_count(&before), at_last = foreign_count(&after);

	CU_ASSERT(world_send(a, A_RELAY, BYTES(STUN_BYTES)));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT(foreign_count(&before) > at_first);
	CU_ASSERT(foreign_count(&after) > at_last);
}

static void check_others_go_on(void)
{
	int a = world_udp("a", A_PHONE), b = world_udp("b", B_PHONE);
	int relay = world_udp("relay", A_RELAY);
	uint64_t count;

	set_flows(false, false);
	count = foreign_count(&before);
	for (uint16_t seq = 1; seq < 6; seq++)
		check_rtp(a, b, A_RELAY, B_RELAY, 172, seq);
	CU_ASSERT(foreign_count(&before) - count >= 5);
	CU_ASSERT(nft_has_counted(0));
	check_all_see(a, relay);
	CU_ASSERT(nft_has_counted(1));
	end();
	CU_ASSERT_EQUAL(world_run("tc -n relay filter show dev a0 ingress | grep -c foreign | "
				  "grep -qx 2"),
			0);
	check_all_see(a, relay);
	CU_ASSERT(nft_has_counted(2));
	close(a);
	close(b);
	close(relay);
}

static void test_others_go_on(void)
{
	world_open();
	others_come();
	start();
	check_others_go_on();
	others_go();
}

/* They use the qdisc that came from here, and it stays for them. */
static void test_others_that_come_later_go_on(void)
{
	start();
	others_come();
	check_others_go_on();
	CU_ASSERT(net_has_clsact("a0"));
	CU_ASSERT_FALSE(net_has_clsact("b0"));
	others_go();
}

static void test_attach_and_detach(void)
{
	world_open();
	CU_ASSERT_EQUAL_FATAL(open_map(NULL), 0);
	CU_ASSERT_EQUAL(net_attached(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attached(map, "a0"), 1);
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(world_run("tc -n relay filter show dev a0 ingress | grep -c rtprelay | "
				  "grep -qx 1"),
			0);
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attached(map, "a0"), 0);
	CU_ASSERT(net_has_clsact("a0"));
	net_clsacts_end();
	CU_ASSERT_FALSE(net_has_clsact("a0"));
	/* A qdisc that was there stays. */
	world_run("tc -n relay qdisc add dev a0 clsact");
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	net_clsacts_end();
	CU_ASSERT(net_has_clsact("a0"));
	world_run("tc -n relay qdisc del dev a0 clsact");
	flow_map_close(map, false);
}

/* Sends to B all the time, until it is killed. */
static void talk_on(void)
{
	int fd = world_udp("relay", B_RELAY);

	for (;;)
		world_send(fd, B_PHONE, BYTES("0123456789ab"));
}

static long sent_by_b0(const char *what)
{
	char command[120], text[24] = "-1";
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "ip netns exec relay cat /sys/class/net/b0/statistics/tx_%s", what);
	pipe = popen(command, "re");
	if (pipe && !fgets(text, sizeof(text), pipe))
		text[0] = '\0';
	if (pipe)
		pclose(pipe);
	return strtol(text, NULL, 10);
}

/* The kernel would drop what a device sends while it loses its qdisc: also calls of other paths. */
static void test_packets_sent_meanwhile_are_not_lost(void)
{
	long sent, dropped;
	int status;
	pid_t pid;

	start();
	pid = fork();
	if (!pid)
		talk_on();
	sent = sent_by_b0("packets");
	while (sent_by_b0("packets") < sent + 100)
		;
	dropped = sent_by_b0("dropped");
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(net_detach(map, "b0"), 0);
		CU_ASSERT_EQUAL(net_attach(map, "b0"), 0);
	}
	CU_ASSERT_EQUAL(sent_by_b0("dropped"), dropped);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	end();
	CU_ASSERT_FALSE(net_has_clsact("b0"));
}

/* A filter of somebody else at the same place, or added to the qdisc that came from here. */
static void test_what_is_not_ours_stays(void)
{
	struct foreign foreign;

	world_open();
	foreign_open(&foreign);
	CU_ASSERT_EQUAL_FATAL(open_map(NULL), 0);
	CU_ASSERT_EQUAL(foreign_attach(&foreign, "a0", FLOW_MAP_HANDLE, 50000), 0);
	CU_ASSERT_EQUAL(net_attach(map, "a0"), -EEXIST);
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	CU_ASSERT_EQUAL(world_run("tc -n relay filter show dev a0 ingress | grep -q foreign"), 0);
	world_run("tc -n relay qdisc del dev a0 clsact");
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(foreign_attach(&foreign, "a0", 1, 7), 0);
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	net_clsacts_end();
	CU_ASSERT_EQUAL(world_run("tc -n relay filter show dev a0 ingress | grep -q foreign"), 0);
	CU_ASSERT_EQUAL(world_run("! tc -n relay filter show dev a0 ingress | grep rtprelay"), 0);
	world_run("tc -n relay qdisc del dev a0 clsact");
	flow_map_close(map, false);
	foreign_close(&foreign);
}

/* Two daemons of a host, on the same devices. */
static void test_two_daemons_beside_each_other(void)
{
	struct map_conf conf = { .limit = 10, .handle = 7, .clsacts = &net_clsacts };
	struct flow_map *other;
	char why[FLOW_MAP_WHY];
	struct map_flow flow;
	int a, b;

	start();
	CU_ASSERT_EQUAL_FATAL(flow_map_open(&conf, &other, why), 0);
	CU_ASSERT_EQUAL(net_attach(other, "a0"), 0);
	CU_ASSERT_EQUAL(net_attached(map, "a0"), 1);
	CU_ASSERT_EQUAL(net_attached(other, "a0"), 1);
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	set_flows(false, false);
	net_flow(&flow, "192.0.2.254:40000", A_PHONE, "198.51.100.254:40002", B_PHONE, "b0");
	CU_ASSERT_EQUAL(flow_map_set(other, &flow, false, NULL, NULL), 0);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 1);
	check_rtp(a, b, "192.0.2.254:40000", "198.51.100.254:40002", 172, 2);
	end();
	CU_ASSERT_EQUAL(net_attached(other, "a0"), 1);
	check_rtp(a, b, "192.0.2.254:40000", "198.51.100.254:40002", 172, 3);
	CU_ASSERT_EQUAL(net_detach(other, "a0"), 0);
	world_run("tc -n relay qdisc del dev a0 clsact");
	flow_map_close(other, false);
	close(a);
	close(b);
}

static void test_devices_without_ethernet_are_refused(void)
{
	world_open();
	CU_ASSERT_EQUAL_FATAL(open_map(NULL), 0);
	CU_ASSERT_EQUAL(net_attach(map, "lo"), -EOPNOTSUPP);
	CU_ASSERT_FALSE(net_has_clsact("lo"));
	flow_map_close(map, false);
}

/* The first daemon: sets everything, tells so, and waits to be killed. */
static void first_daemon(int told)
{
	bool ok = !open_map(PIN) && !net_attach(map, "a0") && !net_attach(map, "b0");

	if (ok)
		set_flows(false, false);
	if (write(told, &ok, sizeof(ok)) != sizeof(ok))
		_exit(1);
	for (;;)
		pause();
}

static void test_media_goes_on_when_the_daemon_is_killed(void)
{
	int told[2], a, b, status;
	bool ok = false;
	pid_t pid;

	world_open();
	CU_ASSERT_EQUAL_FATAL(pipe(told), 0);
	pid = fork();
	if (!pid)
		first_daemon(told[1]);
	CU_ASSERT(read(told[0], &ok, sizeof(ok)) == sizeof(ok) && ok);
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 1);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 2);
	/* The next one finds the flows, and its program takes the place of the first. */
	CU_ASSERT_EQUAL_FATAL(open_map(PIN), 0);
	CU_ASSERT_EQUAL(flow_map_count(map), 2);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 3);
	CU_ASSERT_EQUAL(net_attached(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attach(map, "b0"), 0);
	CU_ASSERT_EQUAL(net_attached(map, "a0"), 1);
	check_rtp(a, b, A_RELAY, B_RELAY, 172, 4);
	check_rtp(b, a, B_RELAY, A_RELAY, 172, 4);
	CU_ASSERT_EQUAL(read_flow(A_RELAY).counters[RTPRELAY_C_PACKETS], 4);
	CU_ASSERT_EQUAL(rtp_stats_lost(&state.rtp), 0);
	CU_ASSERT_EQUAL(flow_map_delete(map, &(struct endpoint){ 0 }, NULL), -EINVAL);
	CU_ASSERT_EQUAL(net_detach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_detach(map, "b0"), 0);
	flow_map_close(map, true);
	world_run("tc -n relay qdisc del dev a0 clsact; tc -n relay qdisc del dev b0 clsact");
	close(a);
	close(b);
	close(told[0]);
	close(told[1]);
}

TEST_SUITE(bpf_net,
	   { "both directions, without the socket", test_both_directions_without_the_socket },
	   { "checksums hold", test_checksums_hold },
	   { "strangers are dropped and told", test_strangers_are_dropped_and_told },
	   { "what the flow does not carry reaches the socket",
	     test_what_the_flow_does_not_carry_reaches_the_socket },
	   { "fragments reach the socket", test_fragments_reach_the_socket },
	   { "merged datagrams reach the socket", test_merged_datagrams_reach_the_socket },
	   { "by a router", test_by_a_router }, { "others go on", test_others_go_on },
	   { "others that come later go on", test_others_that_come_later_go_on },
	   { "attach and detach", test_attach_and_detach },
	   { "packets sent meanwhile are not lost", test_packets_sent_meanwhile_are_not_lost },
	   { "what is not ours stays", test_what_is_not_ours_stays },
	   { "two daemons beside each other", test_two_daemons_beside_each_other },
	   { "devices without Ethernet are refused", test_devices_without_ethernet_are_refused },
	   { "media goes on when the daemon is killed",
	     test_media_goes_on_when_the_daemon_is_killed });
