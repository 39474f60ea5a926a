/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow.h - flows and their table: create, insert, find under RCU, replace, remove
 *
 * Its fields are in state.h.
 */
#ifndef RTPR_FLOW_H
#define RTPR_FLOW_H

#include <linux/rhashtable.h>

#include "state.h"

int rtpr_flows_init(struct rtpr_net *rn);

/* Removes and frees all flows. The hooks are unregistered, and a grace period is over. */
void rtpr_flows_fini(struct rtpr_net *rn);

/*
 * Parameters of rtpr_net.flows. The packet path looks up with those of its family: they are here,
 * so that the compiler can inline the lookup. The key of each is a whole endpoint: if the compiler
 * does not inline, rhashtable calls the table's own hash function.
 */
static __always_inline u32 rtpr_flow_hash_key_ipv4(const void *key, u32 len, u32 seed)
{
	return rtpr_endpoint_hash_ipv4(rtpr_endpoint_key_ipv4(key), seed);
}

static __always_inline u32 rtpr_flow_hash_key_ipv6(const void *key, u32 len, u32 seed)
{
	return rtpr_endpoint_hash_ipv6(key, seed);
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

static __always_inline int rtpr_flow_compare_ipv4(struct rhashtable_compare_arg *arg,
						  const void *obj)
{
	const struct rtpr_flow *flow = obj;

	return rtpr_endpoint_key_ipv4(&flow->conf.local) != rtpr_endpoint_key_ipv4(arg->key) ||
	       flow->conf.local.family != AF_INET;
}

#define RTPR_FLOW_PARAMS(hash_key, compare)                                                        \
	{                                                                                          \
		.head_offset = offsetof(struct rtpr_flow, node),                                   \
		.key_offset = offsetof(struct rtpr_flow, conf.local),                              \
		.key_len = sizeof(struct rtpr_endpoint), .hashfn = (hash_key),                     \
		.obj_hashfn = rtpr_flow_hash, .obj_cmpfn = (compare), .automatic_shrinking = true, \
	}

static const struct rhashtable_params rtpr_flow_params_ipv4 =
	RTPR_FLOW_PARAMS(rtpr_flow_hash_key_ipv4, rtpr_flow_compare_ipv4);
static const struct rhashtable_params rtpr_flow_params_ipv6 =
	RTPR_FLOW_PARAMS(rtpr_flow_hash_key_ipv6, rtpr_flow_compare);

/*
 * The flow of a local endpoint of the family @pf, or NULL. Under rcu_read_lock(), which keeps it
 * alive.
 */
static __always_inline struct rtpr_flow *rtpr_flow_find(struct rtpr_net *rn,
							const struct rtpr_endpoint *local, u8 pf)
{
	if (pf == NFPROTO_IPV4)
		return rhashtable_lookup(&rn->flows, local, rtpr_flow_params_ipv4);
	return rhashtable_lookup(&rn->flows, local, rtpr_flow_params_ipv6);
}

/* The same under rtpr_net.lock, which keeps it in the table too. */
struct rtpr_flow *rtpr_flow_find_locked(struct rtpr_net *rn, const struct rtpr_endpoint *local);

/* Return: a flow in no table, owned by the caller until rtpr_flow_insert(); NULL: no memory. */
struct rtpr_flow *rtpr_flow_new(struct rtpr_net *rn, const struct rtpr_flow_conf *conf);

/*
 * Frees, after a grace period, a flow that is not in the table. NULL is allowed. Process context.
 */
void rtpr_flow_free(struct rtpr_flow *flow);

/*
 * All three under rtpr_net.lock; @last gets the final state of the removed flow.
 */
int rtpr_flow_insert(struct rtpr_flow *flow);
int rtpr_flow_replace(struct rtpr_flow *old, struct rtpr_flow *new, struct rtpr_flow_state *last);
void rtpr_flow_remove(struct rtpr_flow *flow, struct rtpr_flow_state *last);

/* A copy of @flow's state as it is now. Process context. */
void rtpr_flow_read(struct rtpr_flow *flow, struct rtpr_flow_state *state);

#endif
