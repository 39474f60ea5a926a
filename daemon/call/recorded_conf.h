/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded_conf.h - how calls are recorded, for all of them */
#ifndef RTPRELAY_RECORDED_CONF_H
#define RTPRELAY_RECORDED_CONF_H

#include <stdbool.h>
#include "base/ring.h"

struct record_dir;
struct record_dir_watch;

/**
 * struct recorded_conf - as configured
 * @watch: what is known of @dir
 * @path: recording-dir; @pattern: recording-pattern
 * @sent: recording-side is "sent"; @wav: recording-output is "wav"
 * @no_dtmf: recording-dtmf is "no": telephone-event is left out
 * @all: recordings that are not over
 */
struct recorded_conf {
	struct record_dir *dir;
	struct record_dir_watch *watch;
	const char *path, *pattern;
	bool sent, wav, no_dtmf;
	struct ring *all;
};

#endif
