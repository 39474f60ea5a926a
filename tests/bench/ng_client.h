/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_client.h - commands to a relay, as Kamailio's rtpengine and rtpproxy modules write them
 *
 * Shares no code with the daemon, which must not be tested with its own code.
 */
#ifndef RTPRELAY_BENCH_NG_CLIENT_H
#define RTPRELAY_BENCH_NG_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ng_verb { NG_OFFER, NG_ANSWER, NG_DELETE };

/* Room for any request and any reply. */
#define NG_BYTES 8192

struct ng_request {
	bool rtpproxy; /* in the classic protocol: U, L, D */
	enum ng_verb verb;
	uint64_t cookie;
	uint64_t call; /* Call-ID and tags are derived from it */
	bool record;   /* NG: an offer has record-call=yes */
	struct sockaddr_in
		phone; /* whose SDP: the caller's in an offer, the callee's in an answer */
};

/* Writes to @out, of NG_BYTES; returns the length. */
size_t ng_write(const struct ng_request *request, char *out);
/* Parses the number after "bench_"; false: another cookie */
bool ng_reply_cookie(const char *reply, size_t len, uint64_t *cookie);
bool ng_reply_is_ok(const char *reply, size_t len);
/* Port of the first m= line of the reply's SDP, or of the reply to U or L; 0: none */
uint16_t ng_reply_port(const char *reply, size_t len);
/* One request over the connected @fd, sent again each second. Its port (delete: 1); 0: failed */
uint16_t ng_ask(int fd, const struct ng_request *request);

#endif
