/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_tcp.c - connections to the STUN service by TCP */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "nat/stun_frame.h"
#include "nat/stun_tcp.h"

#define BACKLOG	 16
#define SEND_MAX 4096 /* bytes of replies that a client has not read */

/* @active_ms: when it was made, or its last message came */
struct conn {
	int fd; /* -1: free */
	struct endpoint source;
	int64_t active_ms;
	struct stun_frame frame;
};

struct stun_tcp {
	struct stun_tcp_ops ops;
	int listener[STUN_TCP_LISTENERS];
	size_t n_listeners;
	struct conn conn[STUN_TCP_MAX];
};

struct stun_tcp *stun_tcp_new(const struct stun_tcp_ops *ops)
{
	struct stun_tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return NULL;
	tcp->ops = *ops;
	for (size_t i = 0; i < STUN_TCP_MAX; i++)
		tcp->conn[i].fd = -1;
	return tcp;
}

static void end(struct conn *conn)
{
	close(conn->fd);
	conn->fd = -1;
	conn->frame.len = 0;
}

void stun_tcp_free(struct stun_tcp *tcp)
{
	if (!tcp)
		return;
	for (size_t i = 0; i < STUN_TCP_MAX; i++)
		if (tcp->conn[i].fd >= 0)
			end(&tcp->conn[i]);
	for (size_t i = 0; i < tcp->n_listeners; i++)
		close(tcp->listener[i]);
	free(tcp);
}

/* --- Listening -------------------------------------------------------------------------------- */

