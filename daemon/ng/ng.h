/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng.h - NG verbs and flags (tables): struct dict to struct request, struct reply back
 *
 * The protocol of the rtpengine modules of Kamailio and OpenSIPS. Malformed requests get the error
 * texts that those modules know.
 */
#ifndef RTPRELAY_NG_H
#define RTPRELAY_NG_H

#include "base/buf.h"
#include "command/command.h"
#include "gate/protocol.h"

extern const struct control_protocol ng_protocol;
/* The same commands over TCP (ng/frame.h). */
extern const struct control_protocol ng_tcp_protocol;

/**
 * ng_run() - executes one request: the payload of a datagram, after the cookie and its blank
 * @payload: bencode or JSON; the answer has the same encoding
 * @source: sender of the request
 * @out: gets the reply without cookie; if it does not fit, one with fewer details and a warning, or
 *	the error "Reply too large"
 * Never fails: a request that cannot be decoded is answered with result "error".
 */
void ng_run(struct command_env *env, const struct endpoint *source, struct str payload,
	    struct buf *out);

#endif
