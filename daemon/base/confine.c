/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.c - threads may make only the system calls of their kind (seccomp)
 *
 * With seccomp=on the kernel does not carry out another call, but sends SIGSYS to the thread: its
 * handler writes the line that says what was called, and ends the process by the same signal. The
 * handler cannot be replaced (CALL_NOT_SIGSYS), and a thread that blocks the signal ends at once.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/confine.h"
#include "base/confine_program.h"
#include "base/confine_watch.h"
#include "base/log.h"

#define NUMBERS 1024 /* of system calls: more than there are */

static struct {
	enum confine_mode wanted, mode;
	const char *_Atomic why_not;
	struct sock_fprog program[THREAD_KINDS];
	char *name[NUMBERS]; /* the handler may not allocate */
} confined = { .wanted = CONFINE_OFF, .mode = CONFINE_OFF };

static _Thread_local enum thread_kind thread_kind;

/* Only what may be called in a handler. glibc's snprintf() allocates nothing for these formats. */
static void on_refused(int number, siginfo_t *info, void *context)
{
	int call = info->si_syscall;
	const char *name = call >= 0 && call < NUMBERS ? confined.name[call] : NULL;
	char line[320];

	(void)context;
	snprintf(
		line, sizeof(line),
		"seccomp: thread %s called %s (%d), which is not in its list: the daemon ends, and "
		"its calls go on in the next one; if this is no attack, report it, and set "
		"seccomp=log",
		thread_kind_name(thread_kind), name ? name : "a call", call);
	log_last_line(line);
	raise(number);
	_exit(128 + SIGSYS);
}

/* SA_RESETHAND: the kernel restores the default, which no thread may do by a call. */
static int handle_refused(void)
{
	struct sigaction action = { .sa_sigaction = on_refused,
				    .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER };

	for (int i = 0; i < NUMBERS; i++)
		confined.name[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

static int load(unsigned int operation, unsigned int flags, void *arg)
{
	return (int)syscall(SYS_seccomp, operation, flags, arg);
}

/*
 * Elsewhere glibc makes other calls: mmap2() and many more of 32 bits, socketcall() and mmap() with
 * one argument on s390x, sync_file_range2() on ppc64.
 */
#if (defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__) ||                          \
	(defined(__riscv) && __riscv_xlen == 64) || defined(__loongarch64)
#define HAS_LISTS 1
#else
#define HAS_LISTS 0
#endif

/* NULL: the kernel has what @mode needs. */
static const char *lack(uint32_t action)
{
	if (!HAS_LISTS)
		return "there are no lists of system calls for this kind of processor";
	if (!load(SECCOMP_GET_ACTION_AVAIL, 0, &action))
		return NULL;
	if (errno == EOPNOTSUPP)
		return "the kernel is older than Linux 5.5, which seccomp=log needs";
	return errno == EPERM ? "a filter outside of the daemon forbids it"
			      : "the kernel has no seccomp filters";
}

static int make_programs(uint32_t refused)
{
	int error = 0;

	for (int kind = 0; kind < THREAD_KINDS && !error; kind++)
		error = confine_program_make((enum thread_kind)kind, refused,
					     &confined.program[kind]);
	return error;
}

int confine_open(enum confine_mode mode)
{
	uint32_t refused = mode == CONFINE_LOG ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_TRAP;
	int error;

	confined.wanted = mode;
	if (mode == CONFINE_OFF)
		return 0;
	confined.why_not = lack(refused);
	if (confined.why_not) {
		log_warn("seccomp=%s: %s: threads may make any system call; the daemon works on",
			 mode == CONFINE_LOG ? "log" : "on", confined.why_not);
		return 0;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	error = make_programs(refused);
	if (!error && mode == CONFINE_LOG)
		error = confine_watch_start();
	else if (!error)
		error = handle_refused();
	if (error)
		return error;
	confined.mode = mode;
	return 0;
}

/*
 * SPEC_ALLOW: before Linux 5.16 a filter would otherwise switch off speculative loads, which costs
 * each packet; the daemon runs no code of others. Linux before 4.17 does not know the flag.
 */
static int load_program(struct sock_fprog *program)
{
	unsigned int flags = confined.mode == CONFINE_LOG ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	int fd = load(SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, program);

	if (fd < 0 && errno == EINVAL)
		fd = load(SECCOMP_SET_MODE_FILTER, flags, program);
	return fd < 0 ? -errno : fd;
}

void confine_thread(enum thread_kind kind)
{
	int fd;

	thread_kind = kind;
	if (confined.mode == CONFINE_OFF)
		return;
	fd = load_program(&confined.program[kind]);
	if (fd >= 0 && confined.mode == CONFINE_LOG)
		fd = confine_watch_add(fd, kind);
	if (fd >= 0)
		return;
	confined.why_not = "the kernel refused the filter of a thread";
	log_err("seccomp: the kernel refused the filter of thread %s: %s: it may make any system "
		"call; the daemon works on",
		thread_kind_name(kind), strerror(-fd));
}

bool confine_is_on(void)
{
	return confined.mode == CONFINE_ON;
}

int confine_process(enum thread_kind kind)
{
	struct sock_fprog program;
	int error = confine_program_make(kind, SECCOMP_RET_KILL_PROCESS, &program);

	if (error)
		return error;
	error = load_program(&program);
	free(program.filter);
	return error;
}

void confine_report(struct confine_report *report)
{
	*report = (struct confine_report){ .wanted = confined.wanted,
					   .why_not = confined.why_not,
					   .violations = confine_watch_count() };
}
