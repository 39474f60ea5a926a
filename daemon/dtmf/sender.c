/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sender.c - sends reports of keys that were pressed, a datagram each */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/resolve.h"
#include "dtmf/report.h"
#include "dtmf/sender.h"

/* Between two log lines about lost reports. */
#define TELL_MS 60000

/* @fd: by family, IPv4 and IPv6, opened when it is needed; -1: not yet */
struct dtmf_sender {
	int fd[2];
	struct endpoint target; /* unset: none */
	uint64_t *sent, *lost;
	int64_t told_ms; /* last log line about lost reports; 0: none */
	char text[DTMF_REPORT_MAX];
};

bool dtmf_target(const char *text, struct endpoint *target)
{
	return endpoint_resolve(text, target, 1) == 1 && endpoint_port(target) &&
	       !endpoint_is_any(target);
}

bool dtmf_place(struct str text, struct endpoint *place)
{
	if (!text.len || memchr(text.s, '%', text.len) || !endpoint_parse(text, -1, place))
		return false;
	return endpoint_port(place) && !endpoint_is_any(place) &&
	       !(place->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&place->in6.sin6_addr));
}

struct dtmf_sender *dtmf_sender_open(const struct dtmf_sender_conf *conf)
{
	struct dtmf_sender *sender = calloc(1, sizeof(*sender));

	if (!sender)
		return NULL;
	sender->fd[0] = sender->fd[1] = -1;
	sender->sent = conf->sent;
	sender->lost = conf->lost;
	if (!conf->target || dtmf_target(conf->target, &sender->target))
		return sender;
	free(sender);
	errno = EINVAL;
	return NULL;
}

void dtmf_sender_close(struct dtmf_sender *sender)
{
	if (!sender)
		return;
	for (int i = 0; i < 2; i++)
		if (sender->fd[i] >= 0)
			close(sender->fd[i]);
	free(sender);
}

bool dtmf_sender_has_target(const struct dtmf_sender *sender)
{
	return endpoint_is_set(&sender->target);
}

/* The line has no digits. */
static void tell_lost(struct dtmf_sender *sender, const struct endpoint *to, int err)
{
	int64_t now_ms = clock_ms();
	char text[ENDPOINT_TEXT];

	++*sender->lost;
	if (sender->told_ms && now_ms - sender->told_ms < TELL_MS)
		return;
	sender->told_ms = now_ms;
	log_warn("dtmf-log-dest %s: reports of keys are lost: %s; check the address and the route "
		 "to it; the next line about this comes after a minute at the earliest",
		 endpoint_print(to, text), strerror(err));
}

static int socket_for(struct dtmf_sender *sender, const struct endpoint *to)
{
	int *fd = &sender->fd[to->sa.sa_family == AF_INET6];

	if (*fd < 0)
		*fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd;
}

void dtmf_send(struct dtmf_sender *sender, const struct dtmf_report *report,
	       const struct endpoint *to)
{
	struct buf buf = BUF_INIT(sender->text, sizeof(sender->text));
	int fd;

	if (!endpoint_is_set(to))
		to = &sender->target;
	if (!endpoint_is_set(to))
		return;
	if (!dtmf_report_write(report, &buf)) {
		tell_lost(sender, to, EMSGSIZE);
		return;
	}
	fd = socket_for(sender, to);
	if (fd < 0 || sendto(fd, buf.data, buf.len, MSG_DONTWAIT | MSG_NOSIGNAL, &to->sa,
			     endpoint_len(to)) < 0)
		tell_lost(sender, to, errno);
	else
		++*sender->sent;
}
