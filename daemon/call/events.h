/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.h - what happens to calls, told to whoever watches
 *
 * Costs nothing while nobody does. A watcher copies what it wants to keep and may not touch calls. Control
 * thread only.
 */
#ifndef RTPRELAY_EVENTS_H
#define RTPRELAY_EVENTS_H

#include "packet/side.h"

struct call;
struct media;

enum happening_kind {
	CALL_WAS_MADE,
	CALL_HAS_ENDED,	  /* @why */
	STREAM_LATCHED,	  /* it has a source */
	STREAM_RELATCHED, /* it has another one */
	STREAM_REFUSED,	  /* packets of a stranger; at most once a second and stream */
	STREAM_IN_KERNEL,
	STREAM_IN_USER, /* no more in the kernel; @why */
	STREAM_SILENT,	/* the kernel has heard nothing for as long as time-outs last */
	STREAM_HEARD,	/* ... and hears it again */
	MODULE_CAME,
	MODULE_WENT,
	HAPPENING_KINDS
};

/* By enum happening_kind. */
extern const char *const happening_names[HAPPENING_KINDS];

/**
 * struct happening - one event
 * @call: NULL: of the module
 * @media: NULL: of the call as a whole; else @side and @comp say of which stream
 * @why: or NULL
 */
struct happening {
	enum happening_kind kind;
	const struct call *call;
	const struct media *media;
	enum side side;
	enum component comp;
	const char *why;
};

typedef void events_fn(void *arg, const struct happening *happening);

/* Embedded by who watches. */
struct events_watcher {
	struct events_watcher *prev, *next;
	events_fn *fn;
	void *arg;
};

/* All zero: nobody watches. */
struct events {
	struct events_watcher *watchers;
};

void events_watch(struct events *events, struct events_watcher *watcher, events_fn *fn, void *arg);
void events_unwatch(struct events *events, struct events_watcher *watcher);
/* Takes NULL for @events. Watchers may leave from within, others than the one being told may not. */
void events_tell(struct events *events, const struct happening *happening);
/* A happening of the call as a whole. @why: or NULL */
void events_tell_call(struct events *events, enum happening_kind kind, const struct call *call,
		      const char *why);

/* Is it worth while to make up a happening? */
static inline bool events_watched(const struct events *events)
{
	return events && events->watchers;
}

#endif
