/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_TAP_H
#define RTPR_TAP_H

struct rtpr_net;
struct sk_buff;

int rtpr_tap_init(void);
void rtpr_tap_fini(void);

/**
 * rtpr_tap_open() - see to it that the namespace has a device rtprelay0 that is up
 * Process context, no lock held. Return: 0, also when it was there; -EEXIST, the name is another's; -errno
 */
int rtpr_tap_open(struct rtpr_net *rn);

/**
 * rtpr_tap() - give a copy of a packet, as it is, to those who listen on rtprelay0
 * Softirq, under rcu_read_lock(). Return: false, there was no device or no memory
 */
bool rtpr_tap(struct rtpr_net *rn, struct sk_buff *skb);

#endif
