/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_forward.c - what the module does to packets, checked at both ends and on the wire
 */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define A_PHONE	 "192.0.2.1:4000"
#define A_RELAY	 "192.0.2.254:30000"
#define B_RELAY	 "198.51.100.254:30002"
#define B_PHONE	 "198.51.100.1:5000"
#define A6_PHONE "[2001:db8:a::1]:4000"
#define A6_RELAY "[2001:db8:a::fe]:30000"
#define B6_RELAY "[2001:db8:b::fe]:30002"
#define B6_PHONE "[2001:db8:b::1]:5000"

static const struct nl_flow a_to_b = {
	.local = A_RELAY,
	.src = A_PHONE,
	.out = B_RELAY,
	.dst = B_PHONE,
	.kind = RTPRELAY_KIND_RTP,
	.cookie = "a to b",
};

static struct nl nl;
static struct packet packet;
static uint8_t rtp[1500];

static void start(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
}

static void end(const char *local)
{
	if (local)
		CU_ASSERT_EQUAL(nl_del(&nl, local, NULL), 0);
	nl_close(&nl);
}

static void assert_forwarded(int phone, int fd, const char *relay, const char *from, size_t len,
			     uint16_t seq)
{
	rtp_make(rtp, len, 0, seq, seq * 160u, 0x1234);
	CU_ASSERT_FATAL(world_send(phone, relay, rtp, len));
	CU_ASSERT_FATAL(world_receive(fd, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.from, from);
	CU_ASSERT_EQUAL_FATAL(packet.len, len);
	CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, len), 0);
}

static void test_forwards_byte_by_byte(void)
{
	static const size_t lengths[] = { 13, 14, 172, 173, 212, 1000, 1471, 1472 };
	int a, b;
	struct nl_state state;
	size_t bytes = 0;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE | NLM_F_EXCL, NULL), 0);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		assert_forwarded(a, b, A_RELAY, B_RELAY, lengths[i], (uint16_t)(100 + i));
		CU_ASSERT_EQUAL(packet.ttl, 63);
		bytes += lengths[i];
	}
	CU_ASSERT_EQUAL(nl_del(&nl, A_RELAY, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 8);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_BYTES], bytes);
	CU_ASSERT_STRING_EQUAL(state.cookie, "a to b");
	CU_ASSERT_STRING_EQUAL(state.local, A_RELAY);
	CU_ASSERT_STRING_EQUAL(state.src, A_PHONE);
	CU_ASSERT_STRING_EQUAL(state.out, B_RELAY);
	CU_ASSERT_STRING_EQUAL(state.dst, B_PHONE);
	CU_ASSERT_TRUE(state.heard);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SSRC], 0x1234);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 8);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 0);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 0x10000 + 107);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_CLOCK], 8000);
	close(a);
	close(b);
	end(NULL);
}

/* Checksums computed by the sender or left to its device; the same on the relay's output. */
struct offload {
	const char *name;
	const char *sender, *relay;
};

static const struct offload offloads[] = {
	{ "made by the sender", "off", "on" },
	{ "left to the devices", "on", "on" },
	{ "left to the sender's device, made by the relay's", "on", "off" },
	{ "made by both", "off", "off" },
};

static void set_offload(const struct offload *o)
{
	world_run("ip netns exec a ethtool -K eth0 tx %s >/dev/null; "
		  "ip netns exec relay ethtool -K b0 tx %s >/dev/null",
		  o->sender, o->relay);
}

struct family_case {
	const char *local, *src, *out, *dst;
	int ttl;
	bool out_ipv4;
};

static const struct family_case families[] = {
	{ A_RELAY, A_PHONE, B_RELAY, B_PHONE, 63, true },
	{ A6_RELAY, A6_PHONE, B6_RELAY, B6_PHONE, 63, false },
	{ A_RELAY, A_PHONE, B6_RELAY, B6_PHONE, 63, false },
	{ A6_RELAY, A6_PHONE, B_RELAY, B_PHONE, 63, true },
};

/* @any_source: the flow does not name its source, so that the path adds it to the checksum. */
static void check_family(const struct family_case *f, const struct offload *o, bool any_source)
{
	struct nl_flow flow = { .local = f->local,
				.src = any_source ? NULL : f->src,
				.out = f->out,
				.dst = f->dst,
				.kind = RTPRELAY_KIND_RTP };
	int a = world_udp("a", f->src), b = world_udp("b", f->dst), wire;
	bool whole = strcmp(o->sender, "off") == 0 || strcmp(o->relay, "off") == 0;

	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	assert_forwarded(a, b, f->local, f->out, 172, 1);
	wire = world_sniff("b", "eth0");
	for (uint16_t seq = 2; seq < 22; seq++) {
		assert_forwarded(a, b, f->local, f->out, 160 + seq, seq);
		CU_ASSERT_FATAL(world_sniffed(wire, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, f->out);
		CU_ASSERT_STRING_EQUAL(packet.to, f->dst);
		CU_ASSERT_EQUAL(packet.ttl, f->ttl);
		CU_ASSERT_EQUAL(packet.ipv4, f->out_ipv4);
		CU_ASSERT(packet.df || !packet.ipv4); /* as the sender's kernel sets it */
		CU_ASSERT_NOT_EQUAL(packet.udp_checksum, 0);
		if (whole)
			CU_ASSERT(packet.good);
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, packet.len), 0);
	}
	CU_ASSERT_EQUAL(nl_del(&nl, f->local, NULL), 0);
	close(wire);
	close(a);
	close(b);
}

