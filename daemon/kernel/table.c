/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - the table of required flows
 *
 * A flow with a change is put in a queue; a flush (kernel/send.c) turns the queue into batches of
 * requests and reads the answers. Events of a flow are collected and sent to its owner after the
 * flush, when the owner may set, drop and forget flows.
 */
#include "kernel/flow.h"
#include "kernel/table.h"

/*
 * A new owner for a flow whose removal is not sent yet: the flow is replaced, and counts from 0.
 */
static void flow_change_owner(struct kmod_flow *flow)
{
	flow->forgotten = false;
	flow->fresh = flow->at;
	flow->seen_ms = 0;
	memset(&flow->past, 0, sizeof(flow->past));
	memset(&flow->last, 0, sizeof(flow->last));
}

struct kmod_flow *flow_table_set(struct flow_table *table, const struct flow_spec *spec,
				 void *owner)
{
	struct kmod_flow *flow;

	flow = flow_find(table, &spec->local);
	if (!flow)
		flow = flow_new(table, spec);
	if (!flow)
		return NULL;
	if (flow->forgotten)
		flow_change_owner(flow);
	else if (flow->wanted && flow->owner == owner && flow_spec_equal(&flow->spec, spec))
		return flow;
	flow->owner = owner;
	flow->spec = *spec;
	flow->wanted = flow->stale = true;
	flow_clear_refusal(flow);
	free(flow->final);
	flow->final = NULL;
	flow_enqueue(flow);
	return flow;
}

/* No backend is left: what is not sent yet will not be. */
static void nowhere(struct kmod_flow *flow)
{
	flow_drop_news(flow);
	flow_dequeue(flow);
	flow_clear_refusal(flow);
	if (flow->at || flow->left)
		flow_enqueue(flow); /* one that was on its way */
}

void flow_table_lost(struct flow_table *table, const struct kernel_backend *backend)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		if (flow->left == backend)
			flow_moved(flow);
		if (flow->at == backend)
			flow_vanished(flow);
		if (!table->now)
			nowhere(flow);
		else if (flow->wanted && !flow->at)
			flow_enqueue(flow);
		if (flow->forgotten && !flow->at && !flow->left)
			flow_free(flow);
	}
}

void flow_table_move(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		bool here = flow->at || flow->left || flow->refused;

		flow_clear_refusal(flow);
		if (here)
			flow_enqueue(flow);
	}
}

void flow_table_retry(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		if (!flow->refused || flow->waiting)
			continue;
		flow->refused = false; /* @refusal stays, to compare it with the next one */
		flow->retried = true;
		flow_enqueue(flow);
	}
}

void flow_table_forget(struct flow_table *table, bool remove)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		flow_drop_news(flow);
		if (remove)
			kmod_forget(flow);
	}
}

void flow_table_free(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		flow_free(flow);
	}
}

struct kmod_flow *flow_table_news(struct flow_table *table, enum kmod_event *event)
{
	struct kmod_flow *flow = table->news;

	if (!flow)
		return NULL;
	*event = (enum kmod_event)__builtin_ctz(flow->news);
	flow->news &= (uint8_t)(flow->news - 1);
	DL_DELETE2(table->news, flow, news_prev, news_next);
	if (flow->news)
		DL_APPEND2(table->news, flow, news_prev, news_next);
	return flow;
}

struct kmod_flow *flow_table_event(struct flow_table *table, const struct kernel_backend *backend,
				   const struct kmod_message *m)
{
	struct kmod_flow *flow = flow_find(table, &m->local);

	/* An event of an earlier flow of another owner at this endpoint is ignored. */
	if (!flow || flow->forgotten || !m->has_cookie ||
	    memcmp(m->cookie, flow->spec.cookie, FLOW_COOKIE) != 0)
		return NULL;
	/*
	 * An offer may have moved the phone while the old flow is still in the kernel: that flow
	 * refuses the new source, and the daemon must know of it.
	 */
	if (m->said == KMOD_SAID_REFUSED)
		return flow;
	if (!kmod_flow_installed(flow) || flow->at != backend)
		return NULL;
	if (m->said == KMOD_SAID_WITHDRAWN)
		return flow;
	flow->silent = m->said == KMOD_SAID_IDLE;
	flow_set_seen(flow, &m->state);
	return flow;
}
