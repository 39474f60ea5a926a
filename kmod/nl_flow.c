// SPDX-License-Identifier: GPL-2.0-only
/*
 * nl_flow.c - netlink attributes to a flow's settings, and back
 *
 * The policies check lengths and ranges; what depends on more than one attribute is checked here. A
 * refusal names the attribute and says why.
 */
#include <linux/cred.h>
#include <linux/inet.h>
#include <linux/uidgid.h>
#include <net/ipv6.h>

#include "nl_flow.h"

/* Not const: required by 5.10 to 6.6. */
static struct netlink_range_validation rtpr_clock_range = {
	.min = 1,
	.max = RTPRELAY_CLOCK_MAX_HZ,
};

static struct netlink_range_validation rtpr_idle_range = {
	.min = 1,
	.max = RTPRELAY_IDLE_MAX,
};

static struct netlink_range_validation rtpr_ifindex_range = {
	.min = 1,
	.max = INT_MAX,
};

static const struct nla_policy rtpr_policy_endpoint[RTPRELAY_EP_MAX + 1] = {
	[RTPRELAY_EP_IPV4] = { .type = NLA_U32 },
	[RTPRELAY_EP_IPV6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[RTPRELAY_EP_PORT] = NLA_POLICY_MIN(NLA_U16, 1), /* the same in either byte order */
};

static const struct nla_policy rtpr_policy_clock[RTPRELAY_CLOCK_ATTR_MAX + 1] = {
	[RTPRELAY_CLOCK_PT] = NLA_POLICY_MAX(NLA_U8, 127),
	[RTPRELAY_CLOCK_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &rtpr_clock_range),
};

static const struct nla_policy rtpr_policy_clocks[RTPRELAY_CLOCK_ATTR_MAX + 1] = {
	[RTPRELAY_CLOCK_ENTRY] = NLA_POLICY_NESTED(rtpr_policy_clock),
};

const struct nla_policy rtpr_policy_flow[RTPRELAY_A_UID + 1] = {
	[RTPRELAY_A_LOCAL] = NLA_POLICY_NESTED(rtpr_policy_endpoint),
	[RTPRELAY_A_SRC] = NLA_POLICY_NESTED(rtpr_policy_endpoint),
	[RTPRELAY_A_OUT] = NLA_POLICY_NESTED(rtpr_policy_endpoint),
	[RTPRELAY_A_DST] = NLA_POLICY_NESTED(rtpr_policy_endpoint),
	[RTPRELAY_A_KIND] = NLA_POLICY_RANGE(NLA_U8, 1, RTPRELAY_KIND_MAX),
	[RTPRELAY_A_FLAGS] = { .type = NLA_U32 },
	[RTPRELAY_A_DSCP] = NLA_POLICY_MAX(NLA_U8, 63),
	[RTPRELAY_A_IDLE] = NLA_POLICY_FULL_RANGE(NLA_U32, &rtpr_idle_range),
	[RTPRELAY_A_PT_SET] = NLA_POLICY_EXACT_LEN(16),
	[RTPRELAY_A_CLOCKS] = NLA_POLICY_NESTED(rtpr_policy_clocks),
	[RTPRELAY_A_COOKIE] = NLA_POLICY_RANGE(NLA_BINARY, 1, RTPRELAY_COOKIE_MAX),
	[RTPRELAY_A_NO_MUX] = { .type = NLA_U32 },
	[RTPRELAY_A_IIF] = NLA_POLICY_FULL_RANGE(NLA_U32, &rtpr_ifindex_range),
	[RTPRELAY_A_OIF] = NLA_POLICY_FULL_RANGE(NLA_U32, &rtpr_ifindex_range),
	[RTPRELAY_A_MARK] = { .type = NLA_U32 },
	[RTPRELAY_A_UID] = { .type = NLA_U32 },
};

const struct nla_policy rtpr_policy_local[RTPRELAY_A_LOCAL + 1] = {
	[RTPRELAY_A_LOCAL] = NLA_POLICY_NESTED(rtpr_policy_endpoint),
};

static bool rtpr_ipv4_usable(__be32 addr)
{
	return !ipv4_is_zeronet(addr) && !ipv4_is_multicast(addr) && !ipv4_is_lbcast(addr);
}

/* Link-local addresses need an interface; there are no IPv6 routes if IPv6 was disabled at boot. */
static bool rtpr_ipv6_usable(const struct in6_addr *addr)
{
	int type = ipv6_addr_type(addr);

	return ipv6_mod_enabled() && (type & IPV6_ADDR_UNICAST) &&
	       !(type & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MAPPED));
}

