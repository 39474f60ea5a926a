/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.c - sends the daemon one request over NG and waits for its answer
 *
 * UDP loses datagrams: the request is repeated with the same cookie. The daemon answers a
 * repetition from its record, so that it executes no request twice. The socket is connected: it
 * receives only from the daemon, and an ICMP error (no program listens on the port) is reported
 * immediately.
 */
#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include "daemon/base/bencode.h"
#include "daemon/base/clock.h"

/* The largest UDP payload over IPv4, and so the largest request and answer */
#define DATAGRAM 65507

/* The first repetition comes soon, later ones less often: the daemon may be busy. */
#define REPEAT_FIRST_MS 250
#define REPEAT_LAST_MS	2000

#define COOKIE_LEN 16

/* "host:port" or "[v6]:port" to the two strings that getaddrinfo() takes */
static bool split_server(const char *server, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(server, ':');
	size_t len;

	if (!colon || !colon[1])
		return false;
	*port = colon + 1;
	len = (size_t)(colon - server);
	if (len >= 2 && server[0] == '[' && server[len - 1] == ']') {
		server++;
		len -= 2;
	}
	if (!len || len >= size)
		return false;
	memcpy(host, server, len);
	host[len] = '\0';
	return true;
}

/* A connected socket, or -errno */
static int client_open(const char *server, const char **error)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	const char *port;
	char host[256];
	int fd, err;

	if (!split_server(server, host, sizeof(host), &port)) {
		*error = "the server is not HOST:PORT or [IPV6]:PORT";
		return -EINVAL;
	}
	err = getaddrinfo(host, port, &hints, &found);
	if (err) {
		*error = gai_strerror(err);
		return -EINVAL;
	}
	fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err = fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) ? -errno : 0;
	freeaddrinfo(found);
	if (!err)
		return fd;
	*error = strerror(-err);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Random, so that an attacker who cannot see the request cannot forge an answer. */
static int make_cookie(char cookie[COOKIE_LEN + 1])
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(cookie, COOKIE_LEN + 1, "%016llx", (unsigned long long)random);
	return 0;
}

/* One datagram into @data. Return: its length; 0, no answer with @cookie came in time; -errno */
static ssize_t receive(int fd, int wait_ms, const char *cookie, char *data)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int ready = poll(&poll_fd, 1, wait_ms);
	ssize_t len;

	if (ready <= 0)
		return ready && errno != EINTR ? -errno : 0;
	len = recv(fd, data, DATAGRAM, 0);
	if (len < 0)
		return -errno;
	if (len <= COOKIE_LEN + 1 || memcmp(data, cookie, COOKIE_LEN) || data[COOKIE_LEN] != ' ')
		return 0; /* a late answer to another program that had this port before */
	return len;
}

/* Sends and repeats until the answer is in @data: its length, or -errno */
static ssize_t exchange(int fd, int64_t deadline, const char *cookie, struct buf *request_bytes,
			char *data)
{
	int64_t now = clock_ms(), repeat_at = now, repeat = REPEAT_FIRST_MS;
	ssize_t len;

	for (; now < deadline; now = clock_ms()) {
		if (now >= repeat_at) {
			if (send(fd, request_bytes->data, request_bytes->len, 0) < 0)
				return -errno;
			repeat_at = now + repeat;
			repeat = repeat * 2 < REPEAT_LAST_MS ? repeat * 2 : REPEAT_LAST_MS;
		}
		len = receive(fd, (int)((repeat_at < deadline ? repeat_at : deadline) - now),
			      cookie, data);
		if (len)
			return len;
	}
	return -ETIMEDOUT;
}

/* @memory: room for two datagrams, the request and the answer */
static int ask(int fd, const struct client_conf *conf, struct arena *arena,
	       const struct dict *request, char *memory, struct client_answer *answer)
{
	struct buf request_bytes = BUF_INIT(memory, DATAGRAM);
	char cookie[COOKIE_LEN + 1], *data = memory + DATAGRAM;
	int64_t start_us = clock_us();
	ssize_t len;

	if (make_cookie(cookie))
		return -EIO;
	buf_add(&request_bytes, cookie, COOKIE_LEN);
	buf_char(&request_bytes, ' ');
	bencode_encode(request, &request_bytes);
	if (request_bytes.overflow)
		return -EMSGSIZE;
	len = exchange(fd, start_us / 1000 + conf->timeout_ms, cookie, &request_bytes, data);
	if (len < 0)
		return (int)len;
	answer->took_ms = (double)(clock_us() - start_us) / 1000;
	len -= COOKIE_LEN + 1;
	if (bencode_decode(arena, (struct str){ data + COOKIE_LEN + 1, (size_t)len },
			   &answer->reply) ||
	    answer->reply->type != DICT_MAP)
		return -EPROTO;
	return 0;
}

static const char *explain(int err)
{
	switch (-err) {
	case ETIMEDOUT:
		return "no answer: is this host's address in the relay's control-allow? There, "
		       "rtprelayctl status names sources that are refused";
	case ECONNREFUSED:
		return "no program listens there: is rtprelayd running?";
	case EPROTO:
		return "invalid answer: not a bencoded dictionary";
	default:
		return strerror(-err);
	}
}

int client_ask(const struct client_conf *conf, struct arena *arena, const struct dict *request,
	       struct client_answer *answer)
{
	char *memory;
	int fd, err;

	*answer = (struct client_answer){ 0 };
	fd = client_open(conf->server, &answer->error);
	if (fd < 0)
		return fd;
	/* Of the arena: the answer's texts are slices of it. */
	memory = arena_alloc(arena, 2 * (size_t)DATAGRAM);
	err = memory ? ask(fd, conf, arena, request, memory, answer) : -ENOMEM;
	if (err)
		answer->error = explain(err);
	close(fd);
	return err;
}
