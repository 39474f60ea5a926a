/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorder.c - the recorder's thread: gives packets of tapped medias to those that want them */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/wake.h"
#include "record/recorder.h"

#define NICE	5 /* below media */
#define TURN_MS 50
#define IDLE_MS 10000
#define TICK_US 1000000
/* A turn ends after so long, also if packets come faster than they are written. */
#define TURN_MAX_US 100000
/* What the source still has when the thread ends is waited for so long. */
#define DRAIN_US 1000000
/* Packets between two looks for letters. */
#define BATCH 4096

/* Who wants the packets of one tap; the array grows. */
struct tap {
	uint32_t number;
	size_t n;
	struct record_sink **sink;
	UT_hash_handle hh;
};

/* @lost_told: of its packets for which it had no room */
struct input {
	struct tap_ring *ring;
	uint64_t lost_told;
};

/**
 * struct recorder
 * @offset_us: of CLOCK_REALTIME to clock_us(), at the present turn
 * @is_behind: the turn has ended with packets left
 * @read_us: letters that were posted before have been read
 * @waiting: bytes of letters that were offered, at most @letter_bytes; shared
 * @is_full: one was refused, and the log says so; control thread
 * @source_us: packets that came before have left the source
 * @done_us: recorder_done_us()
 */
struct recorder {
	struct mailbox letters, news;
	int wake_fd, news_fd;
	pthread_t thread;
	bool stopping, is_behind, is_full;
	size_t letter_bytes, waiting;
	uint32_t last_tap;
	size_t n_inputs;
	struct input *input; /* the last one is its own */
	struct tap *taps;
	struct ring sinks;
	int64_t offset_us, tick_us, read_us, source_us, done_us;
	int source_fd;
	recorder_source_fn *source;
	recorder_work_fn *look;
	void *source_arg, *look_arg;
	struct record_letter stop;
	struct recorder_counts counts; /* shared */
};

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* --- Sinks ------------------------------------------------------------------------------------ */

static struct tap *find_tap(struct recorder *r, uint32_t number)
{
	struct tap *tap;

	HASH_FIND(hh, r->taps, &number, sizeof(number), tap);
	return tap;
}

static struct tap *make_tap(struct recorder *r, uint32_t number)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return NULL;
	tap->number = number;
	HASH_ADD(hh, r->taps, number, sizeof(tap->number), tap);
	if (tap->hh.tbl)
		return tap;
	free(tap);
	return NULL;
}

static void drop_tap(struct recorder *r, struct tap *tap)
{
	HASH_DEL(r->taps, tap);
	free(tap->sink);
	free(tap);
}

static void free_taps(struct recorder *r)
{
	struct tap *tap = r->taps, *next;

	HASH_CLEAR(hh, r->taps);
	for (; tap; tap = next) {
		next = tap->hh.next;
		free(tap->sink);
		free(tap);
	}
}

static size_t place_of(const struct tap *tap, const struct record_sink *sink)
{
	size_t i = 0;

	while (i < tap->n && tap->sink[i] != sink)
		i++;
	return i;
}

int recorder_add(struct recorder *r, struct record_sink *sink, uint32_t number)
{
	struct tap *tap = find_tap(r, number);
	struct record_sink **more;

	if (!tap)
		tap = make_tap(r, number);
	if (!tap)
		return -ENOMEM;
	if (place_of(tap, sink) < tap->n)
		return 0;
	more = realloc(tap->sink, (tap->n + 1) * sizeof(*more));
	if (!more) {
		if (!tap->n)
			drop_tap(r, tap);
		return -ENOMEM;
	}
	tap->sink = more;
	tap->sink[tap->n++] = sink;
	if (!sink->taps++)
		ring_insert(&r->sinks, &sink->all);
	return 0;
}

static void remove_from(struct recorder *r, struct record_sink *sink, struct tap *tap)
{
	size_t i = place_of(tap, sink);

	if (i == tap->n)
		return;
	tap->sink[i] = tap->sink[--tap->n];
	if (!--sink->taps)
		ring_remove(&sink->all);
	if (!tap->n)
		drop_tap(r, tap);
}

void recorder_remove(struct recorder *r, struct record_sink *sink, uint32_t number)
{
	struct tap *tap = find_tap(r, number);

	if (tap)
		remove_from(r, sink, tap);
}

void recorder_forget(struct recorder *r, struct record_sink *sink)
{
	struct tap *tap, *next;

	for (tap = r->taps; tap && sink->taps; tap = next) {
		next = tap->hh.next;
		remove_from(r, sink, tap);
	}
}

