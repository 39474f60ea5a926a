/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.c - rtprelayctl terminate and set: the verbs that change the running daemon */
#include <stdlib.h>
#include <string.h>
#include "control_proto.h"
#include "daemon/base/count.h"
#include "line.h"
#include "verb.h"

static void nothing(void *arg, const char *type, json_t *line)
{
	(void)arg;
	(void)type;
	(void)line;
}

int verb_terminate(const struct options *options, int argc, char **argv)
{
	json_t *request;

	if (argc > 1 || options->all == (argc == 1))
		return usage("terminate requires one Call-ID, or --all", "");
	request = line_request(CONTROL_VERB_TERMINATE);
	if (options->all ? json_object_set_new(request, "all", json_true())
			 : json_object_set_new(request, "call-id", json_string(argv[0]))) {
		json_decref(request);
		return usage("the Call-ID is not valid UTF-8: ", "find it with calls --json");
	}
	return line_ask(options, request, nothing, NULL);
}

int verb_set(const struct options *options, int argc, char **argv)
{
	const struct {
		const char *key, *value;
	} settings[] = {
		{ "log-level", options->log_level },
		{ "max-sessions", options->max_sessions },
		{ "drain", options->drain },
	};
	json_t *request = line_request(CONTROL_VERB_SET);

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < COUNT(settings); i++)
		if (settings[i].value &&
		    json_object_set_new(request, settings[i].key, json_string(settings[i].value))) {
			json_decref(request);
			return usage("not valid UTF-8: --", settings[i].key);
		}
	return line_ask(options, request, nothing, NULL);
}
