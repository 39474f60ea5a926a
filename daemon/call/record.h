/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - a call in the journal: all that a later daemon needs to continue it
 *
 * Pure: structs and bytes. Times are milliseconds of the wall clock (0: never), since the monotonic
 * clock starts again with the host. A record may come from another version, or be damaged.
 */
#ifndef RTPRELAY_JOURNAL_RECORD_H
#define RTPRELAY_JOURNAL_RECORD_H

#include "base/arena.h"
#include "call/media_bundle.h"
#include "call/media_codecs.h"
#include "call/record_copies.h"
#include "call/record_srtp.h"
#include "call/tree.h"
#include "ice/saved.h"

/* @latch: with times of the wall clock, too */
struct stream_record {
	struct latch_record latch;
	int64_t last_in_ms;
};

/* ICE of one side; @saved counts if @there. Passwords: the file is 0600. */
struct ice_side_record {
	bool there, lite, refused, trickle, mismatch;
	struct ice_saved saved;
};

struct ice_record {
	struct ice_side_record side[2];
};

struct media_record {
	bool there; /* false: nothing is relayed on this m= line */
	struct place_record place[2];
	uint16_t port[2];
	uint8_t flags, holds, answers, direction[2];
	struct str dtmf[2]; /* digits, with dtmf-log */
	bool has_notice;
	uint32_t notice_target;
	struct endpoint notice_source;
	struct str notice_tag;
	struct str type, codec, protocol[2];
	struct str codecs[2]; /* call/media_codecs.h, for subscriptions */
	struct bridge_conf conf;
	struct media_listener listener[2];
	struct stream_record stream[2][2]; /* [side][component] */
	struct sdes_record *sdes;	   /* NULL: no SRTP ends here */
	struct ice_record *ice;		   /* NULL: no ICE ends here */
	struct media_bundle *bundle;	   /* without @told; NULL: it never was in a group */
	uint8_t recorded;		   /* as media.recorded */
};

struct party_record {
	struct str tag, label;
	struct str *aliases;
	size_t n_aliases;
	uint8_t flags;
	struct place_record place;
	bool has_shown;
	struct shown_sdp shown;
};

struct dialog_record {
	struct party_record party[2];
	struct str via_branch, offered;
	int64_t created_s, last_signal_ms, delete_at_ms;
	bool answered, final, unrecorded;
	uint32_t timeout_s;
	struct media_record *media;
	size_t n_media;
};

/**
 * struct recording_record - the recording of a call (call/recorded.h)
 * @paused: also of one that may begin later
 * @medias: numbers that were given
 * @id, @name: if it is @running; a path below recording-dir
 */
struct recording_record {
	bool running, paused;
	uint8_t medias;
	uint64_t id;
	struct str name;
};

struct call_record {
	struct str id, metadata, dtmf_place;
	int64_t created_us, last_signal_s, written_ms;
	uint64_t packets[2];
	int16_t tos;
	uint16_t keepalive_s;
	uint8_t latching;
	bool ignored_told;
	struct recording_record recording;
	struct dialog_record *dialogs;
	size_t n_dialogs;
	struct subscriber_record *subscribers;
	size_t n_subscribers;
};

/* Return: number of bytes; 0: @room is too small */
size_t journal_record_write(struct call_record *record, uint8_t *to, size_t room);
/**
 * journal_record_read() - checks and decodes
 * Return: 0, and all memory of @record is in @arena; -EBADMSG, not a valid record of this version;
 * -ENOMEM
 */
int journal_record_read(struct arena *arena, const uint8_t *bytes, size_t len,
			struct call_record *record);
/* Wipes the keys of a record that was read, which are in the arena. */
void journal_record_wipe(struct call_record *record);

#endif
