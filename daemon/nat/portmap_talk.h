/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_talk.h - carries out one request about a mapping: PCP, NAT-PMP, UPnP IGD
 *
 * Waits for the router: for the thread of nat/portmap.c.
 */
#ifndef RTPRELAY_NAT_PORTMAP_TALK_H
#define RTPRELAY_NAT_PORTMAP_TALK_H

#include "nat/portmap_job.h"

struct portmap_igd;

/**
 * portmap_talk() - asks the router of question->bind
 * @igd: what is known of a router that speaks UPnP; kept between the calls
 */
void portmap_talk(const struct external_question *question, const struct portmap_job *job,
		  struct portmap_igd **igd, struct portmap_result *result);

/* The same by UPnP: nat/portmap_upnp.c */
void portmap_talk_upnp(const struct external_question *question, const struct portmap_job *job,
		       struct portmap_igd **igd, struct portmap_result *result);
/* Takes NULL. */
void portmap_igd_free(struct portmap_igd *igd);

/* Pure: what a result of external_talk() means, of PCP and of NAT-PMP. */
enum portmap_outcome portmap_outcome_of(enum portmap_protocol protocol, int result);
/* The same of an error of a UPnP router. */
enum portmap_outcome portmap_outcome_of_upnp(enum portmap_task task, int code);

#endif