/* Connections of an earlier daemon may still be about to end at this port. */
static int prepare(int fd, const struct endpoint *at)
{
	const int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		return -errno;
	if (at->sa.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		return -errno;
	if (bind(fd, &at->sa, endpoint_len(at)) || listen(fd, BACKLOG))
		return -errno;
	return 0;
}

int stun_tcp_listen(struct stun_tcp *tcp, const struct endpoint *at)
{
	int fd, error;

	if (tcp->n_listeners == STUN_TCP_LISTENERS)
		return -ENOSPC;
	fd = socket(at->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = prepare(fd, at);
	if (error)
		close(fd);
	else
		tcp->listener[tcp->n_listeners++] = fd;
	return error;
}

/* --- A connection begins ---------------------------------------------------------------------- */

static bool is_same_source(const struct endpoint *a, const struct endpoint *b)
{
	if (a->sa.sa_family != AF_INET6 || b->sa.sa_family != AF_INET6)
		return endpoint_addr_eq(a, b);
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 8);
}

static size_t count_of(const struct stun_tcp *tcp, const struct endpoint *source)
{
	size_t n = 0;

	for (size_t i = 0; i < STUN_TCP_MAX; i++)
		n += tcp->conn[i].fd >= 0 && is_same_source(&tcp->conn[i].source, source);
	return n;
}

/* A reply is one segment, at once; and what nobody reads takes little memory. */
static void set_up(int fd)
{
	const int one = 1, size = SEND_MAX;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* A free place, or that of the connection which has been idle for longest. */
static struct conn *find_place(struct stun_tcp *tcp)
{
	struct conn *oldest = tcp->conn;

	for (size_t i = 0; i < STUN_TCP_MAX; i++) {
		if (tcp->conn[i].fd < 0)
			return &tcp->conn[i];
		if (tcp->conn[i].active_ms < oldest->active_ms)
			oldest = &tcp->conn[i];
	}
	tcp->ops.count(tcp->ops.arg, STUN_TCP_IDLE);
	end(oldest);
	return oldest;
}

static void accept_one(struct stun_tcp *tcp, int listener, int64_t now_ms)
{
	struct endpoint source = { 0 };
	socklen_t len = sizeof(source);
	int fd = accept4(listener, &source.sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct conn *conn;

	if (fd < 0)
		return; /* it has gone; or there is no descriptor, and the next slice tries again */
	if (!tcp->ops.lets(tcp->ops.arg, &source) || count_of(tcp, &source) >= STUN_TCP_SOURCE) {
		tcp->ops.count(tcp->ops.arg, STUN_TCP_REFUSED);
		close(fd);
		return;
	}
	set_up(fd);
	conn = find_place(tcp);
	conn->fd = fd;
	conn->source = source;
	conn->active_ms = now_ms;
	tcp->ops.count(tcp->ops.arg, STUN_TCP_ACCEPTED);
}

/* --- Messages --------------------------------------------------------------------------------- */

/*
 * A reply is short: if it does not fit into the send buffer, the client reads nothing, and the
 * kernel need not keep for it what it has not read.
 */
static bool answer(const struct stun_tcp *tcp, const struct conn *conn, size_t size)
{
	const struct linger at_once = { .l_onoff = 1 };
	const uint8_t *reply;
	size_t len = tcp->ops.answer(tcp->ops.arg, &conn->source, conn->frame.bytes, size, &reply);

	if (!len)
		return false;
	if (send(conn->fd, reply, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len)
		return true;
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return false;
}

/* Handles the messages that are complete. False: the connection has to end */
static bool answer_all(const struct stun_tcp *tcp, struct conn *conn, int64_t now_ms)
{
	int size;

	while ((size = stun_frame_size(&conn->frame)) > 0) {
		if (!answer(tcp, conn, (size_t)size))
			return false;
		stun_frame_drop(&conn->frame, (size_t)size);
		conn->active_ms = now_ms;
	}
	return !size;
}

/* What has arrived. False: the connection has to end */
static bool hear(const struct stun_tcp *tcp, struct conn *conn, int64_t now_ms)
{
	struct stun_frame *frame = &conn->frame;
	ssize_t n = recv(conn->fd, frame->bytes + frame->len, sizeof(frame->bytes) - frame->len,
			 MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	frame->len += (size_t)n;
	return n && answer_all(tcp, conn, now_ms);
}

/* --- The loop --------------------------------------------------------------------------------- */

size_t stun_tcp_fds(const struct stun_tcp *tcp, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < tcp->n_listeners; i++)
		fds[n++] = (struct pollfd){ tcp->listener[i], POLLIN, 0 };
	for (size_t i = 0; i < STUN_TCP_MAX && tcp->n_listeners; i++)
		if (tcp->conn[i].fd >= 0)
			fds[n++] = (struct pollfd){ tcp->conn[i].fd, POLLIN, 0 };
	return n;
}

int64_t stun_tcp_tick(struct stun_tcp *tcp, int64_t now_ms)
{
	int64_t next_ms = -1;

	for (size_t i = 0; i < STUN_TCP_MAX; i++) {
		struct conn *conn = &tcp->conn[i];
		int64_t end_ms = conn->active_ms + STUN_TCP_IDLE_MS;

		if (conn->fd < 0)
			continue;
		if (end_ms <= now_ms) {
			tcp->ops.count(tcp->ops.arg, STUN_TCP_IDLE);
			end(conn);
		} else if (next_ms < 0 || end_ms < next_ms) {
			next_ms = end_ms;
		}
	}
	return next_ms;
}

/* Connections first, in the order of stun_tcp_fds(): a new one may take the place of another. */
unsigned int stun_tcp_handle(struct stun_tcp *tcp, const struct pollfd *fds, unsigned int left,
			     int64_t now_ms)
{
	const struct pollfd *at = fds + tcp->n_listeners;
	unsigned int made = 0;

	for (size_t i = 0; i < STUN_TCP_MAX && tcp->n_listeners; i++) {
		struct conn *conn = &tcp->conn[i];

		if (conn->fd < 0)
			continue;
		if (!(at++)->revents || made == left)
			continue;
		made++;
		if (!hear(tcp, conn, now_ms))
			end(conn);
	}
	for (size_t i = 0; i < tcp->n_listeners && made < left; i++) {
		if (!fds[i].revents)
			continue;
		made++;
		accept_one(tcp, tcp->listener[i], now_ms);
	}
	return made;
}
