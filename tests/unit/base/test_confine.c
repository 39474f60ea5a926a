/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_confine.c - lists of system calls, the filters made of them, what these do to threads */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "daemon/base/confine.h"
#include "daemon/base/confine_program.h"
#include "daemon/base/count.h"
#include "daemon/base/log.h"
#include "daemon/base/thread.h"
#include "tests/unit/test.h"

#define X32 0x40000000 /* __X32_SYSCALL_BIT */

/* --- The lists -------------------------------------------------------------------------------- */

static bool may(enum thread_kind kind, const char *name)
{
	for (size_t i = 0; i < confine_n_calls; i++)
		if (confine_calls[i].threads & 1U << kind && !strcmp(confine_calls[i].name, name))
			return true;
	return false;
}

static void test_no_row_repeats_another(void)
{
	for (size_t i = 0; i < confine_n_calls; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(confine_calls[i].name, confine_calls[j].name))
				CU_ASSERT_EQUAL(confine_calls[i].threads & confine_calls[j].threads,
						0);
}

/* A name that is written wrong would be left out silently. */
static void test_names_are_those_of_calls(void)
{
	static const char *const newer[] = { "fchmodat2" }; /* than libseccomp 2.5 */

	for (size_t i = 0; i < confine_n_calls; i++) {
		const char *name = confine_calls[i].name;
		bool is_newer = false;

		for (size_t j = 0; j < COUNT(newer); j++)
			is_newer = is_newer || !strcmp(name, newer[j]);
		if (!is_newer && seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			CU_FAIL(name);
	}
}

static void test_no_thread_may_do_what_attackers_need(void)
{
	static const char *const never[] = {
		"execveat",
		"fork",
		"ptrace",
		"process_vm_readv",
		"process_vm_writev",
		"tkill",
		"pidfd_send_signal",
		"pidfd_getfd",
		"mount",
		"umount2",
		"pivot_root",
		"chroot",
		"setns",
		"unshare",
		"init_module",
		"finit_module",
		"delete_module",
		"kexec_load",
		"reboot",
		"setuid",
		"setgid",
		"setresuid",
		"setresgid",
		"setgroups",
		"personality",
		"io_uring_setup",
		"io_uring_enter",
		"userfaultfd",
		"perf_event_open",
		"keyctl",
		"add_key",
		"request_key",
		"open_by_handle_at",
		"pkey_mprotect",
		"remap_file_pages",
		"sethostname",
		"symlink",
		"mknod",
		"mknodat",
		"setrlimit",
		"quotactl",
	};

	for (int kind = 0; kind < THREAD_KINDS; kind++)
		for (size_t i = 0; i < COUNT(never); i++)
			CU_ASSERT_FALSE(may((enum thread_kind)kind, never[i]));
}

/* Of the threads: only those that start the process which speaks UPnP. */
static void test_programs_are_started_for_upnp_alone(void)
{
	static const char *const starts[] = { "execve", "vfork",  "clone",  "clone3",
					      "kill",	"capset", "seccomp" };

	for (size_t i = 0; i < COUNT(starts); i++)
		for (int kind = 0; kind < THREAD_KINDS; kind++)
			CU_ASSERT_EQUAL(may((enum thread_kind)kind, starts[i]),
					kind == THREAD_OUTSIDE || kind == THREAD_MAPPINGS);
}

/* It reads what any host of the LAN sends. */
static void test_the_process_that_speaks_upnp_only_talks(void)
{
	static const char *const never[] = { "execve",	   "clone",	"clone3",   "vfork",
					     "kill",	   "seccomp",	"pwrite64", "unlinkat",
					     "renameat",   "mkdirat",	"fchmod",   "linkat",
					     "ftruncate",  "bpf",	"listen",   "accept4",
					     "readlinkat", "getdents64" };

	for (size_t i = 0; i < COUNT(never); i++)
		CU_ASSERT_FALSE(may(THREAD_UPNP, never[i]));
}

static void test_only_the_control_thread_may_change_the_kernel(void)
{
	static const char *const control[] = { "bpf", "listen", "pipe2", "getgroups" };

	for (size_t i = 0; i < COUNT(control); i++)
		for (int kind = 0; kind < THREAD_KINDS; kind++)
			CU_ASSERT_EQUAL(may((enum thread_kind)kind, control[i]),
					kind == THREAD_CONTROL);
}

/* No test of this host does it: calls are shown by the kernel module, which needs a guest. */
static void test_the_recorder_may_open_a_packet_socket(void)
{
	static const char *const libpcap[] = { "eventfd2",   "ioctl", "bind", "setsockopt",
					       "getsockopt", "uname", "poll", "fcntl" };

	for (size_t i = 0; i < COUNT(libpcap); i++)
		CU_ASSERT_TRUE(may(THREAD_RECORDER, libpcap[i]));
}

static void test_threads_have_names_that_fit(void)
{
	for (int kind = 0; kind < THREAD_KINDS; kind++) {
		const char *name = thread_kind_name((enum thread_kind)kind);

		CU_ASSERT_TRUE(name && *name && strlen(name) < 16);
		for (int other = 0; other < kind; other++)
			CU_ASSERT_STRING_NOT_EQUAL(name, thread_kind_name((enum thread_kind)other));
	}
}

/* --- The filters ------------------------------------------------------------------------------ */

static uint32_t load_word(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	CU_ASSERT_FATAL(offset + sizeof(word) <= sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

/* As the kernel runs it (seccomp(2)). *steps: instructions that it took. */
static uint32_t run_filter(const struct sock_fprog *program, const struct seccomp_data *data,
			   unsigned int *steps)
{
	uint32_t a = 0;

	for (size_t at = 0; at < program->len; at++) {
		const struct sock_filter *op = &program->filter[at];
		bool jump;

		++*steps;
		switch (op->code) {
		case BPF_RET | BPF_K:
			return op->k;
		case BPF_LD | BPF_W | BPF_ABS:
			a = load_word(data, op->k);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= op->k;
			continue;
		case BPF_JMP | BPF_JA:
			at += op->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jump = a == op->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			jump = a >= op->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			jump = a > op->k;
			break;
		default:
			CU_FAIL_FATAL("an operation that is not expected");
			return 0;
		}
		at += jump ? op->jt : op->jf;
	}
	CU_FAIL_FATAL("the program does not end");
	return 0;
}

static struct seccomp_data call_of(const char *name, const uint64_t args[3])
{
	return (struct seccomp_data){ .nr = seccomp_syscall_resolve_name(name),
				      .arch = seccomp_arch_native(),
				      .args = { args[0], args[1], args[2] } };
}

static void test_filters_look_at_arguments(void)
{
	const struct {
		enum thread_kind kind;
		const char *call;
		uint64_t args[3];
		bool allowed;
	} rows[] = {
		{ THREAD_MEDIA, "recvmmsg", { 5, 1, 64 }, true },
		{ THREAD_MEDIA, "execve", { 1, 1, 1 }, false },
		{ THREAD_MEDIA, "socket", { AF_UNIX, SOCK_DGRAM }, true },
		{ THREAD_MEDIA, "socket", { AF_INET, SOCK_DGRAM }, false },
		{ THREAD_MEDIA, "socket", { AF_NETLINK, SOCK_RAW }, false },
		{ THREAD_MEDIA, "openat", { 0, 1, O_RDONLY | O_CLOEXEC }, true },
		{ THREAD_MEDIA, "openat", { 0, 1, O_WRONLY }, false },
		{ THREAD_MEDIA, "openat", { 0, 1, O_RDWR }, false },
		{ THREAD_MEDIA, "openat", { 0, 1, O_RDONLY | O_CREAT }, false },
		{ THREAD_MEDIA, "openat", { 0, 1, O_RDONLY | O_TRUNC }, false },
		{ THREAD_MEDIA, "mmap", { 0, 1, PROT_READ | PROT_WRITE }, true },
		{ THREAD_MEDIA, "mmap", { 0, 1, PROT_READ | PROT_EXEC }, false },
		{ THREAD_MEDIA, "mprotect", { 0, 1, PROT_READ | PROT_WRITE }, true },
		{ THREAD_MEDIA, "mprotect", { 0, 1, PROT_READ | PROT_EXEC }, false },
		{ THREAD_MEDIA, "rt_sigaction", { SIGABRT, 1 }, true },
		{ THREAD_MEDIA, "rt_sigaction", { SIGSYS, 1 }, false },
		/* The kernel reads 32 bits of it. */
		{ THREAD_MEDIA, "rt_sigaction", { 1ULL << 32 | SIGSYS, 1 }, false },
		{ THREAD_MEDIA, "rt_sigaction", { 1ULL << 63 | SIGSYS, 1 }, false },
		{ THREAD_MEDIA, "rt_sigaction", { SIGSYS - 1, 1 }, true },
		{ THREAD_MEDIA, "rt_sigaction", { SIGSYS + 1, 1 }, true },
		{ THREAD_MEDIA, "rt_sigaction", { 63, 1 }, true },
		{ THREAD_MEDIA, "rt_sigaction", { 64, 1 }, true }, /* SIGRTMAX */
		{ THREAD_MEDIA, "tgkill", { (uint64_t)getpid(), 1, SIGABRT }, true },
		{ THREAD_MEDIA, "tgkill", { (uint64_t)getppid(), 1, SIGABRT }, false },
		{ THREAD_MEDIA, "prlimit64", { 0, RLIMIT_STACK }, true },
		{ THREAD_MEDIA, "prlimit64", { 1, RLIMIT_STACK }, false },
		{ THREAD_MEDIA, "prctl", { PR_GET_NAME }, true },
		{ THREAD_MEDIA, "prctl", { PR_SET_DUMPABLE, 1 }, false },
		{ THREAD_MEDIA, "prctl", { PR_SET_SECCOMP, 2 }, false },
		{ THREAD_MEDIA, "ioctl", { 5, FIONREAD }, false },
		{ THREAD_MEDIA, "fcntl", { 5, F_DUPFD_CLOEXEC }, true },
		{ THREAD_MEDIA, "fcntl", { 5, F_SETFL, O_NONBLOCK }, true },
		{ THREAD_MEDIA, "fcntl", { 5, F_SETOWN, 1 }, false },
		{ THREAD_MEDIA, "fcntl", { 5, F_SETSIG, SIGKILL }, false },
		{ THREAD_MEDIA, "setsockopt", { 5, SOL_SOCKET, SO_RCVBUF }, true },
		{ THREAD_MEDIA, "setsockopt", { 5, IPPROTO_IP, IP_TOS }, true },
		{ THREAD_MEDIA, "setsockopt", { 5, IPPROTO_IPV6, IPV6_TCLASS }, true },
		{ THREAD_MEDIA, "setsockopt", { 5, SOL_NETLINK, 1 }, false },
		{ THREAD_MEDIA, "setsockopt", { 5, SOL_PACKET, 1 }, false },
		{ THREAD_CONTROL, "ioctl", { 5, TCGETS }, true },
		{ THREAD_CONTROL, "ioctl", { 5, FIONREAD }, true },
		{ THREAD_CONTROL, "ioctl", { 5, SIOCGIFMTU }, true },
		{ THREAD_CONTROL, "ioctl", { 5, SIOCOUTQ }, true },
		{ THREAD_CONTROL, "ioctl", { 5, TIOCSTI }, false },
		{ THREAD_CONTROL, "ioctl", { 5, SIOCSIFFLAGS }, false },
		{ THREAD_CONTROL, "ioctl", { 5, SIOCETHTOOL }, false },
		{ THREAD_CONTROL, "ioctl", { 5, SIOCSPGRP }, false },
		/* The kernel reads 32 bits of it. TCGETS2, extended by its sign */
		{ THREAD_CONTROL, "ioctl", { 5, 0xffffffff802c542a }, true },
		{ THREAD_CONTROL, "ioctl", { 5, 1ULL << 32 | TIOCSTI }, false },
		{ THREAD_CONTROL, "setsockopt", { 5, IPPROTO_TCP, 1 }, true },
		{ THREAD_CONTROL, "setsockopt", { 5, SOL_NETLINK, 1 }, true },
		{ THREAD_CONTROL, "setsockopt", { 5, SOL_ALG, 1 }, false },
		{ THREAD_RECORDER, "ioctl", { 5, SIOCETHTOOL }, true },
		{ THREAD_RECORDER, "ioctl", { 5, SIOCGIFHWADDR }, true },
		{ THREAD_RECORDER, "ioctl", { 5, SIOCSIFFLAGS }, false },
		{ THREAD_RECORDER, "setsockopt", { 5, SOL_PACKET, 1 }, true },
		{ THREAD_UPNP, "ioctl", { 5, SIOCGIFNAME }, true },
		{ THREAD_UPNP, "setsockopt", { 5, IPPROTO_IP, 1 }, true },
		{ THREAD_UPNP, "setsockopt", { 5, SOL_NETLINK, 1 }, false },
		{ THREAD_OUTSIDE, "ioctl", { 5, FIONREAD }, true },
		{ THREAD_JOURNAL, "ioctl", { 5, TCGETS }, true },
		{ THREAD_JOURNAL, "ioctl", { 5, FIONREAD }, false },
		{ THREAD_JOURNAL, "fcntl", { 5, F_SETLK }, true },
		{ THREAD_CRYPTO, "setsockopt", { 5, SOL_SOCKET, 1 }, true },
		{ THREAD_CRYPTO, "setsockopt", { 5, IPPROTO_IP, 1 }, false },
		{ THREAD_CONTROL, "socket", { AF_UNIX }, true },
		{ THREAD_CONTROL, "socket", { AF_INET }, true },
		{ THREAD_CONTROL, "socket", { AF_INET6 }, true },
		{ THREAD_CONTROL, "socket", { AF_NETLINK }, true },
		{ THREAD_CONTROL, "socket", { AF_PACKET }, true },
		{ THREAD_CONTROL, "socket", { AF_ALG }, false },
		{ THREAD_CONTROL, "socket", { AF_VSOCK }, false },
		{ THREAD_CONTROL, "openat", { 0, 1, O_RDWR | O_CREAT }, true },
		{ THREAD_CONTROL, "mmap", { 0, 1, PROT_READ | PROT_EXEC }, true },
		{ THREAD_CONTROL, "mmap", { 0, 1, PROT_READ | PROT_WRITE }, true },
		{ THREAD_CONTROL, "mmap", { 0, 1, PROT_WRITE | PROT_EXEC }, false },
		{ THREAD_CONTROL, "mprotect", { 0, 1, PROT_EXEC }, false },
		{ THREAD_CONTROL, "clone", { SIGCHLD }, false },
		{ THREAD_MAPPINGS, "clone", { CLONE_VM | CLONE_VFORK | SIGCHLD }, true },
		{ THREAD_MAPPINGS, "clone", { CLONE_NEWUSER | SIGCHLD }, false },
		{ THREAD_MAPPINGS, "clone", { CLONE_NEWNET | SIGCHLD }, false },
		{ THREAD_MAPPINGS, "clone", { CLONE_NEWNS | SIGCHLD }, false },
		{ THREAD_OUTSIDE, "socket", { AF_INET }, true },
		{ THREAD_OUTSIDE, "socket", { AF_NETLINK }, true },
		{ THREAD_OUTSIDE, "socket", { AF_PACKET }, false },
		{ THREAD_OUTSIDE, "mmap", { 0, 1, PROT_READ | PROT_EXEC }, true },
		{ THREAD_MAPPINGS, "socket", { AF_INET6 }, true },
		{ THREAD_UPNP, "socket", { AF_INET, SOCK_STREAM }, true },
		{ THREAD_UPNP, "socket", { AF_PACKET }, false },
		{ THREAD_UPNP, "openat", { 0, 1, O_RDONLY | O_CLOEXEC }, true },
		{ THREAD_UPNP, "openat", { 0, 1, O_RDWR }, false },
		{ THREAD_UPNP, "mmap", { 0, 1, PROT_READ | PROT_EXEC }, false },
		{ THREAD_RECORDER, "socket", { AF_PACKET }, true },
		{ THREAD_RECORDER, "eventfd2", { 0 }, true },
		{ THREAD_MEDIA, "eventfd2", { 0 }, false },
		{ THREAD_RECORDER, "mmap", { 0, 1, PROT_READ | PROT_EXEC }, false },
		{ THREAD_STUN, "socket", { AF_INET }, false },
		{ THREAD_STUN, "openat", { 0, 1, O_WRONLY }, false },
		{ THREAD_JOURNAL, "openat", { 0, 1, O_RDWR | O_CREAT }, true },
		{ THREAD_JOURNAL, "socket", { AF_INET }, false },
		{ THREAD_CRYPTO, "socket", { AF_INET6 }, false },
		{ THREAD_CDR, "bind", { 3 }, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_data data = call_of(rows[i].call, rows[i].args);
		struct sock_fprog program;
		unsigned int steps = 0;

		CU_ASSERT_EQUAL_FATAL(
			confine_program_make(rows[i].kind, SECCOMP_RET_TRAP, &program), 0);
		if (run_filter(&program, &data, &steps) !=
		    (rows[i].allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP)) {
			char text[160];

			snprintf(text, sizeof(text), "%s: %s(%#llx, %#llx, %#llx)",
				 thread_kind_name(rows[i].kind), rows[i].call,
				 (unsigned long long)rows[i].args[0],
				 (unsigned long long)rows[i].args[1],
				 (unsigned long long)rows[i].args[2]);
			CU_FAIL(text);
			puts(text);
		}
		free(program.filter);
	}
}

/* Its flags are in memory, which a filter cannot read: glibc takes clone() instead. */
static void test_clone3_is_unknown(void)
{
	struct seccomp_data data = call_of("clone3", (const uint64_t[3]){ 1, 88 });
	struct sock_fprog program;
	unsigned int steps = 0;

	CU_ASSERT_EQUAL_FATAL(confine_program_make(THREAD_MAPPINGS, SECCOMP_RET_TRAP, &program), 0);
	CU_ASSERT_EQUAL(run_filter(&program, &data, &steps), SECCOMP_RET_ERRNO | ENOSYS);
	free(program.filter);
}

/* As from systemd's MemoryDenyWriteExecute; the process that speaks UPnP starts nevertheless. */
static void test_programs_that_start_keep_their_code(void)
{
	struct seccomp_data data = call_of("mprotect", (const uint64_t[3]){ 0, 1, PROT_EXEC });
	struct sock_fprog program;
	unsigned int steps = 0;

	CU_ASSERT_EQUAL_FATAL(confine_program_make(THREAD_MAPPINGS, SECCOMP_RET_TRAP, &program), 0);
	CU_ASSERT_EQUAL(run_filter(&program, &data, &steps), SECCOMP_RET_ERRNO | EPERM);
	data.args[2] = PROT_READ;
	CU_ASSERT_EQUAL(run_filter(&program, &data, &steps), SECCOMP_RET_ALLOW);
	free(program.filter);
}

static void test_calls_of_another_processor_end_the_process(void)
{
	struct sock_fprog program;
	unsigned int steps = 0;
	struct seccomp_data other = { .nr = 11, .arch = AUDIT_ARCH_I386 }, /* execve */
		x32 = call_of("read", (const uint64_t[3]){ 0 });

	x32.nr |= X32;
	CU_ASSERT_EQUAL_FATAL(confine_program_make(THREAD_CONTROL, SECCOMP_RET_TRAP, &program), 0);
	CU_ASSERT_EQUAL(run_filter(&program, &other, &steps), SECCOMP_RET_KILL_PROCESS);
	CU_ASSERT_NOT_EQUAL(run_filter(&program, &x32, &steps), SECCOMP_RET_ALLOW);
	free(program.filter);
}

/* Before Linux 5.11 the filter runs for each call. */
static void test_calls_for_packets_are_found_soon(void)
{
	static const char *const calls[] = { "recvmmsg", "sendmmsg", "epoll_wait", "epoll_pwait" };
	struct sock_fprog program;

	CU_ASSERT_EQUAL_FATAL(confine_program_make(THREAD_MEDIA, SECCOMP_RET_TRAP, &program), 0);
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct seccomp_data data = call_of(calls[i], (const uint64_t[3]){ 0 });
		unsigned int steps = 0;

		if (data.nr < 0) /* not on this processor */
			continue;
		CU_ASSERT_EQUAL(run_filter(&program, &data, &steps), SECCOMP_RET_ALLOW);
		CU_ASSERT_TRUE(steps <= 18);
	}
	free(program.filter);
}

static void test_for_log_the_kernel_asks(void)
{
	struct seccomp_data data = call_of("execve", (const uint64_t[3]){ 0 });
	struct sock_fprog program;
	unsigned int steps = 0;

	CU_ASSERT_EQUAL_FATAL(confine_program_make(THREAD_CDR, SECCOMP_RET_USER_NOTIF, &program),
			      0);
	CU_ASSERT_EQUAL(run_filter(&program, &data, &steps), SECCOMP_RET_USER_NOTIF);
	free(program.filter);
}

static void test_out_of_memory(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct sock_fprog program = { 0 };
		int error = confine_program_make(THREAD_CDR, SECCOMP_RET_TRAP, &program);

		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(!program.filter, alloc_failed());
		free(program.filter);
	}
}

/* --- Threads ---------------------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__ /* it makes calls of its own */

static void *call_out(void *arg)
{
	const int *count = arg;

	for (int i = 0; i < *count; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (fd >= 0)
			close(fd);
	}
	(void)getppid(); /* the last call that is logged */
	return NULL;
}

/* In a process of its own, since no filter can be removed. Its last line says what it reports. */
static void confined_child(enum confine_mode mode, int out)
{
	struct confine_report report;
	pthread_t thread;
	int count = 3;

	dup2(out, STDERR_FILENO);
	log_open(LOG_TO_STDERR, LOG_LEVEL_DEBUG);
	if (confine_open(mode) || thread_start(&thread, THREAD_MEDIA, call_out, &count))
		_exit(9);
	pthread_join(thread, NULL);
	confine_report(&report);
	dprintf(out, "wanted: %d, why not: %s, violations: %lu\n", (int)report.wanted,
		report.why_not ? report.why_not : "-", report.violations);
	if (mode != CONFINE_LOG)
		_exit(0);
	for (;;)
		pause(); /* its lines may come later */
}

/* Reads until the child ends, or has said all. Return: its status; @text: what it said */
static int run_confined(enum confine_mode mode, char *text, size_t size)
{
	int fd[2], status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t child;

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	fflush(NULL);
	child = fork();
	if (!child)
		confined_child(mode, fd[1]);
	close(fd[1]);
	text[0] = '\0';
	while (len + 1 < size && !(strstr(text, "calls getppid") && strstr(text, "wanted:")) &&
	       (n = read(fd[0], text + len, size - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
	}
	close(fd[0]);
	if (mode == CONFINE_LOG)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return status;
}

static void test_refused_call_ends_the_process(void)
{
	char text[2048], expected[64];
	int status = run_confined(CONFINE_ON, text, sizeof(text));

	snprintf(expected, sizeof(expected), "error: seccomp: thread media called socket (%d), ",
		 (int)SYS_socket);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
}

static void test_logged_call_is_carried_out_and_told_once(void)
{
	char text[2048];
	const char *first;

	run_confined(CONFINE_LOG, text, sizeof(text));
	first = strstr(text, "warning: seccomp: thread media calls socket (");
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "wanted: 1, why not: -, violations: 4\n"));
	CU_ASSERT_PTR_NULL(strstr(strchr(first, '\n'), "calls socket"));
}

static void test_off_is_off(void)
{
	char text[2048];

	CU_ASSERT_EQUAL(run_confined(CONFINE_OFF, text, sizeof(text)), 0);
	CU_ASSERT_STRING_EQUAL(text, "wanted: 2, why not: -, violations: 0\n");
}

/* What glibc calls for the daemon, seldom and where something went wrong too. */
static void use_the_library(enum thread_kind kind)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV }, *found = NULL;
	void *blocks[64];
	time_t now = time(NULL);
	char text[256];
	FILE *file;
	struct tm tm;

	for (size_t size = 16; size <= 1 << 24; size *= 32) {
		for (size_t i = 0; i < COUNT(blocks); i++)
			blocks[i] = malloc(size);
		blocks[0] = realloc(blocks[0], size * 3);
		for (size_t i = 0; i < COUNT(blocks); i++)
			free(blocks[i]);
	}
	malloc_trim(0);
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	localtime_r(&now, &tm);
	file = fopen("/etc/passwd", "re");
	if (file) {
		while (fgets(text, sizeof(text), file))
			continue;
		fclose(file);
	}
	errno = ENOENT;
	snprintf(text, sizeof(text), "%m %s", strsignal(SIGSYS));
	if (getentropy(text, 16) || sched_yield() || nanosleep(&(struct timespec){ 0, 1 }, NULL))
		_exit(3);
	if (1U << kind & (1U << THREAD_CONTROL | 1U << THREAD_OUTSIDE | 1U << THREAD_MAPPINGS) &&
	    !getaddrinfo("localhost", "80", &hints, &found))
		freeaddrinfo(found);
}

