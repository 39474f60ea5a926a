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

static inline const struct bpf_slot *find_slot(struct packet *pkt, bool v6)
{
	struct bpf_key_ipv4 *key4 = (void *)&pkt->key;

	if (!v6) {
		key4->addr = pkt->local.addr[3];
		key4->port = pkt->local.port;
		key4->zero = 0;
		return bpf_map_lookup_elem(&slots4, key4);
	}
	copy_ipv6(pkt->key.addr, pkt->local.addr);
	pkt->key.port = pkt->local.port;
	pkt->key.zero = 0;
	return bpf_map_lookup_elem(&slots6, &pkt->key);
}

/* NULL: there is none, or it is being changed this very moment */
static inline const struct bpf_conf *find_conf(struct packet *pkt, bool v6)
{
	const struct bpf_slot *slot = find_slot(pkt, v6);
	const struct bpf_conf *conf;

	if (!slot)
		return NULL;
	/* Both numbers at once: the element may be reused by another flow. */
	pkt->slot_both = READ_ONCE(*(const __u64 *)slot);
	conf = bpf_map_lookup_elem(&confs, &pkt->conf);
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
	struct bpf_scratch *here = bpf_map_lookup_elem(&scratch, FIRST);
	const struct bpf_conf *conf;
	struct bpf_state *state;
	enum rtprelay_counter why;
	struct packet *pkt;

	if (!here)
		return TC_ACT_UNSPEC;
	pkt = &here->pkt;
	if (!(v6 ? packet_parse_ipv6(pkt, skb) : packet_parse_ipv4(pkt, skb)))
		return TC_ACT_UNSPEC;
	conf = find_conf(pkt, v6);
	if (!conf)
		return TC_ACT_UNSPEC; /* not the relay's, or not latched yet */
	state = bpf_map_lookup_elem(&states, &pkt->state);
	if (!state || !packet_classify(pkt, skb, v6, conf))
		return TC_ACT_UNSPEC;
	why = admit(conf, pkt, skb, v6);
	if (unlikely(why == RTPRELAY_C_DROP_SOURCE))
		event_refused(conf, state, pkt, v6);
	if (unlikely(why == RTPRELAY_C_PASS_PT))
		account_passed(state, pkt);
	if (unlikely(why))
		return account_left(skb, state, why);
	account(skb, conf, state, here, v6);
	if (unlikely(conf->flags & RTPRELAY_FLOW_DROP))
		return account_left(skb, state, RTPRELAY_C_DROP_BLOCKED);
	return forward(skb, conf, state, pkt, v6);
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