static int rtpr_get_endpoint(const struct nlattr *attr, struct rtpr_endpoint *ep,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[RTPRELAY_EP_MAX + 1];
	struct in6_addr addr;
	__be16 port;
	int err;

	err = nla_parse_nested(tb, RTPRELAY_EP_MAX, attr, rtpr_policy_endpoint, extack);
	if (err)
		return err;
	if (!tb[RTPRELAY_EP_PORT] || !tb[RTPRELAY_EP_IPV4] == !tb[RTPRELAY_EP_IPV6]) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an endpoint needs a port and exactly one address");
		return -EINVAL;
	}
	port = nla_get_be16(tb[RTPRELAY_EP_PORT]);
	if (tb[RTPRELAY_EP_IPV4]) {
		rtpr_endpoint_set_ipv4(ep, nla_get_in_addr(tb[RTPRELAY_EP_IPV4]), port);
		if (rtpr_ipv4_usable(rtpr_endpoint_ipv4(ep)))
			return 0;
	} else {
		addr = nla_get_in6_addr(tb[RTPRELAY_EP_IPV6]);
		rtpr_endpoint_set_ipv6(ep, &addr, port);
		if (rtpr_ipv6_usable(&addr))
			return 0;
	}
	NL_SET_ERR_MSG_ATTR(
		extack, attr,
		"not a unicast address, an IPv6 link-local one, or this kernel has no IPv6");
	return -EADDRNOTAVAIL;
}

int rtpr_get_local(struct nlattr **attrs, struct rtpr_endpoint *local,
		   struct netlink_ext_ack *extack)
{
	if (!attrs[RTPRELAY_A_LOCAL]) {
		NL_SET_ERR_MSG(extack, "RTPRELAY_A_LOCAL is missing");
		return -EINVAL;
	}
	return rtpr_get_endpoint(attrs[RTPRELAY_A_LOCAL], local, extack);
}

static int rtpr_get_endpoints(struct nlattr **attrs, struct rtpr_flow_conf *conf,
			      struct netlink_ext_ack *extack)
{
	int err;

	if (!attrs[RTPRELAY_A_OUT] || !attrs[RTPRELAY_A_DST]) {
		NL_SET_ERR_MSG(extack, "RTPRELAY_A_OUT or RTPRELAY_A_DST is missing");
		return -EINVAL;
	}
	err = rtpr_get_local(attrs, &conf->local, extack);
	if (!err)
		err = rtpr_get_endpoint(attrs[RTPRELAY_A_OUT], &conf->out, extack);
	if (!err)
		err = rtpr_get_endpoint(attrs[RTPRELAY_A_DST], &conf->dst, extack);
	if (!err && attrs[RTPRELAY_A_SRC])
		err = rtpr_get_endpoint(attrs[RTPRELAY_A_SRC], &conf->src, extack);
	if (err)
		return err;
	if (conf->out.family != conf->dst.family) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[RTPRELAY_A_DST],
				    "address family differs from RTPRELAY_A_OUT");
		return -EINVAL;
	}
	if (conf->src.family != AF_UNSPEC && conf->src.family != conf->local.family) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[RTPRELAY_A_SRC],
				    "address family differs from RTPRELAY_A_LOCAL");
		return -EINVAL;
	}
	return 0;
}

