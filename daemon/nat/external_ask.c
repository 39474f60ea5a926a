/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_ask.c - asks one source for the address outside of a NAT: a STUN server, a file */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "nat/external_ask.h"
#include "nat/stun_client.h"

#define FIRST_PORT   1024
#define DRAWS	     1000 /* of a port: most may be for media */
#define FILE_MAX     4096
#define SERVERS_MAX  2	 /* addresses of one name */
#define TRIES	     4	 /* 3.75 s */
#define FIRST_TRY_MS 250 /* then twice as long */

int external_no(char why[EXTERNAL_WHY], int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, EXTERNAL_WHY, format, args);
	va_end(args);
	return error;
}

/* --- Sockets ---------------------------------------------------------------------------------- */

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

int external_socket(const struct external_question *question, const struct endpoint *to)
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

int external_wait(const struct external_question *question, int fd, int64_t until_ms)
{
	struct pollfd fds[] = { { question->stop_fd, POLLIN, 0 }, { fd, POLLIN, 0 } };
	int64_t left_ms = until_ms - clock_ms();

	if (left_ms < 0)
		left_ms = 0;
	if (poll(fds, 2, (int)left_ms) <= 0)
		return -ETIMEDOUT; /* or a signal: the next try comes earlier */
	return fds[0].revents ? -ECANCELED : 0;
}

/* --- STUN ------------------------------------------------------------------------------------- */

/* Reads all that has arrived. -EAGAIN: not the reply; else as stun_client_read(), or -errno */
static int read_reply(int fd, const uint8_t *request, int family, struct endpoint *seen)
{
	uint8_t data[STUN_REPLY_MAX];
	int result = -EAGAIN;

	while (result == -EAGAIN) {
		ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

		if (n < 0)
			return -errno;
		result = stun_client_read(data, (size_t)n, request, family, seen);
	}
	return result;
}

static int await_reply(const struct external_question *question, int fd, const uint8_t *request,
		       int64_t until_ms, struct endpoint *seen)
{
	int error;

	do {
		error = external_wait(question, fd, until_ms);
		if (!error)
			error = read_reply(fd, request, question->bind.sa.sa_family, seen);
	} while (error == -EAGAIN);
	return error;
}

static int make_request(uint8_t request[STUN_HEADER])
{
	uint8_t transaction[STUN_TRANSACTION];

	if (getrandom(transaction, sizeof(transaction), 0) != sizeof(transaction))
		return -EIO;
	stun_client_request(request, transaction);
	return 0;
}

static int ask_server(const struct external_question *question, const struct endpoint *server,
		      struct endpoint *seen)
{
	uint8_t request[STUN_HEADER];
	int fd = external_socket(question, server);
	int64_t wait_ms = FIRST_TRY_MS;
	int error = fd < 0 ? fd : make_request(request);

	for (int i = 0; i < TRIES && !error; i++, wait_ms *= 2) {
		if (send(fd, request, sizeof(request), MSG_NOSIGNAL) < 0)
			error = -errno;
		else
			error = await_reply(question, fd, request, clock_ms() + wait_ms, seen);
		if (error != -ETIMEDOUT)
			break;
		error = i < TRIES - 1 ? 0 : -ETIMEDOUT;
	}
	if (fd >= 0)
		close(fd);
	return error;
}

static const char *why_not(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "no answer";
	case -ECONNREFUSED:
		return "no STUN server is there";
	case -EPROTO:
		return "its reply names no address";
	case -EACCES:
		return "it replies with an error";
	default:
		return strerror(-error);
	}
}

/* Addresses of the server, of the family of the interface. Return: their number; -errno and *why */
static int find_server(const struct external_source *source, int family,
		       struct endpoint server[SERVERS_MAX], char why[EXTERNAL_WHY])
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *all;
	int n = 0, error = getaddrinfo(source->host, NULL, &hints, &all);

	if (error)
		return external_no(why, -ENOENT, "%s: %s", source->text, gai_strerror(error));
	for (const struct addrinfo *at = all; at && n < SERVERS_MAX; at = at->ai_next) {
		if (at->ai_addrlen > sizeof(*server))
			continue;
		server[n] = (struct endpoint){ 0 };
		memcpy(&server[n].sa, at->ai_addr, at->ai_addrlen);
		endpoint_set_port(&server[n++], source->port);
	}
	freeaddrinfo(all);
	return n ? n : external_no(why, -ENOENT, "%s: no address of this family", source->text);
}

static int ask_stun(const struct external_source *source, const struct external_question *question,
		    struct endpoint *seen, char why[EXTERNAL_WHY])
{
	struct endpoint server[SERVERS_MAX];
	int n = find_server(source, question->bind.sa.sa_family, server, why), error = -ENOENT;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		error = ask_server(question, &server[i], seen);
		if (!error || error == -ECANCELED)
			return error;
	}
	return external_no(why, error, "%s: %s", source->text, why_not(error));
}

/* --- File ------------------------------------------------------------------------------------- */

/* Without O_NONBLOCK, a pipe would be waited for. */
static int ask_file(const struct external_source *source, int family, struct endpoint *address,
		    char why[EXTERNAL_WHY])
{
	int fd = open(source->text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[FILE_MAX];
	struct stat found;
	ssize_t n = -1;

	if (fd >= 0 && !fstat(fd, &found) && !S_ISREG(found.st_mode))
		errno = EINVAL;
	else if (fd >= 0)
		n = read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return external_no(why, -errno, "%s: %s", source->text, strerror(errno));
	if (external_find_address((struct str){ text, (size_t)n }, family, address))
		return 0;
	return external_no(why, -ENOENT, "%s: has no line that is an %s address", source->text,
			   family == AF_INET ? "IPv4" : "IPv6");
}

int external_ask(const struct external_source *source, const struct external_question *question,
		 struct endpoint *address, char why[EXTERNAL_WHY])
{
	switch (source->kind) {
	case EXTERNAL_FILE:
		return ask_file(source, question->bind.sa.sa_family, address, why);
	case EXTERNAL_STUN:
		break;
	}
	return ask_stun(source, question, address, why);
}
