/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_devices.c - in and out through VLANs, bridges, tunnels; packets put together by GRO; the tap
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define LOCAL "192.0.2.254:30000"
#define OUT   "198.51.100.254:30002"
#define DST   "198.51.100.1:5000"

static struct nl nl;
static struct packet packet;
static struct nl_state state;
static uint8_t rtp[1500];

static const struct nl_flow plain = {
	.local = LOCAL,
	.src = "192.0.2.1:4000",
	.out = OUT,
	.dst = DST,
	.kind = RTPRELAY_KIND_MUX,
};

static void start(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
}

/* New links, neighbours and tunnels need a moment; packets lost meanwhile are not a failure. */
static void wait_for_path(int a, int b, const struct nl_flow *flow)
{
	bool came = false;

	rtp_make(rtp, 172, 0, 0, 0, 1);
	for (int i = 0; i < 100 && !came; i++) {
		CU_ASSERT_FATAL(world_send(a, flow->local, rtp, 172));
		came = world_receive(b, &packet, 200);
	}
	CU_ASSERT_FATAL(came);
	while (world_receive(b, &packet, NEVER))
		;
}

/* Sends through @flow from namespace a to b; the packet must arrive unchanged. */
static void check_flow(const struct nl_flow *flow, size_t len)
{
	int a = world_udp("a", flow->src), b = world_udp("b", flow->dst);

	CU_ASSERT_EQUAL(nl_add(&nl, flow, NLM_F_CREATE, NULL), 0);
	wait_for_path(a, b, flow);
	CU_ASSERT_EQUAL(nl_add(&nl, flow, NLM_F_REPLACE, NULL), 0);
	for (uint16_t seq = 1; seq <= 10; seq++) {
		rtp_make(rtp, len, 0, seq, 0, 1);
		CU_ASSERT_FATAL(world_send(a, flow->local, rtp, len));
		CU_ASSERT_FATAL(world_receive(b, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, flow->out);
		CU_ASSERT_EQUAL(packet.len, len);
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, len), 0);
	}
	CU_ASSERT_EQUAL(nl_del(&nl, flow->local, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 10);
	close(a);
	close(b);
}

static void test_vlans_on_both_sides(void)
{
	const struct nl_flow flow = { .local = "10.1.0.254:30000",
				      .src = "10.1.0.1:4000",
				      .out = "10.2.0.254:30002",
				      .dst = "10.2.0.1:5000",
				      .kind = RTPRELAY_KIND_RTP };

	start();
	world_run("set -e; for v in 'a eth0 7 10.1.0.1' 'relay a0 7 10.1.0.254' 'relay b0 8 "
		  "10.2.0.254' "
		  "'b eth0 8 10.2.0.1'; do set -- $v;"
		  "ip -n $1 link add link $2 name $2.$3 type vlan id $3;"
		  "ip -n $1 addr add $4/24 dev $2.$3; ip -n $1 link set $2.$3 up; done");
	check_flow(&flow, 172);
	world_run("ip -n a link del eth0.7; ip -n relay link del a0.7;"
		  "ip -n relay link del b0.8; ip -n b link del eth0.8");
	nl_close(&nl);
}

/* The relay's address on a bridge, with bridged packets shown to netfilter as well. */
static void test_bridge_with_br_netfilter(void)
{
	start();
	world_run("modprobe br_netfilter; ip -n relay link add br0 type bridge;"
		  "ip -n relay addr flush dev a0; ip -n relay link set a0 master br0;"
		  "ip -n relay addr add 192.0.2.254/24 dev br0; ip -n relay link set br0 up;"
		  "ip netns exec relay sysctl -q -w net.bridge.bridge-nf-call-iptables=1;"
		  "ip -n a neigh flush all");
	check_flow(&plain, 172);
	world_run("ip -n relay link del br0; ip -n relay addr add 192.0.2.254/24 dev a0;"
		  "ip -n relay addr add 2001:db8:a::fe/64 dev a0 nodad; ip -n a neigh flush all");
	nl_close(&nl);
}

