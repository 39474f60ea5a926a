/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.c - the state of flows: required, in the kernel, queued, with events to report */
#include "base/clock.h"
#include "kernel/state.h"

struct kmod_flow *flow_find(const struct flow_table *table, const struct endpoint *local)
{
	struct endpoint key = flow_endpoint(local);
	struct kmod_flow *flow;

	HASH_FIND(hh, table->all, &key, sizeof(key), flow);
	return flow;
}

void flow_enqueue(struct kmod_flow *flow)
{
	if (flow->queued)
		return;
	flow->queued = true;
	DL_APPEND(flow->table->queue, flow);
}

void flow_dequeue(struct kmod_flow *flow)
{
	if (!flow->queued)
		return;
	flow->queued = false;
	DL_DELETE(flow->table->queue, flow);
}

void flow_add_news(struct kmod_flow *flow, enum kmod_event event)
{
	if (flow->forgotten)
		return;
	if (!flow->news)
		DL_APPEND2(flow->table->news, flow, news_prev, news_next);
	flow->news |= (uint8_t)(1 << event);
}

void flow_drop_news(struct kmod_flow *flow)
{
	if (flow->news)
		DL_DELETE2(flow->table->news, flow, news_prev, news_next);
	flow->news = 0;
}

void flow_leave_waiting(struct kmod_flow *flow)
{
	if (flow->waiting)
		DL_DELETE2(flow->table->waiting, flow, wait_prev, wait_next);
	flow->waiting = false;
}

void flow_clear_refusal(struct kmod_flow *flow)
{
	flow_leave_waiting(flow);
	free(flow->refusal);
	flow->refusal = NULL;
	flow->refused = flow->retried = false;
}

static void flow_hold(struct kmod_flow *flow, struct kernel_backend *backend)
{
	if (flow->at) {
		flow->at->held--;
		flow->table->n_installed--;
	}
	flow->at = backend;
	if (!backend)
		return;
	backend->held++;
	flow->table->n_installed++;
}

static void flow_leave(struct kmod_flow *flow, struct kernel_backend *backend)
{
	if (flow->left)
		flow->left->held--;
	flow->left = backend;
	if (backend)
		backend->held++;
}

void flow_free(struct kmod_flow *flow)
{
	flow_dequeue(flow);
	flow_drop_news(flow);
	flow_clear_refusal(flow);
	free(flow->final);
	flow_hold(flow, NULL);
	flow_leave(flow, NULL);
	HASH_DEL(flow->table->all, flow);
	free(flow);
}

void flow_came(struct kmod_flow *flow, struct kernel_backend *backend)
{
	if (flow->at == backend)
		return;
	if (flow->at)
		flow_leave(flow, flow->at);
	flow_hold(flow, backend);
	flow->silent = false;
	flow->came_ms = clock_ms();
	flow_add_news(flow, KMOD_CHANGED);
}

static void end_sums(struct kmod_flow *flow)
{
	flow_sums_add(&flow->past, &flow->last);
	memset(&flow->last, 0, sizeof(flow->last));
}

void flow_went(struct kmod_flow *flow)
{
	if (!flow->at)
		return;
	end_sums(flow);
	flow->silent = flow->fresh = false;
	flow_hold(flow, NULL);
	flow_add_news(flow, KMOD_CHANGED);
}

void flow_came_before(struct kmod_flow *flow, struct kernel_backend *backend)
{
	flow_leave(flow, backend);
	flow_enqueue(flow);
}

void flow_moved(struct kmod_flow *flow)
{
	if (!flow->left)
		return;
	end_sums(flow);
	flow_leave(flow, NULL);
}

void flow_vanished(struct kmod_flow *flow)
{
	if (flow->at && !flow->silent && !flow->fresh)
		flow->seen_ms = clock_ms();
	flow_went(flow);
}

void flow_set_seen(struct kmod_flow *flow, const struct flow_state *state)
{
	if (state->seen_ago_ms >= 0)
		flow->seen_ms = clock_ms() - state->seen_ago_ms;
}

void flow_set_rtcp_time(struct flow_state *state)
{
	state->rtcp_at_us = state->rtcp_ago_us >= 0 ? clock_us() - state->rtcp_ago_us : 0;
}

struct kmod_flow *flow_new(struct flow_table *table, const struct flow_spec *spec)
{
	struct kmod_flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->table = table;
	flow->spec = *spec;
	HASH_ADD(hh, table->all, spec.local, sizeof(flow->spec.local), flow);
	if (flow->hh.tbl)
		return flow;
	free(flow);
	return NULL;
}
