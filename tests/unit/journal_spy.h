/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal_spy.h - a journal for the relay of a scene: does a command bring the record of its call
 * up to date?
 *
 * What a restart restores is tested elsewhere (call/test_journal_call.c); here records are empty.
 */
#ifndef RTPRELAY_JOURNAL_SPY_H
#define RTPRELAY_JOURNAL_SPY_H

#include "daemon/journal/journal.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/scene.h"

struct journal_spy {
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
};

SCENE_FN size_t journal_spy_encode(void *arg, void *owner, uint8_t *to, size_t room)
{
	(void)arg;
	(void)owner;
	if (!room)
		return 0;
	*to = 0;
	return 1;
}

SCENE_FN int journal_spy_restore(void *arg, struct journal *journal, int64_t id,
				 const uint8_t *bytes, size_t len)
{
	(void)arg;
	(void)journal;
	(void)id;
	(void)bytes;
	(void)len;
	return 0;
}

/* Before the first call: later ones are in the journal. */
SCENE_FN void journal_spy_open(struct journal_spy *spy, struct scene *scene)
{
	struct journal_conf conf = { .base = scene->base,
				     .encode = journal_spy_encode,
				     .restore = journal_spy_restore };
	int error;

	*spy = (struct journal_spy){ 0 };
	conf.dir = spy->dir;
	journal_files_make(spy->dir);
	spy->journal = scene->calls->journal = journal_open(&conf, &error);
	scene_must(spy->journal, "journal");
}

SCENE_FN void journal_spy_close(struct journal_spy *spy, struct scene *scene)
{
	char command[64];

	journal_close(spy->journal);
	scene->calls->journal = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", spy->dir);
	scene_must(!system(command), command);
}

/* True: all changes so far are on disk. False: not within the deadline. */
SCENE_FN bool journal_spy_settle(struct journal_spy *spy, struct scene *scene)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (!journal_is_idle(spy->journal)) {
		if (clock_ms() > until_ms)
			return false;
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
	}
	return true;
}

/* Has a call changed, for the journal, since journal_spy_settle()? */
SCENE_FN bool journal_spy_touched(const struct journal_spy *spy)
{
	return !journal_is_idle(spy->journal);
}

#endif
