/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - reads flows from the kernel: single ones, and all of them, to compare with the table */
#include "kernel/flow.h"
#include "kernel/read.h"
#include "kernel/state.h"

/* Flows of one backend that are read at once. @at: the index in @flows that a reading is for. */
struct reading {
	struct kernel_backend *backend;
	struct kmod_flow *const *flows;
	struct flow_state *states;
	uint32_t count;
	uint8_t at[KERNEL_BATCH];
};

static void take_state(void *arg, uint32_t i, const struct flow_state *told)
{
	struct reading *r = arg;
	struct flow_state *state = &r->states[r->at[i]];
	struct kmod_flow *flow = r->flows[r->at[i]];

	*state = *told;
	flow_set_rtcp_time(state);
	flow->last = state->sums;
	flow_set_seen(flow, state);
}

static void reading_done(void *arg, uint32_t i, int error, const char *text)
{
	struct reading *r = arg;

	(void)i;
	(void)text;
	if (error)
		r->backend->lost = true; /* the kernel should have the flow */
}

/* Of a flow on its way to another backend, the counters of both are known when it is there. */
static bool is_readable(const struct kmod_flow *flow)
{
	return flow->at && flow->at->there && !flow->fresh && !flow->left;
}

static void read_batch(struct kernel_backend *backend, struct kmod_flow *const flows[], size_t n,
		       struct flow_state states[])
{
	static const struct kernel_answers answers = { take_state, reading_done };
	struct reading r = { .backend = backend, .flows = flows, .states = states };
	const struct flow_spec *specs[KERNEL_BATCH];

	for (size_t i = 0; i < n; i++) {
		if (flows[i]->at != backend || !is_readable(flows[i]))
			continue;
		specs[r.count] = &flows[i]->spec;
		r.at[r.count++] = (uint8_t)i;
	}
	backend->ops->read(backend, specs, r.count, &answers, &r);
}

/* Flows of another backend than the first one's are few: those on their way. */
static void read_some(struct kmod_flow *const flows[], size_t n, struct flow_state states[])
{
	const struct kernel_backend *done[KERNEL_BACKENDS];
	size_t n_done = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		if (!is_readable(flows[i]))
			continue;
		while (at < n_done && done[at] != flows[i]->at)
			at++;
		if (at < n_done)
			continue;
		done[n_done++] = flows[i]->at;
		read_batch(flows[i]->at, flows, n, states);
	}
}

void kmod_flows_read(struct kmod_flow *const flows[], size_t n, struct flow_state states[])
{
	memset(states, 0, n * sizeof(*states));
	for (size_t i = 0; i < n; i++)
		states[i].seen_ago_ms = states[i].rtcp_ago_us = -1;
	for (size_t i = 0; i < n; i += KERNEL_BATCH)
		read_some(flows + i, n - i < KERNEL_BATCH ? n - i : KERNEL_BATCH, states + i);
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

/* Removes a flow that the backend holds but that is not in the table. */
static void clean_up(struct flow_table *table, struct kernel_backend *backend,
		     const struct endpoint *local)
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
	flow_came(flow, backend);
	flow_enqueue(flow);
}

/* @flow, required or not, is held by the backend, set with the cookie in @m. */
static void found(struct kmod_flow *flow, struct kernel_backend *backend,
		  const struct kmod_message *m)
{
	if (!flow->at)
		flow->fresh =
			!m->has_cookie || memcmp(m->cookie, flow->spec.cookie, FLOW_COOKIE) != 0;
	flow_came(flow, backend);
	if (!flow->fresh) {
		flow->last = m->state.sums;
		compare_silence(flow, &m->state);
	}
	flow->stale |= flow->fresh;
	if (!flow->wanted || flow->fresh)
		flow_enqueue(flow);
}

static void take_found(void *arg, struct kernel_backend *backend, const struct kmod_message *m)
{
	struct flow_table *table = arg;
	struct kmod_flow *flow = flow_find(table, &m->local);

	if (!flow) {
		clean_up(table, backend, &m->local);
		return;
	}
	flow->round = table->round;
	if (flow->at && flow->at != backend) {
		flow_came_before(flow, backend);
		return;
	}
	found(flow, backend, m);
}

static void find_missing(struct flow_table *table, const struct kernel_backend *backend)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		if (flow->round == table->round)
			continue;
		if (flow->left == backend)
			flow_moved(flow);
		if (flow->at != backend)
			continue;
		flow_vanished(flow);
		if (flow->wanted)
			flow_enqueue(flow);
		else if (flow->forgotten && !flow->left)
			flow_free(flow);
	}
}

int flow_table_compare(struct flow_table *table, struct kernel_backend *backend)
{
	int error;

	table->round++;
	error = backend->ops->dump(backend, take_found, table);
	if (!error)
		find_missing(table, backend);
	return error;
}
