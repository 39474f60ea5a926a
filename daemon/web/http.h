/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - a small HTTP server: GET and HEAD, everything bounded
 *
 * libevent's evhttp is not used: as of 2.1 it limits neither the number of connections nor the time that one
 * takes, and the control thread must not be held up by whoever can reach the port. Here a head, a target, the
 * connections and the time for a request and for its answer all have an end; a request has no body.
 */
#ifndef RTPRELAY_HTTP_H
#define RTPRELAY_HTTP_H

#include <event2/buffer.h>
#include <event2/event.h>
#include "base/endpoint.h"
#include "web/http_parse.h"

struct http;

/* @type: of the body, static */
struct http_reply {
	int status;
	const char *type;
	struct evbuffer *body;
};

/*
 * Fills in the reply, which is 200 without a body at first. @at: the address that the request came to.
 * An answer that could not be built whole is one of status 500; its body is thrown away.
 */
typedef void http_answer_fn(void *arg, const struct http_request *request,
			    const struct endpoint *at, struct http_reply *reply);

struct http_conf {
	unsigned int
		max_connections; /* one more: that which has waited longest for a request makes room */
	int64_t patience_ms; /* to come up with a request, and to take its answer; then it is cut off */
	http_answer_fn *answer;
	void *arg;
};

/* NULL: out of memory */
struct http *http_new(struct event_base *base, const struct http_conf *conf);
/* 0 or -errno of socket(), bind() and listen() */
int http_listen(struct http *http, const struct endpoint *addr);
/* Port of the n-th socket, for tests that listen on port 0; 0: there is no such socket. */
uint16_t http_port(const struct http *http, size_t n);
unsigned int http_connections(const struct http *http);
/* Takes NULL. */
void http_free(struct http *http);

#endif
