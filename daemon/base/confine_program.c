/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine_program.c - the filter of a kind of thread, from the table of confine_calls.h
 *
 * libseccomp sorts the calls into a tree, so that each call is found by as few comparisons; Linux
 * 5.11 does not even run the filter for calls that are allowed with any argument.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/confine_program.h"
#include "base/count.h"

#define TREE 2 /* of SCMP_FLTATR_CTL_OPTIMIZE */

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* Linux 5.17 */
#endif

/* Which argument of clone() has its flags. */
#ifdef __s390__
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

static_assert(SIGSYS == 31, "signals 1 to 30, 32 to 63, and 64");

/* Newer than some headers. */
#define TTY_GETS2 _IOR('T', 0x2A, char[44]) /* TCGETS2: isatty() of glibc 2.42 */
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027 /* Linux 6.10 */
#endif

/* Arguments that a check allows: a row for each alternative. */
struct alternative {
	enum confine_check check;
	unsigned int argument;
	enum scmp_compare compare;
	uint64_t a, b; /* a mask and a value, or a value */
};

static const struct alternative alternatives[] = {
	{ CALL_READ_ONLY, 2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CALL_DATA, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	{ CALL_DATA_ELSE_EPERM, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	{ CALL_LIBRARY, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, 0 },
	{ CALL_LIBRARY, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_WRITE },
	{ CALL_LIBRARY, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC },
	/* Not "all but SIGSYS": a filter sees 64 bits, of which the kernel reads the lower 32. */
	{ CALL_NOT_SIGSYS, 0, SCMP_CMP_LT, SIGSYS, 0 },
	{ CALL_NOT_SIGSYS, 0, SCMP_CMP_MASKED_EQ, ~UINT64_C(31), 32 },
	{ CALL_NOT_SIGSYS, 0, SCMP_CMP_EQ, 64, 0 },
	{ CALL_OWN_LIMITS, 0, SCMP_CMP_EQ, 0, 0 },
	{ CALL_SAME_NAMESPACES, CLONE_FLAGS_AT, SCMP_CMP_MASKED_EQ, NAMESPACES, 0 },
};

/* A number that some checks allow; the kernel reads 32 bits of it, and sees no others either. */
struct number {
	unsigned int checks; /* bit of each enum confine_check */
	unsigned int argument;
	uint32_t value;
};

#define CHECK(name)  (1U << CALL_##name)
#define ALL_SOCKETS  (CHECK(UNIX) | CHECK(INET) | CHECK(PACKET))
#define INET_SOCKETS (CHECK(INET) | CHECK(PACKET))
#define ALL_PRCTL    (CHECK(LESS) | CHECK(NAMES))
#define ALL_IOCTL    (CHECK(IS_TTY) | CHECK(ASK) | CHECK(ASK_DEVICE))
#define ALL_ASK	     (CHECK(ASK) | CHECK(ASK_DEVICE))
#define ALL_SET	     (CHECK(SET_LOCAL) | CHECK(SET_INET) | CHECK(SET_KERNEL))
#define INET_SET     (CHECK(SET_INET) | CHECK(SET_KERNEL))

static const struct number numbers[] = {
	/* socket(): families */
	{ ALL_SOCKETS, 0, AF_UNIX },
	{ INET_SOCKETS, 0, AF_INET },
	{ INET_SOCKETS, 0, AF_INET6 },
	{ INET_SOCKETS, 0, AF_NETLINK },
	{ CHECK(PACKET), 0, AF_PACKET },

	{ ALL_PRCTL, 0, PR_GET_NAME },
	{ ALL_PRCTL, 0, PR_SET_NAME },
	{ ALL_PRCTL, 0, PR_SET_VMA },
	{ ALL_PRCTL, 0, PR_CAPBSET_READ },
	{ CHECK(LESS), 0, PR_SET_NO_NEW_PRIVS },
	{ CHECK(LESS), 0, PR_SET_DUMPABLE },
	{ CHECK(LESS), 0, PR_SET_PDEATHSIG },

	/* fcntl(): not F_SETOWN, F_SETSIG, F_NOTIFY, F_SETLEASE: signals */
	{ CHECK(PLAIN), 1, F_DUPFD },
	{ CHECK(PLAIN), 1, F_DUPFD_CLOEXEC },
	{ CHECK(PLAIN), 1, F_DUPFD_QUERY },
	{ CHECK(PLAIN), 1, F_GETFD },
	{ CHECK(PLAIN), 1, F_SETFD },
	{ CHECK(PLAIN), 1, F_GETFL },
	{ CHECK(PLAIN), 1, F_SETFL },
	{ CHECK(PLAIN), 1, F_GETLK }, /* SQLite */
	{ CHECK(PLAIN), 1, F_SETLK },
	{ CHECK(PLAIN), 1, F_SETLKW },
	{ CHECK(PLAIN), 1, F_OFD_GETLK },
	{ CHECK(PLAIN), 1, F_OFD_SETLK },
	{ CHECK(PLAIN), 1, F_OFD_SETLKW },
	{ CHECK(PLAIN), 1, F_GET_SEALS },
	{ CHECK(PLAIN), 1, F_ADD_SEALS }, /* long lines to the journal */

	{ ALL_IOCTL, 1, TCGETS },
	{ ALL_IOCTL, 1, TTY_GETS2 },
	{ ALL_ASK, 1, FIONREAD }, /* libevent, and the resolver of glibc */
	{ ALL_ASK, 1, FIONBIO },  /* other name services */
	{ ALL_ASK, 1, SIOCOUTQ }, /* the daemon's own from here on, and if_nametoindex() */
	{ ALL_ASK, 1, SIOCGIFINDEX },
	{ ALL_ASK, 1, SIOCGIFNAME },
	{ ALL_ASK, 1, SIOCGIFHWADDR },
	{ ALL_ASK, 1, SIOCGIFMTU },
	{ ALL_ASK, 1, SIOCGIFFLAGS },
	{ ALL_ASK, 1, SIOCGIFADDR },
	{ CHECK(ASK_DEVICE), 1, SIOCETHTOOL }, /* time stamps, offloads */

	/* setsockopt(): levels */
	{ ALL_SET, 1, SOL_SOCKET },
	{ INET_SET, 1, IPPROTO_IP },
	{ INET_SET, 1, IPPROTO_IPV6 },
	{ INET_SET, 1, IPPROTO_TCP },
	{ INET_SET, 1, IPPROTO_UDP },
	{ CHECK(SET_KERNEL), 1, SOL_NETLINK },
	{ CHECK(SET_KERNEL), 1, SOL_PACKET },
};

static int allow_if(scmp_filter_ctx filter, int number, const struct alternative *row)
{
	const struct scmp_arg_cmp compare = { row->argument, row->compare, row->a, row->b };

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &compare);
}

/* On arm64 ld.so protects the program's code once more (BTI), and goes on where it may not. */
static int refuse_code(scmp_filter_ctx filter, int number)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

static int allow_number(scmp_filter_ctx filter, int number, const struct number *row)
{
	const struct alternative same = { CALL_ANY, row->argument, SCMP_CMP_MASKED_EQ, UINT32_MAX,
					  row->value };

	return allow_if(filter, number, &same);
}

static int allow(scmp_filter_ctx filter, const struct confine_call *call)
{
	const struct alternative self = { CALL_THIS_PROCESS, 0, SCMP_CMP_EQ, (uint64_t)getpid(),
					  0 };
	int number = seccomp_syscall_resolve_name(call->name), error = 0;

	if (number < 0) /* not on this processor, or libseccomp is older */
		return 0;
	if (call->check == CALL_ANY)
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	if (call->check == CALL_UNKNOWN)
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
	if (call->check == CALL_THIS_PROCESS)
		return allow_if(filter, number, &self);
	for (size_t i = 0; i < COUNT(alternatives) && !error; i++)
		if (alternatives[i].check == call->check)
			error = allow_if(filter, number, &alternatives[i]);
	for (size_t i = 0; i < COUNT(numbers) && !error; i++)
		if (numbers[i].checks & 1U << call->check)
			error = allow_number(filter, number, &numbers[i]);
	if (!error && call->check == CALL_DATA_ELSE_EPERM)
		error = refuse_code(filter, number);
	return error;
}

/* A daemon that is built to learn tells all that it calls; it tells by epoll_ctl(). */
static bool is_listed(const struct confine_call *call, enum thread_kind kind)
{
#ifdef CONFINE_LEARN
	if (strcmp(call->name, "epoll_ctl"))
		return false;
#endif
	return call->threads & 1U << kind;
}

static int fill(scmp_filter_ctx filter, enum thread_kind kind)
{
	/* Calls of another processor's numbers, such as those of 32 bits. */
	int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; i < confine_n_calls && !error; i++)
		if (is_listed(&confine_calls[i], kind))
			error = allow(filter, &confine_calls[i]);
	/* Before libseccomp 2.5 there is no tree, and all else works. */
	if (!error && seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, TREE))
		return 0;
	return error;
}

