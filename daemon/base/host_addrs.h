/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_addrs.h - the addresses of this host, and news of their changes
 */
#ifndef RTPRELAY_HOST_ADDRS_H
#define RTPRELAY_HOST_ADDRS_H

#include "base/endpoint.h"

/*
 * @local: that packets to this host may have; @broadcast: of the networks that it is in. Both: port
 * 0, in no order, maybe repeated.
 */
struct host_addrs {
	struct endpoint *local, *broadcast;
	size_t n_local, n_broadcast;
};

/* 0; -errno: *addrs is empty */
int host_addrs_read(struct host_addrs *addrs);
void host_addrs_free(struct host_addrs *addrs);

/* A netlink socket that is readable when an address was added or removed; -errno */
int host_addrs_watch(void);
/* Reads all that has arrived there. True: read the addresses again. */
bool host_addrs_changed(int fd);

#endif
