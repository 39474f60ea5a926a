/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_plan.c - decides, from the state of streams, which flows the kernel should hold
 *
 * A stream goes into the kernel as soon as it has a source, and packets of the other side come from
 * the address that the stream is sent to. It does not wait for the end of its latching window: the
 * flow has the admitted source, and the kernel reports other ones. A stream stays in the daemon if
 * each of its packets must be inspected.
 */
#include "call/flow_plan.h"

/* The stream that packets from @side are sent by: RTCP goes to the other side's port for RTCP. */
static int leaves_by(const struct flow_ask *ask, int side, int comp)
{
	bool mux = ask->conf->side[!side].flags & SIDE_MUX;

	return comp == COMP_RTCP && !mux ? COMP_RTCP : COMP_RTP;
}

static uint8_t kind_of(const struct flow_ask *ask, int side, int comp)
{
	if (ask->conf->kind != BRIDGE_RTP)
		return RTPRELAY_KIND_OPAQUE;
	if (comp == COMP_RTCP)
		return RTPRELAY_KIND_RTCP;
	/* RTCP that arrives at the RTP port is in this flow only if it is also sent from there. */
	return ask->conf->side[!side].flags & SIDE_MUX ? RTPRELAY_KIND_MUX : RTPRELAY_KIND_RTP;
}

static bool is_link_local(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ep->in6.sin6_addr);
}

/*
 * Is the destination confirmed by packets, and not only signalled? If the phone's first packet
 * shows another address, the media thread uses it at once, but a flow in the kernel would send some
 * packets to the old one. Without any packet until @in is locked, the phone may only listen: then
 * the signalled address counts.
 */
static bool is_certain(const struct flow_stream *in, const struct flow_stream *out, uint32_t flags)
{
	return endpoint_eq(&out->to, &out->source) || flags & SIDE_ASYMMETRIC || in->locked;
}

const char flow_why_banned[] = "source is banned";

/* Would the packets of a flow reach the recorder? Blocked ones are not recorded. */
static bool is_recordable(const struct flow_ask *ask, const struct flow_stream *in)
{
	if (!ask->conf->tap)
		return true;
	if (!(ask->features & RTPRELAY_FEATURE_TAP))
		return false;
	return ask->tap == FLOW_TAP_OPEN || (ask->tap == FLOW_TAP_SOON && in->untapped);
}

/* Does the daemon read or drop the telephone-events of @side? */
static bool wants_events(const struct flow_ask *ask, int side, int comp)
{
	static const uint8_t none[BRIDGE_EVENTS];
	const struct bridge_conf *conf = ask->conf;

	return comp == COMP_RTP && conf->kind == BRIDGE_RTP &&
	       conf->side[side].flags & (SIDE_DTMF | SIDE_DTMF_BLOCK) &&
	       memcmp(conf->events[side], none, sizeof(none));
}

