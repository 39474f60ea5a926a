/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.c - sends time-out notifications to one listener: its connection, and a queue of lines
 *
 * OpenSIPS reads at most 255 bytes at once. From a Unix socket it drops the beginning of a line
 * whose end is not among them. So the socket never holds more than 255 bytes, in whole lines: the
 * next lines are written when these have been read.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>
#include "base/log.h"
#include "rtpproxy/listener.h"

#define RETRY_MS     500
#define RETRY_MAX_MS 10000
/* Interval of checks whether the listener has read the earlier lines. */
#define READ_MS 10

struct line {
	struct line *prev, *next;
	size_t len;
	char text[]; /* with the LF */
};

struct rtpp_listener {
	struct event_base *base;
	const char *name;
	struct endpoint addr; /* unset: a Unix socket */
	int fd;		      /* -1: not connected */
	bool connected;
	bool told_failing; /* log line; until a line is written */
	bool full;	   /* write nothing before the listener has read */
	size_t unread;	   /* bytes that the listener may not have read yet; of a Unix socket */
	struct event *io, *again;
	unsigned int retry_ms;
	struct line *lines;   /* oldest first */
	size_t n_lines, sent; /* bytes of the first line that are written */
	uint64_t dropped;
};

/* --- Lines ------------------------------------------------------------------------------------ */

static void drop_first(struct rtpp_listener *l)
{
	struct line *line = l->lines;

	DL_DELETE(l->lines, line);
	free(line);
	l->n_lines--;
	l->sent = 0;
}

/* Drops the oldest line that is not being sent if the queue is full. False: a line was dropped. */
static bool make_room(struct rtpp_listener *l)
{
	struct line *line = l->sent ? l->lines->next : l->lines;

	if (l->n_lines < RTPP_LINES_MAX)
		return true;
	if (!l->dropped++)
		log_warn(
			"notify %s: the listener cannot be reached or reads too slowly: the oldest "
			"time-out notifications are dropped",
			l->name);
	DL_DELETE(l->lines, line);
	free(line);
	l->n_lines--;
	return false;
}

static bool add_line(struct rtpp_listener *l, struct str text)
{
	struct line *line = malloc(sizeof(*line) + text.len + 1);
	bool all_kept;

	if (!line) {
		log_err("notify %s: a time-out notification is lost: out of memory", l->name);
		return false;
	}
	all_kept = make_room(l);
	memcpy(line->text, text.s, text.len);
	line->text[text.len] = '\n';
	line->len = text.len + 1;
	DL_APPEND(l->lines, line);
	l->n_lines++;
	return all_kept;
}

/* --- The connection --------------------------------------------------------------------------- */

static void disconnect(struct rtpp_listener *l)
{
	if (l->io)
		event_free(l->io);
	l->io = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->connected = l->full = false;
	l->unread = 0;
	l->sent = 0; /* a line that was sent in part is sent again, whole */
}

static void try_again_in(struct rtpp_listener *l, unsigned int ms)
{
	const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	event_add(l->again, &wait);
}

/* The pause doubles with each failure, up to RETRY_MAX_MS. @error: 0: the listener closed it */
static void connect_later(struct rtpp_listener *l, int error)
{
	if (l->lines && !l->told_failing) {
		log_warn("notify %s: the listener does not take time-out notifications (%s): they "
			 "wait",
			 l->name, error ? strerror(error) : "it closed the connection");
		l->told_failing = true;
	}
	disconnect(l);
	if (l->lines)
		try_again_in(l, l->retry_ms);
	l->retry_ms = l->retry_ms * 2 < RETRY_MAX_MS ? l->retry_ms * 2 : RETRY_MAX_MS;
}

static int start_connect(struct rtpp_listener *l)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	const struct sockaddr *addr = &l->addr.sa;
	socklen_t len = endpoint_len(&l->addr);
	int family = AF_UNIX;

	if (endpoint_is_set(&l->addr)) {
		family = l->addr.sa.sa_family;
	} else {
		strncpy(path.sun_path, l->name + strlen("unix:"), sizeof(path.sun_path) - 1);
		addr = (const struct sockaddr *)(const void *)&path;
		len = sizeof(path);
	}
	l->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || (connect(l->fd, addr, len) && errno != EINPROGRESS))
		return -errno;
	return 0;
}

