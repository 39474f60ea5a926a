/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.c - calls on disk, so that the next daemon can restore them
 *
 * A mark is at rest, touched, or out (its record is with the writer). A mark that is touched while
 * it is out is touched again when the batch returns; so are all marks of a batch that failed. When
 * a call ends, its mark stays until the record is removed from disk; if it was never written, the
 * mark is freed at once. A mark whose record is large stays touched for a while: see PACE_BYTES.
 */
#include <errno.h>
#include <event2/event_struct.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/log.h"
#include "journal/journal.h"
#include "journal/wal.h"
#include "journal/writer.h"

/* Changes within this time are written together. */
#define GATHER_MS 10
/*
 * Bytes of one owner's records that are written in a millisecond, at most. A caller can make a call
 * with hundreds of medias, and change it all the time: each change would encode all of them. What
 * an ordinary call has fits in GATHER_MS.
 */
#define PACE_BYTES 256
/* Wait after a failed write. */
#define RETRY_MS 1000
/* Maximum time for the last writes. */
#define CLOSE_MS 2000

enum mark_state { MARK_REST, MARK_TOUCHED, MARK_OUT };

/**
 * struct journal_mark - the record of one owner
 * @owner: NULL: it has ended
 * @slot: the owner's pointer to this mark
 * @stored: the record may be on disk
 * @again: touched while it was out
 * @left_out: too large, and this was logged
 * @len: bytes of its last record; of one that did not fit, more than there was room
 * @not_before_ms: it is not encoded again earlier
 */
struct journal_mark {
	struct journal_mark *prev, *next; /* in the list of its state */
	struct journal *journal;
	void *owner;
	struct journal_mark **slot;
	int64_t id, not_before_ms;
	size_t len;
	uint8_t state;
	bool stored, again, left_out;
};

/*
 * @failing: the last write failed, and this was logged; @is_out: the writer has the batch; @stall:
 * runs meanwhile; @stalled: it ended before the write, and this was logged; @paced: runs while
 * touched marks wait for their time
 */
struct journal {
	struct journal_conf conf;
	struct journal_store *store;
	struct journal_writer writer;
	struct journal_letter letter;
	struct journal_mark *rest, *touched, *out;
	struct event timer, done, stall, paced;
	struct journal_counters counters;
	int64_t next_id;
	bool is_out, failing, stalled, timer_runs;
};

/* --- Marks ------------------------------------------------------------------------------------ */

static struct journal_mark **list_of(struct journal_mark *mark)
{
	struct journal *journal = mark->journal;

	switch (mark->state) {
	case MARK_REST:
		return &journal->rest;
	case MARK_TOUCHED:
		return &journal->touched;
	default:
		return &journal->out;
	}
}

static void move(struct journal_mark *mark, enum mark_state state)
{
	struct journal_mark **list = list_of(mark);

	DL_DELETE(*list, mark);
	mark->state = (uint8_t)state;
	list = list_of(mark);
	DL_APPEND(*list, mark);
}

static void mark_free(struct journal_mark *mark)
{
	struct journal_mark **list = list_of(mark);

	DL_DELETE(*list, mark);
	free(mark);
}

static void start_timer(struct journal *journal, int64_t ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (journal->timer_runs || journal->is_out)
		return;
	/* If this fails for lack of memory, the next touch tries again. */
	journal->timer_runs = !event_add(&journal->timer, &tv);
}

int journal_mark_old(struct journal *journal, void *owner, struct journal_mark **slot, int64_t id)
{
	struct journal_mark *mark = calloc(1, sizeof(*mark));

	*slot = mark;
	if (!mark)
		return -ENOMEM;
	mark->journal = journal;
	mark->owner = owner;
	mark->slot = slot;
	mark->id = id;
	mark->stored = true;
	DL_APPEND(journal->rest, mark);
	return 0;
}

int journal_mark_new(struct journal *journal, void *owner, struct journal_mark **slot)
{
	int error;

	*slot = NULL;
	if (!journal)
		return 0;
	error = journal_mark_old(journal, owner, slot, journal->next_id);
	if (error)
		return error;
	journal->next_id++;
	(*slot)->stored = false;
	journal_touch(*slot);
	return 0;
}

