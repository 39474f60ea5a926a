/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c - messages with their call-id, levels, rate limit
 *
 * A line is built on the stack and written by one system call, so that lines of several threads
 * never mix. It never holds a control character, and is never longer than LINE_MAX_LEN.
 *
 * Rate limit: each place in the code (identified by its format) may write BURST lines at once and
 * RATE per second after that; suppressed lines are counted, and one line reports their number.
 * Debug lines are not limited.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"

#define LINE_MAX_LEN	1024
#define CALL_ID_MAX_LEN LOG_CALL_ID
#define BURST		500
#define RATE		100
#define PLACES		256 /* power of two; places that share a slot share its tokens */
#define NEAR_PLACES	8
#define JOURNAL_SOCKET	"/run/systemd/journal/socket"

/* Tokens are in 1/1000 of a line, so that each millisecond adds RATE tokens. */
struct place {
	const char *format;
	int64_t filled_ms;
	int tokens;
	enum log_level level;
	unsigned long suppressed;
};

static struct {
	atomic_int level[LOG_PARTS + 1]; /* the last one is the general level */
	atomic_int highest;		 /* of these */
	struct log_levels levels;	 /* the same, for the control thread */
	enum log_target target;
	unsigned int facility; /* of <syslog.h> */
	pthread_mutex_t lock;  /* of @place */
	struct place place[PLACES];
} logger = { .level = { [0 ... LOG_PARTS] = LOG_LEVEL_INFO },
	     .highest = LOG_LEVEL_INFO,
	     .levels = { .general = LOG_LEVEL_INFO },
	     .facility = LOG_DAEMON,
	     .lock = PTHREAD_MUTEX_INITIALIZER };

void log_set_facility(unsigned int facility)
{
	logger.facility = facility;
}

void log_open(enum log_target target, enum log_level level)
{
	log_set_level(level);
	logger.target = target;
	if (target == LOG_TO_SYSLOG)
		openlog("rtprelayd", LOG_PID | LOG_NDELAY, (int)logger.facility);
	/* libsystemd drops messages silently when there is no journal. */
	if (target == LOG_TO_JOURNAL && access(JOURNAL_SOCKET, W_OK)) {
		logger.target = LOG_TO_STDERR;
		log_warn("log-facility=journal: no journal on this system; messages go to stderr");
	}
}

enum log_target log_target_background(void)
{
	if (!access(_PATH_LOG, W_OK))
		return LOG_TO_SYSLOG;
	return access(JOURNAL_SOCKET, W_OK) ? LOG_TO_STDERR : LOG_TO_JOURNAL;
}

void log_set_levels(const struct log_levels *levels)
{
	int highest = levels->general;

	logger.levels = *levels;
	for (size_t i = 0; i <= LOG_PARTS; i++) {
		int level = i < LOG_PARTS ? levels->part[i] : 0;

		level = level ? level : levels->general;
		highest = level > highest ? level : highest;
		atomic_store_explicit(&logger.level[i], level, memory_order_relaxed);
	}
	atomic_store_explicit(&logger.highest, highest, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
	log_set_levels(&(struct log_levels){ .general = (uint8_t)level });
}

enum log_level log_get_level(void)
{
	return (enum log_level)logger.levels.general;
}

const struct log_levels *log_get_levels(void)
{
	return &logger.levels;
}

void log_reopen(void)
{
	if (logger.target != LOG_TO_SYSLOG)
		return; /* libsystemd and stderr keep no connection that could break */
	closelog();
	openlog("rtprelayd", LOG_PID | LOG_NDELAY, (int)logger.facility);
}

/* "daemon/call/news.c" is of call, "daemon/main.c" of daemon; other programs have none. */
static size_t part_of(const char *where)
{
	static const struct str top = STR("daemon/");
	struct str rest = str_of(where), folder;
	size_t len;

	if (!str_starts(rest, top))
		return LOG_PARTS;
	rest = (struct str){ rest.s + top.len, rest.len - top.len };
	len = rest.len;
	folder = str_split(&rest, '/');
	return log_part_find(folder.len < len ? folder : STR("daemon"));
}

bool log_enabled_in(const char *where, enum log_level level)
{
	if ((int)level > atomic_load_explicit(&logger.highest, memory_order_relaxed))
		return false;
	return (int)level <=
	       atomic_load_explicit(&logger.level[part_of(where)], memory_order_relaxed);
}

const char *log_escape(struct str text, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0, cut = 0; /* @cut: the last end that leaves room for "..." */

	if (!size)
		return out;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.s[i];
		bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
		size_t need = plain ? 1 : 4;

		if (at + need >= size) {
			at = cut;
			for (int dots = 0; dots < 3 && at + 1 < size; dots++)
				out[at++] = '.';
			break;
		}
		if (plain)
			out[at] = (char)c;
		else
			memcpy(out + at, (char[]){ '\\', 'x', digits[c >> 4], digits[c & 15] }, 4);
		at += need;
		if (at + 3 < size)
			cut = at;
	}
	out[at] = '\0';
	return out;
}

