/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtmf_news.h - what becomes of a key that a phone pressed: event, call record, datagram
 *
 * Digits are secrets: they go nowhere unless dtmf-log, dtmf-log-dest or the key dtmf-log-dest of a
 * command asks for them. Control thread only.
 */
#ifndef RTPRELAY_DTMF_NEWS_H
#define RTPRELAY_DTMF_NEWS_H

#include "call/tree.h"

struct dtmf_note;

/* Are the keys of the call's phones wanted anywhere? @place: of the command, or unset */
bool dtmf_is_wanted(const struct call *call, struct str place);
/* worker_pool_conf.dtmf */
void call_bridge_dtmf(struct bridge *bridge, const struct dtmf_note *note);

#endif
