/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orders.h - pauses of a recording, and taps that are left out, until the thread has them
 *
 * What is ordered for the sake of privacy may not be lost while the recorder's thread waits for a
 * disk, nor need memory: so orders that wait are merged. No lock and no clock: time is handed in.
 */
#ifndef RTPRELAY_RECORD_ORDERS_H
#define RTPRELAY_RECORD_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record/facts.h"

/* A pause begins, or ends. Packets are held back: those from before it come later. */
struct record_turn {
	bool paused;
	int64_t at_us, at_ns; /* clock_us(), wall clock */
};

/* Turns that wait at most. */
#define RECORD_TURNS 8

/**
 * struct record_orders - zeroed: no pause, and nothing is left out
 * @turn: @n_turns of them wait; the last one of all is @paused
 * @left: taps that are left out, for ever
 */
struct record_orders {
	struct record_turn turn[RECORD_TURNS];
	size_t n_turns, n_left;
	uint32_t left[RECORD_MEDIAS];
	bool paused;
};

/*
 * They begin and end by turns; the same again is nothing. Without room for one more, the last time
 * between two pauses becomes a pause: what must not be in the file is not.
 * Return: there is something new
 */
bool record_orders_pause(struct record_orders *orders, const struct record_turn *turn);
/* Return: it was not left out before */
bool record_orders_leave(struct record_orders *orders, uint32_t tap);
bool record_orders_has_left(const struct record_orders *orders, uint32_t tap);

#endif
