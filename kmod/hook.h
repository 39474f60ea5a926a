/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_HOOK_H
#define RTPR_HOOK_H

struct nf_hook_state;
struct sk_buff;

/* The netfilter hook at PRE_ROUTING, IPv4 and IPv6; @priv is the namespace's struct rtpr_net. */
unsigned int rtpr_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

#endif
