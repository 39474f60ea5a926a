/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ban.c - rtprelayctl ban, unban and banned: addresses whose media is dropped */
#include <string.h>
#include <time.h>
#include "control_proto.h"
#include "list.h"
#include "verb.h"

/* The change holds, but not for longer than the daemon. */
static void take_unsaved(void *arg, const char *type, json_t *line)
{
	const char *state = text_of(line, "state");

	(void)arg;
	if (strcmp(type, "unsaved") != 0)
		return;
	if (!strcmp(state, "off"))
		fputs("rtprelayctl: the ban ends with the daemon, because state-dir is not set\n",
		      stderr);
	else
		fprintf(stderr,
			"rtprelayctl: the change ends with the daemon: the file of bans in "
			"state-dir cannot be %s; see rtprelayctl doctor\n",
			!strcmp(state, "unreadable") ? "read" : "written");
}

static int ask(const struct options *options, const char *verb, int argc, char **argv)
{
	json_t *request;

	if (argc != 1)
		return usage(verb, " requires one IPv4 or IPv6 address");
	request = line_request(verb);
	if (json_object_set_new(request, "address", json_string(argv[0]))) {
		json_decref(request);
		return usage("the address is not valid UTF-8", "");
	}
	return line_ask(options, request, take_unsaved, NULL);
}

int verb_ban(const struct options *options, int argc, char **argv)
{
	return ask(options, CONTROL_VERB_BAN, argc, argv);
}

int verb_unban(const struct options *options, int argc, char **argv)
{
	return ask(options, CONTROL_VERB_UNBAN, argc, argv);
}

static const struct column columns[] = {
	{ .head = "ADDRESS" },
	{ .head = "BANNED FOR", .right = true },
	{ .head = NULL },
};

static bool add_row(struct table *table, const json_t *line)
{
	char age[16];

	short_age((int64_t)time(NULL) - number_of(line, "since"), age);
	return table_add(table, (const char *const[]){ text_of(line, "address"), age });
}

int verb_banned(const struct options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return list_ask(options, CONTROL_VERB_BANNED, "banned", columns, add_row);
}
