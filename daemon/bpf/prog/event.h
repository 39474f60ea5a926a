/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - tells the daemon of first packets, of those after a silence, of refused sources
 *
 * Refused sources as kmod/nl_event.c: for a flow once a second, for all flows EVENTS_PER_SECOND,
 * and packets that continue the flow's sequence have limits of their own.
 */
#ifndef RTPRELAY_BPF_EVENT_H
#define RTPRELAY_BPF_EVENT_H

#include "bpf/prog/admit.h"
#include "bpf/prog/maps.h"

#define EVENTS_PER_SECOND 200

/* For all flows. Two CPUs at once may exceed it by a few. */
struct event_limit {
	__u64 since_ns, count;
};

struct event_limit refused_limit, rebound_limit;

/* For last packets and for limits: CLOCK_MONOTONIC, of the last tick if that is cheaper. */
static inline __u64 now_about(void)
{
	return constants.coarse_clock ? bpf_ktime_get_coarse_ns() : bpf_ktime_get_ns();
}

static inline bool limit_allows(struct event_limit *limit, __u64 now)
{
	if (now - limit->since_ns >= NSEC_PER_SEC) {
		WRITE_ONCE(limit->since_ns, now);
		WRITE_ONCE(limit->count, 0);
	}
	if (READ_ONCE(limit->count) >= EVENTS_PER_SECOND)
		return false;
	__sync_fetch_and_add(&limit->count, 1);
	return true;
}

static inline bool is_numbered(const struct bpf_conf *conf, const struct packet *pkt)
{
	return conf->kind == RTPRELAY_KIND_OPAQUE && pkt->payload_len >= UDPTL_MIN;
}

/* rtpr_opaque_goes_on() */
static inline bool opaque_goes_on(const struct bpf_conf *conf, struct bpf_state *state,
				  const struct packet *pkt, __u64 now, bool v6)
{
	if (!READ_ONCE(state->numbered) || !addr_equal(&pkt->src, &conf->src, v6) ||
	    now < READ_ONCE(state->guess_ns))
		return false;
	if (udptl_goes_on(READ_ONCE(state->number), pkt->rtp.seq))
		return true;
	if (READ_ONCE(state->guesses) + 1 < UDPTL_GUESSES) {
		__sync_fetch_and_add(&state->guesses, 1);
	} else {
		WRITE_ONCE(state->guess_ns, now + UDPTL_PAUSE_MS * 1000000ull);
		WRITE_ONCE(state->guesses, 0);
	}
	return false;
}

/* rtpr_goes_on(): it has the SSRC of the flow's last packet, and a number near its number. */
static inline bool goes_on(const struct bpf_conf *conf, struct bpf_state *state,
			   const struct packet *pkt, __u64 now, bool v6)
{
	__u16 ahead = pkt->rtp.seq - (__u16)READ_ONCE(state->rtp.highest);

	if (is_numbered(conf, pkt))
		return opaque_goes_on(conf, state, pkt, now, v6);
	if (pkt->rtp.kind != RTP_KIND_RTP || !state->rtp.known ||
	    pkt->rtp.ssrc != READ_ONCE(state->rtp.ssrc))
		return false;
	return ahead < RTP_MAX_DROPOUT || ahead > 65535 - RTP_MAX_MISORDER;
}

/* Return: packets refused since the last event; 0: it is too early for another event */
static inline __u32 refused_due(struct bpf_state *state, bool on, __u64 now)
{
	__u64 *at = on ? &state->rebound_ns : &state->refused_ns;
	__u32 count;

	__sync_fetch_and_add(&state->refused, 1);
	if (now < READ_ONCE(*at) || !limit_allows(on ? &rebound_limit : &refused_limit, now))
		return 0;
	/* Of two CPUs one sends the event. */
	bpf_spin_lock(&state->lock);
	count = now < *at ? 0 : state->refused;
	if (count) {
		*at = now + NSEC_PER_SEC;
		state->refused = 0;
	}
	bpf_spin_unlock(&state->lock);
	return count;
}

static inline struct bpf_event *event_begin(__u32 kind, __u32 number)
{
	struct bpf_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return NULL;
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->state = number;
	return event;
}

static inline void event_flow(__u32 kind, __u32 number)
{
	struct bpf_event *event = event_begin(kind, number);

	if (event)
		bpf_ringbuf_submit(event, 0);
}

static inline void event_refused(const struct bpf_conf *conf, struct bpf_state *state,
				 const struct packet *pkt, bool v6)
{
	__u64 now = now_about();
	__u32 refused = refused_due(state, goes_on(conf, state, pkt, now, v6), now);
	struct bpf_event *event;

	if (!refused)
		return;
	event = event_begin(BPF_EVENT_REFUSED, pkt->state);
	if (!event)
		return;
	event->refused = refused;
	if (v6)
		copy_ipv6(event->source.addr, pkt->src.addr);
	else
		event->source.addr[3] = pkt->src.addr[3];
	event->source.port = pkt->src.port;
	event->source.family = v6 ? AF_INET6 : AF_INET;
	event->numbered = is_numbered(conf, pkt);
	event->rtp = pkt->rtp.kind == RTP_KIND_RTP;
	event->seq = pkt->rtp.seq;
	event->pt = pkt->rtp.pt;
	event->ssrc = pkt->rtp.ssrc;
	bpf_ringbuf_submit(event, 0);
}

#endif
