/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set-flows.c - set-flows N: sets the N flows that bench.c sends to, and removes those beyond them
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/kmod/nl.h"

static void local_of(char text[64], unsigned int n)
{
	snprintf(text, 64, "10.64.0.%u:%u", n / 20000, 10000 + 2 * (n % 20000));
}

static int set(struct nl *nl, unsigned int n)
{
	char local[64], out[64];
	struct nl_flow flow = { .local = local,
				.src = "192.0.2.1:4000",
				.out = out,
				.dst = "198.51.100.1:5000",
				.kind = RTPRELAY_KIND_MUX,
				.dscp = 46 + 1 };

	local_of(local, n);
	snprintf(out, sizeof(out), "198.51.100.254:%u", 10000 + 2 * (n % 20000));
	return nl_add(nl, &flow, NLM_F_CREATE, NULL);
}

int main(int argc, char **argv)
{
	unsigned int n, count = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	struct nl nl;
	int err = 0;

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
