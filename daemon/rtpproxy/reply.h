/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.h - the numbers that Q, I and G answer with, by the names of the classic protocol
 */
#ifndef RTPRELAY_RTPP_REPLY_H
#define RTPRELAY_RTPP_REPLY_H

#include "call/media.h"
#include "rtpproxy/command.h"

rtpp_fn rtpp_info, rtpp_stats;
/* @whose: the side that is told first; @names: of counters, none: the usual five */
enum rtpp_error rtpp_query_reply(const struct rtpp_command *command, struct media *media,
				 enum side whose, const struct str *names, size_t n_names,
				 struct buf *out);
/* "port address", and " 6" */
void rtpp_reply_endpoint(const struct endpoint *ep, struct buf *out);

#endif
