/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - control over connections (unix:, cunix:, tcp:, tcp6:) for protocols that allow it
 *
 * A connection to unix:, or to a path without prefix, carries one command and its answer. The
 * others carry lines until the proxy closes them. With a frame function a connection carries
 * requests of any form: while their answers are not read, the next ones wait.
 */
#ifndef RTPRELAY_CTL_STREAM_H
#define RTPRELAY_CTL_STREAM_H

#include <assert.h>
#include <event2/event.h>
#include "base/buf.h"
#include "base/endpoint.h"
#include "gate/protocol.h"

/* Open connections of one listener, at most: then the oldest idle one yields to a new one. */
#define CTL_CONNECTIONS 100
/* A longer command ends its connection. */
#define CTL_LINE 8192

/* How long the daemon waits for a command over unix:, and for an answer to be read. */
#define CTL_PATIENCE_MS 10000
/* Room for an answer: to a line, and to a request with a frame function. */
#define CTL_STREAM_REPLY 2048
#define CTL_FRAME_REPLY	 (256 * 1024)

static_assert(CTL_STREAM_REPLY >= CONTROL_REPLY_MIN, "the buffer must hold any reply");

struct ctl_stream_conf {
	const char *name; /* option of the configuration, for the log; must stay valid */
	/* May this address send commands? Called only for TCP. */
	bool (*allowed)(void *arg, const struct endpoint *source);
	/* @source is unset for unix sockets. */
	void (*run)(void *arg, const struct endpoint *source, struct str command, struct buf *out);
	/* Called after a batch of commands. */
	void (*done)(void *arg);
	/* Of struct control_protocol; NULL: commands are lines. */
	int (*frame)(struct control_frame *frame, struct str bytes);
	/* With @frame: a connection is closed since its bytes are no request. */
	void (*malformed)(void *arg, const struct endpoint *source);
	void *arg;
	unsigned int patience_ms; /* CTL_PATIENCE_MS; tests use less */
	int64_t idle_ms; /* a connection without a command for so long is closed; 0: never */
};

struct ctl_stream;

/* Is this an address for connections (true) or for datagrams (false)? */
bool ctl_stream_is(const char *text);
/* NULL and *error: -EINVAL, not a valid address; another -errno */
struct ctl_stream *ctl_stream_open(struct event_base *base, const char *text,
				   const struct ctl_stream_conf *conf, int *error);
/* The same for TCP at this address; an IPv6 address accepts only IPv6. */
struct ctl_stream *ctl_stream_listen(struct event_base *base, const struct endpoint *at,
				     const struct ctl_stream_conf *conf, int *error);
/* Closes its connections, too. Takes NULL. */
void ctl_stream_close(struct ctl_stream *stream);
/* Address of a TCP listener; unset: it is not a TCP listener. */
struct endpoint ctl_stream_address(const struct ctl_stream *stream);

#endif
