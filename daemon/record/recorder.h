/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - the recorder's thread: gives packets of tapped medias to those that want them
 *
 * It reads the rings of the media threads and its own, which packets that the kernel has forwarded
 * go through; puts them in order of time, for which it holds them back for a moment; and hands each
 * to the sinks of its tap: files, copies, whoever looks on. It alone waits for disks.
 * The control thread talks to it by letters, and it answers by news; neither waits for the other.
 * While a disk does not answer, letters wait: of those that are offered, as many as RECORDER_BYTES
 * hold; those that are posted are members of what they are about, so each waits once.
 */
#ifndef RTPRELAY_RECORDER_H
#define RTPRELAY_RECORDER_H

#include "base/mailbox.h"
#include "base/ring.h"
#include "packet/tap_ring.h"

struct recorder;

/* Packets are handed over so long after they came, unless a ring is filling. */
#define RECORDER_HOLD_US 200000

/* What letters that were offered may hold together, in bytes. */
#define RECORDER_BYTES (64 * 1024 * 1024)

/* Runs on the recorder's thread, which owns the letter. @size: of recorder_offer() */
struct record_letter {
	struct letter letter;
	void (*run)(struct recorder *recorder, struct record_letter *letter);
	size_t size;
};

/*
 * What a letter is for. A recording begins only if half of RECORDER_BYTES is left, so that those
 * that run can still be told what belongs to them; what stands in JSON files only leaves a quarter.
 */
enum record_rank { RECORD_RANK_BEGINS, RECORD_RANK_TELLS, RECORD_RANK_NEEDS };

/* Runs on the control thread, in recorder_dispatch(), which owns the news. */
struct record_news {
	struct letter letter;
	void (*run)(struct record_news *news);
};

/* --- Control thread --------------------------------------------------------------------------- */

/* Work of the recorder's thread. */
typedef void recorder_work_fn(void *arg);

/**
 * struct recorder_conf
 * @rings: of the media threads, @n_rings of them; borrowed
 * @own_bytes: of the recorder's own ring
 * @letter_bytes: instead of RECORDER_BYTES; 0: these
 * @look: called at the start, each second while somebody listens, else each 10 seconds; or NULL.
 *	It may wait for the disk.
 */
struct recorder_conf {
	struct tap_ring *const *rings;
	size_t n_rings, own_bytes, letter_bytes;
	recorder_work_fn *look;
	void *look_arg;
};

/* Starts the thread. NULL and *error (-errno) */
struct recorder *recorder_open(const struct recorder_conf *conf, int *error);
/**
 * recorder_close() - hands over what is left in the rings, and ends the thread
 * Letters and news that are still under way are run. Takes NULL.
 * Return: 0; -ETIMEDOUT: the thread has not ended for @patience_ms, since a disk does not answer:
 *	until the process ends, it uses @recorder, its rings, letters and sinks
 */
int recorder_close(struct recorder *recorder, int64_t patience_ms);
/* Readable when there is something to dispatch. */
int recorder_fd(const struct recorder *recorder);
void recorder_dispatch(struct recorder *recorder);
/* A letter that is a member of what it is about, and is not under way. */
void recorder_post(struct recorder *recorder, struct record_letter *letter);
/**
 * recorder_offer() - a letter of which there may be any number
 * @size: bytes of it, and of what it makes
 * Return: 0; -ENOBUFS: too much waits, which is counted and logged; the letter stays the caller's
 */
int recorder_offer(struct recorder *recorder, struct record_letter *letter, size_t size,
		   enum record_rank rank);
/* A number for bridge_conf.tap; never 0. */
uint32_t recorder_new_tap(struct recorder *recorder);

/*
 * Any thread. @lost: packets for which a ring had no room; @delivered: to at least one sink;
 * @unwritten: of these, recordings could not write them, and ended; @refused: letters
 */
struct recorder_counts {
	uint64_t delivered, unknown, lost, unwritten, refused;
};
void recorder_counts(const struct recorder *recorder, struct recorder_counts *counts);

/* --- The recorder's thread -------------------------------------------------------------------- */

/* Functions that are NULL are not called. */
struct record_sink_ops {
	/* @time_ns: CLOCK_REALTIME when it arrived. In order of time. */
	void (*packet)(void *sink, const struct tap_packet *packet, int64_t time_ns);
	/* Each second, and with @last when the thread ends: no function is called after that. */
	void (*tick)(void *sink, int64_t now_us, int64_t now_ns, bool last);
	/* Packets are missing, of whatever tap. @kernel: in the ring of rtprelay0. What was lost
	 * before recorder_done_us() is told before that grows. */
	void (*lost)(void *sink, uint64_t count, bool kernel);
	/* After each burst of packets: none follows at once, so what waited has to go. */
	void (*burst_ends)(void *sink);
};

/* A member of the sink. @arg: for its functions; @in_burst: it got packets of the present one */
struct record_sink {
	const struct record_sink_ops *ops;
	void *arg;
	struct ring all; /* of the recorder */
	size_t taps;
	bool in_burst;
};

/* The sink gets the packets of @tap too. 0; -ENOMEM. Added twice: one of them. */
int recorder_add(struct recorder *recorder, struct record_sink *sink, uint32_t tap);
void recorder_remove(struct recorder *recorder, struct record_sink *sink, uint32_t tap);
/* Of all taps; before the sink is freed. */
void recorder_forget(struct recorder *recorder, struct record_sink *sink);
void recorder_tell(struct recorder *recorder, struct record_news *news);
/* The ring that this thread itself writes to: packets of the kernel. */
struct tap_ring *recorder_ring(struct recorder *recorder);
/*
 * As clock_us(): packets that came before were handed over, or told as lost. It is late when there
 * is more to do than there is time for, so that what ends waits for it, not for a time.
 */
int64_t recorder_done_us(const struct recorder *recorder);
/* clock_us() at a time of CLOCK_REALTIME, as of this turn */
int64_t recorder_clock_us(const struct recorder *recorder, int64_t wall_ns);
/*
 * Reads letters, if some may have come before a packet that came at @time_us, and were not read
 * yet. Not in a function of a sink.
 */
bool recorder_catch_up(struct recorder *recorder, int64_t time_us);
/* Packets of the kernel are missing. */
void recorder_lost_in_kernel(struct recorder *recorder, uint64_t count);
/* Packets that a sink got have found no place on the disk. */
void recorder_lost_on_disk(struct recorder *recorder, uint64_t count);

/*
 * Puts packets into recorder_ring(), as many as it has room for. Return: as clock_us(): those that
 * came before are there, or told as lost; INT64_MAX: none come
 */
typedef int64_t recorder_source_fn(void *arg);

/**
 * recorder_watch() - another source of this thread; one at most
 * @fd: to be waited for; -1: none
 * @read: called when @fd is readable, and each time the thread turns
 */
void recorder_watch(struct recorder *recorder, int fd, recorder_source_fn *read, void *arg);

#endif
