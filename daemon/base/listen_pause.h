/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen_pause.h - a listener that cannot accept rests for a while
 *
 * Out of descriptors, who wants to connect stays in the queue, and the loop would do nothing but try.
 */
#ifndef RTPRELAY_LISTEN_PAUSE_H
#define RTPRELAY_LISTEN_PAUSE_H

#include <event2/event_struct.h>
#include <event2/listener.h>

/* Embedded by who listens. @name: for the log; must last */
struct listen_pause {
	struct evconnlistener *listener;
	struct event again;
	const char *name;
};

void listen_pause_init(struct listen_pause *pause, struct event_base *base,
		       struct evconnlistener *listener, const char *name);
/* For the listener's error callback; errno is why. */
void listen_pause_begin(struct listen_pause *pause);
/* Before the listener is freed. Takes one that is all zero. */
void listen_pause_fini(struct listen_pause *pause);

#endif
