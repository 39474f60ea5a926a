/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef RTPRELAY_HAS_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "bpf/conf.h"
#include "bpf/load.h"
#include "bpf/map.h"
#include "bpf/pins.h"
#include "bpf/state.h"

const char *flow_map_missing(void)
{
	return NULL;
}

static int map_fd(struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static int get_descriptors(struct flow_map *map)
{
	struct bpf_program *program = bpf_object__find_program_by_name(map->object, "rtprelay");
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	map->program = program ? bpf_program__fd(program) : -1;
	map->slots4 = map_fd(map->object, "slots4");
	map->slots6 = map_fd(map->object, "slots6");
	map->states = map_fd(map->object, "states");
	map->rtcps = map_fd(map->object, "rtcps");
	map->totals = map_fd(map->object, "totals");
	if (map->program < 0)
		return -EINVAL;
	if (bpf_obj_get_info_by_fd(map->program, &info, &len))
		return -errno;
	map->program_id = info.id;
	return 0;
}

/* The kernel rounds the length up to whole pages. */
static int map_confs(struct flow_map *map)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *at;

	map->confs_len = (map->n_confs * sizeof(struct bpf_conf) + page - 1) / page * page;
	at = mmap(NULL, map->confs_len, PROT_READ | PROT_WRITE, MAP_SHARED,
		  map_fd(map->object, "confs"), 0);
	if (at == MAP_FAILED)
		return -errno;
	map->confs = at;
	return 0;
}

static int make_tables(struct flow_map *map)
{
	map->conf_of = calloc(map->n_states, sizeof(*map->conf_of));
	map->silent = calloc(map->n_states, sizeof(*map->silent));
	map->batch = calloc(FLOW_MAP_BATCH, sizeof(*map->batch));
	map->batch_keys = calloc(FLOW_MAP_BATCH, sizeof(*map->batch_keys));
	if (!map->conf_of || !map->silent || !map->batch || !map->batch_keys ||
	    !numbers_init(&map->conf_numbers, map->n_confs) ||
	    !numbers_init(&map->state_numbers, map->n_states))
		return -ENOMEM;
	return 0;
}

/* Reads which flows an earlier daemon has left. */
static bool adopt_slots(struct flow_map *map, int slots, bool *confs, bool *states)
{
	struct bpf_key_ipv6 key, next;
	const void *last = NULL;
	struct bpf_slot slot;

	memset(&next, 0, sizeof(next));
	while (!bpf_map_get_next_key(slots, last, &next)) {
		key = next;
		last = &key;
		if (bpf_map_lookup_elem(slots, &key, &slot))
			continue;
		if (slot.conf >= map->n_confs || slot.state >= map->n_states ||
		    map->conf_of[slot.state])
			return false;
		confs[slot.conf] = true;
		states[slot.state] = true;
		map->conf_of[slot.state] = slot.conf + 1;
		map->count++;
	}
	return true;
}

static int adopt(struct flow_map *map)
{
	bool *confs = calloc(map->n_confs, sizeof(*confs));
	bool *states = calloc(map->n_states, sizeof(*states));
	int error = confs && states ? 0 : -ENOMEM;

	if (!error && (!adopt_slots(map, map->slots4, confs, states) ||
		       !adopt_slots(map, map->slots6, confs, states)))
		error = -EBADMSG;
	if (!error) {
		numbers_adopt(&map->conf_numbers, clock_ms(), confs);
		numbers_adopt(&map->state_numbers, clock_ms(), states);
	}
	free(confs);
	free(states);
	return error;
}

static int open_maps(struct flow_map *map)
{
	int error = get_descriptors(map);

	map->n_confs = bpf_n_confs(map->limit);
	map->n_states = bpf_n_states(map->limit);
	if (!error)
		error = make_tables(map);
	if (!error)
		error = map_confs(map);
	if (!error)
		error = adopt(map);
	if (!error)
		error = news_open(map);
	return error;
}

int flow_map_open(const struct map_conf *conf, struct flow_map **map, char *why)
{
	struct flow_map *new = calloc(1, sizeof(*new));
	bool pinned = false;
	int error;

	*why = '\0';
	*map = NULL;
	if (!new)
		return -ENOMEM;
	new->lock = -1;
	new->event = conf->event;
	new->arg = conf->arg;
	new->clsacts = conf->clsacts;
	new->handle = conf->handle ? conf->handle : FLOW_MAP_HANDLE;
	error = conf->limit && conf->limit <= FLOW_MAP_LIMIT_MAX
			? bpf_load(conf, &new->object, &new->limit, &pinned, &new->lock, why)
			: -EINVAL;
	if (!error && pinned && !(new->pin = strdup(conf->pin)))
		error = -ENOMEM;
	if (!error)
		error = open_maps(new);
	if (error) {
		if (new->object || !*why)
			snprintf(why, FLOW_MAP_WHY, "the maps cannot be used: %s",
				 strerror(-error));
		flow_map_close(new, error == -EBADMSG);
		return error;
	}
	*map = new;
	return 0;
}

