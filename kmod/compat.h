/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - all differences between kernel 5.10 and the newest one
 */
#ifndef RTPR_COMPAT_H
#define RTPR_COMPAT_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <net/genetlink.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

/*
 * The flags CREATE, REPLACE and EXCL belong to the commands of this family. 6.1 refuses them by
 * default.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define RTPR_GENL_RESV_START .resv_start_op = U8_MAX,
#else
#define RTPR_GENL_RESV_START
#endif

#ifdef GENL_MCAST_CAP_NET_ADMIN
#define RTPR_MCAST_FLAGS .flags = GENL_MCAST_CAP_NET_ADMIN,
#else
#define RTPR_MCAST_FLAGS
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
static inline void skb_clear_tstamp(struct sk_buff *skb)
{
	skb->tstamp = 0;
}
#endif

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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	timer_shutdown_sync(timer);
#else
	del_timer_sync(timer);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define timer_container_of(var, timer, field) from_timer(var, timer, field)
#endif

/* The device cannot be moved to another network namespace. */
static inline void rtpr_netdev_stays(struct net_device *dev)
{
#ifdef RTPR_NETNS_IMMUTABLE /* see Kbuild */
	dev->netns_immutable = true;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->netns_local = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
}

static inline struct nlattr **rtpr_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif
