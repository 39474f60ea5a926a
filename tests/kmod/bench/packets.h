/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.h - the packets that are given to the stack, and what they must be like when they leave
 */
#ifndef BENCH_PACKETS_H
#define BENCH_PACKETS_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

#define SPREAD 64

enum checksum { VERIFIED, CHECK, NONE, COMPLETE, PARTIAL };

/**
 * struct way - how packets travel
 * @in6, @out6: by IPv6, when they come and when they leave
 * @plain: through the router; else by flows
 * @near:  with @plain, to ports that flows have
 * @spread: with @plain and IPv4, to SPREAD addresses in turn
 */
struct way {
	const char *name;
	bool in6, out6, plain, near, spread;
};

/* Return: NULL, out of memory */
struct sk_buff *packet_make(struct net_device *dev, const struct way *way, unsigned int flow,
			    u16 seq, enum checksum checksum);

/* Is what leaves right, byte by byte? */
bool packet_is_right(const struct sk_buff *skb, const struct way *way);

#endif
