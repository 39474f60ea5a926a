// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench.c - two Ethernet devices and a source of packets, to measure the cost of a forwarded packet
 *
 * Ready-made packets are given to the stack on the device "in", 64 at a time, as a network card's
 * driver does; those that are sent on the device "out" are counted and freed. With QEMU's
 * instruction counting the time stamp counter counts instructions, so the figures are reproducible.
 *
 *   /sys/module/bench/parameters/run     write "MODE FLOWS PACKETS CHECKSUM"; read the result
 *     MODE      plain: through the router, to 198.51.100.1, to a port that no flow has; near: the
 *               same, to a port that flows have; flow: to flow 0, 1, ... FLOWS-1 in turn
 *     CHECKSUM  verified, none, complete, partial: the state in which packets are received; with
 *               any but "verified", and with "check", each packet that leaves is checked, and the
 *               time is meaningless
 *   Result: "packets SENT LEFT WRONG instructions MEDIAN LEAST", per packet
 *
 * Flow n must arrive at 10.64.0.0 + n / 20000, port 10000 + 2 * (n % 20000), and leave from
 * 198.51.100.254 with the same port to 198.51.100.1, port 5000.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/sort.h>
#include <linux/udp.h>
#include <linux/vmalloc.h>
#include <net/checksum.h>
#include <net/ip.h>

#define BATCH	    64
#define PAYLOAD	    172
#define MAX_BATCHES 4096

enum checksum { VERIFIED, CHECK, NONE, COMPLETE, PARTIAL };

static const char *const checksum_names[] = { "verified", "check", "none", "complete", "partial" };

static struct net_device *dev_in, *dev_out;
static unsigned int left, wrong;
static bool looking, plain, near;
static char result[128] = "nothing was run";

static __be16 flow_port(unsigned int flow)
{
	if (plain && !near)
		return htons(9000);
	return htons(10000 + 2 * (flow % 20000));
}

static __be32 flow_addr(unsigned int flow)
{
	return htonl(0x0a400000 + flow / 20000);
}

static void fill_payload(u8 *p, u16 seq)
{
	int i;

	memset(p, 0, 12);
	p[0] = 0x80;
	p[2] = seq >> 8;
	p[3] = seq;
	p[5] = seq * PAYLOAD >> 16;
	p[6] = seq * PAYLOAD >> 8;
	p[7] = (u8)(seq * PAYLOAD);
	p[11] = 1;
	for (i = 12; i < PAYLOAD; i++)
		p[i] = i * 7 + seq;
}

/* What left must match the flow, byte by byte. */
static bool right(struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct udphdr *uh = (const struct udphdr *)(iph + 1);
	const u8 *payload = (const u8 *)(uh + 1);
	u8 expect[PAYLOAD];
	__wsum sum;

	fill_payload(expect, payload[2] << 8 | payload[3]);
	if (skb->len != ETH_HLEN + sizeof(*iph) + sizeof(*uh) + PAYLOAD || iph->ttl != 63 ||
	    ip_fast_csum(iph, 5) || iph->daddr != htonl(0xc6336401) ||
	    memcmp(payload, expect, PAYLOAD))
		return false;
	if (!plain && (iph->saddr != htonl(0xc63364fe) || uh->dest != htons(5000)))
		return false;
	sum = csum_partial(uh, sizeof(*uh) + PAYLOAD, 0);
	if (skb->ip_summed == CHECKSUM_PARTIAL) /* as a device does */
		return csum_tcpudp_magic(iph->saddr, iph->daddr, sizeof(*uh) + PAYLOAD, IPPROTO_UDP,
					 0) == (__force __sum16)~uh->check &&
		       skb_checksum_start_offset(skb) == ETH_HLEN + sizeof(*iph) &&
		       skb->csum_offset == offsetof(struct udphdr, check);
	return !csum_tcpudp_magic(iph->saddr, iph->daddr, sizeof(*uh) + PAYLOAD, IPPROTO_UDP, sum);
}

