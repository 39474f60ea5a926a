/* SPDX-License-Identifier: GPL-2.0-or-later */
/* side.c - names that reports and monitoring use for what "packet/side.h" lists */
#include <assert.h>
#include "packet/side.h"

#define ROW(id, name, unit, help) [id] = { name, unit, help },
#define ONE(id, name, unit, help) +1
const struct counter_name stream_drop_names[DROP_COUNT] = { STREAM_DROP_COUNTERS(ROW) };
static_assert(STREAM_DROP_COUNTERS(ONE) == DROP_COUNT, "a reason for drops has no name");

const char *const side_names[2] = { [SIDE_A] = "caller", [SIDE_B] = "callee" };
const char *const component_names[2] = { [COMP_RTP] = "RTP", [COMP_RTCP] = "RTCP" };

const char *const path_names[PATH_COUNT] = {
	[PATH_USER] = "user",
	[PATH_KERNEL] = "kernel",
	[PATH_MIXED] = "mixed",
};
