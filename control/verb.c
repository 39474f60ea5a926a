/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verb.c - the verbs and options of rtprelayctl, as tables
 *
 * A verb is a row of the table and a file beside this one. All but "ng", "doctor" and "completion"
 * ask over the control socket (include/control_proto.h).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "control_proto.h"
#include "daemon/base/count.h"
#include "daemon/conf/table.h"
#include "sizing.h"
#include "verb.h"
#include "version.h"

struct verb {
	const char *name;
	const char *argument; /* its name in the help; NULL: the verb has none */
	verb_run_fn *run;
	const char *help;
};

static const struct verb verbs[] = {
	{ CONTROL_VERB_STATUS, NULL, verb_status,
	  "version, kernel path, interfaces and their ports, calls by path" },
	{ CONTROL_VERB_CALLS, NULL, verb_calls, "one line per call (filters; --sort=COLUMN)" },
	{ CONTROL_VERB_CALL, "CALL-ID", verb_call, "one call as a tree: parties, medias, streams" },
	{ CONTROL_VERB_STREAMS, NULL, verb_streams, "one line per stream (filters)" },
	{ CONTROL_VERB_STATS, NULL, verb_stats,
	  "every counter, with unit and help (--all: also those at 0)" },
	{ "top", NULL, verb_top, "calls by traffic, live (--interval=SECONDS)" },
	{ CONTROL_VERB_WATCH, NULL, verb_watch, "events as they happen" },
	{ CONTROL_VERB_KERNEL, NULL, verb_kernel,
	  "the kernel's flows, compared with those the daemon requires" },
	{ CONTROL_VERB_TERMINATE, "CALL-ID | --all", verb_terminate,
	  "ends a call, or all calls, immediately" },
	{ CONTROL_VERB_CONFIG, NULL, verb_config,
	  "each key of the configuration (--diff: what differs from file and defaults)" },
	{ CONTROL_VERB_SET, "KEY=VALUE...", verb_set,
	  "changes keys that SIGHUP may change; --drain=on|off" },
	{ CONTROL_VERB_BAN, "ADDRESS", verb_ban,
	  "drops the media that comes from the address, of all calls" },
	{ CONTROL_VERB_UNBAN, "ADDRESS", verb_unban, "ends a ban" },
	{ CONTROL_VERB_BANNED, NULL, verb_banned, "one line per banned address" },
	{ CONTROL_VERB_NAT, NULL, verb_nat,
	  "address outside of the relay's NAT, what is seen of the NATs of phones" },
	{ CONTROL_VERB_RECORD, "CALL-ID ACTION", verb_record,
	  "start, stop or pause: the recording of a call; alone: as recordings" },
	{ CONTROL_VERB_RECORDINGS, NULL, verb_recordings, "one line per recording that runs" },
	{ CONTROL_VERB_PCAP, "CALL-ID", verb_pcap,
	  "the packets of a call as they arrive, for a pipe: pcap ID | tshark -r -" },
	{ "doctor", NULL, verb_doctor,
	  "checks the installation: what is wrong, what to do about it" },
	{ "migrate", "FILE", verb_migrate,
	  "turns an rtpengine.conf or a command line of rtpproxy into rtprelay.conf" },
	{ "completion", "bash", verb_completion, "prints the completion script for bash" },
	{ "ng", "VERB", verb_ng, "sends a command over NG, as proxies do:" },
};

#define N_VERBS COUNT(verbs)

#define WAIT_MAX_S 86400

const char options_short[] = "w:";

