/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_paths.c - can the daemon create the files and sockets that the configuration names? */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/count.h"
#include "call/bans_file.h"
#include "check_paths.h"
#include "journal/store.h"
#include "record/dir.h"

#define WHY 160

/* The rights of the process now: effective user, groups and capabilities. */
static bool permitted(const char *path, int mode)
{
	return !faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

static const char *own_name(void)
{
	const struct passwd *entry = getpwuid(geteuid());

	return entry ? entry->pw_name : "of the daemon";
}

static bool not_permitted(const char *what, char why[WHY])
{
	if (errno == EACCES)
		snprintf(why, WHY, "%s may not be written by user %s", what, own_name());
	else
		snprintf(why, WHY, "%s: %s", what, strerror(errno));
	return false;
}

/* Can files be created in @dir? @what: "the directory", for *why */
static bool usable_dir(const char *dir, const char *what, char why[WHY])
{
	struct stat found;

	if (stat(dir, &found)) {
		if (errno == ENOENT)
			snprintf(why, WHY, "%s does not exist", what);
		else
			snprintf(why, WHY, "%s: %s", what, strerror(errno));
		return false;
	}
	if (!S_ISDIR(found.st_mode)) {
		snprintf(why, WHY, "%.100s is not a directory", dir);
		return false;
	}
	return permitted(dir, W_OK | X_OK) || not_permitted(what, why);
}

/* "/a/b" to "/a", "b" to ".", "/b" to "/". False: too long */
static bool parent_of(const char *path, char parent[PATH_MAX])
{
	const char *end = path + strlen(path);
	size_t len;

	while (end > path + 1 && end[-1] == '/')
		end--;
	while (end > path && end[-1] != '/')
		end--;
	while (end > path + 1 && end[-1] == '/')
		end--;
	len = (size_t)(end - path);
	if (len >= PATH_MAX)
		return false;
	memcpy(parent, len ? path : ".", len ? len : 1);
	parent[len ? len : 1] = '\0';
	return true;
}

static bool usable_parent(const char *path, const char *what, char why[WHY])
{
	char parent[PATH_MAX];

	if (parent_of(path, parent))
		return usable_dir(parent, what, why);
	snprintf(why, WHY, "%s", strerror(ENAMETOOLONG));
	return false;
}

/* A file that is opened for writing, and created if it is missing. */
static bool usable_file(const char *path, char why[WHY])
{
	struct stat found;

	if (stat(path, &found))
		return usable_parent(path, "the directory", why);
	if (S_ISDIR(found.st_mode)) {
		snprintf(why, WHY, "is a directory");
		return false;
	}
	return permitted(path, W_OK) || not_permitted("the file", why);
}

static bool usable_pidfile(const char *path, char why[WHY])
{
	struct stat found;

	if (!lstat(path, &found) && S_ISLNK(found.st_mode)) {
		snprintf(why, WHY, "is a symbolic link, which pidfile does not follow");
		return false;
	}
	return usable_file(path, why);
}

/* A socket that replaces the socket of a daemon that ended. */
static bool usable_socket(const char *path, char why[WHY])
{
	struct stat found;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		snprintf(why, WHY, "the path is longer than %zu characters",
			 sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		return false;
	}
	if (!lstat(path, &found) && !S_ISSOCK(found.st_mode)) {
		snprintf(why, WHY, "exists, and is not a socket: remove it, or set another path");
		return false;
	}
	return usable_parent(path, "the directory", why);
}

/* The daemon creates the last directory of the path. */
static bool usable_control_socket(const char *path, char why[WHY])
{
	char parent[PATH_MAX];
	struct stat found;

	if (parent_of(path, parent) && stat(parent, &found) && errno == ENOENT)
		return usable_parent(parent, "the directory above its own", why);
	return usable_socket(path, why);
}

/* Another path would depend on the directory in which the daemon is started. */
static bool absolute(const char *path, char why[WHY])
{
	if (*path != '/')
		snprintf(why, WHY, "is not an absolute path");
	return *path == '/';
}

/* Created if its parent exists. */
static bool usable_state_dir(const char *path, char why[WHY])
{
	struct stat found;

	if (!absolute(path, why))
		return false;
	if (stat(path, &found) && errno == ENOENT)
		return usable_parent(path, "the directory above it", why);
	return usable_dir(path, "the directory", why);
}

/* Files of another daemon, or of one that ran as another user, may be closed to this one. */
static bool usable_state_files(const char *dir, char why[WHY])
{
	static const char *const names[] = { JOURNAL_FILE, JOURNAL_FILE "-wal", JOURNAL_FILE "-shm",
					     BANS_FILE };
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT(names); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", dir, names[i]) >= (int)sizeof(path) ||
		    permitted(path, R_OK | W_OK) || errno == ENOENT)
			continue;
		snprintf(why, WHY, "%s in it may not be read and written by user %s: chown it",
			 names[i], own_name());
		return false;
	}
	return true;
}

