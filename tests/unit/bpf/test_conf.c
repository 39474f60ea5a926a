/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "csum_wire.h"
#include "daemon/base/count.h"
#include "daemon/bpf/conf.h"
#include "tests/unit/test.h"

static struct endpoint at(const char *text)
{
	struct endpoint ep;

	memset(&ep, 0, sizeof(ep));
	CU_ASSERT(endpoint_parse(str_of(text), 0, &ep));
	return ep;
}

static struct map_flow flow_v4(void)
{
	struct map_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.local = at("192.0.2.1:30000");
	flow.src = at("192.0.2.10:4000");
	flow.out = at("198.51.100.1:30100");
	flow.dst = at("198.51.100.20:5000");
	flow.hop = at("198.51.100.254:0");
	flow.clocks[0].pt = 96;
	flow.clocks[0].clock = 48000;
	flow.clocks[1].pt = 97;
	flow.clocks[1].clock = 90000;
	flow.port.negotiated = 5;
	flow.iif = 2;
	flow.oif = 3;
	flow.mtu = 1400;
	flow.idle_s = 30;
	flow.dscp = 46;
	flow.kind = RTPRELAY_KIND_RTP;
	memcpy(flow.cookie, "0123456789abcdef", sizeof(flow.cookie));
	return flow;
}

static struct map_flow flow_v6(void)
{
	struct map_flow flow = flow_v4();

	flow.local = at("[2001:db8:a::1]:30000");
	flow.src = at("[2001:db8:a::10]:4000");
	flow.out = at("[2001:db8:b::1]:30100");
	flow.dst = at("[2001:db8:b::20]:5000");
	flow.hop = at("[fe80::1]:0");
	return flow;
}

static void check_read_back(const struct map_flow *flow)
{
	struct bpf_conf conf;
	struct map_flow back;

	CU_ASSERT(bpf_conf_valid(flow));
	bpf_conf_make(flow, &conf);
	bpf_conf_read(&conf, &back);
	CU_ASSERT_EQUAL(memcmp(flow, &back, sizeof(back)), 0);
}

static void test_what_is_set_is_read_back(void)
{
	struct map_flow flow = flow_v4();

	check_read_back(&flow);
	flow.pt_set[0] = 1;
	flow.pt_set[12] = 3;
	check_read_back(&flow);
	flow.dscp = -1;
	flow.port.mux = true;
	flow.flags = RTPRELAY_FLOW_DROP;
	check_read_back(&flow);
	flow = flow_v6();
	check_read_back(&flow);
	memset(&flow.src, 0, sizeof(flow.src));
	check_read_back(&flow);
}

static void test_without_a_router_the_destination_is_the_next_hop(void)
{
	struct map_flow flow = flow_v4();
	struct bpf_conf conf;

	memset(&flow.hop, 0, sizeof(flow.hop));
	bpf_conf_make(&flow, &conf);
	CU_ASSERT_EQUAL(conf.hop.nh_family, AF_INET);
	CU_ASSERT_EQUAL(conf.hop.ipv4_nh, flow.dst.in4.sin_addr.s_addr);
	flow = flow_v6();
	memset(&flow.hop, 0, sizeof(flow.hop));
	bpf_conf_make(&flow, &conf);
	CU_ASSERT_EQUAL(conf.hop.nh_family, AF_INET6);
	CU_ASSERT_EQUAL(memcmp(conf.hop.ipv6_nh, &flow.dst.in6.sin6_addr, 16), 0);
}

