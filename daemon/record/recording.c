/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.c - one recording of a call: a sink of the recorder's thread, and its letters */
#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "record/orders.h"
#include "record/part.h"
#include "record/recording.h"

/* What is wanted of the packets of a tap. */
struct take {
	uint32_t tap;
	uint8_t media;
	bool encrypted;
	uint64_t left_out[2][2]; /* [side], bit per payload type */
};

/**
 * struct recording
 * @lock: of @state, @owner, @orders, @orders_wait: @orders_letter is under way
 * @takes: of each tap, by @n_takes; the recorder's thread
 * @from_us: packets that came before are of a pause, or of the time before it began
 * @turn: pauses that begin or end with the first packet that came then or later, @n_turns of them
 * @paused: as far as packets were written
 * @ends_us: packets that come later are not of it any more; 0: it goes on
 * @asked_us: time of recording_end(), for @ends_us
 * @path, @resumed, @started_ns: of @opened_news; the recorder's thread does not touch them later
 * @all: in recording_conf.all, or alone; with @name, and then @told_path: the control thread's
 */
struct recording {
	struct recorder *recorder;
	struct record_dir *dir;
	bool sent, resume, resumed;
	uint64_t id, fresh_id;
	int64_t started_ns;
	pthread_mutex_t lock;
	struct recording_state state;
	recording_failed_fn *failed;
	recording_opened_fn *opened;
	void *owner;
	char *path;
	struct ring all;
	const char *told_path;
	struct record_orders orders;
	bool orders_wait;
	struct record_sink sink;
	struct record_file *file;
	struct take take[RECORD_MEDIAS];
	size_t n_takes;
	int64_t from_us, ends_us, asked_us;
	bool paused;
	size_t n_turns;
	struct record_turn turn[RECORD_TURNS];
	enum recording_end end;
	const char *why;
	bool told;
	struct record_letter orders_letter, end_letter;
	struct record_news opened_news, failed_news, over_news;
	char name[];
};

enum kind { OPEN, MEDIA, CODEC, PARTY, SDP, METADATA };

/* @about, @text: of the memory behind it; the meaning of texts depends on @kind */
struct to_recording {
	struct record_letter letter;
	struct recording *recording;
	enum kind kind;
	uint8_t side, media, type;
	size_t size;
	int64_t now_ns, now_us;
	const char *sdp_kind;
	struct str text[3];
	struct recording_media *about; /* of MEDIA */
	alignas(max_align_t) char memory[];
};

static int64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* --- The recorder's thread -------------------------------------------------------------------- */

static void on_failed(struct record_news *news)
{
	struct recording *rec = container_of(news, struct recording, failed_news);
	struct recording_state state;

	recording_state(rec, &state);
	if (rec->owner && rec->failed)
		rec->failed(rec->owner, &state);
}

static void on_opened(struct record_news *news)
{
	struct recording *rec = container_of(news, struct recording, opened_news);
	const struct recording_opened opened = {
		.path = rec->path,
		.id = rec->id,
		.started_ns = rec->started_ns,
		.resumed = rec->resumed,
	};

	rec->told_path = rec->path;
	if (rec->owner && rec->opened)
		rec->opened(rec->owner, &opened);
}

/* Return: false: it has no file any more */
static bool publish(struct recording *rec)
{
	const struct record_file_state *now = rec->file ? record_file_state(rec->file) : NULL;
	bool failed;

	if (now)
		recorder_lost_on_disk(rec->recorder, now->lost[RECORD_LOST_DISK] -
							     rec->state.lost[RECORD_LOST_DISK]);
	pthread_mutex_lock(&rec->lock);
	if (now) {
		rec->state.open = true;
		rec->state.parts = now->parts;
		rec->state.packets = now->packets;
		rec->state.bytes = now->bytes;
		rec->state.paused_packets = now->paused_packets;
		memcpy(rec->state.side_packets, now->side_packets, sizeof(now->side_packets));
		memcpy(rec->state.lost, now->lost, sizeof(now->lost));
		rec->state.paused = now->paused;
		rec->state.error = rec->state.error ?: now->error; /* or of the control thread */
		rec->state.why = now->why;
	}
	failed = rec->state.error && !rec->told;
	rec->told |= failed;
	pthread_mutex_unlock(&rec->lock);
	if (failed)
		recorder_tell(rec->recorder, &rec->failed_news);
	return now;
}