static void write_stderr(enum log_level level, const char *prefix, const char *line)
{
	char text[LINE_MAX_LEN + CALL_ID_MAX_LEN + 32];
	int len = snprintf(text, sizeof(text), "%s: %s%s\n", log_level_name(level), prefix, line);

	while (write(STDERR_FILENO, text, (size_t)len) < 0 && errno == EINTR)
		; /* a log that cannot be written must not stop a call */
}

/* The call that a line is about. */
struct about {
	const char *call_id; /* escaped; NULL: none */
	bool prefix;	     /* the line begins with it */
};

static void write_line(enum log_level level, struct about about, const char *line)
{
	char prefix[CALL_ID_MAX_LEN + 4] = "";
	/* "": a command without one */
	const char *call_id = about.call_id && *about.call_id ? about.call_id : NULL;

	if (about.prefix && call_id)
		snprintf(prefix, sizeof(prefix), "[%s] ", call_id);
	switch (logger.target) {
	case LOG_TO_STDERR:
		write_stderr(level, prefix, line);
		break;
	case LOG_TO_SYSLOG:
		syslog((int)level, "%s%s", prefix, line);
		break;
	case LOG_TO_JOURNAL:
		sd_journal_send("PRIORITY=%i", (int)level, "SYSLOG_IDENTIFIER=rtprelayd",
				"SYSLOG_FACILITY=%u", logger.facility >> 3, "MESSAGE=%s%s", prefix,
				line, call_id ? "CALL_ID=%s" : NULL, call_id, NULL);
		break;
	}
}

static void report_suppressed(enum log_level level, unsigned long count, const char *format)
{
	char line[160];

	snprintf(line, sizeof(line), "%lu more lines like \"%.100s\" were suppressed", count,
		 format);
	write_line(level, (struct about){ NULL, false }, line);
}

/* Linear probing over NEAR_PLACES slots; if all are in use, the first one is shared. */
static struct place *find_place(const char *format)
{
	size_t first = ((uintptr_t)format >> 3) % PLACES;

	for (size_t i = 0; i < NEAR_PLACES; i++) {
		struct place *place = &logger.place[(first + i) % PLACES];

		if (!place->format || place->format == format)
			return place;
	}
	return &logger.place[first];
}

/* May a line of this place be written now? *before: lines suppressed since the last one. */
static bool place_admits(enum log_level level, const char *format, unsigned long *before)
{
	int64_t now = clock_ms(), gain;
	struct place *place;
	bool admitted;

	pthread_mutex_lock(&logger.lock);
	place = find_place(format);
	if (!place->format)
		*place = (struct place){ .filled_ms = now, .tokens = BURST * 1000 };
	gain = (now - place->filled_ms) * RATE;
	place->tokens =
		gain >= BURST * 1000 - place->tokens ? BURST * 1000 : place->tokens + (int)gain;
	place->filled_ms = now;
	place->format = format;
	place->level = level;
	admitted = place->tokens >= 1000;
	*before = admitted ? place->suppressed : 0;
	if (admitted) {
		place->tokens -= 1000;
		place->suppressed = 0;
	} else {
		place->suppressed++;
	}
	pthread_mutex_unlock(&logger.lock);
	return admitted;
}

