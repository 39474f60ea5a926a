/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unheard.h - tells the operator of a stream that is not heard, since nobody named its address
 */
#ifndef RTPRELAY_UNHEARD_H
#define RTPRELAY_UNHEARD_H

#include "call/tree.h"

/* The setting that would let in a source of @rank, while nobody is heard. Static text. */
const char *unheard_advice(const struct side_conf *conf, enum latch_rank rank);
/* After BRIDGE_UNHEARD, which comes once per stream: log line, event, and the call is counted. */
void unheard_tell(const struct media *media, enum side side);

#endif
