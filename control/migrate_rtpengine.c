/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_rtpengine.c - rtprelayctl migrate: rtpengine.conf and rtpengine's command line
 *
 * Which key is what here: daemon/conf/rtpengine.c. Here is what becomes of the values.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "daemon/base/count.h"
#include "daemon/base/log_levels.h"
#include "daemon/conf/rtpengine.h"
#include "migrate.h"

#define LEVEL_OF "log-level-" /* one of their subsystems follows */

/* --- Values that need more than another name -------------------------------------------------- */

static bool is_true(const char *value)
{
	static const char *const words[] = { "", "true", "yes", "1", "on" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

typedef void take_fn(struct migration *m, const struct conf_rtpengine *row, const char *value);

static void same(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	migrate_put(m, row->key, row->ours, value);
}

static void list(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	migrate_put_each(m, row->key, row->ours, value, ";, \t");
}

static void flag(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	migrate_put(m, row->key, row->key, is_true(value) ? "yes" : "no");
}

static void not_for_unit(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	migrate_not_for_unit(m, row->key, "pidfile", value);
}

/* A device, or "any", that is advertised as another address. */
static bool is_device_with_nat(const char *item)
{
	const char *address = strchr(item, '/') ? strchr(item, '/') + 1 : item;

	return strchr(address, '!') && strcspn(address, ".:!") == strcspn(address, "!");
}

/* [NAME/]ADDRESS[!ADDRESS], a device or any in place of ADDRESS; NAME=OTHER, a second name. */
static void interfaces(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	char *copy = strdup(value), *rest = NULL;

	if (!copy)
		return;
	for (char *item = strtok_r(copy, ";, \t", &rest); item;
	     item = strtok_r(NULL, ";, \t", &rest)) {
		if (!is_device_with_nat(item))
			migrate_put(m, row->key, "interface", item);
		else
			migrate_remark(m, row->key,
				       "write the address before \"!\" in place of the device: %s",
				       item);
	}
	free(copy);
}

static void kernel_table(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	migrate_put_weighted(m, row->key, "kernel", *value == '-' ? "off" : "auto",
			     *value == '-' ? 2 : 0);
}

static void no_fallback(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	if (is_true(value))
		migrate_put_weighted(m, row->key, "kernel", "require", 1);
}

/* 0: it is no number, which a remark says */
static uint8_t level_of(struct migration *m, const char *key, const char *value)
{
	char *end;
	long level = strtol(value, &end, 10);

	if (end == value || *end || level < 0) {
		migrate_remark(m, key, "\"%s\" is not a number", value);
		return 0;
	}
	return (uint8_t)(level < LOG_LEVEL_ERR	   ? LOG_LEVEL_ERR
			 : level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG
						   : level);
}

/* All levels are one key of ours: the last of their keys, which is the one written, has all. */
static void put_levels(struct migration *m, const char *key)
{
	struct log_levels levels = m->levels;
	char text[LOG_LEVELS_TEXT];

	if (!levels.general)
		levels.general = LOG_LEVEL_INFO; /* also their default */
	log_levels_print(&levels, text, sizeof(text));
	migrate_put(m, key, "log-level", text);
}

static void log_level(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	uint8_t level = level_of(m, row->key, value);

	if (!level)
		return;
	m->levels.general = level;
	put_levels(m, row->key);
}

/* @name: of one of their subsystems. Of two that are one here, the one that says more counts. */
static void log_level_of(struct migration *m, const char *key, const char *name, const char *value)
{
	static const struct {
		const char *theirs, *ours;
	} parts[] = {
		{ "core", "call" },   { "control", "ng" }, { "crypto", "srtp" },
		{ "http", "web" },    { "ice", "packet" }, { "internals", "daemon" },
		{ "rtcp", "packet" }, { "srtp", "srtp" },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		uint8_t *part, level;

		if (strcmp(parts[i].theirs, name) != 0)
			continue;
		level = level_of(m, key, value);
		part = &m->levels.part[log_part_find(str_of(parts[i].ours))];
		*part = level > *part ? level : *part;
		if (level)
			put_levels(m, key);
		return;
	}
	migrate_remark(m, key,
		       "there is no such subsystem here; rtprelayd(8), log-level, lists those that "
		       "there are");
}

static void log_stderr(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	/* With it, log-facility has no effect there. */
	migrate_put_weighted(m, row->key, "log-facility", is_true(value) ? "stderr" : "syslog",
			     is_true(value));
}

static void log_facility(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	bool local = !strncmp(value, "local", 5) && strchr("01234567", value[5]) && value[5] &&
		     !value[6];

	migrate_put(m, row->key, "log-facility", "syslog");
	if (local)
		migrate_put(m, row->key, "syslog-facility", value);
	else if (strcmp(value, "daemon") != 0)
		migrate_remark(m, row->key,
			       "the facility of syslog is daemon or local0 to local7, not %s",
			       value);
}

static void learning(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	static const struct {
		const char *theirs, *ours;
	} modes[] = {
		{ "immediate", "first" },
		{ "delayed", "smart" },
		{ "heuristic", "smart" },
		{ "off", "strict" },
	};

	for (size_t i = 0; i < COUNT(modes); i++)
		if (!strcasecmp(value, modes[i].theirs))
			migrate_put(m, row->key, "latching", modes[i].ours);
	migrate_remark(m, row->key, "sources are accepted by other rules: see docs/latching.md");
}

static void threads(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	if (strtol(value, NULL, 10) > 0)
		migrate_put(m, row->key, "media-threads", value);
}

/* Their default is -1, no limit; 0 refuses each call, as drain does here. */
static void max_sessions(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	char *end;
	long calls = strtol(value, &end, 10);

	if (end == value || *end || calls > 0)
		migrate_put(m, row->key, "max-sessions", value);
	else if (!calls)
		migrate_remark(m, row->key,
			       "0 is no limit here; new calls are refused by rtprelayctl set "
			       "--drain=on");
}

/* The protocol of rtpproxy, as rtpengine understands it. */
static void listen_udp(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	char text[300];

	snprintf(text, sizeof(text), "%s%s%s",
		 *value == '[' ? "udp6:" : "udp:", strchr(value, ':') ? "" : "0.0.0.0:", value);
	migrate_put(m, row->key, "listen-rtpproxy", text);
}

static void listen_http(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	list(m, row, value);
	migrate_remark(m, row->key, "for NG over HTTP, POST /ng, set http-ng = yes");
}

static void redis(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	(void)value;
	if (!m->conf.state_dir)
		migrate_put(m, row->key, "state-dir", "/var/lib/rtprelay");
	migrate_remark(
		m, row->key,
		"calls survive the daemon in state-dir, not in a database, and not the host");
}

/* Not written as notify: a server of XMLRPC does not understand what that sends. */
static void b2b_url(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	bool fits = !strncmp(value, "http://", 7) && !strchr(value, '%');

	migrate_remark(m, row->key,
		       "time-outs are told in JSON, not XMLRPC. For a server that takes it: "
		       "notify = %s",
		       fits ? value : "http://HOST:PORT/PATH");
}

static void homer_protocol(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	if (strcasecmp(value, "udp") != 0)
		migrate_remark(m, row->key, "reports are sent to homer by UDP only");
}

/* --- The keys --------------------------------------------------------------------------------- */

/* Keys whose values need more than the name of ours that daemon/conf/rtpengine.c has. */
static const struct {
	const char *key;
	take_fn *take;
} takes[] = {
	{ "interface", interfaces },
	{ "listen-ng", list },
	{ "listen-udp", listen_udp },
	{ "listen-tcp-ng", list },
	{ "listen-http", listen_http },
	{ "pidfile", not_for_unit },
	{ "foreground", flag },
	{ "table", kernel_table },
	{ "no-fallback", no_fallback },
	{ "num-threads", threads },
	{ "max-sessions", max_sessions },
	{ "log-level", log_level },
	{ "log-facility", log_facility },
	{ "log-stderr", log_stderr },
	{ "endpoint-learning", learning },
	{ "redis", redis },
	{ "redis-write", redis },
	{ "b2b-url", b2b_url },
	{ "homer-protocol", homer_protocol },
};

/* Whatever has a key of ours and no row above has the same values. */
static take_fn *take_of(const struct conf_rtpengine *row)
{
	for (size_t i = 0; i < COUNT(takes); i++)
		if (!strcmp(takes[i].key, row->key))
			return takes[i].take;
	return same;
}

static void take_row(struct migration *m, const struct conf_rtpengine *row, const char *value)
{
	if (row->ours)
		take_of(row)(m, row, value);
	else if (row->remark && (!row->flag || is_true(value))) /* what is off needs nothing */
		migrate_remark(m, row->key, "%s", row->remark);
}

static void take(struct migration *m, const char *key, const char *value)
{
	const struct conf_rtpengine *row = conf_rtpengine_find(str_of(key));
	struct conf_rtpengine named;

	if (str_starts(str_of(key), STR(LEVEL_OF))) {
		log_level_of(m, key, key + strlen(LEVEL_OF), value);
		return;
	}
	if (!row) {
		migrate_remark(m, key, "not known");
		return;
	}
	named = *row;
	named.key = key; /* so that remarks name what the file has */
	take_row(m, &named, value);
}

/* --- The file --------------------------------------------------------------------------------- */

static char *trim(char *text)
{
	char *end = text + strlen(text);

	text += strspn(text, " \t\r");
	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text;
}

static bool is_section(const char *line, const char *name)
{
	return *line == '[' && !strncmp(line + 1, name, strlen(name)) &&
	       line[1 + strlen(name)] == ']';
}

/* Is there a line "[rtpengine]"? Else the first section counts. */
static bool has_section(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, "\n \t");
		if (is_section(line, "rtpengine"))
			return true;
	}
	return false;
}

