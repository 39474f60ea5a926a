/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look.h - a live look into the packets of some taps: a sink that hands them to the control thread
 *
 * Packets wait in a ring until the control thread takes them; what finds no room is lost, and
 * counted. All functions on the control thread.
 */
#ifndef RTPRELAY_RECORD_LOOK_H
#define RTPRELAY_RECORD_LOOK_H

#include "record/recorder.h"

struct look;

/**
 * struct look_conf
 * @rtp_only: RTCP is left out
 * @told: there are packets: look_first(); not called after look_end()
 */
struct look_conf {
	struct recorder *recorder;
	bool rtp_only;
	void (*told)(void *arg);
	void *arg;
};

/* It gets nothing until look_add(). NULL: out of memory */
struct look *look_new(const struct look_conf *conf);
/* Packets of the tap from now on; the same again: nothing. 0; -ENOMEM, -ENOBUFS */
int look_add(struct look *look, uint32_t tap);
/* Ends and frees it. Takes NULL. */
void look_end(struct look *look);

/* The oldest packet, valid until look_drop(); its time_us is CLOCK_REALTIME. NULL: there is none */
const struct tap_packet *look_first(struct look *look);
void look_drop(struct look *look);

#endif
