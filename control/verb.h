/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verb.h - the verbs and options of rtprelayctl */
#ifndef RTPRELAY_VERB_H
#define RTPRELAY_VERB_H

#include <getopt.h>
#include <stdio.h>
#include "options.h"

typedef int verb_run_fn(const struct options *options, int argc, char **argv);

/* One file each; status.c also has the stats. */
verb_run_fn verb_status, verb_calls, verb_call, verb_streams, verb_stats, verb_kernel, verb_watch,
	verb_top, verb_terminate, verb_set, verb_ban, verb_unban, verb_banned, verb_config,
	verb_nat, verb_record, verb_recordings, verb_pcap, verb_doctor, verb_completion,
	verb_migrate, verb_ng;

/* For getopt_long(). */
extern const char options_short[];
extern const struct option options_known[];
/*
 * Handles one option of getopt_long(), its value in optarg. Return: -1, continue; else the exit
 * status
 */
int option_take(struct options *options, int option);
/* What getopt_long() did not take. Return: the exit status */
int option_unknown(const char *word);
/* Prints the help of @verb; NULL: of all. Return: the exit status */
int verb_help(const char *verb);
/* argv[0] is the verb. Return: the exit status */
int verb_run(const struct options *options, int argc, char **argv);

/* The table of verbs and the options, for the completion. */
const char *verb_name(size_t n);   /* NULL: the end */
const char *option_name(size_t n); /* without "--" */

/* ng.c. Is @name a verb of NG? */
bool ng_has(const char *name);
void ng_help(FILE *out);

#endif
