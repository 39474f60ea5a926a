/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.c - which packet indexes were used: the replay window, and the index of a sequence number
 */
#include "srtp/window.h"

#define ROC 0x10000ULL /* one more in the rollover counter */

enum srtp_window_place srtp_window_place(const struct srtp_window *window, uint64_t index)
{
	uint64_t age;

	if (!srtp_window_started(window) || index > window->top)
		return SRTP_WINDOW_FREE;
	age = window->top - index;
	if (age >= SRTP_WINDOW)
		return SRTP_WINDOW_OLD;
	return window->used[age / 64] >> age % 64 & 1 ? SRTP_WINDOW_USED : SRTP_WINDOW_FREE;
}

static void move_up(struct srtp_window *window, uint64_t by)
{
	if (by >= SRTP_WINDOW) {
		window->used[1] = 0;
		window->used[0] = 0;
	} else if (by >= 64) {
		window->used[1] = window->used[0] << (by - 64);
		window->used[0] = 0;
	} else {
		window->used[1] = window->used[1] << by | window->used[0] >> (64 - by);
		window->used[0] <<= by;
	}
	window->used[0] |= 1;
	window->top += by;
}

void srtp_window_mark(struct srtp_window *window, uint64_t index)
{
	if (!srtp_window_started(window)) {
		*window = (struct srtp_window){ .top = index, .used = { 1 } };
	} else if (index > window->top) {
		move_up(window, index - window->top);
	} else {
		uint64_t age = window->top - index;

		window->used[age / 64] |= 1ULL << age % 64;
	}
}

uint64_t srtp_guess_index(uint64_t top, uint16_t seq)
{
	uint64_t index = (top & ~(ROC - 1)) | seq;

	if (index + ROC / 2 < top)
		return index + ROC;
	if (index > top + ROC / 2 && index >= ROC)
		return index - ROC;
	return index;
}
