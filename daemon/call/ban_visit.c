/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ban_visit.c - visits all calls after a change of the list of bans */
#include <event2/event.h>
#include <utlist.h>
#include "base/clock.h"
#include "call/ban_visit.h"
#include "call/media_path.h"
#include "kernel/kmod.h"

#define SLICE_US 500

static void follow_call(const struct call *call)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				media_path_mind_bans(dialog->media[i]);
}

static void on_slice(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = { 0 };
	int64_t until_us = clock_us() + SLICE_US;
	struct ban_visit *visit = arg;
	const struct call *call;

	(void)fd;
	(void)what;
	do {
		if (visit->again && !visit->cursor.table) {
			visit->again = false;
			call_cursor_begin(&visit->cursor, visit->calls);
		}
		call = call_cursor_next(&visit->cursor);
		if (call)
			follow_call(call);
	} while ((call || visit->again) && clock_us() < until_us);
	if (call || visit->again)
		event_add(&visit->timer, &at_once);
}

void ban_visit_init(struct ban_visit *visit, struct call_table *calls)
{
	*visit = (struct ban_visit){ .calls = calls };
	event_assign(&visit->timer, calls->conf.base, -1, 0, on_slice, visit);
}

/* Without a module nothing has to be done: the media threads see each packet. */
void ban_visit_begin(void *arg)
{
	struct ban_visit *visit = arg;

	if (!kmod_available(visit->calls->conf.kmod))
		return;
	visit->again = true;
	if (!visit->cursor.table)
		on_slice(-1, 0, visit);
}

void ban_visit_end(struct ban_visit *visit)
{
	if (!visit->calls)
		return;
	event_del(&visit->timer);
	call_cursor_end(&visit->cursor);
}
