/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded_state.h - struct call_recording, for call/recorded*.c */
#ifndef RTPRELAY_RECORDED_STATE_H
#define RTPRELAY_RECORDED_STATE_H

#include "record/recording.h"

struct call;

/**
 * struct call_recording
 * @running: NULL: it has ended, or did not begin yet
 * @resumes: files of a former run are being looked for
 * @since_s: wall clock, when it began, also if that was in a former run
 * @n_media: numbers that were given
 * @id, @name: for the next daemon, which finds the files by @id
 * @path: of the first file, as far as it is known: the recorder's thread may have to take another
 *	name, and says so. NULL: out of memory
 */
struct call_recording {
	struct call *call;
	struct recording *running;
	int64_t since_s;
	bool paused, resumes;
	uint8_t n_media;
	uint64_t id;
	char name[RECORD_NAME];
	char *path;
};

#endif
