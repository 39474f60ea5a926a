/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web.h - what a browser or a monitor can read: the paths of the HTTP server and what each tells
 *
 * Reading only: nothing here changes a call. Control thread only.
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
	struct admin *admin; /* answers what the page asks for */
};

/* NULL: *error is a sentence; it is overwritten by the next call. */
struct web *web_open(struct event_base *base, const struct web_conf *conf, const char **error);
/* Takes NULL. */
void web_close(struct web *web);
/* The sample that a timer takes each HISTORY_INTERVAL_S. */
void web_sample(struct web *web, int64_t now_ms);
/* One request, as the server asks. Separate from the sockets for tests; @arg is the struct web. */
http_answer_fn web_answer;
/* Port of the n-th socket, for tests that listen on port 0; 0: there is no such socket. */
uint16_t web_port(const struct web *web, size_t n);

#endif
