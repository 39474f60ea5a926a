/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listen_pause.c - pauses a listener whose accept() fails */
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include "base/listen_pause.h"
#include "base/log.h"

#define PAUSE_S 1

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct listen_pause *pause = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(pause->listener);
}

void listen_pause_init(struct listen_pause *pause, struct event_base *base,
		       struct evconnlistener *listener, const char *name)
{
	pause->listener = listener;
	pause->name = name;
	event_assign(&pause->again, base, -1, 0, on_again, pause);
}

void listen_pause_begin(struct listen_pause *pause)
{
	const struct timeval length = { PAUSE_S, 0 };

	log_warn("%s: cannot accept connections: %s; trying again in %d s", pause->name,
		 strerror(errno), PAUSE_S);
	if (!event_add(&pause->again, &length))
		evconnlistener_disable(pause->listener);
}

void listen_pause_fini(struct listen_pause *pause)
{
	if (pause->listener)
		event_del(&pause->again);
}