void journal_touch(struct journal_mark *mark)
{
	if (!mark)
		return;
	if (mark->state == MARK_OUT)
		mark->again = true;
	else if (mark->state == MARK_REST)
		move(mark, MARK_TOUCHED);
	start_timer(mark->journal, GATHER_MS);
}

void journal_mark_end(struct journal_mark *mark)
{
	if (!mark)
		return;
	*mark->slot = NULL;
	mark->owner = NULL;
	if (mark->stored || mark->state == MARK_OUT)
		journal_touch(mark);
	else
		mark_free(mark);
}

struct journal_counters journal_counters(const struct journal *journal)
{
	return journal ? journal->counters : (struct journal_counters){ 0 };
}

const char *const journal_state_names[JOURNAL_STATES] = {
	[JOURNAL_OFF] = "off",	       [JOURNAL_OK] = "ok",	    [JOURNAL_FAILING] = "failing",
	[JOURNAL_STALLED] = "stalled", [JOURNAL_ABSENT] = "absent",
};

enum journal_state journal_state(const struct journal *journal)
{
	if (!journal)
		return JOURNAL_OFF;
	if (journal->stalled)
		return JOURNAL_STALLED;
	return journal->failing ? JOURNAL_FAILING : JOURNAL_OK;
}

bool journal_is_idle(const struct journal *journal)
{
	return !journal->touched && !journal->is_out;
}

/* --- To the writer and back ------------------------------------------------------------------- */

static void leave_out(struct journal *journal, struct journal_mark *mark)
{
	if (!mark->left_out) {
		log_warn("journal: a call is too large to be saved: it ends when the daemon "
			 "restarts; others are saved");
		journal->counters.too_large++;
	}
	mark->left_out = true;
	move(mark, MARK_REST);
}

/* Encodes the record of @mark, of at most @room bytes. 0: it is larger */
static size_t encode(struct journal *journal, struct journal_mark *mark, uint8_t *to, size_t room)
{
	size_t len = journal->conf.encode(journal->conf.arg, mark->owner, to, room);

	mark->len = len ? len : room + 1;
	mark->not_before_ms = clock_ms() + (int64_t)(mark->len / PACE_BYTES);
	return len;
}

/* Adds the record of @mark to the batch. False: the batch is full. */
static bool put(struct journal *journal, struct journal_mark *mark)
{
	struct journal_batch *batch = &journal->letter.batch;
	size_t room = 0, len = 0;
	uint8_t *to = journal_batch_room(batch, &room);

	if (!to)
		return false;
	if (mark->owner) {
		/* It was too long for the room that is left: not encoded in vain. */
		if (batch->len && mark->len > room)
			return false;
		len = encode(journal, mark, to, room);
		if (!len && batch->len) {
			mark->not_before_ms = 0;
			return false;
		}
		if (!len) {
			leave_out(journal, mark);
			return true;
		}
	}
	journal_batch_add(batch, mark->id, len);
	mark->again = false;
	move(mark, MARK_OUT);
	return true;
}

/* How long @mark has to wait; the end of an owner does not. */
static int64_t wait_of(const struct journal_mark *mark, int64_t now_ms)
{
	int64_t wait_ms = mark->not_before_ms - now_ms;

	return mark->owner && wait_ms > 0 ? wait_ms : 0;
}

/* Sets the timer of marks that wait, to the first of them. */
static void start_paced(struct journal *journal)
{
	int64_t now_ms = clock_ms(), first_ms = INT64_MAX, wait_ms;
	const struct journal_mark *mark;

	DL_FOREACH(journal->touched, mark) {
		wait_ms = wait_of(mark, now_ms);
		first_ms = wait_ms < first_ms ? wait_ms : first_ms;
	}
	if (first_ms < INT64_MAX)
		event_add(&journal->paced,
			  &(struct timeval){ first_ms / 1000, first_ms % 1000 * 1000 });
}