const struct option options_known[] = {
	{ "socket", required_argument, NULL, 'S' },
	{ "server", required_argument, NULL, 's' },
	{ "timeout", required_argument, NULL, 't' },
	{ "limit", required_argument, NULL, 'l' },
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, 'a' },
	{ "diff", no_argument, NULL, 'D' },
	{ "sort", required_argument, NULL, 'o' },
	{ "interval", required_argument, NULL, 'i' },
	{ "call-id", required_argument, NULL, 'c' },
	{ "tag", required_argument, NULL, 'g' },
	{ "address", required_argument, NULL, 'A' },
	{ "path", required_argument, NULL, 'p' },
	{ "min-age", required_argument, NULL, 'm' },
	{ "max-mos", required_argument, NULL, 'q' },
	{ "one-way", no_argument, NULL, 'O' },
	{ "log-level", required_argument, NULL, 'L' },
	{ "max-sessions", required_argument, NULL, 'M' },
	{ "drain", required_argument, NULL, 'd' },
	{ "debug-call", required_argument, NULL, 'C' },
	{ "debug", no_argument, NULL, 'B' },
	{ "until-restart", no_argument, NULL, 'u' },
	{ "wait", required_argument, NULL, 'W' },
	{ "rtp-only", no_argument, NULL, 'r' },
	{ "write", required_argument, NULL, 'w' },
	{ "tune", required_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

const char *verb_name(size_t n)
{
	return n < N_VERBS ? verbs[n].name : NULL;
}

const char *option_name(size_t n)
{
	return options_known[n].name;
}

static void help(FILE *out)
{
	fputs("Usage: rtprelayctl [OPTION]... VERB [ARGUMENT]\n\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  %-14s %-16s %s\n", verbs[i].name,
			verbs[i].argument ? verbs[i].argument : "", verbs[i].help);
	ng_help(out);
	fputs("\n  --socket=PATH        control socket of the daemon (default " CONTROL_PROTO_PATH
	      ")\n"
	      "  --json               print JSON lines, as the daemon sends them\n"
	      "  --timeout=SECONDS    wait at most this long for an answer (default 5)\n"
	      "  --limit=N            show at most N\n"
	      "  --call-id=PART --tag=TAG --address=IP[:PORT] --path=user|module|bpf|kernel|mixed\n"
	      "  --min-age=SECONDS --max-mos=N --one-way\n"
	      "                       filters for calls, streams and top; all must match\n"
	      "  --sort=COLUMN        for calls: age, packets, mos, loss, jitter, drops, heard, "
	      "call-id\n"
	      "  --wait=SECONDS       for set --drain=on: count down until there are no calls\n"
	      "  --tune=CALLS         for doctor: print what has to be set for so many calls\n"
	      "  --until-restart      for set --drain=on: a restart ends it\n"
	      "  --debug-call=ID      for set: log commands and replies of this call, with SDP; "
	      "none: end\n"
	      "  --debug              for call: show what was logged of it\n"
	      "  -w, --write=FILE --rtp-only\n"
	      "                       for pcap: where to (default, and -: the standard output); "
	      "without RTCP\n"
	      "  --server=HOST:PORT   for ng: where the daemon listens (default: asked over the "
	      "control\n"
	      "                       socket, else 127.0.0.1:2223)\n"
	      "  --help, --version\n\n"
	      "Exit status: 0 done, 1 the daemon refused or something is wrong, 2 wrong usage,\n"
	      "3 no answer, 4 calls are left after --wait\n",
	      out);
}

/* For the help of one verb: the options that only some verbs have. */
static const struct {
	const char *option, *verbs, *help;
} option_uses[] = {
	{ "call-id=PART", " calls streams top ", "only calls whose Call-ID contains PART" },
	{ "tag=TAG", " calls streams top ", "only calls with a party of this tag" },
	{ "address=IP[:PORT]", " calls streams top ", "only calls with media at this address" },
	{ "path=user|module|bpf|kernel|mixed", " calls streams top ",
	  "only calls whose media takes this path" },
	{ "min-age=SECONDS", " calls streams top ", "only calls that are at least this old" },
	{ "max-mos=N", " calls streams top ", "only calls whose worse side has at most this MOS" },
	{ "one-way", " calls streams top ", "only calls of which one side is not heard" },
	{ "sort=COLUMN", " calls top ", "age, packets, mos, loss, jitter, drops, heard, call-id" },
	{ "limit=N", " calls streams ng ", "show at most N" },
	{ "interval=SECONDS", " top ", "time between two pictures (default 1)" },
	{ "all", " stats ", "also counters at 0" },
	{ "all", " terminate ", "all calls" },
	{ "log-level=LEVEL", " set ", "error, warning, notice, info, debug; or info,latch:debug" },
	{ "max-sessions=N", " set ", "maximum number of calls; 0: no limit" },
	{ "drain=on|off", " set ", "on: refuse new calls" },
	{ "wait=SECONDS", " set ", "with drain=on: count down until there are no calls" },
	{ "until-restart", " set ", "with drain=on: a restart ends it" },
	{ "diff", " config ", "only keys that differ from the default, or from the file" },
	{ "debug-call=ID", " set ",
	  "log this call's commands and replies, for an hour; none: no call" },
	{ "debug", " call ", "what set --debug-call has logged of the call" },
	{ "write=FILE", " pcap ", "instead of the standard output; also -w FILE" },
	{ "rtp-only", " pcap ", "without RTCP" },
	{ "tune=CALLS", " doctor ", "only: what has to be set for so many calls" },
	{ "server=HOST:PORT", " ng ",
	  "where the daemon listens (default: as it says over the control socket)" },
};

static bool has_option(const char *verb, const char *of)
{
	char word[32];

	snprintf(word, sizeof(word), " %s ", verb);
	return strstr(of, word);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

int verb_help(const char *name)
{
	const struct verb *verb = name ? find_verb(name) : NULL;

	if (!name) {
		help(stdout);
		return EXIT_OK;
	}
	if (!verb && ng_has(name))
		verb = find_verb("ng");
	if (!verb)
		return usage("unknown verb ", name);
	printf("Usage: rtprelayctl [OPTION]... %s%s%s\n\n  %s\n", verb->name,
	       verb->argument ? " " : "", verb->argument ? verb->argument : "", verb->help);
	if (verb->run == verb_ng)
		ng_help(stdout);
	putchar('\n');
	for (size_t i = 0; i < COUNT(option_uses); i++)
		if (has_option(verb->name, option_uses[i].verbs))
			printf("  --%-22s %s\n", option_uses[i].option, option_uses[i].help);
	puts("  --socket=PATH --json --timeout=SECONDS: see rtprelayctl --help");
	return EXIT_OK;
}

/* A whole decimal number of @min..@max */
static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *number >= min && *number <= max;
}

/* Where the value of an option that is stored as text goes. NULL: it is not such an option. */
static const char **text_option(struct options *options, int option)
{
	switch (option) {
	case 'S':
		return &options->socket;
	case 's':
		options->server_given = true;
		return &options->server;
	case 'o':
		return &options->sort;
	case 'c':
		return &options->call_id;
	case 'g':
		return &options->tag;
	case 'A':
		return &options->address;
	case 'p':
		return &options->path;
	case 'm':
		return &options->min_age;
	case 'q':
		return &options->max_mos;
	case 'L':
		return &options->log_level;
	case 'M':
		return &options->max_sessions;
	case 'd':
		return &options->drain;
	case 'C':
		return &options->debug_call;
	case 'w':
		return &options->write;
	default:
		return NULL;
	}
}

/* Return: -1, continue; else the exit status */
static int number_option(struct options *options, int option)
{
	int64_t number;

	if (option == 'l') {
		if (!parse_number(optarg, 0, INT32_MAX, &options->limit))
			return usage("--limit requires a number, not ", optarg);
		return -1;
	}
	if (option == 'W') {
		if (!parse_number(optarg, 1, WAIT_MAX_S, &number))
			return usage("--wait requires 1 to 86400 seconds, not ", optarg);
		options->wait_s = (unsigned int)number;
		return -1;
	}
	if (option == 'T') {
		if (!parse_number(optarg, 1, SIZING_CALLS_MAX, &number))
			return usage("--tune requires 1 to 1000000 calls, not ", optarg);
		options->tune = (unsigned int)number;
		return -1;
	}
	if (!parse_number(optarg, 1, 3600, &number))
		return usage(option == 't' ? "--timeout requires 1 to 3600 seconds, not "
					   : "--interval requires 1 to 3600 seconds, not ",
			     optarg);
	if (option == 't')
		options->timeout_s = (unsigned int)number;
	else
		options->interval_s = (unsigned int)number;
	return -1;
}

int option_take(struct options *options, int option)
{
	const char **text = text_option(options, option);
	int64_t age;

	if (option == 'm' && !parse_number(optarg, 0, INT64_MAX, &age))
		return usage("--min-age requires a number of seconds, not ", optarg);
	if (text) {
		*text = optarg;
		return -1;
	}
	switch (option) {
	case 't':
	case 'l':
	case 'i':
	case 'W':
	case 'T':
		return number_option(options, option);
	case 'u':
		options->until_restart = true;
		return -1;
	case 'O':
		options->one_way = true;
		return -1;
	case 'r':
		options->rtp_only = true;
		return -1;
	case 'j':
		options->json = true;
		return -1;
	case 'a':
		options->all = true;
		return -1;
	case 'D':
		options->diff = true;
		return -1;
	case 'B':
		options->debug = true;
		return -1;
	case 'h':
		options->help = true;
		return -1;
	case 'v':
		puts("rtprelayctl " RTPRELAY_VERSION);
		return EXIT_OK;
	default:
		return usage("unknown option", "");
	}
}

/* Keys of the configuration are options of the daemon, but not of rtprelayctl. */
int option_unknown(const char *word)
{
	const char *name = word + strspn(word, "-");
	const struct conf_row *row = conf_row_find((struct str){ name, strcspn(name, "=") });

	for (const struct option *known = options_known; known->name; known++)
		if (known->has_arg && !strcmp(known->name, name))
			return usage("a value is missing: ", word);
	if (row && row->flags & ROW_RELOAD)
		return usage("keys of the configuration are set without dashes: rtprelayctl set ",
			     name);
	if (row)
		return usage("this key cannot change while the daemon runs; change the "
			     "configuration and restart it: ",
			     name);
	return usage("unknown option ", word);
}

/*
 * Verbs of NG work without "ng", too. Where both have a verb of this name, --server selects NG's.
 */
int verb_run(const struct options *options, int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[0]);

	if (ng_has(argv[0]) && (options->server_given || !verb))
		return verb_ng(options, argc, argv);
	if (!verb)
		return usage("unknown verb ", argv[0]);
	if (!verb->argument && argc > 1)
		return usage("unexpected argument: ", argv[1]);
	return verb->run(options, argc - 1, argv + 1);
}
