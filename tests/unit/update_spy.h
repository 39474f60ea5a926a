/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update_spy.h - what bridges were last told of a change, since nothing keeps it */
#ifndef RTPRELAY_UPDATE_SPY_H
#define RTPRELAY_UPDATE_SPY_H

#include "daemon/packet/bridge.h"

/* By the last bridge_update() of @bridge; LATCH_KEEP if there was none. */
enum latch_change update_spy_change(const struct bridge *bridge, enum side side);

#endif