/* Posts the marks whose time has come; with @all, as far as there is room, those that wait, too. */
static void hand_over(struct journal *journal, bool all)
{
	static const struct timeval stall_time = { JOURNAL_STALL_MS / 1000, 0 };
	struct journal_mark *mark, *next;
	int64_t now_ms = clock_ms();

	journal->letter.batch.len = 0;
	DL_FOREACH_SAFE(journal->touched, mark, next) {
		if (!all && wait_of(mark, now_ms))
			continue;
		if (!put(journal, mark))
			break;
	}
	if (!journal->letter.batch.len) {
		start_paced(journal);
		return;
	}
	journal->is_out = true;
	event_add(&journal->stall, &stall_time);
	journal_writer_post(&journal->writer, &journal->letter);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct journal *journal = arg;

	(void)fd;
	(void)what;
	journal->timer_runs = false;
	if (!journal->is_out)
		hand_over(journal, false);
}

static void on_paced(evutil_socket_t fd, short what, void *arg)
{
	struct journal *journal = arg;

	(void)fd;
	(void)what;
	/* The other timer, and the end of a write, see all marks. */
	if (!journal->timer_runs && !journal->is_out)
		hand_over(journal, false);
}

static void on_stall(evutil_socket_t fd, short what, void *arg)
{
	struct journal *journal = arg;

	(void)fd;
	(void)what;
	journal->stalled = true;
	log_err("journal: a write to %s has not ended for %d s; until it does, a restart loses "
		"what changes in calls",
		journal->conf.dir, JOURNAL_STALL_MS / 1000);
}

static void log_result(struct journal *journal, const struct journal_letter *letter)
{
	if (journal->stalled)
		log_notice("journal: the write to %s has ended", journal->conf.dir);
	journal->stalled = false;
	if (letter->error && !letter->renewed && !journal->failing)
		log_err("journal: cannot write calls to %s: %s; trying again; until then a restart "
			"loses what changes in calls",
			journal->conf.dir, letter->why);
	else if (!(letter->error && !letter->renewed) && journal->failing)
		log_notice("journal: writing calls works again");
	if (letter->renewed)
		log_err("journal: %s/" JOURNAL_FILE " was removed or replaced; there is a new one, "
			"and all calls are written to it",
			journal->conf.dir);
	journal->failing = letter->error && !letter->renewed;
	journal->counters.write_errors += letter->error != 0;
}

/* A new file needs the records of all calls. */
static void touch_all(struct journal *journal)
{
	struct journal_mark *mark, *next;

	DL_FOREACH_SAFE(journal->rest, mark, next)
		journal_touch(mark);
}

/* The writer has returned the batch. */
static void take_back(struct journal *journal, const struct journal_letter *letter)
{
	struct journal_mark *mark, *next;

	journal->is_out = false;
	event_del(&journal->stall);
	explicit_bzero(letter->batch.data, letter->batch.len); /* it may have keys of SRTP */
	log_result(journal, letter);
	DL_FOREACH_SAFE(journal->out, mark, next) {
		/* A failed write may have reached the disk; deleting twice is harmless. */
		mark->stored = true;
		if (letter->error || mark->again)
			move(mark, MARK_TOUCHED);
		else if (!mark->owner)
			mark_free(mark);
		else
			move(mark, MARK_REST);
	}
	if (letter->renewed)
		touch_all(journal);
	if (journal->touched)
		start_timer(journal, journal->failing ? RETRY_MS : GATHER_MS);
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct journal *journal = arg;
	const struct journal_letter *letter = journal_writer_done(&journal->writer);

	(void)fd;
	(void)what;
	if (letter)
		take_back(journal, letter);
}

/* --- Start and end ---------------------------------------------------------------------------- */

/* State while the records of the previous daemon are read. */
struct restoring {
	struct journal *journal;
	int64_t *ended; /* records to be removed */
	size_t n_ended, room;
	struct wal_loss *loss;
};

