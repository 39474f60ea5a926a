/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * homer.h - sends reports to a Homer server, by HEP version 3 over UDP
 *
 * Never waits: a report that the system does not take at once is lost, and counted. Control thread
 * only.
 */
#ifndef RTPRELAY_HOMER_H
#define RTPRELAY_HOMER_H

#include "homer/payload.h"

struct homer;

/**
 * struct homer_conf - keys of the configuration; copied, except the counters
 * @target: [udp:]HOST:PORT
 * @password: NULL: none
 * @sent, @lost: reports; owned by the caller
 */
struct homer_conf {
	const char *target, *password;
	uint32_t id;
	uint64_t *sent, *lost;
};

/* Reads [udp:]HOST:PORT; may wait for DNS. False and *error, a static text: it is not valid. */
bool homer_target(const char *text, struct endpoint *target, const char **error);

/* NULL and *error, a static text. A server that cannot be reached now is no error. */
struct homer *homer_open(const struct homer_conf *conf, const char **error);
void homer_close(struct homer *homer); /* takes NULL */

/**
 * homer_send_rtcp() - a compound packet that a side of a call sent
 * @at_us: clock_us() when it arrived
 * Sends nothing if no part of it is a report.
 */
void homer_send_rtcp(struct homer *homer, struct str call_id, const struct endpoint *source,
		     const struct endpoint *local, const uint8_t *rtcp, size_t len, int64_t at_us);
/* Sets @rtp->at_s. */
void homer_send_rtp(struct homer *homer, struct payload_rtp *rtp);

#endif
