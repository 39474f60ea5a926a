/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.h - reads a netlink socket, whatever its family */
#ifndef RTPRELAY_NETLINK_H
#define RTPRELAY_NETLINK_H

#include <sys/types.h>

/*
 * The next datagram of the kernel; what any other process sends is left out. Never waits.
 * Return: its length; -EAGAIN: there is none; -ENOBUFS: some were lost, or this one was longer than @size; other -errno
 */
ssize_t netlink_receive(int fd, void *data, size_t size);

#endif