static void test_clocks_of_payload_types(void)
{
	struct map_flow flow = flow_v4();
	struct bpf_conf conf;

	flow.pt_set[0] = 0xff; /* 0..7 */
	flow.pt_set[12] = 1;   /* 96 */
	bpf_conf_make(&flow, &conf);
	CU_ASSERT_EQUAL(conf.clock[conf.pt[0]], 8000);
	CU_ASSERT_EQUAL(conf.clock[conf.pt[6]], 16000);
	CU_ASSERT_EQUAL(conf.clock[conf.pt[96]], 48000);
	CU_ASSERT_EQUAL(conf.clock_mult[conf.pt[96]], 206158); /* 48000 * 2^32 / 10^9 */
	CU_ASSERT_EQUAL(conf.pt[97], BPF_FLOW_PT_REFUSED);
	CU_ASSERT_EQUAL(conf.pt[8], BPF_FLOW_PT_REFUSED);
	CU_ASSERT_EQUAL(conf.pt[1], 0);
	CU_ASSERT_EQUAL(conf.clock[0], 0);
}

/* All rates of RFC 3551 and as many dynamic ones as a flow may have. */
static void test_all_clocks_have_room(void)
{
	struct map_flow flow = flow_v4();
	struct bpf_conf conf;

	for (uint8_t i = 0; i < FLOW_MAP_CLOCKS; i++) {
		flow.clocks[i].pt = 96 + i;
		flow.clocks[i].clock = 1000u + i;
	}
	bpf_conf_make(&flow, &conf);
	for (uint8_t i = 0; i < FLOW_MAP_CLOCKS; i++)
		CU_ASSERT_EQUAL(conf.clock[conf.pt[96 + i]], 1000u + i);
	for (uint8_t pt = 0; pt < 35; pt++)
		CU_ASSERT_EQUAL(conf.clock[conf.pt[pt]], rtp_static_clock(pt));
}

static void test_flows_that_it_cannot_forward(void)
{
	struct map_flow rows[12];

	for (size_t i = 0; i < COUNT(rows); i++)
		rows[i] = flow_v4();
	rows[0].out = flow_v6().out;
	rows[1].dst = flow_v6().dst;
	rows[2].src = flow_v6().src;
	rows[3].kind = RTPRELAY_KIND_UNSPEC;
	rows[4].kind = RTPRELAY_KIND_MAX + 1;
	rows[5].flags = RTPRELAY_FLOW_TAP;
	rows[6].idle_s = 0;
	rows[7].idle_s = RTPRELAY_IDLE_MAX + 1;
	rows[8].dscp = 64;
	endpoint_set_port(&rows[9].dst, 0);
	memset(&rows[10].local, 0, sizeof(rows[10].local));
	rows[11] = flow_v6();
	rows[11].hop = flow_v4().hop;
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_FALSE(bpf_conf_valid(&rows[i]));
	rows[0] = flow_v4();
	rows[0].hop = flow_v6().hop; /* RFC 5549 */
	CU_ASSERT(bpf_conf_valid(&rows[0]));
}

static void test_gains_are_the_difference_of_the_checksums(void)
{
	struct map_flow flow = flow_v4();
	struct bpf_conf conf;
	uint16_t before, after;

	bpf_conf_make(&flow, &conf);
	before = csum_wire_fold((uint32_t)csum_wire_sum(conf.src.addr, 16) +
				csum_wire_sum(conf.local.addr, 16) + conf.src.port +
				conf.local.port);
	after = csum_wire_fold((uint32_t)csum_wire_sum(conf.out.addr, 16) +
			       csum_wire_sum(conf.dst.addr, 16) + conf.out.port + conf.dst.port);
	CU_ASSERT_EQUAL(csum_wire_fold((uint32_t)before + conf.gain_addr + conf.gain_port), after);
}

TEST_SUITE(bpf_conf, { "what is set is read back", test_what_is_set_is_read_back },
	   { "without a router the destination is the next hop",
	     test_without_a_router_the_destination_is_the_next_hop },
	   { "clocks of payload types", test_clocks_of_payload_types },
	   { "all clocks have room", test_all_clocks_have_room },
	   { "flows that it cannot forward", test_flows_that_it_cannot_forward },
	   { "gains are the difference of the checksums",
	     test_gains_are_the_difference_of_the_checksums });
