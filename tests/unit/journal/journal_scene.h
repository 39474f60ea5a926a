/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal_scene.h - a journal with real files in a directory of its own, the real thread, and an
 * event loop
 *
 * For the suites of the journal. Owners are texts.
 */
#ifndef RTPRELAY_JOURNAL_SCENE_H
#define RTPRELAY_JOURNAL_SCENE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/journal/journal.h"
#include "daemon/base/log.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

/* A suite needs some of these. */
#define SCENE_FN static __attribute__((unused))

#define DEADLINE_MS 60000 /* only a hang takes so long */
#define OWNERS	    8

/* What the journal must keep. */
struct owner {
	struct journal_mark *mark;
	char text[32];
	size_t size; /* bytes of its record; 0: those of @text */
	unsigned int encoded;
};

struct scene {
	char dir[64]; /* a test appends names */
	struct event_base *base;
	struct journal *journal;
	struct owner owners[OWNERS];
	unsigned int encoded;
	/* Results of the restore */
	char restored[256];
	unsigned int n_restored;
	int error; /* returned by the restore */
};

SCENE_FN size_t encode(void *arg, void *owner, uint8_t *to, size_t room)
{
	struct owner *o = owner;
	size_t len = o->size ? o->size : strlen(o->text);
	struct scene *scene = arg;

	scene->encoded++;
	o->encoded++;
	if (len > room)
		return 0;
	memset(to, 'x', len);
	memcpy(to, o->text, strlen(o->text));
	return len;
}

/* "1=text " for each, in the order in which owners get them. */
SCENE_FN int restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
		     size_t len)
{
	struct scene *scene = arg;
	struct owner *owner = &scene->owners[scene->n_restored % OWNERS];
	size_t at = strlen(scene->restored);

	scene->n_restored++;
	if (len < sizeof(owner->text))
		snprintf(scene->restored + at, sizeof(scene->restored) - at, "%lld=%.*s ",
			 (long long)id, (int)len, (const char *)bytes);
	if (len == 3 && !memcmp(bytes, "bad", 3))
		return -EBADMSG;
	if (scene->error)
		return scene->error;
	snprintf(owner->text, sizeof(owner->text), "%.*s", (int)(len < 31 ? len : 31),
		 (const char *)bytes);
	return journal_mark_old(journal, owner, &owner->mark, id);
}

SCENE_FN int open_again(struct scene *scene)
{
	const struct journal_conf conf = { scene->dir, scene->base, encode, restore, scene };
	int error;

	memset(scene->owners, 0, sizeof(scene->owners));
	scene->restored[0] = '\0';
	scene->n_restored = 0;
	scene->encoded = 0;
	scene->journal = journal_open(&conf, &error);
	return error;
}

SCENE_FN void scene_open(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	journal_files_make(scene->dir);
	log_set_level(LOG_LEVEL_ERR - 1); /* errors are expected here */
	scene->base = event_base_new();
	CU_ASSERT_EQUAL_FATAL(open_again(scene), 0);
}

/* With a stopped clock: how long a busy machine takes for the last writes is not judged. */
SCENE_FN int close_journal(struct scene *scene)
{
	int error;

	test_clock_stop();
	error = journal_close(scene->journal);
	test_clock_go();
	return error;
}

SCENE_FN void scene_close(struct scene *scene)
{
	char command[128];

	CU_ASSERT_EQUAL(close_journal(scene), 0);
	event_base_free(scene->base);
	snprintf(command, sizeof(command), "rm -rf %s", scene->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	log_set_level(LOG_LEVEL_ERR);
}

SCENE_FN struct owner *add(struct scene *scene, unsigned int n, const char *text)
{
	struct owner *owner = &scene->owners[n];

	snprintf(owner->text, sizeof(owner->text), "%s", text);
	CU_ASSERT_EQUAL(journal_mark_new(scene->journal, owner, &owner->mark), 0);
	return owner;
}

/* What the journal does when there is something to do; without, so that a deadline can pass. */
SCENE_FN void let_run(struct scene *scene)
{
	event_base_loop(scene->base, EVLOOP_NONBLOCK);
	poll(NULL, 0, 1);
}

/* Waits until all is on disk; false: not within the deadline. */
SCENE_FN bool settle(struct scene *scene)
{
	int64_t until_ms = test_real_ms() + DEADLINE_MS;

	while (!journal_is_idle(scene->journal) && test_real_ms() < until_ms)
		let_run(scene);
	return journal_is_idle(scene->journal);
}

SCENE_FN const char *path_of(const struct scene *scene, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scene->dir, name);
	return path;
}

/* The number of files whose name begins with @prefix. */
SCENE_FN unsigned int count_files(const struct scene *scene, const char *prefix)
{
	DIR *dir = opendir(scene->dir);
	const struct dirent *entry;
	unsigned int n = 0;

	if (!dir)
		abort();
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, prefix, strlen(prefix));
	closedir(dir);
	return n;
}

SCENE_FN void sql(const struct scene *scene, const char *text)
{
	sqlite3 *db;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path_of(scene, JOURNAL_FILE), &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/*
 * As after kill -9: nothing more is written. File descriptors and the lock stay open in this
 * process, but not in a child.
 */
SCENE_FN void crash_in_child(struct scene *scene, void (*before)(struct scene *))
{
	pid_t child;
	int status;

	close_journal(scene);
	scene->journal = NULL;
	child = fork();
	if (!child) {
		event_reinit(scene->base);
		if (open_again(scene))
			_exit(1);
		before(scene);
		kill(getpid(), SIGKILL);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

SCENE_FN void damage(const struct scene *scene, const char *how)
{
	char command[512];

	snprintf(command, sizeof(command), "f=%s; %s", path_of(scene, JOURNAL_FILE), how);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

#endif
