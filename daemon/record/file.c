/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - one recording as files: pcap and WAV in parts, and the sidecar */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "record/audio.h"
#include "record/dir_state.h"
#include "record/file.h"
#include "record/part.h"
#include "record/pcap.h"
#include "record/sidecar.h"

#define NS_PER_SECOND 1000000000LL
/* The sidecar of a running recording has counters that are so old at most. */
#define SIDECAR_NS (60 * NS_PER_SECOND)
/* "DIR/.open/0123456789abcdef.json" */
#define OPEN_NAME 64
/* Of a sidecar that is read again. */
#define SIDECAR_MAX (16L * 1024 * 1024)

struct record_file {
	struct record_dir *dir;
	struct sidecar *sidecar;
	struct record_pcap pcap;
	struct record_part pcap_part;
	struct record_audio audio;
	struct record_file_state state;
	uint64_t past_bytes; /* of parts that have ended */
	int64_t told_ns;     /* when the sidecar was written */
	int64_t synced_ns;
	bool begun_audio;
	char path[];
};

static const char *why_of(int error)
{
	switch (error) {
	case -ENOSPC:
	case -EDQUOT:
		return "disk full";
	case -ENOENT:
		return "file removed";
	case -EIO:
		return "disk error";
	case -EMFILE:
	case -ENFILE:
		return "out of descriptors";
	default:
		return "error";
	}
}

/* --- The sidecar on the disk ------------------------------------------------------------------ */

static const char *open_name(char *out, uint64_t id, const char *ending)
{
	snprintf(out, OPEN_NAME, RECORD_OPEN "/%016" PRIx64 ".%s", id, ending);
	return out;
}

static int write_text(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The whole text or nothing: @name has the old one until the new one is complete. */
static int write_sidecar(struct record_file *file, const char *name, bool replace, bool sync)
{
	char fresh[OPEN_NAME], *text = sidecar_text(file->sidecar);
	int fd, error;

	if (!text)
		return -ENOMEM;
	open_name(fresh, file->state.id, "new");
	record_tree_remove(&file->dir->tree, fresh);
	fd = record_tree_create(&file->dir->tree, fresh);
	error = fd < 0 ? fd : write_text(fd, text);
	if (!error && sync && fdatasync(fd))
		error = -errno;
	if (fd >= 0)
		close(fd);
	free(text);
	if (!error)
		error = record_tree_rename(&file->dir->tree, fresh, name, replace);
	if (error)
		record_tree_remove(&file->dir->tree, fresh);
	return error;
}

static int write_open_sidecar(struct record_file *file, int64_t now_ns)
{
	char name[OPEN_NAME];

	file->told_ns = now_ns;
	return write_sidecar(file, open_name(name, file->state.id, "json"), true, false);
}

static struct sidecar *read_open_sidecar(struct record_dir *dir, uint64_t id)
{
	char name[OPEN_NAME], *text = NULL;
	struct sidecar *sidecar = NULL;
	struct stat found;
	int fd = record_tree_open(&dir->tree, open_name(name, id, "json"));
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &found) && found.st_size < SIDECAR_MAX)
		text = malloc((size_t)found.st_size + 1);
	if (text)
		n = pread(fd, text, (size_t)found.st_size, 0);
	if (n >= 0)
		sidecar = sidecar_read(text, (size_t)n);
	if (!sidecar)
		log_err("recording %s/%s: cannot be read, and is left as it is; its files end "
			"with " RECORD_PART_ENDING,
			dir->conf.path, name);
	free(text);
	close(fd);
	return sidecar;
}

/* --- Parts ------------------------------------------------------------------------------------ */

static int begin_pcap(struct record_file *file, int64_t now_ns)
{
	int fd =
		record_part_begin(&file->pcap_part, file->dir, file->sidecar, "pcap", NULL, now_ns);

	if (fd < 0)
		return fd;
	file->state.parts++;
	return record_pcap_begin(&file->pcap, fd, file->dir->format);
}

/* Finishes the pcap, and begins no other. */
static int end_pcap(struct record_file *file, int64_t now_ns, const char *why)
{
	int error = record_pcap_end(&file->pcap, file->dir->conf.sync_s), renamed;

	file->past_bytes += file->pcap.bytes;
	renamed = record_part_end(&file->pcap_part, file->dir, file->pcap.packets, file->pcap.bytes,
				  now_ns, why);
	file->pcap.bytes = 0;
	return error ? error : renamed;
}

static int end_audio(struct record_file *file, int64_t now_ns, const char *why)
{
	int error = file->begun_audio ? record_audio_end(&file->audio, file->dir,
							 file->dir->conf.sync_s, now_ns, why)
				      : 0;

	file->begun_audio = false;
	return error;
}

