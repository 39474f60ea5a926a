/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drain.h - waits until the relay has no calls */
#ifndef RTPRELAY_CONTROL_DRAIN_H
#define RTPRELAY_CONTROL_DRAIN_H

#include "options.h"

/*
 * After set --drain=on: counts down, options->wait_s seconds at most. Return: the exit status;
 * EXIT_CALLS_LEFT if there still are calls
 */
int drain_wait(const struct options *options);

#endif
