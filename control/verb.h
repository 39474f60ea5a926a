/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verb.h - what rtprelayctl can be asked for, and what its parts share */
#ifndef RTPRELAY_VERB_H
#define RTPRELAY_VERB_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* 0 done; 1 the daemon refused, or something is wrong; 2 wrong usage; 3 no answer */
enum exit_code { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_ANSWER };

struct options {
	const char *socket; /* path */
	const char *server; /* of NG: HOST:PORT */
	bool server_given;
	unsigned int timeout_s;
	int64_t limit; /* -1: none */
	bool json, all;
	const char *sort;
	unsigned int interval_s;
	/* Filters, and what is to be set; NULL: not given. */
	const char *call_id, *tag, *address, *path, *min_age, *max_mos;
	const char *log_level, *max_sessions, *drain;
};

typedef int verb_run_fn(const struct options *options, int argc, char **argv);

/* One file each; status.c also has the stats. */
verb_run_fn verb_status, verb_calls, verb_call, verb_streams, verb_stats, verb_kernel, verb_watch,
	verb_top, verb_terminate, verb_set, verb_doctor, verb_completion, verb_ng;

/* For getopt_long(). */
extern const struct option options_known[];
/* One that it has found, its value in optarg. Return: -1 go on; else the exit status */
int option_take(struct options *options, int option);
/* argv[0] is the verb. The exit status */
int verb_run(const struct options *options, int argc, char **argv);

/* Each tells it and returns the exit status. */
int usage(const char *why, const char *what);
int out_of_memory(void);

/* The table of verbs and the options, for the completion. */
const char *verb_name(size_t n);   /* NULL: there are no more */
const char *option_name(size_t n); /* without "--" */

/* ng.c. Is it a verb of its own? */
bool ng_has(const char *name);
void ng_help(FILE *out);

#endif
