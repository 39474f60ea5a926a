/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bpf/conf.h"
#include "csum_wire.h"

#define ECN_MASK 3

struct bpf_endpoint bpf_endpoint_from(const struct endpoint *ep)
{
	struct bpf_endpoint to = { .family = ep->sa.sa_family };

	if (ep->sa.sa_family == AF_INET) {
		to.addr[3] = ep->in4.sin_addr.s_addr;
		to.port = ep->in4.sin_port;
	} else if (ep->sa.sa_family == AF_INET6) {
		memcpy(to.addr, &ep->in6.sin6_addr, sizeof(to.addr));
		to.port = ep->in6.sin6_port;
	}
	return to;
}

struct endpoint bpf_endpoint_to(const struct bpf_endpoint *ep)
{
	struct endpoint to;

	memset(&to, 0, sizeof(to));
	to.sa.sa_family = ep->family;
	if (ep->family == AF_INET) {
		to.in4.sin_addr.s_addr = ep->addr[3];
		to.in4.sin_port = ep->port;
	} else if (ep->family == AF_INET6) {
		memcpy(&to.in6.sin6_addr, ep->addr, sizeof(ep->addr));
		to.in6.sin6_port = ep->port;
	}
	return to;
}

static bool is_of(const struct endpoint *ep, int family)
{
	return ep->sa.sa_family == family && endpoint_port(ep);
}

bool bpf_conf_valid(const struct map_flow *flow)
{
	int family = flow->local.sa.sa_family;

	if ((family != AF_INET && family != AF_INET6) || !is_of(&flow->local, family) ||
	    !is_of(&flow->out, family) || !is_of(&flow->dst, family))
		return false;
	if (endpoint_is_set(&flow->src) && !is_of(&flow->src, family))
		return false;
	/* IPv4 by a router with an IPv6 address is possible (RFC 5549), the reverse is not. */
	if (endpoint_is_set(&flow->hop) && flow->hop.sa.sa_family != family &&
	    flow->hop.sa.sa_family != AF_INET6)
		return false;
	return flow->kind > RTPRELAY_KIND_UNSPEC && flow->kind <= RTPRELAY_KIND_MAX &&
	       !(flow->flags & ~(uint32_t)RTPRELAY_FLOW_DROP) && flow->idle_s &&
	       flow->idle_s <= RTPRELAY_IDLE_MAX && flow->dscp >= -1 && flow->dscp < 64;
}

static uint16_t sum_of(const struct bpf_endpoint *ep)
{
	return csum_wire_sum(ep->addr, sizeof(ep->addr));
}

static void make_gains(struct bpf_conf *conf)
{
	uint32_t from = sum_of(&conf->local), from_port = conf->local.port;

	if (conf->src.family) {
		from += sum_of(&conf->src);
		from_port += conf->src.port;
	}
	conf->gain_addr = csum_wire_gain(from, (uint32_t)sum_of(&conf->out) + sum_of(&conf->dst));
	conf->gain_port = csum_wire_gain(from_port, (uint32_t)conf->out.port + conf->dst.port);
}

