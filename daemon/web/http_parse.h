/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_parse.h - parses the head of an HTTP/1 request (RFC 9112)
 *
 * Strict: requests that no browser, monitor or proxy sends are refused. Pure; all texts are slices
 * of the head.
 */
#ifndef RTPRELAY_HTTP_PARSE_H
#define RTPRELAY_HTTP_PARSE_H

#include "base/endpoint.h"

/* Longest head, and longest target in it. */
#define HTTP_HEAD_MAX	8192
#define HTTP_TARGET_MAX 2048
/* Largest body of a POST. */
#define HTTP_BODY_MAX 65507

/* @body, @from: http_parse() does not know them, http.c does. */
struct http_request {
	bool head;	  /* HEAD: as GET, but the reply has no body */
	bool post;	  /* POST, with a body of @body_len bytes; else GET */
	bool expects;	  /* it waits for "100 Continue" before it sends the body */
	bool keep_alive;  /* the connection may be used again */
	bool browser;	  /* a script or form of a page sends it: it has "Origin" */
	struct str path;  /* begins with '/'; as sent, not decoded */
	struct str query; /* without '?'; or empty */
	struct str host;  /* without port and brackets; or empty */
	struct str type;  /* Content-Type without parameters; or empty */
	size_t body_len;
	struct str body;
	struct endpoint from; /* the client */
};

/* Length of the head at the start of @bytes, with its empty line; 0: the head is incomplete. */
size_t http_head_len(struct str bytes);
/**
 * http_parse() - parses a complete head
 * Return: 0; or the status that refuses it: 400, 405 (the method is not known), 411 (a POST does
 * not say how long its body is), 413 (the body is too long, or the request is no POST), 414, 417,
 * 505
 */
int http_parse(struct str head, struct http_request *request);
/**
 * http_query_get() - the decoded value of @name in "a=1&b=x%20y"
 * @out: gets it, without a NUL
 * Return: its length; -1: absent, badly encoded, or longer than @size
 */
int http_query_get(struct str query, struct str name, char *out, size_t size);

#endif
