/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web.h - the paths of the HTTP server, for browsers and monitoring, and their contents
 *
 * Read only, except for NG requests (http-ng): no other request changes a call. Control thread
 * only.
 */
#ifndef RTPRELAY_WEB_H
#define RTPRELAY_WEB_H

#include "admin/admin.h"
#include "base/list.h"
#include "call/tree.h"
#include "web/history.h"
#include "web/http.h"
#include "web/ng.h"

struct web;

struct web_conf {
	const struct conf_list *listen; /* listen-http */
	const struct call_table *calls;
	const struct stats *stats;
	struct worker_pool *workers;
	struct admin *admin; /* answers the requests of the page */
	struct web_ng ng;
};

/* NULL: *error is the message; the next call overwrites it. */
struct web *web_open(struct event_base *base, const struct web_conf *conf, const char **error);
/* Port of the n-th socket, for tests that listen on port 0; 0: there is no such socket. */
uint16_t web_port(const struct web *web, size_t n);
/* NULL is allowed. */
void web_close(struct web *web);
/* Takes a sample; a timer calls it every HISTORY_INTERVAL_S. */
void web_sample(struct web *web, int64_t now_ms);
/* Answers one request. Public, so that tests need no socket; @arg is the struct web. */
http_answer_fn web_answer;
/* The same for the head of a POST. */
http_admit_fn web_admit;

#endif
