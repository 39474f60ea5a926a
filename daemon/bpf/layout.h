/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - keys and values of the maps, shared by the BPF program and the daemon
 *
 * An endpoint leads to a slot: two numbers, read at once. The first is that of the flow's settings,
 * which never change once a slot names them: a changed flow gets other ones, so that each packet is
 * handled by the old flow or by the new one. The second is that of its counters, which a changed
 * flow keeps. Numbers are given again only when no packet can use them any more, since the kernel
 * reuses elements of a hash at once.
 *
 * Maps may outlive the daemon (pins): BPF_LAYOUT changes with any change of a struct in here.
 */
#ifndef RTPRELAY_BPF_LAYOUT_H
#define RTPRELAY_BPF_LAYOUT_H

#include <linux/bpf.h>
#include <linux/types.h>

#include "rtp_stats.h"
#include "rtprelay_nl.h"

#define BPF_LAYOUT 1

#define BPF_FLOW_CLOCKS	    15 /* RTPRELAY_CLOCKS and the static ones of RFC 3551, which has six */
#define BPF_FLOW_PT_REFUSED 0xff
#define BPF_FLOW_COOKIE	    16
#define BPF_FLOW_EVENTS	    (256 * 1024) /* bytes */

/* All in network byte order. IPv4: the last word, the others are zero; @family 0: none. */
struct bpf_endpoint {
	__u32 addr[4];
	__u16 port;
	__u16 family;
};

struct bpf_key_ipv4 {
	__u32 addr;
	__u16 port;
	__u16 zero;
};

struct bpf_key_ipv6 {
	__u32 addr[4];
	__u16 port;
	__u16 zero;
};

struct bpf_slot {
	__u32 conf, state;
};

/**
 * struct bpf_conf - a flow's settings, with what the program needs for each packet
 * @gain_addr, @gain_port: what its addresses and ports add to checksums (csum_wire.h); includes
 *	@src if it is set
 * @tos_keep, @tos_set: bits of the TOS byte that are kept, and bits that are set
 * @generation: another one than in its state: this flow has replaced another one
 * @idle_ns: silence before it is reported idle
 * @iif: index of the device that packets must come by; 0: any that the program is attached to
 * @oif: index of the device that they leave by; 0: there is no route
 * @mtu: of the route
 * @hop: next hop, for bpf_redirect_neigh()
 * @clock: Hz; [0] is 0; @clock_mult: its ticks per nanosecond, times 2^32
 * @pt: for each payload type the index of its clock, 0: has none, or BPF_FLOW_PT_REFUSED
 */
struct bpf_conf {
	struct bpf_endpoint local, src, out, dst;
	__u16 gain_addr, gain_port;
	__u8 kind, tos_keep, tos_set, cookie_len;
	__u32 flags;
	__u32 iif, oif, mtu;
	__u32 generation;
	struct bpf_redir_neigh hop;
	__u32 negotiated; /* of struct rtp_port */
	__u32 mux;
	__u64 idle_ns;
	__u8 cookie[BPF_FLOW_COOKIE];
	__u8 pt[128];
	__u32 clock[BPF_FLOW_CLOCKS + 1];
	__u32 clock_mult[BPF_FLOW_CLOCKS + 1];
};

/**
 * struct bpf_state - a flow's counters
 * @seen_ns: CLOCK_MONOTONIC of the last admitted packet, or of the flow's creation
 * @heard: there was such a packet
 * @numbered, @number: of the last packet of UDPTL_MIN bytes, if the kind is OPAQUE
 * @packets, @bytes, @rtp, @generation are written under @lock if RTP statistics are kept.
 * @refused: since the last event; @guesses, @guess_ns: wrong numbers of UDPTL; until then all are
 *	ignored
 * @refused_ns, @rebound_ns: when such an event may be sent again
 * @left: packets that were not forwarded, by counter
 */
struct bpf_state {
	struct bpf_spin_lock lock;
	__u32 generation;
	__u64 seen_ns;
	__u64 packets, bytes;
	struct rtp_stats rtp;
	__u16 number;
	__u8 numbered, heard;

	__u32 refused;
	__u32 guesses;
	__u64 refused_ns, rebound_ns, guess_ns;
	__u64 left[RTPRELAY_C_MAX + 1];
};

/* The last RTCP packet of a flow; written under @lock. */
struct bpf_rtcp {
	struct bpf_spin_lock lock;
	__u32 len;
	__u64 at_ns;
	__u8 bytes[RTPRELAY_RTCP_MAX];
};

/* One CPU's share of the counters of all flows. */
struct bpf_totals {
	__u64 c[RTPRELAY_C_MAX + 1];
};

/**
 * struct bpf_constants - set before the program is loaded: the kernel compiles it for them
 * @statistics: are RTP statistics kept?
 * @zero: a key
 * @coarse_clock: has the kernel the clock of the last tick (Linux 5.11)? It costs less
 */
struct bpf_constants {
	__u32 zero;
	bool statistics, coarse_clock;
};

enum bpf_event_kind {
	BPF_EVENT_FIRST,   /* a flow's first admitted packet */
	BPF_EVENT_RESUMED, /* the first one after the idle time */
	BPF_EVENT_REFUSED, /* media of another source was dropped */
};

/* What follows @state is of the refused packet. */
struct bpf_event {
	__u32 kind;
	__u32 state; /* number of the flow's counters */
	__u32 refused;
	__u32 ssrc;
	struct bpf_endpoint source;
	__u16 seq;
	__u8 pt, rtp, numbered, zero[3];
};

#endif
