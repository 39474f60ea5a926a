/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch_names.h - names of the states and ranks of latching, for people and monitoring
 */
#ifndef RTPRELAY_LATCH_NAMES_H
#define RTPRELAY_LATCH_NAMES_H

#include "packet/latch.h"

/* By enum latch_state. */
extern const char *const latch_state_names[LATCH_LOCKED + 1];
/* By enum latch_rank: a word, and a phrase for the log. */
extern const char *const latch_rank_names[LATCH_RANKS];
extern const char *const latch_rank_phrases[LATCH_RANKS];

#endif