/* No mistake: the next daemon takes an empty file over. */
static void check_pidfile_end(const char *path)
{
	char why[WHY];

	if (!usable_parent(path, "the directory", why))
		log_notice("pidfile %s: %s: when the daemon ends, the file is emptied and not "
			   "removed; a pidfile in a directory of that user is",
			   path, why);
}

static unsigned int tell(const char *key, const char *value, bool usable, const char *why)
{
	if (!usable)
		log_err("%s %s: %s", key, value, why);
	return !usable;
}

/* Path of a Unix socket of listen-rtpproxy; NULL: another kind of address */
static const char *unix_path(const char *text)
{
	const char *path = text;

	if (str_starts(str_of(path), STR("cunix:")))
		path++;
	if (str_starts(str_of(path), STR("unix:")))
		path += 5;
	return *path == '/' ? path : NULL;
}

static bool usable_prompt_dir(const char *path, char *why)
{
	struct stat st;

	if (!absolute(path, why))
		return false;
	if (!stat(path, &st) && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else if (!access(path, R_OK | X_OK))
		return true;
	snprintf(why, WHY, "the files of prompts cannot be read there: %s", strerror(errno));
	return false;
}

static unsigned int check_recording_dir(const struct conf *conf)
{
	const struct record_dir_conf dir = { .path = conf->recording_dir };
	char why[WHY], error[RECORD_DIR_ERROR];

	if (!absolute(dir.path, why) || !usable_dir(dir.path, "the directory", why))
		return tell("recording-dir", dir.path, false, why);
	if (!record_dir_check(&dir, error))
		return 0;
	log_err("%s", error);
	return 1;
}

/* What is opened after the change of user. */
static unsigned int check_as_daemon(const struct conf *conf)
{
	unsigned int mistakes = 0;
	char why[WHY];

	for (size_t i = 0; i < conf->listen_rtpproxy.count; i++) {
		const char *text = conf->listen_rtpproxy.item[i], *path = unix_path(text);

		if (path)
			mistakes += tell("listen-rtpproxy", text, usable_socket(path, why), why);
	}
	if (conf->cdr_file)
		mistakes += tell("cdr-file", conf->cdr_file, usable_file(conf->cdr_file, why), why);
	if (conf->state_dir && conf->state != STATE_NONE)
		mistakes += tell("state-dir", conf->state_dir,
				 usable_state_dir(conf->state_dir, why) &&
					 usable_state_files(conf->state_dir, why),
				 why);
	if (conf->recording_dir)
		mistakes += check_recording_dir(conf);
	if (conf->prompt_dir && *conf->prompt_dir)
		mistakes += tell("prompt-dir", conf->prompt_dir,
				 usable_prompt_dir(conf->prompt_dir, why), why);
	if (conf->pidfile)
		check_pidfile_end(conf->pidfile);
	return mistakes;
}

static unsigned int check_in_child(const struct conf *conf, const struct privs_user *user)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(privs_drop(user, false) ? 0 : (int)check_as_daemon(conf));
	if (child < 0) {
		log_err("paths of the configuration are not checked: %m");
		return 0;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return WIFEXITED(status) ? (unsigned int)WEXITSTATUS(status) : 0;
}

unsigned int check_paths(const struct conf *conf, const struct privs_user *user)
{
	const char *control = conf->control_socket;
	unsigned int mistakes = 0;
	char why[WHY];

	if (conf->pidfile)
		mistakes += tell("pidfile", conf->pidfile, usable_pidfile(conf->pidfile, why), why);
	if (control && strcmp(control, "none") != 0)
		mistakes +=
			tell("control-socket", control, usable_control_socket(control, why), why);
	/* Whether it can be made is seen at the start: without it flows end with the process. */
	if (conf->bpf_pin && *conf->bpf_pin)
		mistakes += tell("bpf-pin", conf->bpf_pin, absolute(conf->bpf_pin, why), why);
	return mistakes + check_in_child(conf, user);
}
