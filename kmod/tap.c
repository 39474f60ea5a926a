// SPDX-License-Identifier: GPL-2.0-only
/*
 * tap.c - the network device rtprelay0: tapped packets, for tcpdump and the daemon's recorder
 *
 * Created for the first flow of a namespace with the tap flag, removed with the namespace or the
 * module. It carries bare IP packets, as WireGuard's device does. Packets are "sent" on it, where
 * packet sockets see them, and then freed: if they were received on it, they would enter the stack
 * and match their flow a second time.
 */
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#include "compat.h"
#include "state.h"
#include "tap.h"

/**
 * struct rtpr_tap - private data of the device
 * @rn: its namespace; outlives the device
 */
struct rtpr_tap {
	struct rtpr_net *rn;
};

/* Under the queue's lock. */
static netdev_tx_t rtpr_tap_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	consume_skb(skb);
	return NETDEV_TX_OK;
}

/* Under the RTNL; the core waits for readers before the device is freed. */
static void rtpr_tap_uninit(struct net_device *dev)
{
	const struct rtpr_tap *tap = netdev_priv(dev);

	if (rcu_access_pointer(tap->rn->tap) == dev)
		RCU_INIT_POINTER(tap->rn->tap, NULL);
}

static const struct net_device_ops rtpr_tap_ops = {
	.ndo_uninit = rtpr_tap_uninit,
	.ndo_start_xmit = rtpr_tap_xmit,
};

static void rtpr_tap_setup(struct net_device *dev)
{
	dev->netdev_ops = &rtpr_tap_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->mtu = ETH_DATA_LEN;
	dev->max_mtu = ETH_MAX_MTU;
	dev->needs_free_netdev = true;
	rtpr_netdev_stays(dev);
}

/* Refuses "ip link add type rtprelay": only the module creates this device. */
static int rtpr_tap_validate(struct nlattr *tb[], struct nlattr *data[],
			     struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "the module creates this device, for a flow with the tap flag");
	return -EOPNOTSUPP;
}

/*
 * With a kind, the core removes the device with its namespace instead of moving it to the first
 * one.
 */
static struct rtnl_link_ops rtpr_tap_link_ops __read_mostly = {
	.kind = RTPRELAY_FAMILY,
	.setup = rtpr_tap_setup,
	.validate = rtpr_tap_validate,
};

int rtpr_tap_init(void)
{
	return rtnl_link_register(&rtpr_tap_link_ops);
}

void rtpr_tap_fini(void)
{
	rtnl_link_unregister(&rtpr_tap_link_ops);
}

static int rtpr_tap_make(struct rtpr_net *rn)
{
	struct net_device *dev = alloc_netdev(sizeof(struct rtpr_tap), RTPRELAY_TAP_DEVICE,
					      NET_NAME_PREDICTABLE, rtpr_tap_setup);
	struct rtpr_tap *tap;
	int err;

	if (!dev)
		return -ENOMEM;
	tap = netdev_priv(dev);
	tap->rn = rn;
	dev_net_set(dev, rn->net);
	dev->rtnl_link_ops = &rtpr_tap_link_ops;
	err = register_netdevice(dev);
	if (err) {
		free_netdev(dev);
		return err;
	}
	rcu_assign_pointer(rn->tap, dev);
	return 0;
}

int rtpr_tap_open(struct rtpr_net *rn)
{
	int err = 0;

	rtnl_lock();
	if (!rtnl_dereference(rn->tap))
		err = rtpr_tap_make(rn);
	if (!err)
		err = dev_open(rtnl_dereference(rn->tap), NULL);
	rtnl_unlock();
	return err;
}

bool rtpr_tap(struct rtpr_net *rn, struct sk_buff *skb)
{
	struct net_device *dev = rcu_dereference(rn->tap);
	struct sk_buff *copy;

	if (!dev || !netif_running(dev))
		return false;
	copy = skb_clone(skb, GFP_ATOMIC);
	if (!copy)
		return false;
	skb_dst_drop(copy);
	nf_reset_ct(copy);
	skb_ext_reset(copy);
	skb_reset_mac_header(copy);
	copy->dev = dev;
	dev_queue_xmit(copy);
	return true;
}
