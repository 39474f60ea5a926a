/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.c - the path of a packet at tc ingress: parse, find, admit, count, rewrite, send
 *
 * The same path as that of kmod/hook.c, and the same decisions. A packet that cannot be handled
 * here goes on unchanged (TC_ACT_UNSPEC): to programs attached after this one, and to the daemon's
 * socket.
 */
#include "bpf/prog/bpf.h" /* first: makes all functions inline */
#include "bpf/prog/account.h"
#include "bpf/prog/admit.h"
#include "bpf/prog/maps.h"
#include "bpf/prog/packet.h"
#include "bpf/prog/rewrite.h"

static inline const struct bpf_slot *find_slot(const struct packet *pkt, bool v6)
{
	struct bpf_key_ipv4 key4 = { .addr = pkt->local.addr[3], .port = pkt->local.port };
	struct bpf_key_ipv6 key6 = { .port = pkt->local.port };

	if (!v6)
		return bpf_map_lookup_elem(&slots4, &key4);
	copy_ipv6(key6.addr, pkt->local.addr);
	return bpf_map_lookup_elem(&slots6, &key6);
}

/* *number: of its state. NULL: there is none, or it is being changed this very moment */
static inline const struct bpf_conf *find_conf(const struct packet *pkt, __u32 *number, bool v6)
{
	const struct bpf_slot *slot = find_slot(pkt, v6);
	const struct bpf_conf *conf;
	__u64 numbers;
	__u32 index;

	if (!slot)
		return NULL;
	/* Both at once: the element may be reused by another flow. */
	numbers = READ_ONCE(*(const __u64 *)slot);
	index = ((const struct bpf_slot *)&numbers)->conf;
	*number = ((const struct bpf_slot *)&numbers)->state;
	conf = bpf_map_lookup_elem(&confs, &index);
	if (!conf || conf->local.port != pkt->local.port ||
	    !addr_equal(&conf->local, &pkt->local, v6))
		return NULL;
	return conf;
}

static inline int forward(struct __sk_buff *skb, const struct bpf_conf *conf,
			  struct bpf_state *state, const struct packet *pkt, bool v6)
{
	totals_forwarded(pkt->payload_len);
	if (unlikely(!rewrite(skb, pkt, conf, v6)))
		return account_left(skb, state, RTPRELAY_C_DROP_NOMEM);
	return bpf_redirect_neigh(conf->oif, (void *)&conf->hop, sizeof(conf->hop), 0);
}

static inline int relay(struct __sk_buff *skb, const bool v6)
{
	struct packet pkt = { 0 };
	const struct bpf_conf *conf;
	struct bpf_state *state;
	enum rtprelay_counter why;
	__u32 number;

	if (!(v6 ? packet_parse_ipv6(&pkt, skb) : packet_parse_ipv4(&pkt, skb)))
		return TC_ACT_UNSPEC;
	conf = find_conf(&pkt, &number, v6);
	if (!conf)
		return TC_ACT_UNSPEC; /* not the relay's, or not latched yet */
	state = bpf_map_lookup_elem(&states, &number);
	if (!state || !packet_classify(&pkt, skb, v6, conf))
		return TC_ACT_UNSPEC;
	why = admit(conf, &pkt, skb, v6);
	if (unlikely(why == RTPRELAY_C_DROP_SOURCE))
		event_refused(conf, state, number, &pkt, v6);
	if (unlikely(why))
		return account_left(skb, state, why);
	account(skb, conf, state, number, &pkt, v6);
	if (unlikely(conf->flags & RTPRELAY_FLOW_DROP))
		return account_left(skb, state, RTPRELAY_C_DROP_BLOCKED);
	return forward(skb, conf, state, &pkt, v6);
}

SEC("tc")
int rtprelay(struct __sk_buff *skb)
{
	/* For another host's link-layer address, or all hosts; or of a VLAN, which has a device. */
	if (skb->pkt_type != PACKET_HOST || skb->vlan_present)
		return TC_ACT_UNSPEC;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return relay(skb, false);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return relay(skb, true);
	return TC_ACT_UNSPEC;
}

char relay_license[] SEC("license") = "GPL";
