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
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* Arguments that a check allows: a row for each alternative. */
struct alternative {
	enum confine_check check;
	unsigned int argument;
	enum scmp_compare compare;
	uint64_t a, b; /* a mask and a value, or a value */
};

static const struct alternative alternatives[] = {
	{ CALL_UNIX, 0, SCMP_CMP_EQ, AF_UNIX, 0 },
	{ CALL_INET, 0, SCMP_CMP_EQ, AF_UNIX, 0 },
	{ CALL_INET, 0, SCMP_CMP_EQ, AF_INET, 0 },
	{ CALL_INET, 0, SCMP_CMP_EQ, AF_INET6, 0 },
	{ CALL_INET, 0, SCMP_CMP_EQ, AF_NETLINK, 0 },
	{ CALL_PACKET, 0, SCMP_CMP_EQ, AF_UNIX, 0 },
	{ CALL_PACKET, 0, SCMP_CMP_EQ, AF_INET, 0 },
	{ CALL_PACKET, 0, SCMP_CMP_EQ, AF_INET6, 0 },
	{ CALL_PACKET, 0, SCMP_CMP_EQ, AF_NETLINK, 0 },
	{ CALL_PACKET, 0, SCMP_CMP_EQ, AF_PACKET, 0 },
	{ CALL_READ_ONLY, 2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CALL_DATA, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	{ CALL_LIBRARY, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, 0 },
	{ CALL_LIBRARY, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_WRITE },
	{ CALL_LIBRARY, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC },
	/* Not "all but SIGSYS": a filter sees 64 bits, of which the kernel reads the lower 32. */
	{ CALL_NOT_SIGSYS, 0, SCMP_CMP_LT, SIGSYS, 0 },
	{ CALL_NOT_SIGSYS, 0, SCMP_CMP_MASKED_EQ, ~UINT64_C(31), 32 },
	{ CALL_NOT_SIGSYS, 0, SCMP_CMP_EQ, 64, 0 },
	{ CALL_OWN_LIMITS, 0, SCMP_CMP_EQ, 0, 0 },
	{ CALL_SAME_NAMESPACES, CLONE_FLAGS_AT, SCMP_CMP_MASKED_EQ, NAMESPACES, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_GET_NAME, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_SET_NAME, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_SET_VMA, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_CAPBSET_READ, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_SET_DUMPABLE, 0 },
	{ CALL_LESS, 0, SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0 },
	{ CALL_NAMES, 0, SCMP_CMP_EQ, PR_GET_NAME, 0 },
	{ CALL_NAMES, 0, SCMP_CMP_EQ, PR_SET_NAME, 0 },
	{ CALL_NAMES, 0, SCMP_CMP_EQ, PR_SET_VMA, 0 },
	{ CALL_NAMES, 0, SCMP_CMP_EQ, PR_CAPBSET_READ, 0 },
};

static int allow_if(scmp_filter_ctx filter, int number, const struct alternative *row)
{
	const struct scmp_arg_cmp compare = { row->argument, row->compare, row->a, row->b };

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &compare);
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
