/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_rtpproxy.c - options of rtpproxy in our words; what it does without an option, too */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "migrate.h"

/* rtpproxy's defaults, where ours are others. */
#define PORT_MIN "35000"
#define PORT_MAX "65000"
#define TOS	 "184"
#define SOCKET	 "unix:/var/run/rtpproxy.sock"

/* INT[/EXT] of -l, -6 and -A: two addresses are the sides of a bridge. */
struct pair {
	const char *side[2]; /* internal, external; NULL or "": none */
};

struct addresses {
	struct pair ip4, ip6, advertised;
	bool port_min, port_max, tos, socket;
};

static struct pair split(char *text)
{
	char *slash = strchr(text, '/');

	if (slash)
		*slash++ = '\0';
	return (struct pair){ { text, slash } };
}

static bool has(const struct pair *pair, int side)
{
	return pair->side[side] && *pair->side[side];
}

static void put_interface(struct migration *m, const char *option, const struct addresses *a,
			  const struct pair *pair, int side)
{
	static const char *const names[] = { "internal/", "external/" };
	bool bridge = has(&a->ip4, 1) || has(&a->ip6, 1);
	bool advertised = pair == &a->ip4 && has(&a->advertised, side);
	char text[300];

	if (!has(pair, side))
		return;
	if (strchr("*0:", pair->side[side][0])) {
		migrate_remark(m, option, "write the address instead of %s", pair->side[side]);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s%s", bridge ? names[side] : "pub/", pair->side[side],
		 advertised ? "!" : "", advertised ? a->advertised.side[side] : "");
	migrate_put(m, option, "interface", text);
}

static void put_interfaces(struct migration *m, const struct addresses *a)
{
	for (int side = 0; side < 2; side++) {
		put_interface(m, "-l", a, &a->ip4, side);
		put_interface(m, "-6", a, &a->ip6, side);
	}
	if (has(&a->ip4, 1) || has(&a->ip6, 1))
		migrate_note(
			m,
			"a bridge: media stays symmetric here; phones behind NATs need no option");
}

/* 0xb8 and octal numbers too. */
static void put_tos(struct migration *m, const char *value)
{
	char text[32], *end;
	long tos = strtol(value, &end, 0);

	if (end == value || *end) {
		migrate_remark(m, "-t", "\"%s\" is not a number", value);
		return;
	}
	snprintf(text, sizeof(text), "%ld", tos);
	migrate_put(m, "-t", "tos", text);
}

/* @value: LOG_LOCAL1, as rtpproxy and syslog.h call it */
static void put_facility(struct migration *m, const char *value)
{
	static const char *const ours[] = { "local0", "local1", "local2", "local3",
					    "local4", "local5", "local6", "local7" };
	size_t begin = strlen("LOG_LOCAL");
	bool local = !strncmp(value, "LOG_LOCAL", begin) && value[begin] >= '0' &&
		     value[begin] <= '7' && !value[begin + 1];

	migrate_put(m, "-d", "log-facility", "syslog");
	if (local)
		migrate_put(m, "-d", "syslog-facility", ours[value[begin] - '0']);
	else if (strcmp(value, "LOG_DAEMON") != 0)
		migrate_remark(m, "-d",
			       "the facility of syslog is daemon or local0 to local7, not %s",
			       value);
}

static void put_level(struct migration *m, char *value)
{
	static const struct {
		const char *theirs, *ours;
	} levels[] = {
		{ "DBUG", "debug" }, { "INFO", "info" },  { "WARN", "warning" },
		{ "ERR", "error" },  { "CRIT", "error" },
	};
	char *colon = strchr(value, ':');

	if (colon) {
		*colon = '\0';
		put_facility(m, colon + 1);
	}
	for (size_t i = 0; i < COUNT(levels); i++)
		if (!strcmp(value, levels[i].theirs)) {
			migrate_put(m, "-d", "log-level", levels[i].ours);
			return;
		}
	migrate_remark(m, "-d", "\"%s\" is not a level", value);
}

static void put_user(struct migration *m, char *value)
{
	char *colon = strchr(value, ':');

	if (colon)
		*colon++ = '\0';
	migrate_not_for_unit(m, "-u", "user", value);
	if (colon)
		migrate_not_for_unit(m, "-u", "group", colon);
}