static struct take *find_take(struct recording *rec, uint32_t tap)
{
	for (size_t i = 0; i < rec->n_takes; i++)
		if (rec->take[i].tap == tap)
			return &rec->take[i];
	return NULL;
}

/* RTP has its payload type in the second byte; the marker is the first bit. */
static bool is_left_out(const struct take *take, const struct tap_packet *packet)
{
	const uint64_t *types = take->left_out[packet->side & 1];
	uint8_t type = packet->len > 1 ? packet->data[1] & 127 : 0;

	return !packet->rtcp && packet->len > 1 && types[type >> 6] >> (type & 63) & 1;
}

/* What comes late, from before the end of a pause, is of the pause. */
static void take_turn(struct recording *rec, const struct record_turn *turn)
{
	rec->paused = turn->paused;
	if (!turn->paused)
		rec->from_us = turn->at_us;
	if (rec->file)
		record_file_pause(rec->file, turn->paused, turn->at_ns);
}

static void take_turns(struct recording *rec, int64_t until_us)
{
	size_t n = 0;

	while (n < rec->n_turns && rec->turn[n].at_us <= until_us)
		take_turn(rec, &rec->turn[n++]);
	rec->n_turns -= n;
	memmove(rec->turn, rec->turn + n, rec->n_turns * sizeof(*rec->turn));
}

static void on_packet(void *arg, const struct tap_packet *packet, int64_t time_ns)
{
	struct recording *rec = arg;
	const struct take *take = find_take(rec, packet->tap);
	bool sent = rec->sent && endpoint_is_set(&packet->to);
	struct record_packet copy;

	take_turns(rec, packet->time_us);
	if (!endpoint_is_set(&packet->from) && !sent)
		return; /* a prompt: nobody has sent it to the relay */
	if (!take || !rec->file || is_left_out(take, packet) || packet->time_us < rec->from_us ||
	    (rec->ends_us && packet->time_us > rec->ends_us))
		return;
	copy = (struct record_packet){ .time_ns = time_ns,
				       .from = sent ? packet->out : packet->from,
				       .to = sent ? packet->to : packet->local,
				       .media = take->media,
				       .side = packet->side,
				       .rtcp = packet->rtcp,
				       .sent = sent,
				       .encrypted = take->encrypted,
				       .data = packet->data,
				       .len = packet->len };
	record_file_write(rec->file, &copy);
}

static void free_it(struct record_news *news)
{
	struct recording *rec = container_of(news, struct recording, over_news);

	ring_remove(&rec->all);
	pthread_mutex_destroy(&rec->lock);
	free(rec->path);
	free(rec);
}

/* The last thing that the recorder's thread does with it. */
static void finish(struct recording *rec, int64_t now_ns)
{
	recorder_forget(rec->recorder, &rec->sink);
	take_turns(rec, INT64_MAX);
	if (rec->file && rec->end == RECORDING_DISCARDED)
		record_file_discard(rec->file);
	else if (rec->file && rec->end == RECORDING_SUSPENDED)
		record_file_suspend(rec->file, now_ns);
	else if (rec->file)
		record_file_end(rec->file, now_ns, rec->why);
	rec->file = NULL;
	recorder_tell(rec->recorder, &rec->over_news);
}

/* Packets are held back, and may be late: those from before the end may still come. */
static bool is_over(const struct recording *rec, bool last)
{
	return rec->ends_us && (last || rec->end == RECORDING_DISCARDED ||
				recorder_done_us(rec->recorder) > rec->ends_us);
}

static void on_tick(void *arg, int64_t now_us, int64_t now_ns, bool last)
{
	struct recording *rec = arg;

	(void)now_us;
	take_turns(rec, last ? INT64_MAX : recorder_done_us(rec->recorder));
	if (rec->file)
		record_file_tick(rec->file, now_ns);
	publish(rec);
	if (is_over(rec, last))
		finish(rec, now_ns);
}

static void on_lost(void *arg, uint64_t count, bool kernel)
{
	struct recording *rec = arg;

	if (rec->file)
		record_file_lost(rec->file, kernel ? RECORD_LOST_KERNEL : RECORD_LOST_RING, -1, 0,
				 count);
}

static const struct record_sink_ops ops = { .packet = on_packet, .tick = on_tick, .lost = on_lost };

/* Out of memory: its owner goes on with what was asked for. */
static void tell_opened(struct recording *rec)
{
	const struct record_file_state *state = record_file_state(rec->file);

	rec->path = strdup(state->path);
	rec->resumed = state->resumed;
	rec->id = state->id;
	rec->started_ns = state->started_ns;
	if (rec->path)
		recorder_tell(rec->recorder, &rec->opened_news);
}

