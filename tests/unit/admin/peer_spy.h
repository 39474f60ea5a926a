/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peer_spy.h - who is at the other end of the connections that the daemon accepts */
#ifndef RTPRELAY_PEER_SPY_H
#define RTPRELAY_PEER_SPY_H

#include <stdbool.h>

/* From now on who connects is another user, in the group that may read; or this user. */
void peer_spy_only_read(bool on);

#endif
