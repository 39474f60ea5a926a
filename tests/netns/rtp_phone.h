/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_phone.h - the streams of a phone, and the commands that it is told over its socket
 */
#ifndef RTPRELAY_TESTS_NETNS_RTP_PHONE_H
#define RTPRELAY_TESTS_NETNS_RTP_PHONE_H

#include "rtp_stream.h"

#define COMMAND_BYTES 4096

struct waiter;

struct phone {
	struct rtp_stream *streams;
	struct waiter *waiters;
	bool ended;
};

/* Microseconds of the monotonic clock. */
int64_t now_us(void);
/* Obeys the one command that @client (a connection) has sent and answers it, now or when its wait is over. */
void phone_obey(struct phone *phone, int client);
/* Answers those whose condition is met, or whose time is over. */
void phone_waiters_look(struct phone *phone);

#endif