void migrate_rtpengine_file(struct migration *m, char *text)
{
	bool named = has_section(text), inside = false, seen = false;
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *equals;

		line = trim(line);
		if (*line == '[') {
			inside = named ? is_section(line, "rtpengine") : !seen;
			seen = true;
			continue;
		}
		equals = strchr(line, '=');
		if (!inside || !*line || *line == '#' || *line == ';')
			continue;
		if (equals) {
			*equals = '\0';
			take(m, trim(line), trim(equals + 1));
		} else {
			migrate_remark(m, line, "is not of the form KEY = VALUE");
		}
	}
}

/* --- The options ------------------------------------------------------------------------------ */

static const struct conf_rtpengine *find_letter(char letter)
{
	for (size_t i = 0; letter && i < conf_rtpengine_n; i++)
		if (conf_rtpengine_rows[i].letter == letter)
			return &conf_rtpengine_rows[i];
	return NULL;
}

/* --KEY=VALUE, --KEY VALUE. Return: words taken */
static int long_option(struct migration *m, char **argv)
{
	char *key = argv[0] + 2, *equals = strchr(key, '=');
	const struct conf_rtpengine *row;

	if (equals) {
		*equals = '\0';
		take(m, key, equals + 1);
		return 1;
	}
	row = conf_rtpengine_find(str_of(key));
	if (argv[1] && row && !row->flag) {
		take(m, key, argv[1]);
		return 2;
	}
	take(m, key, "");
	return 1;
}

/* -fE, -m30000, -m 30000. Return: words taken */
static int short_options(struct migration *m, char **argv)
{
	for (const char *at = argv[0] + 1; *at; at++) {
		const struct conf_rtpengine *row = find_letter(*at);

		if (!row) {
			migrate_remark(m, argv[0], "option -%c is not known", *at);
		} else if (row->flag) {
			take_row(m, row, "");
		} else {
			take_row(m, row, at[1] ? at + 1 : argv[1] ? argv[1] : "");
			return at[1] || !argv[1] ? 1 : 2;
		}
	}
	return 1;
}

void migrate_rtpengine_options(struct migration *m, int argc, char **argv)
{
	int i = 1;

	while (i < argc) {
		if (!strncmp(argv[i], "--", 2) && argv[i][2])
			i += long_option(m, argv + i);
		else if (argv[i][0] == '-' && argv[i][1])
			i += short_options(m, argv + i);
		else
			migrate_remark(m, argv[i++], "is not an option");
	}
}
