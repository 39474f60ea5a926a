// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks.c - the hooks of a namespace: registered while it has flows
 *
 * The hook runs before defragmentation and connection tracking, so that relayed media passes
 * neither, and after priority -450, where a firewall can drop packets first: an nftables chain
 * "type filter hook prerouting priority -450" sees packets before the relay does.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>

#include "hook.h"
#include "hooks.h"
#include "port.h"
#include "state.h"

#define RTPR_HOOK_PRIORITY (NF_IP_PRI_CONNTRACK_DEFRAG - 10)

static struct nf_hook_ops rtpr_hook_ops(struct rtpr_net *rn, nf_hookfn *hook, u8 pf)
{
	return (struct nf_hook_ops){
		.hook = hook,
		.priv = rn,
		.pf = pf,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = RTPR_HOOK_PRIORITY,
	};
}

int rtpr_hooks_open(struct rtpr_net *rn)
{
	int err;

	lockdep_assert_held(&rn->lock);
	if (rn->hooked)
		return 0;
	err = rtpr_ports_make(rn);
	if (!err)
		err = nf_register_net_hooks(rn->net, rn->hooks, ARRAY_SIZE(rn->hooks));
	rn->hooked = !err;
	return err;
}

void rtpr_hooks_close(struct rtpr_net *rn)
{
	lockdep_assert_held(&rn->lock);
	if (!rn->hooked)
		return;
	nf_unregister_net_hooks(rn->net, rn->hooks, ARRAY_SIZE(rn->hooks));
	rn->hooked = false;
}

void rtpr_hooks_close_unused(struct rtpr_net *rn)
{
	if (!rn->count)
		rtpr_hooks_close(rn);
}

void rtpr_hooks_init(struct rtpr_net *rn)
{
	rn->hooks[0] = rtpr_hook_ops(rn, rtpr_hook_ipv4, NFPROTO_IPV4);
	rn->hooks[1] = rtpr_hook_ops(rn, rtpr_hook_ipv6, NFPROTO_IPV6);
}
