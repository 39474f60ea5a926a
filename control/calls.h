/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls.h - all calls of a daemon, collected and sorted: for calls and top */
#ifndef RTPRELAY_CALLS_H
#define RTPRELAY_CALLS_H

#include <jansson.h>
#include "options.h"

/* All zero: empty. */
struct call_list {
	json_t **calls; /* lines of type "call" */
	size_t count, room;
	bool failed; /* out of memory */
};

typedef int compare_fn(const void *a, const void *b); /* of json_t * */

/* age, packets, mos, loss, jitter, drops, heard, call-id; NULL: no such order */
compare_fn *calls_order(const char *name);
/* Calls that match the filters of @options. Return: the exit status; an error was printed */
int call_list_ask(struct call_list *list, const struct options *options, compare_fn *order);
/* A line_fn; @arg is the list. */
void call_list_add(void *arg, const char *type, json_t *line);
void call_list_free(struct call_list *list);

/* Both sides of "packets" or "bytes". */
uint64_t pair_sum(const json_t *call, const char *key);
/* In percent. */
double loss_of(const json_t *object);

#endif
