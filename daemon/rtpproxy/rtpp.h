/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtpp.h - the classic rtpproxy protocol: a command's text to calls, and their state back to text
 *
 * The protocol of the rtpproxy modules of Kamailio and OpenSIPS. rtpproxy/parse.c parses the text,
 * rtpproxy/rtpp.c has the table of commands, rtpproxy/session.c executes those on calls,
 * rtpproxy/reply.c writes the numbers, rtpproxy/notify.c notifies of time-outs. A session of this
 * protocol is one media of a dialog; calls do not depend on the protocol that made them.
 */
#ifndef RTPRELAY_RTPP_H
#define RTPRELAY_RTPP_H

#include "base/buf.h"
#include "command/command.h"
#include "gate/protocol.h"

struct rtpp_notify;

/* The @arg of its run() is a struct rtpp_notify, or NULL. */
extern const struct control_protocol rtpp_protocol;

/*
 * Longest answer, without cookie. Except for I and G an answer with its cookie fits into what
 * proxies read: 255 bytes with the LF.
 */
#define RTPP_REPLY	 1024
#define RTPP_REPLY_SHORT 254

/**
 * rtpp_run() - executes one command (@text, without cookie); its answer ends in LF
 * @notify: NULL: no "notify" is configured
 * @source: sender of the command; unset: not over IP
 * @out: gets the answer, after the cookie if there is one; is emptied if the command is not to be
 *	answered (rtpproxy-full); out->overflow: it had no room for the answer
 */
void rtpp_run(struct command_env *env, struct rtpp_notify *notify, const struct endpoint *source,
	      struct str text, struct buf *out);

#endif
