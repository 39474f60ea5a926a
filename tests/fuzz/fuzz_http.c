/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_http.c - any bytes as an HTTP request, with its body, and as a query
 *
 * What is accepted lies within the input; a decoded value fits into its buffer. Of a POST only its
 * body is run as an NG request, and only if all of it is there.
 */
#include <event2/buffer.h>
#include <stdlib.h>
#include "daemon/web/http_parse.h"
#include "daemon/web/ng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_within(struct str part, struct str whole)
{
	if (part.len && (part.s < whole.s || part.s + part.len > whole.s + whole.len))
		abort();
}

static void decode(struct str query)
{
	char *out = malloc(16);

	if (!out)
		abort();
	if (http_query_get(query, STR("call-id"), out, 16) > 16)
		abort();
	free(out);
}

static bool allowed(void *arg, const struct endpoint *source)
{
	(void)arg;
	(void)source;
	return true;
}

/* Answers with the request. */
static bool run(void *arg, const struct endpoint *source, struct str text, bool cookie,
		struct buf *out)
{
	const struct http_request *request = arg;

	(void)source;
	if (!str_eq(text, request->body))
		abort();
	buf_str(out, text);
	return !cookie || text.len;
}

static void post(struct http_request *request, struct str rest)
{
	const struct web_ng ng = { allowed, run, request };
	struct http_reply reply = { 200, "text/plain", evbuffer_new(), "GET, HEAD" };

	if (!reply.body || request->body_len > HTTP_BODY_MAX)
		abort();
	if (request->body_len <= rest.len && web_ng_has(&ng, request->path) &&
	    !web_ng_admit(&ng, request)) {
		request->body = (struct str){ rest.s, request->body_len };
		web_ng_answer(&ng, request, &reply);
		if (reply.status == 200 && evbuffer_get_length(reply.body) != request->body_len)
			abort();
	}
	evbuffer_free(reply.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = { (const char *)data, size };
	struct str head = { all.s, http_head_len(all) };
	struct http_request request;

	decode(all);
	if (head.len > size)
		abort();
	if (!head.len || http_parse(head, &request))
		return 0;
	must_be_within(request.path, head);
	must_be_within(request.query, head);
	must_be_within(request.host, head);
	must_be_within(request.type, head);
	if (!request.path.len || request.path.s[0] != '/')
		abort();
	decode(request.query);
	if (request.post)
		post(&request, (struct str){ all.s + head.len, all.len - head.len });
	return 0;
}
