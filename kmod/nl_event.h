/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_NL_EVENT_H
#define RTPR_NL_EVENT_H

#include <linux/types.h>

struct genl_family;
struct rtpr_flow;
struct rtpr_packet;

/**
 * rtpr_event_flow() - RTPRELAY_EVENT_IDLE or _RESUMED, by @event
 * rtpr_event_refused() - a packet of another source was refused; bounded in rate
 * Softirq; the caller keeps the flow alive. An event is lost if there is no memory; the daemon must
 * handle lost events anyway, since its socket may overrun: it reads the state of its flows again.
 */
void rtpr_event_flow(struct rtpr_flow *flow, u8 event);
void rtpr_event_refused(struct rtpr_flow *flow, const struct rtpr_packet *pkt);

#endif