void log_tick(void)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &logger.place[i], was;

		pthread_mutex_lock(&logger.lock);
		was = *place;
		place->suppressed = 0;
		pthread_mutex_unlock(&logger.lock);
		if (was.suppressed)
			report_suppressed(was.level, was.suppressed, was.format);
	}
}

__attribute__((format(printf, 3, 0))) static void log_va(enum log_level level, struct about about,
							 const char *format, va_list args)
{
	char line[LINE_MAX_LEN];
	unsigned long before = 0;
	int saved = errno, len;

	if (level != LOG_LEVEL_DEBUG && !place_admits(level, format, &before))
		return;
	if (before)
		report_suppressed(level, before, format);
	errno = saved; /* for %m */
	len = vsnprintf(line, sizeof(line), format, args);
	if (len >= (int)sizeof(line))
		memcpy(line + sizeof(line) - 4, "...", 4);
	for (char *c = line; len >= 0 && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (len >= 0)
		write_line(level, about, line);
	errno = saved;
}

void log_msg_in(const char *where, enum log_level level, const char *format, ...)
{
	va_list args;

	if (!log_enabled_in(where, level))
		return;
	va_start(args, format);
	log_va(level, (struct about){ NULL, false }, format, args);
	va_end(args);
}

__attribute__((format(printf, 4, 0))) static void
log_of_call(enum log_level level, struct str call_id, bool prefix, const char *format, va_list args)
{
	char text[CALL_ID_MAX_LEN + 1];

	log_va(level, (struct about){ log_escape(call_id, text, sizeof(text)), prefix }, format,
	       args);
}

void log_call_in(const char *where, enum log_level level, struct str call_id, const char *format,
		 ...)
{
	va_list args;

	if (!log_enabled_in(where, level))
		return;
	va_start(args, format);
	log_of_call(level, call_id, true, format, args);
	va_end(args);
}

void log_about_call_in(const char *where, enum log_level level, struct str call_id,
		       const char *format, ...)
{
	va_list args;

	if (!log_enabled_in(where, level))
		return;
	va_start(args, format);
	log_of_call(level, call_id, false, format, args);
	va_end(args);
}

void log_call_asked(struct str call_id, const char *format, ...)
{
	char text[CALL_ID_MAX_LEN + 1];
	va_list args;

	log_escape(call_id, text, sizeof(text));
	va_start(args, format);
	log_va(LOG_LEVEL_DEBUG, (struct about){ text, true }, format, args);
	va_end(args);
}

static void send_last(const char *path, const char *text, size_t len)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd >= 0)
		sendto(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&to,
		       sizeof(to));
}

/* glibc's snprintf() allocates nothing and takes no lock for these formats. */
void log_last_line(const char *line)
{
	char text[640];
	int len;

	switch (logger.target) {
	case LOG_TO_STDERR:
		write_stderr(LOG_LEVEL_ERR, "", line);
		break;
	case LOG_TO_SYSLOG:
		len = snprintf(text, sizeof(text), "<%u>rtprelayd[%d]: %.512s",
			       logger.facility | LOG_ERR, (int)getpid(), line);
		send_last(_PATH_LOG, text, (size_t)len);
		break;
	case LOG_TO_JOURNAL:
		len = snprintf(text, sizeof(text),
			       "PRIORITY=%d\nSYSLOG_IDENTIFIER=rtprelayd\nSYSLOG_FACILITY=%u\n"
			       "MESSAGE=%.512s\n",
			       LOG_ERR, logger.facility >> 3, line);
		send_last(JOURNAL_SOCKET, text, (size_t)len);
		break;
	}
}
