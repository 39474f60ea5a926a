/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_answer.h - the STUN service's answer to a datagram, or why there is none
 *
 * RFC 8489 (Binding), RFC 3489 (clients without magic cookie), RFC 5780 (NAT behaviour discovery).
 * Pure, and without memory of earlier requests: bytes and addresses are handed in.
 */
#ifndef RTPRELAY_NAT_STUN_ANSWER_H
#define RTPRELAY_NAT_STUN_ANSWER_H

#include "base/endpoint.h"

/* A longer request gets no answer. No reply is longer than the request, or than STUN_SHORT_MAX. */
#define STUN_REQUEST_MAX 2048
/* The longest reply to a short request: all attributes with IPv6 addresses. */
#define STUN_SHORT_MAX 128
/* No reply to IPv6 names other addresses unless the request has so many bytes: 3.3 times at most */
#define STUN_IP6_DISCOVERY_MIN 28

/* Sockets of a site: each of these bits of the index is the other port, the other address. */
#define STUN_AT_OTHER_PORT    1
#define STUN_AT_OTHER_ADDRESS 2
#define STUN_SITE_SOCKETS     4

/**
 * struct stun_site - the sockets that answer for each other
 * @n: 2: one address with two ports; 4: two addresses
 * @named: as replies name them; of a relay behind one-to-one NAT, the addresses outside
 */
struct stun_site {
	size_t n;
	struct endpoint bind[STUN_SITE_SOCKETS], named[STUN_SITE_SOCKETS];
};

enum stun_verdict {
	STUN_ANSWER_BASIC,
	STUN_ANSWER_CLASSIC,   /* RFC 3489 */
	STUN_ANSWER_DISCOVERY, /* RFC 5780 */
	STUN_ANSWER_ERROR,
	STUN_ANSWERS,			      /* from here on: no answer */
	STUN_SILENT_MALFORMED = STUN_ANSWERS, /* not a request, not STUN */
	STUN_SILENT_FINGERPRINT,	      /* it is wrong */
	STUN_SILENT_SOURCE, /* address or port of no client: the answer would hit another service */
	STUN_SILENT_CLASSIC, /* RFC 3489 is off, or the request came by IPv6 */
	STUN_SILENT_CHANGE, /* RFC 3489: the answer should come from an address that there is not */
	STUN_VERDICTS
};

/* What the configuration allows. */
struct stun_rules {
	bool classic;
	bool discovery; /* has an effect if the site has two addresses */
	bool stream;	/* by TCP: neither of both, and replies go back by the connection */
};

struct stun_answer {
	uint8_t bytes[STUN_REQUEST_MAX];
	size_t len;
	unsigned int from;  /* socket of the site */
	struct endpoint to; /* the source; RESPONSE-PORT may name another port */
};

/**
 * stun_answer() - handles a datagram
 * @in: the socket of @site that it came to
 * @answer: set if the verdict is below STUN_ANSWERS
 */
enum stun_verdict stun_answer(const struct stun_site *site, const struct stun_rules *rules,
			      unsigned int in, const struct endpoint *source, const uint8_t *data,
			      size_t len, struct stun_answer *answer);

/*
 * May an answer be sent there? Not to addresses of no host, nor to ports of services that would
 * answer the answer: a forged source would make the two talk to each other without end.
 */
bool stun_may_answer(const struct endpoint *source);

#endif
