/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web.c - the paths of the HTTP server, for browsers and monitoring, and their contents
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/count.h"
#include "base/resolve.h"
#include "packet/pool.h"
#include "web/api.h"
#include "web/metrics.h"
#include "web/metrics_text.h"
#include "web/page.h"
#include "web/web.h"

#define MAX_CONNECTIONS 32
#define PATIENCE_MS	5000
/* A media thread that has not answered for so long is reported as silent. */
#define THREAD_PATIENCE_MS 3000
#define ARENA_CHUNK	   ((size_t)64 * 1024)

struct web {
	struct web_conf conf;
	struct http *http;
	struct arena *arena; /* of one answer */
	struct event *on_second;
	struct history history;
	unsigned int seconds;
};

static unsigned int silent_threads(const struct web *web)
{
	return worker_pool_silent(web->conf.workers, THREAD_PATIENCE_MS, clock_ms());
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void failed(struct http_reply *reply)
{
	reply->status = 500;
}

static void answer_metrics(struct web *web, const struct http_request *request,
			   struct http_reply *reply)
{
	const struct daemon_report *report =
		daemon_report_make(web->arena, web->conf.calls, web->conf.stats, clock_ms());

	(void)request;
	reply->type = METRICS_TYPE;
	if (!report || !metrics_write(reply->body, report, silent_threads(web)))
		failed(reply);
}

/*
 * Any answer shows that the control thread runs, and that its sockets are open: they are opened
 * before this one.
 */
static void answer_healthz(struct web *web, const struct http_request *request,
			   struct http_reply *reply)
{
	unsigned int silent = silent_threads(web);

	(void)request;
	if (silent)
		evbuffer_add_printf(reply->body, "media threads that do not answer: %u\n", silent);
	if (evbuffer_get_length(reply->body))
		reply->status = 503;
	else
		evbuffer_add_printf(reply->body, "ok\n");
}

static void answer_history(struct web *web, const struct http_request *request,
			   struct http_reply *reply)
{
	(void)request;
	web_api_history(&web->history, reply);
}

/* False: there is no such file. */
static bool answer_file(struct str path, struct http_reply *reply)
{
	for (size_t i = 0; i < page_n_files; i++) {
		const struct page_file *file = &page_files[i];

		if (!str_eq(path, str_of(file->path)))
			continue;
		reply->type = file->type;
		if (evbuffer_add_reference(reply->body, file->start,
					   (size_t)(file->end - file->start), NULL, NULL))
			failed(reply);
		return true;
	}
	return false;
}

static const struct {
	struct str path;
	void (*answer)(struct web *web, const struct http_request *request,
		       struct http_reply *reply);
} paths[] = {
	{ STR("/metrics"), answer_metrics },
	{ STR("/healthz"), answer_healthz },
	{ STR("/api/history"), answer_history },
};

static bool is_loopback(const struct endpoint *addr)
{
	if (addr->sa.sa_family == AF_INET)
		return ntohl(addr->in4.sin_addr.s_addr) >> 24 == 127;
	return addr->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&addr->in6.sin6_addr);
}

/*
 * DNS rebinding: a foreign web page resolves its own name to the loopback address, so that an
 * operator's browser reads this host's calls for it. Such a request has a foreign name in "Host".
 */
static bool host_fits(struct str host, const struct endpoint *at)
{
	struct endpoint addr;

	if (!is_loopback(at) || !host.len || str_eq_nocase(host, STR("localhost")))
		return true;
	return endpoint_parse_addr(host, 0, &addr);
}

int web_admit(void *arg, const struct http_request *request, const struct endpoint *at)
{
	const struct web *web = arg;

	if (!web_ng_has(&web->conf.ng, request->path))
		return 405;
	return host_fits(request->host, at) ? web_ng_admit(&web->conf.ng, request) : 403;
}

void web_answer(void *arg, const struct http_request *request, const struct endpoint *at,
		struct http_reply *reply)
{
	const struct web_api_path *api = web_api_find(request->path);
	struct web *web = arg;

	if (!host_fits(request->host, at)) {
		reply->status = 403;
		return;
	}
	if (web_ng_has(&web->conf.ng, request->path)) {
		web_ng_answer(&web->conf.ng, request, reply);
		return;
	}
	for (size_t i = 0; i < COUNT(paths); i++) {
		if (!str_eq(paths[i].path, request->path))
			continue;
		paths[i].answer(web, request, reply);
		arena_reset(web->arena);
		return;
	}
	if (api)
		web_api_answer(api, web->conf.admin, request->query, reply);
	else if (!answer_file(request->path, reply))
		reply->status = 404;
}

