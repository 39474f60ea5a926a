/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.c - one flow, for its owner: drop, forget, state and counters
 */
#include "kernel/flow.h"
#include "kernel/state.h"

void kmod_drop(struct kmod_flow *flow)
{
	if (!flow->wanted)
		return;
	flow->wanted = false;
	flow_clear_refusal(flow);
	if (flow->at || flow->left)
		flow_enqueue(flow);
	else
		flow_dequeue(flow);
}

void kmod_forget(struct kmod_flow *flow)
{
	if (!flow)
		return;
	kmod_drop(flow);
	flow_drop_news(flow);
	flow->owner = NULL;
	if (flow->at || flow->left)
		flow->forgotten = true;
	else
		flow_free(flow);
}

void *kmod_flow_owner(const struct kmod_flow *flow)
{
	return flow->owner;
}

const struct flow_spec *kmod_flow_spec(const struct kmod_flow *flow)
{
	return &flow->spec;
}

bool kmod_flow_installed(const struct kmod_flow *flow)
{
	return flow->at && flow->wanted && !flow->fresh;
}

const char *kmod_flow_path(const struct kmod_flow *flow)
{
	return kmod_flow_installed(flow) ? flow->at->path : "user";
}

const char *kmod_flow_refusal(const struct kmod_flow *flow)
{
	if (!flow->refused)
		return NULL;
	return flow->refusal ? flow->refusal : "refused by the kernel";
}

bool kmod_flow_impossible(const struct kmod_flow *flow)
{
	return flow->refused && flow->impossible;
}

int64_t kmod_flow_seen_ms(const struct kmod_flow *flow)
{
	return flow->seen_ms;
}

bool kmod_flow_idle(const struct kmod_flow *flow)
{
	return kmod_flow_installed(flow) && flow->silent;
}

/* Over less than a second it says little. */
uint32_t kmod_flow_rate(const struct kmod_flow *flow)
{
	int64_t span_ms = flow->seen_ms - flow->came_ms;
	uint64_t packets = flow->last.packets;

	if (!flow->at || span_ms < 1000 || packets > UINT32_MAX)
		return 0;
	return (uint32_t)(packets * 1000 / (uint64_t)span_ms);
}

int64_t kmod_flow_last_in_ms(const struct kmod_flow *flow, int64_t now_ms)
{
	return kmod_flow_installed(flow) && !flow->silent ? now_ms : flow->seen_ms;
}

void kmod_flow_sums(const struct kmod_flow *flow, struct flow_sums *sums)
{
	*sums = flow->past;
	flow_sums_add(sums, &flow->last);
}

const struct flow_state *kmod_flow_final(const struct kmod_flow *flow)
{
	return flow->final;
}
