/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_plan.c - decides for each m= line of an offer or answer: settings of its bridge, its SDP
 *
 * Only decides: reads the parsed SDP, the request and the dialog; opens and sends nothing.
 */
#include <errno.h>
#include "base/count.h"
#include "call/media.h"
#include "command/exchange.h"
#include "packet/bridge.h"
#include "port/iface.h"

static bool wants(const struct exchange *ex, uint32_t flag)
{
	return ex->request->flags & flag;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_is_set(a) ? endpoint_eq(a, b) : !endpoint_is_set(b);
}

static bool same_addr(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_is_set(a) ? endpoint_addr_eq(a, b) : !endpoint_is_set(b);
}

/*
 * Unset if the local socket of that side cannot reach it: real sources would be compared with an
 * address that none of them can have.
 */
static struct endpoint of_family(const struct endpoint *ep, const struct iface_addr *local)
{
	return ep->sa.sa_family == local->bind.sa.sa_family ? *ep : (struct endpoint){ 0 };
}

/* The signalled address for RTP or RTCP. */
static struct endpoint signalled(const struct exchange *ex, const struct sdp_media *m,
				 const struct endpoint *in_sdp)
{
	return m->port ? of_family(in_sdp, ex->local[ex->from]) : (struct endpoint){ 0 };
}

/*
 * 0.0.0.0 means hold and names no place. In a first SDP it is stored as such: the place is not
 * known, but this side has sent an SDP. Some write it in IPv4 for a socket of IPv6.
 */
static struct endpoint held_at(const struct exchange *ex, const struct endpoint *in_sdp)
{
	struct endpoint any = { .sa.sa_family = ex->local[ex->from]->bind.sa.sa_family };

	if (!endpoint_is_set(in_sdp) || !endpoint_is_any(in_sdp))
		return of_family(in_sdp, ex->local[ex->from]);
	endpoint_set_port(&any, endpoint_port(in_sdp));
	return any;
}

/* Return: true, the signalled addresses of the sender have changed */
static bool set_endpoints(const struct exchange *ex, const struct sdp_media *m,
			  struct side_conf *side)
{
	struct endpoint rtp = signalled(ex, m, &m->rtp);
	struct endpoint rtcp = signalled(ex, m, &m->rtcp);
	struct endpoint sip = of_family(&ex->request->received_from, ex->local[ex->from]);
	bool moved;

	if (m->held && endpoint_is_set(&side->sdp[COMP_RTP])) { /* the addresses of before stay */
		rtp = side->sdp[COMP_RTP];
		rtcp = side->sdp[COMP_RTCP];
	} else if (m->held && m->port) {
		rtp = held_at(ex, &m->rtp);
		rtcp = held_at(ex, &m->rtcp);
	}
	if (!endpoint_is_set(&ex->request->received_from))
		sip = side->sip;
	moved = !same_endpoint(&rtp, &side->sdp[COMP_RTP]) ||
		!same_endpoint(&rtcp, &side->sdp[COMP_RTCP]) || !same_addr(&sip, &side->sip);
	side->sdp[COMP_RTP] = rtp;
	side->sdp[COMP_RTCP] = rtcp;
	side->sip = sip;
	return moved;
}

static const struct {
	uint32_t request, side;
} side_flags[] = {
	{ REQ_ASYMMETRIC, SIDE_ASYMMETRIC },
	{ REQ_STRICT_SOURCE, SIDE_STRICT_SOURCE },
	{ REQ_HANDOVER, SIDE_HANDOVER },
	{ REQ_TRUST_SIP, SIDE_TRUST_SIP },
};

/* Settings of the sender of this SDP, from SDP and flags. rtcp-mux is decided by the answer. */
static void set_sender(const struct exchange *ex, const struct sdp_media *m,
		       struct media_plan *plan)
{
	struct side_conf *side = &plan->conf.side[ex->from];
	enum latch_change *change = &plan->change.side[ex->from];
	const struct party *party = &ex->dialog->party[ex->from];
	uint32_t before = side->flags;

