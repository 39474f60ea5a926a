/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cost.c - nanoseconds that the program needs for a packet, by BPF_PROG_TEST_RUN
 *
 *   bpf-cost [ROUNDS]
 *
 * Without reception and transmission: they are the same for every program. Prints the smallest of
 * the rounds, which other load disturbs least. Each round runs the program TURNS times; the flow
 * sends the packet back to where it arrived, so that it stays a packet of the flow.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/count.h"
#include "daemon/bpf/map.h"
#include "tests/bpf/frame.h"

#define TURNS 250 /* TTL 255 is used up after that */
#define PHONE "192.0.2.10:4000"
#define LOCAL "192.0.2.1:30000"
#define OTHER "192.0.2.66:6666"

#define PHONE6 "[2001:db8::10]:4000"
#define LOCAL6 "[2001:db8::1]:30000"

static const struct {
	const char *name, *from, *to;
	bool statistics, not_ip;
} rows[] = {
	{ "not IP", PHONE, LOCAL, true, true },
	{ "no flow", PHONE, "192.0.2.1:30002", true, false },
	{ "stranger", OTHER, LOCAL, true, false },
	{ "forwarded, RTP statistics", PHONE, LOCAL, true, false },
	{ "forwarded", PHONE, LOCAL, false, false },
	{ "IPv6 forwarded, RTP statistics", PHONE6, LOCAL6, true, false },
};

static bool set_flow(struct flow_map *map, const char *phone, const char *local)
{
	struct map_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.local = frame_endpoint(local);
	flow.src = frame_endpoint(phone);
	flow.out = flow.src;
	flow.dst = flow.local;
	flow.oif = 1;
	flow.mtu = 1500;
	flow.idle_s = 60;
	flow.dscp = -1;
	flow.kind = RTPRELAY_KIND_RTP;
	return !flow_map_set(map, &flow, false, NULL, NULL);
}

static void make_packet(struct frame *frame, size_t row)
{
	uint8_t rtp[172] = { 0x80, 0 };

	frame_write(frame, rows[row].from, rows[row].to, rtp, sizeof(rtp));
	if (rows[row].not_ip)
		frame->bytes[12] = 0x88;
	if (frame->bytes[12] == 0x08) {
		frame->bytes[frame->ip + 8] = 255;
		frame_sum_ip(frame);
	} else {
		frame->bytes[frame->ip + 7] = 255;
	}
}

/* Return: nanoseconds a turn; 0: it failed */
static unsigned int measure(int program, size_t row, unsigned int rounds)
{
	unsigned int least = 0;
	struct frame frame;

	make_packet(&frame, row);
	while (rounds--) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes,
			    .data_size_in = (uint32_t)frame.len, .repeat = TURNS);

		if (bpf_prog_test_run_opts(program, &options))
			return 0;
		if (!least || options.duration < least)
			least = options.duration;
	}
	return least;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 2000;
	char why[FLOW_MAP_WHY];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct map_conf conf = { .limit = 1000, .statistics = rows[i].statistics };
		struct flow_map *map;

		if (flow_map_open(&conf, &map, why)) {
			fprintf(stderr, "bpf-cost: %s\n", why);
			return 1;
		}
		if (!set_flow(map, PHONE, LOCAL) || !set_flow(map, PHONE6, LOCAL6))
			return 1;
		printf("%-32s %4u ns\n", rows[i].name, measure(flow_map_program(map), i, rounds));
		flow_map_close(map, false);
	}
	return 0;
}
