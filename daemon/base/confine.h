/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.h - threads may make only the system calls of their kind (seccomp)
 *
 * So that a hole in a parser does not give an attacker a shell. A filter is of one thread, cannot
 * be removed, and is inherited: thread_start() loads it in each new thread, and the control thread
 * loads its own when the daemon has started. Before that it may do all.
 */
#ifndef RTPRELAY_CONFINE_H
#define RTPRELAY_CONFINE_H

#include <stdbool.h>
#include "base/confine_calls.h"

enum confine_mode {
	CONFINE_ON,  /* default: another call ends the process by SIGSYS, and the log says which */
	CONFINE_LOG, /* it is carried out, and logged once for each thread and call */
	CONFINE_OFF,
};

/* off: where a sanitizer runs, which makes calls of its own. The Makefile may set another one. */
#if defined(__SANITIZE_ADDRESS__) && !defined(CONFINE_DEFAULT)
#define CONFINE_DEFAULT "off"
#elif !defined(CONFINE_DEFAULT)
#define CONFINE_DEFAULT "on"
#endif

struct confine_report {
	enum confine_mode wanted;
	const char *why_not;	  /* what @wanted lacks; NULL: it is so */
	unsigned long violations; /* CONFINE_LOG: calls that CONFINE_ON would have ended for */
};

/**
 * confine_open() - makes the filters; for all threads that start later
 *
 * State at file scope, as that of the log: it belongs to the process, and a handler reads it. With
 * CONFINE_LOG it starts the thread that logs. Sets no_new_privs, which filters need.
 * Return: 0, also where the kernel has no seccomp, which is logged; -errno
 */
int confine_open(enum confine_mode mode);
/*
 * Loads the filter of @kind in this thread, if there is one. That the kernel refuses it is logged,
 * and the thread works without: each thread has the same right to it.
 */
void confine_thread(enum thread_kind kind);
/* Are threads ended for other calls? */
bool confine_is_on(void);
/*
 * For a process that such a thread has started, and that has one thread: only the calls of @kind
 * from now on. At another one it is killed. 0; -errno
 */
int confine_process(enum thread_kind kind);
void confine_report(struct confine_report *report);

#endif