static void open_file(struct recording *rec, const struct to_recording *letter)
{
	struct record_file_about about = { .call_id = letter->text[0],
					   .name = letter->text[1].s,
					   .id = rec->id,
					   .resume = rec->resume,
					   .fresh_id = rec->fresh_id,
					   .metadata = letter->text[2],
					   .now_ns = letter->now_ns };
	int error = 0;

	rec->from_us = letter->now_us;
	rec->file = record_file_open(rec->dir, &about, &error);
	if (!rec->file) {
		pthread_mutex_lock(&rec->lock);
		rec->state.error = error;
		pthread_mutex_unlock(&rec->lock);
	} else {
		tell_opened(rec);
	}
	publish(rec);
}

static bool was_left(struct recording *rec, uint32_t tap)
{
	bool left;

	pthread_mutex_lock(&rec->lock);
	left = record_orders_has_left(&rec->orders, tap);
	pthread_mutex_unlock(&rec->lock);
	return left;
}

static void add_media(struct recording *rec, const struct recording_media *media)
{
	struct take *take = find_take(rec, media->tap);

	if (was_left(rec, media->tap))
		return;
	if (rec->file)
		record_file_tell_media(rec->file, &media->about);
	if (!take && rec->n_takes == RECORD_MEDIAS)
		return; /* no recording has so many */
	if (!take && recorder_add(rec->recorder, &rec->sink, media->tap))
		return;
	if (!take)
		take = &rec->take[rec->n_takes++];
	*take = (struct take){ .tap = media->tap,
			       .media = media->about.media,
			       .encrypted = media->encrypted };
	memcpy(take->left_out, media->left_out, sizeof(take->left_out));
}

static void leave_out(struct recording *rec, uint32_t tap)
{
	struct take *take = find_take(rec, tap);

	if (!take)
		return;
	recorder_remove(rec->recorder, &rec->sink, tap);
	*take = rec->take[--rec->n_takes];
}

static void tell_file(struct record_file *file, const struct to_recording *letter)
{
	const struct str *text = letter->text;

	switch (letter->kind) {
	case CODEC:
		record_file_tell_codec(file, letter->media, letter->type, text[0]);
		break;
	case PARTY:
		record_file_tell_party(file, letter->side, text[0], text[1], text[2]);
		break;
	case SDP:
		record_file_tell_sdp(file, letter->now_ns, letter->side, letter->sdp_kind, text[0]);
		break;
	case METADATA:
		record_file_tell_metadata(file, text[0]);
		break;
	default:
		break;
	}
}

static void add_turn(struct recording *rec, const struct record_turn *turn)
{
	bool before = rec->n_turns ? rec->turn[rec->n_turns - 1].paused : rec->paused;

	if (turn->paused == before)
		return;
	if (rec->n_turns == RECORD_TURNS)
		take_turns(rec, rec->turn[0].at_us);
	rec->turn[rec->n_turns++] = *turn;
}

static void on_orders(struct recorder *recorder, struct record_letter *at)
{
	struct recording *rec = container_of(at, struct recording, orders_letter);
	struct record_orders orders;

	(void)recorder;
	pthread_mutex_lock(&rec->lock);
	orders = rec->orders;
	rec->orders.n_turns = 0;
	rec->orders_wait = false;
	pthread_mutex_unlock(&rec->lock);
	for (size_t i = 0; i < orders.n_turns; i++)
		add_turn(rec, &orders.turn[i]);
	for (size_t i = 0; i < orders.n_left; i++)
		leave_out(rec, orders.left[i]);
}

static void on_letter(struct recorder *recorder, struct record_letter *at)
{
	struct to_recording *letter = container_of(at, struct to_recording, letter);
	struct recording *rec = letter->recording;

	(void)recorder;
	switch (letter->kind) {
	case OPEN:
		open_file(rec, letter);
		break;
	case MEDIA:
		add_media(rec, letter->about);
		break;
	default:
		if (rec->file)
			tell_file(rec->file, letter);
		break;
	}
	free(letter);
}

/* A sink without taps has no ticks: it ends at once. */
static void on_end(struct recorder *recorder, struct record_letter *at)
{
	struct recording *rec = container_of(at, struct recording, end_letter);

	(void)recorder;
	rec->ends_us = rec->asked_us;
	if (!rec->sink.taps || rec->end == RECORDING_DISCARDED)
		finish(rec, wall_ns());
}