/* Return: the index of the rate in conf->clock, added if it is new; 0: the array is full */
static u8 rtpr_clock_index(struct rtpr_flow_conf *conf, u32 rate)
{
	int i;

	for (i = 1; i <= RTPR_CLOCKS; i++) {
		if (!conf->clock[i])
			conf->clock[i] = rate;
		if (conf->clock[i] == rate)
			return i;
	}
	return 0;
}

static int rtpr_get_clock(const struct nlattr *attr, struct rtpr_flow_conf *conf,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[RTPRELAY_CLOCK_ATTR_MAX + 1];
	u8 index;
	int err;

	err = nla_parse_nested(tb, RTPRELAY_CLOCK_ATTR_MAX, attr, rtpr_policy_clock, extack);
	if (err)
		return err;
	if (!tb[RTPRELAY_CLOCK_PT] || !tb[RTPRELAY_CLOCK_RATE]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a clock needs a payload type and a rate");
		return -EINVAL;
	}
	index = rtpr_clock_index(conf, nla_get_u32(tb[RTPRELAY_CLOCK_RATE]));
	if (!index || index > RTPRELAY_CLOCKS) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "too many different clock rates");
		return -ERANGE;
	}
	conf->pt[nla_get_u8(tb[RTPRELAY_CLOCK_PT])] = index;
	return 0;
}

/* The rates of the request come first, then those that RFC 3551 defines. */
static int rtpr_get_clocks(struct nlattr **attrs, struct rtpr_flow_conf *conf,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rem, pt, err;
	u32 rate;

	if (attrs[RTPRELAY_A_CLOCKS]) {
		nla_for_each_nested(attr, attrs[RTPRELAY_A_CLOCKS], rem)
		{
			if (nla_type(attr) != RTPRELAY_CLOCK_ENTRY) {
				NL_SET_ERR_MSG_ATTR(extack, attr, "not a clock entry");
				return -EINVAL;
			}
			err = rtpr_get_clock(attr, conf, extack);
			if (err)
				return err;
		}
	}
	for (pt = 0; pt < ARRAY_SIZE(conf->pt); pt++) {
		rate = rtp_static_clock(pt);
		if (!conf->pt[pt] && rate)
			conf->pt[pt] = rtpr_clock_index(conf, rate);
	}
	return 0;
}

static void rtpr_get_pt_set(const struct nlattr *attr, struct rtpr_flow_conf *conf)
{
	const u8 *set = nla_data(attr);
	int pt;

	for (pt = 0; pt < ARRAY_SIZE(conf->pt); pt++)
		if (!(set[pt / 8] & 1 << pt % 8))
			conf->pt[pt] = RTPR_PT_REFUSED;
}

static void rtpr_get_cookie(const struct nlattr *attr, struct rtpr_flow_conf *conf)
{
	conf->cookie_len = nla_len(attr);
	memcpy(conf->cookie, nla_data(attr), nla_len(attr));
}

static u32 rtpr_get_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

/* The user is one of the sender's user namespace. */
static int rtpr_get_domain(struct nlattr **attrs, struct rtpr_flow_conf *conf,
			   struct netlink_ext_ack *extack)
{
	conf->iif = rtpr_get_u32(attrs[RTPRELAY_A_IIF]);
	conf->oif = rtpr_get_u32(attrs[RTPRELAY_A_OIF]);
	conf->mark = rtpr_get_u32(attrs[RTPRELAY_A_MARK]);
	conf->uid = GLOBAL_ROOT_UID;
	if (!attrs[RTPRELAY_A_UID])
		return 0;
	conf->uid = make_kuid(current_user_ns(), nla_get_u32(attrs[RTPRELAY_A_UID]));
	if (uid_valid(conf->uid))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attrs[RTPRELAY_A_UID], "no user of this user namespace");
	return -EINVAL;
}

int rtpr_get_conf(struct nlattr **attrs, struct rtpr_flow_conf *conf,
		  struct netlink_ext_ack *extack)
{
	int err;