/* The call of this record was not restored. Out of memory: the record stays for the next daemon. */
static void remember_ended(struct restoring *r, int64_t id)
{
	size_t room = r->room ? r->room * 2 : 64;
	int64_t *more;

	if (r->n_ended == r->room) {
		more = realloc(r->ended, room * sizeof(*more));
		if (!more)
			return;
		r->ended = more;
		r->room = room;
	}
	r->ended[r->n_ended++] = id;
}

static void on_row(void *arg, int64_t id, const uint8_t *bytes, size_t len)
{
	struct restoring *r = arg;
	struct journal *journal = r->journal;
	int error = journal->conf.restore(journal->conf.arg, journal, id, bytes, len);

	wal_loss_found(r->loss, id);
	if (id >= journal->next_id && id < INT64_MAX)
		journal->next_id = id + 1;
	journal->counters.restored += !error;
	journal->counters.unreadable += error == -EBADMSG;
	journal->counters.not_restored += error && error != -EBADMSG;
	if (error)
		remember_ended(r, id);
}

static void remove_ended(struct journal *journal, const struct restoring *r)
{
	struct journal_mark *mark;

	for (size_t i = 0; i < r->n_ended; i++)
		if (!journal_mark_old(journal, NULL, &mark, r->ended[i]))
			journal_touch(mark);
}

static int set_aside(struct journal *journal, const char *why)
{
	char as[JOURNAL_WHY], again[JOURNAL_WHY];
	int error;

	journal->counters.damaged++;
	journal_store_close(journal->store);
	journal->store = NULL;
	error = journal_store_set_aside(journal->conf.dir, as);
	if (error) {
		log_err("journal: %s/" JOURNAL_FILE
			" cannot be used (%s) and cannot be renamed: %s",
			journal->conf.dir, why, strerror(-error));
		return error;
	}
	log_err("journal: %s/" JOURNAL_FILE " cannot be used: %s; renamed to %s", journal->conf.dir,
		why, as);
	journal->store = journal_store_open(journal->conf.dir, &error, again);
	if (error)
		log_err("journal: cannot create a new file in %s: %s", journal->conf.dir, again);
	touch_all(journal);
	return error;
}

/* SQLite has read the log up to the damage, and has not said so. */
static void log_damaged(struct journal *journal, const struct wal_loss *loss)
{
	if (!loss->damaged)
		return;
	journal->counters.damaged++;
	journal->counters.lost += wal_loss_count(loss);
	log_err("journal: %s/" JOURNAL_FILE "-wal is damaged at frame %" PRIu64
		": what was written after it is lost; calls known to be lost: %zu, others may be "
		"in an older state",
		journal->conf.dir, loss->frame, wal_loss_count(loss));
}

static int restore_all(struct journal *journal, struct wal_loss *loss)
{
	const struct journal_counters *counters = &journal->counters;
	struct restoring r = { .journal = journal, .loss = loss };
	char why[JOURNAL_WHY] = "records in it are damaged";
	int error = journal_store_read(journal->store, on_row, &r, why);

	log_damaged(journal, loss);
	journal->counters.lost += counters->unreadable;
	if (counters->restored || counters->not_restored || counters->unreadable)
		log_notice("journal: %" PRIu64 " call%s restored; not restored, and ended: %" PRIu64
			   "; unreadable: %" PRIu64,
			   counters->restored, str_plural(counters->restored),
			   counters->not_restored, counters->unreadable);
	if (error == -EBADMSG || (!error && counters->unreadable))
		error = set_aside(journal, why);
	else if (error)
		log_err("journal: cannot read the calls in %s: %s", journal->conf.dir, why);
	else
		remove_ended(journal, &r);
	free(r.ended);
	return error;
}

static void tell_user(const char *dir)
{
	long pid = journal_store_user(dir);
	char text[32] = "";

	if (pid > 0)
		snprintf(text, sizeof(text), " (pid %ld)", pid);
	log_err("state-dir %s is used by another rtprelayd%s: each daemon needs its own", dir,
		text);
}