static void *use_and_abort(void *arg)
{
	use_the_library(*(enum thread_kind *)arg);
	abort();
}

static void *use_and_return(void *arg)
{
	use_the_library(*(enum thread_kind *)arg);
	return NULL;
}

/* In a process of its own: one thread returns, the next one aborts. */
static void library_child(enum thread_kind kind)
{
	pthread_t thread;

	signal(SIGABRT, SIG_DFL);	    /* not that of the tests */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core */
	if (confine_open(CONFINE_ON) || !confine_is_on() ||
	    thread_start(&thread, kind, use_and_return, &kind))
		_exit(9);
	pthread_join(thread, NULL);
	if (thread_start(&thread, kind, use_and_abort, &kind))
		_exit(9);
	pthread_join(thread, NULL);
	_exit(0);
}

/* By the glibc of the system that the tests run on. */
static void test_glibc_works_in_each_thread(void)
{
	for (int kind = 0; kind < THREAD_KINDS; kind++) {
		int status = 0;
		pid_t child;

		fflush(NULL);
		child = fork();
		if (!child)
			library_child((enum thread_kind)kind);
		waitpid(child, &status, 0);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
			CU_FAIL(thread_kind_name((enum thread_kind)kind));
	}
}

#define IN_PROCESSES                                                                               \
	{ "glibc works in each thread", test_glibc_works_in_each_thread },                         \
		{ "a refused call ends the process", test_refused_call_ends_the_process },         \
		{ "a logged call is carried out and told once",                                    \
		  test_logged_call_is_carried_out_and_told_once },                                 \
		{ "off is off", test_off_is_off },
#else
#define IN_PROCESSES
#endif

TEST_SUITE(confine, { "no row repeats another", test_no_row_repeats_another },
	   { "names are those of calls", test_names_are_those_of_calls },
	   { "no thread may do what attackers need", test_no_thread_may_do_what_attackers_need },
	   { "programs are started for UPnP alone", test_programs_are_started_for_upnp_alone },
	   { "the process that speaks UPnP only talks",
	     test_the_process_that_speaks_upnp_only_talks },
	   { "only the control thread may change the kernel",
	     test_only_the_control_thread_may_change_the_kernel },
	   { "the recorder may open a packet socket", test_the_recorder_may_open_a_packet_socket },
	   { "threads have names that fit", test_threads_have_names_that_fit },
	   { "filters look at arguments", test_filters_look_at_arguments },
	   { "clone3 is unknown", test_clone3_is_unknown },
	   { "programs that start keep their code", test_programs_that_start_keep_their_code },
	   { "calls of another processor end the process",
	     test_calls_of_another_processor_end_the_process },
	   { "calls for packets are found soon", test_calls_for_packets_are_found_soon },
	   { "for log the kernel asks", test_for_log_the_kernel_asks },
	   IN_PROCESSES{ "out of memory", test_out_of_memory });
