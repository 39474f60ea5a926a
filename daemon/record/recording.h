/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording.h - one recording of a call, as the control thread holds it
 *
 * The files (record/file.h) belong to the recorder's thread, a sink of which it is. What the
 * control thread says goes there by letters, in order. While a disk does not answer, letters wait:
 * pauses, what is left out, and the end need no memory, and are never lost. Without room for a
 * media the recording ends itself; what is for the JSON file only is missing there. Control thread
 * only.
 */
#ifndef RTPRELAY_RECORDING_H
#define RTPRELAY_RECORDING_H

#include "record/file.h"
#include "record/recorder.h"

struct recording;

/* How it goes: a copy of what the recorder's thread has told last, at most a second old. */
struct recording_state {
	unsigned int parts;
	uint64_t packets, bytes, paused_packets, side_packets[2];
	uint64_t lost[RECORD_LOSSES];
	bool open, paused;
	int error;	 /* -errno: it has ended itself */
	const char *why; /* static; NULL: it runs */
};

/* It has ended itself: @state->error. The owner still has to end it. */
typedef void recording_failed_fn(void *owner, const struct recording_state *state);

/*
 * It has its files. @path: of the first, when it is finished. @id: of its conf, or @fresh_id if
 * what was to be resumed was not found: @resumed is false then. @started_ns: wall clock, also if
 * that was in a former run; 0: unknown. Texts are valid during the call.
 */
struct recording_opened {
	const char *path;
	uint64_t id;
	int64_t started_ns;
	bool resumed;
};
typedef void recording_opened_fn(void *owner, const struct recording_opened *opened);

/**
 * struct recording_conf
 * @sent: packets are written as they were sent, not as received
 * @failed, @opened: on the control thread; or NULL
 * @owner: for both; recording_end() forgets it
 * @name: below the directory, as record_name_make() made it
 * @id, @resume, @fresh_id: as in struct record_file_about
 * @all: of recordings that are not over, in which this one stands until then; or NULL
 */
struct recording_conf {
	struct recorder *recorder;
	struct record_dir *dir;
	bool sent;
	recording_failed_fn *failed;
	recording_opened_fn *opened;
	void *owner;
	struct str call_id, metadata;
	const char *name;
	uint64_t id, fresh_id;
	bool resume;
	int64_t now_ns;
	struct ring *all;
};

/* NULL and *error: -ENOMEM; -ENOBUFS: the recorder does not read its orders */
struct recording *recording_new(const struct recording_conf *conf, int *error);

/**
 * struct recording_media - a media of the call
 * @tap: its number; @about.media: its number in the files
 * @encrypted: SRTP passes through
 * @left_out: [side], bit per payload type that is not written when this side sends it
 */
struct recording_media {
	uint32_t tap;
	bool encrypted;
	uint64_t left_out[2][2];
	struct record_media about;
};

/* Its packets are of the recording up to the end of that. */
void recording_media(struct recording *recording, const struct recording_media *media);
/*
 * Nothing of this tap is of the recording any more, also what was not written yet, nor of a media
 * that is told later.
 */
void recording_leave_out(struct recording *recording, uint32_t tap);
void recording_codec(struct recording *recording, uint8_t media, uint8_t type, struct str name);
void recording_party(struct recording *recording, uint8_t side, struct str tag, struct str label,
		     struct str metadata);
/* @kind: static */
void recording_sdp(struct recording *recording, uint8_t side, const char *kind, struct str sdp);
void recording_metadata(struct recording *recording, struct str metadata);
/* Of many pauses in the time in which the recorder's thread waits for the disk, some become one. */
void recording_pause(struct recording *recording, bool paused);

/* What becomes of the files. */
enum recording_end { RECORDING_FINISHED, RECORDING_SUSPENDED, RECORDING_DISCARDED };
/*
 * Ends it with what was forwarded up to now; @recording is not the caller's any more. Takes NULL.
 * @why: static text
 */
void recording_end(struct recording *recording, enum recording_end end, const char *why);

void recording_state(struct recording *recording, struct recording_state *state);

/*
 * After recorder_close() has not ended the thread: says in the log which recordings of @all, below
 * @dir, are not finished.
 */
void recording_tell_unfinished(const struct ring *all, const char *dir);

/*
 * Ends recordings of a former run that nobody has resumed up to now: record_dir_end_leftovers() on
 * the recorder's thread. 0; -ENOMEM
 */
int recording_end_leftovers(struct recorder *recorder, struct record_dir *dir);

#endif
