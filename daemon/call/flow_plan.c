/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_plan.c - stream state to the flows the kernel should hold; the one place that decides
 *
 * A stream goes into the kernel as soon as it has a source and the other side was heard where it is sent to, not
 * only when its latching window is over: the flow carries the source that is admitted, and the kernel tells of
 * others. Whatever needs a look at each packet stays.
 */
#include "call/flow_plan.h"

/* The stream that packets from @side leave by: their RTCP goes where the other side wants it. */
static int leaves_by(const struct flow_ask *ask, int side, int comp)
{
	bool mux = ask->conf->side[!side].flags & SIDE_MUX;

	return comp == COMP_RTCP && !mux ? COMP_RTCP : COMP_RTP;
}

static uint8_t kind_of(const struct flow_ask *ask, int side, int comp)
{
	if (ask->conf->kind == BRIDGE_OPAQUE)
		return RTPRELAY_KIND_OPAQUE;
	if (comp == COMP_RTCP)
		return RTPRELAY_KIND_RTCP;
	/* RTCP that comes to the RTP port: with it only if it also leaves with it. */
	return ask->conf->side[!side].flags & SIDE_MUX ? RTPRELAY_KIND_MUX : RTPRELAY_KIND_RTP;
}

static bool is_link_local(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ep->in6.sin6_addr);
}

/*
 * Is the destination more than what signalling says? When the phone's first packet proves that wrong, the media thread
 * knows at once, the kernel some packets later: those would be lost. One that says nothing for long may just listen.
 */
static bool is_certain(const struct flow_stream *in, const struct flow_stream *out, uint32_t flags)
{
	return endpoint_eq(&out->to, &out->source) || flags & SIDE_ASYMMETRIC || in->locked;
}

/* NULL: nothing speaks against it. */
static const char *why_user(const struct flow_ask *ask, int side, int comp)
{
	const struct flow_stream *in = &ask->stream[side][comp];
	const struct flow_stream *out = &ask->stream[!side][leaves_by(ask, side, comp)];
	uint32_t flags = ask->conf->side[side].flags;

	if (!(ask->features & RTPRELAY_FEATURE_EVENTS))
		return "the kernel module tells no events";
	if (!endpoint_is_set(&in->source))
		return "not latched";
	if (!out->exists || !endpoint_is_set(&out->to))
		return "no destination";
	if (in->learning)
		return "learning after an offer or answer";
	if (in->contested)
		return "another source wants its place";
	if (flags & SIDE_HANDOVER)
		return "media-handover";
	/* Its RTCP may pass; its sound is rewritten, or held back by what it is. */
	if (flags & SIDE_SILENCE && kind_of(ask, side, comp) != RTPRELAY_KIND_RTCP)
		return "silenced";
	if (in->local.sa.sa_family != out->local.sa.sa_family &&
	    !(ask->features & RTPRELAY_FEATURE_FAMILY))
		return "the kernel module cannot change IPv4 to IPv6";
	/* The number of their interface is not told to the kernel. */
	if (is_link_local(&in->local) || is_link_local(&in->source) || is_link_local(&out->local) ||
	    is_link_local(&out->to))
		return "IPv6 link-local address";
	if (!is_certain(in, out, ask->conf->side[!side].flags))
		return "the other side was not heard yet";
	return NULL;
}

static void copy_clocks(struct flow_spec *spec, const struct bridge_conf *conf)
{
	for (int i = 0; i < FLOW_CLOCKS && i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++) {
		/* The module would refuse the whole flow. */
		if (conf->clocks[i].pt > 127 || conf->clocks[i].clock > RTPRELAY_CLOCK_MAX_HZ)
			break;
		spec->clocks[i].pt = conf->clocks[i].pt;
		spec->clocks[i].clock = conf->clocks[i].clock;
	}
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
	if (spec->kind == RTPRELAY_KIND_RTP || spec->kind == RTPRELAY_KIND_MUX)
		copy_clocks(spec, ask->conf);
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
