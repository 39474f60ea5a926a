/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_capture.h - what is logged to stderr meanwhile, read back through a pipe */
#ifndef RTPRELAY_LOG_CAPTURE_H
#define RTPRELAY_LOG_CAPTURE_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/log.h"
#include "tests/unit/test.h"

struct log_capture {
	int stderr_fd, pipe_fd;
	enum log_level level; /* before */
};

static inline void log_capture_begin(struct log_capture *capture, enum log_level level)
{
	int fd[2];

	CU_ASSERT_EQUAL_FATAL(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
	capture->stderr_fd = dup(STDERR_FILENO);
	capture->pipe_fd = fd[0];
	capture->level = log_get_level();
	dup2(fd[1], STDERR_FILENO);
	close(fd[1]);
	log_open(LOG_TO_STDERR, level);
}

/* @text gets what was logged; what the pipe or @size cannot hold is lost. */
static inline void log_capture_end(struct log_capture *capture, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	dup2(capture->stderr_fd, STDERR_FILENO);
	close(capture->stderr_fd);
	log_open(LOG_TO_STDERR, capture->level);
	while (len + 1 < size && (n = read(capture->pipe_fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(capture->pipe_fd);
}

static inline unsigned int log_capture_count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

#endif
