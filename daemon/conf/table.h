/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - all keys of the configuration, one row each: name, type, range, default, help */
#ifndef RTPRELAY_CONF_TABLE_H
#define RTPRELAY_CONF_TABLE_H

#include "conf/row.h"

#define CONF_DEFAULT_FILE "/etc/rtprelay/rtprelay.conf"
#define CONF_SECTION	  "rtprelay"
#define CONF_MAX_ROWS	  112
extern const struct conf_row conf_rows[];
extern const size_t conf_n_rows;
const struct conf_row *conf_row_find(struct str name); /* or NULL */

/* Bytes for any suggestion. */
#define CONF_SUGGESTION 160

/* "; did you mean ...?" with the nearest key, or ""; skips keys with a flag of @unwanted. */
const char *conf_row_suggest(struct str name, unsigned int unwanted, char *out, size_t size);
/* --help, to stdout */
void conf_table_print(void);

#endif
