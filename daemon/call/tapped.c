/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tapped.c - medias whose packets are copied for the recorder's thread */
#include <errno.h>
#include "call/media_path.h"
#include "call/tap_ports.h"
#include "call/tapped.h"
#include "packet/bridge.h"
#include "record/recorder.h"

int tapped_resume(struct media *media)
{
	struct recorder *recorder = media->table->conf.recorder;
	int error;

	if (!recorder)
		return -ENOTSUP;
	if (media->tap_users++)
		return 0;
	if (!media->tap)
		media->tap = recorder_new_tap(recorder);
	error = bridge_tap(media->bridge, media->tap);
	if (error)
		media->tap_users--;
	return error;
}

int tapped_hold(struct media *media)
{
	bool first = !media->tap_users;
	int error = tapped_resume(media);

	if (!error && first)
		media_path_follow(media);
	return error;
}

void tapped_release(struct media *media)
{
	if (--media->tap_users)
		return;
	/* Out of memory: packets are copied for nobody. */
	bridge_tap(media->bridge, 0);
	tap_ports_forget(media);
}

void tapped_end(struct media *media)
{
	if (!media->tap_users)
		return;
	media->tap_users = 1;
	tapped_release(media);
}
