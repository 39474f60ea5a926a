/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_mapping.h - how the NAT in front of the relay maps a port, in the words of RFC 5780
 *
 * Two STUN servers at different addresses tell what they see of one socket. What the NAT lets in
 * (filtering) cannot be known in this way. Waits: for the thread of nat/external.c.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_MAPPING_H
#define RTPRELAY_NAT_EXTERNAL_MAPPING_H

#include "nat/external_question.h"
#include "nat/external_source.h"

enum external_mapping {
	EXTERNAL_MAPPING_UNKNOWN,     /* fewer than two servers have answered */
	EXTERNAL_MAPPING_NONE,	      /* there is no NAT: both see the address of the interface */
	EXTERNAL_MAPPING_INDEPENDENT, /* Endpoint-Independent Mapping */
	EXTERNAL_MAPPING_DEPENDENT,   /* Address-Dependent, or Address and Port-Dependent Mapping */
};

extern const char *const external_mapping_names[];

/* Pure. @first, @second: what two servers see of a socket at @bind */
enum external_mapping external_mapping_of(const struct endpoint *bind, const struct endpoint *first,
					  const struct endpoint *second);
/**
 * external_mapping() - asks those of the sources that are STUN servers
 * Return: 0, and *mapping; -ECANCELED
 */
int external_mapping(const struct external_source *source, size_t n,
		     const struct external_question *question, enum external_mapping *mapping);

#endif
