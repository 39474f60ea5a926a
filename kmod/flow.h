/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_FLOW_H
#define RTPR_FLOW_H

#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "endpoint.h"
#include "net.h"
#include "rtp_stats.h"
#include "rtprelay_nl.h"

struct rtpr_route;

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
 * The table owns it from insert to remove. The hook borrows it under RCU and takes no reference. Remove
 * unlinks now and frees after a grace period, so that a packet in flight ends well.
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

int rtpr_flows_init(struct rtpr_net *rn);

/* Removes and frees what is left. The hooks are gone, a grace period is over. */
void rtpr_flows_fini(struct rtpr_net *rn);

/* Forgets the routes of all flows. */
void rtpr_flows_forget_routes(struct rtpr_net *rn);

/* How rtpr_net.flows finds a flow; here, so that the compiler can build the search into the path. */
static __always_inline u32 rtpr_flow_hash_key(const void *key, u32 len, u32 seed)
{
	return rtpr_endpoint_hash(key, seed);
}

static inline u32 rtpr_flow_hash(const void *obj, u32 len, u32 seed)
{
	const struct rtpr_flow *flow = obj;

	return rtpr_endpoint_hash(&flow->conf.local, seed);
}

static __always_inline int rtpr_flow_compare(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct rtpr_flow *flow = obj;

	return !rtpr_endpoint_equal(arg->key, &flow->conf.local);
}

static const struct rhashtable_params rtpr_flow_params = {
	.head_offset = offsetof(struct rtpr_flow, node),
	.key_offset = offsetof(struct rtpr_flow, conf.local),
	.key_len = sizeof(struct rtpr_endpoint),
	.hashfn = rtpr_flow_hash_key,
	.obj_hashfn = rtpr_flow_hash,
	.obj_cmpfn = rtpr_flow_compare,
	.automatic_shrinking = true,
};

/* The flow of a local endpoint, or NULL. Under rcu_read_lock(), which keeps it alive. */
static __always_inline struct rtpr_flow *rtpr_flow_find(struct rtpr_net *rn,
							const struct rtpr_endpoint *local)
{
	return rhashtable_lookup(&rn->flows, local, rtpr_flow_params);
}

/* The same under rtpr_net.lock, which keeps it in the table too. */
struct rtpr_flow *rtpr_flow_find_locked(struct rtpr_net *rn, const struct rtpr_endpoint *local);

/* Return: a flow that is in no table, the caller's until rtpr_flow_insert(); NULL: no memory. */
struct rtpr_flow *rtpr_flow_new(struct rtpr_net *rn, const struct rtpr_flow_conf *conf);

/* Of a flow that never was in a table. */
void rtpr_flow_free(struct rtpr_flow *flow);

/* All three under rtpr_net.lock; @last gets the final state of what went away, and may be NULL. */
int rtpr_flow_insert(struct rtpr_flow *flow);
int rtpr_flow_replace(struct rtpr_flow *old, struct rtpr_flow *new, struct rtpr_flow_state *last);
void rtpr_flow_remove(struct rtpr_flow *flow, struct rtpr_flow_state *last);

/* A copy of @flow's state as it is now. Process context. */
void rtpr_flow_read(struct rtpr_flow *flow, struct rtpr_flow_state *state);

#endif
