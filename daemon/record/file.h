/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - one recording as files: pcap and WAV in parts, and the JSON sidecar that tells of them
 *
 *	DIR/2026-11-29/CALL-ID-0123456789abcdef.pcap	part 1; "-2.pcap" is the next
 *	DIR/2026-11-29/CALL-ID-0123456789abcdef.wav
 *	DIR/2026-11-29/CALL-ID-0123456789abcdef.json	the sidecar, last
 *
 * A part is NAME.part until it is finished; then it is written to the disk and renamed. Up to
 * the end of the recording its sidecar is DIR/.open/ID.json.
 * No thread, no clock: packets and time are handed in, in order of time. All functions but
 * record_file_state() may wait for the disk. Call-IDs, tags, SDP and packets are bytes of others.
 *
 *	open -> (write | lost | tell | pause)*, tick each second -> end, suspend or discard
 *
 * If the disk fails or is full, the file ends itself: record_file_state()->error is set, the parts
 * are cut behind their last whole record, and what comes later is ignored until record_file_end().
 */
#ifndef RTPRELAY_RECORD_FILE_H
#define RTPRELAY_RECORD_FILE_H

#include "record/dir.h"
#include "record/facts.h"
#include "record/name.h"

struct record_file;

/* Descriptors that a recording holds: a pcap, and two WAV. */
#define RECORD_FILE_FDS 3

/**
 * record_file_open() - begins a recording: its sidecar, and its first pcap, which has a header only
 * If @name is taken, "-" and @id as 16 hexadecimal digits are added. With @resume and a sidecar in
 * DIR/.open, @name is that of the former run, the tail of its last part is repaired, and the next
 * part begins; without that sidecar, or if it cannot be read, it is a new recording with @fresh_id.
 * Return: the file; NULL and *error: -ENOSPC: less than recording-min-free is left, or the disk is
 *	full; -EMFILE, -ENFILE, -ENOMEM, -EACCES, -EROFS, -ENOENT (recording-dir was removed), ...
 */
struct record_file *record_file_open(struct record_dir *dir, const struct record_file_about *about,
				     int *error);

/**
 * record_file_write() - one packet; starts the next part where size or time ask for it
 * While it is paused, the packet is only counted.
 * Return: 0; -errno: the file has ended itself, now or before
 */
int record_file_write(struct record_file *file, const struct record_packet *packet);

/**
 * record_file_tick() - call it each second: what was written goes to the kernel, so that a crash of
 *	the daemon loses a second at most; recording-sync, reserve of the disk, parts by time
 * Return: as record_file_write()
 */
int record_file_tick(struct record_file *file, int64_t now_ns);

/*
 * @count packets are missing. @media: its number, with @side; -1: nobody knows whose they were, so
 * this is written into the sidecar of each recording that was open.
 */
void record_file_lost(struct record_file *file, enum record_loss why, int media, uint8_t side,
		      uint64_t count);

/* Pauses and goes on again; the sidecar lists from when to when. The same again: nothing. */
void record_file_pause(struct record_file *file, bool paused, int64_t now_ns);

/* --- What the sidecar tells; each may be said again, the last one counts ---------------------- */

/* Of the call; replaces what was said. */
void record_file_tell_metadata(struct record_file *file, struct str metadata);
/* A party: found again by @tag. @label, @metadata: empty: none. */
void record_file_tell_party(struct record_file *file, uint8_t side, struct str tag,
			    struct str label, struct str metadata);

void record_file_tell_media(struct record_file *file, const struct record_media *media);
/* A codec of the media: "PCMU/8000", "telephone-event/8000". @type: 0..127 */
void record_file_tell_codec(struct record_file *file, uint8_t media, uint8_t type, struct str name);
/* @kind: "offer" or "answer". @side: who has sent it. Keys are cut out of @sdp here. */
void record_file_tell_sdp(struct record_file *file, int64_t now_ns, uint8_t side, const char *kind,
			  struct str sdp);

/* --- The end ---------------------------------------------------------------------------------- */

/**
 * record_file_end() - finishes all parts, renames them, then the sidecar; frees @file
 * @why: "stopped", "deleted", "timeout", ...: static text for the sidecar; ignored when the file
 *	has ended itself
 * Return: 0; -errno: of the first that failed
 */
int record_file_end(struct record_file *file, int64_t now_ns, const char *why);

/*
 * The daemon ends, and the recording goes on in the next one: parts are finished, the sidecar stays
 * in DIR/.open; frees @file.
 */
int record_file_suspend(struct record_file *file, int64_t now_ns);

/* Removes all its files, also those of former parts; frees @file. */
void record_file_discard(struct record_file *file);

/* --- State ------------------------------------------------------------------------------------ */

struct record_file_state {
	uint64_t id;
	int64_t started_ns;	 /* also if that was in a former run; 0: unknown */
	const char *path;	 /* absolute: the first file of the recording, its final name */
	unsigned int parts;	 /* begun so far */
	uint64_t packets, bytes; /* written; bytes of all files */
	uint64_t paused_packets; /* not written, because of a pause */
	uint64_t lost[RECORD_LOSSES];
	uint64_t side_packets[2]; /* RTP of each side */
	bool paused, resumed;
	int error; /* 0, or -errno: it has ended itself; -ENOSPC, -EIO, -ENOENT, -EDQUOT, ... */
	const char *why; /* "disk full", ...: static; NULL: it runs */
};

/* Valid until the next call of another function. */
const struct record_file_state *record_file_state(const struct record_file *file);

/* --- Of a former run -------------------------------------------------------------------------- */

/**
 * record_dir_end_leftovers() - ends recordings of a former run that nobody has resumed
 * Their tails are repaired, their files get their final names, their sidecars say "crash".
 * Call it once, when the calls of the former run have been restored, and those that are still
 * recorded have been opened with record_file_about.resume.
 * Return: how many
 */
unsigned int record_dir_end_leftovers(struct record_dir *dir, int64_t now_ns);

#endif
