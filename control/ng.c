/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng.c - asks the daemon over NG, as proxies do; works from another machine, too
 *
 * A verb is a row of the table: the command to send, and how its answer is printed.
 */
#include <errno.h>
#include <string.h>
#include "client.h"
#include "daemon/base/count.h"
#include "print.h"
#include "server.h"
#include "verb.h"

#define ARENA 65536

/* Adds to @request what the verb needs besides the command. */
typedef void verb_fn(struct arena *arena, struct dict *request, const struct options *options);

static void ask_list(struct arena *arena, struct dict *request, const struct options *options)
{
	if (options->limit >= 0)
		dict_add_int(arena, request, STR("limit"), options->limit);
}

/* Without delay; an unknown call is an error, since a person has typed the Call-ID. */
static void ask_terminate(struct arena *arena, struct dict *request, const struct options *options)
{
	(void)options;
	dict_add_int(arena, request, STR("delete delay"), 0);
	dict_add_str(arena, dict_add_list(arena, request, STR("flags")), STR_NONE, STR("fatal"));
}

static const struct ng_verb {
	const char *name;
	const char *command;  /* of the NG protocol */
	const char *argument; /* its name in the help; NULL: none. Its key is "call-id" */
	verb_fn *ask;
	print_fn *print; /* NULL: prints only that an answer came, and the time it took */
	const char *help;
} verbs[] = {
	{ "ping", "ping", NULL, NULL, NULL, "checks whether the daemon answers" },
	{ "list", "list", NULL, ask_list, print_calls, "Call-IDs of all calls (--limit=N)" },
	{ "query", "query", "CALL-ID", NULL, print_call,
	  "addresses, counters and flags of a call's streams" },
	{ "statistics", "statistics", NULL, NULL, print_statistics,
	  "totals since start, proxies, interfaces" },
	{ "terminate", "delete", "CALL-ID", ask_terminate, print_call,
	  "ends a call immediately; shows its final counters" },
};

#define N_VERBS COUNT(verbs)

static const struct ng_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static struct dict *make_request(struct arena *arena, const struct ng_verb *verb,
				 const char *call_id, const struct options *options)
{
	struct dict *request = dict_new(arena, DICT_MAP);

	dict_add_str(arena, request, STR("command"), str_of(verb->command));
	if (call_id)
		dict_add_str(arena, request, STR("call-id"), str_of(call_id));
	if (verb->ask)
		verb->ask(arena, request, options);
	return request;
}

/* Warnings and errors go to stderr, so that they are seen when stdout is not. */
static void complain(const struct dict *reply, const char *key)
{
	struct str text = dict_get_str(reply, str_of(key));

	if (text.len) {
		fputs("rtprelayctl: ", stderr);
		print_text(text, stderr);
		fputc('\n', stderr);
	}
}

static int show(const struct ng_verb *verb, const struct client_answer *answer,
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
		printf("%s answered in %.1f ms\n", options->server, answer->took_ms);
	}
	return refused ? EXIT_REFUSED : EXIT_OK;
}

static int run(struct arena *arena, const struct ng_verb *verb, const char *call_id,
	       const struct options *options)
{
	struct dict *request = make_request(arena, verb, call_id, options);
	const struct client_conf client = { options->server, options->timeout_s * 1000 };
	struct client_answer answer;
	int err;

	if (!request)
		return out_of_memory();
	err = client_ask(&client, arena, request, &answer);
	if (!err)
		return show(verb, &answer, options);
	fprintf(stderr, "rtprelayctl: %s: %s\n", options->server, answer.error);
	return err == -EINVAL ? EXIT_USAGE : EXIT_NO_ANSWER;
}

bool ng_has(const char *name)
{
	return find_verb(name);
}

void ng_help(FILE *out)
{
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  ng %-11s %-16s %s\n", verbs[i].name,
			verbs[i].argument ? verbs[i].argument : "", verbs[i].help);
}

/* Without --server, at the address where the daemon of this host listens, if it can be asked. */
static int run_at_server(const struct ng_verb *verb, const char *call_id,
			 const struct options *options)
{
	struct options found = *options;
	struct arena *arena;
	char server[SERVER_TEXT];
	int status, err = options->server_given ? -ENOTCONN : server_find(options, server);

	if (err == -ENOENT) {
		fputs("rtprelayctl: rtprelayd has no listen-ng, so it takes no commands of NG\n",
		      stderr);
		return EXIT_REFUSED;
	}
	if (!err)
		found.server = server;
	arena = arena_new(ARENA);
	if (!arena)
		return out_of_memory();
	status = run(arena, verb, call_id, &found);
	arena_free(arena);
	return status;
}

int verb_ng(const struct options *options, int argc, char **argv)
{
	const struct ng_verb *verb = argc ? find_verb(argv[0]) : NULL;

	if (!verb)
		return usage("ng requires ping, list, query, statistics or terminate", "");
	if (verb->argument && argc < 2)
		return usage("missing Call-ID after ", verb->name);
	if (argc > (verb->argument ? 2 : 1))
		return usage("unexpected argument: ", argv[argc - 1]);
	return run_at_server(verb, verb->argument ? argv[1] : NULL, options);
}
