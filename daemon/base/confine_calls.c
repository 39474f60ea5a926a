/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine_calls.c - the system calls that each kind of thread may make once the daemon has started
 *
 * Made from what the tests call (SECCOMP=learn, see the Makefile), and from the source of glibc
 * 2.36 and 2.41 where these differ: fstat() is newfstatat or fstat, raise() is tgkill with gettid,
 * poll() is ppoll on other processors, clocks are system calls where the vDSO cannot read them. No
 * thread has ptrace, or what changes other processes, mounts, users, modules or namespaces. Only
 * those that ask routers by UPnP have execve and clone: all threads exist before. The process that
 * they start reads what hosts of the LAN send, by a library: its own list, which it loads itself
 * (seccomp), has neither, and writes no file.
 */
#include "base/confine_calls.h"
#include "base/count.h"

#define IS(kind) (1U << THREAD_##kind)
#define ALL	 ((1U << THREAD_KINDS) - 1)
/* Threads that write files. */
#define FILES                                                                                      \
	(IS(CONTROL) | IS(CRYPTO) | IS(RECORDER) | IS(JOURNAL) | IS(CDR) | IS(OUTSIDE) |           \
	 IS(MAPPINGS))
/* Threads that resolve names: by libraries that nsswitch.conf names. */
#define NAMES (IS(CONTROL) | IS(OUTSIDE) | IS(MAPPINGS))
/* Threads that make sockets of their own. */
#define SOCKETS (IS(CONTROL) | IS(RECORDER) | IS(OUTSIDE) | IS(MAPPINGS) | IS(UPNP))
/* Threads that start the process which speaks UPnP; it begins with their filter. */
#define STARTERS (IS(OUTSIDE) | IS(MAPPINGS))
/* Threads that use sockets. */
#define NET (SOCKETS | IS(MEDIA) | IS(STUN))
/* Threads that run beside media with a lower priority. */
#define NICE (IS(CRYPTO) | IS(RECORDER) | IS(STUN))