static netdev_tx_t bench_xmit(struct sk_buff *skb, struct net_device *dev)
{
	if (skb->protocol == htons(ETH_P_IP)) { /* not the IPv6 packets that a new device sends */
		left++;
		if (unlikely(looking) && !right(skb))
			wrong++;
	}
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops bench_ops = {
	.ndo_start_xmit = bench_xmit,
};

static void fill_headers(struct iphdr *iph, unsigned int flow)
{
	struct udphdr *uh = (struct udphdr *)(iph + 1);

	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->protocol = IPPROTO_UDP;
	iph->tot_len = htons(sizeof(*iph) + sizeof(*uh) + PAYLOAD);
	iph->saddr = htonl(0xc0000201);
	iph->daddr = plain ? htonl(0xc6336401) : flow_addr(flow);
	ip_send_check(iph);
	uh->source = htons(4000);
	uh->dest = flow_port(flow);
	uh->len = htons(sizeof(*uh) + PAYLOAD);
	uh->check = 0;
}

static void set_checksum(struct sk_buff *skb, enum checksum checksum)
{
	struct iphdr *iph = (struct iphdr *)skb->data;
	struct udphdr *uh = (struct udphdr *)(iph + 1);
	int len = sizeof(*uh) + PAYLOAD;
	__wsum sum = checksum == PARTIAL ? 0 : csum_partial(uh, len, 0);

	uh->check = csum_tcpudp_magic(iph->saddr, iph->daddr, len, IPPROTO_UDP, sum);
	switch (checksum) {
	case PARTIAL:
		uh->check = ~uh->check;
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = (unsigned char *)uh - skb->head;
		skb->csum_offset = offsetof(struct udphdr, check);
		break;
	case COMPLETE:
		skb->ip_summed = CHECKSUM_COMPLETE;
		skb->csum = csum_partial(skb->data, skb->len, 0);
		break;
	case NONE:
		skb->ip_summed = CHECKSUM_NONE;
		break;
	default:
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	}
}

static struct sk_buff *make_packet(unsigned int flow, u16 seq, enum checksum checksum)
{
	int len = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + PAYLOAD;
	struct sk_buff *skb = netdev_alloc_skb_ip_align(dev_in, len);
	struct ethhdr *eth;

	if (!skb)
		return NULL;
	eth = skb_put(skb, len);
	ether_addr_copy(eth->h_dest, dev_in->dev_addr);
	eth_random_addr(eth->h_source);
	eth->h_proto = htons(ETH_P_IP);
	fill_headers((struct iphdr *)(eth + 1), flow);
	fill_payload((u8 *)(eth + 1) + sizeof(struct iphdr) + sizeof(struct udphdr), seq);
	skb->protocol = eth_type_trans(skb, dev_in);
	set_checksum(skb, checksum);
	return skb;
}

/* Return: the cost of one packet of the batch, times BATCH; 0: out of memory */
static u64 run_batch(unsigned int first, unsigned int flows, enum checksum checksum)
{
	struct sk_buff *batch[BATCH];
	u64 start;
	int i;

	for (i = 0; i < BATCH; i++) {
		unsigned int n = first + i;

		batch[i] = make_packet(n % flows, n / flows, checksum);
		if (!batch[i]) {
			while (i--)
				kfree_skb(batch[i]);
			return 0;
		}
	}
	local_bh_disable();
	start = rdtsc_ordered();
	for (i = 0; i < BATCH; i++)
		netif_receive_skb(batch[i]);
	start = rdtsc_ordered() - start;
	local_bh_enable();
	return start;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int bench_run(const char *val, const struct kernel_param *kp)
{
	unsigned int flows, packets, batches, i;
	char mode[16], name[16];
	int checksum;
	u64 *ticks;

	if (sscanf(val, "%15s %u %u %15s", mode, &flows, &packets, name) != 4 || !flows)
		return -EINVAL;
	checksum = match_string(checksum_names, ARRAY_SIZE(checksum_names), name);
	batches = packets / BATCH;
	if (checksum < 0 || !batches || batches > MAX_BATCHES)
		return -EINVAL;
	ticks = vcalloc(batches, sizeof(*ticks));
	if (!ticks)
		return -ENOMEM;
	near = !strcmp(mode, "near");
	plain = near || !strcmp(mode, "plain");
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
	if (dev_in && dev_out)
		return 0;
	end_device(dev_in);
	end_device(dev_out);
	return -ENOMEM;
}

static void __exit bench_exit(void)
{
	end_device(dev_in);
	end_device(dev_out);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("measures the cost of a forwarded packet");
