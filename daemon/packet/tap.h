/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.h - a media thread copies packets that it forwards, for the recorder's thread */
#ifndef RTPRELAY_TAP_H
#define RTPRELAY_TAP_H

#include "packet/state.h"

/*
 * @packet, which arrived at @s and leaves by @out; before SRTP is applied. It is not copied if no
 * recorder wants packets of this media (bridge_conf.tap), or its ring is full.
 */
void tap_copy(const struct stream *s, const struct stream *out, const struct packet *packet,
	      bool rtcp, int64_t now_us);

#endif