static void tell_lost(struct recorder *r, uint64_t count, bool kernel)
{
	for (struct ring *at = r->sinks.next, *next; at != &r->sinks; at = next) {
		struct record_sink *sink = container_of(at, struct record_sink, all);

		next = at->next;
		if (sink->ops->lost)
			sink->ops->lost(sink->arg, count, kernel);
	}
}

void recorder_lost_in_kernel(struct recorder *r, uint64_t count)
{
	add(&r->counts.lost, count);
	tell_lost(r, count, true);
}

void recorder_lost_on_disk(struct recorder *r, uint64_t count)
{
	add(&r->counts.unwritten, count);
}

static void look(struct recorder *r)
{
	if (r->look)
		r->look(r->look_arg);
}

static void tick(struct recorder *r, int64_t now_us, bool last)
{
	look(r);
	for (struct ring *at = r->sinks.next, *next; at != &r->sinks; at = next) {
		struct record_sink *sink = container_of(at, struct record_sink, all);

		next = at->next; /* the sink may end itself, and no other one */
		if (sink->ops->tick)
			sink->ops->tick(sink->arg, now_us, (now_us + r->offset_us) * 1000, last);
	}
}

/* --- Packets ---------------------------------------------------------------------------------- */

static void deliver(struct recorder *r, const struct tap_packet *packet)
{
	struct tap *tap = find_tap(r, packet->tap);
	int64_t time_ns = (packet->time_us + r->offset_us) * 1000;

	add(tap ? &r->counts.delivered : &r->counts.unknown, 1);
	for (size_t i = 0; tap && i < tap->n; i++) {
		struct record_sink *sink = tap->sink[i];

		if (!sink->ops->packet)
			continue;
		sink->ops->packet(sink->arg, packet, time_ns);
		sink->in_burst = true;
	}
}

/* Before letters are read, which may end a sink. */
static void end_burst(struct recorder *r)
{
	for (struct ring *at = r->sinks.next, *next; at != &r->sinks; at = next) {
		struct record_sink *sink = container_of(at, struct record_sink, all);

		next = at->next;
		if (sink->in_burst && sink->ops->burst_ends)
			sink->ops->burst_ends(sink->arg);
		sink->in_burst = false;
	}
}

/* The ring with the oldest packet; NULL: all are empty. */
static struct tap_ring *oldest(struct recorder *r, const struct tap_packet **packet)
{
	struct tap_ring *found = NULL;

	for (size_t i = 0; i < r->n_inputs; i++) {
		const struct tap_packet *first = tap_ring_first(r->input[i].ring);

		if (first && (!found || first->time_us < (*packet)->time_us)) {
			found = r->input[i].ring;
			*packet = first;
		}
	}
	return found;
}

static bool is_filling(const struct recorder *r)
{
	for (size_t i = 0; i < r->n_inputs; i++)
		if (tap_ring_is_filling(r->input[i].ring))
			return true;
	return false;
}

/* Not with the next packet, since perhaps none comes. */
static void tell_lost_in_rings(struct recorder *r)
{
	for (size_t i = 0; i < r->n_inputs; i++) {
		struct input *input = &r->input[i];
		uint64_t lost = tap_ring_lost(input->ring), more = lost - input->lost_told;

		if (!more)
			continue;
		input->lost_told = lost;
		add(&r->counts.lost, more);
		tell_lost(r, more, false);
	}
}

/*
 * Those that came before @until_us, and unless it is the last turn what rings have no room for.
 * True: there may be more. One that came after letters were read waits, since the letter that says
 * whose it is may have come with it: a letter that opens a file takes its time, and many of them
 * more than packets are held back.
 */
static bool deliver_until(struct recorder *r, int64_t until_us, bool last)
{
	int i = 0;

	for (; i < BATCH; i++) {
		const struct tap_packet *packet = NULL;
		struct tap_ring *ring = oldest(r, &packet);

		if (!ring || packet->time_us >= r->read_us ||
		    (packet->time_us > until_us && (last || !is_filling(r))))
			break;
		deliver(r, packet);
		tap_ring_drop(ring);
	}
	if (i)
		end_burst(r);
	return i == BATCH;
}

/* --- The thread ------------------------------------------------------------------------------- */

static void read_letters(struct recorder *r)
{
	struct letter *at;

	r->read_us = r->stopping ? INT64_MAX : clock_us();
	at = mailbox_take_all(&r->letters);
	while (at) {
		struct letter *next = at->next;
		struct record_letter *letter = container_of(at, struct record_letter, letter);
		size_t size = letter->size;

		letter->run(r, letter);
		__atomic_fetch_sub(&r->waiting, size, __ATOMIC_RELAXED);
		at = next;
	}
}

