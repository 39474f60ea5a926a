/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold_thread.c - stops one thread of a process, while the others continue
 *
 *   hold_thread TID    prints "held"; releases the thread when standard input ends
 *
 * A signal would stop the whole process.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t tid = argc == 2 ? atoi(argv[1]) : 0;
	char nothing;
	int status;

	if (tid <= 0)
		errx(2, "usage: hold_thread TID");
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
		err(1, "thread %d", (int)tid);
	if (waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status))
		errx(1, "thread %d does not stop", (int)tid);
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &nothing, 1) > 0)
		;
	return ptrace(PTRACE_DETACH, tid, NULL, NULL) != 0;
}
