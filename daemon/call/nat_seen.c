/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat_seen.c - what media tells of the NATs in front of phones */
#include <utlist.h>
#include "call/nat_seen.h"
#include "packet/bridge.h"

static bool is_known(const struct nat_place *place)
{
	return endpoint_is_set(&place->told) && endpoint_is_set(&place->seen) &&
	       !endpoint_is_any(&place->told) && endpoint_port(&place->told);
}

static uint16_t moved_by(const struct nat_place *place)
{
	return (uint16_t)(endpoint_port(&place->seen) - endpoint_port(&place->told));
}

/* Both are of one host, by its SDP and by what is seen. */
static bool is_same_host(const struct nat_place *a, const struct nat_place *b)
{
	return endpoint_addr_eq(&a->told, &b->told) && endpoint_addr_eq(&a->seen, &b->seen);
}

static bool is_symmetric(const struct nat_place *place, const struct nat_place *others, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_known(&others[i]) && is_same_host(place, &others[i]) &&
		    moved_by(place) != moved_by(&others[i]))
			return true;
	return false;
}

int nat_signs(const struct nat_place *places, size_t n)
{
	int signs = -1;

	for (size_t i = 0; i < n; i++) {
		const struct nat_place *place = &places[i];

		if (!is_known(place))
			continue;
		if (signs < 0)
			signs = 0;
		if (!endpoint_addr_eq(&place->told, &place->seen))
			signs |= NAT_ADDRESS;
		if (moved_by(place))
			signs |= NAT_PORT;
		if (is_symmetric(place, places, i))
			signs |= NAT_SYMMETRIC;
	}
	return signs;
}

/* --- A call ----------------------------------------------------------------------------------- */

static size_t add_places(const struct media *media, int side, struct nat_place *places, size_t n)
{
	const struct side_conf *conf = &bridge_conf(media->bridge)->side[side];

	if (conf->ice[0] || conf->flags & SIDE_ASYMMETRIC)
		return n;
	for (int comp = 0; comp < 2 && n < NAT_PLACES; comp++) {
		struct stream_report report;

		if (!bridge_has(media->bridge, (enum side)side, (enum component)comp))
			continue;
		bridge_report(media->bridge, (enum side)side, (enum component)comp, &report);
		places[n].told = conf->sdp[comp];
		places[n++].seen = report.latched;
	}
	return n;
}

static void add_phone(struct nat_seen *seen, const struct dialog *dialog, int side)
{
	struct nat_place places[NAT_PLACES];
	size_t n = 0;
	int signs;

	for (size_t i = 0; i < dialog->n_media; i++)
		if (dialog->media[i])
			n = add_places(dialog->media[i], side, places, n);
	signs = nat_signs(places, n);
	if (signs < 0)
		return;
	seen->phones++;
	seen->behind += signs != 0;
	seen->address += (signs & NAT_ADDRESS) != 0;
	seen->port += (signs & NAT_PORT) != 0;
	seen->symmetric += (signs & NAT_SYMMETRIC) != 0;
}

void nat_seen_add(struct nat_seen *seen, const struct call *call)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (int side = 0; side < 2; side++)
			add_phone(seen, dialog, side);
}
