/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.c - starts a thread with the filter of its kind, and all signals blocked: the
 * control thread handles them
 *
 * All but SIGSYS, by which the kernel tells a thread that its filter refused a call.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include "base/thread.h"

struct beginning {
	enum thread_kind kind;
	void *(*run)(void *);
	void *arg;
};

static void *begin(void *arg)
{
	struct beginning what = *(const struct beginning *)arg;

	free(arg);
	confine_thread(what.kind);
	return what.run(what.arg);
}

int thread_start(pthread_t *thread, enum thread_kind kind, void *(*run)(void *), void *arg)
{
	struct beginning *what = malloc(sizeof(*what));
	sigset_t all, before;
	int error;

	if (!what)
		return -ENOMEM;
	*what = (struct beginning){ kind, run, arg };
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(thread, NULL, begin, what);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		free(what);
	else
		pthread_setname_np(*thread, thread_kind_name(kind));
	return error;
}
