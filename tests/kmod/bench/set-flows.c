/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set-flows.c - set-flows N [flow|flow6|flow46|flow64 [rtp|mux]]
 *
 * Sets the N flows that bench.c sends to, and removes those beyond them; by default from IPv4 to
 * IPv4, for RTP and RTCP on one port.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kmod/nl.h"

/* Of the flows: see packets.c. */
static bool in6, out6;
static uint8_t kind = RTPRELAY_KIND_MUX;

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
}

int main(int argc, char **argv)
{
	unsigned int n, count = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	struct nl nl;
	int err = 0;

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
