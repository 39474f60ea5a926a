/* SPDX-License-Identifier: GPL-2.0-or-later */
/* row.h - one key of the configuration: reads its text into struct conf, prints it, compares it */
#ifndef RTPRELAY_CONF_ROW_H
#define RTPRELAY_CONF_ROW_H

#include "conf/conf.h"

enum conf_type {
	CONF_UINT,   /* unsigned int */
	CONF_INT,    /* int */
	CONF_MODE,   /* unsigned int: a file mode, its octal digits as written: 640 is 0640 */
	CONF_REAL,   /* double: digits with or without a point, not negative */
	CONF_BOOL,   /* bool: yes, no, true, false, on, off, 1, 0 */
	CONF_CHOICE, /* an enum, stored as unsigned int */
	CONF_LEVELS, /* struct log_levels: a choice, and "SUBSYSTEM:CHOICE" behind commas */
	CONF_TEXT,   /* char *, NULL when empty */
	CONF_LIST,   /* struct conf_list: separated by commas; the key may be repeated */
};

enum conf_row_flag {
	ROW_OPTION_ONLY = 1 << 0, /* not allowed in a file */
	ROW_RELOAD = 1 << 1,	  /* SIGHUP may change it */
	ROW_SECRET = 1 << 2,	  /* a text that is not shown */
};

struct conf_choice {
	const char *name; /* NULL ends the table */
	unsigned int value;
};

struct conf_row {
	const char *name;
	enum conf_type type;
	size_t offset; /* in struct conf */
	long min, max; /* of numbers */
	const struct conf_choice *choices;
	const char *fallback; /* the default as text; NULL: empty */
	const char *shape;    /* of the value, for --help */
	const char *help;
	unsigned int flags; /* enum conf_row_flag */
};

#define CONF_ROW_ERROR 256
#define CONF_ROW_TEXT  LOG_LEVELS_TEXT

/**
 * conf_row_set() - sets the value from @text; appends to a list
 * @error: CONF_ROW_ERROR bytes, receives a sentence
 * Return: 0; -EINVAL, -ENOMEM and *error: the value is unchanged
 */
int conf_row_set(const struct conf_row *row, struct conf *conf, const char *text, char *error);
/* Frees the value of a list or text, and sets it to empty. */
void conf_row_clear(const struct conf_row *row, struct conf *conf);
/*
 * Prints the value as in a configuration file, cut to @size; "(set)" for one that is secret.
 * Returns @out. conf_row_size() bytes hold any value; CONF_ROW_TEXT is enough for all but texts and
 * lists.
 */
const char *conf_row_print(const struct conf_row *row, const struct conf *conf, char *out,
			   size_t size);
size_t conf_row_size(const struct conf_row *row, const struct conf *conf);
bool conf_row_equal(const struct conf_row *row, const struct conf *a, const struct conf *b);
/* For all types but texts and lists: those that may have ROW_RELOAD. */
void conf_row_copy(const struct conf_row *row, struct conf *to, const struct conf *from);
/* Edit distance: letters to change, add, remove or swap. UINT_MAX for texts over 40 letters. */
unsigned int conf_name_distance(struct str a, struct str b);

#endif
