/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - the two netlink sockets toward the kernel module: one for requests, one for its news
 *
 * Behind a table of functions, so that tests can be the kernel. Generic netlink does what it is asked
 * before send returns, and the answers are in the receive buffer then: nobody ever waits here.
 */
#ifndef RTPRELAY_KMOD_LINK_H
#define RTPRELAY_KMOD_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum kmod_channel {
	KMOD_ANSWERS, /* of requests */
	KMOD_NEWS,    /* of multicast groups that were joined */
	KMOD_CHANNELS
};

struct kmod_link;

struct kmod_link_ops {
	/* All bytes or none. 0; -errno */
	int (*send)(struct kmod_link *link, const void *data, size_t len);
	/* One datagram. -EAGAIN: there is none; -ENOBUFS: some were lost before this point; other -errno */
	ssize_t (*receive)(struct kmod_link *link, enum kmod_channel channel, void *data,
			   size_t size);
	/* News of this group come from now on; again is no error. 0; -errno */
	int (*join)(struct kmod_link *link, uint32_t group);
	void (*close)(struct kmod_link *link);
};

struct kmod_link {
	const struct kmod_link_ops *ops;
	int news_fd; /* readable when there is news; -1: none to wait for */
};

/* The kernel's. NULL: *error -errno */
struct kmod_link *kmod_link_open(int *error);

#endif
