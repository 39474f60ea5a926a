/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk.c - an answer that goes through all calls, a step for each */
#include <utlist.h>
#include "admin/answer.h"
#include "admin/walk.h"

bool admin_walk_begin(struct admin_peer *peer, const struct dict *request)
{
	const char *wrong = call_filter_read(request, &peer->job.filter);

	if (wrong) {
		admin_error(peer, CONTROL_ERROR_REQUEST, wrong);
		return false;
	}
	call_cursor_begin(&peer->job.cursor, peer->conf->calls);
	return true;
}

enum admin_step admin_step_medias(struct admin_peer *peer, const struct call_filter *filter,
				  void (*send_media)(struct admin_peer *, struct media *))
{
	const struct call *call = call_cursor_next(&peer->job.cursor);
	const struct dialog *dialog;

	if (!call) {
		admin_end(peer, peer->job.count);
		return ADMIN_DONE;
	}
	if (filter && !call_filter_lets(filter, call))
		return ADMIN_MORE;
	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				send_media(peer, dialog->media[i]);
	return ADMIN_MORE;
}
