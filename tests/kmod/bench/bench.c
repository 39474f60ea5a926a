// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench.c - two Ethernet devices and a source of packets, to measure the cost of a forwarded packet
 *
 * Ready-made packets are given to the stack on the device "in", 64 at a time, as a network card's
 * driver does; those that are sent on the device "out" are counted and freed. With QEMU's
 * instruction counting the time stamp counter counts instructions, so the figures are reproducible.
 *
 *   /sys/module/measure/parameters/run   write "WAY FLOWS PACKETS CHECKSUM [gro]"; read the result
 *     WAY       plain, plain6: through the router, to a port that no flow has; near: the same, to
 *               ports that flows have; spread: as plain, to 64 addresses in turn; flow, flow6,
 *               flow46, flow64: to flow 0, 1, ... FLOWS-1 in turn, by IPv4, by IPv6, and from one
 *               to the other; see packets.c for addresses
 *     CHECKSUM  verified, none, complete, partial: the state in which packets are received; with
 *               any but "verified", and with "check", each packet that leaves is checked, and the
 *               time is meaningless
 *     gro       by napi_gro_receive() and the end of the poll, as most drivers do; else by
 *               netif_receive_skb()
 *   Result: "packets SENT LEFT WRONG instructions MEDIAN LEAST", per packet
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/sort.h>
#include <linux/udp.h>
#include <linux/vmalloc.h>
#include <net/ipv6.h>

#include "packets.h"

#define BATCH	    64
#define MAX_BATCHES 4096

static const char *const checksum_names[] = { "verified", "check", "none", "complete", "partial" };

static const struct way ways[] = {
	{ .name = "plain", .plain = true },
	{ .name = "near", .plain = true, .near = true },
	{ .name = "spread", .plain = true, .spread = true },
	{ .name = "flow" },
	{ .name = "plain6", .plain = true, .in6 = true, .out6 = true },
	{ .name = "flow6", .in6 = true, .out6 = true },
	{ .name = "flow46", .out6 = true },
	{ .name = "flow64", .in6 = true },
};

static struct net_device *dev_in, *dev_out;
static struct napi_struct napi;
static const struct way *way;
static unsigned int left, wrong;
static bool looking, gro;
static char result[128] = "nothing was run";

/* Not what a new device sends by itself: neighbour discovery and reports of groups. */
static bool is_udp(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IPV6))
		return ipv6_hdr(skb)->nexthdr == IPPROTO_UDP;
	return skb->protocol == htons(ETH_P_IP);
}

static netdev_tx_t bench_xmit(struct sk_buff *skb, struct net_device *dev)
{
	if (is_udp(skb)) {
		left++;
		if (unlikely(looking) && !packet_is_right(skb, way))
			wrong++;
	}
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops bench_ops = {
	.ndo_start_xmit = bench_xmit,
};

/* Never called: each poll is made by run_batch(). */
static int bench_poll(struct napi_struct *unused, int budget)
{
	return 0;
}

static void receive(struct sk_buff *batch[BATCH])
{
	int i;

	if (!gro) {
		for (i = 0; i < BATCH; i++)
			netif_receive_skb(batch[i]);
		return;
	}
	for (i = 0; i < BATCH; i++)
		napi_gro_receive(&napi, batch[i]);
	napi_complete_done(&napi, BATCH);
}

/* Return: the cost of one packet of the batch, times BATCH; 0: out of memory */
static u64 run_batch(unsigned int first, unsigned int flows, enum checksum checksum)
{
	struct sk_buff *batch[BATCH];
	u64 start;
	int i;

	for (i = 0; i < BATCH; i++) {
		unsigned int n = first + i;

		batch[i] = packet_make(dev_in, way, n % flows, n / flows, checksum);
		if (!batch[i]) {
			while (i--)
				kfree_skb(batch[i]);
			return 0;
		}
	}
	local_bh_disable();
	if (gro && !napi_schedule_prep(&napi))
		pr_err("the device is being polled\n");
	start = rdtsc_ordered();
	receive(batch);
	start = rdtsc_ordered() - start;
	local_bh_enable();
	return start;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static const struct way *way_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

static int bench_run(const char *val, const struct kernel_param *kp)
{
	char name[16], checksum_name[16], by[8] = "";
	unsigned int flows, packets, batches, i;
	int checksum;
	u64 *ticks;

	if (sscanf(val, "%15s %u %u %15s %7s", name, &flows, &packets, checksum_name, by) < 4)
		return -EINVAL;
	checksum = match_string(checksum_names, ARRAY_SIZE(checksum_names), checksum_name);
	batches = packets / BATCH;
	way = way_of(name);
	if (checksum < 0 || !way || !flows || !batches || batches > MAX_BATCHES)
		return -EINVAL;
	ticks = vcalloc(batches, sizeof(*ticks));
	if (!ticks)
		return -ENOMEM;
	gro = !strcmp(by, "gro");
	looking = checksum != VERIFIED;
	left = 0;
	wrong = 0;
	for (i = 0; i < batches; i++) {
		ticks[i] = run_batch(i * BATCH, flows, checksum);
		cond_resched();
	}
	/* A batch interrupted by a timer is above the median and does not change it. */
	sort(ticks, batches, sizeof(*ticks), compare, NULL);
	snprintf(result, sizeof(result), "packets %u %u %u instructions %llu %llu\n",
		 batches * BATCH, left, wrong, ticks[batches / 2] / BATCH, ticks[0] / BATCH);
	vfree(ticks);
	return 0;
}

static int bench_result(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s", result);
}

static const struct kernel_param_ops run_ops = {
	.set = bench_run,
	.get = bench_result,
};
module_param_cb(run, &run_ops, NULL, 0600);

static struct net_device *make_device(const char *name)
{
	struct net_device *dev = alloc_netdev(0, name, NET_NAME_USER, ether_setup);

	if (!dev)
		return NULL;
	dev->netdev_ops = &bench_ops;
	dev->features |= NETIF_F_HW_CSUM | NETIF_F_SG;
	dev->hw_features |= NETIF_F_HW_CSUM | NETIF_F_SG;
	eth_hw_addr_random(dev);
	if (register_netdev(dev)) {
		free_netdev(dev);
		return NULL;
	}
	return dev;
}

static void end_device(struct net_device *dev)
{
	if (!dev)
		return;
	unregister_netdev(dev);
	free_netdev(dev);
}

static int __init bench_init(void)
{
	dev_in = make_device("in");
	dev_out = make_device("out");
	if (dev_in && dev_out) {
		netif_napi_add(dev_in, &napi, bench_poll);
		napi_enable(&napi);
		return 0;
	}
	end_device(dev_in);
	end_device(dev_out);
	return -ENOMEM;
}

static void __exit bench_exit(void)
{
	napi_disable(&napi);
	netif_napi_del(&napi);
	end_device(dev_in);
	end_device(dev_out);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("measures the cost of a forwarded packet");