/* --- Start and end ---------------------------------------------------------------------------- */

static void fill_sample(struct history_sample *sample, const struct daemon_report *report,
			int64_t now_ms)
{
	const struct quality_totals *quality = &report->stats.quality;

	*sample = (struct history_sample){
		.at_ms = now_ms,
		.calls = (uint32_t)report->calls,
		.streams = (uint32_t)report->streams,
		.flows = (uint32_t)report->flows,
		.packets = { report->relayed[PATH_USER].packets,
			     report->relayed[PATH_KERNEL].packets },
		.medias = quality->count,
	};
	for (size_t i = 0; i < DROP_COUNT; i++)
		sample->drops += report->drops[i];
	sample->refused = report->drops[DROP_SOURCE];
	memcpy(sample->quality, quality->sum, sizeof(sample->quality));
}

void web_sample(struct web *web, int64_t now_ms)
{
	const struct daemon_report *report =
		daemon_report_make(web->arena, web->conf.calls, web->conf.stats, now_ms);
	struct history_sample sample;

	if (report) {
		fill_sample(&sample, report, now_ms);
		history_add(&web->history, &sample);
	}
	arena_reset(web->arena);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct web *web = arg;

	(void)fd;
	(void)what;
	worker_pool_ask(web->conf.workers, clock_ms());
	if (web->seconds++ % HISTORY_INTERVAL_S == 0)
		web_sample(web, clock_ms());
}

/* Only a port: the loopback addresses. */
static int resolve(const char *text, struct endpoint *addrs, size_t room)
{
	uint64_t port;

	if (!str_to_u64(str_of(text), UINT16_MAX, &port))
		return endpoint_resolve(text, addrs, room);
	addrs[0] = (struct endpoint){ .in4 = { .sin_family = AF_INET,
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	addrs[1] = (struct endpoint){ .in6 = { .sin6_family = AF_INET6,
					       .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
	endpoint_set_port(&addrs[0], (uint16_t)port);
	endpoint_set_port(&addrs[1], (uint16_t)port);
	return 2;
}

/*
 * One "listen-http". If a name has several addresses, those that this host does not have are
 * skipped.
 */
static int listen_at(struct http *http, const char *text)
{
	struct endpoint addrs[8];
	int n = resolve(text, addrs, COUNT(addrs));
	int error = n < 0 ? n : -EADDRNOTAVAIL, opened = 0;

	for (int i = 0; i < n; i++) {
		error = http_listen(http, &addrs[i]);
		if ((error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL) && n > 1)
			continue;
		if (error)
			return error;
		opened++;
	}
	return opened ? 0 : error;
}

static int start(struct web *web, struct event_base *base)
{
	const struct http_conf conf = { .max_connections = MAX_CONNECTIONS,
					.patience_ms = PATIENCE_MS,
					.answer = web_answer,
					.admit = web_admit,
					.arg = web };
	const struct timeval second = { 1, 0 };

	web->arena = arena_new(ARENA_CHUNK);
	web->http = http_new(base, &conf);
	web->on_second = event_new(base, -1, EV_PERSIST, on_second, web);
	if (!web->arena || !web->http || !web->on_second)
		return -ENOMEM;
	return event_add(web->on_second, &second) ? -ENOMEM : 0;
}

struct web *web_open(struct event_base *base, const struct web_conf *conf, const char **error)
{
	static __thread char text[256];
	struct web *web = calloc(1, sizeof(*web));
	int err;

	*error = "listen-http: out of memory";
	if (!web)
		return NULL;
	web->conf = *conf;
	err = start(web, base);
	for (size_t i = 0; i < conf->listen->count && !err; i++) {
		err = listen_at(web->http, conf->listen->item[i]);
		if (!err)
			continue;
		snprintf(text, sizeof(text), "listen-http %s: %s", conf->listen->item[i],
			 strerror(-err));
		*error = text;
	}
	if (!err)
		return web;
	web_close(web);
	return NULL;
}

uint16_t web_port(const struct web *web, size_t n)
{
	return http_port(web->http, n);
}

void web_close(struct web *web)
{
	if (!web)
		return;
	if (web->on_second)
		event_free(web->on_second);
	http_free(web->http);
	arena_free(web->arena);
	free(web);
}
