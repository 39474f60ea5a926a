/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part.h - one file of a recording: NAME.part until it is finished; its entry in the sidecar */
#ifndef RTPRELAY_RECORD_PART_H
#define RTPRELAY_RECORD_PART_H

#include "record/dir_state.h"
#include "record/name.h"
#include "record/sidecar.h"

#define RECORD_PART_ENDING ".part"
#define RECORD_PART_NAME   (RECORD_NAME + 48)

/* All zero: there is none. */
struct record_part {
	struct sidecar_file *entry; /* NULL: there is none */
	int64_t begun_ns;
	char name[RECORD_PART_NAME]; /* the final one */
};

/* "NAME.pcap", "NAME-2.pcap", "NAME-2-caller.wav"; @channel: NULL, "caller", "callee" */
void record_part_name(char *out, const char *name, unsigned int part, const char *channel,
		      const char *format);

/*
 * The next file of @format; part->name is its final name, that no other file has.
 * Return: its descriptor, the caller's; -errno
 */
int record_part_begin(struct record_part *part, struct record_dir *dir, struct sidecar *sidecar,
		      const char *format, const char *channel, int64_t now_ns);
/*
 * Its file is closed: gives it its final name. @packets, @bytes, @why: for the sidecar.
 * Return: 0; -errno
 */
int record_part_end(struct record_part *part, struct record_dir *dir, uint64_t packets,
		    uint64_t bytes, int64_t now_ns, const char *why);
/* Repairs and finishes a file that a former run has left. */
void record_part_recover(const struct sidecar_entry *entry, struct record_dir *dir, int64_t now_ns);

#endif