/* "unix:" is the default type of a socket. */
static void put_socket(struct migration *m, const char *value)
{
	char text[300];

	snprintf(text, sizeof(text), "%s%s", *value == '/' ? "unix:" : "", value);
	migrate_put(m, "-s", "listen-rtpproxy", text);
}

static const struct {
	char letter;
	const char *remark; /* NULL: nothing to say */
} others[] = {
	{ 'L', "set LimitNOFILE= of the systemd unit" },
	{ 'S', "files are NAME.part in recording-dir until they are finished" },
	{ 'a', "the proxy says which calls are recorded: rtpproxy's start_recording()" },
	{ 'P', NULL }, /* as always here */
	{ 'R', "RTCP is recorded too" },
	{ 'w', "Unix sockets for proxies are open to the daemon's group" },
	{ '2', "packets are not sent twice" },
	{ 'c', "set the scheduling in the systemd unit" },
	{ 'b', NULL }, /* ports in random order, as always here */
	{ 'i', NULL },
	{ 'F', NULL },
	{ 'v', NULL },
	{ 'V', NULL },
	{ 'D', NULL },
};

static void remark(struct migration *m, int letter)
{
	char option[3] = { '-', (char)letter, '\0' };

	for (size_t i = 0; i < COUNT(others); i++) {
		if (others[i].letter != letter)
			continue;
		if (others[i].remark)
			migrate_remark(m, option, "%s", others[i].remark);
		return;
	}
	migrate_remark(m, option, "not known");
}

static void take(struct migration *m, struct addresses *a, int letter)
{
	switch (letter) {
	case 'l':
		a->ip4 = split(optarg);
		break;
	case '6':
		a->ip6 = split(optarg);
		break;
	case 'A':
		a->advertised = split(optarg);
		break;
	case 's':
		put_socket(m, optarg);
		a->socket = true;
		break;
	case 'm':
		migrate_put(m, "-m", "port-min", optarg);
		a->port_min = true;
		break;
	case 'M':
		migrate_put(m, "-M", "port-max", optarg);
		a->port_max = true;
		break;
	case 't':
		put_tos(m, optarg);
		a->tos = true;
		break;
	case 'T':
		migrate_put(m, "-T", "timeout", optarg);
		break;
	case 'W':
		migrate_put(m, "-W", "unanswered-timeout", optarg);
		break;
	case 'n':
		migrate_put(m, "-n", "notify", optarg);
		break;
	case 'r':
		migrate_put(m, "-r", "recording-dir", optarg);
		break;
	case 'u':
		put_user(m, optarg);
		break;
	case 'p':
		migrate_not_for_unit(m, "-p", "pidfile", optarg);
		break;
	case 'f':
		migrate_put(m, "-f", "foreground", "yes");
		break;
	case 'd':
		put_level(m, optarg);
		break;
	default:
		remark(m, letter == '?' ? optopt : letter);
	}
}

static void put_defaults(struct migration *m, const struct addresses *a)
{
	if (a->port_min && a->port_max && a->tos && a->socket)
		return;
	migrate_note(m, "rtpproxy's defaults:");
	if (!a->socket)
		migrate_put(m, "-s", "listen-rtpproxy", SOCKET);
	if (!a->port_min)
		migrate_put(m, "-m", "port-min", PORT_MIN);
	if (!a->port_max)
		migrate_put(m, "-M", "port-max", PORT_MAX);
	if (!a->tos)
		migrate_put(m, "-t", "tos", TOS);
}

/* getopt() would read "--x" as the letters "-" and "x": emptied, it is no option. */
static void remark_long(struct migration *m, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], "--", 2)) {
			migrate_remark(m, argv[i], "not known");
			argv[i][0] = '\0';
		}
}

void migrate_rtpproxy(struct migration *m, int argc, char **argv)
{
	struct addresses addresses = { .tos = false };
	int letter;

	remark_long(m, argc, argv);
	optind = 0; /* glibc: start again */
	opterr = 0;
	while ((letter = getopt(argc, argv, "l:6:A:s:m:M:t:T:W:n:u:p:d:L:r:S:w:c:D:faPRF2ibvV")) >=
	       0)
		take(m, &addresses, letter);
	for (; optind < argc; optind++)
		if (*argv[optind])
			migrate_remark(m, argv[optind], "not an option");
	put_interfaces(m, &addresses);
	put_defaults(m, &addresses);
}
