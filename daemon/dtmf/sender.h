/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sender.h - sends reports of keys that were pressed, a datagram each
 *
 * Never waits: a datagram that the system does not take is counted. Control thread only.
 */
#ifndef RTPRELAY_DTMF_SENDER_H
#define RTPRELAY_DTMF_SENDER_H

#include "base/endpoint.h"

struct dtmf_report;
struct dtmf_sender;

/**
 * struct dtmf_sender_conf
 * @target: HOST:PORT, where all keys are reported to; NULL: only those of calls that name a place
 * @sent, @lost: counters
 */
struct dtmf_sender_conf {
	const char *target;
	uint64_t *sent, *lost;
};

/* HOST:PORT to an address; HOST may be a name, which is looked up now. False: neither */
bool dtmf_target(const char *text, struct endpoint *target);
/*
 * Of a command: numbers only, "192.0.2.1:9000" or "[2001:db8::1]:9000", not link-local. False: it
 * is none
 */
bool dtmf_place(struct str text, struct endpoint *place);
/* NULL: @conf->target is not HOST:PORT, errno EINVAL; or no memory */
struct dtmf_sender *dtmf_sender_open(const struct dtmf_sender_conf *conf);
void dtmf_sender_close(struct dtmf_sender *sender); /* takes NULL */
/* Is there a place for the keys of all calls? */
bool dtmf_sender_has_target(const struct dtmf_sender *sender);
/* To @to; unset: to the configured place, if there is one. */
void dtmf_send(struct dtmf_sender *sender, const struct dtmf_report *report,
	       const struct endpoint *to);

#endif
