/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print.h - the daemon's answers for people (columns, trees) and for programs (JSON)
 *
 * Texts that came from the network are escaped: no answer can send control sequences to a terminal.
 */
#ifndef RTPRELAY_PRINT_H
#define RTPRELAY_PRINT_H

#include <stdio.h>
#include "daemon/base/dict.h"

typedef void print_fn(const struct dict *reply, FILE *out);

print_fn print_calls;	   /* list: a Call-ID a line */
print_fn print_call;	   /* query, delete: parties, their medias, a line a stream */
print_fn print_statistics; /* a line a value, indented as it is nested */

/* Escaped, and cut where it is longer than a line wants. */
void print_text(struct str text, FILE *out);
/* The whole reply as one line of JSON. 0; -ENOMEM */
int print_json(const struct dict *reply, FILE *out);

#endif
