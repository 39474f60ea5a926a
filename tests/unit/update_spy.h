/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update_spy.h - the last one-time orders given to bridges, which do not store them */
#ifndef RTPRELAY_UPDATE_SPY_H
#define RTPRELAY_UPDATE_SPY_H

#include "daemon/packet/bridge.h"

/* The change in the last bridge_update() of @bridge; LATCH_KEEP if there was none. */
enum latch_change update_spy_change(const struct bridge *bridge, enum side side);
/* The same for the step. */
enum latch_step update_spy_step(const struct bridge *bridge, enum side side);

#endif
