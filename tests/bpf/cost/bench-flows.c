/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-flows.c - the flows that tests/kmod/bench sends to, by the BPF program
 *
 *   bench-flows N IN OUT [FAMILY [statistics]]
 *
 * Attaches the program to the device IN, in place of an earlier one, with N flows that leave by the
 * device OUT. FAMILY: 4, 6. The program goes on when this one ends. N 0: takes it away again.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bpf/attach.h"
#include "daemon/bpf/clsact.h"
#include "daemon/bpf/leftover.h"
#include "daemon/bpf/map.h"
#include "tests/bpf/frame.h"

static bool set_flow(struct flow_map *map, unsigned int n, bool v6, uint32_t oif)
{
	struct map_flow flow;
	char text[64];

	memset(&flow, 0, sizeof(flow));
	snprintf(text, sizeof(text), v6 ? "[2001:db8:64::%x]:%u" : "10.64.0.%u:%u", n / 20000,
		 10000 + 2 * (n % 20000));
	flow.local = frame_endpoint(text);
	snprintf(text, sizeof(text), v6 ? "[2001:db8:b::fe]:%u" : "198.51.100.254:%u",
		 10000 + 2 * (n % 20000));
	flow.out = frame_endpoint(text);
	flow.src = frame_endpoint(v6 ? "[2001:db8:a::1]:4000" : "192.0.2.1:4000");
	flow.dst = frame_endpoint(v6 ? "[2001:db8:b::1]:5000" : "198.51.100.1:5000");
	flow.oif = oif;
	flow.mtu = 1500;
	flow.idle_s = 60;
	flow.dscp = 46;
	flow.kind = RTPRELAY_KIND_MUX;
	flow.port.mux = true;
	return !flow_map_set(map, &flow, false, NULL, NULL);
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "bench-flows: %s: %s\n", what, why);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int count = argc > 3 ? (unsigned int)atoi(argv[1]) : 0;
	bool v6 = argc > 4 && !strcmp(argv[4], "6");
	struct clsacts clsacts = { 0 };
	struct map_conf conf = { .limit = count, .statistics = argc > 5, .clsacts = &clsacts };
	char why[FLOW_MAP_WHY], devices[FLOW_MAP_LEFT];
	struct flow_map *map;

	if (argc < 4)
		return fail("usage", "bench-flows N IN OUT [FAMILY [statistics]]");
	if (!count)
		return flow_map_clear(NULL, devices) ? fail("cannot detach", argv[2]) : 0;
	if (flow_map_open(&conf, &map, why))
		return fail("cannot load", why);
	for (unsigned int n = 0; n < count; n++)
		if (!set_flow(map, n, v6, if_nametoindex(argv[3])))
			return fail("cannot set a flow to", argv[3]);
	if (flow_map_attach(map, (int)if_nametoindex(argv[2]), why))
		return fail(argv[2], why);
	flow_map_close(map, false);
	clsacts_end(&clsacts, false);
	return 0;
}
