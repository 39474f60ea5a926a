/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - control over connections (unix:, cunix:, tcp:, tcp6:) for protocols that allow it
 *
 * Commands have no cookie here. unix:, or a path alone, is one command and its answer, then the
 * end; the others are lines, for as long as the proxy likes.
 */
#ifndef RTPRELAY_CTL_STREAM_H
#define RTPRELAY_CTL_STREAM_H

#include <assert.h>
#include <event2/event.h>
#include "base/buf.h"
#include "base/endpoint.h"
#include "gate/protocol.h"

/* At a time, of one listener. */
#define CTL_CONNECTIONS 100
/* A longer command ends its connection. */
#define CTL_LINE 8192

/* How long a command over unix: may take to come, and an answer to be read. */
#define CTL_PATIENCE_MS 10000
/* Room for an answer. */
#define CTL_STREAM_REPLY 2048

static_assert(CTL_STREAM_REPLY >= CONTROL_REPLY_MIN, "a reply has room");

struct ctl_stream_conf {
	const char *name; /* of the configuration's key, for the log; must last */
	/* May this address command us? Asked of TCP alone. */
	bool (*allowed)(void *arg, const struct endpoint *source);
	/* @source is unset for unix sockets. */
	void (*run)(void *arg, const struct endpoint *source, struct str command, struct buf *out);
	/* After a batch of commands. */
	void (*done)(void *arg);
	void *arg;
	unsigned int patience_ms; /* CTL_PATIENCE_MS but for tests */
};

struct ctl_stream;

/* Does this address mean connections, and not datagrams? */
bool ctl_stream_is(const char *text);
/* NULL and *error: -EINVAL, no such address; another -errno */
struct ctl_stream *ctl_stream_open(struct event_base *base, const char *text,
				   const struct ctl_stream_conf *conf, int *error);
/* Ends its connections too. Takes NULL. */
void ctl_stream_close(struct ctl_stream *stream);
/* Port of a TCP listener, for tests; 0: it has none. */
uint16_t ctl_stream_port(const struct ctl_stream *stream);
/* The address that a TCP listener is at; unset: none. */
struct endpoint ctl_stream_address(const struct ctl_stream *stream);

#endif
