/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_hash.c - many flows whose endpoints are much alike
 *
 * The table refuses a flow (EBUSY) when too many others have its hash value, so that a flow that is
 * refused shows a bad hash.
 */
#include <linux/netlink.h>
#include <stdio.h>

#include "daemon/base/count.h"
#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

static struct nl nl;
static struct nl_state state;

static void same_words(char text[64], unsigned int i)
{
	snprintf(text, 64, "[2001:db8:0:%x::%x]:30000", i, i);
}

static void same_words_shifted(char text[64], unsigned int i)
{
	snprintf(text, 64, "[2001:db8:%x::%x:0]:30000", i, i);
}

static void last_word(char text[64], unsigned int i)
{
	snprintf(text, 64, "[2001:db8::%x]:30000", i);
}

static void subnets_v6(char text[64], unsigned int i)
{
	snprintf(text, 64, "[2001:db8:%x::1]:30000", i);
}

static void hosts(char text[64], unsigned int i)
{
	snprintf(text, 64, "10.64.%u.%u:30000", i >> 8, i & 255);
}

static void subnets(char text[64], unsigned int i)
{
	snprintf(text, 64, "10.%u.%u.1:30000", i >> 8, i & 255);
}

/* Ports and addresses whose XOR is the same. */
static void port_as_address(char text[64], unsigned int i)
{
	snprintf(text, 64, "10.64.%u.%u:%u", i >> 8, i & 255, 32768 + i);
}

static void ports(char text[64], unsigned int i)
{
	snprintf(text, 64, "10.64.0.1:%u", 10000 + 2 * i);
}

static void ports_v6(char text[64], unsigned int i)
{
	snprintf(text, 64, "[2001:db8::1]:%u", 10000 + 2 * i);
}

struct pattern {
	const char *name;
	void (*local)(char text[64], unsigned int i);
	unsigned int flows;
};

static const struct pattern patterns[] = {
	{ "two words of an IPv6 address are the same", same_words, 400 },
	{ "two other words", same_words_shifted, 400 },
	{ "IPv6 subnets", subnets_v6, 400 },
	{ "IPv4 subnets", subnets, 400 },
	{ "a port as its address", port_as_address, 400 },
	{ "ports of an IPv4 address", ports, 400 },
	{ "ports of an IPv6 address", ports_v6, 400 },
	{ "many addresses of IPv4", hosts, 20000 },
	{ "many addresses of IPv6", last_word, 20000 },
};

#define BATCH 200

/* Adds or deletes flows; the answer to the last one shows that all were tried. */
static void send_batch(const struct pattern *p, uint8_t cmd, unsigned int from)
{
	static char buf[65536];
	char *at = buf, local[64];
	uint32_t seq = 0;

	for (unsigned int i = from; i < from + BATCH; i++) {
		const struct nl_flow flow = { .local = local,
					      .out = "198.51.100.254:30002",
					      .dst = "198.51.100.1:5000",
					      .kind = RTPRELAY_KIND_RTP };
		struct nlmsghdr *nlh;

		p->local(local, i + 1);
		nlh = nl_begin(&nl, at, cmd, cmd == RTPRELAY_CMD_FLOW_ADD ? NLM_F_CREATE : 0);
		if (cmd == RTPRELAY_CMD_FLOW_ADD)
			nl_put_flow(nlh, &flow);
		else
			nl_put_endpoint(nlh, RTPRELAY_A_LOCAL, local);
		if (i != from + BATCH - 1)
			nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		seq = nlh->nlmsg_seq;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	CU_ASSERT(mnl_socket_sendto(nl.sock, buf, (size_t)(at - buf)) == at - buf);
	nl_read(&nl, seq, NULL, NULL);
}

static void test_no_flow_is_refused_for_its_endpoint(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	for (size_t i = 0; i < COUNT(patterns); i++) {
		const struct pattern *p = &patterns[i];

		for (unsigned int from = 0; from < p->flows; from += BATCH)
			send_batch(p, RTPRELAY_CMD_FLOW_ADD, from);
		CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
		if (state.flows != p->flows)
			printf("%s: %u of %u were refused\n", p->name, p->flows - state.flows,
			       p->flows);
		CU_ASSERT_EQUAL(state.flows, p->flows);
		for (unsigned int from = 0; from < p->flows; from += BATCH)
			send_batch(p, RTPRELAY_CMD_FLOW_DEL, from);
		CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
		CU_ASSERT_EQUAL(state.flows, 0);
	}
	nl_close(&nl);
}

TEST_SUITE(hash,
	   { "no flow is refused for its endpoint", test_no_flow_is_refused_for_its_endpoint });