static void test_wireguard_as_one_side(void)
{
	struct nl_flow flow = plain;

	start();
	world_run("set -e; umask 077; cd /tmp; for n in a relay; do wg genkey >$n.key; wg pubkey "
		  "<$n.key "
		  ">$n.pub; done\n"
		  "for n in a relay; do ip -n $n link add wg0 type wireguard;"
		  "  [ $n = a ] && i=1 || i=254; ip -n $n addr add 10.9.0.$i/24 dev wg0; done\n"
		  "ip netns exec relay wg set wg0 listen-port 51820 private-key relay.key "
		  "  peer $(cat a.pub) allowed-ips 10.9.0.1/32\n"
		  "ip netns exec a wg set wg0 private-key a.key "
		  "  peer $(cat relay.pub) allowed-ips 10.9.0.0/24 endpoint 192.0.2.254:51820\n"
		  "ip -n a link set wg0 up; ip -n relay link set wg0 up");
	flow.local = "10.9.0.254:30000";
	flow.src = "10.9.0.1:4000";
	check_flow(&flow, 172);
	/* And out through it. */
	flow = (struct nl_flow){ .local = "198.51.100.254:30000",
				 .src = "198.51.100.1:4000",
				 .out = "10.9.0.254:30002",
				 .dst = "10.9.0.1:5000",
				 .kind = RTPRELAY_KIND_RTP };
	{
		int b = world_udp("b", flow.src), a = world_udp("a", flow.dst);

		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
		rtp_make(rtp, 172, 0, 1, 0, 1);
		CU_ASSERT(world_send(b, flow.local, rtp, 172));
		CU_ASSERT(world_receive(a, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, flow.out);
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, 172), 0);
		CU_ASSERT_EQUAL(nl_del(&nl, flow.local, NULL), 0);
		close(a);
		close(b);
	}
	world_run("ip -n a link del wg0; ip -n relay link del wg0");
	nl_close(&nl);
}

static void test_gre_as_one_side(void)
{
	struct nl_flow flow = plain;

	start();
	world_run("set -e; ip -n relay tunnel add g0 mode gre local 198.51.100.254 remote "
		  "198.51.100.1 ttl 64;"
		  "ip -n b tunnel add g0 mode gre local 198.51.100.1 remote 198.51.100.254 ttl 64;"
		  "ip -n relay addr add 10.8.0.254/24 dev g0; ip -n b addr add 10.8.0.1/24 dev g0;"
		  "ip -n relay link set g0 up; ip -n b link set g0 up");
	flow.out = "10.8.0.254:30002";
	flow.dst = "10.8.0.1:5000";
	check_flow(&flow, 172);
	world_run("ip -n relay link del g0; ip -n b link del g0");
	nl_close(&nl);
}

/*
 * A route that adds an MPLS label to the packet: the neighbour alone does not determine its output.
 */
static void test_labels_of_a_route_are_added(void)
{
	struct nl_flow flow = plain;
	int wire, unlabelled = 0;

	start();
	/* The debug kernel has MPLS, but no modules. */
	CU_ASSERT_EQUAL_FATAL(world_run("[ -e /proc/sys/net/mpls ] || modprobe mpls_iptunnel"), 0);
	world_run("set -e; ip netns exec b sysctl -q -w net.mpls.conf.eth0.input=1 "
		  "net.mpls.platform_labels=1000; ip -n b addr add 203.0.113.50/32 dev lo;"
		  "ip -n b -f mpls route add 100 dev lo;"
		  "ip -n relay route add 203.0.113.50/32 encap mpls 100 via 198.51.100.1");
	wire = world_sniff("b", "eth0");
	flow.dst = "203.0.113.50:5000";
	check_flow(&flow, 172);
	while (world_sniffed(wire, &packet, 0))
		unlabelled += !strcmp(packet.to, flow.dst);
	CU_ASSERT_EQUAL(unlabelled, 0);
	close(wire);
	world_run("ip -n relay route del 203.0.113.50/32; ip -n b addr del 203.0.113.50/32 dev lo;"
		  "ip -n b -f mpls route del 100");
	nl_close(&nl);
}

