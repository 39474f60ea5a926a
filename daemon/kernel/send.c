/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send.c - sends the queued changes to the kernel in batches of requests and reads the answers
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
			"kernel module has no room for more flows: %s: further media is relayed in "
			"user space",
			why);
		table->full_logged_ms = now_ms;
	}
	flow->waiting = true;
	DL_APPEND2(table->waiting, flow, wait_prev, wait_next);
	table->room = 0;
}

static void try_again(struct flow_table *table)
{
	for (int i = 0; i < TALK_BATCH && table->room && table->waiting; i++) {
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

	log_debug("kernel module refused a flow: %s", why);
	flow_clear_refusal(flow);
	flow->refused = true;
	flow->refusal = strdup(why);
	if (error == -ENOSPC || error == -ENOMEM)
		wait_for_room(flow, why);
	if (error == -ENOENT)
		flow->table->talk->lost = true; /* the family is gone */
	if (flow->installed)
		flow_enqueue(flow); /* remove the old flow: it is outdated */
	if (!reported)
		flow_add_news(flow, KMOD_CHANGED);
}

static void ended(struct kmod_flow *flow, int error, const char *text)
{
	if (error && error != -ENOENT)
		log_warn("kernel module did not remove a flow: %s; see rtprelayctl kernel",
			 *text ? text : strerror(-error));
	flow->table->room += !error;
	flow_went(flow);
}

/* The last request for @flow was executed or refused. */
static void answered(struct kmod_flow *flow, const struct kmod_message *m)
{
	flow->answered = true;
	if (!flow->wanted || flow->refused) {
		ended(flow, m->error, m->text);
	} else if (m->error) {
		refused(flow, m->error, m->text);
	} else {
		flow->table->room += flow->retried ? 2 : 0;
		flow_clear_refusal(flow);
		flow->fresh = false;
		flow_came(flow);
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

static void answer_batch(void *arg, const struct kmod_message *m)
{
	struct flow_table *table = arg;
	uint32_t at = m->seq - table->batch_seq;
	struct kmod_flow *flow;

	if (at >= table->batch_len)
		return;
	flow = table->batch[at];
	if (m->said == KMOD_SAID_ACK && !flow->answered)
		answered(flow, m);
	if (m->said != KMOD_SAID_FLOW)
		return;
	/* The final state of the flow that was there. */
	memset(&flow->last, 0, sizeof(flow->last));
	if (flow->fresh)
		return;
	flow_sums_add(&flow->past, &m->state.sums);
	flow_set_seen(flow, &m->state);
	keep_final(flow, &m->state);
}

static size_t put_request(struct flow_table *table, struct kmod_flow *flow, void *buf)
{
	uint32_t seq = table->batch_seq + table->batch_len;

	if (flow->wanted && !flow->refused)
		return kmod_ask_add(buf, table->talk->family.id, seq, &flow->spec, &table->domain,
				    table->features, flow->installed && !flow->fresh);
	if (flow->installed)
		return kmod_ask_flow(buf, table->talk->family.id, seq, RTPRELAY_CMD_FLOW_DEL,
				     &flow->spec.local, true);
	return 0;
}

/* Writes requests for the first flows of the queue. */
static size_t fill_batch(struct flow_table *table)
{
	struct talk *talk = table->talk;
	size_t len = 0;

	table->batch_seq = talk_next_seq(talk, TALK_BATCH);
	table->batch_len = 0;
	while (table->queue && table->batch_len < TALK_BATCH) {
		struct kmod_flow *flow = table->queue;
		size_t added = put_request(table, flow, talk->out + len);

		flow_dequeue(flow);
		if (!added)
			continue;
		len += added;
		flow->answered = false;
		table->batch[table->batch_len++] = flow;
	}
	return len;
}

static void flush_batch(struct flow_table *table)
{
	size_t len = fill_batch(table);

	if (len)
		talk_exchange(table->talk, len, table->batch_seq + table->batch_len - 1,
			      RTPRELAY_FAMILY, answer_batch, table);
	for (uint32_t i = 0; i < table->batch_len; i++) {
		struct kmod_flow *flow = table->batch[i];

		if (!flow->answered)
			flow_enqueue(flow); /* sending a request twice is harmless */
		else if (flow->forgotten && !flow->installed)
			flow_free(flow);
	}
}

bool flow_table_busy(const struct flow_table *table)
{
	return table->queue || (table->room && table->waiting);
}

void flow_table_flush(struct flow_table *table)
{
	while (flow_table_busy(table) && !table->talk->lost) {
		try_again(table);
		flush_batch(table);
	}
}
