/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_ports.h - does a listener have the port of another one, or one of those for media? */
#ifndef CHECK_PORTS_H
#define CHECK_PORTS_H

#include "base/addr_ports.h"
#include "base/log.h"
#include "conf/conf.h"

/*
 * Clashes with which the daemon cannot start, or could not be asked: two listeners at one port; and
 * with firewall=pinhole one at a port for media, since the firewall drops packets to ports without
 * a call. Logs them, and returns their number. listen-stun and media: stun_check().
 * @media: addresses of the interfaces, first @n_bound that are bound, then those advertised
 */
unsigned int check_ports(const struct conf *conf, const struct addr_ports *media, size_t n_bound);
/* The same for a port for media otherwise: the daemon starts, but media is never sent there. */
unsigned int check_ports_shared(const struct conf *conf, const struct addr_ports *media,
				size_t n_bound, enum log_level level);

#endif
