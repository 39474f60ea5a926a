/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef RTPRELAY_HAS_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/count.h"
#include "bpf/conf.h"
#include "bpf/read.h"
#include "bpf/state.h"

/* Without an RTCP packet. @silent: was the flow reported idle? */
static void bpf_state_read(const struct bpf_state *from, bool silent, struct map_state *state)
{
	memset(state, 0, sizeof(*state));
	memcpy(state->counters, from->left, sizeof(state->counters));
	state->counters[RTPRELAY_C_PACKETS] = from->packets;
	state->counters[RTPRELAY_C_BYTES] = from->bytes;
	state->rtp = from->rtp;
	state->seen_ns = from->heard ? from->seen_ns : 0;
	state->silent = silent;
	state->numbered = from->numbered;
	state->number = from->number;
}

static void read_rtcp(struct flow_map *map, uint32_t number, struct map_state *state)
{
	struct bpf_rtcp rtcp;

	if (bpf_map_lookup_elem_flags(map->rtcps, &number, &rtcp, BPF_F_LOCK) ||
	    rtcp.len > sizeof(state->rtcp))
		return;
	state->rtcp_len = (uint16_t)rtcp.len;
	state->rtcp_ns = rtcp.at_ns;
	memcpy(state->rtcp, rtcp.bytes, rtcp.len);
}

int flow_map_read_state(struct flow_map *map, uint32_t number, bool rtcp, struct map_state *state)
{
	const struct bpf_conf *conf = flow_map_conf(map, number);
	struct bpf_state from;

	if (bpf_map_lookup_elem_flags(map->states, &number, &from, BPF_F_LOCK))
		return -errno;
	bpf_state_read(&from, map->silent[number], state);
	if (rtcp && conf && (conf->kind == RTPRELAY_KIND_RTCP || conf->kind == RTPRELAY_KIND_MUX))
		read_rtcp(map, number, state);
	return 0;
}

int flow_map_read(struct flow_map *map, const struct endpoint *local, struct map_state *state)
{
	struct bpf_slot slot;
	int error = flow_map_find(map, local, &slot);

	return error ? error : flow_map_read_state(map, slot.state, true, state);
}

int read_batch(struct flow_map *map, uint32_t first, uint32_t most)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options, .elem_flags = BPF_F_LOCK);
	uint32_t used = map->state_numbers.used, before = first - 1, next;
	uint32_t count = most < FLOW_MAP_BATCH ? most : FLOW_MAP_BATCH;

	if (first >= used)
		return 0;
	if (count > used - first)
		count = used - first;
	if (bpf_map_lookup_batch(map->states, first ? &before : NULL, &next, map->batch_keys,
				 map->batch, &count, &options) &&
	    errno != ENOENT)
		return -errno;
	return (int)count;
}

/* Those of the batch at map->batch. False: @found stopped it */
static bool found_batch(struct flow_map *map, uint32_t first, int count, map_found_fn *found,
			void *arg)
{
	for (uint32_t i = 0; i < (uint32_t)count; i++) {
		const struct bpf_conf *conf = flow_map_conf(map, first + i);
		struct map_state state;
		struct map_found one = { .state = &state };

		if (!conf)
			continue;
		bpf_conf_read(conf, &one.flow);
		bpf_state_read(&map->batch[i], map->silent[first + i], &state);
		if (!found(arg, &one))
			return false;
	}
	return true;
}

int flow_map_read_all(struct flow_map *map, map_found_fn *found, void *arg)
{
	uint32_t first = 0;
	int count;

	while ((count = read_batch(map, first, FLOW_MAP_BATCH)) > 0) {
		if (!found_batch(map, first, count, found, arg))
			return 0;
		first += (uint32_t)count;
	}
	return count;
}

int flow_map_read_some(struct flow_map *map, uint32_t *first, map_found_fn *found, void *arg)
{
	int count = read_batch(map, *first, FLOW_MAP_BATCH);

	if (count <= 0 || !found_batch(map, *first, count, found, arg))
		return count < 0 ? count : 0;
	*first += (uint32_t)count;
	return 1;
}

int flow_map_totals(struct flow_map *map, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	int cpus = libbpf_num_possible_cpus();
	struct bpf_totals *all = cpus > 0 ? calloc((size_t)cpus, sizeof(*all)) : NULL;
	uint32_t zero = 0;

	if (!all)
		return -ENOMEM;
	memset(counters, 0, sizeof(all->c));
	if (bpf_map_lookup_elem(map->totals, &zero, all)) {
		free(all);
		return -errno;
	}
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < COUNT(all->c); i++)
			counters[i] += all[cpu].c[i];
	free(all);
	return 0;
}

#endif
