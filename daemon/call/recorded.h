/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorded.h - the recording of a call: begun, paused, and ended by commands
 *
 * A call has one recording at a time, of all its parties but those of an excluded dialog. A pause
 * holds whatever is offered later. Control thread only.
 */
#ifndef RTPRELAY_RECORDED_H
#define RTPRELAY_RECORDED_H

#include "call/recorded_conf.h"
#include "call/tree.h"
#include "record/recording.h"

struct call_record;
struct recording_record;

/**
 * recorded_start() - records the call from now on; one that is paused goes on
 * @file: where the caller of the command wants it (recording-file), or none; another place than
 *	recording-dir is ignored and logged
 * @pattern: instead of recording-pattern, or none
 * Return: 0, also if it was recorded; -ENOTSUP, nothing can be recorded: see recording-dir;
 *	-ENOMEM; -ENOBUFS, too much waits for a disk that does not answer: it is logged
 */
int recorded_start(struct call *call, struct str file, struct str pattern);
/* Goes on only if it is not paused. As recorded_start(). */
int recorded_begin(struct call *call, struct str file, struct str pattern);
/* Nothing is written until recorded_start(); also if nothing is recorded yet. 0; -ENOMEM */
int recorded_pause(struct call *call);
/* @discard: its files are removed */
void recorded_stop(struct call *call, bool discard);
/* A delete has come: if no dialog goes on, it ends now, though media is relayed for a while. */
void recorded_deleted(struct call *call);
/* The call ends. @why: static */
void recorded_call_ends(struct call *call, bool kept, const char *why);

/* For the journal. Texts are borrowed. */
void recorded_note(const struct call *call, struct recording_record *record);
/*
 * Goes on with the recording of @call, which was made from @record: a pause stays one. What cannot
 * go on is logged, and told to watchers.
 */
void recorded_resume(struct call *call, const struct call_record *record);

/* Is it recorded now, and not paused? */
bool recorded_runs(const struct call *call);
/*
 * Path of its first file; NULL: there is no recording. If the name that was chosen is taken, the
 * true one is known a moment after the start. Valid until the next event.
 */
const char *recorded_path(const struct call *call);

/**
 * struct recorded_report - a recording that runs, for the operator
 * @path: as recorded_path(); @since_s: wall clock
 * @state: as of the last second
 */
struct recorded_report {
	const char *path;
	int64_t since_s;
	bool paused;
	struct recording_state state;
};

/* False: the call has no recording now. */
bool recorded_report(const struct call *call, struct recorded_report *report);

#endif
