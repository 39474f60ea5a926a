/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_serve.h - what the process that speaks UPnP does (nat/upnp_process.h) */
#ifndef RTPRELAY_NAT_UPNP_SERVE_H
#define RTPRELAY_NAT_UPNP_SERVE_H

#include "nat/upnp_process.h"

struct upnp_igd;

/*
 * main() of that process: answers what comes by standard input, until it ends. @confined: it may
 * make the system calls of THREAD_UPNP only. Return: of exit()
 */
int upnp_serve(bool confined);

/* By libminiupnpc, which waits by itself. @igd: what is known of the router; kept between calls */
void upnp_map(struct upnp_igd **igd, const struct endpoint *bind, const struct portmap_job *job,
	      struct portmap_result *result);
/* As external_ask() */
int upnp_ask_address(const struct endpoint *bind, struct endpoint *address, char why[EXTERNAL_WHY]);

#endif