static void wait_turn(struct recorder *r)
{
	struct pollfd fds[2] = { { .fd = r->wake_fd, .events = POLLIN },
				 { .fd = r->source_fd, .events = POLLIN } };
	bool idle = r->sinks.next == &r->sinks && !r->taps;

	poll(fds, 2, r->is_behind ? 0 : !idle ? TURN_MS : r->look ? IDLE_MS : -1);
	if (fds[0].revents)
		wake_clear(r->wake_fd);
}

/*
 * Packets of media threads also wait for those of the source that came before.
 * A phone may send faster than a disk writes: ticks, which look at the reserve of the disk and end
 * recordings, come nevertheless. The last turn ends though media threads go on.
 */
static void deliver_turn(struct recorder *r, int64_t now_us, bool last)
{
	int64_t until_us = now_us + (last ? RECORDER_HOLD_US : -RECORDER_HOLD_US);

	if (!last && r->source_us < until_us)
		until_us = r->source_us;
	r->is_behind = false;
	if (last)
		r->read_us = INT64_MAX;
	while (!r->is_behind && deliver_until(r, until_us, last)) {
		read_letters(r);
		r->is_behind = !last && clock_us() - now_us >= TURN_MAX_US;
	}
}

/*
 * Rings are asked for their losses before, so that a packet that is lost meanwhile is not taken for
 * done. Packets of several processors reach the source nearly in order: they have the time that
 * packets are held back.
 */
static void note_done(struct recorder *r, int64_t until_us)
{
	const struct tap_packet *left = NULL;
	int64_t of_source_us = r->source_us - RECORDER_HOLD_US;

	if (oldest(r, &left) && left->time_us < until_us)
		until_us = left->time_us;
	r->done_us = until_us < of_source_us ? until_us : of_source_us;
}

static void turn(struct recorder *r, bool last)
{
	int64_t now_us = clock_us();

	r->offset_us = clock_offset_us(r->offset_us);
	if (r->source)
		r->source_us = r->source(r->source_arg);
	deliver_turn(r, now_us, last);
	tell_lost_in_rings(r);
	note_done(r, now_us - RECORDER_HOLD_US);
	if (!last && now_us - r->tick_us < TICK_US)
		return;
	r->tick_us = now_us;
	tick(r, now_us, last);
}

/* What came up to now is perhaps still in the source. */
static void drain_source(struct recorder *r)
{
	int64_t now_us = clock_us(), until_us = now_us + DRAIN_US;

	while (r->sinks.next != &r->sinks && r->source_us < now_us && clock_us() < until_us) {
		wait_turn(r);
		turn(r, false);
	}
}

static void *run(void *arg)
{
	struct recorder *r = arg;

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	look(r);
	while (!r->stopping) {
		wait_turn(r);
		read_letters(r);
		turn(r, false);
	}
	drain_source(r);
	turn(r, true);
	return NULL;
}

static void on_stop(struct recorder *r, struct record_letter *letter)
{
	(void)letter;
	r->stopping = true;
	r->read_us = INT64_MAX; /* no letter comes after this one */
}

void recorder_tell(struct recorder *r, struct record_news *news)
{
	if (mailbox_put(&r->news, &news->letter))
		wake_post(r->news_fd);
}

struct tap_ring *recorder_ring(struct recorder *r)
{
	return r->input[r->n_inputs - 1].ring;
}

int64_t recorder_done_us(const struct recorder *r)
{
	return r->done_us;
}

int64_t recorder_clock_us(const struct recorder *r, int64_t wall_ns)
{
	return wall_ns / 1000 - r->offset_us;
}

bool recorder_catch_up(struct recorder *r, int64_t time_us)
{
	if (time_us < r->read_us)
		return false;
	read_letters(r);
	return true;
}

void recorder_watch(struct recorder *r, int fd, recorder_source_fn *read, void *arg)
{
	r->source_fd = fd;
	r->source = read;
	r->source_arg = arg;
}

/* --- Control thread --------------------------------------------------------------------------- */

static void release(struct recorder *r)
{
	if (r->n_inputs)
		tap_ring_free(recorder_ring(r));
	free(r->input);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	if (r->news_fd >= 0)
		close(r->news_fd);
	free(r);
}

static int open_rings(struct recorder *r, const struct recorder_conf *conf)
{
	struct tap_ring *own;

	r->input = calloc(conf->n_rings + 1, sizeof(*r->input));
	own = r->input ? tap_ring_new(conf->own_bytes) : NULL;
	if (!own)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_rings; i++)
		r->input[i].ring = conf->rings[i];
	r->input[conf->n_rings].ring = own;
	r->n_inputs = conf->n_rings + 1;
	return 0;
}

