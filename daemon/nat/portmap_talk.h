/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_talk.h - carries out one request about a mapping: PCP, NAT-PMP, UPnP IGD
 *
 * Waits for the router: for the thread of nat/portmap.c.
 */
#ifndef RTPRELAY_NAT_PORTMAP_TALK_H
#define RTPRELAY_NAT_PORTMAP_TALK_H

#include "nat/portmap_job.h"

struct upnp_process;

/**
 * portmap_talk() - asks the router of question->bind
 * @upnp: the process that speaks UPnP, or NULL; kept between the calls
 */
void portmap_talk(const struct external_question *question, const struct portmap_job *job,
		  struct upnp_process **upnp, struct portmap_result *result);

/* Pure: what a result of external_talk() means, of PCP and of NAT-PMP. */
enum portmap_outcome portmap_outcome_of(enum portmap_protocol protocol, int result);
/* The same of an error of a UPnP router. */
enum portmap_outcome portmap_outcome_of_upnp(enum portmap_task task, int code);

#endif