static void test_checksums_hold(void)
{
	start();
	for (size_t o = 0; o < COUNT(offloads); o++) {
		set_offload(&offloads[o]);
		for (size_t f = 0; f < COUNT(families); f++)
			for (int any = 0; any < 2; any++)
				check_family(&families[f], &offloads[o], any);
	}
	set_offload(&offloads[1]);
	end(NULL);
}

static void send_without_checksum(int fd)
{
	int one = 1;

	CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one)), 0);
}

static void test_no_checksum_stays_none_in_ipv4(void)
{
	int a, b, wire;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	wire = world_sniff("b", "eth0");
	send_without_checksum(a);
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE, NULL), 0);
	assert_forwarded(a, b, A_RELAY, B_RELAY, 172, 7);
	CU_ASSERT_FATAL(world_sniffed(wire, &packet, SOON));
	CU_ASSERT(packet.good);
	CU_ASSERT_EQUAL(packet.udp_checksum, 0);
	close(wire);
	close(a);
	close(b);
	end(A_RELAY);
}

static void test_no_checksum_is_made_for_ipv6(void)
{
	const struct nl_flow flow = {
		.local = A_RELAY, .out = B6_RELAY, .dst = B6_PHONE, .kind = RTPRELAY_KIND_RTP
	};
	int a, b, wire;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B6_PHONE);
	wire = world_sniff("b", "eth0");
	send_without_checksum(a);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	for (uint16_t seq = 1; seq < 20; seq++) {
		assert_forwarded(a, b, A_RELAY, B6_RELAY, 171 + seq, seq);
		CU_ASSERT_FATAL(world_sniffed(wire, &packet, SOON));
		CU_ASSERT(packet.good);
	}
	close(wire);
	close(a);
	close(b);
	end(A_RELAY);
}

static void test_damage_stays_visible(void)
{
	int a, b, damaged = 0;
	struct nl_state state;

	/*
	 * netem flips bits on the way to the relay; the receiver's checksum must detect as many
	 * errors as without the relay.
	 */
	start();
	world_run("ip netns exec a ethtool -K eth0 tx off >/dev/null;"
		  "ip netns exec a tc qdisc add dev eth0 root netem corrupt 60%%");
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE, NULL), 0);
	for (uint16_t seq = 1; seq <= 200; seq++) {
		rtp_make(rtp, 1000, 0, seq, 0, 1);
		CU_ASSERT(world_send(a, A_RELAY, rtp, 1000));
	}
	world_run("ip netns exec a tc qdisc del dev eth0 root;"
		  "ip netns exec a ethtool -K eth0 tx on >/dev/null");
	while (world_receive(b, &packet, NEVER)) {
		uint16_t seq = (uint16_t)(packet.bytes[2] << 8 | packet.bytes[3]);

		rtp_make(rtp, 1000, 0, seq, 0, 1);
		damaged += packet.len != 1000 || memcmp(packet.bytes, rtp, 1000);
	}
	CU_ASSERT_EQUAL(damaged, 0);
	CU_ASSERT_EQUAL(nl_del(&nl, A_RELAY, &state), 0);
	CU_ASSERT(state.counters[RTPRELAY_C_PACKETS] > 100);
	close(a);
	close(b);
	end(NULL);
}

static void test_sets_dscp_and_keeps_ecn(void)
{
	struct nl_flow flow = a_to_b;
	int tos = 0x03 | 10 << 2, a, b;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	setsockopt(a, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	assert_forwarded(a, b, A_RELAY, B_RELAY, 172, 1);
	CU_ASSERT_EQUAL(packet.tos, 0x03 | 10 << 2);
	flow.dscp = 46 + 1;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE | NLM_F_REPLACE, NULL), 0);
	assert_forwarded(a, b, A_RELAY, B_RELAY, 172, 2);
	CU_ASSERT_EQUAL(packet.tos, 0x03 | 46 << 2);
	close(a);
	close(b);
	end(A_RELAY);
}

