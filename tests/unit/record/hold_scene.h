/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold_scene.h - keeps a recorder's thread from reading letters, as a disk does that hangs */
#ifndef RTPRELAY_HOLD_SCENE_H
#define RTPRELAY_HOLD_SCENE_H

#include <sched.h>
#include "daemon/record/recorder.h"

struct hold {
	struct record_letter letter;
	bool held, go;
};

static void hold_run(struct recorder *recorder, struct record_letter *letter)
{
	struct hold *hold = (struct hold *)letter;

	(void)recorder;
	__atomic_store_n(&hold->held, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&hold->go, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* Returns when the thread is held. */
static void hold_recorder(struct hold *hold, struct recorder *recorder)
{
	*hold = (struct hold){ .letter.run = hold_run };
	recorder_post(recorder, &hold->letter);
	while (!__atomic_load_n(&hold->held, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void hold_ends(struct hold *hold)
{
	__atomic_store_n(&hold->go, true, __ATOMIC_RELEASE);
}

#endif
