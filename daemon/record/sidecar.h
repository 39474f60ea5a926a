/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sidecar.h - the JSON text beside the files of a recording: who, when, how much, why it ended
 *
 * Kept as a tree, so that it can be written again and again while the recording runs, and read
 * after a restart. Texts are bytes of others: those that are no UTF-8 are taken as Latin-1. No I/O.
 * docs/recording.md describes the members.
 */
#ifndef RTPRELAY_RECORD_SIDECAR_H
#define RTPRELAY_RECORD_SIDECAR_H

#include "record/facts.h"
#include "record/settings.h"

struct sidecar;

#define SIDECAR_VERSION 1

/* NULL: out of memory. @id, @name, texts of @about; settings of @conf that tell how to read it. */
struct sidecar *sidecar_new(const struct record_file_about *about, const char *name,
			    const struct record_dir_conf *conf);
/*
 * From a text that sidecar_text() has made. NULL: it is none, or out of memory. Members with wrong
 * values are left out; names of files that lead out of the directory, too.
 */
struct sidecar *sidecar_read(const char *text, size_t len);
void sidecar_free(struct sidecar *sidecar);

/* Name of the recording below recording-dir, without an extension. Valid as long as @sidecar. */
const char *sidecar_name(const struct sidecar *sidecar);
/* Its random number, 16 hexadecimal digits. */
const char *sidecar_id(const struct sidecar *sidecar);
/* When the recording began, also if that was in a former run. 0: the sidecar does not say it */
int64_t sidecar_started(const struct sidecar *sidecar);

/* One of its files. Owned by @sidecar. */
struct sidecar_file;
/* @format: "pcap", "wav"; @channels: what a WAV file has: "caller callee", "caller"; or NULL */
struct sidecar_file *sidecar_add_file(struct sidecar *sidecar, const char *name, const char *format,
				      unsigned int part, const char *channels, int64_t now_ns);
/* @why: "size", "time", "stopped", ...; NULL: it is still being written */
void sidecar_set_file(struct sidecar_file *file, uint64_t packets, uint64_t bytes, int64_t now_ns,
		      const char *why);
/* The highest part of this format so far; 0: none */
unsigned int sidecar_parts(const struct sidecar *sidecar, const char *format);

/* What sidecar_each_file() tells. Texts are valid as long as @sidecar. */
struct sidecar_entry {
	struct sidecar_file *file;
	const char *name, *format;
	bool ended;
};
/* @at: 0 first; grows. False: there is no other. */
bool sidecar_each_file(const struct sidecar *sidecar, size_t *at, struct sidecar_entry *entry);

/* As the functions of record/file.h. */
void sidecar_tell_metadata(struct sidecar *sidecar, struct str metadata);
void sidecar_tell_party(struct sidecar *sidecar, uint8_t side, struct str tag, struct str label,
			struct str metadata);
void sidecar_tell_media(struct sidecar *sidecar, const struct record_media *media);
void sidecar_tell_codec(struct sidecar *sidecar, uint8_t media, uint8_t type, struct str name);
void sidecar_tell_sdp(struct sidecar *sidecar, int64_t now_ns, uint8_t side, const char *kind,
		      struct str sdp);
void sidecar_pause(struct sidecar *sidecar, bool paused, int64_t now_ns);
void sidecar_lost(struct sidecar *sidecar, enum record_loss why, int media, uint8_t side,
		  uint64_t count);
/* Counts a packet that was written. */
void sidecar_count(struct sidecar *sidecar, const struct record_packet *packet);
/* @why NULL: it goes on. */
void sidecar_end(struct sidecar *sidecar, int64_t now_ns, const char *why);

/* Was anything but counters told since the last sidecar_text()? */
bool sidecar_changed(const struct sidecar *sidecar);
/* The text, to be freed; NULL: out of memory */
char *sidecar_text(struct sidecar *sidecar);

#endif