/* Return: the index of the rate, added if it is new; 0: the array is full */
static uint8_t clock_index(struct bpf_conf *conf, uint32_t rate)
{
	for (uint8_t i = 1; i <= BPF_FLOW_CLOCKS; i++) {
		if (!conf->clock[i]) {
			conf->clock[i] = rate;
			conf->clock_mult[i] = (uint32_t)(((uint64_t)rate << 32) / 1000000000);
		}
		if (conf->clock[i] == rate)
			return i;
	}
	return 0;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static void make_types(const struct map_flow *flow, struct bpf_conf *conf)
{
	bool all = all_zero(flow->pt_set, sizeof(flow->pt_set));

	for (int i = 0; i < FLOW_MAP_CLOCKS && flow->clocks[i].clock; i++)
		conf->pt[flow->clocks[i].pt & 127] = clock_index(conf, flow->clocks[i].clock);
	for (uint8_t pt = 0; pt < 128; pt++) {
		uint32_t rate = rtp_static_clock(pt);

		if (!conf->pt[pt] && rate)
			conf->pt[pt] = clock_index(conf, rate);
		if (!all && !(flow->pt_set[pt / 8] >> pt % 8 & 1))
			conf->pt[pt] = BPF_FLOW_PT_REFUSED;
	}
}

static void make_hop(const struct map_flow *flow, struct bpf_redir_neigh *hop)
{
	const struct endpoint *to = endpoint_is_set(&flow->hop) ? &flow->hop : &flow->dst;

	hop->nh_family = to->sa.sa_family;
	if (to->sa.sa_family == AF_INET)
		hop->ipv4_nh = to->in4.sin_addr.s_addr;
	else
		memcpy(hop->ipv6_nh, &to->in6.sin6_addr, sizeof(hop->ipv6_nh));
}

void bpf_conf_make(const struct map_flow *flow, struct bpf_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->local = bpf_endpoint_from(&flow->local);
	conf->src = bpf_endpoint_from(&flow->src);
	conf->out = bpf_endpoint_from(&flow->out);
	conf->dst = bpf_endpoint_from(&flow->dst);
	conf->kind = flow->kind;
	conf->tos_keep = flow->dscp < 0 ? 0xff : ECN_MASK;
	conf->tos_set = flow->dscp < 0 ? 0 : (uint8_t)(flow->dscp << 2);
	conf->flags = flow->flags;
	conf->iif = flow->iif;
	conf->oif = flow->oif;
	conf->mtu = flow->mtu;
	conf->negotiated = flow->port.negotiated;
	conf->mux = flow->port.mux;
	conf->idle_ns = (uint64_t)flow->idle_s * 1000000000;
	memcpy(conf->cookie, flow->cookie, sizeof(conf->cookie));
	make_gains(conf);
	make_types(flow, conf);
	make_hop(flow, &conf->hop);
}

static void read_hop(const struct bpf_conf *conf, struct endpoint *hop)
{
	struct bpf_endpoint ep = { .family = (uint16_t)conf->hop.nh_family };

	if (ep.family == AF_INET)
		ep.addr[3] = conf->hop.ipv4_nh;
	else
		memcpy(ep.addr, conf->hop.ipv6_nh, sizeof(ep.addr));
	*hop = bpf_endpoint_to(&ep);
}

static void read_types(const struct bpf_conf *conf, struct map_flow *flow)
{
	uint8_t set[16] = { 0 };
	bool refused = false;
	int n = 0;

	for (uint8_t pt = 0; pt < 128; pt++) {
		uint8_t index = conf->pt[pt];

		if (index == BPF_FLOW_PT_REFUSED) {
			refused = true;
			continue;
		}
		set[pt / 8] |= (uint8_t)(1 << pt % 8);
		if (!index || index > BPF_FLOW_CLOCKS ||
		    conf->clock[index] == rtp_static_clock(pt) || n == FLOW_MAP_CLOCKS)
			continue;
		flow->clocks[n].pt = pt;
		flow->clocks[n++].clock = conf->clock[index];
	}
	if (refused)
		memcpy(flow->pt_set, set, sizeof(set));
}

void bpf_conf_read(const struct bpf_conf *conf, struct map_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	flow->local = bpf_endpoint_to(&conf->local);
	flow->src = bpf_endpoint_to(&conf->src);
	flow->out = bpf_endpoint_to(&conf->out);
	flow->dst = bpf_endpoint_to(&conf->dst);
	read_hop(conf, &flow->hop);
	flow->kind = conf->kind;
	flow->dscp = conf->tos_keep == 0xff ? -1 : (int16_t)(conf->tos_set >> 2);
	flow->flags = conf->flags;
	flow->iif = conf->iif;
	flow->oif = conf->oif;
	flow->mtu = conf->mtu;
	flow->port.negotiated = conf->negotiated;
	flow->port.mux = conf->mux;
	flow->idle_s = (uint32_t)(conf->idle_ns / 1000000000);
	memcpy(flow->cookie, conf->cookie, sizeof(flow->cookie));
	read_types(conf, flow);
}
