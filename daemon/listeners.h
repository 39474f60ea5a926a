/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listeners.h - the IP sockets that the daemon listens at, from the configuration */
#ifndef LISTENERS_H
#define LISTENERS_H

#include "base/addr_ports.h"
#include "conf/conf.h"

/* @text: the value of @key; @at: a port of it, at one address, or unspecified: at all addresses */
struct listener {
	const char *key, *text;
	bool tcp;
	struct endpoint at;
};

struct listeners {
	struct listener *row;
	size_t n;
};

/*
 * Those of all protocols, HTTP and STUN. Values that are wrong are left out. @media: addresses of
 * the interfaces, first @n_bound that are bound, then those advertised for each. 0; -ENOMEM
 */
int listeners_read(struct listeners *listeners, const struct conf *conf,
		   const struct addr_ports *media, size_t n_bound);
void listeners_free(struct listeners *listeners);

#endif
