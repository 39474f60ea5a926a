/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - UDP in IP in Ethernet: written with right checksums, read with these checked
 */
#ifndef RTPRELAY_TEST_FRAME_H
#define RTPRELAY_TEST_FRAME_H

#include "daemon/base/endpoint.h"

#define FRAME_MAX 2048

/**
 * struct frame - a frame
 * @ip: offset of the IP header, @udp: of the UDP header
 */
struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len, ip, udp;
};

/* "192.0.2.1:4000" */
struct endpoint frame_endpoint(const char *text);

/* TTL 64, TOS 0 */
void frame_write(struct frame *frame, const char *from, const char *to, const void *payload,
		 size_t len);
/* After a change of the IP header: its checksum is right again. */
void frame_sum_ip(struct frame *frame);
/* Are the checksums of IP and UDP right? A UDP checksum of zero is. */
bool frame_sums_are_right(const struct frame *frame);
/* Is it from there to there? */
bool frame_is(const struct frame *frame, const char *from, const char *to);

#endif
