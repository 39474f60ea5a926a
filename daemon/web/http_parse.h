/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_parse.h - parses the head of an HTTP/1 request (RFC 9112)
 *
 * Strict: requests that no browser or monitor sends are refused. Pure; all texts are slices of the
 * head.
 */
#ifndef RTPRELAY_HTTP_PARSE_H
#define RTPRELAY_HTTP_PARSE_H

#include "base/str.h"

/* Longest head, and longest target in it. */
#define HTTP_HEAD_MAX	8192
#define HTTP_TARGET_MAX 2048

struct http_request {
	bool head;	  /* HEAD: as GET, but the reply has no body */
	bool keep_alive;  /* the connection may be used again */
	struct str path;  /* begins with '/'; as sent, not decoded */
	struct str query; /* without '?'; or empty */
	struct str host;  /* without port and brackets; or empty */
};

/* Length of the head at the start of @bytes, with its empty line; 0: the head is incomplete. */
size_t http_head_len(struct str bytes);
/**
 * http_parse() - parses a complete head
 * Return: 0; or the status that refuses it: 400, 405, 413 (the request has a body), 414, 505
 */
int http_parse(struct str head, struct http_request *request);
/**
 * http_query_get() - the decoded value of @name in "a=1&b=x%20y"
 * @out: gets it, without a NUL
 * Return: its length; -1: absent, badly encoded, or longer than @size
 */
int http_query_get(struct str query, struct str name, char *out, size_t size);

#endif
