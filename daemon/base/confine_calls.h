/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine_calls.h - the system calls that each kind of thread may make once the daemon has started
 *
 * Pure data. confine_program.c makes a filter of it for each kind.
 */
#ifndef RTPRELAY_CONFINE_CALLS_H
#define RTPRELAY_CONFINE_CALLS_H

#include <stddef.h>

/* A thread that the daemon starts, and what it is for. */
enum thread_kind {
	THREAD_CONTROL,	 /* the first thread: the event loop of main.c */
	THREAD_MEDIA,	 /* packet/worker.c */
	THREAD_CRYPTO,	 /* dtls/thread.c */
	THREAD_RECORDER, /* record/recorder.c */
	THREAD_JOURNAL,	 /* journal/writer.c */
	THREAD_CDR,	 /* call/cdr_file.c */
	THREAD_STUN,	 /* nat/stun_service.c */
	THREAD_OUTSIDE,	 /* nat/external.c: asks for the address outside of a NAT */
	THREAD_MAPPINGS, /* nat/portmap_thread.c: asks routers for ports */
	THREAD_UPNP,	 /* nat/upnp_serve.c: of the process that speaks UPnP */
};
#define THREAD_KINDS 10

/* In log lines, and as ps and top show it; THREAD_CONTROL has the program's name there. */
const char *thread_kind_name(enum thread_kind kind);

/* With which arguments a call is allowed. Numbers count from zero, as in seccomp(2). */
enum confine_check {
	CALL_ANY,
	CALL_UNIX,	      /* socket(): AF_UNIX, for syslog and the journal */
	CALL_INET,	      /* socket(): AF_UNIX, AF_INET, AF_INET6, AF_NETLINK */
	CALL_PACKET,	      /* socket(): these, and AF_PACKET */
	CALL_READ_ONLY,	      /* openat(): for reading, and no file is made or cut */
	CALL_DATA,	      /* mmap(), mprotect(): nothing becomes executable */
	CALL_DATA_ELSE_EPERM, /* mprotect(): code gets EPERM, which does not end ld.so */
	CALL_LIBRARY,	      /* mmap(): nothing is both writable and executable: dlopen() */
	CALL_NOT_SIGSYS,      /* rt_sigaction(): the handler of violations stays */
	CALL_THIS_PROCESS,    /* tgkill(): raise(), abort() */
	CALL_OWN_LIMITS,      /* prlimit64(): of this process */
	CALL_SAME_NAMESPACES, /* clone(): the new process has no namespace of its own */
	CALL_UNKNOWN,	      /* -ENOSYS, as from a kernel that does not know it */
	CALL_LESS,	      /* prctl(): these, and what takes rights from this process */
	CALL_NAMES,	      /* prctl(): names of threads and of memory, bounding set */
	CALL_PLAIN,	 /* fcntl(): descriptors, their flags, locks and seals, but no signals */
	CALL_IS_TTY,	 /* ioctl(): isatty() */
	CALL_ASK,	 /* ioctl(): these, what waits in sockets, and what interfaces are */
	CALL_ASK_DEVICE, /* ioctl(): these, and ethtool's, for libpcap */
	CALL_SET_LOCAL,	 /* setsockopt(): SOL_SOCKET */
	CALL_SET_INET,	 /* setsockopt(): these, and levels of IP, IPv6, TCP and UDP */
	CALL_SET_KERNEL, /* setsockopt(): these, and those of netlink and packet sockets */
};

struct confine_call {
	const char *name; /* one that this kernel's architecture or libseccomp lacks is left out */
	enum confine_check check;
	unsigned int threads; /* bit of each enum thread_kind that may make it */
};

/* No two rows allow the same call to the same thread. Calls for packets are first. */
extern const struct confine_call confine_calls[];
extern const size_t confine_n_calls;

#endif