static int open_store(struct journal *journal)
{
	char why[JOURNAL_WHY], log[PATH_MAX];
	struct wal_loss loss;
	bool opened;
	int error;

	if (mkdir(journal->conf.dir, 0700) && errno != EEXIST) {
		error = -errno;
		log_err("journal: state-dir %s cannot be created: %s", journal->conf.dir,
			strerror(-error));
		return error;
	}
	snprintf(log, sizeof(log), "%s/" JOURNAL_FILE "-wal", journal->conf.dir);
	/* Before the file is opened, since that may begin a new log. */
	wal_check(log, &loss);
	journal->store = journal_store_open(journal->conf.dir, &error, why);
	opened = !error;
	if (opened)
		error = restore_all(journal, &loss);
	wal_loss_fini(&loss);
	if (opened)
		return error;
	if (error == -EBADMSG)
		return set_aside(journal, why);
	if (error == -EBUSY)
		tell_user(journal->conf.dir);
	else
		log_err("journal: state-dir %s: " JOURNAL_FILE ": %s", journal->conf.dir, why);
	return error;
}

static void free_list(struct journal_mark *mark)
{
	struct journal_mark *next;

	for (; mark; mark = next) {
		next = mark->next;
		if (mark->owner)
			*mark->slot = NULL;
		free(mark);
	}
}

static void free_marks(struct journal *journal)
{
	free_list(journal->rest);
	free_list(journal->touched);
	free_list(journal->out);
	journal->rest = journal->touched = journal->out = NULL;
}

static void journal_free(struct journal *journal)
{
	free_marks(journal);
	journal_store_close(journal->store);
	free(journal->letter.batch.data);
	free(journal);
}

struct journal *journal_open(const struct journal_conf *conf, int *error)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	*error = -ENOMEM;
	if (!journal)
		return NULL;
	journal->conf = *conf;
	journal->next_id = 1;
	event_assign(&journal->timer, conf->base, -1, 0, on_timer, journal);
	event_assign(&journal->paced, conf->base, -1, 0, on_paced, journal);
	event_assign(&journal->stall, conf->base, -1, 0, on_stall, journal);
	journal->letter.batch.size = JOURNAL_BATCH;
	journal->letter.batch.data = malloc(JOURNAL_BATCH);
	if (journal->letter.batch.data)
		*error = open_store(journal);
	if (!*error)
		*error = journal_writer_start(&journal->writer, journal->store, journal->conf.dir);
	if (*error) {
		event_del(&journal->timer);
		event_del(&journal->paced);
		journal_free(journal);
		return NULL;
	}
	event_assign(&journal->done, conf->base, journal->writer.done_fd, EV_READ | EV_PERSIST,
		     on_done, journal);
	if (event_add(&journal->done, NULL)) {
		*error = -ENOMEM;
		journal_close(journal);
		return NULL;
	}
	return journal;
}

/* Writes the rest; waits for the disk up to CLOSE_MS. */
static int finish(struct journal *journal)
{
	struct pollfd pollfd = { journal->writer.done_fd, POLLIN, 0 };
	int64_t until_ms = clock_ms() + CLOSE_MS, left_ms;
	const struct journal_letter *letter;

	for (;;) {
		if (!journal->is_out)
			hand_over(journal, true);
		if (!journal->is_out)
			return 0;
		left_ms = until_ms - clock_ms();
		if (left_ms <= 0)
			return -ETIMEDOUT;
		poll(&pollfd, 1, (int)left_ms);
		letter = journal_writer_done(&journal->writer);
		if (letter && letter->error && !letter->renewed) {
			journal->is_out = false;
			return letter->error;
		}
		if (letter)
			take_back(journal, letter);
	}
}

int journal_close(struct journal *journal)
{
	int error;

	if (!journal)
		return 0;
	error = finish(journal);
	event_del(&journal->timer);
	event_del(&journal->paced);
	event_del(&journal->done);
	event_del(&journal->stall);
	if (error)
		log_err("journal: not all calls could be saved, the next daemon will not have "
			"them: %s",
			strerror(-error));
	free_marks(journal);
	/* A write that does not end may not hold up the end of the daemon: its memory is kept. */
	if (!journal_writer_stop(&journal->writer, &journal->store))
		journal_free(journal);
	return error;
}