/* libseccomp 2.5 writes programs to descriptors only. */
static int export(scmp_filter_ctx filter, struct sock_fprog *program)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC), error = 0;
	struct stat size;

	if (fd < 0)
		return -errno;
	*program = (struct sock_fprog){ 0 };
	if (seccomp_export_bpf(filter, fd) || fstat(fd, &size))
		error = -EINVAL;
	if (!error)
		program->filter = malloc((size_t)size.st_size);
	if (!error && !program->filter)
		error = -ENOMEM;
	if (!error && pread(fd, program->filter, (size_t)size.st_size, 0) != size.st_size)
		error = -EIO;
	close(fd);
	if (error) {
		free(program->filter);
		program->filter = NULL;
		return error;
	}
	program->len = (unsigned short)((size_t)size.st_size / sizeof(*program->filter));
	return 0;
}

/* libseccomp takes SECCOMP_RET_USER_NOTIF for single calls, not for all others. */
static void replace_trap(struct sock_fprog *program, uint32_t refused)
{
	for (size_t i = 0; i < program->len; i++) {
		struct sock_filter *at = &program->filter[i];

		if (at->code == (BPF_RET | BPF_K) && at->k == SECCOMP_RET_TRAP)
			at->k = refused;
	}
}

int confine_program_make(enum thread_kind kind, uint32_t refused, struct sock_fprog *program)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int error = filter ? fill(filter, kind) : -ENOMEM;

	if (!error)
		error = export(filter, program);
	if (!error)
		replace_trap(program, refused);
	if (filter)
		seccomp_release(filter);
	return error;
}
