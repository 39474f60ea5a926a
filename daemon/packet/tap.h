/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.h - a media thread copies packets that it forwards, for the recorder's thread */
#ifndef RTPRELAY_TAP_H
#define RTPRELAY_TAP_H

#include "packet/state.h"

/*
 * @packet, which arrived at @s and leaves by @out; before SRTP is applied. It is not copied if its
 * ring is full. @tap: of the media (struct bridge)
 *
 * Its time is that of this call, not that of the thread's round: a packet that came after a command
 * was answered, during the round, must not count as one from before the command.
 */
void tap_copy(const struct stream *s, const struct stream *out, const struct packet *packet,
	      bool rtcp, uint32_t tap);
/* @packet of a prompt for the phone of @s, which leaves by @out; before SRTP is applied. */
void tap_prompt(const struct stream *s, const struct stream *out, const struct packet *packet,
		uint32_t tap);

#endif
