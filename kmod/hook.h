/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_HOOK_H
#define RTPR_HOOK_H

struct nf_hook_state;
struct sk_buff;

/* The netfilter hooks at PRE_ROUTING; @priv is the namespace's struct rtpr_net. */
unsigned int rtpr_hook_ipv4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int rtpr_hook_ipv6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

#endif
