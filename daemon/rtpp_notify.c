/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rtpp_notify.c - tells proxies that a session timed out: a line for each, over a connection that is kept
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>
#include "call.h"
#include "ctl_socket.h"
#include "log.h"
#include "rtpp_notify.h"

#define SELF	     "%%CC_SELF%%"
#define LISTENERS    64 /* those of %%CC_SELF%% are as many as proxies */
#define RETRY_MS     500
#define RETRY_MAX_MS 10000

struct line {
	struct line *prev, *next;
	size_t len;
	char text[]; /* with the LF */
};

/* A configured "notify". */
struct target {
	struct str text; /* as U names it: with "unix:" */
	char *memory;
	bool self;
	struct endpoint addr; /* TCP; of SELF the port alone. Unset: the path is behind "unix:" */
};

/* Whom lines go to: a target, and of SELF the proxy that asked. */
struct listener {
	struct rtpp_notify *notify;
	const struct target *target;
	struct endpoint addr;
	int fd; /* -1: not connected */
	bool connected;
	struct event *io, *again;
	unsigned int retry_ms;
	struct line *lines;   /* oldest first */
	size_t n_lines, sent; /* bytes of the first line that have left */
	uint64_t dropped;
};

struct rtpp_notify {
	struct event_base *base;
	struct target *targets;
	size_t n_targets;
	struct listener listeners[LISTENERS];
	size_t n_listeners;
};

/* --- Lines --------------------------------------------------------------------------------------- */

static void drop_first(struct listener *l)
{
	struct line *line = l->lines;

	DL_DELETE(l->lines, line);
	free(line);
	l->n_lines--;
	l->sent = 0;
}

static void add_line(struct listener *l, struct str text)
{
	struct line *line = malloc(sizeof(*line) + text.len + 1);

	if (l->n_lines == RTPP_LINES_MAX) {
		if (!l->dropped++)
			log_warn("notify %s: too many lines wait: the oldest are given up",
				 l->target->text.s);
		drop_first(l);
	}
	if (!line) {
		log_err("notify %s: out of memory: a time-out is not told", l->target->text.s);
		return;
	}
	memcpy(line->text, text.s, text.len);
	line->text[text.len] = '\n';
	line->len = text.len + 1;
	DL_APPEND(l->lines, line);
	l->n_lines++;
}

/* --- The connection ------------------------------------------------------------------------------ */

static void disconnect(struct listener *l)
{
	if (l->io)
		event_free(l->io);
	l->io = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->connected = false;
	l->sent = 0; /* a line that was cut is sent again whole */
}

/* With longer pauses the longer nobody is there. */
static void connect_later(struct listener *l)
{
	const struct timeval wait = { l->retry_ms / 1000, l->retry_ms % 1000 * 1000 };

	disconnect(l);
	if (l->lines)
		event_add(l->again, &wait);
	l->retry_ms = l->retry_ms * 2 < RETRY_MAX_MS ? l->retry_ms * 2 : RETRY_MAX_MS;
}

static int start_connect(struct listener *l)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	const struct sockaddr *addr = &l->addr.sa;
	socklen_t len = endpoint_len(&l->addr);
	int family = AF_UNIX;

	if (endpoint_is_set(&l->addr)) {
		family = l->addr.sa.sa_family;
	} else {
		memcpy(path.sun_path, l->target->text.s + 5, l->target->text.len - 4);
		addr = (const struct sockaddr *)(const void *)&path;
		len = sizeof(path);
	}
	l->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || (connect(l->fd, addr, len) && errno != EINPROGRESS))
		return -errno;
	return 0;
}

