/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send.c - sends the queued changes to the backends in batches and takes their answers
 */
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "kernel/send.h"

#define FULL_LOG_MS 60000 /* between two log lines */

/*
 * table->room is the retry budget for waiting flows: +1 per flow that ended, +2 per retry that
 * succeeded, 0 on refusal. So waiting flows use all room that becomes free, without many useless
 * requests.
 */
static void wait_for_room(struct kmod_flow *flow, const char *why)
{
	struct flow_table *table = flow->table;
	int64_t now_ms = clock_ms();

	if (!table->full_logged_ms || now_ms - table->full_logged_ms >= FULL_LOG_MS) {
		log_warn(
			"%s has no room for more flows: %s: further media is relayed in user space",
			flow->table->now->name, why);
		table->full_logged_ms = now_ms;
	}
	flow->waiting = true;
	DL_APPEND2(table->waiting, flow, wait_prev, wait_next);
	table->room = 0;
}

static void try_again(struct flow_table *table)
{
	for (int i = 0; i < KERNEL_BATCH && table->room && table->waiting; i++) {
		struct kmod_flow *flow = table->waiting;

		table->room--;
		flow_leave_waiting(flow);
		flow->refused = false; /* @refusal stays, to compare it with the next one */
		flow->retried = true;
		flow_enqueue(flow);
	}
}

static void refused(struct kmod_flow *flow, int error, const char *text)
{
	const char *why = *text ? text : strerror(-error);
	bool reported = flow->retried && flow->refusal && !strcmp(flow->refusal, why);

	log_debug("%s refused a flow: %s", flow->table->now->name, why);
	flow_clear_refusal(flow);
	flow->refused = true;
	flow->impossible = error == -EOPNOTSUPP;
	flow->refusal = strdup(why);
	if (error == -ENOSPC || error == -ENOMEM)
		wait_for_room(flow, why);
	if (error == -ENOENT)
		flow->table->now->lost = true; /* the family is gone */
	if (flow->at)
		flow_enqueue(flow); /* remove the old flow: it is outdated */
	if (!reported)
		flow_add_news(flow, KMOD_CHANGED);
}

void flow_withdrawn(struct kmod_flow *flow, int error, const char *why)
{
	if (flow->wanted)
		refused(flow, error, why);
}

static void ended(struct kmod_flow *flow, int error, const char *text)
{
	if (error && error != -ENOENT)
		log_warn("%s did not remove a flow: %s; see rtprelayctl kernel",
			 flow->table->sending->name, *text ? text : strerror(-error));
	if (flow->table->sending == flow->at) {
		flow->table->room += !error;
		flow_went(flow);
	} else {
		flow_moved(flow);
	}
}

/* The last change for the flow was executed or refused. */
static void change_done(void *arg, uint32_t at, int error, const char *text)
{
	struct flow_table *table = arg;
	struct kmod_flow *flow = table->batch[at];

	if (flow->answered)
		return;
	flow->answered = true;
	if (!table->change[at].set) {
		ended(flow, error, text);
	} else if (error) {
		refused(flow, error, text);
	} else {
		table->room += flow->retried ? 2 : 0;
		flow_clear_refusal(flow);
		flow->fresh = flow->stale = false;
		flow_came(flow, table->sending);
	}
}

static void keep_final(struct kmod_flow *flow, const struct flow_state *state)
{
	if (flow->wanted || flow->forgotten)
		return;
	if (!flow->final)
		flow->final = malloc(sizeof(*flow->final));
	if (!flow->final)
		return;
	*flow->final = *state;
	flow_set_rtcp_time(flow->final);
}

/* The final state of the flow that was there. */
static void take_final(void *arg, uint32_t at, const struct flow_state *state)
{
	struct flow_table *table = arg;
	struct kmod_flow *flow = table->batch[at];

	memset(&flow->last, 0, sizeof(flow->last));
	if (flow->fresh)
		return;
	flow_sums_add(&flow->past, &state->sums);
	flow_set_seen(flow, state);
	if (table->sending == flow->at)
		keep_final(flow, state);
}

/*
 * The next change that the flow needs, and who executes it. Another backend removes it only when
 * the new one has it, so that no packet is missed. NULL: it needs none.
 */
static struct kernel_backend *next_change(const struct kmod_flow *flow,
					  struct kernel_change *change)
{
	struct kernel_backend *now = flow->table->now;

	*change = (struct kernel_change){ .spec = &flow->spec };
	if (flow->wanted && !flow->refused && now && (flow->stale || flow->at != now)) {
		change->set = true;
		change->carry = flow->at == now && !flow->fresh;
		return now;
	}
	if (flow->at && (!flow->wanted || flow->refused))
		return flow->at;
	return flow->left;
}

/* Takes changes for one backend, those of the first flows of the queue. */
static void fill_batch(struct flow_table *table)
{
	table->sending = NULL;
	table->batch_len = 0;
	while (table->queue && table->batch_len < KERNEL_BATCH) {
		struct kmod_flow *flow = table->queue;
		struct kernel_backend *to = next_change(flow, &table->change[table->batch_len]);

		if (to && table->sending && to != table->sending)
			break;
		flow_dequeue(flow);
		if (!to)
			continue;
		table->sending = to;
		flow->answered = false;
		table->batch[table->batch_len++] = flow;
	}
}

static void flush_batch(struct flow_table *table)
{
	static const struct kernel_answers answers = { take_final, change_done };
	struct kernel_change next;

	fill_batch(table);
	if (table->batch_len)
		table->sending->ops->change(table->sending, table->change, table->batch_len,
					    &answers, table);
	for (uint32_t i = 0; i < table->batch_len; i++) {
		struct kmod_flow *flow = table->batch[i];

		if (flow->forgotten && !flow->at && !flow->left)
			flow_free(flow);
		else if (!flow->answered || next_change(flow, &next))
			flow_enqueue(flow); /* sending a request twice is harmless */
	}
}

bool flow_table_busy(const struct flow_table *table)
{
	return table->queue || (table->room && table->waiting);
}

void flow_table_flush(struct flow_table *table)
{
	while (flow_table_busy(table) && !(table->now && table->now->lost) &&
	       !(table->sending && table->sending->lost)) {
		try_again(table);
		flush_batch(table);
	}
}
