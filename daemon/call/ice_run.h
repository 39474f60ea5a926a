/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice_run.h - runs the agents of ICE of a media: packets, time, what the media thread is told, news
 *
 * An agent hears the STUN that media threads pass on, is woken when it has something to send, and
 * tells the media thread whom to hear and where to send. Control thread only.
 */
#ifndef RTPRELAY_ICE_RUN_H
#define RTPRELAY_ICE_RUN_H

#include "call/tree.h"

struct ice_description;
struct media_ice;

/* After an offer or answer: @ice takes the place of what the media had; the bridge is told. */
void ice_run_commit(struct media *media, struct media_ice *ice);
/* Later candidates of @side; ignored where it has no agent, or they are of other credentials. */
void ice_run_trickle(struct media *media, enum side side, const struct ice_description *lines);
/* STUN has come from a phone, to the port @local. */
void ice_run_receive(struct media *media, const struct endpoint *local, const struct endpoint *from,
		     const uint8_t *data, size_t len);

#endif