/* A route with a transformation: the packet is encrypted before it is sent. */
static void test_ipsec_as_one_side(void)
{
	static const struct nl_flow ipv6 = { .local = LOCAL,
					     .src = "192.0.2.1:4000",
					     .out = "[2001:db8:b::fe]:30002",
					     .dst = "[2001:db8:b::1]:5000",
					     .kind = RTPRELAY_KIND_RTP };
	const struct nl_flow *flows[] = { &plain, &ipv6 };
	static const char *const ends[][2] = { { "198.51.100.254", "198.51.100.1" },
					       { "2001:db8:b::fe", "2001:db8:b::1" } };

	start();
	CU_ASSERT_EQUAL_FATAL(world_run("ip -n relay xfrm state list"), 0);
	for (size_t i = 0; i < 2; i++) {
		int wire = world_sniff("b", "eth0"), open_packets = 0;

		world_run("set -e; key=0x000102030405060708090a0b0c0d0e0f; for n in relay b; do"
			  "  ip -n $n xfrm state add src %s dst %s proto esp spi 0x1%zu mode "
			  "transport "
			  "    enc 'cbc(aes)' $key auth 'hmac(sha1)' ${key}10111213; done;"
			  "ip -n relay xfrm policy add src %s dst %s dir out tmpl proto esp mode "
			  "transport;"
			  "ip -n b xfrm policy add src %s dst %s dir in tmpl proto esp mode "
			  "transport",
			  ends[i][0], ends[i][1], i, ends[i][0], ends[i][1], ends[i][0],
			  ends[i][1]);
		check_flow(flows[i], 172);
		while (world_sniffed(wire, &packet, 0))
			open_packets++;
		CU_ASSERT_EQUAL(open_packets, 0);
		close(wire);
		world_run("for n in relay b; do ip -n $n xfrm state flush; ip -n $n xfrm policy "
			  "flush; done");
	}
	nl_close(&nl);
}

static void test_no_connection_is_tracked(void)
{
	start();
	world_run("ip netns exec relay nft 'table inet t { chain c { type filter hook prerouting "
		  "priority 0; "
		  "ct state new counter; }; chain o { type filter hook output priority 0; ct state "
		  "new counter; };"
		  "chain p { type nat hook postrouting priority 100; masquerade; }; }'");
	check_flow(&plain, 172);
	CU_ASSERT_EQUAL(world_run("ip netns exec relay grep -c 'dport=30000' "
				  "/proc/net/nf_conntrack >/tmp/n 2>/dev/null; "
				  "[ \"$(cat /tmp/n)\" = 0 ] || [ ! -s /tmp/n ]"),
			0);
	CU_ASSERT_EQUAL(
		world_run("ip netns exec relay nft list table inet t | "
			  "grep -c 'counter packets 0 ' >/tmp/n; [ \"$(cat /tmp/n)\" = 2 ]"),
		0);
	world_run("ip netns exec relay nft delete table inet t");
	nl_close(&nl);
}

/* A firewall with a priority below -410 sees packets before the module does. */
static void test_firewall_may_drop_first(void)
{
	int a, b;

	start();
	world_run("ip netns exec relay nft 'table inet t { chain c { type filter hook prerouting "
		  "priority -450; udp dport 30000 drop; }; }'");
	a = world_udp("a", plain.src);
	b = world_udp("b", DST);
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	rtp_make(rtp, 172, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, LOCAL, rtp, 172));
	CU_ASSERT_FALSE(world_receive(b, &packet, NEVER));
	world_run("ip netns exec relay nft delete table inet t");
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	close(a);
	close(b);
	nl_close(&nl);
}

#define SEGMENTS 8

static void send_segments(int fd, const uint8_t *bytes, size_t len, uint16_t segment)
{
	struct sockaddr_storage to = world_addr(LOCAL);
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	char control[CMSG_SPACE(sizeof(segment))] = { 0 };
	struct msghdr msg = { .msg_name = &to,
			      .msg_namelen = sizeof(struct sockaddr_in),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	CU_ASSERT_EQUAL_FATAL(sendmsg(fd, &msg, 0), (ssize_t)len);
}

/* One large packet between the emulated devices, in which one datagram is for the daemon. */
static void test_segments_are_taken_one_by_one(void)
{
	static const char stun[] = "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
	static uint8_t bytes[SEGMENTS * 172];
	static const struct {
		const char *out, *dst;
	} families[] = { { OUT, DST }, { "[2001:db8:b::fe]:30002", "[2001:db8:b::1]:5000" } };

	start();
	for (size_t f = 0; f < 2; f++) {
		struct nl_flow flow = plain;
		int a = world_udp("a", plain.src), relay = world_udp("relay", LOCAL), b;

		flow.out = families[f].out;
		flow.dst = families[f].dst;
		b = world_udp("b", flow.dst);
		for (int i = 0; i < SEGMENTS; i++)
			rtp_make(bytes + i * 172, 172, 0, (uint16_t)(i + 1), 0, 1);
		memcpy(bytes + 3 * 172, stun, sizeof(stun) - 1);
		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
		send_segments(a, bytes, sizeof(bytes) - 10, 172);
		for (int i = 0; i < SEGMENTS; i++) {
			size_t len = i == SEGMENTS - 1 ? 162 : 172;

			CU_ASSERT_FATAL(world_receive(i == 3 ? relay : b, &packet, SOON));
			CU_ASSERT_EQUAL(packet.len, len);
			CU_ASSERT_EQUAL(memcmp(packet.bytes, bytes + i * 172, len), 0);
			CU_ASSERT_STRING_EQUAL(packet.from, i == 3 ? plain.src : flow.out);
		}
		CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
		CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], SEGMENTS - 1);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_STUN], 1);
		CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 1);
		close(a);
		close(b);
		close(relay);
	}
	nl_close(&nl);
}

