/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the loaded program, for the files of bpf/
 */
#ifndef RTPRELAY_BPF_STATE_H
#define RTPRELAY_BPF_STATE_H

#include "bpf/flow.h"
#include "bpf/numbers.h"

struct bpf_object;
struct ring_buffer;

/**
 * struct flow_map
 * @handle: of the filters
 * @lock: on the pins; -1: none
 * @object: of libbpf; owns the descriptors of the maps
 * @confs: the map of settings, mapped into memory; @confs_len: bytes
 * @limit: most flows; @count: flows
 * @n_confs, @n_states: entries of these maps
 * @conf_numbers, @state_numbers: which are free
 * @conf_of: by number of a state, the number of its settings plus 1; 0: not in use
 * @silent: by number of a state: reported idle
 * @cursor: where the next scan begins
 * @batch: room for a batch of states
 * @clsacts: borrowed
 */
struct flow_map {
	struct bpf_object *object;
	struct ring_buffer *ring;
	map_event_fn *event;
	void *arg;
	char *pin;
	int lock, program, slots4, slots6, states, rtcps, totals;
	uint32_t program_id, handle;
	struct bpf_conf *confs;
	size_t confs_len;
	uint32_t limit, count, n_confs, n_states;
	struct numbers conf_numbers, state_numbers;
	uint32_t *conf_of;
	bool *silent;
	uint32_t cursor;
	struct bpf_state *batch;
	uint32_t *batch_keys;
	struct clsacts *clsacts;
};

#define FLOW_MAP_BATCH 256

/* Of the key's family; @key: gets the key, struct bpf_key_ipv4 or _ipv6. -1: another family */
int flow_map_slots(const struct flow_map *map, const struct endpoint *local,
		   struct bpf_key_ipv6 *key);
/* -ENOENT: there is no such flow */
int flow_map_find(const struct flow_map *map, const struct endpoint *local, struct bpf_slot *slot);

/* The settings that belong to this state. NULL: it is not in use. */
const struct bpf_conf *flow_map_conf(const struct flow_map *map, uint32_t state);

#endif
