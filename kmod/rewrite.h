/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_REWRITE_H
#define RTPR_REWRITE_H

#include "flow.h"
#include "packet.h"

/**
 * rtpr_rewrite() - make it the packet that the relay sends: addresses, ports, TTL, DSCP, checksums
 * @skb: its headers are writable, with headroom for @flow->grows
 */
void rtpr_rewrite(struct sk_buff *skb, const struct rtpr_packet *pkt, const struct rtpr_flow *flow);

#endif