/* Why packets from @side must stay in the daemon; NULL: no reason. */
static const char *why_user(const struct flow_ask *ask, int side, int comp)
{
	const struct flow_stream *in = &ask->stream[side][comp];
	const struct flow_stream *out = &ask->stream[!side][leaves_by(ask, side, comp)];
	uint32_t flags = ask->conf->side[side].flags;

	if (!(ask->features & RTPRELAY_FEATURE_EVENTS))
		return "the kernel module is too old: it reports no events";
	if ((flags | ask->conf->side[!side].flags) & SIDE_SRTP)
		return "srtp";
	if (ask->bundled)
		return "bundle";
	if (!endpoint_is_set(&in->source))
		return "not latched";
	if (in->banned)
		return flow_why_banned;
	if (out->to_denied)
		return "destination is forbidden (media-deny)";
	if (!out->exists || !endpoint_is_set(&out->to))
		return "address of the other side not known yet";
	if (out->prompted && kind_of(ask, side, comp) != RTPRELAY_KIND_RTCP)
		return "the other side hears a prompt";
	if (in->learning)
		return "window open after an offer or answer";
	if (in->contested)
		return "another source may take its place";
	if (flags & SIDE_HANDOVER)
		return "media-handover";
	/* RTCP passes unchanged; RTP is replaced by silence, or dropped, by the daemon. */
	if (wants_events(ask, side, comp) && !(ask->features & RTPRELAY_FEATURE_RTP))
		return "the kernel module is too old: it passes no telephone-events up";
	if (flags & SIDE_SILENCE && kind_of(ask, side, comp) != RTPRELAY_KIND_RTCP)
		return "silenced by command";
	if (in->local.sa.sa_family != out->local.sa.sa_family &&
	    !(ask->features & RTPRELAY_FEATURE_FAMILY))
		return "the kernel path cannot change IPv4 to IPv6";
	/* A flow has no interface index, which link-local addresses need. */
	if (is_link_local(&in->local) || is_link_local(&in->source) || is_link_local(&out->local) ||
	    is_link_local(&out->to))
		return "IPv6 link-local address";
	if (!is_certain(in, out, ask->conf->side[!side].flags))
		return "no packets from the other side yet";
	if (!is_recordable(ask, in))
		return "recording";
	return NULL;
}

static void copy_clocks(struct flow_spec *spec, const struct bridge_conf *conf)
{
	for (int i = 0; i < FLOW_CLOCKS && i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++) {
		/* Otherwise the module refuses the whole flow. */
		if (conf->clocks[i].pt > 127 || conf->clocks[i].clock > RTPRELAY_CLOCK_MAX_HZ)
			break;
		spec->clocks[i].pt = conf->clocks[i].pt;
		spec->clocks[i].clock = conf->clocks[i].clock;
	}
}

static void copy_events(struct flow_spec *spec, const uint8_t events[BRIDGE_EVENTS])
{
	for (int i = 0; i < BRIDGE_EVENTS; i++)
		if (events[i])
			spec->up[events[i] / 64 & 1] |= UINT64_C(1) << events[i] % 64;
}

static void fill(struct flow_spec *spec, const struct flow_ask *ask, int side, int comp)
{
	const struct flow_stream *in = &ask->stream[side][comp];
	const struct flow_stream *out = &ask->stream[!side][leaves_by(ask, side, comp)];
	int tos = ask->conf->side[!side].tos;

	spec->local = flow_endpoint(&in->local);
	spec->src = flow_endpoint(&in->source);
	spec->out = flow_endpoint(&out->local);
	spec->dst = flow_endpoint(&out->to);
	spec->kind = kind_of(ask, side, comp);
	spec->dscp = (int16_t)(tos < 0 ? -1 : tos >> 2 & 63);
	spec->idle_s = ask->idle_s;
	if (ask->conf->side[side].flags & SIDE_BLOCK)
		spec->flags |= RTPRELAY_FLOW_DROP;
	if (ask->conf->tap && ask->tap == FLOW_TAP_OPEN)
		spec->flags |= RTPRELAY_FLOW_TAP;
	spec->port.mux = true;
	if (spec->kind == RTPRELAY_KIND_RTP || spec->kind == RTPRELAY_KIND_MUX) {
		spec->port = bridge_port(ask->conf, side, comp);
		copy_clocks(spec, ask->conf);
	}
	if (wants_events(ask, side, comp))
		copy_events(spec, ask->conf->events[side]);
	memcpy(spec->cookie, ask->cookie, FLOW_COOKIE);
}

void flow_plan_make(struct flow_plan *plan, const struct flow_ask *ask)
{
	memset(plan, 0, sizeof(*plan));
	each_component(side, comp) {
		if (!ask->stream[side][comp].exists)
			continue;
		plan->why[side][comp] = why_user(ask, side, comp);
		if (!plan->why[side][comp])
			fill(&plan->spec[side][comp], ask, side, comp);
	}
}
