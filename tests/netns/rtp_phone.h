/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_phone.h - the streams of a phone, and the commands of its socket
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
/* Runs the command that @client (a connection) has sent; answers it now or when its wait ends. */
void phone_obey(struct phone *phone, int client);
/* Answers the clients whose condition is true or whose time is over. */
void phone_waiters_look(struct phone *phone);

#endif