static void test_dscp_in_ipv6(void)
{
	struct nl_flow flow = { .local = A6_RELAY,
				.out = B6_RELAY,
				.dst = B6_PHONE,
				.kind = RTPRELAY_KIND_RTP,
				.dscp = 46 + 1 };
	int tclass = 0x02, a, b;

	start();
	a = world_udp("a", A6_PHONE);
	b = world_udp("b", B6_PHONE);
	setsockopt(a, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	assert_forwarded(a, b, A6_RELAY, B6_RELAY, 172, 1);
	CU_ASSERT_EQUAL(packet.tos, 0x02 | 46 << 2);
	close(a);
	close(b);
	end(A6_RELAY);
}

static void test_unknown_goes_up(void)
{
	int a, relay;

	start();
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	rtp_make(rtp, 172, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, A_RELAY, rtp, 172));
	CU_ASSERT_FATAL(world_receive(relay, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.from, A_PHONE);
	CU_ASSERT_EQUAL(packet.ttl, 64);
	close(a);
	close(relay);
	end(NULL);
}

static void test_ttl_ends(void)
{
	int ttl = 1, a, b, relay;
	struct nl_state state;

	start();
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	b = world_udp("b", B_PHONE);
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE, NULL), 0);
	setsockopt(a, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	rtp_make(rtp, 172, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, A_RELAY, rtp, 172));
	ttl = 2;
	setsockopt(a, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	assert_forwarded(a, b, A_RELAY, B_RELAY, 172, 2);
	CU_ASSERT_EQUAL(packet.ttl, 1);
	/* The daemon would send it again with a new TTL: two relays could do so for ever. */
	CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
	close(relay);
	CU_ASSERT_EQUAL(nl_del(&nl, A_RELAY, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_TTL], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
	close(a);
	close(b);
	end(NULL);
}

static void test_loop_of_two_flows_ends(void)
{
	const struct nl_flow there = { .local = A_RELAY,
				       .out = B_RELAY,
				       .dst = "198.51.100.254:30004",
				       .kind = RTPRELAY_KIND_RTP };
	const struct nl_flow back = { .local = "198.51.100.254:30004",
				      .out = "198.51.100.254:30006",
				      .dst = A_RELAY,
				      .kind = RTPRELAY_KIND_RTP };
	struct nl_state one = { 0 }, two = { 0 };
	uint64_t sum = 0;
	int a;

	start();
	a = world_udp("a", A_PHONE);
	CU_ASSERT_EQUAL(nl_add(&nl, &there, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_add(&nl, &back, NLM_F_CREATE, NULL), 0);
	rtp_make(rtp, 172, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, A_RELAY, rtp, 172));
	for (int i = 0; i < 100 && sum < 1; i++) {
		usleep(100000);
		CU_ASSERT_EQUAL(nl_get(&nl, A_RELAY, &one), 0);
		CU_ASSERT_EQUAL(nl_get(&nl, back.local, &two), 0);
		sum = one.counters[RTPRELAY_C_DROP_TTL] + two.counters[RTPRELAY_C_DROP_TTL];
	}
	CU_ASSERT_EQUAL(sum, 1);
	CU_ASSERT_EQUAL(one.counters[RTPRELAY_C_PACKETS] + two.counters[RTPRELAY_C_PACKETS], 63);
	CU_ASSERT_EQUAL(nl_del(&nl, back.local, NULL), 0);
	close(a);
	end(A_RELAY);
}

static void test_both_directions_are_seen_unaltered(void)
{
	int a, b, in, out;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	in = world_sniff("relay", "a0");
	out = world_sniff("relay", "b0");
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE, NULL), 0);
	for (uint16_t seq = 1; seq < 20; seq++) {
		assert_forwarded(a, b, A_RELAY, B_RELAY, 172, seq);
		CU_ASSERT_FATAL(world_sniffed(in, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, A_PHONE);
		CU_ASSERT_STRING_EQUAL(packet.to, A_RELAY);
		CU_ASSERT_EQUAL(packet.ttl, 64);
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, 172), 0);
		CU_ASSERT_FATAL(world_sniffed(out, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, B_RELAY);
		CU_ASSERT_STRING_EQUAL(packet.to, B_PHONE);
		CU_ASSERT_EQUAL(packet.ttl, 63);
		CU_ASSERT_EQUAL(memcmp(packet.bytes, rtp, 172), 0);
	}
	close(in);
	close(out);
	close(a);
	close(b);
	end(A_RELAY);
}

