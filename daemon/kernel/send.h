/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send.h - sends the queued changes to the backends and takes their answers
 *
 * For kernel/kmod.c.
 */
#ifndef RTPRELAY_KMOD_SEND_H
#define RTPRELAY_KMOD_SEND_H

#include "kernel/state.h"

/* Sends the whole queue; stops if answers are lost. */
void flow_table_flush(struct flow_table *table);
/* The backend that holds it cannot forward it any more: it is removed, and may be tried again. */
void flow_withdrawn(struct kmod_flow *flow, int error, const char *why);
/* Is there a change to send? */
bool flow_table_busy(const struct flow_table *table);

#endif
