/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.c - rtprelayctl terminate and set: the verbs that change the running daemon */
#include <stdlib.h>
#include <string.h>
#include "control_proto.h"
#include "daemon/base/count.h"
#include "drain.h"
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

/* @word: KEY=VALUE, changed. */
static bool add_word(json_t *request, char *word)
{
	char *value = strchr(word, '=');

	*value++ = '\0';
	return !json_object_set_new(request, word, json_string(value));
}

static int wrong_drain_option(const struct options *options)
{
	bool on = options->drain && !strcmp(options->drain, "on");

	if (options->wait_s && !on)
		return usage("--wait requires --drain=on", "");
	if (options->until_restart && !on)
		return usage("--until-restart requires --drain=on", "");
	return 0;
}

static void take_set(void *arg, const char *type, json_t *line)
{
	const struct options *options = arg;

	if (strcmp(type, "set") != 0 || options->until_restart)
		return;
	if (json_is_true(json_object_get(line, "drain")) &&
	    !json_is_true(json_object_get(line, "drain-kept")))
		fputs("note: drain ends when the daemon restarts, since it has no state-dir\n",
		      stderr);
}

static bool add_options(json_t *request, const struct options *options)
{
	const struct {
		const char *key, *value;
	} settings[] = {
		{ "log-level", options->log_level },
		{ "max-sessions", options->max_sessions },
		{ "drain", options->drain },
		{ "debug-call", options->debug_call },
		{ "until-restart", options->until_restart ? "on" : NULL },
	};

	for (size_t i = 0; i < COUNT(settings); i++)
		if (settings[i].value &&
		    json_object_set_new(request, settings[i].key, json_string(settings[i].value)))
			return false;
	return true;
}

int verb_set(const struct options *options, int argc, char **argv)
{
	struct options copy = *options;
	json_t *request;
	bool good;
	int status = wrong_drain_option(options);

	if (status)
		return status;
	request = line_request(CONTROL_VERB_SET);
	good = add_options(request, options);
	for (int i = 0; i < argc && good; i++) {
		if (!strchr(argv[i], '=') || *argv[i] == '=') {
			json_decref(request);
			return usage("set requires KEY=VALUE, not ", argv[i]);
		}
		good = add_word(request, argv[i]);
	}
	if (!good) {
		json_decref(request);
		return usage("a key or value is not valid UTF-8", "");
	}
	status = line_ask(options, request, take_set, &copy);
	return status || !options->wait_s ? status : drain_wait(options);
}