/* 25,600 datagrams of another source: each is counted, and its memory is free again. */
static void test_refused_segments_are_counted_and_freed(void)
{
	static uint8_t bytes[64 * 172];
	long before_kb;
	int unknown;

	start();
	unknown = world_udp("a", "192.0.2.2:4000");
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	for (int i = 0; i < 64; i++)
		rtp_make(bytes + i * 172, 172, 0, (uint16_t)i, 0, 1);
	before_kb = world_kernel_kb();
	for (int n = 0; n < 400; n++)
		send_segments(unknown, bytes, sizeof(bytes), 172);
	CU_ASSERT(world_kernel_kb() - before_kb < 8000);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 400 * 64);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	close(unknown);
	nl_close(&nl);
}

/* A packet that is not forwarded reaches the firewall unchanged, with its link-layer header. */
static void test_segments_keep_their_mac_header(void)
{
	static const char stun[] = "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
	static uint8_t bytes[SEGMENTS * 172];
	int a, relay;

	start();
	world_run("ip netns exec relay nft 'table inet t { chain c { type filter hook prerouting "
		  "priority -300; ether saddr 02:00:00:00:0a:01 udp dport 30000 counter; }; }'");
	a = world_udp("a", plain.src);
	relay = world_udp("relay", LOCAL);
	for (int i = 0; i < SEGMENTS; i++) {
		rtp_make(bytes + i * 172, 172, 0, (uint16_t)(i + 1), 0, 1);
		memcpy(bytes + i * 172, stun, sizeof(stun) - 1);
	}
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	send_segments(a, bytes, sizeof(bytes), 172);
	for (int i = 0; i < SEGMENTS; i++)
		CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(world_run("ip netns exec relay nft list table inet t | "
				  "grep -q 'counter packets 8 '"),
			0);
	world_run("ip netns exec relay nft delete table inet t");
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_STUN], SEGMENTS);
	close(a);
	close(relay);
	nl_close(&nl);
}

/* A device whose other end is this program, as the host is the other end of a virtual machine's. */
static int open_tun(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int fd;

	world_enter("relay");
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "t0");
	CU_ASSERT_EQUAL(ioctl(fd, TUNSETIFF, &ifr), 0);
	world_leave();
	CU_ASSERT_EQUAL(world_run("ip -n relay link set t0 up;"
				  "ip -n relay addr add 2001:db8:7::fe/64 dev t0 nodad"),
			0);
	return fd;
}

/*
 * An RTP packet in IPv6, whose sender leaves a checksum to the device: the one from @start, which
 * is stored @offset bytes after it. Return: false: the device refused it
 */
