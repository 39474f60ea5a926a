/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.h - C and N of the classic protocol, as far as they mean copies to another recorder
 */
#ifndef RTPRELAY_RTPP_COPY_H
#define RTPRELAY_RTPP_COPY_H

#include "call/tree.h"
#include "rtpproxy/command.h"

/* Is TARGET "udp:HOST:PORT"? */
bool rtpp_is_copy(struct str target);
/**
 * rtpp_copy_start() - C[SP] CALL udp:HOST:PORT FROM [TO]: RTP to that port, RTCP to the next one
 * A stream that is copied already stays so. With P the answer tells from where.
 * Return: RTPP_OK; RTPP_E_COPY
 */
enum rtpp_error rtpp_copy_start(const struct rtpp_command *c, const struct media *media,
				enum side whose, struct buf *out);
/*
 * N: ends copies of what @whose sends in @media, or in all (NULL); @both: or the other one.
 * Return: there was one
 */
bool rtpp_copy_stop(struct call *call, const struct dialog *dialog, const struct media *media,
		    enum side whose, bool both);

#endif
