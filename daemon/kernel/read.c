/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - reads flows from the kernel: single ones, and all of them, to compare with the table */
#include "kernel/flow.h"
#include "kernel/read.h"
#include "kernel/state.h"

/* Flows read in one exchange. @at: the index in @flows that a request is for. */
struct reading {
	struct flow_table *table;
	struct kmod_flow *const *flows;
	struct flow_state *states;
	uint32_t seq, count;
	uint8_t at[TALK_BATCH];
};

static void answer_reading(void *arg, const struct kmod_message *m)
{
	struct reading *r = arg;
	uint32_t i = m->seq - r->seq;
	struct flow_state *state;

	if (i >= r->count)
		return;
	if (m->said == KMOD_SAID_ACK && m->error)
		r->table->talk->lost = true; /* the kernel should have the flow */
	if (m->said != KMOD_SAID_FLOW)
		return;
	state = &r->states[r->at[i]];
	*state = m->state;
	flow_set_rtcp_time(state);
	r->flows[r->at[i]]->last = state->sums;
	flow_set_seen(r->flows[r->at[i]], state);
}

/* Only the last request asks for an ack: each one has an answer. */
static size_t put_readings(struct reading *r, size_t n)
{
	struct talk *talk = r->table->talk;
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (r->flows[i]->installed && !r->flows[i]->fresh)
			r->at[r->count++] = (uint8_t)i;
	for (uint32_t i = 0; i < r->count; i++)
		len += kmod_ask_flow(talk->out + len, talk->family.id, r->seq + i,
				     RTPRELAY_CMD_FLOW_GET, &r->flows[r->at[i]]->spec.local,
				     i + 1 == r->count);
	return len;
}

static void read_batch(struct kmod_flow *const flows[], size_t n, struct flow_state states[])
{
	struct talk *talk = flows[0]->table->talk;
	struct reading r = { .table = flows[0]->table, .flows = flows, .states = states };
	size_t len = 0;

	r.seq = talk_next_seq(talk, TALK_BATCH);
	if (talk->family.id)
		len = put_readings(&r, n);
	if (len)
		talk_exchange(talk, len, r.seq + r.count - 1, RTPRELAY_FAMILY, answer_reading, &r);
}

void kmod_flows_read(struct kmod_flow *const flows[], size_t n, struct flow_state states[])
{
	memset(states, 0, n * sizeof(*states));
	for (size_t i = 0; i < n; i++)
		states[i].seen_ago_ms = states[i].rtcp_ago_us = -1;
	for (size_t i = 0; i < n; i += TALK_BATCH)
		read_batch(flows + i, n - i < TALK_BATCH ? n - i : TALK_BATCH, states + i);
	for (size_t i = 0; i < n; i++)
		kmod_flow_sums(flows[i], &states[i].sums);
}

/* --- Comparing -------------------------------------------------------------------------------- */

static void compare_silence(struct kmod_flow *flow, const struct flow_state *state)
{
	flow_set_seen(flow, state);
	if (state->silent != flow->silent)
		flow_add_news(flow, state->silent ? KMOD_IDLE : KMOD_RESUMED);
	flow->silent = state->silent;
}

/* Removes a flow that is in the kernel but not in the table. */
static void clean_up(struct flow_table *table, const struct endpoint *local)
{
	struct flow_spec spec;
	struct kmod_flow *flow;

	if (!table->owns || !table->owns(table->arg, local))
		return; /* the flow of another daemon */
	memset(&spec, 0, sizeof(spec));
	spec.local = flow_endpoint(local);
	flow = flow_new(table, &spec);
	if (!flow)
		return;
	flow->forgotten = true;
	flow->round = table->round;
	flow_came(flow);
	flow_enqueue(flow);
}

/* @flow, required or not, is in the kernel, set with the cookie in @m. */
static void found(struct kmod_flow *flow, const struct kmod_message *m)
{
	if (!flow->installed)
		flow->fresh =
			!m->has_cookie || memcmp(m->cookie, flow->spec.cookie, FLOW_COOKIE) != 0;
	flow_came(flow);
	if (!flow->fresh) {
		flow->last = m->state.sums;
		compare_silence(flow, &m->state);
	}
	if (!flow->wanted || flow->fresh)
		flow_enqueue(flow);
}

/* The context of a dump. */
struct dump {
	struct flow_table *table;
	uint32_t seq;
	int error;
};

static void answer_dump(void *arg, const struct kmod_message *m)
{
	struct dump *dump = arg;
	struct flow_table *table = dump->table;
	struct kmod_flow *flow;

	if (m->seq != dump->seq)
		return;
	if (m->said == KMOD_SAID_ACK || m->said == KMOD_SAID_DONE)
		dump->error = m->error;
	if (m->said != KMOD_SAID_FLOW)
		return;
	flow = flow_find(table, &m->local);
	if (!flow) {
		clean_up(table, &m->local);
		return;
	}
	flow->round = table->round;
	found(flow, m);
}

static void find_missing(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		if (!flow->installed || flow->round == table->round)
			continue;
		flow_vanished(flow);
		if (flow->wanted)
			flow_enqueue(flow);
		else if (flow->forgotten)
			flow_free(flow);
	}
}

int flow_table_compare(struct flow_table *table)
{
	struct talk *talk = table->talk;
	struct dump dump = { .table = table, .seq = talk_next_seq(talk, 1) };
	size_t len = kmod_ask_dump(talk->out, talk->family.id, dump.seq);
	int error;

	table->round++;
	error = talk_exchange(talk, len, dump.seq, RTPRELAY_FAMILY, answer_dump, &dump);
	if (!error)
		error = dump.error;
	if (!error)
		find_missing(table);
	return error;
}
