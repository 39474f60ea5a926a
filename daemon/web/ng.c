/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng.c - NG requests over HTTP, one in each POST (http-ng)
 */
#include <assert.h>
#include <stdlib.h>
#include "base/count.h"
#include "gate/protocol.h"
#include "web/ng.h"

/* Room for a reply. */
#define REPLY_MAX ((size_t)256 * 1024)

static_assert(HTTP_BODY_MAX == CONTROL_REQUEST_MAX, "over HTTP requests have the same limit");

static const char type_ng[] = "application/x-rtpengine-ng", type_json[] = "application/json";

/* @plain: without cookie */
static const struct ng_way {
	const char *path;
	const char *type;
	bool plain;
} ways[] = {
	{ "/ng", type_ng, false },
	{ "/ng", type_json, true },
	{ "/ng-plain", type_ng, true },
	{ "/ng-plain", type_json, true },
};

static const struct ng_way *find(const struct http_request *request)
{
	for (size_t i = 0; i < COUNT(ways); i++)
		if (str_eq(request->path, str_of(ways[i].path)) &&
		    str_eq_nocase(request->type, str_of(ways[i].type)))
			return &ways[i];
	return NULL;
}

bool web_ng_has(const struct web_ng *ng, struct str path)
{
	for (size_t i = 0; ng->run && i < COUNT(ways); i++)
		if (str_eq(path, str_of(ways[i].path)))
			return true;
	return false;
}

int web_ng_admit(const struct web_ng *ng, const struct http_request *request)
{
	if (request->browser)
		return 403;
	if (!find(request))
		return 415;
	return ng->allowed(ng->arg, &request->from) ? 0 : 403;
}

/* 400: there is no valid cookie. */
static int run(const struct web_ng *ng, const struct http_request *request, bool plain,
	       struct buf *out, struct evbuffer *body)
{
	if (!ng->run(ng->arg, &request->from, request->body, !plain, out))
		return 400;
	return evbuffer_add(body, out->data, out->len) ? 500 : 200;
}

void web_ng_answer(const struct web_ng *ng, const struct http_request *request,
		   struct http_reply *reply)
{
	const struct ng_way *way = find(request);
	struct buf out = BUF_INIT(NULL, REPLY_MAX);

	reply->status = 405;
	reply->allow = "POST";
	if (!request->post)
		return;
	reply->status = 415;
	if (!way)
		return;
	reply->status = 500;
	out.data = malloc(REPLY_MAX);
	if (!out.data)
		return;
	reply->status = run(ng, request, way->plain, &out, reply->body);
	if (reply->status == 200)
		reply->type = way->type;
	free(out.data);
}
