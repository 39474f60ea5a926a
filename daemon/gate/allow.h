/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allow.h - which sources may send commands: listed addresses, or the subnets of the listening ones
 */
#ifndef RTPRELAY_ALLOW_H
#define RTPRELAY_ALLOW_H

#include "base/endpoint.h"

struct allow {
	struct cidr *nets;
	size_t count, room;
};

/* @text: "192.0.2.0/24" or an address. 0; -EINVAL, it is neither; -ENOMEM */
int allow_add(struct allow *allow, struct str text);
/* The loopback addresses of both families. 0; -ENOMEM */
int allow_add_loopback(struct allow *allow);
/*
 * The subnet of the local address @listen; if that is 0.0.0.0 or ::, the subnets of all local
 * addresses of that family. 0; -errno
 */
int allow_add_subnets(struct allow *allow, const struct endpoint *listen);
bool allow_has(const struct allow *allow, const struct endpoint *source);
/* As the value of control-allow: "127.0.0.0/8, 192.0.2.7"; cut to @size. */
void allow_print(const struct allow *allow, char *out, size_t size);
void allow_fini(struct allow *allow);

#endif
