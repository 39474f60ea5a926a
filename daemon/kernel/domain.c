/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain.c - what this process's sockets are bound to, so that the kernel's flows are bound alike
 *
 * The daemon binds its sockets to no device and sets no mark. "ip vrf exec", and programs of a
 * control group, do it when a socket is opened. So one is opened and asked.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/domain.h"

static uint32_t option(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	/* Before Linux 5.1 the device cannot be read as a number. */
	return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? 0 : (uint32_t)value;
}

void flow_domain_read(struct flow_domain *domain)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat st;

	*domain = (struct flow_domain){ 0 };
	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	domain->device = option(fd, SO_BINDTOIFINDEX);
	domain->mark = option(fd, SO_MARK);
	if (!fstat(fd, &st))
		domain->uid = st.st_uid;
	close(fd);
}
