/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - the table of flows that are wanted
 *
 * For kernel/kmod.c; what others may call is in kernel/kmod.h.
 */
#ifndef RTPRELAY_KMOD_TABLE_H
#define RTPRELAY_KMOD_TABLE_H

#include "kernel/state.h"

/* As kmod_set(). */
struct kmod_flow *flow_table_set(struct flow_table *table, const struct flow_spec *spec,
				 void *owner);
/* The kernel holds nothing any more. */
void flow_table_lost(struct flow_table *table);
/* All handles end. @remove: the kernel is to be told, by a last flush. */
void flow_table_forget(struct flow_table *table, bool remove);
void flow_table_free(struct flow_table *table);
/* The next that a flow has to tell; NULL: there is none. */
struct kmod_flow *flow_table_news(struct flow_table *table, enum kmod_event *event);

/* What the module says of a flow of this cookie. NULL: it is not there any more. */
struct kmod_flow *flow_table_hear(struct flow_table *table, const struct kmod_message *message);

#endif
