/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.h - reads a netlink socket of any family; asks the kernel once */
#ifndef RTPRELAY_NETLINK_H
#define RTPRELAY_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Is there a whole message in @left bytes? (mnl_nlmsg_ok() of libmnl 1.0.4 treats lengths above 2
 * GiB as negative, and a loop over messages does not end at one of 4 GiB.)
 */
static inline bool netlink_message_ok(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (uint32_t)left;
}

/*
 * Reads the next datagram from the kernel; ignores those of other processes. Never waits.
 * Return: its length; -EAGAIN: there is none; -ENOBUFS: some were lost, or this one was longer than
 * @size; other -errno
 */
ssize_t netlink_receive(int fd, void *data, size_t size);

/*
 * Asks the kernel by a socket of its own, and waits for the answer: of a dump all messages, else
 * one datagram. @bus: NETLINK_ROUTE, ...; @request: complete but for its number
 * @take: gets each message; NULL: only the acknowledgement counts
 * Return: 0; -errno, of the kernel's refusal too, or that @take has set with MNL_CB_ERROR
 */
int netlink_ask(int bus, struct nlmsghdr *request, mnl_cb_t take, void *arg);

#endif
