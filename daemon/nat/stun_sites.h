/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_sites.h - the sockets of the STUN service, from the values of listen-stun
 *
 * Each address gets its port and the next one. Two addresses of one family with the same port are
 * one site, in the order of the list: so clients can find out the kind of their NAT.
 */
#ifndef RTPRELAY_NAT_STUN_SITES_H
#define RTPRELAY_NAT_STUN_SITES_H

#include "base/addr_ports.h"
#include "base/list.h"
#include "nat/stun_answer.h"

#define STUN_PORT      3478
#define STUN_SITES_MAX 16

/* @tcp: addresses with ports where connections are accepted, too */
struct stun_sites {
	struct stun_site site[STUN_SITES_MAX];
	size_t n;
	struct endpoint tcp[STUN_SITES_MAX];
	size_t n_tcp;
};

/**
 * stun_sites_read() - reads HOST[:PORT][!ADVERTISED], tcp:HOST[:PORT], ...; HOST is an address
 * @media: addresses of the interfaces, first @n_bound that are bound, then those advertised for
 *	each: for values without ADVERTISED
 * @item: receives the number of the value that is wrong
 * Return: 0; -EINVAL and *error, a static text
 */
int stun_sites_read(struct stun_sites *sites, const struct conf_list *list,
		    const struct addr_ports *media, size_t n_bound, size_t *item,
		    const char **error);
/* Without "tcp:"; *tcp: it was there */
struct str stun_sites_prefix(struct str text, bool *tcp);
/* Does any site have two addresses? */
bool stun_sites_discover(const struct stun_sites *sites);

#endif
