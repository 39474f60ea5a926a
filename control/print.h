/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print.h - prints the daemon's NG answers as columns and trees, or as JSON
 *
 * Texts that came from the network are escaped: no answer can send control sequences to a terminal.
 */
#ifndef RTPRELAY_PRINT_H
#define RTPRELAY_PRINT_H

#include <stdio.h>
#include "daemon/base/dict.h"

typedef void print_fn(const struct dict *reply, FILE *out);

print_fn print_calls;	   /* list: one Call-ID per line */
print_fn print_call;	   /* query, delete: parties, their medias, one line per stream */
print_fn print_statistics; /* one line per value, indented by its depth */

/* Prints the text escaped, and cut if it is long. */
void print_text(struct str text, FILE *out);
/* The whole reply as one line of JSON. 0; -ENOMEM */
int print_json(const struct dict *reply, FILE *out);

#endif
