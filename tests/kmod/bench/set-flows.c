/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set-flows.c - set-flows N [flow|flow6|flow46|flow64 [rtp|mux [tap]]]; set-flows listen
 *
 * Sets the N flows that bench.c sends to, and removes those beyond them; by default from IPv4 to
 * IPv4, for RTP and RTCP on one port. With tap their packets are shown on rtprelay0.
 * listen: keeps a ring open there, as the recorder does, which has room for all that bench.c sends,
 * and prints "listening".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/kmod/nl.h"

/* Of the flows: see packets.c. */
static bool in6, out6;
static uint8_t kind = RTPRELAY_KIND_MUX;
static uint32_t flags;

#define BLOCK  (256 * 1024)
#define BLOCKS 64

static void local_of(char text[64], unsigned int n)
{
	snprintf(text, 64, in6 ? "[2001:db8:64::%x]:%u" : "10.64.0.%u:%u", n / 20000,
		 10000 + 2 * (n % 20000));
}

static int set(struct nl *nl, unsigned int n)
{
	char local[64], out[64];
	struct nl_flow flow = { .local = local,
				.src = in6 ? "[2001:db8:a::1]:4000" : "192.0.2.1:4000",
				.out = out,
				.dst = out6 ? "[2001:db8:b::1]:5000" : "198.51.100.1:5000",
				.kind = kind,
				.flags = flags,
				.dscp = 46 + 1 };

	local_of(local, n);
	snprintf(out, sizeof(out), out6 ? "[2001:db8:b::fe]:%u" : "198.51.100.254:%u",
		 10000 + 2 * (n % 20000));
	return nl_add(nl, &flow, NLM_F_CREATE, NULL);
}

static void read_way(int argc, char **argv)
{
	if (argc > 2) {
		in6 = !strcmp(argv[2], "flow6") || !strcmp(argv[2], "flow64");
		out6 = !strcmp(argv[2], "flow6") || !strcmp(argv[2], "flow46");
	}
	if (argc > 3 && !strcmp(argv[3], "rtp"))
		kind = RTPRELAY_KIND_RTP;
	if (argc > 4 && !strcmp(argv[4], "tap"))
		flags = RTPRELAY_FLOW_TAP;
}

/* The ring of record/kernel_tap.c, as libpcap makes it. */
static int listen_at_tap(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(RTPRELAY_TAP_DEVICE) };
	struct tpacket_req3 ring = { .tp_block_size = BLOCK,
				     .tp_block_nr = BLOCKS,
				     .tp_frame_size = 2048,
				     .tp_frame_nr = BLOCK / 2048 * BLOCKS,
				     .tp_retire_blk_tov = 100 };
	int version = TPACKET_V3, fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		perror("set-flows: " RTPRELAY_TAP_DEVICE);
		return 1;
	}
	puts("listening");
	fflush(stdout);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int n, count = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	struct nl nl;
	int err = 0;

	if (argc == 2 && !strcmp(argv[1], "listen"))
		return listen_at_tap();
	read_way(argc, argv);
	if (!nl_open(&nl, NULL))
		return 1;
	for (n = 0; n < count && !err; n++)
		err = set(&nl, n);
	for (n = count; !err; n++) {
		char local[64];

		local_of(local, n);
		err = nl_del(&nl, local, NULL);
	}
	nl_close(&nl);
	if (err == -ENOENT)
		return 0;
	fprintf(stderr, "set-flows: error %d, %s\n", err, nl.error);
	return 1;
}
