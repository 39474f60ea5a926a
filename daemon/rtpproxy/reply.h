/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.h - the numbers in the answers to Q, I and G, by the names of the classic protocol
 */
#ifndef RTPRELAY_RTPP_REPLY_H
#define RTPRELAY_RTPP_REPLY_H

#include "call/media.h"
#include "rtpproxy/command.h"

rtpp_fn rtpp_info, rtpp_stats;
/* @whose: side of the party that the command names; @names: of counters; none: the usual five */
enum rtpp_error rtpp_query_reply(const struct rtpp_command *command, struct media *media,
				 enum side whose, const struct str *names, size_t n_names,
				 struct buf *out);
/* "PORT ADDRESS", and " 6" after an IPv6 address */
void rtpp_reply_endpoint(const struct endpoint *ep, struct buf *out);

#endif