	memset(conf, 0, sizeof(*conf));
	err = rtpr_get_endpoints(attrs, conf, extack);
	if (!err)
		err = rtpr_get_clocks(attrs, conf, extack);
	if (err)
		return err;
	if (!attrs[RTPRELAY_A_KIND]) {
		NL_SET_ERR_MSG(extack, "RTPRELAY_A_KIND is missing");
		return -EINVAL;
	}
	conf->kind = nla_get_u8(attrs[RTPRELAY_A_KIND]);
	if (attrs[RTPRELAY_A_FLAGS])
		conf->flags = nla_get_u32(attrs[RTPRELAY_A_FLAGS]);
	if (conf->flags & ~RTPRELAY_FLOW_FLAGS) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[RTPRELAY_A_FLAGS], "unknown flag");
		return -EOPNOTSUPP;
	}
	conf->dscp = attrs[RTPRELAY_A_DSCP] ? nla_get_u8(attrs[RTPRELAY_A_DSCP]) : RTPR_DSCP_KEEP;
	conf->idle_s = attrs[RTPRELAY_A_IDLE] ? nla_get_u32(attrs[RTPRELAY_A_IDLE])
					      : RTPRELAY_IDLE_DEFAULT;
	if (attrs[RTPRELAY_A_PT_SET])
		rtpr_get_pt_set(attrs[RTPRELAY_A_PT_SET], conf);
	conf->port.mux = !attrs[RTPRELAY_A_NO_MUX];
	if (!conf->port.mux)
		conf->port.negotiated = nla_get_u32(attrs[RTPRELAY_A_NO_MUX]);
	if (attrs[RTPRELAY_A_COOKIE])
		rtpr_get_cookie(attrs[RTPRELAY_A_COOKIE], conf);
	return rtpr_get_domain(attrs, conf, extack);
}

