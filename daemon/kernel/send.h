/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send.h - makes the kernel hold what is wanted: sends the queue, reads the answers
 *
 * For kernel/kmod.c.
 */
#ifndef RTPRELAY_KMOD_SEND_H
#define RTPRELAY_KMOD_SEND_H

#include "kernel/state.h"

/* Sends the whole queue, unless answers are lost on the way. */
void flow_table_flush(struct flow_table *table);
/* Is there anything to send? */
bool flow_table_busy(const struct flow_table *table);

#endif
