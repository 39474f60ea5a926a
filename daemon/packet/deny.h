/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deny.h - where media is never sent to
 *
 * A caller chooses the destination of the media that he gets: by his SDP, and by the source of his
 * packets. Without a limit he could let the relay send to its own control sockets, or to services
 * that trust the relay's address.
 *
 * A set never changes after deny_new(), so that any thread may ask it. It is counted; another set
 * takes its place when an address of this host comes or goes.
 */
#ifndef RTPRELAY_DENY_H
#define RTPRELAY_DENY_H

#include "base/addr_ports.h"

struct deny;

/**
 * struct deny_rule - addresses and ports
 * @net: if not @local: these addresses
 * @local: the addresses of this host, and those that are advertised for them; @net only tells their
 *	family, AF_UNSPEC: both
 * @spare_media: not the relay's ports for media, so that a call may pass the relay twice
 * @why: static text, for the log: "control socket of the relay"
 */
struct deny_rule {
	struct cidr net;
	bool local, spare_media;
	uint16_t port_min, port_max;
	const char *why;
};

/* @text: CIDR[:PORT[-PORT]], local or local:PORT[-PORT]; IPv6 in brackets if a port follows. */
bool deny_parse(struct str text, struct deny_rule *rule);

/**
 * struct deny_conf - what a set is made of; copied
 * @local: addresses of this host, and advertised ones
 * @broadcast: of the networks that this host is in
 * @media: addresses, bound and advertised, with the ports that are for media
 */
struct deny_conf {
	const struct deny_rule *rules;
	const struct endpoint *local, *broadcast;
	const struct addr_ports *media;
	size_t n_rules, n_local, n_broadcast, n_media;
};

/* The caller has one reference. NULL: out of memory. */
struct deny *deny_new(const struct deny_conf *conf);
/* Both take NULL; any thread. */
struct deny *deny_get(struct deny *deny);
void deny_put(struct deny *deny);
/* Do both refuse the same? */
bool deny_same(const struct deny *a, const struct deny *b);

/* Is it, with any port, an address that has ports for media? @deny: NULL: no */
bool deny_has_media(const struct deny *deny, const struct endpoint *addr);

/**
 * deny_why() - why media from @from must not be sent to @to
 * @deny: NULL: only the kinds of addresses are looked at
 * Loopback, link-local, multicast, broadcast, unspecified and IPv4-mapped addresses are refused,
 * unless @from is of the same kind: then the relay serves that network.
 * Return: static text; NULL: it may be sent
 */
const char *deny_why(const struct deny *deny, const struct endpoint *from,
		     const struct endpoint *to);

#endif