static int begin_parts(struct record_file *file, int64_t now_ns)
{
	int error = 0;

	if (file->dir->conf.output & RECORD_PCAP)
		error = begin_pcap(file, now_ns);
	if (!error && file->dir->conf.output & RECORD_WAV) {
		file->begun_audio = true;
		error = record_audio_begin(&file->audio, file->dir, file->sidecar, now_ns);
	}
	return error;
}

static int end_parts(struct record_file *file, int64_t now_ns, const char *why)
{
	int pcap = end_pcap(file, now_ns, why), wav = end_audio(file, now_ns, why);

	return pcap ? pcap : wav;
}

/* Ends itself: what is there stays, whole. Returns @error. */
static int give_up(struct record_file *file, int error, int64_t now_ns)
{
	uint64_t packets = file->pcap.dump ? file->pcap.packets : 0;
	const char *why = why_of(error);

	if (file->state.error)
		return file->state.error;
	file->state.error = error;
	file->state.why = why;
	end_parts(file, now_ns, why);
	/* Those of the buffer have found no place. */
	if (packets > file->pcap.packets)
		record_file_lost(file, RECORD_LOST_DISK, -1, 0, packets - file->pcap.packets);
	sidecar_end(file->sidecar, now_ns, why);
	/* On a full disk the old one stays, which has all but the end. */
	write_open_sidecar(file, now_ns);
	return error;
}

/* --- Open ------------------------------------------------------------------------------------- */

/* Is a file of the recording @name there, finished or not? */
static bool is_taken(const struct record_tree *tree, const char *name)
{
	static const char *const endings[] = { ".json", ".pcap", ".pcap.part", ".wav",
					       ".wav.part" };
	char path[RECORD_PART_NAME];

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		snprintf(path, sizeof(path), "%.*s%s", RECORD_NAME - 1, name, endings[i]);
		if (record_tree_has(tree, path))
			return true;
	}
	return false;
}

static struct sidecar *new_sidecar(struct record_dir *dir, const struct record_file_about *about,
				   uint64_t id)
{
	struct record_file_about fresh = *about;
	char name[RECORD_PART_NAME];

	fresh.id = id;
	snprintf(name, sizeof(name), "%.*s", RECORD_NAME - 1, about->name);
	if (is_taken(&dir->tree, name))
		snprintf(name, sizeof(name), "%.*s-%016" PRIx64, RECORD_NAME - 18, about->name, id);
	return sidecar_new(&fresh, name, &dir->conf);
}

static void recover_parts(struct record_dir *dir, struct sidecar *sidecar, int64_t now_ns)
{
	struct sidecar_entry entry;

	for (size_t at = 0; sidecar_each_file(sidecar, &at, &entry);)
		record_part_recover(&entry, dir, now_ns);
}

/* Takes @sidecar. NULL: out of memory */
static struct record_file *file_new(struct record_dir *dir, struct sidecar *sidecar, uint64_t id)
{
	const char *ending = dir->conf.output & RECORD_PCAP ? "pcap" : "wav";
	size_t size = strlen(dir->conf.path) + 1 + RECORD_PART_NAME;
	struct record_file *file = sidecar ? calloc(1, sizeof(*file) + size) : NULL;
	char first[RECORD_PART_NAME];

	if (!file) {
		sidecar_free(sidecar);
		return NULL;
	}
	file->dir = dir;
	file->sidecar = sidecar;
	file->state.id = id;
	record_part_name(first, sidecar_name(sidecar), 1, NULL, ending);
	snprintf(file->path, size, "%s/%s", dir->conf.path, first);
	file->state.path = file->path;
	return file;
}

static void file_free(struct record_file *file)
{
	sidecar_free(file->sidecar);
	free(file);
}

struct record_file *record_file_open(struct record_dir *dir, const struct record_file_about *about,
				     int *error)
{
	struct sidecar *sidecar = NULL;
	struct record_file *file;
	uint64_t id = about->id;
	bool resumed;

	*error = record_dir_follow(dir);
	if (*error)
		return NULL;
	if (!record_dir_has_room(dir, about->now_ns)) {
		*error = -ENOSPC;
		return NULL;
	}
	if (about->resume && record_dir_take_leftover(dir, about->id))
		sidecar = read_open_sidecar(dir, about->id);
	resumed = sidecar;
	if (resumed) {
		recover_parts(dir, sidecar, about->now_ns);
		sidecar_pause(sidecar, false, about->now_ns);
	} else {
		/* The sidecar of @id may be there, and stays. */
		id = about->resume ? about->fresh_id : id;
		sidecar = new_sidecar(dir, about, id);
	}
	file = file_new(dir, sidecar, id);
	*error = -ENOMEM;
	if (!file)
		return NULL;
	file->synced_ns = about->now_ns;
	file->state.resumed = resumed;
	file->state.started_ns = sidecar_started(sidecar);
	file->state.parts = sidecar_parts(sidecar, "pcap");
	sidecar_end(sidecar, about->now_ns, NULL);
	*error = write_open_sidecar(file, about->now_ns);
	if (!*error)
		*error = begin_parts(file, about->now_ns);
	if (!*error)
		*error = write_open_sidecar(file, about->now_ns);
	if (!*error)
		return file;
	if (resumed)
		record_file_end(file, about->now_ns, why_of(*error));
	else
		record_file_discard(file);
	return NULL;
}

