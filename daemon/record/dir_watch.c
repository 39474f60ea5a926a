/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dir_watch.c - whether files can be made in recording-dir now, and how much room it has */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "record/dir_state.h"
#include "record/dir_watch.h"
#include "record/recorder.h"

/* What a look has found. */
struct look {
	char why[RECORD_DIR_ERROR]; /* "": files can be made */
	bool has_left;
	uint64_t left;
};

/**
 * struct record_dir_watch
 * @found: of the look that is under way: the recorder's thread writes it between letter and news
 * @known: of the last one that has ended
 * @asked_ms: when the last one began; 0: there was none
 * @silent: none has ended for RECORD_DIR_SILENT_MS
 */
struct record_dir_watch {
	struct record_letter letter;
	struct record_news news;
	struct recorder *recorder;
	struct record_dir *dir;
	struct look found, known;
	int64_t asked_ms;
	bool under_way, answered, silent;
	char silence[RECORD_DIR_ERROR];
};

/* Once when it begins, and once when it ends. */
static void tell(const struct record_dir_watch *watch, bool was_good, const char *why)
{
	if (was_good && why)
		log_err("nothing can be recorded: %s", why);
	else if (!was_good && !why)
		log_notice("recording-dir %s can be written again", watch->dir->conf.path);
}

static const char *why_not(const struct record_dir_watch *watch)
{
	if (watch->silent)
		return watch->silence;
	return *watch->known.why ? watch->known.why : NULL;
}

/* The control thread. */
static void on_answer(struct record_news *news)
{
	struct record_dir_watch *watch = container_of(news, struct record_dir_watch, news);
	bool was_good = !why_not(watch);

	watch->known = watch->found;
	watch->under_way = false;
	watch->silent = false;
	watch->answered = true;
	tell(watch, was_good, why_not(watch));
}

/* The recorder's thread. */
static void look(struct recorder *recorder, struct record_letter *letter)
{
	struct record_dir_watch *watch = container_of(letter, struct record_dir_watch, letter);

	record_dir_check(&watch->dir->conf, watch->found.why);
	watch->found.has_left = record_dir_left(watch->dir, &watch->found.left);
	recorder_tell(recorder, &watch->news);
}

struct record_dir_watch *record_dir_watch_new(struct recorder *recorder, struct record_dir *dir)
{
	struct record_dir_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->recorder = recorder;
	watch->dir = dir;
	watch->letter.run = look;
	watch->news.run = on_answer;
	snprintf(watch->silence, sizeof(watch->silence),
		 "recording-dir %.120s: the disk does not answer; check it, or its file server",
		 dir->conf.path);
	return watch;
}

void record_dir_watch_free(struct record_dir_watch *watch)
{
	free(watch);
}

void record_dir_watch_tick(struct record_dir_watch *watch, int64_t now_ms)
{
	int64_t age_ms = watch ? now_ms - watch->asked_ms : 0;

	if (!watch)
		return;
	if (watch->under_way && !watch->silent && age_ms >= RECORD_DIR_SILENT_MS) {
		bool was_good = !why_not(watch);

		watch->silent = true;
		tell(watch, was_good, watch->silence);
	}
	if (watch->under_way)
		return;
	if (watch->asked_ms && age_ms < RECORD_DIR_WATCH_MS)
		return;
	watch->asked_ms = now_ms;
	watch->under_way = true;
	recorder_post(watch->recorder, &watch->letter);
}

void record_dir_watch_read(const struct record_dir_watch *watch, struct record_dir_health *health)
{
	*health = (struct record_dir_health){
		.known = watch->answered || watch->silent,
		.why = why_not(watch),
		.has_left = watch->answered && !watch->silent && watch->known.has_left,
		.left = watch->known.left,
	};
}