/* --- Control thread --------------------------------------------------------------------------- */

static struct to_recording *letter_new(struct recording *rec, enum kind kind, struct str one,
				       struct str two, struct str three)
{
	const struct str from[3] = { one, two, three };
	size_t about = kind == MEDIA ? sizeof(struct recording_media) : 0;
	size_t size = sizeof(struct to_recording) + about + one.len + two.len + three.len + 3;
	struct to_recording *letter = calloc(1, size);
	char *at = letter ? letter->memory + about : NULL;

	if (!letter)
		return NULL;
	letter->about = about ? (void *)letter->memory : NULL;
	letter->size = size;
	letter->letter.run = on_letter;
	letter->recording = rec;
	letter->kind = kind;
	letter->now_ns = wall_ns();
	letter->now_us = clock_us();
	for (int i = 0; i < 3; i++) {
		if (from[i].len)
			memcpy(at, from[i].s, from[i].len);
		letter->text[i] = (struct str){ at, from[i].len };
		at += from[i].len + 1; /* with NUL */
	}
	return letter;
}

/* 0; -ENOMEM; -ENOBUFS: the letter is freed */
static int offer(struct recording *rec, struct to_recording *letter, enum record_rank rank)
{
	int error = letter ? recorder_offer(rec->recorder, &letter->letter, letter->size, rank)
			   : -ENOMEM;

	if (error)
		free(letter);
	return error;
}

static void tell(struct recording *rec, struct to_recording *letter)
{
	if (offer(rec, letter, RECORD_RANK_TELLS))
		return; /* the JSON file lacks it */
}

/* It ends itself, as if the disk had failed. */
static void fail(struct recording *rec, int error)
{
	bool failed;

	pthread_mutex_lock(&rec->lock);
	failed = !rec->told;
	rec->told = true;
	rec->state.error = rec->state.error ?: error;
	pthread_mutex_unlock(&rec->lock);
	if (failed)
		recorder_tell(rec->recorder, &rec->failed_news);
}

/* It stands in @all from now on. 0; -ENOMEM; -ENOBUFS: it is freed */
static int begin(struct recording *rec, const struct recording_conf *conf)
{
	struct to_recording *letter;
	int error;

	if (pthread_mutex_init(&rec->lock, NULL)) {
		free(rec);
		return -ENOMEM;
	}
	letter = letter_new(rec, OPEN, conf->call_id, str_of(conf->name), conf->metadata);
	if (letter) {
		letter->now_ns = conf->now_ns;
		letter->size += sizeof(*rec) + strlen(rec->name) + 1;
	}
	error = offer(rec, letter, RECORD_RANK_BEGINS);
	if (error) {
		pthread_mutex_destroy(&rec->lock);
		free(rec);
	} else if (conf->all) {
		ring_insert(conf->all, &rec->all);
	}
	return error;
}

struct recording *recording_new(const struct recording_conf *conf, int *error)
{
	size_t name = strlen(conf->name) + 1;
	struct recording *rec = calloc(1, sizeof(*rec) + name);

	*error = -ENOMEM;
	if (!rec)
		return NULL;
	*rec = (struct recording){ .recorder = conf->recorder,
				   .dir = conf->dir,
				   .sent = conf->sent,
				   .resume = conf->resume,
				   .id = conf->id,
				   .fresh_id = conf->fresh_id,
				   .failed = conf->failed,
				   .opened = conf->opened,
				   .owner = conf->owner,
				   .orders_letter.run = on_orders,
				   .end_letter.run = on_end,
				   .opened_news.run = on_opened,
				   .failed_news.run = on_failed,
				   .over_news.run = free_it };
	memcpy(rec->name, conf->name, name);
	ring_init(&rec->all);
	rec->sink = (struct record_sink){ .ops = &ops, .arg = rec };
	*error = begin(rec, conf);
	return *error ? NULL : rec;
}

void recording_media(struct recording *rec, const struct recording_media *media)
{
	const struct record_media *about = &media->about;
	struct to_recording *letter =
		letter_new(rec, MEDIA, about->type, about->tag[0], about->tag[1]);
	int error;

	if (letter) {
		*letter->about = *media;
		letter->about->about.type = letter->text[0];
		letter->about->about.tag[0] = letter->text[1];
		letter->about->about.tag[1] = letter->text[2];
	}
	error = offer(rec, letter, RECORD_RANK_NEEDS);
	if (error)
		fail(rec, error);
}