static void test_route_change_is_followed(void)
{
	struct nl_flow flow = a_to_b;
	int a, b;

	start();
	flow.dst = "203.0.113.9:5000";
	a = world_udp("a", A_PHONE);
	world_run("ip -n b addr add 203.0.113.9/32 dev lo;"
		  "ip -n a addr add 203.0.113.9/32 dev lo;"
		  "ip -n relay route add 203.0.113.9/32 via 198.51.100.1");
	b = world_udp("b", "203.0.113.9:5000");
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	assert_forwarded(a, b, A_RELAY, B_RELAY, 172, 1);
	close(b);
	world_run("ip -n relay route replace 203.0.113.9/32 via 192.0.2.1");
	b = world_udp("a", "203.0.113.9:5000");
	assert_forwarded(a, b, A_RELAY, B_RELAY, 172, 2);
	close(b);
	close(a);
	world_run("ip -n relay route del 203.0.113.9/32;"
		  "ip -n a addr del 203.0.113.9/32 dev lo; ip -n b addr del 203.0.113.9/32 dev lo");
	end(A_RELAY);
}

static void test_no_route_goes_up(void)
{
	struct nl_flow flow = a_to_b;
	struct nl_state state;
	int a, relay;

	start();
	flow.dst = "203.0.113.77:5000";
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	rtp_make(rtp, 172, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, A_RELAY, rtp, 172));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(nl_del(&nl, A_RELAY, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_ROUTE], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	close(relay);
	close(a);
	end(NULL);
}

static void test_too_long_goes_up(void)
{
	struct nl_state state;
	int a, relay, b;

	start();
	a = world_udp("a", A_PHONE);
	b = world_udp("b", B_PHONE);
	relay = world_udp("relay", A_RELAY);
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE, NULL), 0);
	assert_forwarded(a, b, A_RELAY, B_RELAY, 1300, 0);
	world_run("ip -n relay link set b0 mtu 1280");
	rtp_make(rtp, 1300, 0, 1, 0, 1);
	CU_ASSERT(world_send(a, A_RELAY, rtp, 1300));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, 1300);
	CU_ASSERT_EQUAL(nl_del(&nl, A_RELAY, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_SIZE], 1);
	world_run("ip -n relay link set b0 mtu 1500");
	close(relay);
	close(b);
	close(a);
	end(NULL);
}

/* As long as the MTU in IPv4; the header of IPv6 is longer. */
static void test_too_long_for_ipv6_goes_up(void)
{
	struct nl_flow flow = a_to_b;
	struct nl_state state;
	int a, relay;

	start();
	flow.out = B6_RELAY;
	flow.dst = B6_PHONE;
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	for (size_t len = 1453; len <= 1472; len += 19) {
		rtp_make(rtp, len, 0, 1, 0, 1);
		CU_ASSERT(world_send(a, A_RELAY, rtp, len));
		CU_ASSERT(world_receive(relay, &packet, SOON));
		CU_ASSERT_EQUAL(packet.len, len);
	}
	CU_ASSERT_EQUAL(nl_del(&nl, A_RELAY, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_SIZE], 2);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	close(relay);
	close(a);
	end(NULL);
}

static void test_fragments_go_up(void)
{
	int a, relay;

	start();
	a = world_udp("a", A_PHONE);
	relay = world_udp("relay", A_RELAY);
	CU_ASSERT_EQUAL(nl_add(&nl, &a_to_b, NLM_F_CREATE, NULL), 0);
	memset(rtp, 0, sizeof(rtp));
	{
		static uint8_t big[1900];

		rtp_make(big, sizeof(big), 0, 1, 0, 1);
		CU_ASSERT(world_send(a, A_RELAY, big, sizeof(big)));
		CU_ASSERT(world_receive(relay, &packet, SOON));
		CU_ASSERT_EQUAL(packet.len, sizeof(big));
		CU_ASSERT_EQUAL(memcmp(packet.bytes, big, sizeof(big)), 0);
	}
	close(relay);
	close(a);
	end(A_RELAY);
}

TEST_SUITE(forward, { "forwards byte by byte", test_forwards_byte_by_byte },
	   { "checksums are correct in all families and offloads", test_checksums_hold },
	   { "no checksum stays none in IPv4", test_no_checksum_stays_none_in_ipv4 },
	   { "no checksum is made for IPv6", test_no_checksum_is_made_for_ipv6 },
	   { "damage on the way in stays visible", test_damage_stays_visible },
	   { "sets DSCP and keeps ECN", test_sets_dscp_and_keeps_ecn },
	   { "sets DSCP in IPv6", test_dscp_in_ipv6 },
	   { "what has no flow goes up", test_unknown_goes_up },
	   { "TTL is counted down and ends", test_ttl_ends },
	   { "a loop of two flows ends", test_loop_of_two_flows_ends },
	   { "packet sockets see packets unaltered", test_both_directions_are_seen_unaltered },
	   { "a route change is followed", test_route_change_is_followed },
	   { "without a route goes up", test_no_route_goes_up },
	   { "longer than the MTU goes up", test_too_long_goes_up },
	   { "too long for IPv6 goes up", test_too_long_for_ipv6_goes_up },
	   { "fragments go up", test_fragments_go_up });
