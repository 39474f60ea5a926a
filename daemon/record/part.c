/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part.c - one file of a recording: NAME.part until it is finished; its entry in the sidecar */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "base/log.h"
#include "record/part.h"
#include "record/repair.h"
#include "record/wav.h"

void record_part_name(char *out, const char *name, unsigned int part, const char *channel,
		      const char *format)
{
	char number[16] = "";

	if (part > 1)
		snprintf(number, sizeof(number), "-%u", part);
	snprintf(out, RECORD_PART_NAME, "%.*s%s%s%s.%s", RECORD_NAME - 1, name, number,
		 channel ? "-" : "", channel ? channel : "", format);
}

static const char *unfinished(char *out, const char *name)
{
	snprintf(out, RECORD_PART_NAME + sizeof(RECORD_PART_ENDING), "%s" RECORD_PART_ENDING, name);
	return out;
}

/* -EEXIST: another recording has it, finished or not. */
static int create(const struct record_tree *tree, const char *name)
{
	char path[RECORD_PART_NAME + sizeof(RECORD_PART_ENDING)];

	if (record_tree_has(tree, name))
		return -EEXIST;
	return record_tree_create(tree, unfinished(path, name));
}

/*
 * Where recordings are named by Call-IDs alone, that of a call "a-2" is named as the second part of
 * the call "a": phones choose both. Then the part has the recording's random number, too.
 */
static int create_part(struct record_part *part, const struct record_tree *tree,
		       const struct sidecar *sidecar, unsigned int number, const char *channel,
		       const char *format)
{
	const char *name = sidecar_name(sidecar), *id = sidecar_id(sidecar);
	char own[RECORD_NAME];
	int fd;

	record_part_name(part->name, name, number, channel, format);
	fd = create(tree, part->name);
	if (fd != -EEXIST)
		return fd;
	snprintf(own, sizeof(own), "%.*s-%.16s", RECORD_NAME - 18, name, id);
	record_part_name(part->name, own, number, channel, format);
	return create(tree, part->name);
}

int record_part_begin(struct record_part *part, struct record_dir *dir, struct sidecar *sidecar,
		      const char *format, const char *channel, int64_t now_ns)
{
	char name[RECORD_PART_NAME + sizeof(RECORD_PART_ENDING)];
	unsigned int number = sidecar_parts(sidecar, format) + 1;
	const char *channels = NULL;
	int fd;

	/* The second of two mono files belongs to the part of the first. */
	if (channel && !strcmp(channel, "callee"))
		number--;
	fd = create_part(part, &dir->tree, sidecar, number, channel, format);
	if (fd < 0)
		return fd;
	if (!strcmp(format, "wav"))
		channels = channel ? channel : "caller callee";
	part->begun_ns = now_ns;
	part->entry = sidecar_add_file(sidecar, part->name, format, number, channels, now_ns);
	if (part->entry)
		return fd;
	close(fd);
	record_tree_remove(&dir->tree, unfinished(name, part->name));
	return -ENOMEM;
}

int record_part_end(struct record_part *part, struct record_dir *dir, uint64_t packets,
		    uint64_t bytes, int64_t now_ns, const char *why)
{
	char name[RECORD_PART_NAME + sizeof(RECORD_PART_ENDING)];
	int error;

	if (!part->entry)
		return 0;
	sidecar_set_file(part->entry, packets, bytes, now_ns, why);
	part->entry = NULL;
	error = record_tree_rename(&dir->tree, unfinished(name, part->name), part->name, false);
	if (error)
		log_err("recording %s: cannot be renamed to %s: %s", name, part->name,
			strerror(-error));
	return error;
}

void record_part_recover(const struct sidecar_entry *entry, struct record_dir *dir, int64_t now_ns)
{
	char name[RECORD_PART_NAME + sizeof(RECORD_PART_ENDING)];
	uint64_t bytes = 0, packets = 0;
	int fd, error;

	if (entry->ended)
		return;
	fd = record_tree_open(&dir->tree, unfinished(name, entry->name));
	error = fd < 0 ? fd : 0;
	if (!error && !strcmp(entry->format, "pcap"))
		error = record_repair_tail(fd, 0, &bytes, &packets);
	else if (!error)
		error = record_wav_repair(fd, &bytes);
	if (fd >= 0)
		close(fd);
	if (!error)
		error = record_tree_rename(&dir->tree, name, entry->name, false);
	/* It was finished, but the sidecar did not say so yet. */
	if (error == -ENOENT && record_tree_has(&dir->tree, entry->name))
		error = 0;
	if (error)
		log_warn("recording %s: left by a former run, cannot be repaired: %s", name,
			 strerror(-error));
	sidecar_set_file(entry->file, packets, bytes, now_ns, error ? "lost" : "crash");
}
