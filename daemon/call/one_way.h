/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * one_way.h - calls that are one-way now: one side is heard, the other one is not
 *
 * Only RTP counts, since a phone may send RTCP without a sound. Control thread only.
 */
#ifndef RTPRELAY_ONE_WAY_H
#define RTPRELAY_ONE_WAY_H

#include "call/tree.h"

/* A side that is silent for so long, while the other one is heard. */
#define ONE_WAY_MS 5000
/* A side that was heard longer ago than this is silent as well: then the call is not one-way. */
#define ONE_WAY_BOTH_MS 30000

/**
 * one_way_side() - the side that is not heard
 * @heard_ms: of the last packet of each side; 0: never
 * @quiet: nothing is expected of that side, for example because it is on hold
 * @since_ms: of the last signalling: silence before it does not count
 * Return: enum side; -1: the call is not one-way
 */
int one_way_side(const int64_t heard_ms[2], const bool quiet[2], int64_t since_ms, int64_t now_ms);
/* clock_ms() of the last RTP packet of the side, in the kernel as of the last reading; 0: never */
int64_t media_heard_ms(const struct media *media, enum side side);
/* As one_way_side(). -1 also for a media that is not answered, or not RTP. */
int media_one_way(const struct media *media, int64_t now_ms);
/* That of the first media that is one-way. */
int call_one_way(const struct call *call, int64_t now_ms);

#endif
