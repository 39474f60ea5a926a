/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.c - rtprelayctl record and recordings: begins, pauses, ends and lists recordings */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "control_proto.h"
#include "list.h"
#include "record.h"
#include "verb.h"

static void print_recording(void *arg, const char *type, json_t *line)
{
	(void)arg;
	if (!strcmp(type, "recording"))
		printf("%s%s\n", text_of(line, "file"),
		       json_is_true(json_object_get(line, "paused")) ? " (paused)" : "");
}

int verb_record(const struct options *options, int argc, char **argv)
{
	json_t *request;

	if (!argc)
		return verb_recordings(options, argc, argv);
	if (argc != 2 || (strcmp(argv[1], "start") != 0 && strcmp(argv[1], "stop") != 0 &&
			  strcmp(argv[1], "pause") != 0))
		return usage("record requires a Call-ID, and start, stop or pause", "");
	request = line_request(CONTROL_VERB_RECORD);
	if (json_object_set_new(request, "call-id", json_string(argv[0])) ||
	    json_object_set_new(request, "action", json_string(argv[1]))) {
		json_decref(request);
		return usage("the Call-ID is not valid UTF-8: ", "find it with calls --json");
	}
	return line_ask(options, request, print_recording, NULL);
}

/* --- The list --------------------------------------------------------------------------------- */

static const struct column columns[] = {
	{ .head = "CALL-ID", .cut = true },
	{ .head = "FOR", .right = true },
	{ .head = "STATE" },
	{ .head = "PACKETS", .right = true },
	{ .head = "LOST", .right = true },
	{ .head = "FILE" },
	{ .head = NULL },
};

int64_t recording_lost(const json_t *recording)
{
	const json_t *lost = json_object_get(recording, "lost");

	return number_of(lost, "ring") + number_of(lost, "kernel") + number_of(lost, "disk");
}

static bool add_row(struct table *table, const json_t *line)
{
	char age[16], packets[24], lost[24];

	short_age((int64_t)time(NULL) - number_of(line, "since"), age);
	snprintf(packets, sizeof(packets), "%" PRId64, number_of(line, "packets"));
	snprintf(lost, sizeof(lost), "%" PRId64, recording_lost(line));
	return table_add(table, (const char *const[]){ text_of(line, "call-id"), age,
						       json_is_true(json_object_get(line, "paused"))
							       ? "paused"
							       : "records",
						       packets, lost, text_of(line, "file") });
}

int verb_recordings(const struct options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return list_ask(options, CONTROL_VERB_RECORDINGS, "recording", columns, add_row);
}