/* SIOCOUTQ of a Unix socket is 0 when the listener has read everything. */
static bool has_room(struct rtpp_listener *l)
{
	int held = 0;

	if (endpoint_is_set(&l->addr))
		return true;
	if (!ioctl(l->fd, SIOCOUTQ, &held) && !held)
		l->unread = 0;
	return l->unread + l->lines->len <= RTPP_TAG_MAX + 1;
}

static void tell_taken(struct rtpp_listener *l)
{
	if (l->told_failing)
		log_notice("notify %s: the listener takes time-out notifications again", l->name);
	l->told_failing = false;
}

/* Return: 0; an errno: the connection is broken */
static int write_lines(struct rtpp_listener *l)
{
	while (l->lines) {
		const struct line *line = l->lines;
		ssize_t n;

		l->full = !has_room(l);
		if (l->full)
			return 0;
		n = send(l->fd, line->text + l->sent, line->len - l->sent, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : errno;
		tell_taken(l);
		l->unread += (size_t)n;
		l->sent += (size_t)n;
		if (l->sent == line->len)
			drop_first(l);
	}
	return 0;
}

/* False: *error, which is 0 if the listener closed the connection */
static bool still_there(const struct rtpp_listener *l, int *error)
{
	char nothing[256];
	ssize_t n = recv(l->fd, nothing, sizeof(nothing), MSG_DONTWAIT);

	*error = n < 0 ? errno : 0;
	return n > 0 || *error == EAGAIN || *error == EINTR;
}

static bool is_connected(const struct rtpp_listener *l, int *error)
{
	socklen_t len = sizeof(*error);

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, error, &len))
		*error = errno;
	return !*error;
}

static void watch(struct rtpp_listener *l);

static void write_on(struct rtpp_listener *l)
{
	int error = write_lines(l);

	if (error) {
		connect_later(l, error);
		return;
	}
	l->retry_ms = RETRY_MS;
	l->dropped = 0;
	watch(l);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct rtpp_listener *l = arg;
	bool ok = true;
	int error = 0;

	(void)fd;
	if (!l->connected)
		ok = l->connected = is_connected(l, &error);
	else if (what & EV_READ)
		ok = still_there(l, &error);
	if (ok)
		write_on(l);
	else
		connect_later(l, error);
}

/* Waits until it can write if there are lines; otherwise only for the end of the connection. */
static void watch(struct rtpp_listener *l)
{
	bool write = !l->connected || (l->lines && !l->full);
	short what = (short)((l->connected ? EV_READ : 0) | (write ? EV_WRITE : 0));

	if (l->io)
		event_free(l->io);
	l->io = event_new(l->base, l->fd, what, on_socket, l);
	if (!l->io || event_add(l->io, NULL))
		connect_later(l, ENOMEM);
	else if (l->full)
		try_again_in(l, READ_MS);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct rtpp_listener *l = arg;
	int error;

	(void)fd;
	(void)what;
	if (l->connected) {
		write_on(l);
		return;
	}
	error = start_connect(l);
	if (error)
		connect_later(l, -error);
	else
		watch(l);
}

/* --- Interface -------------------------------------------------------------------------------- */

bool rtpp_listener_tell(struct rtpp_listener *l, struct str text)
{
	bool all_kept = add_line(l, text);

	/* Otherwise an attempt is under way, and its event writes the line. */
	if (l->lines && !l->full && (l->connected || l->fd < 0) && !evtimer_pending(l->again, NULL))
		on_again(-1, 0, l);
	return all_kept;
}

size_t rtpp_listener_waiting(const struct rtpp_listener *l)
{
	return l->n_lines;
}

struct rtpp_listener *rtpp_listener_new(struct event_base *base, const char *name,
					const struct endpoint *addr)
{
	struct rtpp_listener *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	*l = (struct rtpp_listener){
		.base = base, .name = name, .addr = *addr, .fd = -1, .retry_ms = RETRY_MS
	};
	l->again = evtimer_new(base, on_again, l);
	if (l->again)
		return l;
	free(l);
	return NULL;
}

void rtpp_listener_free(struct rtpp_listener *l)
{
	if (!l)
		return;
	disconnect(l);
	event_free(l->again);
	while (l->lines)
		drop_first(l);
	free(l);
}
