/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trickle.c - later candidates of a phone: application/trickle-ice-sdpfrag (RFC 8840)
 *
 * A fragment changes nothing of a call but the candidates that its agents of ICE check. One that
 * belongs to no call, media or credentials is ignored: it may have overtaken its SDP, and the
 * checks of the phone tell the same.
 */
#include <utlist.h>
#include "call/dialog.h"
#include "call/ice_run.h"
#include "call/media_bundle.h"
#include "call/table.h"
#include "command/exchange.h"
#include "ice/fragment.h"

/* By its a=mid, as the last offer had it or a group; else by its place. NULL: none */
static struct media *find_media(const struct dialog *dialog, const struct ice_section *section)
{
	for (size_t i = 0; section->mid.len && i < dialog->n_media; i++) {
		struct media *media = dialog->media[i];
		struct str mid = offered_mid_of(dialog, i);

		if (!media)
			continue;
		if (!mid.len && media->bundle)
			mid = str_of(media->bundle->mid);
		if (str_eq(mid, section->mid))
			return media;
	}
	return section->index < dialog->n_media ? dialog->media[section->index] : NULL;
}

static void hear(const struct dialog *dialog, int side, struct str body)
{
	struct ice_fragment fragment;
	struct ice_section section;

	ice_fragment_open(&fragment, body);
	for (int n = 0; n < SDP_MAX_MEDIA && ice_fragment_next(&fragment, &section); n++) {
		struct media *media = find_media(dialog, &section);

		if (media)
			ice_run_trickle(media_carrier(media, side), side, &section.lines);
	}
}

void trickle_fragment(struct command_env *env, const struct request *request, struct reply *reply)
{
	struct call *call = call_find(env->calls, request->call_id);
	const struct dialog *dialog;

	reply->code = REPLY_OK;
	if (!call)
		return;
	DL_FOREACH(call->dialogs, dialog) {
		int side = dialog_side_of(dialog, request->from_tag);

		if (side >= 0)
			hear(dialog, side, request->sdp);
	}
}
