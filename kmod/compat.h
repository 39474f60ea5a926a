/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - all differences between kernel 5.10 and the newest one
 *
 * RTPR_HAS_... is what Kbuild found in the headers. No kernel version is looked at: enterprise
 * kernels of an old version have parts of newer ones.
 */
#ifndef RTPR_COMPAT_H
#define RTPR_COMPAT_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <net/genetlink.h>
#include <net/route.h>

#ifdef RTPR_HAS_GSO_H
#include <net/gso.h>
#endif

/*
 * The flags CREATE, REPLACE and EXCL belong to the commands of this family. Kernels from 6.1 on
 * refuse them by default.
 */
#ifdef RTPR_HAS_RESV_START_OP
#define RTPR_GENL_RESV_START .resv_start_op = U8_MAX,
#else
#define RTPR_GENL_RESV_START
#endif

#ifdef GENL_MCAST_CAP_NET_ADMIN
#define RTPR_MCAST_FLAGS .flags = GENL_MCAST_CAP_NET_ADMIN,
#else
#define RTPR_MCAST_FLAGS
#endif

#ifndef RTPR_HAS_SKB_CLEAR_TSTAMP
static inline void skb_clear_tstamp(struct sk_buff *skb)
{
	skb->tstamp = 0;
}
#endif

/* Does a packet socket want a copy of what @dev sends? */
static __always_inline bool rtpr_nit_active(struct net_device *dev)
{
#ifdef RTPR_HAS_NIT_ACTIVE_RCU
	return dev_nit_active_rcu(dev);
#else
	return dev_nit_active(dev);
#endif
}

/*
 * For variables on the packet path that are written before they are read: the compiler does not
 * clear them.
 */
#if __has_attribute(uninitialized)
#define RTPR_UNINITIALIZED __attribute__((uninitialized))
#else
#define RTPR_UNINITIALIZED
#endif

/* The caller ensures that the timer is not armed again; newer kernels check it. */
static inline void rtpr_timer_end(struct timer_list *timer)
{
#ifdef RTPR_HAS_TIMER_SHUTDOWN
	timer_shutdown_sync(timer);
#else
	del_timer_sync(timer);
#endif
}

#ifndef timer_container_of
#define timer_container_of(var, timer, field) from_timer(var, timer, field)
#endif

/* The route of a packet that came in. Return: true, skb_dst() is set */
static inline bool rtpr_route_input(struct sk_buff *skb, __be32 daddr, __be32 saddr, u8 tos,
				    struct net_device *dev)
{
#ifdef RTPR_HAS_ROUTE_DROP_REASON
	return !ip_route_input_noref(skb, daddr, saddr, inet_dsfield_to_dscp(tos), dev);
#else
	return !ip_route_input_noref(skb, daddr, saddr, tos, dev);
#endif
}

/* The device cannot be moved to another network namespace. */
static inline void rtpr_netdev_stays(struct net_device *dev)
{
#if defined(RTPR_HAS_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#elif defined(RTPR_HAS_NETNS_LOCAL)
	dev->netns_local = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
}

static inline struct nlattr **rtpr_dump_attrs(struct netlink_callback *cb)
{
#ifdef RTPR_HAS_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif
