/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.c - receives netlink datagrams from the kernel only */
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include "base/netlink.h"

ssize_t netlink_receive(int fd, void *data, size_t size)
{
	struct sockaddr_nl from = { .nl_pid = 0 };
	struct iovec iov = { data, size };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t len;

	do {
		len = recvmsg(fd, &msg, MSG_DONTWAIT);
	} while ((len < 0 && errno == EINTR) || (len >= 0 && from.nl_pid));
	if (len < 0)
		return -errno;
	return msg.msg_flags & MSG_TRUNC ? -ENOBUFS : len;
}