/* --- Packets ---------------------------------------------------------------------------------- */

static int next_pcap(struct record_file *file, int64_t now_ns, const char *why)
{
	int error = end_pcap(file, now_ns, why);

	return error ? error : begin_pcap(file, now_ns);
}

/* @more: bytes that come next */
static bool is_full(const struct record_file *file, size_t more)
{
	uint64_t limit = file->dir->conf.max_size;

	return limit && file->pcap.packets && file->pcap.bytes + more > limit;
}

static bool is_old(const struct record_file *file, int64_t now_ns)
{
	int64_t limit = (int64_t)file->dir->conf.max_time_s * NS_PER_SECOND;

	return limit && now_ns - file->pcap_part.begun_ns >= limit;
}

static int write_pcap(struct record_file *file, const struct record_packet *packet)
{
	struct record_dir *dir = file->dir;
	size_t len = record_frame(dir->frame, dir->conf.linktype, packet);
	int error = 0;

	if (is_full(file, len + 16))
		error = next_pcap(file, packet->time_ns, "size");
	else if (is_old(file, packet->time_ns))
		error = next_pcap(file, packet->time_ns, "time");
	return error ? error : record_pcap_put(&file->pcap, packet->time_ns, dir->frame, len);
}

static void count(struct record_file *file, const struct record_packet *packet)
{
	struct record_file_state *state = &file->state;

	sidecar_count(file->sidecar, packet);
	state->packets++;
	if (!packet->rtcp)
		state->side_packets[packet->side & 1]++;
}

/* It is in no file, because of the disk. Returns @error. */
static int lose(struct record_file *file, const struct record_packet *packet, int error)
{
	record_file_lost(file, RECORD_LOST_DISK, packet->media, packet->side, 1);
	return error;
}

int record_file_write(struct record_file *file, const struct record_packet *packet)
{
	int error = 0;

	if (file->state.paused) {
		file->state.paused_packets++;
		return file->state.error;
	}
	if (file->state.error)
		return lose(file, packet, file->state.error);
	if (file->pcap.dump)
		error = write_pcap(file, packet);
	if (!error && file->begun_audio)
		error = record_audio_put(&file->audio, file->dir, file->sidecar, packet);
	if (error && !file->pcap.dump)
		lose(file, packet, error);
	if (error)
		return give_up(file, error, packet->time_ns);
	count(file, packet);
	return 0;
}

/* Somebody may have removed the directory, or the file: what is written then is lost. */
static int check_there(const struct record_file *file)
{
	struct stat found;

	if (!file->pcap.dump || fstat(file->pcap.fd, &found))
		return 0;
	return found.st_nlink ? 0 : -ENOENT;
}

static int sync_now(struct record_file *file, int64_t now_ns)
{
	int64_t every = (int64_t)file->dir->conf.sync_s * NS_PER_SECOND;

	if (!every || now_ns - file->synced_ns < every)
		return 0;
	file->synced_ns = now_ns;
	if (file->pcap.dump && fdatasync(file->pcap.fd))
		return -errno;
	for (int i = 0; i < 2; i++)
		if (file->audio.wav[i] && fdatasync(file->audio.wav[i]->fd))
			return -errno;
	return 0;
}

static void update_entries(struct record_file *file, int64_t now_ns)
{
	if (file->pcap_part.entry)
		sidecar_set_file(file->pcap_part.entry, file->pcap.packets, file->pcap.bytes,
				 now_ns, NULL);
}

int record_file_tick(struct record_file *file, int64_t now_ns)
{
	int error = 0;

	if (file->state.error)
		return file->state.error;
	if (!record_dir_has_room(file->dir, now_ns))
		error = -ENOSPC;
	if (!error && file->pcap.dump)
		error = record_pcap_flush(&file->pcap);
	if (!error)
		error = check_there(file);
	if (!error && file->pcap.dump && is_old(file, now_ns))
		error = next_pcap(file, now_ns, "time");
	if (!error && file->begun_audio)
		error = record_audio_tick(&file->audio, file->dir, file->sidecar, now_ns);
	if (!error)
		error = sync_now(file, now_ns);
	if (!error && (sidecar_changed(file->sidecar) || now_ns - file->told_ns >= SIDECAR_NS)) {
		update_entries(file, now_ns);
		error = write_open_sidecar(file, now_ns);
	}
	return error ? give_up(file, error, now_ns) : 0;
}

