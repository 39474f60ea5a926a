/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk.h - an answer that goes through all calls, a step for each */
#ifndef RTPRELAY_ADMIN_WALK_H
#define RTPRELAY_ADMIN_WALK_H

#include "admin/peer.h"

/* Reads the request's filters into the job. False: a value is invalid; admin_error() was sent. */
bool admin_walk_begin(struct admin_peer *peer, const struct dict *request);
/*
 * Takes the next call. If it matches @filter (NULL: all do), runs @send_media for each of its
 * medias.
 */
enum admin_step admin_step_medias(struct admin_peer *peer, const struct call_filter *filter,
				  void (*send_media)(struct admin_peer *, struct media *));

#endif
