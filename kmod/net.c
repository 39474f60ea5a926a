// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.c - the module's data of each network namespace, and the end of its devices
 */
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "counter.h"
#include "device.h"
#include "expiry.h"
#include "flow.h"
#include "hooks.h"
#include "net.h"
#include "port.h"
#include "state.h"
#include "xmit.h"

/* REFUSED events of a namespace in one second. */
#define RTPR_REFUSED_BURST 200

static unsigned int rtpr_net_id __read_mostly;

struct rtpr_net *rtpr_net(const struct net *net)
{
	return net_generic(net, rtpr_net_id);
}

static int __net_init rtpr_net_init(struct net *net)
{
	struct rtpr_net *rn = rtpr_net(net);
	int err;

	rn->net = net;
	rtpr_hooks_init(rn);
	xa_init_flags(&rn->devices, XA_FLAGS_LOCK_BH);
	rtpr_ports_init(rn);
	rn->limit = RTPRELAY_LIMIT_DEFAULT;
	mutex_init(&rn->lock);
	rtpr_expiry_init(rn);
	ratelimit_state_init(&rn->refused, HZ, RTPR_REFUSED_BURST);
	ratelimit_state_init(&rn->rebound, HZ, RTPR_REFUSED_BURST);
	/* No messages in the kernel log. */
	ratelimit_set_flags(&rn->refused, RATELIMIT_MSG_ON_RELEASE);
	ratelimit_set_flags(&rn->rebound, RATELIMIT_MSG_ON_RELEASE);
	rn->totals = rtpr_totals_new();
	if (!rn->totals)
		return -ENOMEM;
	err = rtpr_flows_init(rn);
	if (err)
		goto err_totals;
	return 0;

err_totals:
	free_percpu(rn->totals);
	return err;
}

/* The core waits for a grace period between this and rtpr_net_exit(). */
static void __net_exit rtpr_net_pre_exit(struct net *net)
{
	struct rtpr_net *rn = rtpr_net(net);

	mutex_lock(&rn->lock);
	rtpr_hooks_close(rn);
	mutex_unlock(&rn->lock);
}

static void __net_exit rtpr_net_exit(struct net *net)
{
	struct rtpr_net *rn = rtpr_net(net);

	rtpr_expiry_fini(rn);
	rtpr_flows_fini(rn);
	rtpr_devices_free(rn);
	rtpr_ports_free(rn);
	free_percpu(rn->totals);
	mutex_destroy(&rn->lock);
}

static struct pernet_operations rtpr_net_ops = {
	.init = rtpr_net_init,
	.pre_exit = rtpr_net_pre_exit,
	.exit = rtpr_net_exit,
	.id = &rtpr_net_id,
	.size = sizeof(struct rtpr_net),
};

static void rtpr_net_forget(struct list_head *route)
{
	rtpr_route_forget(list_entry(route, struct rtpr_route, by_device));
}

/*
 * Process context, under the RTNL. The device is down, and the core has waited for a grace period
 * since: no packet finds a route by it any more.
 */
static int rtpr_net_device_event(struct notifier_block *nb, unsigned long event, void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	while (rtpr_device_forget_some(rtpr_net(dev_net(dev)), dev->ifindex, rtpr_net_forget))
		cond_resched();
	return NOTIFY_DONE;
}

static struct notifier_block rtpr_net_devices = {
	.notifier_call = rtpr_net_device_event,
};

int __init rtpr_nets_init(void)
{
	int err;

	err = register_pernet_subsys(&rtpr_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&rtpr_net_devices);
	if (err)
		unregister_pernet_subsys(&rtpr_net_ops);
	return err;
}

void rtpr_nets_fini(void)
{
	unregister_netdevice_notifier(&rtpr_net_devices);
	unregister_pernet_subsys(&rtpr_net_ops);
}
