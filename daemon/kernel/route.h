/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route.h - the way to a destination, as the kernel would choose it, and news of changes
 *
 * For backends that are told device and next hop of a flow. Control thread only; no function waits.
 */
#ifndef RTPRELAY_KERNEL_ROUTE_H
#define RTPRELAY_KERNEL_ROUTE_H

#include "base/endpoint.h"
#include "kernel/domain.h"

/* @hop: the next router, port 0; unset: the destination is a neighbour. @mtu: of the route, 0: not
 * told */
struct route {
	struct endpoint hop;
	uint32_t device; /* index */
	uint32_t mtu;
};

struct routes;

/* NULL: *error is -errno */
struct routes *routes_open(int *error);
/* NULL is allowed. */
void routes_close(struct routes *routes);

/* Readable when a route, rule, link, address or filter at a device has changed. */
int routes_fd(const struct routes *routes);
/* Reads all that has arrived there. True: ask again */
bool routes_changed(struct routes *routes);

/**
 * routes_ask() - the route of packets from @from, an address of this host, to @to
 * @why: gets the reason of a failure in words, @size bytes
 * Return: 0; -EOPNOTSUPP: @to is an address of this host, so no packet leaves by a device;
 * -ENETUNREACH: there is none by a device; other -errno
 */
int routes_ask(struct routes *routes, const struct endpoint *from, const struct endpoint *to,
	       const struct flow_domain *domain, struct route *route, char *why, size_t size);

#endif
