/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_ADMIT_H
#define RTPR_ADMIT_H

#include "flow.h"
#include "packet.h"

/**
 * rtpr_flow_admits() - may this packet use this flow
 * @pkt: rtpr_packet_kind() has looked into it
 * Return: RTPRELAY_C_UNSPEC, it may; else the counter that names why not
 */
enum rtprelay_counter rtpr_flow_admits(const struct rtpr_flow *flow, const struct rtpr_packet *pkt);

#endif
