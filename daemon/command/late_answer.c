/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late_answer.c - the answer of a phone whose fork has lost, after the 2xx of another one
 *
 * Proxies pass each 2xx on, and the caller ends the dialog that it does not want (RFC 3261, section
 * 13.2.2.4). So the caller gets an SDP, with the ports that it sends to already. Nothing else
 * changes: whoever has answered keeps the call, even if the caller's phone follows the last SDP.
 */
#include <errno.h>
#include "call/dialog.h"
#include "command/exchange.h"
#include "packet/bridge.h"

/* The media as it is; without one, the m= line is refused. */
static void plan_as_is(const struct exchange *ex, size_t index)
{
	struct media *media = dialog_media(ex->dialog, index);
	struct media_plan *plan = &ex->plan[index];

	plan->old = plan->media = media;
	plan->too_many = !media && exchange_wants_ports(ex, &ex->sdp.media[index]);
	if (!media)
		return;
	plan->flags = media->flags;
	plan->conf = plan->before = *bridge_conf(media->bridge);
}

int late_answer_plan(struct exchange *ex, struct str *text)
{
	int error = offered_complete(ex);

	if (!error)
		error = exchange_locals(ex);
	if (error)
		return error;
	ex->plan = arena_zalloc(ex->env->arena, (ex->sdp.n_media + 1) * sizeof(*ex->plan));
	if (!ex->plan)
		return -ENOMEM;
	ex->keeps_ice = ice_plan_keeps(ex);
	if (bundle_plan_read(ex))
		return -ENOMEM;
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		plan_as_is(ex, i);
	return sdp_plan_write(ex, text);
}
