/* SPDX-License-Identifier: GPL-2.0-or-later */
/* one_way.c - calls that are one-way now: one side is heard, the other one is not */
#include <utlist.h>
#include "call/media_path.h"
#include "call/one_way.h"
#include "packet/bridge.h"

/*
 * Both times are compared with each other, not with the clock: those of the kernel are as old as
 * its last reading, but read together.
 */
int one_way_side(const int64_t heard_ms[2], const bool quiet[2], int64_t since_ms, int64_t now_ms)
{
	for (int side = 0; side < 2; side++) {
		int64_t other_ms = heard_ms[!side];
		int64_t silent_ms = heard_ms[side] > since_ms ? heard_ms[side] : since_ms;

		if (!quiet[side] && other_ms && now_ms - other_ms < ONE_WAY_BOTH_MS &&
		    other_ms - silent_ms >= ONE_WAY_MS)
			return side;
	}
	return -1;
}

int64_t media_heard_ms(const struct media *media, enum side side)
{
	struct stream_report report;

	if (!bridge_has(media->bridge, side, COMP_RTP))
		return 0;
	media_report(media, side, COMP_RTP, &report);
	return report.last_in_ms;
}

int media_one_way(const struct media *media, int64_t now_ms)
{
	const struct bridge_conf *conf = bridge_conf(media->bridge);
	bool quiet[2] = { false };
	int64_t heard_ms[2];

	if (conf->kind != BRIDGE_RTP || !media->dialog->answered ||
	    media->flags & (MEDIA_UNIDIRECTIONAL | MEDIA_REFUSED))
		return -1;
	for (int side = 0; side < 2; side++) {
		heard_ms[side] = media_heard_ms(media, (enum side)side);
		quiet[side] = conf->side[side].flags & SIDE_HOLD;
	}
	return one_way_side(heard_ms, quiet, media->dialog->last_signal_ms, now_ms);
}

int call_one_way(const struct call *call, int64_t now_ms)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		for (size_t i = 0; i < dialog->n_media; i++) {
			int side = dialog->media[i] ? media_one_way(dialog->media[i], now_ms) : -1;

			if (side >= 0)
				return side;
		}
	}
	return -1;
}
