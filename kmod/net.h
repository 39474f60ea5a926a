/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net.h - what the module holds for one network namespace; made and ended in main.c
 */
#ifndef RTPR_NET_H
#define RTPR_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/ratelimit.h>
#include <linux/rhashtable.h>
#include <linux/xarray.h>

#include "counter.h"

struct net;
struct net_device;

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

/* The namespace's share; lives as long as @net does or the module is loaded. */
struct rtpr_net *rtpr_net(const struct net *net);

/**
 * rtpr_net_hook() - see to it that packets of the namespace come to the hooks of hook.h; under rtpr_net.lock
 * Return: 0 or -errno
 */
int rtpr_net_hook(struct rtpr_net *rn);

#endif
