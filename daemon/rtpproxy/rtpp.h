/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtpp.h - the classic rtpproxy protocol: a command's text to calls, and their state back to text
 *
 * What the rtpproxy modules of Kamailio and OpenSIPS speak. rtpproxy/parse.c reads the text, rtpproxy/rtpp.c knows the commands,
 * rtpproxy/session.c what they mean for calls, rtpproxy/reply.c the numbers, rtpproxy/notify.c tells of time-outs. A session
 * of this protocol is one media of a dialog; a call made here is one like any other.
 */
#ifndef RTPRELAY_RTPP_H
#define RTPRELAY_RTPP_H

#include "base/buf.h"
#include "command/command.h"
#include "gate/protocol.h"

struct rtpp_notify;

/* Its run() gets a struct rtpp_notify, or NULL. */
extern const struct control_protocol rtpp_protocol;

/* Longest answer. Those to all but I and G, cookie and all, are kept within what proxies read: 255 with the LF. */
#define RTPP_REPLY	 1024
#define RTPP_REPLY_SHORT 254

/**
 * rtpp_run() - one command, without cookie, to its answer, which ends in LF
 * @notify: NULL: there is nobody to tell
 * @source: who sent it; unset: not over IP
 * @out: the answer is appended to the cookie, if there is one; too little room for RTPP_REPLY bytes is told as overflow
 */
void rtpp_run(struct command_env *env, struct rtpp_notify *notify, const struct endpoint *source,
	      struct str text, struct buf *out);

#endif
