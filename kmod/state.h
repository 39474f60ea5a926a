/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what the module holds: for a network namespace, and for a flow; the fields alone
 *
 * Each says who may touch it. A namespace's share is made and ended in net.c, a flow in flow.c.
 */
#ifndef RTPR_STATE_H
#define RTPR_STATE_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/ratelimit.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/xarray.h>

#include "endpoint.h"
#include "rtp_stats.h"
#include "rtprelay_nl.h"

struct net;
struct net_device;
struct rtpr_route;
struct rtpr_totals;

/**
 * struct rtpr_net - one namespace
 * @flows:	by local endpoint; written under @lock, read under RCU
 * @ids:	the same flows by number, in which a dump can go on where it stopped; as @flows
 * @last_id:	the number given last; under @lock
 * @count:	flows; written under @lock
 * @limit:	most flows; written under @lock
 * @generation:	changes whenever @flows does, so that a dump can tell; written under @lock
 * @hooked:	@hooks are registered: from the first flow on, so that a namespace without one pays nothing
 * @totals:	counters of all flows, also past ones
 * @tap:	rtprelay0, once a flow asked for it; written under the RTNL, read under RCU
 * @refused:	bounds the REFUSED events of the namespace
 * @lock:	held by those who change flows, from netlink commands; never on the packet path
 */
struct rtpr_net {
	struct rhashtable flows;
	struct net *net;
	struct rtpr_totals __percpu *totals;
	struct net_device __rcu *tap;
	struct xarray ids;
	u32 last_id;
	u32 count;
	u32 limit;
	u32 generation;
	bool hooked;
	struct nf_hook_ops hooks[2];
	struct ratelimit_state refused;
	struct mutex lock;
};

#define RTPR_CLOCKS	15   /* RTPRELAY_CLOCKS and the static ones of RFC 3551, which has six */
#define RTPR_PT_REFUSED 0xff /* in rtpr_flow.pt */
#define RTPR_DSCP_KEEP	0xff

/**
 * struct rtpr_flow_conf - what a flow is to do; fixed once it is inserted, a change is a new flow
 * @local:	where its packets arrive; the key
 * @src:	the one sender admitted; AF_UNSPEC: any
 * @out:	where its packets leave from
 * @dst:	where they go to
 * @pt:		for each payload type the index of its clock, 0: has none, or RTPR_PT_REFUSED
 * @clock:	Hz; [0] is 0
 * @idle_s:	silence before the IDLE event
 */
struct rtpr_flow_conf {
	struct rtpr_endpoint local, src, out, dst;
	u32 flags;
	u32 idle_s;
	u8 kind;
	u8 dscp;
	u8 cookie_len;
	u8 cookie[RTPRELAY_COOKIE_MAX];
	u8 pt[128];
	u32 clock[RTPR_CLOCKS + 1];
};

/**
 * struct rtpr_rtcp - the last RTCP packet
 * @at_ns: when it came, ktime_get_ns()
 */
struct rtpr_rtcp {
	u64 at_ns;
	u16 len;
	u8 bytes[RTPRELAY_RTCP_MAX];
};

/**
 * struct rtpr_flow - one direction of one media stream
 * @node:	hash link; written under rtpr_net.lock, read under RCU
 * @grows:	what the IP header of its packets grows by; negative: shrinks
 * @headroom:	the same, if it grows
 * @tos_keep, @tos_set: of the TOS byte what stays as it came, and what is put in
 * @gain_addr:	what checksums gain by its addresses; that of src is in it if there is one (csum_wire.h)
 * @gain_port:	and by its ports
 * @clock_mult:	ticks of conf.clock per nanosecond, times 2^32
 * @route:	how to reach dst; belongs to xmit.c
 * @rn:		its namespace, for the timer
 * @id:		its number in rtpr_net.ids
 * From @lock on, all is written per packet, under @lock:
 * @dead:	was removed or replaced: its counters are final; look again
 * @silent:	IDLE was sent
 * @heard:	an admitted packet was seen, at @last_seen (jiffies)
 * @refused_next: when a REFUSED event may be sent again (jiffies), once @refused is not 0
 * @refused:	packets refused since the last such event
 * @rtcp:	for kinds that carry it, else NULL
 * @timer:	fires when the flow may have fallen silent; a packet does not touch it
 *
 * The table owns it from insert to remove. The hook borrows it under RCU and takes no reference.
 * Remove unlinks now and frees after a grace period, so that a packet in flight ends well.
 */
struct rtpr_flow {
	struct rhash_head node;
	struct rtpr_flow_conf conf;
	s8 grows;
	u8 headroom;
	u8 tos_keep, tos_set;
	u16 gain_addr, gain_port;
	u32 clock_mult[RTPR_CLOCKS + 1];
	struct rtpr_route __rcu *route;
	struct rtpr_net *rn;
	u32 id;
	struct rcu_head rcu;

	spinlock_t lock ____cacheline_aligned_in_smp;
	bool dead, silent, heard;
	unsigned long last_seen;
	u64 counters[RTPRELAY_C_MAX + 1];
	struct rtp_stats rtp;
	struct rtpr_rtcp *rtcp;
	unsigned long refused_next;
	u32 refused;
	struct timer_list timer;
};

/**
 * struct rtpr_flow_state - a whole copy of what a flow has seen
 */
struct rtpr_flow_state {
	bool silent, heard;
	u64 last_seen_ms; /* ago */
	u64 counters[RTPRELAY_C_MAX + 1];
	struct rtp_stats rtp;
	struct rtpr_rtcp rtcp;
};

#endif
