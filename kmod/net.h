/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net.h - the module's share of each network namespace: made and ended with it
 */
#ifndef RTPR_NET_H
#define RTPR_NET_H

struct net;
struct rtpr_net;

/* From here on each namespace has its share, those that are there too. Return: 0 or -errno */
int rtpr_nets_init(void);

/*
 * All shares end, with their hooks and flows; what was removed before may still wait for its grace
 * period.
 */
void rtpr_nets_fini(void);

/* The namespace's share; lives as long as @net does or the module is loaded. */
struct rtpr_net *rtpr_net(const struct net *net);

/**
 * rtpr_net_hook() - see to it that packets of the namespace come to the hooks of hook.h; under
 * rtpr_net.lock
 * Return: 0 or -errno
 */
int rtpr_net_hook(struct rtpr_net *rn);

#endif
