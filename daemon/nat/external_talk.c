/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_talk.c - a datagram to a server, again until the reply is there */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>
#include "base/clock.h"
#include "nat/external_talk.h"

#define FIRST_PORT   1024
#define DRAWS	     1000 /* of a port: most may be for media */
#define TRIES	     4	  /* 3.75 s */
#define FIRST_TRY_MS 250  /* then twice as long */
#define REPLY_MAX    1500

int external_no(char why[EXTERNAL_WHY], int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, EXTERNAL_WHY, format, args);
	va_end(args);
	return error;
}

static bool is_for_media(const struct external_question *question, const struct endpoint *at)
{
	for (size_t i = 0; i < question->n_media; i++)
		if (addr_ports_has(&question->media[i], at))
			return true;
	return false;
}

/*
 * Another port each time, none that follows from others: a NAT may still have the mapping of an
 * earlier one, with an address of before.
 */
static int bind_free(int fd, const struct external_question *question)
{
	struct endpoint at = question->bind;

	for (int i = 0; i < DRAWS; i++) {
		uint16_t port;

		if (getrandom(&port, sizeof(port), 0) != sizeof(port))
			return -EIO;
		endpoint_set_port(&at, port);
		if (port < FIRST_PORT || is_for_media(question, &at))
			continue;
		if (!bind(fd, &at.sa, endpoint_len(&at)))
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}

int external_open(const struct external_question *question, const struct endpoint *to)
{
	int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = bind_free(fd, question);
	if (!error && connect(fd, &to->sa, endpoint_len(to)))
		error = -errno;
	if (error)
		close(fd);
	return error ? error : fd;
}

static int wait_for(const struct external_question *question, int fd, int64_t until_ms)
{
	struct pollfd fds[] = { { question->stop_fd, POLLIN, 0 }, { fd, POLLIN, 0 } };
	int64_t left_ms = until_ms - clock_ms();

	if (left_ms < 0)
		left_ms = 0;
	if (poll(fds, 2, (int)left_ms) <= 0)
		return -ETIMEDOUT; /* or a signal: the next try comes earlier */
	return fds[0].revents ? -ECANCELED : 0;
}

/* Reads all that has arrived. -EAGAIN: not the reply; else that of @read, or -errno */
static int read_replies(int fd, external_read_fn *read, void *arg)
{
	uint8_t data[REPLY_MAX];
	int result = -EAGAIN;

	while (result == -EAGAIN) {
		ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

		if (n < 0)
			return -errno;
		result = read(arg, data, (size_t)n);
	}
	return result;
}

static int await_reply(const struct external_question *question, int fd, int64_t until_ms,
		       external_read_fn *read, void *arg)
{
	int result;

	do {
		result = wait_for(question, fd, until_ms);
		if (!result)
			result = read_replies(fd, read, arg);
	} while (result == -EAGAIN);
	return result;
}

/* @to: NULL: to where it is connected */
static int talk(const struct external_question *question, int fd, const struct endpoint *to,
		const void *request, size_t len, external_read_fn *read, void *arg)
{
	int64_t wait_ms = FIRST_TRY_MS;
	int result = -ETIMEDOUT;

	for (int i = 0; i < TRIES && result == -ETIMEDOUT; i++, wait_ms *= 2) {
		if (sendto(fd, request, len, MSG_NOSIGNAL, to ? &to->sa : NULL,
			   to ? endpoint_len(to) : 0) < 0)
			return -errno;
		result = await_reply(question, fd, clock_ms() + wait_ms, read, arg);
	}
	return result;
}

int external_talk(const struct external_question *question, int fd, const void *request, size_t len,
		  external_read_fn *read, void *arg)
{
	return talk(question, fd, NULL, request, len, read, arg);
}

int external_talk_to(const struct external_question *question, int fd, const struct endpoint *to,
		     const void *request, size_t len, external_read_fn *read, void *arg)
{
	return talk(question, fd, to, request, len, read, arg);
}