	side->flags &= SIDE_MUX;
	for (size_t i = 0; i < COUNT(side_flags); i++)
		if (wants(ex, side_flags[i].request))
			side->flags |= side_flags[i].side;
	if (ex->request->pierce_nat)
		side->flags |= SIDE_PIERCE;
	if (party->flags & PARTY_BLOCKED)
		side->flags |= SIDE_BLOCK;
	if (party->flags & PARTY_SILENCED)
		side->flags |= SIDE_SILENCE;
	if (party->flags & PARTY_DTMF_BLOCKED)
		side->flags |= SIDE_DTMF_BLOCK;
	if (m->dtls || ex->sdp.dtls)
		side->flags |= SIDE_DTLS;
	if (m->held || (sdp_is_rtp(m->transport) &&
			(m->direction == SDP_RECVONLY || m->direction == SDP_INACTIVE)))
		side->flags |= SIDE_HOLD;
	if ((before ^ side->flags) & (SIDE_HOLD | SIDE_TRUST_SIP | SIDE_DTLS))
		*change = LATCH_REOPEN;
	if (set_endpoints(ex, m, side))
		*change = LATCH_REOPEN;
	if (ex->new_answerer)
		*change = LATCH_FRESH;
}

/*
 * Payload types are only added: media in flight, and the session after a refused re-INVITE, still
 * use the old ones. There is room for a few clock rates; those of the newest SDP come first. A leg
 * without SDP and without payload types may carry anything from then on: a telephone call that
 * becomes a fax.
 */
static void add_codecs(struct bridge_conf *conf, const struct sdp_media *m)
{
	struct bridge_conf old = *conf;
	size_t n = 0;

	memset(conf->clocks, 0, sizeof(conf->clocks));
	if (conf->any && !m->n_codecs)
		conf->pts[0] = conf->pts[1] = 0;
	for (size_t i = 0; i < m->n_codecs; i++) {
		const struct sdp_codec *codec = &m->codecs[i];

		if (codec->pt > 127)
			continue;
		conf->pts[codec->pt / 64] |= UINT64_C(1) << (codec->pt % 64);
		if (codec->has_rtpmap && codec->clock && n < BRIDGE_CLOCKS) {
			conf->clocks[n].pt = codec->pt;
			conf->clocks[n].codec = quality_codec(codec->name);
			conf->clocks[n++].clock = codec->clock;
		}
	}
	for (size_t i = 0; i < BRIDGE_CLOCKS && old.clocks[i].clock; i++) {
		size_t at = 0;

		while (at < n && conf->clocks[at].pt != old.clocks[i].pt)
			at++;
		if (at == n && n < BRIDGE_CLOCKS)
			conf->clocks[n++] = old.clocks[i];
	}
}

static void set_flag(uint8_t *flags, uint8_t flag, bool on)
{
	*flags = (uint8_t)(on ? *flags | flag : *flags & ~flag);
}

/*
 * rtcp-mux (RFC 5761). A side uses it if its own SDP and the one sent to it both have it. By
 * default the receiver gets the sender's offer of it; "offer" and "require" always offer it;
 * "demux" and "accept" accept it for the offerer whatever the answerer says; "reject" refuses it.
 */
static void plan_mux(const struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	struct side_conf *from = &plan->conf.side[ex->from], *to = &plan->conf.side[ex->to];
	bool seen, told, accepted;

	if (ex->offer) {
		seen = m->rtcp_mux && !wants(ex, REQ_MUX_REJECT);
		told = wants(ex, REQ_MUX_OFFER | REQ_MUX_REQUIRE) ||
		       (seen && !wants(ex, REQ_MUX_DEMUX));
		set_flag(&plan->flags, MEDIA_MUX_SEEN, seen);
		set_flag(&plan->flags, MEDIA_MUX_TOLD, told);
		/* An offerer of rtcp-mux-only has no second port for RTCP (RFC 8858). */
		set_flag(&plan->flags, MEDIA_MUX_ACCEPT,
			 wants(ex, REQ_MUX_ACCEPT | REQ_MUX_DEMUX) || m->rtcp_mux_only);
		return;
	}
	/* Offered with port 0, as part of a bundle (RFC 8843): its rtcp-mux was passed on. */
	if (!plan->old)
		plan->flags |= MEDIA_MUX_SEEN | MEDIA_MUX_TOLD;
	accepted = m->rtcp_mux && (plan->flags & MEDIA_MUX_TOLD);
	from->flags = accepted ? from->flags | SIDE_MUX : from->flags & ~SIDE_MUX;
	accepted = (plan->flags & MEDIA_MUX_SEEN) &&
		   (accepted || (plan->flags & MEDIA_MUX_ACCEPT) || wants(ex, REQ_MUX_ACCEPT));
	to->flags = accepted ? to->flags | SIDE_MUX : to->flags & ~SIDE_MUX;
}

