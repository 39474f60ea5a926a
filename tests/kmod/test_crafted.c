/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_crafted.c - packets that no socket sends: wrong lengths, fragments, options, frames to all
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

/* --- Packets from a device whose other end is this program ------------------------------------ */

#define TUN_LOCAL  "10.7.0.254:30000"
#define TUN_LOCAL6 "[2001:db8:7::fe]:30000"

static int open_tun(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	world_run("modprobe tun");
	world_enter("relay");
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "t0");
	CU_ASSERT_EQUAL_FATAL(ioctl(fd, TUNSETIFF, &ifr), 0);
	world_leave();
	CU_ASSERT_EQUAL(world_run("ip -n relay link set t0 up;"
				  "ip -n relay addr add 10.7.0.254/24 dev t0;"
				  "ip -n relay addr add 2001:db8:7::fe/64 dev t0 nodad"),
			0);
	return fd;
}

/* RTP of 172 bytes behind headers of IPv4 (with or without an option) or IPv6, and of UDP. */
enum base { IPV4, IPV4_OPTION, IPV6 };

/*
 * An option that looks like ports, from 4000 to 30000, in front of a UDP header whose ports look
 * like length and checksum.
 */
static const uint8_t option[] = { 0x0f, 0xa0, 0x75, 0x30 };

struct change {
	size_t at;
	uint16_t value;
};

struct crafted {
	const char *name;
	enum base base;
	struct change changes[2]; /* 16-bit words of the packet; at 0: none */
	bool forwarded;
	bool heard; /* by the relay's socket */
};

static const struct crafted crafted[] = {
	{ "as it should be", IPV4, { { 0, 0 } }, true, false },
	{ "bytes behind the datagram", IPV4, { { 24, 8 + 100 } }, false, true },
	{ "a datagram longer than the packet", IPV4, { { 24, 8 + 173 } }, false, false },
	{ "a datagram shorter than its header", IPV4, { { 24, 7 } }, false, false },
	{ "a first fragment", IPV4, { { 6, 0x2000 } }, false, false },
	{ "a last fragment", IPV4, { { 6, 0x0030 } }, false, false },
	{ "TCP", IPV4, { { 8, 64 << 8 | IPPROTO_TCP } }, false, false },
	{ "an option, then other ports", IPV4_OPTION, { { 24, 8 + 176 } }, false, false },
	{ "IPv6, as it should be", IPV6, { { 0, 0 } }, true, false },
	{ "IPv6 without a checksum", IPV6, { { 46, 0 } }, false, false },
	{ "IPv6 with bytes behind the datagram", IPV6, { { 44, 8 + 100 } }, false, false },
	{ "IPv6 with an extension header", IPV6, { { 6, 60 << 8 | 64 } }, false, false },
};

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The checksum of the IPv4 header. */
static uint16_t header_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* Return: the length of the IP header */
static size_t craft_ip(uint8_t *p, enum base base)
{
	size_t header = base == IPV6 ? 40 : base == IPV4 ? 20 : 24;

	if (base == IPV6) {
		put16(p, 0x6000);
		put16(p + 4, 8 + 172);
		put16(p + 6, IPPROTO_UDP << 8 | 64);
		inet_pton(AF_INET6, "2001:db8:7::1", p + 8);
		inet_pton(AF_INET6, "2001:db8:7::fe", p + 24);
		return header;
	}
	put16(p, (uint16_t)(0x4000 | header / 4 << 8));
	put16(p + 2, (uint16_t)(header + 8 + 172));
	put16(p + 8, 64 << 8 | IPPROTO_UDP);
	inet_pton(AF_INET, "10.7.0.1", p + 12);
	inet_pton(AF_INET, "10.7.0.254", p + 16);
	if (base == IPV4_OPTION)
		memcpy(p + 20, option, sizeof(option));
	return header;
}

static void write_crafted(int tun, const struct crafted *c)
{
	uint8_t p[40 + 8 + 172] = { 0 };
	size_t header = craft_ip(p, c->base), len = header + 8 + 172;

	put16(p + header, 4000);
	put16(p + header + 2, 30000);
	put16(p + header + 4, 8 + 172);
	/* IPv4: none. IPv6: a wrong one, which the relay keeps wrong. */
	put16(p + header + 6, c->base == IPV6 ? 0x1234 : 0);
	rtp_make(p + header + 8, 172, 0, 1, 0, 1);
	if (c->base == IPV4_OPTION) { /* read from byte 20 on: no checksum, then RTP */
		put16(p + header + 2, 0);
		rtp_make(p + header + 4, 176, 0, 1, 0, 1);
	}
	for (size_t i = 0; i < COUNT(c->changes); i++)
		if (c->changes[i].at)
			put16(p + c->changes[i].at, c->changes[i].value);
	if (c->base != IPV6)
		put16(p + 10, header_sum(p, header));
	CU_ASSERT_EQUAL(write(tun, p, len), (ssize_t)len);
}

static void test_only_whole_plain_udp_is_forwarded(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int tun, wire, daemon[2];

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	tun = open_tun();
	wire = world_sniff("b", "eth0");
	daemon[0] = world_udp("relay", TUN_LOCAL);
	daemon[1] = world_udp("relay", TUN_LOCAL6);
	flow.src = NULL;
	flow.local = TUN_LOCAL;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	flow.local = TUN_LOCAL6;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	for (size_t i = 0; i < COUNT(crafted); i++) {
		const struct crafted *c = &crafted[i];
		int fd = daemon[c->base == IPV6];

		write_crafted(tun, c);
		CU_ASSERT_EQUAL(world_receive(fd, &packet, c->heard ? SOON : NEVER), c->heard);
		if (world_sniffed(wire, &packet, c->forwarded ? SOON : 0) != c->forwarded) {
			printf("%s: %sforwarded\n", c->name, c->forwarded ? "not " : "");
			CU_FAIL("see above");
		}
	}
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(nl_del(&nl, i ? TUN_LOCAL6 : TUN_LOCAL, &state), 0);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
		close(daemon[i]);
	}
	close(wire);
	close(tun);
	nl_close(&nl);
}

/* --- Frames ----------------------------------------------------------------------------------- */

/* The socket receives it; the relay must not forward what a whole network has received. */
static void test_a_frame_to_all_hosts_goes_up(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	CU_ASSERT_EQUAL(world_run("ip -n a neigh replace 192.0.2.254 lladdr ff:ff:ff:ff:ff:ff "
				  "dev eth0 nud permanent"),
			0);
	scene_rtp(phone, 0, 1, 0);
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_FALSE(world_receive(dst, &packet, NEVER));
	world_run("ip -n a neigh del 192.0.2.254 dev eth0");
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
}

TEST_SUITE(crafted, { "only whole plain UDP is forwarded", test_only_whole_plain_udp_is_forwarded },
	   { "a frame to all hosts goes up", test_a_frame_to_all_hosts_goes_up });
