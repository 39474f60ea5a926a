/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - the table of required flows
 *
 * For kernel/kmod.c; what others may call is in kernel/kmod.h.
 */
#ifndef RTPRELAY_KMOD_TABLE_H
#define RTPRELAY_KMOD_TABLE_H

#include "kernel/state.h"

/* As kmod_set(). */
struct kmod_flow *flow_table_set(struct flow_table *table, const struct flow_spec *spec,
				 void *owner);
/* The backend has lost all flows. */
void flow_table_lost(struct flow_table *table, const struct kernel_backend *backend);
/* Another backend is in use: flows that the last one holds, or has refused, move there. */
void flow_table_move(struct flow_table *table);
/* Flows that were refused for another reason than room are tried again. */
void flow_table_retry(struct flow_table *table);
/* Ends all handles. @remove: and queues the removal of all flows, for a last flush. */
void flow_table_forget(struct flow_table *table, bool remove);
void flow_table_free(struct flow_table *table);
/* The next event to report, and its flow; NULL: none. */
struct kmod_flow *flow_table_news(struct flow_table *table, enum kmod_event *event);

/* Applies the backend's event to the flow with this cookie. NULL: the flow is gone. */
struct kmod_flow *flow_table_event(struct flow_table *table, const struct kernel_backend *backend,
				   const struct kmod_message *message);

#endif