/*
 * Ports are kept as long as possible, also if the phone's own address changed: that is best for
 * phones behind NATs, and a re-INVITE may still be refused. Other ports are taken if the request
 * says no-port-latching and the phone's address changed, if it asks for new ports, if a side's
 * local address changed (its family; it is gone), and if a media that had one port needs two.
 */
static bool must_replace(const struct exchange *ex, const struct media_plan *plan)
{
	const struct media *old = plan->old;

	if (!ex->offer)
		return false;
	if (old->local[SIDE_A] != ex->local[SIDE_A] || old->local[SIDE_B] != ex->local[SIDE_B])
		return true;
	if (wants(ex, REQ_NEW_PORTS))
		return true;
	if (plan->conf.kind == BRIDGE_RTP && !bridge_has(old->bridge, SIDE_A, COMP_RTCP))
		return true;
	return wants(ex, REQ_NO_PORT_LATCHING) && !ex->new_answerer &&
	       !same_endpoint(&plan->conf.side[ex->from].sdp[COMP_RTP],
			      &plan->before.side[ex->from].sdp[COMP_RTP]);
}

/* The offer decides the kind. An answer cannot make RTP of a bridge without RTCP sockets. */
static enum bridge_kind kind_of(const struct exchange *ex, const struct sdp_media *m,
				const struct media_plan *plan)
{
	if (!ex->offer && plan->old)
		return plan->before.kind;
	if (m->transport == SDP_UDPTL)
		return BRIDGE_UDPTL;
	return sdp_is_rtp(m->transport) ? BRIDGE_RTP : BRIDGE_OPAQUE;
}

/*
 * An offer opens windows of its own side, which may have to be opened again by the answer: the
 * phone may use its new port only then. After a provisional answer the final one may begin media at
 * another port, even if its SDP is the same.
 */
static void plan_steps(const struct exchange *ex, struct media_plan *plan)
{
	enum latch_step *step = plan->change.step;
	bool first = plan->answers == MEDIA_OFFERED;
	int code = ex->request->sip_code;
	bool early = code && code < 200;

	if (ex->offer) {
		step[ex->from] = LATCH_OFFER;
		plan->answers = MEDIA_OFFERED;
		return;
	}
	if (plan->answers == MEDIA_ANSWERED)
		return;
	if (first || !early)
		step[ex->to] = early ? LATCH_EARLY : LATCH_ANSWER;
	if (!first && !early)
		step[ex->from] = LATCH_FINAL;
	plan->answers = early || (first && !code) ? MEDIA_EARLY : MEDIA_ANSWERED;
}

static int plan_settings(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	struct bridge_conf *conf = &plan->conf;

	*conf = plan->before;
	conf->kind = kind_of(ex, m, plan);
	conf->any = ex->request->leg;
	conf->keepalive_s = ex->keepalive_s;
	for (int side = 0; side < 2; side++) {
		conf->side[side].latching = ex->latching;
		conf->side[side].tos = ex->tos;
	}
	if (ex->new_answerer) {
		conf->side[ex->from] =
			(struct side_conf){ .latching = ex->latching, .tos = ex->tos };
	}
	set_flag(&plan->flags, MEDIA_REFUSED, false);
	set_sender(ex, m, plan);
	plan_steps(ex, plan);
	dtmf_plan_codecs(ex, m, conf); /* with the payload types known so far */
	add_codecs(conf, m);
	ice_plan_media(ex, m, conf);
	if (conf->kind == BRIDGE_RTP)
		plan_mux(ex, m, plan);
	set_flag(&plan->flags, MEDIA_DTLS, m->dtls || ex->sdp.dtls);
	set_flag(&plan->flags, MEDIA_SDES, m->sdes);
	set_flag(&plan->flags, MEDIA_UNIDIRECTIONAL, wants(ex, REQ_UNIDIRECTIONAL));
	return agent_plan_decide(ex, m, plan);
}

/*
 * The media of an m= line whose port is 0, if its ports stay. A provisional answer refuses nothing
 * for good: the final one may have a port, and the other party was already told the relay's. An
 * answer without sip-code may be a provisional one, as long as its sender never accepted the media.
 */
