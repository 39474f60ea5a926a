/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_http.c - any bytes as the head of an HTTP request, and as a query
 *
 * What is accepted lies within the input; a decoded value fits into its buffer.
 */
#include <stdlib.h>
#include "daemon/web/http_parse.h"

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
	if (!request.path.len || request.path.s[0] != '/')
		abort();
	decode(request.query);
	return 0;
}
