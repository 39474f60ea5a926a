/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the state of flows: required, in the kernel, queued, with events to report
 *
 * For the files of kernel/ that set, read and compare flows; others know struct kmod_flow by
 * kernel/flow.h.
 */
#ifndef RTPRELAY_KMOD_STATE_H
#define RTPRELAY_KMOD_STATE_H

#include <stdlib.h>
#include <utlist.h>

#include "base/hash.h"
#include "kernel/backend.h"
#include "kernel/event.h"

/**
 * struct flow_table
 * @now: the backend that the flows are set in; NULL: there is none
 * @all: by local endpoint
 * @queue: with a change to send; @news: with an event to report
 * @round: number of the last dump
 * @waiting: refused for lack of room; @room: number of them that may be retried
 * @full_logged_ms: when lack of room was last logged
 * @batch: flows with a change that has no answer yet; @change: that change; @sending: who executes
 *         them
 */
struct flow_table {
	struct kernel_backend *now, *sending;
	/* May a flow at this endpoint that is not in the table be removed from the kernel? */
	bool (*owns)(void *arg, const struct endpoint *local);
	void *arg;
	struct kmod_flow *all, *queue, *news, *waiting;
	size_t n_installed, room;
	int64_t full_logged_ms;
	uint32_t round;
	struct kmod_flow *batch[KERNEL_BATCH];
	struct kernel_change change[KERNEL_BATCH];
	uint32_t batch_len;
};

/**
 * struct kmod_flow - a flow that is required, or was
 * @at: the backend that holds it; NULL: none
 * @left: the backend that held it before, and still has to remove it; NULL: none
 * @past: sums of ended flows at this endpoint; @last: of the one in the kernel, as last read
 * @final: the state reported at its removal; owned; NULL: not removed, or out of memory
 * @refusal: the kernel's error text, if @refused; owned; NULL: out of memory
 * @seen_ms: clock_ms() of its last packet, as last reported
 * @news: bits of enum kmod_event, to report
 * @round: of the last dump that it was in
 * @stale: what the kernel holds is not what is required
 * @fresh: the flow in the kernel at this endpoint belongs to another owner
 * @forgotten: the handle has ended, the removal from the kernel is not sent yet
 * @impossible: @refused, since the backend can never forward it
 * @retried: was refused for lack of room, and is being retried
 */
struct kmod_flow {
	UT_hash_handle hh;
	struct flow_table *table;
	struct kmod_flow *prev, *next;		 /* in table.queue, while @queued */
	struct kmod_flow *news_prev, *news_next; /* in table.news, while @news */
	struct kmod_flow *wait_prev, *wait_next; /* in table.waiting, while @waiting */
	struct flow_spec spec;
	struct flow_sums past, last;
	struct kernel_backend *at, *left;
	void *owner;
	struct flow_state *final;
	char *refusal;
	int64_t came_ms, seen_ms;
	uint32_t round;
	uint8_t news;
	bool wanted, stale, queued, silent, fresh, forgotten, answered, refused, impossible,
		waiting, retried;
};

struct kmod_flow *flow_find(const struct flow_table *table, const struct endpoint *local);

/* Adds the flow to the queue of changes to send; removes it. */
void flow_enqueue(struct kmod_flow *flow);
void flow_dequeue(struct kmod_flow *flow);

/* Adds an event for its owner, to be sent after the current operation. */
void flow_add_news(struct kmod_flow *flow, enum kmod_event event);
void flow_drop_news(struct kmod_flow *flow);

void flow_leave_waiting(struct kmod_flow *flow);
void flow_clear_refusal(struct kmod_flow *flow);

/* Neither required nor in the kernel yet. NULL: out of memory. */
struct kmod_flow *flow_new(struct flow_table *table, const struct flow_spec *spec);
void flow_free(struct kmod_flow *flow);

/* The flow is held by this backend from now on; one that held it before has to remove it. */
void flow_came(struct kmod_flow *flow, struct kernel_backend *backend);
/* The flow is not in the kernel any more; its last reported counters are final. */
void flow_went(struct kmod_flow *flow);
/*
 * The same, but the time of its last packet is not known: now is assumed, so that no call times out
 * early.
 */
void flow_vanished(struct kmod_flow *flow);
/* A backend that is not the one that holds it has one, too, and has to remove it. */
void flow_came_before(struct kmod_flow *flow, struct kernel_backend *backend);
/* The backend that held it before does not hold it any more. */
void flow_moved(struct kmod_flow *flow);

/* Convert ages that the kernel just reported to times of the daemon's clocks. */
void flow_set_seen(struct kmod_flow *flow, const struct flow_state *state);
void flow_set_rtcp_time(struct flow_state *state);

#endif
