/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_capture.h - reads back through a pipe what is logged to stderr */
#ifndef RTPRELAY_LOG_CAPTURE_H
#define RTPRELAY_LOG_CAPTURE_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/log.h"
#include "test.h"

static int old_stderr, pipe_end;

static inline void capture(enum log_level level)
{
	int fd[2];

	CU_ASSERT_EQUAL_FATAL(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
	old_stderr = dup(STDERR_FILENO);
	dup2(fd[1], STDERR_FILENO);
	close(fd[1]);
	pipe_end = fd[0];
	log_open(LOG_TO_STDERR, level);
}

/* Ends the capture; *text is what was written, always terminated. */
static inline size_t captured(char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;

	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	while ((got = read(pipe_end, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	close(pipe_end);
	text[len] = '\0';
	return len;
}

static inline unsigned int count_of(const char *text, const char *what)
{
	unsigned int count = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		count++;
	}
	return count;
}

#endif