void flow_map_close(struct flow_map *map, bool unpin)
{
	if (!map)
		return;
	news_close(map);
	if (map->confs)
		munmap(map->confs, map->confs_len);
	if (map->object)
		bpf_object__close(map->object);
	if (unpin && map->pin)
		bpf_unpin(map->pin);
	if (map->lock >= 0)
		close(map->lock);
	numbers_fini(&map->conf_numbers);
	numbers_fini(&map->state_numbers);
	free(map->conf_of);
	free(map->silent);
	free(map->batch);
	free(map->batch_keys);
	free(map->pin);
	free(map);
}

bool flow_map_pinned(const struct flow_map *map)
{
	return map->pin;
}

int flow_map_program(const struct flow_map *map)
{
	return map->program;
}

uint32_t flow_map_count(const struct flow_map *map)
{
	return map->count;
}

/*
 * If all free numbers were given back just now, waits until each processor has left the program:
 * some milliseconds. Return: false, there is none
 */
static bool take_number(struct numbers *numbers, uint32_t *number)
{
	if (numbers_take(numbers, clock_ms(), number))
		return true;
	if (!numbers->count || syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return false;
	numbers_rested(numbers);
	return numbers_take(numbers, clock_ms(), number);
}

static int clear_state(struct flow_map *map, uint32_t number, uint8_t kind)
{
	struct bpf_state state = { .seen_ns = (uint64_t)clock_us() * 1000 };
	struct bpf_rtcp rtcp;

	if (bpf_map_update_elem(map->states, &number, &state, BPF_ANY))
		return -errno;
	if (kind != RTPRELAY_KIND_RTCP && kind != RTPRELAY_KIND_MUX)
		return 0;
	memset(&rtcp, 0, sizeof(rtcp));
	return bpf_map_update_elem(map->rtcps, &number, &rtcp, BPF_ANY) ? -errno : 0;
}

/* Numbers for the new flow. @state: of the flow that it continues, or UINT32_MAX */
static int take_slot(struct flow_map *map, uint8_t kind, uint32_t state, struct bpf_slot *slot)
{
	int error;

	if (!take_number(&map->conf_numbers, &slot->conf))
		return -EAGAIN;
	slot->state = state;
	if (state != UINT32_MAX)
		return 0;
	if (!take_number(&map->state_numbers, &slot->state)) {
		numbers_give(&map->conf_numbers, clock_ms(), slot->conf);
		return -EAGAIN;
	}
	error = clear_state(map, slot->state, kind);
	if (error) {
		numbers_give(&map->conf_numbers, clock_ms(), slot->conf);
		numbers_give(&map->state_numbers, clock_ms(), slot->state);
	}
	return error;
}

/* Settings, and counters unless @carried, are not used by packets from now on. */
static void give_slot(struct flow_map *map, const struct bpf_slot *slot, bool carried)
{
	numbers_give(&map->conf_numbers, clock_ms(), slot->conf);
	if (carried)
		return;
	map->conf_of[slot->state] = 0;
	map->silent[slot->state] = false;
	numbers_give(&map->state_numbers, clock_ms(), slot->state);
}

int flow_map_set(struct flow_map *map, const struct map_flow *flow, bool carry,
		 struct map_state *old, bool *replaced)
{
	struct bpf_slot was = { 0 }, slot;
	struct bpf_key_ipv6 key;
	uint32_t generation = 0;
	bool there;
	int slots, error;

	if (!bpf_conf_valid(flow))
		return -EINVAL;
	slots = flow_map_slots(map, &flow->local, &key);
	there = !bpf_map_lookup_elem(slots, &key, &was);
	if (!there && map->count >= map->limit)
		return -ENOSPC;
	if (there && carry)
		generation = map->confs[was.conf].generation + 1;
	error = take_slot(map, flow->kind, there && carry ? was.state : UINT32_MAX, &slot);
	if (error)
		return error;
	bpf_conf_make(flow, &map->confs[slot.conf]);
	map->confs[slot.conf].generation = generation;
	if (bpf_map_update_elem(slots, &key, &slot, BPF_ANY)) {
		error = -errno;
		give_slot(map, &slot, there && carry);
		return error;
	}
	map->conf_of[slot.state] = slot.conf + 1;
	map->count += !there;
	if (there && !carry && old)
		flow_map_read_state(map, was.state, true, old);
	if (there)
		give_slot(map, &was, carry);
	if (replaced)
		*replaced = there;
	return 0;
}

int flow_map_delete(struct flow_map *map, const struct endpoint *local, struct map_state *state)
{
	struct bpf_slot slot;
	struct bpf_key_ipv6 key;
	int error = flow_map_find(map, local, &slot);
	int slots = flow_map_slots(map, local, &key);

	if (error)
		return error;
	if (bpf_map_delete_elem(slots, &key))
		return -errno;
	map->count--;
	if (state)
		flow_map_read_state(map, slot.state, true, state);
	give_slot(map, &slot, false);
	return 0;
}

#endif
