/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - a flow, its counters and its events, as the callers of bpf/map.h see them
 */
#ifndef RTPRELAY_BPF_FLOW_H
#define RTPRELAY_BPF_FLOW_H

#include "base/endpoint.h"
#include "bpf/layout.h"
#include "rtp_stats.h"
#include "rtprelay_nl.h"

#define FLOW_MAP_CLOCKS	   8
#define FLOW_MAP_LIMIT_MAX 1000000
#define FLOW_MAP_HANDLE	   0x72747072
#define FLOW_MAP_WHY	   256 /* bytes of a reason in words */

/* enum rtprelay_feature that a flow may use */
#define FLOW_MAP_FEATURES                                                                          \
	(RTPRELAY_FEATURE_RTP | RTPRELAY_FEATURE_EVENTS | RTPRELAY_FEATURE_NO_MUX |                \
	 RTPRELAY_FEATURE_DEVICE)

/**
 * struct map_flow - one direction of one stream
 * @local, @out, @dst: of one family
 * @src: unset: any source
 * @hop: next hop, the port is ignored; unset: @dst itself
 * @iif: device that packets must come by; 0: any that is attached
 * @oif: device of the route; 0: no route, packets go up to the socket
 * @mtu: of the route; 0: not known, all lengths are forwarded
 * @idle_s: 1..86400
 * @flags: RTPRELAY_FLOW_DROP or none
 * @dscp: -1: each packet keeps its own
 * @clocks: for dynamic payload types; clock 0 ends it
 * @pt_set: as RTPRELAY_A_PT_SET; all zero: all payload types
 * @port: of @local, tells RTP and RTCP apart
 */
struct map_flow {
	struct endpoint local, src, out, dst, hop;
	struct {
		uint32_t clock; /* Hz */
		uint8_t pt;
	} clocks[FLOW_MAP_CLOCKS];
	struct rtp_port port;
	uint32_t iif, oif, mtu;
	uint32_t idle_s;
	uint32_t flags;
	int16_t dscp;
	uint8_t kind; /* enum rtprelay_kind */
	uint8_t pt_set[16];
	uint8_t cookie[BPF_FLOW_COOKIE];
};

/**
 * struct map_state - a consistent copy of a flow's counters
 * @seen_ns, @rtcp_ns: CLOCK_MONOTONIC; 0: no packet yet
 * @rtcp_len: 0: none, or not asked for
 */
struct map_state {
	uint64_t counters[RTPRELAY_C_MAX + 1];
	struct rtp_stats rtp;
	uint64_t seen_ns;
	bool silent; /* was reported idle */
	bool numbered;
	uint16_t number;
	uint64_t rtcp_ns;
	uint16_t rtcp_len;
	uint8_t rtcp[RTPRELAY_RTCP_MAX];
};

enum map_event {
	MAP_FIRST,   /* a flow's first admitted packet */
	MAP_IDLE,    /* a flow accepted no packet for its idle time; once for each silence */
	MAP_RESUMED, /* ... and then one */
	MAP_REFUSED, /* media of another source was dropped; @stranger */
};

/* As struct kmod_stranger. */
struct map_stranger {
	struct endpoint source;
	uint32_t count; /* packets since the last such event */
	uint32_t ssrc;
	uint16_t seq;
	uint8_t pt;
	bool rtp, numbered; /* not both; @numbered: only @seq, its first 16 bits */
};

/* One flow, as it was set; with its state or with an event. */
struct map_found {
	struct map_flow flow;
	const struct map_state *state;	     /* NULL: of an event */
	const struct map_stranger *stranger; /* MAP_REFUSED, else NULL */
};

typedef void map_event_fn(void *arg, enum map_event event, const struct map_found *found);
/* Return: false, stop */
typedef bool map_found_fn(void *arg, const struct map_found *found);

struct clsacts;

/**
 * struct map_conf
 * @pin: folder of a bpffs, made if it does not exist; empty or NULL: no pins
 * @limit: most flows, 1..1000000; memory for them is taken at once, about 1.5 KB each
 * @statistics: of RTP; without them packets cost less
 * @handle: of its filters on devices: another one for each daemon of a host; 0: the usual one
 * @clsacts: gets the devices that need a qdisc for the filter; borrowed until flow_map_close();
 *	NULL: it is attached to none
 */
struct map_conf {
	const char *pin;
	uint32_t limit;
	bool statistics;
	uint32_t handle;
	struct clsacts *clsacts;
	map_event_fn *event;
	void *arg;
};

struct flow_map;

#endif
