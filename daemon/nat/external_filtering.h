/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_filtering.h - what the NAT in front of the relay lets in, in the words of RFC 5780
 *
 * A server with two addresses and ports replies from places that the relay has sent nothing to
 * (CHANGE-REQUEST): which of these replies arrive? Waits: for the thread of nat/external.c.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_FILTERING_H
#define RTPRELAY_NAT_EXTERNAL_FILTERING_H

#include "nat/external_question.h"
#include "nat/external_source.h"

enum external_filtering {
	EXTERNAL_FILTERING_UNKNOWN,	/* no server with two addresses has answered */
	EXTERNAL_FILTERING_INDEPENDENT, /* Endpoint-Independent Filtering: packets of anybody */
	EXTERNAL_FILTERING_ADDRESS,	/* Address-Dependent: of hosts that were sent to */
	EXTERNAL_FILTERING_PORT, /* Address and Port-Dependent: of places that were sent to */
};

extern const char *const external_filtering_names[];

/**
 * external_filtering() - asks those of the sources that are STUN servers, until one can tell it
 * Return: 0, and *filtering; -ECANCELED
 */
int external_filtering(const struct external_source *source, size_t n,
		       const struct external_question *question,
		       enum external_filtering *filtering);

#endif
