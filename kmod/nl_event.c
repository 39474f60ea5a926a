// SPDX-License-Identifier: GPL-2.0-only
/*
 * nl_event.c - events for the daemon: flow idle, flow resumed, source refused
 *
 * A flood of packets must not cause a flood of events: a flow sends a REFUSED event at most once a
 * second, with the number of packets, and a rate limit bounds the events of all flows of a
 * namespace. A packet that may be of a phone whose NAT changed the port has a second and a limit of
 * its own, so that a flood of other packets does not hide it.
 */
#include <linux/ratelimit.h>
#include <net/genetlink.h>

#include "nl_event.h"
#include "nl_family.h"
#include "nl_flow.h"
#include "packet.h"
#include "state.h"

/* Of the longest event's attributes: two endpoints, cookie, one number, RTP. */
#define RTPR_EVENT_SIZE                                                                            \
	(2 * nla_total_size(nla_total_size(sizeof(struct in6_addr)) +                              \
			    nla_total_size(sizeof(__be16))) +                                      \
	 nla_total_size(RTPRELAY_COOKIE_MAX) + nla_total_size_64bit(sizeof(u64)) +                 \
	 nla_total_size(3 * nla_total_size(sizeof(u32))))

/* Return: a message that names the flow, for rtpr_event_send(); NULL: no memory, or no listener */
static struct sk_buff *rtpr_event_begin(const struct rtpr_flow *flow, u8 event, void **head)
{
	struct sk_buff *msg;

	if (!genl_has_listeners(&rtpr_genl_family, flow->rn->net, RTPR_GROUP_EVENT))
		return NULL;
	msg = genlmsg_new(RTPR_EVENT_SIZE, GFP_ATOMIC);
	if (!msg)
		return NULL;
	*head = genlmsg_put(msg, 0, 0, &rtpr_genl_family, 0, event);
	if (!*head || rtpr_put_name(msg, flow)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static void rtpr_event_send(const struct rtpr_flow *flow, struct sk_buff *msg, void *head)
{
	genlmsg_end(msg, head);
	genlmsg_multicast_netns(&rtpr_genl_family, flow->rn->net, msg, 0, RTPR_GROUP_EVENT,
				GFP_ATOMIC);
}

void rtpr_event_flow(struct rtpr_flow *flow, u8 event)
{
	struct sk_buff *msg;
	void *head;

	msg = rtpr_event_begin(flow, event, &head);
	if (!msg)
		return;
	if (READ_ONCE(flow->heard) &&
	    nla_put_u64_64bit(msg, RTPRELAY_A_LAST_SEEN,
			      jiffies_to_msecs(jiffies - READ_ONCE(flow->last_seen)),
			      RTPRELAY_A_PAD)) {
		nlmsg_free(msg);
		return;
	}
	rtpr_event_send(flow, msg, head);
}

static bool rtpr_is_numbered(const struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	return flow->conf.kind == RTPRELAY_KIND_OPAQUE && pkt->payload_len >= UDPTL_MIN;
}

static void rtpr_guess_wrong(struct rtpr_flow *flow)
{
	if (atomic_inc_return(&flow->guesses) != UDPTL_GUESSES)
		return;
	WRITE_ONCE(flow->guess_next, jiffies + msecs_to_jiffies(UDPTL_PAUSE_MS));
	atomic_set(&flow->guesses, 0);
}

/*
 * UDPTL, as the phone sends it when its NAT has changed the port. The daemon has to see one of the
 * first packets, before the numbers have gone on. But it must not be told of the right one among
 * thousands that somebody tries.
 */
static bool rtpr_opaque_goes_on(struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	struct rtpr_endpoint src = pkt->src;

	src.port = flow->conf.src.port;
	if (!READ_ONCE(flow->numbered) || !rtpr_endpoint_equal(&src, &flow->conf.src) ||
	    time_before(jiffies, READ_ONCE(flow->guess_next)))
		return false;
	if (udptl_goes_on(READ_ONCE(flow->number), pkt->rtp.seq))
		return true;
	rtpr_guess_wrong(flow);
	return false;
}

/* It has the SSRC of the flow's last packet, and a number near its number. Without the lock. */
static bool rtpr_goes_on(struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	u16 ahead = pkt->rtp.seq - (u16)READ_ONCE(flow->rtp.highest);

	if (rtpr_is_numbered(flow, pkt))
		return rtpr_opaque_goes_on(flow, pkt);
	if (pkt->rtp.kind != RTP_KIND_RTP || !READ_ONCE(flow->rtp.known) ||
	    pkt->rtp.ssrc != READ_ONCE(flow->rtp.ssrc))
		return false;
	return ahead < RTP_MAX_DROPOUT || ahead > U16_MAX - RTP_MAX_MISORDER;
}

/*
 * Return: packets refused since the last event; 0: it is too early for another event. Without the
 * flow's lock, so that a flood does not hold up the flow's own packets.
 */
static u32 rtpr_refused_due(struct rtpr_flow *flow, bool goes_on)
{
	struct ratelimit_state *limit = goes_on ? &flow->rn->rebound : &flow->rn->refused;
	unsigned long *at = goes_on ? &flow->rebound_next : &flow->refused_next;
	unsigned long next = READ_ONCE(*at);

	atomic_inc(&flow->refused);
	if (time_before(jiffies, next) || !__ratelimit(limit))
		return 0;
	/* Of two CPUs one sends the event. */
	if (cmpxchg(at, next, jiffies + HZ) != next)
		return 0;
	return atomic_xchg(&flow->refused, 0);
}

static int rtpr_put_refused(struct sk_buff *msg, const struct rtpr_flow *flow,
			    const struct rtpr_packet *pkt, u32 refused)
{
	struct nlattr *nest;

	if (rtpr_put_endpoint(msg, RTPRELAY_A_SRC, &pkt->src) ||
	    nla_put_u32(msg, RTPRELAY_A_REFUSED, refused))
		return -EMSGSIZE;
	if (rtpr_is_numbered(flow, pkt))
		return rtpr_put_number(msg, pkt->rtp.seq);
	if (pkt->rtp.kind != RTP_KIND_RTP)
		return 0;
	nest = nla_nest_start(msg, RTPRELAY_A_RTP);
	if (!nest || nla_put_u32(msg, RTPRELAY_RTP_SSRC, pkt->rtp.ssrc) ||
	    nla_put_u8(msg, RTPRELAY_RTP_PT, pkt->rtp.pt) ||
	    nla_put_u32(msg, RTPRELAY_RTP_SEQ, pkt->rtp.seq))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

void rtpr_event_refused(struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	u32 refused = rtpr_refused_due(flow, rtpr_goes_on(flow, pkt));
	struct sk_buff *msg;
	void *head;

	if (!refused)
		return;
	msg = rtpr_event_begin(flow, RTPRELAY_EVENT_REFUSED, &head);
	if (!msg)
		return;
	if (rtpr_put_refused(msg, flow, pkt, refused)) {
		nlmsg_free(msg);
		return;
	}
	rtpr_event_send(flow, msg, head);
}
