/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_start.h - the STUN service (nat/stun_service.h) from the configuration */
#ifndef STUN_START_H
#define STUN_START_H

#include "base/addr_ports.h"
#include "conf/conf.h"
#include "nat/stun_sites.h"

struct relay;

/**
 * stun_check() - checks listen-stun, stun-allow, stun-discovery; logs what is wrong
 * @media: addresses of the interfaces with their ports, first bound, then advertised; not a port of
 *	these may be one of the service
 * @sites: receives the sockets
 * Return: number of errors
 */
unsigned int stun_check(const struct conf *conf, const struct addr_ports *media, size_t n_media,
			struct stun_sites *sites);
/* Does a port need CAP_NET_BIND_SERVICE? */
bool stun_is_low(const struct conf *conf);
/*
 * The ports of each address, for the firewall. @ports: room for 2 * STUN_SITES_MAX. Returns their
 * number.
 */
size_t stun_list_ports(const struct stun_sites *sites, struct addr_ports *ports);
/* Sets relay->stun_sites. 0; -EINVAL: logged */
int stun_read_sites(struct relay *relay);
/* The addresses that replies name follow those of the interfaces (relay->media). */
void stun_follow(struct relay *relay);
/* 0; -errno: logged */
int stun_start(struct relay *relay);
/* Passes on the keys that may change while the daemon runs. */
void stun_apply_conf(struct relay *relay);

#endif
