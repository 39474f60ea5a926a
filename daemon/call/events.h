/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.h - reports what happens to calls to the watchers
 *
 * Costs nothing without watchers. A watcher copies what it needs and must not change calls. Control
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
	STREAM_REFUSED,	  /* packets from an unknown source; once a second and stream at most */
	STREAM_UNHEARD,	  /* it has accepted nothing, and refuses a source; @why: what to set */
	STREAM_DENIED,	  /* a forbidden destination, see packet/deny.h; @why */
	STREAM_IN_KERNEL,
	STREAM_IN_USER,	     /* not in the kernel any more; @why */
	STREAM_SILENT,	     /* the kernel has received nothing for the duration of the time-out */
	STREAM_HEARD,	     /* the kernel receives it again */
	ICE_SELECTED,	     /* each component of a media has a pair */
	ICE_HAS_FAILED,	     /* none was found */
	ICE_CONSENT_ENDED,   /* the phone does not answer any more */
	KERNEL_PATH,	     /* another way into the kernel is used now, or none */
	ADDRESS_CHANGED,     /* outside of the NAT: nat/external.h; @why: from where to where */
	ADDRESS_FAILING,     /* no source names it at present; @why */
	PORTS_MAPPED,	     /* the router forwards, again, or has lost what it forwarded; @why */
	PORTS_FAILING,	     /* the router does not forward, or no more ports; @why */
	DTLS_SECURED,	     /* a handshake is done, and the fingerprint is the SDP's */
	DTLS_REFUSED,	     /* no keys from it; @why */
	RECORDING_FAILED,    /* the recording has ended, the call goes on; @why */
	RECORDING_NEW_FILES, /* after a restart it has new files, not its former ones; @why */
	DTMF_PRESSED,	     /* a key, with dtmf-log; @dtmf */
	PROMPT_HAS_STARTED,  /* @side hears one; @why: its name */
	PROMPT_HAS_ENDED,    /* it hears the other party again; @why */
	HAPPENING_KINDS
};

/* By enum happening_kind. */
extern const char *const happening_names[HAPPENING_KINDS];

/* A key: @event 0..16, as in RFC 4733; @end_lost: heard only so far; @blocked: not forwarded */
struct happening_dtmf {
	uint8_t event, volume;
	uint32_t duration_ms;
	bool end_lost, blocked;
};

/**
 * struct happening - one event
 * @call: NULL: an event of the kernel path, or of an address
 * @media: NULL: an event of the whole call; otherwise of the stream of @side and @comp
 * @why: or NULL
 * @dtmf: of DTMF_PRESSED
 */
struct happening {
	enum happening_kind kind;
	const struct call *call;
	const struct media *media;
	enum side side;
	enum component comp;
	const char *why;
	const struct happening_dtmf *dtmf;
};

typedef void events_fn(void *arg, const struct happening *happening);

/* Embedded in the watcher's own struct. */
struct events_watcher {
	struct events_watcher *prev, *next;
	events_fn *fn;
	void *arg;
};

/* All zero: no watchers. */
struct events {
	struct events_watcher *watchers;
};

void events_watch(struct events *events, struct events_watcher *watcher, events_fn *fn, void *arg);
void events_unwatch(struct events *events, struct events_watcher *watcher);
/* Takes NULL for @events. From its @fn a watcher may remove itself, but no other one. */
void events_tell(struct events *events, const struct happening *happening);
/* An event of the whole call. @why: or NULL */
void events_tell_call(struct events *events, enum happening_kind kind, const struct call *call,
		      const char *why);

/* Are there watchers? If not, the caller need not fill a struct happening. */
static inline bool events_watched(const struct events *events)
{
	return events && events->watchers;
}

#endif
