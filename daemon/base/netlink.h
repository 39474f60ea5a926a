/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.h - reads a netlink socket of any family */
#ifndef RTPRELAY_NETLINK_H
#define RTPRELAY_NETLINK_H

#include <sys/types.h>

/*
 * Reads the next datagram from the kernel; ignores those of other processes. Never waits.
 * Return: its length; -EAGAIN: there is none; -ENOBUFS: some were lost, or this one was longer than
 * @size; other -errno
 */
ssize_t netlink_receive(int fd, void *data, size_t size);

#endif
