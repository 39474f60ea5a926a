/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen_pause.h - pauses a listener whose accept() fails
 *
 * Without file descriptors accept() fails while the connection stays in the queue, so the event
 * loop would try again without end.
 */
#ifndef RTPRELAY_LISTEN_PAUSE_H
#define RTPRELAY_LISTEN_PAUSE_H

#include <event2/event_struct.h>
#include <event2/listener.h>

/* Embedded in the listener's struct. @name: for the log; borrowed */
struct listen_pause {
	struct evconnlistener *listener;
	struct event again;
	const char *name;
};

void listen_pause_init(struct listen_pause *pause, struct event_base *base,
		       struct evconnlistener *listener, const char *name);
/* For the listener's error callback; logs errno. */
void listen_pause_begin(struct listen_pause *pause);
/* Call it before the listener is freed. Accepts a zeroed struct. */
void listen_pause_fini(struct listen_pause *pause);

#endif
