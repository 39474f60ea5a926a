/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_frame.h - messages of STUN in a stream of bytes: TCP (RFC 8489, section 6.2.2)
 *
 * Nothing separates them: the length in each header does. Pure.
 */
#ifndef RTPRELAY_NAT_STUN_FRAME_H
#define RTPRELAY_NAT_STUN_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* A longer message ends the stream. */
#define STUN_FRAME_MAX 1024

/* All zero: nothing has arrived. @len: bytes of the next message, and of what follows it */
struct stun_frame {
	uint8_t bytes[STUN_FRAME_MAX];
	size_t len;
};

/**
 * stun_frame_size() - is the message at the start complete?
 * Return: its size; 0: more has to arrive; -EPROTO: it is none, or too long
 */
int stun_frame_size(const struct stun_frame *frame);
/* The message of that size is handled: the next one comes to the start. */
void stun_frame_drop(struct stun_frame *frame, size_t size);

#endif
