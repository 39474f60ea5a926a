/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web.h - the paths of the HTTP server, for browsers and monitoring, and their contents
 *
 * Read only: no request changes a call. Control thread only.
 */
#ifndef RTPRELAY_WEB_H
#define RTPRELAY_WEB_H

#include "admin/admin.h"
#include "base/list.h"
#include "call/tree.h"
#include "web/history.h"
#include "web/http.h"

struct web;

struct web_conf {
	const struct conf_list *listen; /* listen-http */
	const struct call_table *calls;
	const struct stats *stats;
	struct worker_pool *workers;
	struct admin *admin; /* answers the requests of the page */
};

/* NULL: *error is the message; the next call overwrites it. */
struct web *web_open(struct event_base *base, const struct web_conf *conf, const char **error);
/* NULL is allowed. */
void web_close(struct web *web);
/* Takes a sample; a timer calls it every HISTORY_INTERVAL_S. */
void web_sample(struct web *web, int64_t now_ms);
/* Answers one request. Public, so that tests need no socket; @arg is the struct web. */
http_answer_fn web_answer;

#endif