/* clang-format off */
const struct confine_call confine_calls[] = {
	/* For each packet of a media thread. */
	{ "recvmmsg", CALL_ANY, NET },
	{ "sendmmsg", CALL_ANY, ALL }, /* also the resolver of glibc */
	{ "epoll_wait", CALL_ANY, ALL },
	{ "epoll_pwait", CALL_ANY, ALL },
	{ "epoll_pwait2", CALL_ANY, ALL },
	{ "sendmsg", CALL_ANY, ALL },
	{ "recvmsg", CALL_ANY, ALL },
	{ "sendto", CALL_ANY, ALL },
	{ "recvfrom", CALL_ANY, ALL },
	{ "connect", CALL_ANY, ALL }, /* also to syslog */
	{ "read", CALL_ANY, ALL },
	{ "write", CALL_ANY, ALL },

	/* Time, and waiting. */
	{ "clock_gettime", CALL_ANY, ALL },
	{ "clock_getres", CALL_ANY, ALL },
	{ "gettimeofday", CALL_ANY, ALL },
	{ "time", CALL_ANY, ALL },
	{ "clock_nanosleep", CALL_ANY, ALL },
	{ "nanosleep", CALL_ANY, ALL },
	{ "restart_syscall", CALL_ANY, ALL },
	{ "sched_yield", CALL_ANY, ALL },
	{ "poll", CALL_ANY, ALL },
	{ "ppoll", CALL_ANY, ALL },
	{ "select", CALL_ANY, NAMES | IS(RECORDER) | IS(UPNP) }, /* libpcap, libminiupnpc */
	{ "pselect6", CALL_ANY, NAMES | IS(RECORDER) | IS(UPNP) },
	{ "timerfd_create", CALL_ANY, IS(CONTROL) | IS(MEDIA) },
	{ "timerfd_settime", CALL_ANY, IS(CONTROL) | IS(MEDIA) },
	{ "timerfd_gettime", CALL_ANY, IS(CONTROL) | IS(MEDIA) },

	/* Threads and memory, of glibc and the allocator. */
	{ "futex", CALL_ANY, ALL },
	{ "futex_waitv", CALL_ANY, ALL },
	{ "set_robust_list", CALL_ANY, ALL },
	{ "rseq", CALL_ANY, ALL },
	{ "membarrier", CALL_ANY, ALL },
	{ "getcpu", CALL_ANY, ALL },
	{ "sched_getaffinity", CALL_ANY, ALL },
	{ "sched_getparam", CALL_ANY, ALL },
	{ "sched_getscheduler", CALL_ANY, ALL },
	{ "prctl", CALL_NAMES, ALL & ~STARTERS },
	{ "prctl", CALL_LESS, STARTERS },
	{ "brk", CALL_ANY, ALL },
	{ "mmap", CALL_DATA, ALL & ~NAMES },
	{ "mmap", CALL_LIBRARY, NAMES },
	{ "mprotect", CALL_DATA, ALL & ~STARTERS },
	{ "mprotect", CALL_DATA_ELSE_EPERM, STARTERS },
	{ "munmap", CALL_ANY, ALL },
	{ "mremap", CALL_ANY, ALL },
	{ "madvise", CALL_ANY, ALL },
	{ "getrandom", CALL_ANY, ALL },
	{ "exit", CALL_ANY, ALL },
	{ "exit_group", CALL_ANY, ALL },

	/* Signals, and the end by abort(). */
	{ "rt_sigreturn", CALL_ANY, ALL },
	{ "rt_sigprocmask", CALL_ANY, ALL },
	{ "rt_sigaction", CALL_NOT_SIGSYS, ALL & ~STARTERS },
	{ "rt_sigaction", CALL_ANY, STARTERS }, /* posix_spawn() resets all signals of the child */
	{ "sigaltstack", CALL_ANY, ALL },
	{ "getpid", CALL_ANY, ALL },
	{ "gettid", CALL_ANY, ALL },
	{ "tgkill", CALL_THIS_PROCESS, ALL },

	/* Any descriptor. */
	{ "readv", CALL_ANY, ALL },
	{ "writev", CALL_ANY, ALL },
	{ "close", CALL_ANY, ALL },
	{ "fcntl", CALL_PLAIN, ALL },
	{ "fstat", CALL_ANY, ALL },
	{ "lseek", CALL_ANY, ALL },
	{ "epoll_ctl", CALL_ANY, ALL },
	{ "epoll_create1", CALL_ANY, IS(CONTROL) },
	{ "eventfd2", CALL_ANY, IS(CONTROL) | IS(RECORDER) }, /* libpcap, when it opens rtprelay0 */
	{ "pipe2", CALL_ANY, IS(CONTROL) },
	{ "dup", CALL_ANY, NAMES | IS(RECORDER) },
	{ "dup2", CALL_ANY, IS(CONTROL) | STARTERS }, /* the daemon goes to the background */
	{ "dup3", CALL_ANY, IS(CONTROL) | STARTERS },
	{ "ioctl", CALL_IS_TTY, ALL & ~IS(MEDIA) & ~SOCKETS },
	{ "ioctl", CALL_ASK, SOCKETS & ~IS(RECORDER) },
	{ "ioctl", CALL_ASK_DEVICE, IS(RECORDER) },
	{ "memfd_create", CALL_ANY, ALL }, /* long lines to the journal */

	/* Files: all threads that log read the time zone. */
	{ "openat", CALL_ANY, FILES },
	{ "openat", CALL_READ_ONLY, ALL & ~FILES },
	{ "open", CALL_ANY, FILES },
	{ "newfstatat", CALL_ANY, ALL },
	{ "statx", CALL_ANY, ALL },
	{ "stat", CALL_ANY, ALL },
	{ "lstat", CALL_ANY, FILES },
	{ "access", CALL_ANY, ALL },
	{ "faccessat", CALL_ANY, ALL },
	{ "faccessat2", CALL_ANY, ALL },
	{ "readlink", CALL_ANY, FILES },
	{ "readlinkat", CALL_ANY, FILES },
	{ "getcwd", CALL_ANY, FILES },
	{ "getdents64", CALL_ANY, FILES },
	{ "statfs", CALL_ANY, FILES },
	{ "fstatfs", CALL_ANY, FILES },
	{ "pread64", CALL_ANY, FILES },
	{ "preadv", CALL_ANY, FILES },
	{ "pwrite64", CALL_ANY, FILES },
	{ "pwritev", CALL_ANY, FILES },
	{ "fsync", CALL_ANY, FILES },
	{ "fdatasync", CALL_ANY, FILES },
	{ "sync_file_range", CALL_ANY, IS(RECORDER) },
	{ "ftruncate", CALL_ANY, FILES },
	{ "fallocate", CALL_ANY, FILES },
	{ "fadvise64", CALL_ANY, FILES },
	{ "flock", CALL_ANY, FILES },
	{ "umask", CALL_ANY, FILES },
	{ "chmod", CALL_ANY, FILES },
	{ "fchmod", CALL_ANY, FILES },
	{ "fchmodat", CALL_ANY, FILES },
	{ "fchmodat2", CALL_ANY, FILES },
	{ "chown", CALL_ANY, FILES },
	{ "fchown", CALL_ANY, FILES },
	{ "fchownat", CALL_ANY, FILES },
	{ "utimensat", CALL_ANY, FILES },
	{ "mkdir", CALL_ANY, FILES },
	{ "mkdirat", CALL_ANY, FILES },
	{ "rmdir", CALL_ANY, FILES },
	{ "unlink", CALL_ANY, FILES },
	{ "unlinkat", CALL_ANY, FILES },
	{ "link", CALL_ANY, FILES },
	{ "linkat", CALL_ANY, FILES },
	{ "rename", CALL_ANY, FILES },
	{ "renameat", CALL_ANY, FILES },
	{ "renameat2", CALL_ANY, FILES },

	/* Sockets. A media thread gets its own from the control thread. */
	{ "socket", CALL_UNIX, ALL & ~SOCKETS },
	{ "socket", CALL_INET, IS(OUTSIDE) | IS(MAPPINGS) | IS(UPNP) },
	{ "socket", CALL_PACKET, IS(CONTROL) | IS(RECORDER) },
	{ "socketpair", CALL_ANY, IS(CONTROL) | STARTERS },
	{ "bind", CALL_ANY, SOCKETS },
	{ "listen", CALL_ANY, IS(CONTROL) },
	{ "accept", CALL_ANY, IS(CONTROL) | IS(STUN) },
	{ "accept4", CALL_ANY, IS(CONTROL) | IS(STUN) },
	{ "shutdown", CALL_ANY, NET },
	{ "getsockname", CALL_ANY, ALL },
	{ "getpeername", CALL_ANY, ALL },
	{ "setsockopt", CALL_SET_LOCAL, ALL & ~NET },
	{ "setsockopt", CALL_SET_INET, IS(MEDIA) | IS(STUN) | IS(UPNP) },
	{ "setsockopt", CALL_SET_KERNEL, NAMES | IS(RECORDER) },
	{ "getsockopt", CALL_ANY, ALL },

	/* What the kernel path needs: maps of flows, and their timers. Netlink is sockets. */
	{ "bpf", CALL_ANY, IS(CONTROL) },

	/* What the process is, and its limits. */
	{ "getuid", CALL_ANY, ALL },
	{ "geteuid", CALL_ANY, ALL },
	{ "getgid", CALL_ANY, ALL },
	{ "getegid", CALL_ANY, ALL },
	{ "getgroups", CALL_ANY, IS(CONTROL) },
	{ "getppid", CALL_ANY, IS(CONTROL) },
	{ "capget", CALL_ANY, IS(CONTROL) | STARTERS },
	{ "capset", CALL_ANY, STARTERS }, /* no_new_privs: only to have less */
	{ "getpriority", CALL_ANY, IS(CONTROL) | NICE | STARTERS },
	{ "setpriority", CALL_ANY, NICE | STARTERS },
	{ "prlimit64", CALL_OWN_LIMITS, ALL },
	{ "getrlimit", CALL_ANY, ALL },
	{ "getrusage", CALL_ANY, IS(CONTROL) },
	{ "times", CALL_ANY, IS(CONTROL) },
	{ "sysinfo", CALL_ANY, ALL }, /* qsort() and sysconf() of glibc */
	{ "uname", CALL_ANY, ALL },

	/* The process that speaks UPnP: its start by posix_spawn(), what it does then, its end. */
	{ "execve", CALL_ANY, STARTERS },
	{ "clone", CALL_SAME_NAMESPACES, STARTERS },
	{ "clone3", CALL_UNKNOWN, STARTERS }, /* its flags are hidden; glibc then makes clone() */
	{ "vfork", CALL_ANY, STARTERS },
	{ "wait4", CALL_ANY, STARTERS },
	{ "waitid", CALL_ANY, STARTERS },
	{ "kill", CALL_ANY, STARTERS },
	{ "arch_prctl", CALL_ANY, STARTERS },
	{ "set_tid_address", CALL_ANY, STARTERS },
	{ "alarm", CALL_ANY, STARTERS | IS(UPNP) },
	{ "setitimer", CALL_ANY, STARTERS | IS(UPNP) },
	{ "close_range", CALL_ANY, STARTERS },
	{ "seccomp", CALL_ANY, STARTERS }, /* a filter more: only to have less */
};
/* clang-format on */

const size_t confine_n_calls = COUNT(confine_calls);

const char *thread_kind_name(enum thread_kind kind)
{
	static const char *const names[THREAD_KINDS] = {
		[THREAD_CONTROL] = "control",	     [THREAD_MEDIA] = "media",
		[THREAD_CRYPTO] = "crypto",	     [THREAD_RECORDER] = "recorder",
		[THREAD_JOURNAL] = "journal",	     [THREAD_CDR] = "cdr",
		[THREAD_STUN] = "rtprelay-stun",     [THREAD_OUTSIDE] = "rtprelay-addr",
		[THREAD_MAPPINGS] = "rtprelay-maps", [THREAD_UPNP] = "upnp",
	};

	return names[kind];
}
