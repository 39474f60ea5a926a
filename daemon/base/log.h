/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - messages with their call-id, levels, rate limit
 *
 * Text from the network is escaped (no control characters, quotes or line ends) and cut, so that a
 * call-id cannot forge or flood a line. Never called per packet. Any thread may call it.
 */
#ifndef RTPRELAY_LOG_H
#define RTPRELAY_LOG_H

#include "base/log_levels.h"

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_JOURNAL };

/* Characters of a Call-ID in a line; log_escape() takes one more. */
#define LOG_CALL_ID 128

/*
 * For syslog and the journal, from the next log_open() on: LOG_DAEMON, LOG_LOCAL0, ... of
 * <syslog.h>; default LOG_DAEMON
 */
void log_set_facility(unsigned int facility);
/* The only state at file scope in the daemon, because every part may have to log. */
void log_open(enum log_target target, enum log_level level);
/* Where a daemon without standard error can log: LOG_TO_STDERR: nowhere, on this system */
enum log_target log_target_background(void);
/* The same level for all subsystems. */
void log_set_level(enum log_level level);
void log_set_levels(const struct log_levels *levels);
/* The general one. */
enum log_level log_get_level(void);
const struct log_levels *log_get_levels(void);
void log_reopen(void);
/* Logs the number of lines suppressed by the rate limit; called about once a second. */
void log_tick(void);

/* Where a message comes from: its folder is the subsystem. A file may define another one. */
#ifndef LOG_WHERE
#define LOG_WHERE __FILE__
#endif

bool log_enabled_in(const char *where, enum log_level level);
void log_msg_in(const char *where, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void log_call_in(const char *where, enum log_level level, struct str call_id, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
void log_about_call_in(const char *where, enum log_level level, struct str call_id,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

#define log_enabled(level)  log_enabled_in(LOG_WHERE, level)
#define log_msg(level, ...) log_msg_in(LOG_WHERE, level, __VA_ARGS__)
/* The same, preceded by "[call-id] ", escaped and cut to 128 characters. */
#define log_call(level, call_id, ...) log_call_in(LOG_WHERE, level, call_id, __VA_ARGS__)
/*
 * The same without the prefix; the journal's field CALL_ID has the call. For lines that programs
 * such as fail2ban read: nothing that a caller has chosen may stand before what they look for.
 */
#define log_about_call(level, call_id, ...)                                                        \
	log_about_call_in(LOG_WHERE, level, call_id, __VA_ARGS__)

/*
 * As log_call() at LOG_LEVEL_DEBUG, whatever the level is: for a call that an operator has asked
 * for (call/trace.h).
 */
void log_call_asked(struct str call_id, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * An error, from a signal handler that ends the process: takes no lock, and no shared descriptor.
 * @line: at most 512 characters
 */
void log_last_line(const char *line);
/*
 * Prints @text into @out (@size bytes, always terminated). Quotes, backslashes and all but
 * printable ASCII are written as \xNN. A text that does not fit ends in "...".
 */
const char *log_escape(struct str text, char *out, size_t size);

#define log_err(...)	log_msg(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...)	log_msg(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_msg(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	log_msg(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	log_msg(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
