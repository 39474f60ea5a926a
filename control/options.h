/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the options given, the exit status, messages for wrong usage and lack of memory */
#ifndef RTPRELAY_OPTIONS_H
#define RTPRELAY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * 0 done; 1 the daemon refused, or something is wrong; 2 wrong usage; 3 no answer; 4 calls are left
 * after --wait
 */
enum exit_code { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_ANSWER, EXIT_CALLS_LEFT };

struct options {
	const char *socket; /* path */
	const char *server; /* of NG: HOST:PORT */
	bool server_given;
	unsigned int timeout_s;
	int64_t limit; /* -1: none */
	bool json, all, diff, debug, help;
	const char *sort;
	unsigned int interval_s;
	unsigned int wait_s; /* for the end of all calls; 0: no */
	bool until_restart;
	unsigned int tune; /* calls; 0: no */
	bool one_way;	   /* a filter */
	bool rtp_only;
	const char *write; /* a path; NULL, "-": stdout */
	/* Filters and new settings; NULL: not given. */
	const char *call_id, *tag, *address, *path, *min_age, *max_mos;
	const char *log_level, *max_sessions, *drain, *debug_call;
};

/* Each prints to stderr and returns the exit status. */
int usage(const char *why, const char *what);
int out_of_memory(void);

#endif
