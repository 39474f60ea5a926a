/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - the two netlink sockets to the kernel module: one for requests, one for its events
 *
 * Called through a table of functions, so that tests can replace the kernel. Generic netlink
 * executes a request before send() returns; the answers are in the receive buffer then, so no
 * function waits.
 */
#ifndef RTPRELAY_KMOD_LINK_H
#define RTPRELAY_KMOD_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum kmod_channel {
	KMOD_ANSWERS, /* of requests */
	KMOD_NEWS,    /* of joined multicast groups */
	KMOD_CHANNELS
};

struct kmod_link;

struct kmod_link_ops {
	/* All bytes or none. 0; -errno */
	int (*send)(struct kmod_link *link, const void *data, size_t len);
	/* One datagram. -EAGAIN: none is left; -ENOBUFS: earlier ones were lost; other -errno */
	ssize_t (*receive)(struct kmod_link *link, enum kmod_channel channel, void *data,
			   size_t size);
	/* Subscribes to this group; a second time is not an error. 0; -errno */
	int (*join)(struct kmod_link *link, uint32_t group);
	void (*close)(struct kmod_link *link);
};

struct kmod_link {
	const struct kmod_link_ops *ops;
	int news_fd; /* readable when there is news; -1: none */
};

/* Opens the sockets to the kernel. NULL: *error is -errno */
struct kmod_link *kmod_link_open(int *error);

#endif