void record_file_lost(struct record_file *file, enum record_loss why, int media, uint8_t side,
		      uint64_t count_)
{
	file->state.lost[why] += count_;
	sidecar_lost(file->sidecar, why, media, side, count_);
}

void record_file_pause(struct record_file *file, bool paused, int64_t now_ns)
{
	if (file->state.paused == paused)
		return;
	file->state.paused = paused;
	sidecar_pause(file->sidecar, paused, now_ns);
}

/* --- What the sidecar tells ------------------------------------------------------------------- */

void record_file_tell_metadata(struct record_file *file, struct str metadata)
{
	sidecar_tell_metadata(file->sidecar, metadata);
}

void record_file_tell_party(struct record_file *file, uint8_t side, struct str tag,
			    struct str label, struct str metadata)
{
	sidecar_tell_party(file->sidecar, side, tag, label, metadata);
}

void record_file_tell_media(struct record_file *file, const struct record_media *media)
{
	sidecar_tell_media(file->sidecar, media);
}

void record_file_tell_codec(struct record_file *file, uint8_t media, uint8_t type, struct str name)
{
	sidecar_tell_codec(file->sidecar, media, type, name);
}

void record_file_tell_sdp(struct record_file *file, int64_t now_ns, uint8_t side, const char *kind,
			  struct str sdp)
{
	sidecar_tell_sdp(file->sidecar, now_ns, side, kind, sdp);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* The finished sidecar beside its files, the last of them. */
static int finish_sidecar(struct record_file *file)
{
	char name[RECORD_PART_NAME], running[OPEN_NAME];
	int error;

	snprintf(name, sizeof(name), "%.*s.json", RECORD_NAME - 1, sidecar_name(file->sidecar));
	/* A crash between both steps has left one of this recording. */
	error = write_sidecar(file, name, true, file->dir->conf.sync_s);
	if (!error)
		record_tree_remove(&file->dir->tree, open_name(running, file->state.id, "json"));
	return error;
}

int record_file_end(struct record_file *file, int64_t now_ns, const char *why)
{
	int error = file->state.error, step;

	if (!error) {
		error = end_parts(file, now_ns, why);
		sidecar_end(file->sidecar, now_ns, error ? why_of(error) : why);
	}
	step = finish_sidecar(file);
	if (step)
		log_err("recording %s: its sidecar cannot be written: %s", file->path,
			strerror(-step));
	file_free(file);
	return error ? error : step;
}

int record_file_suspend(struct record_file *file, int64_t now_ns)
{
	int error = file->state.error, step;

	if (!error)
		error = end_parts(file, now_ns, "restart");
	step = write_open_sidecar(file, now_ns);
	file_free(file);
	return error ? error : step;
}

void record_file_discard(struct record_file *file)
{
	char name[RECORD_PART_NAME];
	struct sidecar_entry entry;

	end_parts(file, file->told_ns, "discarded");
	for (size_t at = 0; sidecar_each_file(file->sidecar, &at, &entry);)
		record_tree_remove(&file->dir->tree, entry.name);
	record_tree_remove(&file->dir->tree, open_name(name, file->state.id, "json"));
	file_free(file);
}

const struct record_file_state *record_file_state(const struct record_file *file)
{
	/* Only bytes are not kept as they grow. */
	struct record_file *state = (struct record_file *)(uintptr_t)file;

	state->state.bytes = file->past_bytes + file->pcap.bytes + record_audio_bytes(&file->audio);
	return &file->state;
}

/* --- Leftovers of a former run ---------------------------------------------------------------- */

static bool end_leftover(struct record_dir *dir, uint64_t id, int64_t now_ns)
{
	struct sidecar *sidecar = read_open_sidecar(dir, id);
	struct record_file *file;

	if (!sidecar)
		return false;
	recover_parts(dir, sidecar, now_ns);
	file = file_new(dir, sidecar, id);
	return file && !record_file_end(file, now_ns, "crash");
}

unsigned int record_dir_end_leftovers(struct record_dir *dir, int64_t now_ns)
{
	unsigned int ended = 0;

	while (dir->n_leftover)
		ended += end_leftover(dir, dir->leftover[--dir->n_leftover], now_ns);
	if (ended)
		log_notice(
			"recording-dir %s: %u recording%s that a former run has left %s finished",
			dir->conf.path, ended, str_plural(ended), ended == 1 ? "is" : "are");
	return ended;
}
