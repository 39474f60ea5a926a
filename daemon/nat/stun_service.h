/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_service.h - the STUN service: its sockets, and the thread that answers
 *
 * The thread has a lower priority than media, reads a bounded number of datagrams in a while, and
 * shares no lock: so a flood costs media and commands no more than the kernel needs to drop it.
 * Functions are called by the control thread.
 */
#ifndef RTPRELAY_NAT_STUN_SERVICE_H
#define RTPRELAY_NAT_STUN_SERVICE_H

#include "nat/stun_limit.h"
#include "nat/stun_sites.h"
#include "packet/banned.h"

struct stun_service;

/* What may change while the service runs. */
struct stun_settings {
	struct stun_rules rules;
	struct stun_rates rates;
};

/**
 * struct stun_service_conf - copied
 * @allow: CIDR, ...; empty: all sources
 * @media: addresses of the interfaces, with their ports: they are not answered
 */
struct stun_service_conf {
	const struct stun_sites *sites;
	const struct conf_list *allow;
	struct stun_settings settings;
	const struct addr_ports *media;
	size_t n_media;
};

/* Names and meaning: include/counter_names.h */
struct stun_counters {
	uint64_t requests, replies, classic, discovery, errors, malformed, fingerprint, source,
		not_allowed, banned, classic_refused, cannot_change, limited, limited_total,
		send_failed, receive_queue, tcp, tcp_refused, tcp_ended;
};

/**
 * stun_service_open() - opens the sockets and starts the thread
 * Return: NULL: *error is -errno, and *where the address of the socket that cannot be opened, or
 *	unset
 */
struct stun_service *stun_service_open(const struct stun_service_conf *conf, int *error,
				       struct endpoint *where);
void stun_service_close(struct stun_service *service); /* takes NULL, as those below */
void stun_service_set(struct stun_service *service, const struct stun_settings *settings);
/*
 * Addresses have changed: replies name those of @sites (the members named) from now on, and @media
 * are not answered. @sites: with the same sockets; all are copied
 */
void stun_service_follow(struct stun_service *service, const struct stun_sites *sites,
			 const struct addr_ports *media, size_t n_media);
/* Sources that get no answer. @banned: takes a reference of its own */
void stun_service_ban(struct stun_service *service, struct banned *banned);
struct stun_counters stun_service_counters(const struct stun_service *service);
/* As told last. NULL: there is no service */
const struct stun_sites *stun_service_sites(const struct stun_service *service);

#endif