struct recorder *recorder_open(const struct recorder_conf *conf, int *error)
{
	struct recorder *r = calloc(1, sizeof(*r));

	*error = -ENOMEM;
	if (!r)
		return NULL;
	ring_init(&r->sinks);
	r->source_fd = -1;
	r->source_us = INT64_MAX;
	r->look = conf->look;
	r->look_arg = conf->look_arg;
	r->letter_bytes = conf->letter_bytes ? conf->letter_bytes : RECORDER_BYTES;
	r->stop.run = on_stop;
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*error = r->wake_fd < 0 || r->news_fd < 0 ? -errno : open_rings(r, conf);
	if (!*error)
		*error = thread_start(&r->thread, THREAD_RECORDER, run, r);
	if (!*error)
		return r;
	release(r);
	return NULL;
}

/* 0; -ETIMEDOUT */
static int join(struct recorder *r, int64_t patience_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience_ms / 1000);
	until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return -pthread_clockjoin_np(r->thread, NULL, CLOCK_MONOTONIC, &until);
}

int recorder_close(struct recorder *r, int64_t patience_ms)
{
	int error;

	if (!r)
		return 0;
	recorder_post(r, &r->stop);
	error = join(r, patience_ms);
	if (error) {
		pthread_detach(r->thread);
		recorder_dispatch(r);
		return error;
	}
	read_letters(r);
	recorder_dispatch(r);
	free_taps(r);
	release(r);
	return 0;
}

int recorder_fd(const struct recorder *r)
{
	return r->news_fd;
}

void recorder_dispatch(struct recorder *r)
{
	struct letter *at;

	wake_clear(r->news_fd);
	at = mailbox_take_all(&r->news);
	while (at) {
		struct letter *next = at->next;
		struct record_news *news = container_of(at, struct record_news, letter);

		news->run(news);
		at = next;
	}
}

/* Of @letter_bytes, when a letter of this rank comes. */
static size_t limit_of(const struct recorder *r, enum record_rank rank)
{
	switch (rank) {
	case RECORD_RANK_BEGINS:
		return r->letter_bytes / 2;
	case RECORD_RANK_TELLS:
		return r->letter_bytes / 4 * 3;
	default:
		return r->letter_bytes;
	}
}

/* Once when letters begin to be refused, and once when most of them have been read. */
static void tell_full(struct recorder *r, size_t waiting)
{
	bool is_full = r->is_full;

	if (!is_full)
		log_err("the recorder does not read its orders, since a disk does not answer: %zu "
			"KiB "
			"of them wait, and new recordings are refused: check the disk of "
			"recording-dir",
			waiting / 1024);
	else
		log_notice("the recorder reads its orders again: %" PRIu64 " of them were refused",
			   __atomic_load_n(&r->counts.refused, __ATOMIC_RELAXED));
	r->is_full = !is_full;
}

int recorder_offer(struct recorder *r, struct record_letter *letter, size_t size,
		   enum record_rank rank)
{
	size_t waiting = __atomic_load_n(&r->waiting, __ATOMIC_RELAXED);

	if (r->is_full && waiting < r->letter_bytes / 4)
		tell_full(r, waiting);
	if (size > limit_of(r, rank) || waiting > limit_of(r, rank) - size) {
		add(&r->counts.refused, 1);
		if (!r->is_full)
			tell_full(r, waiting);
		return -ENOBUFS;
	}
	letter->size = size;
	__atomic_fetch_add(&r->waiting, size, __ATOMIC_RELAXED);
	recorder_post(r, letter);
	return 0;
}

void recorder_post(struct recorder *r, struct record_letter *letter)
{
	if (mailbox_put(&r->letters, &letter->letter))
		wake_post(r->wake_fd);
}

uint32_t recorder_new_tap(struct recorder *r)
{
	if (!++r->last_tap)
		r->last_tap = 1;
	return r->last_tap;
}

void recorder_counts(const struct recorder *r, struct recorder_counts *counts)
{
	counts->delivered = __atomic_load_n(&r->counts.delivered, __ATOMIC_RELAXED);
	counts->unknown = __atomic_load_n(&r->counts.unknown, __ATOMIC_RELAXED);
	counts->lost = __atomic_load_n(&r->counts.lost, __ATOMIC_RELAXED);
	counts->unwritten = __atomic_load_n(&r->counts.unwritten, __ATOMIC_RELAXED);
	counts->refused = __atomic_load_n(&r->counts.refused, __ATOMIC_RELAXED);
}
