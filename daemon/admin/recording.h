/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.h - lines about who gets a call's media: its recording, and copies of it */
#ifndef RTPRELAY_ADMIN_RECORDING_H
#define RTPRELAY_ADMIN_RECORDING_H

#include "admin/peer.h"

/* A line "recording", if the call is recorded now. Return: was there one? */
bool admin_send_recording(struct admin_peer *peer, const struct call *call);
/* A line "copy" for each subscriber. */
void admin_send_copies(struct admin_peer *peer, const struct call *call);

#endif
