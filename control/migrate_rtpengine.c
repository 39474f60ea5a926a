/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_rtpengine.c - keys of rtpengine.conf, which are also rtpengine's options, in our words
 *
 * The keys are those of rtpengine's manual page.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "daemon/base/count.h"
#include "migrate.h"

/* --- Values that need more than another name -------------------------------------------------- */

static bool is_true(const char *value)
{
	static const char *const words[] = { "", "true", "yes", "1", "on" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

struct theirs;
typedef void take_fn(struct migration *m, const struct theirs *row, const char *value);

struct theirs {
	const char *key; /* "mqtt-*": all that begin so */
	char letter;	 /* of the short option, or '\0' */
	bool flag;	 /* the option has no value */
	take_fn *take;
	const char *ours; /* a key of ours, or a remark: what take() needs */
};

static void same(struct migration *m, const struct theirs *row, const char *value)
{
	migrate_put(m, row->key, row->ours ? row->ours : row->key, value);
}

static void list(struct migration *m, const struct theirs *row, const char *value)
{
	migrate_put_each(m, row->key, row->ours ? row->ours : row->key, value, ";, \t");
}

static void flag(struct migration *m, const struct theirs *row, const char *value)
{
	migrate_put(m, row->key, row->key, is_true(value) ? "yes" : "no");
}

static void not_for_unit(struct migration *m, const struct theirs *row, const char *value)
{
	migrate_not_for_unit(m, row->key, "pidfile", value);
}

static void none(struct migration *m, const struct theirs *row, const char *value)
{
	(void)value;
	migrate_remark(m, row->key, "%s", row->ours);
}

/* Is the default or needs nothing here: no word about it. */
static void nothing(struct migration *m, const struct theirs *row, const char *value)
{
	(void)m;
	(void)row;
	(void)value;
}

/* A device, or "any", that is advertised as another address. */
static bool is_device_with_nat(const char *item)
{
	const char *address = strchr(item, '/') ? strchr(item, '/') + 1 : item;

	return strchr(address, '!') && strcspn(address, ".:!") == strcspn(address, "!");
}

/* [NAME/]ADDRESS[!ADDRESS], a device or any in place of ADDRESS; NAME=OTHER, a second name. */
static void interfaces(struct migration *m, const struct theirs *row, const char *value)
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

static void kernel_table(struct migration *m, const struct theirs *row, const char *value)
{
	migrate_put(m, row->key, "kernel", *value == '-' ? "off" : "auto");
}

static void no_fallback(struct migration *m, const struct theirs *row, const char *value)
{
	if (is_true(value))
		migrate_put(m, row->key, "kernel", "require");
}

static void log_level(struct migration *m, const struct theirs *row, const char *value)
{
	static const char *const levels[] = { "error",	 "error",  "error", "error",
					      "warning", "notice", "info",  "debug" };
	char *end;
	long level = strtol(value, &end, 10);

	if (end == value || *end || level < 0)
		migrate_remark(m, row->key, "\"%s\" is not a number", value);
	else
		migrate_put(m, row->key, "log-level", levels[level < 7 ? level : 7]);
}

static void log_stderr(struct migration *m, const struct theirs *row, const char *value)
{
	migrate_put(m, row->key, "log-facility", is_true(value) ? "stderr" : "syslog");
}

static void log_facility(struct migration *m, const struct theirs *row, const char *value)
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

static void learning(struct migration *m, const struct theirs *row, const char *value)
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

static void threads(struct migration *m, const struct theirs *row, const char *value)
{
	if (strtol(value, NULL, 10) > 0)
		migrate_put(m, row->key, "media-threads", value);
}

/* The protocol of rtpproxy, as rtpengine understands it. */
static void listen_udp(struct migration *m, const struct theirs *row, const char *value)
{
	char text[300];

	snprintf(text, sizeof(text), "%s%s%s",
		 *value == '[' ? "udp6:" : "udp:", strchr(value, ':') ? "" : "0.0.0.0:", value);
	migrate_put(m, row->key, "listen-rtpproxy", text);
}

static void listen_http(struct migration *m, const struct theirs *row, const char *value)
{
	list(m, row, value);
	migrate_remark(m, row->key, "for NG over HTTP, POST /ng, set http-ng = yes");
}

static void redis(struct migration *m, const struct theirs *row, const char *value)
{
	(void)value;
	if (!m->conf.state_dir)
		migrate_put(m, row->key, "state-dir", "/var/lib/rtprelay");
	migrate_remark(
		m, row->key,
		"calls survive the daemon in state-dir, not in a database, and not the host");
}

static void homer_protocol(struct migration *m, const struct theirs *row, const char *value)
{
	if (strcasecmp(value, "udp") != 0)
		migrate_remark(m, row->key, "reports are sent to homer by UDP only");
}

/* --- The keys --------------------------------------------------------------------------------- */

#define NO_MIXING  "the relay does not play, mix or transcode: media is forwarded as it is"
#define NO_RECORD  "the relay does not record"
#define NO_DTLS	   "SRTP is forwarded as it is; the relay has no DTLS and no keys"
#define NO_DTMF	   "the relay does not look into DTMF"
#define FOR_UNIT   "set it in the systemd unit: CPUSchedulingPolicy=, CPUSchedulingPriority=, Nice="
#define BY_METRICS "figures are at /metrics of listen-http, for Prometheus"
#define BY_WATCH   "events and figures: rtprelayctl watch, and /metrics of listen-http"

static const struct theirs rows[] = {
	{ "interface", 'i', false, interfaces, NULL },
	{ "listen-ng", 'n', false, list, NULL },
	{ "listen-udp", 'u', false, listen_udp, NULL },
	{ "listen-tcp", 'l', false, none,
	  "write listen-rtpproxy = tcp:HOST:PORT, if a proxy uses it" },
	{ "listen-tcp-ng", '\0', false, list, NULL },
	{ "listen-cli", 'c', false, none, "rtprelayctl uses the Unix socket control-socket" },
	{ "listen-http", '\0', false, listen_http, NULL },
	{ "listen-https", '\0', false, none, "put an HTTPS server in front of listen-http" },
	{ "https-*", '\0', false, none, "put an HTTPS server in front of listen-http" },
	{ "http-threads", '\0', false, nothing, NULL },
	{ "port-min", 'm', false, same, NULL },
	{ "port-max", 'M', false, same, NULL },
	{ "timeout", 'o', false, same, NULL },
	{ "silent-timeout", 's', false, same, NULL },
	{ "offer-timeout", '\0', false, same, NULL },
	{ "final-timeout", 'a', false, same, NULL },
	{ "delete-delay", 'd', false, same, NULL },
	{ "max-sessions", '\0', false, same, NULL },
	{ "max-load", '\0', false, same, NULL },
	{ "max-cpu", '\0', false, same, NULL },
	{ "max-bandwidth", '\0', false, same, NULL },
	{ "tos", 'T', false, same, NULL },
	{ "control-tos", '\0', false, none, "replies to proxies have no TOS of their own" },
	{ "pidfile", 'p', false, not_for_unit, NULL },
	{ "foreground", 'f', true, flag, NULL },
	{ "table", 't', false, kernel_table, NULL },
	{ "no-fallback", 'F', true, no_fallback, NULL },
	{ "nftables-*", '\0', false, none,
	  "the module needs no rule; see firewall = notrack or pinhole" },
	{ "iptables-chain", '\0', false, none,
	  "the module needs no rule; see firewall = notrack or pinhole" },
	{ "num-threads", '\0', false, threads, NULL },
	{ "media-num-threads", '\0', false, none, NO_MIXING },
	{ "codec-num-threads", '\0', false, none, NO_MIXING },
	{ "log-level", 'L', false, log_level, NULL },
	{ "log-level-*", '\0', false, none,
	  "levels of subsystems stand in log-level: info, latch:debug" },
	{ "log-facility", '\0', false, log_facility, NULL },
	{ "log-facility-cdr", '\0', false, none, "records of calls go to cdr-file" },
	{ "log-facility-*", '\0', false, none, "there is one log" },
	{ "log-stderr", 'E', true, log_stderr, NULL },
	{ "log-format", '\0', false, nothing, NULL },
	{ "log-mark-*", '\0', false, none,
	  "keys and digits are never logged, so nothing is marked" },
	{ "log-srtp-keys", '\0', true, none, "keys are never logged" },
	{ "log-name", '\0', false, nothing, NULL },
	{ "no-log-timestamps", '\0', true, nothing, NULL },
	{ "max-log-line-length", '\0', false, nothing, NULL },
	{ "split-logs", '\0', true, nothing, NULL },
	{ "sip-source", '\0', true, none,
	  "give the flag SIP-source-address in the proxy's commands" },
	{ "endpoint-learning", '\0', false, learning, NULL },
	{ "reject-invalid-sdp", '\0', true, nothing, NULL },
	{ "save-interface-ports", 'S', true, nothing, NULL },
	{ "poller-per-thread", '\0', true, nothing, NULL },
	{ "thread-stack", '\0', false, nothing, NULL },
	{ "socket-cpu-affinity", '\0', false, nothing, NULL },
	{ "software-id", '\0', false, nothing, NULL },
	{ "config-file", '\0', false, none, "migrate that file too" },
	{ "config-section", '\0', false, none,
	  "only the section [rtpengine] is read, else the first" },
	{ "redis-*", '\0', false, none, "see state-dir" },
	{ "redis", 'r', false, redis, NULL },
	{ "redis-write", 'w', false, redis, NULL },
	{ "no-redis-required", 'q', true, nothing, NULL },
	{ "subscribe-keyspace", 'k', false, none, "see state-dir" },
	{ "active-switchover", '\0', true, none, "see state-dir" },
	{ "b2b-url", 'b', false, none,
	  "time-outs are told by notify = http://HOST:PORT/PATH, in JSON, not XMLRPC" },
	{ "xmlrpc-format", 'x', false, none, "see notify" },
	{ "homer", '\0', false, same, NULL },
	{ "homer-id", '\0', false, same, NULL },
	{ "homer-protocol", '\0', false, homer_protocol, NULL },
	{ "homer-disable-rtcp-stats", '\0', true, none,
	  "homer gets RTCP and the quality of RTP; leave homer out for neither" },
	{ "homer-*", '\0', false, none, "homer gets RTCP and the quality of RTP, not commands" },
	{ "graphite*", 'g', false, none, BY_METRICS },
	{ "mqtt-*", '\0', false, none, BY_WATCH },
	{ "mos", '\0', false, nothing, NULL },
	{ "measure-rtp", '\0', true, nothing, NULL },
	{ "recording-*", '\0', false, none, NO_RECORD },
	{ "rec-egress", '\0', true, none, NO_RECORD },
	{ "mysql-*", '\0', false, none, NO_MIXING },
	{ "db-*", '\0', false, none, NO_MIXING },
	{ "jitter-buffer", '\0', false, none, NO_MIXING },
	{ "jb-*", '\0', false, none, NO_MIXING },
	{ "dtx-*", '\0', false, none, NO_MIXING },
	{ "max-dtx", '\0', false, none, NO_MIXING },
	{ "amr-*", '\0', false, none, NO_MIXING },
	{ "evs-*", '\0', false, none, NO_MIXING },
	{ "silence-detect", '\0', false, none, NO_MIXING },
	{ "cn-payload", '\0', false, none, NO_MIXING },
	{ "moh-*", '\0', false, none, NO_MIXING },
	{ "player-cache", '\0', true, none, NO_MIXING },
	{ "dtls-*", '\0', false, none, NO_DTLS },
	{ "debug-srtp", '\0', true, none, NO_DTLS },
	{ "dtmf-*", '\0', false, none, NO_DTMF },
	{ "scheduling", '\0', false, none, FOR_UNIT },
	{ "priority", '\0', false, none, FOR_UNIT },
	{ "idle-*", '\0', false, none, FOR_UNIT },
	{ "templates", '\0', false, none, "flags are given by the proxy, per command" },
};

/* "log-level-core" is found as "log-level-*", which stands after "log-level". */
static bool names(const struct theirs *row, const char *key)
{
	size_t len = strlen(row->key);

	if (row->key[len - 1] == '*')
		return !strncmp(row->key, key, len - 1);
	return !strcmp(row->key, key);
}

static const struct theirs *find(const char *key)
{
	const struct theirs *found = NULL;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!strcmp(rows[i].key, key))
			return &rows[i];
		if (!found && names(&rows[i], key))
			found = &rows[i];
	}
	return found;
}

static void take(struct migration *m, const char *key, const char *value)
{
	const struct theirs *row = find(key);
	struct theirs named;

	if (!row) {
		migrate_remark(m, key, "not known");
		return;
	}
	named = *row;
	named.key = key; /* so that remarks name what the file has */
	row->take(m, &named, value);
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

static const struct theirs *find_letter(char letter)
{
	for (size_t i = 0; letter && i < COUNT(rows); i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* --KEY=VALUE, --KEY VALUE. Return: words taken */
static int long_option(struct migration *m, char **argv)
{
	char *key = argv[0] + 2, *equals = strchr(key, '=');
	const struct theirs *row;

	if (equals) {
		*equals = '\0';
		take(m, key, equals + 1);
		return 1;
	}
	row = find(key);
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
		const struct theirs *row = find_letter(*at);

		if (!row) {
			migrate_remark(m, argv[0], "option -%c is not known", *at);
		} else if (row->flag) {
			row->take(m, row, "");
		} else {
			row->take(m, row, at[1] ? at + 1 : argv[1] ? argv[1] : "");
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
