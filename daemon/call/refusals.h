/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refusals.h - the log lines about sources whose media is refused: few, however many there are
 *
 * Control thread only.
 */
#ifndef RTPRELAY_REFUSALS_H
#define RTPRELAY_REFUSALS_H

#include "call/tree.h"

#define REFUSALS_MINUTE_MS 60000

/*
 * After BRIDGE_REFUSED: writes a line, unless the call had one within a minute, or REFUSALS_LINES
 * were written within a minute; such a call is then counted in the summary.
 *
 * "refused RTP from 203.0.113.5:4000 at port 30000 of call ID: 63 packets, 2 sources"
 *
 * Packets and sources of that port so far. fail2ban reads these lines (docs/operations.md): what a
 * caller chooses stands after the address, never before it. If the address is that of a phone of
 * the same media, "another port of a phone, " stands before it: fail2ban does not read that.
 */
void refusals_tell(const struct media *media, enum side side, enum component comp, int64_t now_ms);
/* Return: true: one of the REFUSALS_LINES of a minute was free, and is taken for another line */
bool refusals_take_line(struct refusals *refusals, int64_t now_ms);
/* Once a second, after stats_sample(): writes the summary, a minute after it has begun. */
void refusals_tick(struct call_table *table, int64_t now_ms);

#endif