int rtpr_put_endpoint(struct sk_buff *msg, int attr, const struct rtpr_endpoint *ep)
{
	struct nlattr *nest = nla_nest_start(msg, attr);
	int err;

	if (!nest)
		return -EMSGSIZE;
	if (ep->family == AF_INET)
		err = nla_put_in_addr(msg, RTPRELAY_EP_IPV4, rtpr_endpoint_ipv4(ep));
	else
		err = nla_put_in6_addr(msg, RTPRELAY_EP_IPV6, &ep->addr);
	if (err || nla_put_be16(msg, RTPRELAY_EP_PORT, ep->port))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int rtpr_put_conf_name(struct sk_buff *msg, const struct rtpr_flow_conf *conf)
{
	int err = rtpr_put_endpoint(msg, RTPRELAY_A_LOCAL, &conf->local);

	if (!err && conf->cookie_len)
		err = nla_put(msg, RTPRELAY_A_COOKIE, conf->cookie_len, conf->cookie);
	return err;
}

int rtpr_put_name(struct sk_buff *msg, const struct rtpr_flow *flow)
{
	return rtpr_put_conf_name(msg, &flow->conf);
}

int rtpr_put_counters(struct sk_buff *msg, const u64 counters[RTPRELAY_C_MAX + 1])
{
	struct nlattr *nest = nla_nest_start(msg, RTPRELAY_A_COUNTERS);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = RTPRELAY_C_PACKETS; i <= RTPRELAY_C_MAX; i++)
		if (counters[i] && nla_put_u64_64bit(msg, i, counters[i], RTPRELAY_C_PAD))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int rtpr_put_rtp(struct sk_buff *msg, const struct rtp_stats *rtp)
{
	struct nlattr *nest = nla_nest_start(msg, RTPRELAY_A_RTP);

	if (!nest || nla_put_u32(msg, RTPRELAY_RTP_SSRC, rtp->ssrc) ||
	    nla_put_u8(msg, RTPRELAY_RTP_PT, rtp->pt) ||
	    nla_put_u32(msg, RTPRELAY_RTP_SEQ, rtp->highest) ||
	    nla_put_u32(msg, RTPRELAY_RTP_EXPECTED, rtp_stats_expected(rtp)) ||
	    nla_put_u32(msg, RTPRELAY_RTP_RECEIVED, rtp->received) ||
	    nla_put_u32(msg, RTPRELAY_RTP_LOST, rtp_stats_lost(rtp)) ||
	    nla_put_u32(msg, RTPRELAY_RTP_REORDERED, rtp->reordered) ||
	    nla_put_u32(msg, RTPRELAY_RTP_GAPS, rtp->gaps) ||
	    nla_put_u32(msg, RTPRELAY_RTP_DUPLICATE, rtp->duplicate))
		return -EMSGSIZE;
	if (rtp->clock && (nla_put_u32(msg, RTPRELAY_RTP_JITTER, rtp->jitter >> 4) ||
			   nla_put_u32(msg, RTPRELAY_RTP_CLOCK, rtp->clock)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int rtpr_put_pt_set(struct sk_buff *msg, const struct rtpr_flow_conf *conf)
{
	u8 set[16] = {};
	bool all = true;
	int pt;

	for (pt = 0; pt < ARRAY_SIZE(conf->pt); pt++) {
		if (conf->pt[pt] != RTPR_PT_REFUSED)
			set[pt / 8] |= 1 << pt % 8;
		else
			all = false;
	}
	return all ? 0 : nla_put(msg, RTPRELAY_A_PT_SET, sizeof(set), set);
}

/* Has this payload type a clock that RTPRELAY_A_CLOCKS set? */
static bool rtpr_has_own_clock(const struct rtpr_flow_conf *conf, int pt)
{
	u8 index = conf->pt[pt];

	return index && index != RTPR_PT_REFUSED && conf->clock[index] != rtp_static_clock(pt);
}

static int rtpr_put_clocks(struct sk_buff *msg, const struct rtpr_flow_conf *conf)
{
	struct nlattr *nest = nla_nest_start(msg, RTPRELAY_A_CLOCKS);
	struct nlattr *entry;
	int pt;

	if (!nest)
		return -EMSGSIZE;
	for (pt = 0; pt < ARRAY_SIZE(conf->pt); pt++) {
		if (!rtpr_has_own_clock(conf, pt))
			continue;
		entry = nla_nest_start(msg, RTPRELAY_CLOCK_ENTRY);
		if (!entry || nla_put_u8(msg, RTPRELAY_CLOCK_PT, pt) ||
		    nla_put_u32(msg, RTPRELAY_CLOCK_RATE, conf->clock[conf->pt[pt]]))
			return -EMSGSIZE;
		nla_nest_end(msg, entry);
	}
	nla_nest_end(msg, nest);
	return 0;
}

static size_t rtpr_endpoint_size(void)
{
	return nla_total_size(nla_total_size(sizeof(struct in6_addr)) +
			      nla_total_size(sizeof(__be16)));
}

size_t rtpr_conf_size(const struct rtpr_flow_conf *conf)
{
	const size_t clock =
		nla_total_size(nla_total_size(sizeof(u8)) + nla_total_size(sizeof(u32)));
	size_t clocks = 0;
	int pt;

	for (pt = 0; pt < ARRAY_SIZE(conf->pt); pt++)
		if (rtpr_has_own_clock(conf, pt))
			clocks += clock;
	return 4 * rtpr_endpoint_size() + nla_total_size(conf->cookie_len) +
	       2 * nla_total_size(sizeof(u8)) +	 /* KIND, DSCP */
	       7 * nla_total_size(sizeof(u32)) + /* FLAGS, IDLE, NO_MUX, IIF, OIF, MARK, UID */
	       nla_total_size(16) +		 /* PT_SET */
	       nla_total_size(clocks);
}

static int rtpr_put_domain(struct sk_buff *msg, const struct rtpr_flow_conf *conf)
{
	if ((conf->iif && nla_put_u32(msg, RTPRELAY_A_IIF, conf->iif)) ||
	    (conf->oif && nla_put_u32(msg, RTPRELAY_A_OIF, conf->oif)) ||
	    (conf->mark && nla_put_u32(msg, RTPRELAY_A_MARK, conf->mark)) ||
	    (!uid_eq(conf->uid, GLOBAL_ROOT_UID) &&
	     nla_put_u32(msg, RTPRELAY_A_UID, from_kuid_munged(current_user_ns(), conf->uid))))
		return -EMSGSIZE;
	return 0;
}

int rtpr_put_conf(struct sk_buff *msg, const struct rtpr_flow_conf *conf)
{
	if (rtpr_put_conf_name(msg, conf) || rtpr_put_endpoint(msg, RTPRELAY_A_OUT, &conf->out) ||
	    rtpr_put_endpoint(msg, RTPRELAY_A_DST, &conf->dst) ||
	    nla_put_u8(msg, RTPRELAY_A_KIND, conf->kind) ||
	    nla_put_u32(msg, RTPRELAY_A_FLAGS, conf->flags) ||
	    nla_put_u32(msg, RTPRELAY_A_IDLE, conf->idle_s))
		return -EMSGSIZE;
	if (conf->src.family != AF_UNSPEC && rtpr_put_endpoint(msg, RTPRELAY_A_SRC, &conf->src))
		return -EMSGSIZE;
	if (conf->dscp != RTPR_DSCP_KEEP && nla_put_u8(msg, RTPRELAY_A_DSCP, conf->dscp))
		return -EMSGSIZE;
	if (!conf->port.mux && nla_put_u32(msg, RTPRELAY_A_NO_MUX, conf->port.negotiated))
		return -EMSGSIZE;
	if (rtpr_put_domain(msg, conf) || rtpr_put_pt_set(msg, conf))
		return -EMSGSIZE;
	return rtpr_put_clocks(msg, conf);
}

static int rtpr_put_rtcp(struct sk_buff *msg, const struct rtpr_rtcp *rtcp)
{
	u64 age_us = div_u64(ktime_get_ns() - rtcp->at_ns, NSEC_PER_USEC);

	if (nla_put(msg, RTPRELAY_A_RTCP, rtcp->len, rtcp->bytes))
		return -EMSGSIZE;
	return nla_put_u64_64bit(msg, RTPRELAY_A_RTCP_AGE, age_us, RTPRELAY_A_PAD);
}

size_t rtpr_state_size(void)
{
	return nla_total_size(RTPRELAY_C_MAX * nla_total_size_64bit(sizeof(u64))) +
	       nla_total_size_64bit(sizeof(u64)) + /* LAST_SEEN */
	       nla_total_size(0) +		   /* SILENT */
	       nla_total_size(RTPRELAY_RTP_MAX * nla_total_size(sizeof(u32))) +
	       nla_total_size(RTPRELAY_RTCP_MAX) + nla_total_size_64bit(sizeof(u64)); /* RTCP_AGE */
}

int rtpr_put_number(struct sk_buff *msg, u16 number)
{
	struct nlattr *nest = nla_nest_start(msg, RTPRELAY_A_RTP);

	if (!nest || nla_put_u32(msg, RTPRELAY_RTP_SEQ, number))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

int rtpr_put_state(struct sk_buff *msg, const struct rtpr_flow_state *state, bool with_rtcp)
{
	if (rtpr_put_counters(msg, state->counters))
		return -EMSGSIZE;
	if (state->heard &&
	    nla_put_u64_64bit(msg, RTPRELAY_A_LAST_SEEN, state->last_seen_ms, RTPRELAY_A_PAD))
		return -EMSGSIZE;
	if (state->silent && nla_put_flag(msg, RTPRELAY_A_SILENT))
		return -EMSGSIZE;
	if (state->rtp.known && rtpr_put_rtp(msg, &state->rtp))
		return -EMSGSIZE;
	if (state->numbered && rtpr_put_number(msg, state->number))
		return -EMSGSIZE;
	if (with_rtcp && state->rtcp.len && rtpr_put_rtcp(msg, &state->rtcp))
		return -EMSGSIZE;
	return 0;
}
