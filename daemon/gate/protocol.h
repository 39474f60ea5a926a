/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocol.h - a control protocol as those who receive its requests see it: one row of functions
 *
 * Each protocol has a folder, which fills its row (ng/ng.c, rtpproxy/rtpp.c). daemon/protocols.c
 * lists the rows. ctl/ reads them, and so does whatever else will receive requests.
 */
#ifndef RTPRELAY_PROTOCOL_H
#define RTPRELAY_PROTOCOL_H

#include "base/buf.h"
#include "base/endpoint.h"

struct command_env;

/* Whoever calls run() has at least this many bytes of room for the reply. */
#define CONTROL_REPLY_MIN 1024

/**
 * struct control_protocol - a row
 * @key: of the configuration, says where the protocol listens: "listen-ng"; also for the log
 * @cookie: takes the cookie off the payload of a datagram; empty: there is none
 * @is_request: could this payload be a request of this protocol, and of no other one? NULL: its
 *	requests cannot be told from others'
 * @takes_others: its ports take requests of all protocols with @is_request
 * @connections: its requests come over connections too, one in a line, without cookies
 * @run: carries out one request
 *
 * run() gets the arena of @env empty. @arg is what the daemon has for this protocol (struct
 * ctl_listen), or NULL. @source is unset if the request did not come over IP. The reply is appended
 * to @out, which may hold the cookie. It never fails: what is malformed, is refused or has a reply
 * too long for @out is answered with the protocol's own error.
 */
struct control_protocol {
	const char *key;
	struct str (*cookie)(struct str *payload);
	bool (*is_request)(struct str payload);
	bool takes_others;
	bool connections;
	void (*run)(struct command_env *env, void *arg, const struct endpoint *source,
		    struct str payload, struct buf *out);
};

#endif
