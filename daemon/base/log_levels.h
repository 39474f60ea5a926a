/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_levels.h - how important a message must be to be logged: in general, and by subsystem */
#ifndef RTPRELAY_LOG_LEVELS_H
#define RTPRELAY_LOG_LEVELS_H

#include "base/str.h"

/* The numbers of syslog (RFC 5424, section 6.2.1). */
enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/*
 * Subsystems: the folders of the daemon; "daemon", the files above them; "latch", what latching
 * decides (call/news.c and others: LOG_WHERE)
 */
#define LOG_PARTS ((size_t)30)

struct log_levels {
	uint8_t general;	 /* enum log_level */
	uint8_t part[LOG_PARTS]; /* enum log_level; 0: as @general */
};

/* Bytes that hold any levels as text. */
#define LOG_LEVELS_TEXT 512

/* "error", "warning", ... */
const char *log_level_name(enum log_level level);
/* @part: below LOG_PARTS */
const char *log_part_name(size_t part);
/* LOG_PARTS: there is no subsystem of this name */
size_t log_part_find(struct str name);
/* "info, latch:debug" */
void log_levels_print(const struct log_levels *levels, char *out, size_t size);

#endif
