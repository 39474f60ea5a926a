/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the flows: whether one is wanted, whether the kernel has it, what is to be told of it
 *
 * For the files of kernel/ that make, ask and compare; others know struct kmod_flow by
 * kernel/flow.h.
 */
#ifndef RTPRELAY_KMOD_STATE_H
#define RTPRELAY_KMOD_STATE_H

#include <stdlib.h>
#include <utlist.h>

#include "base/hash.h"
#include "kernel/event.h"
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

/**
 * struct kmod_flow - a flow that is wanted, or was
 * @past: of flows at this place that ended; @last: as the kernel told last of the one that is there
 * @final: as the kernel told when it was removed; owned; NULL: it was not, or no memory for it
 * @refusal: the kernel's sentence, when @refused; owned; NULL: no memory for it
 * @seen_ms: clock_ms() of its last packet, as last told
 * @news: bits of enum kmod_event, to be told
 * @round: of the last dump that it was in
 * @fresh: what is in the kernel at this place is another owner's
 * @forgotten: the handle has ended, the kernel has yet to be told
 * @retried: it was refused for want of room before, and is tried again
 */
struct kmod_flow {
	UT_hash_handle hh;
	struct flow_table *table;
	struct kmod_flow *prev, *next;		 /* in table.queue, while @queued */
	struct kmod_flow *news_prev, *news_next; /* in table.news, while @news */
	struct kmod_flow *wait_prev, *wait_next; /* in table.waiting, while @waiting */
	struct flow_spec spec;
	struct flow_sums past, last;
	void *owner;
	struct flow_state *final;
	char *refusal;
	int64_t seen_ms;
	uint32_t round;
	uint8_t news;
	bool wanted, installed, queued, silent, fresh, forgotten, answered, refused, waiting,
		retried;
};

struct kmod_flow *flow_find(const struct flow_table *table, const struct endpoint *local);

/* Into the queue of what is to be sent, and out. */
void flow_enqueue(struct kmod_flow *flow);
void flow_dequeue(struct kmod_flow *flow);

/* What its owner is to be told, when nothing is half done. */
void flow_add_news(struct kmod_flow *flow, enum kmod_event event);
void flow_drop_news(struct kmod_flow *flow);

void flow_leave_waiting(struct kmod_flow *flow);
void flow_clear_refusal(struct kmod_flow *flow);

/* Neither wanted nor in the kernel yet. NULL: no memory. */
struct kmod_flow *flow_new(struct flow_table *table, const struct flow_spec *spec);
void flow_free(struct kmod_flow *flow);

/* It is in the kernel from now on. */
void flow_came(struct kmod_flow *flow);
/* It is not any more; what it last told of itself is all that will be known. */
void flow_went(struct kmod_flow *flow);
/* The same, and nobody told of its last packet: to be safe, there was one just now. */
void flow_vanished(struct kmod_flow *flow);

/* What the kernel has told just now, by our clocks. */
void flow_set_seen(struct kmod_flow *flow, const struct flow_state *state);
void flow_set_rtcp_time(struct flow_state *state);

#endif
