/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udptl_wire.h - UDPTL, the packets of T.38, on the wire: inline functions for the daemon and the
 * module
 */
#ifndef UDPTL_WIRE_H
#define UDPTL_WIRE_H

#include "rtp_wire.h"

#define UDPTL_MIN 4 /* sequence number, length of the first part, a byte of it (T.38, 9.1) */

/* Numbers are in order if each is ahead of the one before by 1 to so many. */
#define UDPTL_STEP_MAX 8

/*
 * From another port of the phone's address so many wrong numbers end following for so long. The
 * module counts them, too: it reports few of the packets that it refuses.
 */
#define UDPTL_GUESSES  4
#define UDPTL_PAUSE_MS 10000

static inline uint16_t udptl_wire_seq(const uint8_t *p)
{
	return rtp_wire_u16(p);
}

static inline bool udptl_goes_on(uint16_t last, uint16_t next)
{
	uint16_t ahead = (uint16_t)(next - last);

	return ahead >= 1 && ahead <= UDPTL_STEP_MAX;
}

#endif
