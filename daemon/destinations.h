/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * destinations.h - makes the set of forbidden destinations (packet/deny.h), and keeps it up to date
 *
 * From the configuration: the sockets that the relay itself listens at or reports to, media-deny,
 * the interfaces. From the system: the addresses of this host, which may change at any time.
 */
#ifndef DESTINATIONS_H
#define DESTINATIONS_H

#include "base/list.h"
#include "nat/stun_sites.h"
#include "packet/deny.h"

/**
 * struct destinations_conf - keys of the configuration; borrowed
 * @control: the listening addresses of each control protocol
 * @media: addresses of the interfaces with their ports: first those that are bound, then as many
 *	that are advertised for them
 */
struct destinations_conf {
	const struct conf_list *const *control;
	size_t n_control;
	const struct conf_list *http, *notify, *media_deny;
	const char *homer;	       /* NULL: none */
	const char *dtmf;	       /* dtmf-log-dest; NULL: none */
	const struct stun_sites *stun; /* NULL: none; may change with @media */
	const struct addr_ports *media;
	size_t n_media;
};

/**
 * struct destinations - the set in use, and what it is made of
 * @rules: of the configuration, in the order of asking
 * @conf: as given; only @media and @stun are used after the start
 * @n_sockets: the first of @rules are of sockets of the relay, or that it reports to
 * @n_fixed: so many @rules stay; the others are made again when addresses change
 * @deny: the set now in use; NULL: not read yet
 * @fd: readable when an address of this host has changed; -1: none
 * @changed: the addresses have to be read again; @stale: they could not be read
 */
struct destinations {
	struct deny_rule *rules;
	size_t n_rules, n_sockets, n_fixed;
	struct destinations_conf conf;
	struct deny *deny;
	int fd;
	bool changed, stale;
};

/* Reads configuration and addresses. 0; -ENOMEM; -EINVAL: a value of media-deny is not valid */
int destinations_open(struct destinations *destinations, const struct destinations_conf *conf);
void destinations_close(struct destinations *destinations);
/* Reads what came at @fd. True: an address of this host was added or removed. */
bool destinations_news(struct destinations *destinations);
/* Other addresses of the interfaces; borrowed. Takes effect with destinations_refresh(). */
void destinations_set_media(struct destinations *destinations, const struct addr_ports *media,
			    size_t n_media);
/* After @fd was readable, and once a second. True: there is another set, tell the media threads. */
bool destinations_refresh(struct destinations *destinations);
/* Is @text a value of media-deny? */
bool destinations_valid(const char *text);

#endif
