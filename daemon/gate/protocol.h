/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocol.h - a control protocol for code that receives requests: one row of functions
 *
 * Each protocol has a folder, which fills its row (ng/ng.c, rtpproxy/rtpp.c). daemon/protocols.c
 * lists the rows. ctl/ reads them; other code that receives requests will read them, too.
 */
#ifndef RTPRELAY_PROTOCOL_H
#define RTPRELAY_PROTOCOL_H

#include "base/buf.h"
#include "base/endpoint.h"

struct command_env;

/* The caller of run() must have room for at least this many bytes of reply. */
#define CONTROL_REPLY_MIN 1024
/* A longer request is refused: the largest UDP payload over IPv4. */
#define CONTROL_REQUEST_MAX 65507

/**
 * struct control_frame - where the search for the end of a request is; all zero: it begins
 * @begin: offset of the request's first byte
 * @at: offset of the next byte to look at; when the end is found, of the byte after it
 * @left, @depth, @state: of the frame function
 */
struct control_frame {
	size_t begin, at, left;
	unsigned int depth, state;
};

/**
 * struct control_protocol - a row
 * @key: option of the configuration with the addresses to listen at: "listen-ng"; also for the log
 * @cookie: removes the cookie from the payload of a datagram and returns it; empty: there is none
 * @is_request: can this payload be a request of this protocol only? NULL: its requests cannot be
 *	distinguished from those of other protocols
 * @takes_others: its ports accept requests of all protocols with @is_request
 * @connections: its requests also arrive over connections: one in each line, without cookies
 * @frame: its requests arrive only over TCP connections, each as in a datagram; continues to search
 *	for the end of the first request in the bytes that have come, which are those of the last
 *	call and more. 1: it is complete; 0: not yet; -EINVAL: these bytes are no request. NULL: its
 *	requests arrive as datagrams, or as @connections says
 * @run: executes one request
 *
 * run() gets the arena of @env empty. @arg is the daemon's object for this protocol (struct
 * ctl_listen), or NULL. @source is unset if the request did not arrive over IP. The reply is
 * appended to @out, which may hold the cookie. run() never fails: if a request is malformed or
 * refused, or the reply is too long for @out, it writes the protocol's own error. It empties @out
 * if a datagram is not to be answered: that datagram is executed again when it comes again.
 */
struct control_protocol {
	const char *key;
	struct str (*cookie)(struct str *payload);
	bool (*is_request)(struct str payload);
	bool takes_others;
	bool connections;
	int (*frame)(struct control_frame *frame, struct str bytes);
	void (*run)(struct command_env *env, void *arg, const struct endpoint *source,
		    struct str payload, struct buf *out);
};

#endif
