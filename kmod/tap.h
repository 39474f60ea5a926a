/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_TAP_H
#define RTPR_TAP_H

struct rtpr_net;
struct sk_buff;

int rtpr_tap_init(void);
void rtpr_tap_fini(void);

/**
 * rtpr_tap_open() - create the device rtprelay0 of the namespace, and bring it up
 * Process context, no lock held. Return: 0, also if it exists; -EEXIST, another device has the
 * name; -errno
 */
int rtpr_tap_open(struct rtpr_net *rn);

/**
 * rtpr_tap() - send a copy of the unchanged packet to the packet sockets on rtprelay0
 * Softirq, under rcu_read_lock(). Return: false, there was no device or no memory
 */
bool rtpr_tap(struct rtpr_net *rn, struct sk_buff *skb);

#endif
