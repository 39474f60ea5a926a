/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice_plan.c - whether the ICE lines of an SDP stay, and whose STUN its media pass on then
 *
 * They go, since phones would check addresses that the other one cannot reach, and then not use the
 * relay. They stay where one of the relay's own addresses is a candidate already: another relay, or
 * an earlier pass through this one, does ICE with the phone, and its STUN has to pass.
 */
#include "command/exchange.h"
#include "packet/bridge.h"
#include "port/iface.h"
#include "sdp/ice.h"
#include "stun/stun.h"

static bool is_own_address(const void *arg, const struct endpoint *address)
{
	const struct iface_table *ifaces = arg;

	for (size_t i = 0; i < iface_count(ifaces); i++) {
		const struct iface_addr *own = iface_at(ifaces, i);

		if (endpoint_addr_eq(&own->bind, address) ||
		    endpoint_addr_eq(&own->advertised, address))
			return true;
	}
	return false;
}

/*
 * In an answer: those of the offer stayed. In a later offer: those of both sides did, in the last
 * exchange.
 */
static bool stayed_before(const struct exchange *ex)
{
	for (size_t i = 0; i < ex->dialog->n_media; i++) {
		const struct media *media = ex->dialog->media[i];
		const struct side_conf *side = media ? bridge_conf(media->bridge)->side : NULL;

		if (side && side[ex->to].ice[0] && (!ex->offer || side[ex->from].ice[0]))
			return true;
	}
	return false;
}

bool ice_plan_keeps(const struct exchange *ex)
{
	if (ex->request->leg || ex->request->ice == REQUEST_ICE_REMOVE)
		return false;
	return stayed_before(ex) ||
	       sdp_has_candidate(&ex->sdp, is_own_address, ex->call->table->conf.ifaces);
}

void ice_plan_media(const struct exchange *ex, const struct sdp_media *m, struct bridge_conf *conf)
{
	struct side_conf *from = &conf->side[ex->from], *to = &conf->side[ex->to];
	uint64_t id = ex->keeps_ice ? stun_ufrag_id(sdp_ice_ufrag(&ex->sdp, m)) : 0;

	if (!id && ex->offer)
		memset(to->ice, 0, sizeof(to->ice));
	if (id == from->ice[0])
		return;
	from->ice[1] = id ? from->ice[0] : 0;
	from->ice[0] = id;
}
