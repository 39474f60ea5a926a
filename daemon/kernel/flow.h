/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - the table of flows that are wanted, and how the kernel comes to hold them
 *
 * For the files of kernel/; what others may call is in kernel/kmod.h.
 */
#ifndef RTPRELAY_KMOD_FLOW_H
#define RTPRELAY_KMOD_FLOW_H

#include "kernel/kmod.h"
#include "kernel/talk.h"

/**
 * struct flow_table
 * @all: by local endpoint
 * @queue: to be made so; @news: with something to tell
 * @round: number of the last dump
 * @waiting: refused because the kernel had no room; @room: so many of them may be tried again
 * @full_told_ms: when it was logged last that there is no room
 * @batch: requests under way, numbered from @batch_seq on
 */
struct flow_table {
	struct talk *talk;
	uint32_t features; /* enum rtprelay_feature */
	/* May a flow that nobody wants be removed from the kernel? */
	bool (*owns)(void *arg, const struct endpoint *local);
	void *arg;
	struct kmod_flow *all, *queue, *news, *waiting;
	size_t n_installed, room;
	int64_t full_told_ms;
	uint32_t round;
	struct kmod_flow *batch[TALK_BATCH];
	uint32_t batch_seq, batch_len;
};

struct kmod_flow *flow_table_set(struct flow_table *table, const struct flow_spec *spec,
				 void *owner);
/* Sends the whole queue, unless answers are lost on the way. */
void flow_table_flush(struct flow_table *table);
/* Is there anything to send? */
bool flow_table_busy(const struct flow_table *table);
/* Asks what the kernel holds, and queues what differs. 0; -errno */
int flow_table_compare(struct flow_table *table);
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
