/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - a small HTTP server: GET, HEAD and POST, all sizes and times bounded
 *
 * libevent's evhttp is not used: as of 2.1 it limits neither the number of connections nor the time
 * of a request, and a client that can reach the port must not block the control thread. This server
 * limits the head, the target, the body, the number of connections, and the time for a request and
 * for its answer.
 */
#ifndef RTPRELAY_HTTP_H
#define RTPRELAY_HTTP_H

#include <event2/buffer.h>
#include <event2/event.h>
#include "base/endpoint.h"
#include "web/http_parse.h"

struct http;

/* @type: of the body, static. @allow: methods for the status 405, static */
struct http_reply {
	int status;
	const char *type;
	struct evbuffer *body;
	const char *allow;
};

/*
 * Fills in the reply, which starts as 200 without a body. @at: the local address of the connection.
 * For an answer that could not be completed it sets status 500; the body is discarded.
 */
typedef void http_answer_fn(void *arg, const struct http_request *request,
			    const struct endpoint *at, struct http_reply *reply);
/* The head of a POST has come. 0: its body may come, too; or the status that refuses it */
typedef int http_admit_fn(void *arg, const struct http_request *request, const struct endpoint *at);

struct http_conf {
	/* Beyond it, the connection that has waited longest for a request is closed. */
	unsigned int max_connections;
	/*
	 * Time for sending a request, and for receiving its answer; then the connection is closed.
	 */
	int64_t patience_ms;
	http_answer_fn *answer;
	http_admit_fn *admit; /* NULL: each POST is refused */
	void *arg;
};

/* NULL: out of memory */
struct http *http_new(struct event_base *base, const struct http_conf *conf);
/* 0 or -errno of socket(), bind() and listen() */
int http_listen(struct http *http, const struct endpoint *addr);
/* Port of the n-th socket, for tests that listen on port 0; 0: there is no such socket. */
uint16_t http_port(const struct http *http, size_t n);
unsigned int http_connections(const struct http *http);
/* NULL is allowed. */
void http_free(struct http *http);

#endif