static struct media *keep_without_port(const struct exchange *ex, struct media_plan *plan)
{
	struct media *old = plan->old;
	int code = ex->request->sip_code;

	if (!old)
		return NULL;
	/* An offer may be refused: only the answer ends the media. */
	if (ex->offer)
		return old->flags & MEDIA_REFUSED && ex->dialog->answered ? NULL : old;
	if (code >= 200)
		return NULL;
	if (!code && endpoint_is_set(&plan->before.side[ex->from].sdp[COMP_RTP]))
		return NULL;
	plan->flags |= MEDIA_REFUSED;
	return old;
}

int media_plan_make(struct exchange *ex, size_t index)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	struct media_plan *plan = &ex->plan[index];

	if (index < ex->dialog->n_media)
		plan->old = ex->dialog->media[index];
	if (plan->old) {
		plan->before = *bridge_conf(plan->old->bridge);
		plan->flags = plan->old->flags;
		plan->answers = plan->old->answers;
	}
	plan->conf = plan->before;
	if (m->transport == SDP_OTHER)
		return 0;
	if (!m->port && !ex->request->leg) {
		plan->media = keep_without_port(ex, plan);
		return 0;
	}
	if (plan_settings(ex, m, plan))
		return -ENOMEM;
	plan->replace = plan->old && must_replace(ex, plan);
	if (!plan->replace)
		plan->media = plan->old;
	return 0;
}

static bool is_plain_profile(struct str proto)
{
	return str_eq(proto, STR("RTP/AVP")) || str_eq(proto, STR("RTP/AVPF"));
}

/* On request an offer gets another profile; the answer then gets the offerer's own profile. */
static struct str plan_proto(const struct exchange *ex, const struct sdp_media *m,
			     const struct media *media)
{
	struct str proto =
		ex->offer ? ex->request->transport_protocol : str_of(media->protocol[ex->to]);

	if (m->transport != SDP_RTP || !is_plain_profile(proto) || str_eq(proto, m->proto) ||
	    (!ex->offer && ex->request->accepts_protocol))
		return STR_NONE;
	return proto;
}

/* The relay's address and port for the receiver, or media-address instead of the address. */
static struct endpoint shown_at(const struct exchange *ex, const struct media_plan *plan,
				enum component comp)
{
	static const struct side_conf unknown;
	bool initial = ex->offer && !ex->request->to_tag.len; /* to whom? Not known yet */
	struct endpoint ep = media_address_for(plan->media, ex->to, comp,
					       initial ? &unknown : &plan->conf.side[ex->to]);
	struct endpoint other;

	if (!endpoint_is_set(&ex->request->media_address))
		return ep;
	other = ex->request->media_address;
	endpoint_set_port(&other, endpoint_port(&ep));
	return other;
}

int media_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	const struct media_plan *plan = &ex->plan[index], *at;
	bool mux;

	if (!ex->offer)
		edit->mid = offered_mid(ex, index);
	bundle_plan_edit(ex, index, edit);
	edit->refuse = plan->too_many || plan->left_out;
	if (!plan->media || !m->port)
		return 0;
	mux = ex->offer ? plan->flags & MEDIA_MUX_TOLD : plan->conf.side[ex->to].flags & SIDE_MUX;
	edit->relay = true;
	/* At the port of another media. */
	at = &ex->plan[bundle_plan_carrier(ex, index, ex->to)];
	edit->rtp = shown_at(ex, at, COMP_RTP);
	if (!sdp_is_rtp(m->transport))
		return 0;
	if (ex->offer && wants(ex, REQ_MUX_REQUIRE))
		edit->rtcp = edit->rtp;
	else if ((ex->offer || !mux) && plan->conf.kind == BRIDGE_RTP)
		edit->rtcp = shown_at(ex, at, COMP_RTCP);
	edit->rtcp_attr = true;
	if (mux != m->rtcp_mux)
		edit->mux = mux ? SDP_MUX_ADD : SDP_MUX_REMOVE;
	edit->proto = plan_proto(ex, m, plan->media);
	if (!ex->offer)
		edit->allowed =
			sdp_direction_reverse((enum sdp_direction)plan->media->direction[ex->to]);
	if (sdes_plan_edit(ex, index, edit) || agent_plan_edit(ex, index, edit))
		return -ENOMEM;
	return codec_plan_make(ex, m, edit);
}
