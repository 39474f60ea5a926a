/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - the data of the module: structs of a network namespace and of a flow
 *
 * Each says which code may access it. net.c creates and frees struct rtpr_net, flow.c struct
 * rtpr_flow.
 */
#ifndef RTPR_STATE_H
#define RTPR_STATE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/ratelimit.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "endpoint.h"
#include "rtp_stats.h"
#include "rtp_wire.h"
#include "rtprelay_nl.h"

struct net;
struct net_device;
struct rtpr_route;
struct rtpr_totals;

/**
 * struct rtpr_net - one namespace
 * @flows:	by local endpoint; written under @lock, read under RCU
 * @ids:	the same flows by number, so that a dump can continue where it stopped; as @flows
 * @last_id:	the last number assigned; under @lock
 * @count:	flows; written under @lock
 * @limit:	most flows; written under @lock
 * @generation:	changes whenever @flows does, so that a dump detects changes; written under @lock
 * @hooked:	@hooks are registered: while there are flows; a namespace without flows has no cost
 * @ports:	bitmap of the ports of flows, from the first flow on; written under @lock
 * @port_flows:	by port: the number of its flows; under @lock
 * @expire_s:	idle flows are removed after that time without a listener; 0: never; written under
 *		@lock
 * @listened:	when there was a listener, or the first flow (jiffies)
 * @expiry:	while there are flows: looks for listeners
 * @totals:	counters of all flows, removed ones included
 * @tap:	rtprelay0, once a flow requested it; written under the RTNL, read under RCU
 * @devices:	by ifindex: struct rtpr_device, of device.c; its lock also protects their lists
 * @refused:	bounds the REFUSED events of the namespace
 * @rebound:	the same for those of packets that continue a flow's sequence
 * @lock:	held by netlink commands that change flows; never taken on the packet path
 */
struct rtpr_net {
	struct rhashtable flows;
	struct net *net;
	struct rtpr_totals __percpu *totals;
	struct net_device __rcu *tap;
	unsigned long *ports;
	struct xarray ids, devices, port_flows;
	u32 last_id;
	u32 count;
	u32 limit;
	u32 generation;
	bool hooked;
	u32 expire_s;
	unsigned long listened;
	struct delayed_work expiry;
	struct nf_hook_ops hooks[2];
	struct ratelimit_state refused, rebound;
	struct mutex lock;
};

#define RTPR_CLOCKS	15   /* RTPRELAY_CLOCKS and the static ones of RFC 3551, which has six */
#define RTPR_PT_REFUSED 0xff /* in rtpr_flow.pt */
#define RTPR_DSCP_KEEP	0xff
#define RTPR_LEFT_FINAL S64_MIN /* in rtpr_flow.left: negative from then on */

/**
 * struct rtpr_flow_conf - a flow's settings; constant once it is inserted, a change is a new flow
 * @local:	endpoint its packets arrive at; the key
 * @src:	the only source admitted; AF_UNSPEC: any
 * @out:	endpoint its packets leave from
 * @dst:	their destination
 * @pt:		for each payload type the index of its clock, 0: has none, or RTPR_PT_REFUSED
 * @clock:	Hz; [0] is 0
 * @port:	tells RTP and RTCP apart
 * @idle_s:	silence before the IDLE event
 * @iif:	device or VRF that its packets come by, as a socket is bound to one; 0: is not bound
 * @oif, @mark, @uid: of the route lookup, as a socket has them; @oif 0: is not bound
 */
struct rtpr_flow_conf {
	struct rtpr_endpoint local, src, out, dst;
	u32 flags;
	u32 idle_s;
	u32 iif, oif, mark;
	kuid_t uid;
	u8 kind;
	u8 dscp;
	u8 cookie_len;
	u8 cookie[RTPRELAY_COOKIE_MAX];
	u8 pt[128];
	u32 clock[RTPR_CLOCKS + 1];
	struct rtp_port port;
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
 * @grows:	bytes that the IP header of its packets grows by; negative: shrinks
 * @headroom:	the same, if it grows
 * @tos_keep, @tos_set: bits of the TOS byte that are kept, and bits that are set
 * @gain_addr:	what its addresses add to checksums (csum_wire.h); includes src if it is set
 * @gain_port:	what its ports add
 * @clock_mult:	ticks of conf.clock per nanosecond, times 2^32
 * @route:	the route to dst; managed by xmit.c
 * @input:	by which device, and with which routes, packets are accepted; managed by input.c
 * @rn:		its namespace, for the timer
 * @id:		its number in rtpr_net.ids
 * @left:	packets that are not forwarded, by counter, and TAPPED; written per packet without a
 *		lock, so that a flood of refused packets takes none; RTPR_LEFT_FINAL is set when the
 *		flow was removed or replaced
 * @refused:	packets refused since the last REFUSED event
 * @refused_next: when such an event may be sent again (jiffies)
 * @rebound_next: the same for packets that continue the sequence of the flow
 * @guesses:	numbers of UDPTL that do not, from another port of the phone's address; with the
 *		last of UDPTL_GUESSES all are ignored until @guess_next (jiffies)
 * The fields from @lock on are written per packet, under @lock:
 * @dead:	was removed or replaced: its counters are final; look the flow up again
 * @silent:	the IDLE event was sent
 * @heard:	an admitted packet came, the last one at @last_seen (jiffies)
 * @packets, @bytes: RTPRELAY_C_PACKETS, _BYTES
 * @numbered, @number: of the last packet of UDPTL_MIN bytes, if the kind is OPAQUE; read without
 *		the lock for packets that are refused
 * @rtcp:	for kinds with RTCP, else NULL
 * @timer:	fires when the flow may have become silent; packets do not change it
 *
 * The table owns it from insertion to removal. The hook uses it under RCU and takes no reference.
 * Removal unlinks it immediately and frees it after a grace period: a packet may be using it.
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
	atomic64_t input;
	u32 id;
	atomic_t refused;
	atomic_t guesses;
	unsigned long refused_next, rebound_next, guess_next;
	struct rcu_head rcu;
	atomic64_t left[RTPRELAY_C_MAX + 1];

	spinlock_t lock ____cacheline_aligned_in_smp;
	bool dead, silent, heard, numbered;
	u16 number;
	unsigned long last_seen;
	u64 packets, bytes;
	struct rtp_stats rtp;
	struct rtpr_rtcp *rtcp;
	struct timer_list timer;
};

/**
 * struct rtpr_flow_state - a consistent copy of a flow's counters and times
 */
struct rtpr_flow_state {
	bool silent, heard, numbered;
	u16 number;
	u64 last_seen_ms; /* ago */
	u64 counters[RTPRELAY_C_MAX + 1];
	struct rtp_stats rtp;
	struct rtpr_rtcp rtcp;
};

#endif
