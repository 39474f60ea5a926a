/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - rtprelayctl: looks into a running rtprelayd, and ends calls
 *
 * A verb is a row of the table: what is asked of the daemon, and how its answer is shown.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include "client.h"
#include "print.h"

enum exit_code { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_ANSWER };

struct options {
	struct client_conf client;
	int64_t limit; /* of list; -1: the daemon's own */
	bool json;
};

/* Adds to @request what the verb needs beside the command; NULL: nothing. */
typedef void verb_fn(struct arena *arena, struct dict *request, const struct options *options);

static void ask_list(struct arena *arena, struct dict *request, const struct options *options)
{
	if (options->limit >= 0)
		dict_add_int(arena, request, STR("limit"), options->limit);
}

/* At once, and a call that is not there is an error: who asks by hand wants to know. */
static void ask_terminate(struct arena *arena, struct dict *request, const struct options *options)
{
	(void)options;
	dict_add_int(arena, request, STR("delete delay"), 0);
	dict_add_str(arena, dict_add_list(arena, request, STR("flags")), STR_NONE, STR("fatal"));
}

static const struct verb {
	const char *name;
	const char *command;  /* of the NG protocol */
	const char *argument; /* what it is called in the help, or NULL; its key is "call-id" */
	verb_fn *ask;
	print_fn *print; /* NULL: only that it was answered, and how fast */
	const char *help;
} verbs[] = {
	{ "ping", "ping", NULL, NULL, NULL, "asks whether the daemon is there" },
	{ "list", "list", NULL, ask_list, print_calls,
	  "Call-IDs of the calls it holds (--limit=N)" },
	{ "query", "query", "CALL-ID", NULL, print_call,
	  "addresses, counters and flags of a call's streams" },
	{ "statistics", "statistics", NULL, NULL, print_statistics,
	  "totals since start, proxies, interfaces" },
	{ "terminate", "delete", "CALL-ID", ask_terminate, print_call,
	  "ends a call at once; shows it a last time" },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	fputs("Usage: rtprelayctl [OPTION]... VERB [CALL-ID]\n\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  %-11s %-8s %s\n", verbs[i].name,
			verbs[i].argument ? verbs[i].argument : "", verbs[i].help);
	fputs("\n  --server=HOST:PORT  where the daemon listens for NG commands (default "
	      "127.0.0.1:2223)\n"
	      "  --timeout=SECONDS   how long to ask before giving up (default 5)\n"
	      "  --limit=N           list at most N calls\n"
	      "  --json              show the daemon's answer as JSON\n"
	      "  --help, --version\n\n"
	      "Exit status: 0 done, 1 the daemon refused, 2 wrong usage, 3 no answer\n",
	      out);
}

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "rtprelayctl: %s%s (see rtprelayctl --help)\n", why, what);
	return EXIT_USAGE;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* A whole decimal number of @min..@max */
static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *number >= min && *number <= max;
}

/* Return: -1 go on; else the exit status */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "server", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t seconds;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options->client.server = optarg;
			break;
		case 't':
			if (!parse_number(optarg, 1, 3600, &seconds))
				return usage("--timeout wants 1 to 3600 seconds, not ", optarg);
			options->client.timeout_ms = (unsigned int)seconds * 1000;
			break;
		case 'l':
			if (!parse_number(optarg, 0, INT32_MAX, &options->limit))
				return usage("--limit wants a number, not ", optarg);
			break;
		case 'j':
			options->json = true;
			break;
		case 'h':
			help(stdout);
			return EXIT_OK;
		case 'v':
			puts("rtprelayctl " RTPRELAY_VERSION);
			return EXIT_OK;
		default:
			return usage("unknown option or missing value", "");
		}
	}
	return -1;
}

static struct dict *make_request(struct arena *arena, const struct verb *verb, const char *call_id,
				 const struct options *options)
{
	struct dict *request = dict_new(arena, DICT_MAP);

	dict_add_str(arena, request, STR("command"), str_of(verb->command));
	if (call_id)
		dict_add_str(arena, request, STR("call-id"), str_of(call_id));
	if (verb->ask)
		verb->ask(arena, request, options);
	return request;
}

/* What the daemon wants to be read even when only the exit status is looked at. */
static void complain(const struct dict *reply, const char *key)
{
	struct str text = dict_get_str(reply, str_of(key));

	if (text.len) {
		fputs("rtprelayctl: ", stderr);
		print_text(text, stderr);
		fputc('\n', stderr);
	}
}

static int show(const struct verb *verb, const struct client_answer *answer,
		const struct options *options)
{
	bool refused = str_eq(dict_get_str(answer->reply, STR("result")), STR("error"));

	complain(answer->reply, "warning");
	if (options->json) {
		if (print_json(answer->reply, stdout))
			return usage("out of memory", "");
	} else if (refused) {
		complain(answer->reply, "error-reason");
	} else if (verb->print) {
		verb->print(answer->reply, stdout);
	} else {
		printf("%s answered in %.1f ms\n", options->client.server, answer->took_ms);
	}
	return refused ? EXIT_REFUSED : EXIT_OK;
}

static int run(struct arena *arena, const struct verb *verb, const char *call_id,
	       const struct options *options)
{
	struct dict *request = make_request(arena, verb, call_id, options);
	struct client_answer answer;
	int err;

	if (!request) {
		fputs("rtprelayctl: out of memory\n", stderr);
		return EXIT_NO_ANSWER;
	}
	err = client_ask(&options->client, arena, request, &answer);
	if (!err)
		return show(verb, &answer, options);
	fprintf(stderr, "rtprelayctl: %s: %s\n", options->client.server, answer.error);
	return err == -EINVAL ? EXIT_USAGE : EXIT_NO_ANSWER;
}

int main(int argc, char **argv)
{
	struct options options = { .client = { "127.0.0.1:2223", 5000 }, .limit = -1 };
	int status = parse_options(argc, argv, &options), words = argc - optind;
	const struct verb *verb;
	struct arena *arena;

	if (status >= 0)
		return status;
	if (!words)
		return usage("what shall be done?", "");
	verb = find_verb(argv[optind]);
	if (!verb)
		return usage("unknown verb ", argv[optind]);
	if (words != (verb->argument ? 2 : 1))
		return usage(verb->argument ? "one Call-ID is wanted after "
					    : "nothing is wanted after ",
			     verb->name);
	arena = arena_new(65536);
	if (!arena) {
		fputs("rtprelayctl: out of memory\n", stderr);
		return EXIT_NO_ANSWER;
	}
	status = run(arena, verb, verb->argument ? argv[optind + 1] : NULL, &options);
	arena_free(arena);
	return status;
}
