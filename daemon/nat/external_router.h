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
/* A socket to PCP_PORT of the router of question->bind. -errno and *why, which begins with @name */
int external_router_open(const struct external_question *question, const char *name,
			 struct endpoint *router, char why[EXTERNAL_WHY]);
/**
 * external_router_tell() - says what came of external_talk()
 * @text: of the result, if it is a code of the protocol
 * Return: @result; -EREMOTEIO in place of such a code
 */
int external_router_tell(const char *name, const struct endpoint *router, int result,
			 const char *text, char why[EXTERNAL_WHY]);
/* Says why there is no reply of upnp_process_ask(), of which this is the -errno. Return: @error */
int external_upnp_tell(int error, char why[EXTERNAL_WHY]);
/* Is the daemon built with libminiupnpc? */
bool external_has_upnp(void);

#endif
