/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * candidate.h - a candidate: an address where a component can perhaps be reached (RFC 8839, 5.1)
 *
 *   FOUNDATION COMPONENT UDP PRIORITY ADDRESS PORT typ TYPE [raddr ADDRESS rport PORT] ...
 */
#ifndef RTPRELAY_ICE_CANDIDATE_H
#define RTPRELAY_ICE_CANDIDATE_H

#include "base/buf.h"
#include "base/endpoint.h"

#define ICE_COMPONENTS	   2 /* 1: RTP, and RTCP with rtcp-mux; 2: RTCP */
#define ICE_FOUNDATION_MAX 32
#define ICE_FOUNDATION	   9   /* bytes of an own one, with NUL */
#define ICE_CANDIDATE_TEXT 256 /* a line that is written is shorter */

enum ice_type { ICE_HOST, ICE_PRFLX, ICE_SRFLX, ICE_RELAY };

/**
 * struct ice_candidate - slices into its line
 * @foundation: equal for candidates that work or fail together
 * @component: 1..ICE_COMPONENTS
 */
struct ice_candidate {
	struct str foundation;
	uint8_t component;
	enum ice_type type;
	uint32_t priority;
	struct endpoint address;
};

/* Why a candidate is not used. */
enum ice_fault {
	ICE_OK,
	ICE_MALFORMED,
	ICE_NOT_UDP,
	ICE_NAMED,	  /* the address is a name, as "....local" of browsers: never resolved */
	ICE_NO_COMPONENT, /* above ICE_COMPONENTS */
	ICE_NO_TYPE,	  /* an unknown type */
	ICE_NO_HOST,	  /* nothing may be sent there */
	ICE_CROWDED,	  /* more than ICE_CANDIDATES (ice/lines.h) */
	ICE_FAULTS
};

/* @value: behind "a=candidate:" */
enum ice_fault ice_candidate_read(struct str value, struct ice_candidate *candidate);
/* What stands behind "a=candidate:". A relayed one names its own address as the related one. */
void ice_candidate_write(struct buf *buf, const struct ice_candidate *candidate);

/* RFC 8445, 5.1.2.1. @preference: among the addresses of an agent, the highest first */
uint32_t ice_priority(enum ice_type type, uint16_t preference, unsigned int component);
/* RFC 8445, 6.1.2.3: of the controlling agent's candidate, and of the other's */
uint64_t ice_pair_priority(uint32_t controlling, uint32_t controlled);
/* The same text for the same address, whatever the port, and type. */
void ice_foundation(const struct endpoint *address, enum ice_type type, char text[ICE_FOUNDATION]);

#endif
