/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_router.h - asks the nearest router for the address outside: PCP, NAT-PMP, UPnP
 *
 * As external_ask(); the names of the sources are in *why.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_ROUTER_H
#define RTPRELAY_NAT_EXTERNAL_ROUTER_H

#include "nat/external_question.h"

/* By a mapping that is ended at once: PCP tells no address without one. */
int external_ask_pcp(const struct external_question *question, struct endpoint *address,
		     char why[EXTERNAL_WHY]);
int external_ask_natpmp(const struct external_question *question, struct endpoint *address,
			char why[EXTERNAL_WHY]);
int external_ask_upnp(const struct external_question *question, struct endpoint *address,
		      char why[EXTERNAL_WHY]);
/* Is the daemon built with libminiupnpc? */
bool external_has_upnp(void);

#endif