/* Unlocks, and posts the orders unless they wait, or there is nothing new. */
static void post_orders(struct recording *rec, bool news)
{
	bool post = news && !rec->orders_wait;

	rec->orders_wait |= news;
	pthread_mutex_unlock(&rec->lock);
	if (post)
		recorder_post(rec->recorder, &rec->orders_letter);
}

void recording_leave_out(struct recording *rec, uint32_t tap)
{
	pthread_mutex_lock(&rec->lock);
	post_orders(rec, record_orders_leave(&rec->orders, tap));
}

void recording_codec(struct recording *rec, uint8_t media, uint8_t type, struct str name)
{
	struct to_recording *letter = letter_new(rec, CODEC, name, STR_NONE, STR_NONE);

	if (letter) {
		letter->media = media;
		letter->type = type;
	}
	tell(rec, letter);
}

void recording_party(struct recording *rec, uint8_t side, struct str tag, struct str label,
		     struct str metadata)
{
	struct to_recording *letter = letter_new(rec, PARTY, tag, label, metadata);

	if (letter)
		letter->side = side;
	tell(rec, letter);
}

void recording_sdp(struct recording *rec, uint8_t side, const char *kind, struct str sdp)
{
	struct to_recording *letter = letter_new(rec, SDP, sdp, STR_NONE, STR_NONE);

	if (letter) {
		letter->side = side;
		letter->sdp_kind = kind;
	}
	tell(rec, letter);
}

void recording_metadata(struct recording *rec, struct str metadata)
{
	tell(rec, letter_new(rec, METADATA, metadata, STR_NONE, STR_NONE));
}

void recording_pause(struct recording *rec, bool paused)
{
	const struct record_turn turn = { paused, clock_us(), wall_ns() };

	pthread_mutex_lock(&rec->lock);
	post_orders(rec, record_orders_pause(&rec->orders, &turn));
}

void recording_end(struct recording *rec, enum recording_end end, const char *why)
{
	if (!rec)
		return;
	rec->owner = NULL;
	rec->asked_us = clock_us();
	rec->end = end;
	rec->why = why;
	recorder_post(rec->recorder, &rec->end_letter);
}

void recording_state(struct recording *rec, struct recording_state *state)
{
	pthread_mutex_lock(&rec->lock);
	*state = rec->state;
	pthread_mutex_unlock(&rec->lock);
}

/* --- What is not finished --------------------------------------------------------------------- */

/* Lines of the log. */
#define UNFINISHED 100

static void tell_one_unfinished(const struct recording *rec, const char *dir)
{
	const char *path = rec->told_path;

	/* It ends with the file's suffix, such as ".pcap"; the present part may be another one. */
	if (path)
		log_warn(
			"recording %.*s: not finished: its last files end with " RECORD_PART_ENDING,
			(int)(strrchr(path, '.') - path), path);
	else
		log_warn("recording %s/%s: not finished: nothing of it may be on the disk", dir,
			 rec->name);
}

void recording_tell_unfinished(const struct ring *all, const char *dir)
{
	const struct ring *at;
	size_t n = 0, told = 0;

	for (at = all->next; at != all; at = at->next)
		n++;
	log_err("recording-dir %s: the disk does not answer: rtprelayd ends without having "
		"finished "
		"%zu recording%s; the next one repairs what is on the disk",
		dir, n, str_plural(n));
	for (at = all->next; at != all && told < UNFINISHED; at = at->next, told++)
		tell_one_unfinished(container_of(at, const struct recording, all), dir);
}

/* --- Of a former run -------------------------------------------------------------------------- */

struct leftovers {
	struct record_letter letter;
	struct record_dir *dir;
};

static void end_leftovers(struct recorder *recorder, struct record_letter *letter)
{
	struct leftovers *leftovers = container_of(letter, struct leftovers, letter);

	(void)recorder;
	record_dir_end_leftovers(leftovers->dir, wall_ns());
	free(leftovers);
}

int recording_end_leftovers(struct recorder *recorder, struct record_dir *dir)
{
	struct leftovers *leftovers = calloc(1, sizeof(*leftovers));

	if (!leftovers)
		return -ENOMEM;
	leftovers->letter.run = end_leftovers;
	leftovers->dir = dir;
	recorder_post(recorder, &leftovers->letter);
	return 0;
}
