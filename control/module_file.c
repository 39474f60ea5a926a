/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module_file.c - what the file of a kernel module says about itself */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "module_file.h"

#define MODINFO "/sbin/modinfo" /* not in every user's PATH */

extern char **environ;

/* Reads all; what does not fit is dropped. */
static void read_text(int fd, char *text, size_t size)
{
	size_t len = 0;
	char rest[64] = { 0 };
	ssize_t n;

	do {
		size_t room = size - 1 - len;

		n = read(fd, room ? text + len : rest, room ? room : sizeof(rest));
		if (n > 0 && room)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int spawn(const char *path, const char *field, int out, pid_t *child)
{
	char *const argv[] = { (char[]){ "modinfo" }, (char[]){ "-F" }, strdup(field), strdup(path),
			       NULL };
	posix_spawn_file_actions_t actions;
	int err = argv[2] && argv[3] ? posix_spawn_file_actions_init(&actions) : ENOMEM;

	if (!err) {
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
		if (!err)
			err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
							       O_WRONLY, 0);
		if (!err)
			err = posix_spawn(child, MODINFO, &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	free(argv[2]);
	free(argv[3]);
	return err;
}

bool module_file_field(const char *path, const char *field, char *text, size_t size)
{
	int out[2], status;
	pid_t child;

	text[0] = '\0';
	if (pipe2(out, O_CLOEXEC))
		return false;
	if (spawn(path, field, out[1], &child)) {
		close(out[0]);
		close(out[1]);
		return false;
	}
	close(out[1]);
	read_text(out[0], text, size);
	close(out[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return *text;
}
