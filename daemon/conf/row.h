/* SPDX-License-Identifier: GPL-2.0-or-later */
/* row.h - one key of the configuration: reads its text into struct conf, prints it, compares it */
#ifndef RTPRELAY_CONF_ROW_H
#define RTPRELAY_CONF_ROW_H

#include "conf/conf.h"

enum conf_type {
	CONF_UINT,   /* unsigned int */
	CONF_INT,    /* int */
	CONF_BOOL,   /* bool: yes, no, true, false, on, off, 1, 0 */
	CONF_CHOICE, /* an enum, stored as unsigned int */
	CONF_TEXT,   /* char *, NULL when empty */
	CONF_LIST,   /* struct conf_list: commas between, and keys may be repeated */
};

enum conf_row_flag {
	ROW_OPTION_ONLY = 1 << 0, /* makes no sense in a file */
	ROW_RELOAD = 1 << 1,	  /* SIGHUP may change it */
};

struct conf_choice {
	const char *name; /* NULL ends the table */
	unsigned int value;
};

struct conf_row {
	const char *name;
	enum conf_type type;
	size_t offset; /* in struct conf */
	long min, max; /* of CONF_UINT and CONF_INT */
	const struct conf_choice *choices;
	const char *fallback; /* the default as text; NULL: empty */
	const char *shape;    /* of the value, for --help */
	const char *help;
	unsigned int flags; /* enum conf_row_flag */
};

#define CONF_ROW_ERROR 200

/**
 * conf_row_set() - reads @text; a list grows by it
 * @error: gets a sentence, CONF_ROW_ERROR bytes
 * Return: 0; -EINVAL, -ENOMEM and *error: the value is as it was
 */
int conf_row_set(const struct conf_row *row, struct conf *conf, const char *text, char *error);
/* Back to empty; frees what it held. */
void conf_row_clear(const struct conf_row *row, struct conf *conf);
/* The value as it would be written, cut to @size. Returns @out. */
const char *conf_row_print(const struct conf_row *row, const struct conf *conf, char *out,
			   size_t size);
bool conf_row_equal(const struct conf_row *row, const struct conf *a, const struct conf *b);
/* Numbers, truth values and choices only: what ROW_RELOAD may be set for. */
void conf_row_copy(const struct conf_row *row, struct conf *to, const struct conf *from);
/* How many letters must be changed, added, left out or swapped to make @b of @a; texts over 40 letters are far from all. */
unsigned int conf_name_distance(struct str a, struct str b);

#endif