/* False: the connection is of no use any more. */
static bool write_lines(struct listener *l)
{
	while (l->lines) {
		const struct line *line = l->lines;
		ssize_t n = send(l->fd, line->text + l->sent, line->len - l->sent, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		l->sent += (size_t)n;
		if (l->sent == line->len)
			drop_first(l);
	}
	return true;
}

static bool still_there(const struct listener *l)
{
	char nothing[256];
	ssize_t n = recv(l->fd, nothing, sizeof(nothing), MSG_DONTWAIT);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void watch(struct listener *l);

static bool is_connected(const struct listener *l)
{
	socklen_t len = sizeof(int);
	int error = 0;

	return !getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len) && !error;
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	bool well = true;

	(void)fd;
	if (!l->connected)
		well = l->connected = is_connected(l);
	else if (what & EV_READ)
		well = still_there(l);
	if (well)
		well = write_lines(l);
	if (!well) {
		connect_later(l);
		return;
	}
	l->retry_ms = RETRY_MS;
	l->dropped = 0;
	watch(l);
}

/* Until all is written; afterwards for the end of the connection alone. */
static void watch(struct listener *l)
{
	short what =
		(short)((l->connected ? EV_READ : 0) | (l->lines || !l->connected ? EV_WRITE : 0));

	if (l->io)
		event_free(l->io);
	l->io = event_new(l->notify->base, l->fd, what, on_socket, l);
	if (!l->io || event_add(l->io, NULL))
		connect_later(l);
}

static void try_send(struct listener *l)
{
	if (l->fd >= 0) {
		watch(l);
		return;
	}
	if (evtimer_pending(l->again, NULL))
		return;
	if (start_connect(l))
		connect_later(l);
	else
		watch(l);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_send(arg);
}

/* --- Whom ----------------------------------------------------------------------------------------- */

static struct endpoint address_of(const struct target *target, const struct endpoint *source)
{
	struct endpoint addr = target->addr;

	if (target->self) {
		addr = *source;
		endpoint_set_port(&addr, endpoint_port(&target->addr));
	}
	return addr;
}

static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_is_set(a) ? endpoint_eq(a, b) : !endpoint_is_set(b);
}

/* Made when first needed. NULL: too many, or out of memory. */
static struct listener *listener_of(struct rtpp_notify *notify, const struct notice *notice)
{
	const struct target *target = &notify->targets[notice->target];
	struct endpoint addr = address_of(target, &notice->source);
	struct listener *l;

	if (target->self && !endpoint_is_set(&notice->source))
		return NULL;

	for (size_t i = 0; i < notify->n_listeners; i++) {
		l = &notify->listeners[i];
		if (l->target == target && same_address(&l->addr, &addr))
			return l;
	}
	if (notify->n_listeners == LISTENERS)
		return NULL;
	l = &notify->listeners[notify->n_listeners];
	*l = (struct listener){
		.notify = notify, .target = target, .addr = addr, .fd = -1, .retry_ms = RETRY_MS
	};
	l->again = evtimer_new(notify->base, on_again, l);
	if (!l->again)
		return NULL;
	notify->n_listeners++;
	return l;
}

void rtpp_notify_send(struct rtpp_notify *notify, const struct notice *notice)
{
	/* It may be of a daemon before this one, with other listeners. */
	struct listener *l =
		notice->target < notify->n_targets ? listener_of(notify, notice) : NULL;

	if (!l) {
		log_warn("notify: nobody can be told of a time-out");
		return;
	}
	add_line(l, notice->tag);
	try_send(l);
}

static bool told_before(const struct dialog *dialog, size_t index)
{
	const struct notice *notice = dialog->media[index]->notice;

	for (size_t i = 0; i < index; i++) {
		const struct notice *before = dialog->media[i] ? dialog->media[i]->notice : NULL;

		if (before && before->target == notice->target && str_eq(before->tag, notice->tag))
			return true;
	}
	return false;
}

void rtpp_notify_timed_out(void *arg, const struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->n_media; i++)
		if (dialog->media[i] && dialog->media[i]->notice && !told_before(dialog, i))
			rtpp_notify_send(arg, dialog->media[i]->notice);
}

size_t rtpp_notify_waiting(const struct rtpp_notify *notify)
{
	size_t sum = 0;

	for (size_t i = 0; i < notify->n_listeners; i++)
		sum += notify->listeners[i].n_lines;
	return sum;
}

/* --- The words of a U ------------------------------------------------------------------------------ */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One line of text, whatever was written: nothing that would end it, or begin another. */
static bool decode(struct str text, char *out, size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i] == '+' ? ' ' : text.s[i];

		if (c == '%') {
			int high = i + 2 < text.len ? hex(text.s[i + 1]) : -1;
			int low = i + 2 < text.len ? hex(text.s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f || *len == RTPP_TAG_MAX)
			return false;
		out[(*len)++] = c;
	}
	return *len;
}

