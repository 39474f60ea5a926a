/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update_spy.c - the unit tests are linked with --wrap=bridge_update: each call passes through here
 */
#include <stddef.h>
#include "update_spy.h"

int __real_bridge_update(struct bridge *bridge, const struct bridge_conf *conf,
			 const struct bridge_change *change);
int __wrap_bridge_update(struct bridge *bridge, const struct bridge_conf *conf,
			 const struct bridge_change *change);

#define UPDATES 64

static struct {
	const struct bridge *bridge;
	struct bridge_change change;
} updates[UPDATES];
static size_t next;

int __wrap_bridge_update(struct bridge *bridge, const struct bridge_conf *conf,
			 const struct bridge_change *change)
{
	size_t at = next++ % UPDATES;

	updates[at].bridge = bridge;
	updates[at].change =
		change ? *change : (struct bridge_change){ .side = { LATCH_KEEP, LATCH_KEEP } };
	return __real_bridge_update(bridge, conf, change);
}

enum latch_change update_spy_change(const struct bridge *bridge, enum side side)
{
	for (size_t back = 1; back <= UPDATES && back <= next; back++)
		if (updates[(next - back) % UPDATES].bridge == bridge)
			return updates[(next - back) % UPDATES].change.side[side];
	return LATCH_KEEP;
}

enum latch_step update_spy_step(const struct bridge *bridge, enum side side)
{
	for (size_t back = 1; back <= UPDATES && back <= next; back++)
		if (updates[(next - back) % UPDATES].bridge == bridge)
			return updates[(next - back) % UPDATES].change.step[side];
	return LATCH_NO_STEP;
}
