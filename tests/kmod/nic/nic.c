// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nic.c - an Ethernet device whose queue stops, as that of a card does when its ring is full
 *
 * The device is "nic", in the network namespace in which the module is loaded. It looks at the RTP
 * packets that are sent by it, and frees them.
 *
 *   /sys/module/nic/parameters/
 *     stopped  0 or 1: the queue is stopped until 0 is written
 *     ring     packets after which the driver stops the queue, for a jiffy; 0: never
 *     busy     packets that the driver does not take from now on, though the queue is not stopped
 *     seen     "CALLS LEFT DISORDERED STOPPED", of RTP: calls of the driver; packets that it took;
 *              those whose sequence number does not follow that of the packet before; calls while
 *              the queue was stopped. Writing it sets all to 0
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/udp.h>
#include <linux/workqueue.h>

#define SEQ_OFFSET (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + 2)

static struct net_device *nic;
static bool stopped;
static unsigned int ring, in_ring, busy;

/* Under the lock of the device's queue. */
static struct {
	unsigned int calls, left, disordered, stopped;
	u16 next;
} seen;

static void lock(void)
{
	__netif_tx_lock_bh(netdev_get_tx_queue(nic, 0));
}

static void unlock(void)
{
	__netif_tx_unlock_bh(netdev_get_tx_queue(nic, 0));
}

static void wake(struct work_struct *work)
{
	netif_wake_queue(nic);
}

static DECLARE_DELAYED_WORK(waking, wake);

/* Not what a new device sends by itself. */
static bool is_rtp(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) && ip_hdr(skb)->protocol == IPPROTO_UDP;
}

static void look_at(const struct sk_buff *skb)
{
	u8 bytes[2] = { 0, 0 };
	u16 seq;

	skb_copy_bits(skb, SEQ_OFFSET, bytes, sizeof(bytes));
	seq = bytes[0] << 8 | bytes[1];
	if (seen.left++ && seq != seen.next)
		seen.disordered++;
	seen.next = seq + 1;
}

static bool take(const struct sk_buff *skb, struct net_device *dev)
{
	seen.calls++;
	if (netif_queue_stopped(dev))
		seen.stopped++;
	if (busy) {
		busy--;
		return false;
	}
	look_at(skb);
	return true;
}

static netdev_tx_t nic_xmit(struct sk_buff *skb, struct net_device *dev)
{
	bool rtp = is_rtp(skb);

	if (rtp && !take(skb, dev))
		return NETDEV_TX_BUSY;
	dev_kfree_skb_any(skb);
	if (rtp && ring && ++in_ring >= ring) {
		in_ring = 0;
		netif_stop_queue(dev);
		schedule_delayed_work(&waking, 1);
	}
	return NETDEV_TX_OK;
}

static const struct net_device_ops nic_ops = {
	.ndo_start_xmit = nic_xmit,
};

static int set_stopped(const char *val, const struct kernel_param *kp)
{
	int err = param_set_bool(val, kp);

	if (err || !nic)
		return err;
	lock();
	if (stopped)
		netif_stop_queue(nic);
	else
		netif_wake_queue(nic);
	unlock();
	return 0;
}

static const struct kernel_param_ops stopped_ops = {
	.set = set_stopped,
	.get = param_get_bool,
};
module_param_cb(stopped, &stopped_ops, &stopped, 0600);
module_param(ring, uint, 0600);
module_param(busy, uint, 0600);

static int set_seen(const char *val, const struct kernel_param *kp)
{
	if (!nic)
		return -ENODEV;
	lock();
	memset(&seen, 0, sizeof(seen));
	unlock();
	return 0;
}

static int get_seen(char *buffer, const struct kernel_param *kp)
{
	int len;

	lock();
	len = sysfs_emit(buffer, "%u %u %u %u\n", seen.calls, seen.left, seen.disordered,
			 seen.stopped);
	unlock();
	return len;
}

static const struct kernel_param_ops seen_ops = {
	.set = set_seen,
	.get = get_seen,
};
module_param_cb(seen, &seen_ops, NULL, 0600);

static int __init nic_init(void)
{
	struct net_device *dev = alloc_netdev(0, "nic", NET_NAME_USER, ether_setup);
	int err;

	if (!dev)
		return -ENOMEM;
	dev_net_set(dev, current->nsproxy->net_ns);
	dev->netdev_ops = &nic_ops;
	dev->features |= NETIF_F_HW_CSUM | NETIF_F_SG;
	dev->hw_features |= NETIF_F_HW_CSUM | NETIF_F_SG;
	eth_hw_addr_random(dev);
	nic = dev;
	err = register_netdev(dev);
	if (err)
		free_netdev(dev);
	return err;
}

/* Without the device no packet is sent, so the work is not scheduled again. */
static void __exit nic_exit(void)
{
	unregister_netdev(nic);
	cancel_delayed_work_sync(&waking);
	free_netdev(nic);
}

module_init(nic_init);
module_exit(nic_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a device whose queue stops");