static bool names(const struct target *target, struct str socket)
{
	struct str own = target->text;

	if (str_starts(socket, STR("/")) && str_starts(own, STR("unix:"))) {
		own.s += 5;
		own.len -= 5;
	}
	return str_eq(own, socket);
}

enum rtpp_error rtpp_notify_make(struct rtpp_notify *notify, const struct endpoint *source,
				 struct str socket, struct str tag, struct notice **notice)
{
	char text[RTPP_TAG_MAX], shown[80];
	unsigned int target = 0;
	size_t len;

	*notice = NULL;
	if (!notify)
		return RTPP_E_NOTIFY_OFF;
	if (!decode(tag, text, &len))
		return RTPP_E_SYNTAX;
	while (target < notify->n_targets && !names(&notify->targets[target], socket))
		target++;
	if (target == notify->n_targets ||
	    (notify->targets[target].self && !endpoint_is_set(source))) {
		log_info("notify: \"%s\" is not configured: nobody will be told",
			 log_escape(socket, shown, sizeof(shown)));
		return RTPP_OK;
	}
	*notice = malloc(sizeof(**notice) + len);
	if (!*notice)
		return RTPP_E_MEMORY;
	**notice = (struct notice){ .target = target,
				    .source = *source,
				    .tag = { (*notice)->text, len } };
	memcpy((*notice)->text, text, len);
	return RTPP_OK;
}

/* --- Start and end ---------------------------------------------------------------------------------- */

static const char *read_target(struct target *target, const char *text)
{
	static const char bad[] = "is not unix:PATH, tcp:HOST:PORT or tcp:" SELF ":PORT";
	size_t size = strlen(text) + sizeof("unix:");
	const char *at;

	target->memory = malloc(size);
	if (!target->memory)
		return "out of memory";
	snprintf(target->memory, size, "%s%s", text[0] == '/' ? "unix:" : "", text);
	target->text = str_of(target->memory);
	if (str_starts(target->text, STR("unix:/")))
		return target->text.len - 5 < sizeof(((struct sockaddr_un *)0)->sun_path)
			       ? NULL
			       : "the path is too long";
	if (!str_starts(target->text, STR("tcp:")))
		return bad;
	at = target->memory + 4;
	target->self = !strncmp(at, SELF ":", sizeof(SELF));
	if (!target->self)
		return ctl_resolve(at, &target->addr, 1) == 1 && endpoint_port(&target->addr) ? NULL
											      : bad;
	target->addr.sa.sa_family = AF_INET;
	{
		uint64_t port;

		if (!str_to_u64(str_of(at + sizeof(SELF)), UINT16_MAX, &port) || !port)
			return bad;
		endpoint_set_port(&target->addr, (uint16_t)port);
	}
	return NULL;
}

struct rtpp_notify *rtpp_notify_open(struct event_base *base, const struct conf_list *targets,
				     const char **error)
{
	static __thread char text[256];
	struct rtpp_notify *notify = calloc(1, sizeof(*notify));

	*error = "notify: out of memory";
	if (!notify)
		return NULL;
	notify->base = base;
	notify->targets = calloc(targets->count + 1, sizeof(*notify->targets));
	while (notify->targets && notify->n_targets < targets->count) {
		const char *value = targets->item[notify->n_targets];
		const char *why = read_target(&notify->targets[notify->n_targets++], value);

		if (!why)
			continue;
		snprintf(text, sizeof(text), "notify %s: %s", value, why);
		*error = text;
		rtpp_notify_close(notify);
		return NULL;
	}
	if (notify->targets)
		return notify;
	rtpp_notify_close(notify);
	return NULL;
}

void rtpp_notify_close(struct rtpp_notify *notify)
{
	if (!notify)
		return;
	for (size_t i = 0; i < notify->n_listeners; i++) {
		struct listener *l = &notify->listeners[i];

		disconnect(l);
		event_free(l->again);
		while (l->lines)
			drop_first(l);
	}
	for (size_t i = 0; i < notify->n_targets; i++)
		free(notify->targets[i].memory);
	free(notify->targets);
	free(notify);
}
