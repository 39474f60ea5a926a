/* SPDX-License-Identifier: GPL-2.0-or-later */
/* orders.c - pauses of a recording, and taps that are left out, until the thread has them */
#include "base/count.h"
#include "record/orders.h"

bool record_orders_pause(struct record_orders *orders, const struct record_turn *turn)
{
	bool is_full = orders->n_turns == RECORD_TURNS;

	if (turn->paused == orders->paused)
		return false;
	orders->paused = turn->paused;
	if (is_full)
		orders->n_turns -= turn->paused ? 1 : 2;
	if (!is_full || !turn->paused)
		orders->turn[orders->n_turns++] = *turn;
	return true;
}

bool record_orders_has_left(const struct record_orders *orders, uint32_t tap)
{
	for (size_t i = 0; i < orders->n_left; i++)
		if (orders->left[i] == tap)
			return true;
	return false;
}

/* A recording has had no more medias than there is room for. */
bool record_orders_leave(struct record_orders *orders, uint32_t tap)
{
	if (record_orders_has_left(orders, tap) || orders->n_left == COUNT(orders->left))
		return false;
	orders->left[orders->n_left++] = tap;
	return true;
}
