/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - the two netlink sockets to the kernel module: one for requests, one for its events
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/netlink.h"
#include "kernel/link.h"

/* Room for the answers to a whole batch, each in a buffer of its own, and for a burst of news. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)

struct sockets {
	struct kmod_link link;
	int fd[KMOD_CHANNELS];
};

static int link_send(struct kmod_link *link, const void *data, size_t len)
{
	struct sockets *s = (struct sockets *)link;
	ssize_t sent = send(s->fd[KMOD_ANSWERS], data, len, 0);

	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? 0 : -EIO;
}

static ssize_t link_receive(struct kmod_link *link, enum kmod_channel channel, void *data,
			    size_t size)
{
	struct sockets *s = (struct sockets *)link;

	return netlink_receive(s->fd[channel], data, size);
}

static int link_join(struct kmod_link *link, uint32_t group)
{
	struct sockets *s = (struct sockets *)link;

	if (setsockopt(s->fd[KMOD_NEWS], SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		return -errno;
	return 0;
}

static void link_close(struct kmod_link *link)
{
	struct sockets *s = (struct sockets *)link;

	for (int i = 0; i < KMOD_CHANNELS; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	free(s);
}

static int open_socket(int *fd)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int size = RECEIVE_BUFFER, on = 1;

	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
	if (*fd < 0 || bind(*fd, (const struct sockaddr *)&any, sizeof(any)))
		return -errno;
	/* The first needs CAP_NET_ADMIN; the second is limited by net.core.rmem_max. */
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* Error texts with refusals, without a copy of the request. Old kernels support neither. */
	setsockopt(*fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(*fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

struct kmod_link *kmod_link_open(int *error)
{
	static const struct kmod_link_ops ops = { link_send, link_receive, link_join, link_close };
	struct sockets *s = malloc(sizeof(*s));

	*error = -ENOMEM;
	if (!s)
		return NULL;
	*s = (struct sockets){ .link.ops = &ops, .fd = { -1, -1 } };
	*error = open_socket(&s->fd[KMOD_ANSWERS]);
	if (!*error)
		*error = open_socket(&s->fd[KMOD_NEWS]);
	if (!*error) {
		s->link.news_fd = s->fd[KMOD_NEWS];
		return &s->link;
	}
	link_close(&s->link);
	return NULL;
}