static bool write_tun(int fd, uint16_t start, uint16_t offset)
{
	static uint8_t bytes[10 + 40 + 8 + 172];
	struct virtio_net_hdr *vnet = (struct virtio_net_hdr *)bytes;
	struct ip6_hdr *ip6 = (struct ip6_hdr *)(bytes + 10);
	struct udphdr *uh = (struct udphdr *)(ip6 + 1);

	memset(bytes, 0, sizeof(bytes));
	vnet->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vnet->csum_start = start;
	vnet->csum_offset = offset;
	ip6->ip6_flow = htonl(0x60000000);
	ip6->ip6_plen = htons(8 + 172);
	ip6->ip6_nxt = IPPROTO_UDP;
	ip6->ip6_hlim = 64;
	inet_pton(AF_INET6, "2001:db8:7::1", &ip6->ip6_src);
	inet_pton(AF_INET6, "2001:db8:7::fe", &ip6->ip6_dst);
	uh->source = htons(4000);
	uh->dest = htons(30000);
	uh->len = htons(8 + 172);
	uh->check = 0x1234;
	rtp_make((uint8_t *)(uh + 1), 172, 0, 1, 0, 1);
	if (write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		return true;
	CU_ASSERT_EQUAL(errno, EINVAL);
	return false;
}

/* A virtual machine may leave any checksum to its host; the module can adjust only that of UDP. */
static void test_other_sums_left_to_the_device_go_up(void)
{
	/*
	 * The stack completes no checksum that begins before UDP, and finds it wrong. Later
	 * kernels' devices refuse one that begins in the header of IP.
	 */
	static const struct {
		uint16_t start, offset;
		bool heard;
	} odd[] = { { 0, 6, false }, { 20, 26, false }, { 40, 0, true }, { 48, 6, true } };
	const struct nl_flow flow = {
		.local = "[2001:db8:7::fe]:30000", .out = OUT, .dst = DST, .kind = RTPRELAY_KIND_RTP
	};
	int tun, relay, b;

	start();
	world_run("modprobe tun; ip netns exec relay ethtool -K b0 tx off >/dev/null");
	tun = open_tun();
	relay = world_udp("relay", flow.local);
	b = world_udp("b", DST);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	for (size_t i = 0; i < COUNT(odd); i++) {
		CU_ASSERT_TRUE(write_tun(tun, odd[i].start, odd[i].offset) ||
			       odd[i].start < sizeof(struct ip6_hdr));
		CU_ASSERT_EQUAL(world_receive(relay, &packet, odd[i].heard ? SOON : NEVER),
				odd[i].heard);
	}
	CU_ASSERT_FALSE(world_receive(b, &packet, NEVER));
	CU_ASSERT_TRUE(write_tun(tun, 40, 6));
	CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
	world_run("ip netns exec relay ethtool -K b0 tx on >/dev/null");
	CU_ASSERT_EQUAL(nl_del(&nl, flow.local, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
	close(tun);
	close(relay);
	close(b);
	nl_close(&nl);
}

/*
 * veth devices merge since Linux 5.13. In earlier kernels the packets arrive one by one, and must
 * still arrive.
 */
static bool device_merges(void)
{
	if (world_kernel(5, 13))
		return true;
	printf("    this kernel's devices merge nothing\n");
	return false;
}

/* The relay's own device merges single packets, by both of the kernel's methods. */
static void test_gro_is_taken_apart(void)
{
	static const char *const ways[] = { "rx-udp-gro-forwarding", "rx-gro-list" };

	start();
	for (size_t w = 0; w < 2; w++) {
		int a = world_udp("a", plain.src), b = world_udp("b", DST), got = 0;
		int wire = world_sniff("relay", "a0"), merged = 0;

		/* Packets that wait in the other end's ring are polled together, and so merged. */
		world_run(
			"ip netns exec relay ethtool -K a0 gro on %s on >/dev/null;"
			"ip netns exec a ethtool -K eth0 tx on tx-udp-segmentation off >/dev/null",
			ways[w]);
		CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
		for (uint16_t burst = 0; burst < 20; burst++) {
			static uint8_t bytes[SEGMENTS * 172];

			for (int i = 0; i < SEGMENTS; i++)
				rtp_make(bytes + i * 172, 172, 0, (uint16_t)(burst * SEGMENTS + i),
					 0, 1);
			send_segments(a, bytes, sizeof(bytes), 172);
			for (int i = 0; i < SEGMENTS; i++) {
				CU_ASSERT_FATAL(world_receive(b, &packet, SOON));
				CU_ASSERT_EQUAL(packet.len, 172);
				CU_ASSERT_EQUAL(memcmp(packet.bytes, bytes + i * 172, 172), 0);
				got++;
			}
		}
		while (world_sniffed(wire, &packet, 0))
			merged += packet.len > 172;
		if (device_merges())
			CU_ASSERT(merged > 0);
		CU_ASSERT_EQUAL(got, 20 * SEGMENTS);
		CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 20 * SEGMENTS);
		CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 0);
		CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_REORDERED], 0);
		world_run("ip netns exec relay ethtool -K a0 %s off gro off >/dev/null;"
			  "ip netns exec a ethtool -K eth0 tx-udp-segmentation on >/dev/null",
			  ways[w]);
		close(wire);
		close(a);
		close(b);
	}
	nl_close(&nl);
}

