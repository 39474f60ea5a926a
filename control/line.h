/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line.h - asks the daemon over its control socket; the answer comes line by line */
#ifndef RTPRELAY_LINE_H
#define RTPRELAY_LINE_H

#include <jansson.h>
#include "options.h"

struct line_link;

/* Connected; or NULL: the error, and what to do, were printed. */
struct line_link *line_open(const struct options *options);
/* The same without a message; errno says why there is none. */
struct line_link *line_try(const struct options *options);
/* After EACCES: who may open the socket @path, and how this user gets there. Returns @text. */
const char *line_who_may(const char *path, char *text, size_t size);
void line_close(struct line_link *link);
int line_fd(const struct line_link *link);
/* 0; -errno. @request is freed. */
int line_send(struct line_link *link, json_t *request);
/*
 * The next line, which the caller frees; NULL: *error is -errno, -ETIMEDOUT; -ECONNRESET: the
 * daemon closed the connection
 */
json_t *line_next(struct line_link *link, int *error);
/* Has a whole line been received? */
bool line_waiting(const struct line_link *link);

/* One line of an answer; the function may keep a reference. */
typedef void line_fn(void *arg, const char *type, json_t *line);

/**
 * line_ask() - send a request, hand over all lines of its answer but the last
 * @request: freed. With --json, lines are printed as they arrive and not handed over.
 * Return: the exit status; an error was printed
 */
int line_ask(const struct options *options, json_t *request, line_fn *fn, void *arg);

/* A request of a verb, with the filters that were given; NULL: out of memory */
json_t *line_request(const char *verb);
json_t *line_filters(const struct options *options, const char *verb);

/* Members for printing: the text escaped, "-" if there is none; the number, or 0. */
const char *text_of(const json_t *object, const char *key);
int64_t number_of(const json_t *object, const char *key);
double real_of(const json_t *object, const char *key);
/* The ending of a noun after number_of(): "" or "s" */
const char *s_after(const json_t *object, const char *key);
/* Prints one line of JSON without control characters, which a terminal would obey. */
void put_json(const json_t *line);

#endif
