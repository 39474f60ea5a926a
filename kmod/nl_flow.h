/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_NL_FLOW_H
#define RTPR_NL_FLOW_H

#include <net/netlink.h>

#include "state.h"

extern const struct nla_policy rtpr_policy_flow[RTPRELAY_A_UID + 1]; /* of RTPRELAY_CMD_FLOW_ADD */
extern const struct nla_policy rtpr_policy_local[RTPRELAY_A_LOCAL + 1]; /* of _DEL and _GET */

/*
 * Parses RTPRELAY_A_LOCAL, which is required. Return: 0; -EINVAL or -EADDRNOTAVAIL, with a message
 * in @extack
 */
int rtpr_get_local(struct nlattr **attrs, struct rtpr_endpoint *local,
		   struct netlink_ext_ack *extack);

/**
 * rtpr_get_conf() - parse the attributes of RTPRELAY_CMD_FLOW_ADD, checked by their policy
 * @attrs: up to RTPRELAY_A_UID
 * Return: 0; -EINVAL, -ERANGE, -EADDRNOTAVAIL, -EOPNOTSUPP, with a message in @extack
 */
int rtpr_get_conf(struct nlattr **attrs, struct rtpr_flow_conf *conf,
		  struct netlink_ext_ack *extack);

/* Room for rtpr_put_conf(), and for rtpr_put_state() with any state. */
size_t rtpr_conf_size(const struct rtpr_flow_conf *conf);
size_t rtpr_state_size(void);

/* All return 0, or -EMSGSIZE: the caller must free the message. */
int rtpr_put_endpoint(struct sk_buff *msg, int attr, const struct rtpr_endpoint *ep);
int rtpr_put_name(struct sk_buff *msg, const struct rtpr_flow *flow); /* LOCAL and COOKIE */
int rtpr_put_counters(struct sk_buff *msg, const u64 counters[RTPRELAY_C_MAX + 1]);
int rtpr_put_conf(struct sk_buff *msg, const struct rtpr_flow_conf *conf);
int rtpr_put_number(struct sk_buff *msg, u16 number); /* RTPRELAY_A_RTP of an opaque flow */
int rtpr_put_state(struct sk_buff *msg, const struct rtpr_flow_state *state, bool with_rtcp);

#endif