static void test_tap_shows_packets_unaltered(void)
{
	struct nl_flow flow = plain;
	int a, b, tap;

	start();
	flow.flags = RTPRELAY_FLOW_TAP;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	a = world_udp("a", plain.src);
	b = world_udp("b", DST);
	tap = world_sniff("relay", RTPRELAY_TAP_DEVICE);
	for (uint16_t seq = 1; seq <= 20; seq++) {
		rtp_make(rtp, 172, 0, seq, 0, 1);
		CU_ASSERT(world_send(a, LOCAL, rtp, 172));
		CU_ASSERT_FATAL(world_receive(b, &packet, SOON));
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, 172), 0);
		CU_ASSERT_FATAL(world_sniffed(tap, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, plain.src);
		CU_ASSERT_STRING_EQUAL(packet.to, LOCAL);
		CU_ASSERT_EQUAL(packet.ttl, 64);
		CU_ASSERT_EQUAL(packet.len, 172);
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, 172), 0);
	}
	CU_ASSERT_FALSE(world_sniffed(tap, &packet, 100));
	/* While it is down, media continues and nothing counts as copied. */
	CU_ASSERT_EQUAL(world_run("ip -n relay link set " RTPRELAY_TAP_DEVICE " down"), 0);
	CU_ASSERT(world_send(a, LOCAL, rtp, 172));
	CU_ASSERT_FATAL(world_receive(b, &packet, SOON));
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_TAPPED], 20);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 21);
	CU_ASSERT_EQUAL(world_run("! ip -n relay link add type rtprelay 2>/dev/null"), 0);
	close(a);
	close(b);
	close(tap);
	nl_close(&nl);
}

/* So a reader has the device open before the first packet is shown (daemon/kernel/msg.h). */
static void test_the_tap_is_made_without_a_flow(void)
{
	struct nl_flow flow = plain;
	int tap;

	world_close(); /* the device stays as long as the namespace */
	start();
	flow.flags = RTPRELAY_FLOW_TAP;
	CU_ASSERT_NOT_EQUAL(world_run("ip -n relay link show " RTPRELAY_TAP_DEVICE " 2>/dev/null"),
			    0);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), -ENOENT);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, NULL), -ENOENT);
	tap = world_sniff("relay", RTPRELAY_TAP_DEVICE);
	CU_ASSERT_TRUE(tap >= 0);
	close(tap);
	nl_close(&nl);
}

static void test_tcpdump_reads_the_tap(void)
{
	struct nl_flow flow = plain;
	int a;

	start();
	flow.flags = RTPRELAY_FLOW_TAP;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	a = world_udp("a", plain.src);
	world_run("ip netns exec relay tcpdump -Z root -n -c 1 -i rtprelay0 >/tmp/tcpdump "
		  "2>/tmp/tcpdump.err &"
		  "for i in $(seq 600); do grep -q listening /tmp/tcpdump.err && break; sleep 0.1; "
		  "done");
	rtp_make(rtp, 172, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, LOCAL, rtp, 172));
	CU_ASSERT_EQUAL(
		world_run("for i in $(seq 600); do [ -s /tmp/tcpdump ] && break; sleep 0.1; done;"
			  "grep -q 'IP 192.0.2.1.4000 > 192.0.2.254.30000: UDP, length 172' "
			  "/tmp/tcpdump"),
		0);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	close(a);
	nl_close(&nl);
}

TEST_SUITE(devices, { "VLANs on both sides", test_vlans_on_both_sides },
	   { "a bridge, with br_netfilter", test_bridge_with_br_netfilter },
	   { "WireGuard as one side", test_wireguard_as_one_side },
	   { "GRE as one side", test_gre_as_one_side },
	   { "the MPLS labels of a route are added", test_labels_of_a_route_are_added },
	   { "IPsec as one side", test_ipsec_as_one_side },
	   { "no connection is tracked", test_no_connection_is_tracked },
	   { "a firewall may drop first", test_firewall_may_drop_first },
	   { "segments are taken one by one", test_segments_are_taken_one_by_one },
	   { "refused segments are counted and freed",
	     test_refused_segments_are_counted_and_freed },
	   { "segments keep their MAC header", test_segments_keep_their_mac_header },
	   { "other sums left to the device go up", test_other_sums_left_to_the_device_go_up },
	   { "GRO is taken apart", test_gro_is_taken_apart },
	   { "the tap shows packets unaltered", test_tap_shows_packets_unaltered },
	   { "the tap is made without a flow", test_the_tap_is_made_without_a_flow },
	   { "tcpdump reads the tap", test_tcpdump_reads_the_tap });
