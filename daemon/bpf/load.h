/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - the program's bytes into the kernel, with the maps of an earlier daemon where it has
 * left them
 */
#ifndef RTPRELAY_BPF_LOAD_H
#define RTPRELAY_BPF_LOAD_H

#include "bpf/flow.h"

struct bpf_object;

/* How many entries the maps have for so many flows. */
static inline uint32_t bpf_n_confs(uint32_t limit)
{
	return 2 * limit + 64; /* all flows may change at once, as routes do */
}

static inline uint32_t bpf_n_states(uint32_t limit)
{
	return limit + limit / 4 + 64;
}

/**
 * bpf_load() - load it; pinned maps of the same layout are used again
 * @limit: gets that of pinned maps with flows, instead
 * @lock: gets that of the pins; -1: none; also if it fails
 * @why: FLOW_MAP_WHY bytes
 * Return: 0; -errno as flow_map_open()
 */
int bpf_load(const struct map_conf *conf, struct bpf_object **object, uint32_t *limit, bool *pinned,
	     int *lock, char *why);

#endif
