/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap_job.h - one request about a mapping on the nearest router, and what came of it */
#ifndef RTPRELAY_NAT_PORTMAP_JOB_H
#define RTPRELAY_NAT_PORTMAP_JOB_H

#include "nat/external_question.h"
#include "nat/pcp.h"

/* In the order in which they are tried. */
enum portmap_protocol { PORTMAP_PCP, PORTMAP_NATPMP, PORTMAP_UPNP, PORTMAP_PROTOCOLS };

extern const char *const portmap_protocol_names[PORTMAP_PROTOCOLS];

enum portmap_task {
	PORTMAP_MAP,   /* make or renew it */
	PORTMAP_UNMAP, /* end it */
	PORTMAP_CHECK, /* has the router lost its mappings? */
};

/**
 * struct portmap_job
 * @local: address and port here; of PORTMAP_CHECK a port that is mapped, or 0
 * @external: the port outside: wished (0: any), or the one to end or to look for
 * @nonce: of PCP: the same to make, renew and end it
 */
struct portmap_job {
	enum portmap_task task;
	enum portmap_protocol protocol;
	struct endpoint local;
	uint16_t external;
	uint32_t lifetime_s;
	uint8_t nonce[PCP_NONCE];
};

enum portmap_outcome {
	PORTMAP_DONE,
	PORTMAP_SILENT,	  /* no answer, or there is no router */
	PORTMAP_OTHER,	  /* the router does not speak this protocol, or not as it has to */
	PORTMAP_REFUSED,  /* it says no */
	PORTMAP_TAKEN,	  /* not this port; another one may be granted */
	PORTMAP_GONE,	  /* of PORTMAP_CHECK: the router does not have the mapping any more */
	PORTMAP_CANCELED, /* the thread has to end */
};

/**
 * struct portmap_result
 * @external: of PORTMAP_MAP: the port, and the address if the protocol names it
 * @lifetime_s: 0: until it is ended
 * @why: unless it is done
 */
struct portmap_result {
	enum portmap_outcome outcome;
	struct endpoint external;
	uint32_t lifetime_s;
	bool has_epoch;
	uint32_t epoch_s;
	char why[EXTERNAL_WHY];
};

#endif
