/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net.h - the module's data of each network namespace, created and freed with it
 */
#ifndef RTPR_NET_H
#define RTPR_NET_H

struct net;
struct rtpr_net;

/*
 * From here on each namespace, existing ones included, has its struct rtpr_net. Return: 0 or -errno
 */
int rtpr_nets_init(void);

/*
 * Frees the data, hooks and flows of all namespaces; flows removed before may still wait for their
 * grace period.
 */
void rtpr_nets_fini(void);

/* The data of @net; valid while @net exists and the module is loaded. */
struct rtpr_net *rtpr_net(const struct net *net);

#endif
