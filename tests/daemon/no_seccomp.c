/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no_seccomp.c - runs a program as on a kernel without seccomp, or as where it is forbidden
 *
 *   no_seccomp ENOSYS|EPERM PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	uint16_t error = argc > 1 && !strcmp(argv[1], "EPERM") ? EPERM : ENOSYS;

	if (argc < 3 || !filter ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), SCMP_SYS(seccomp), 0) ||
	    seccomp_load(filter))
		return 2;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
