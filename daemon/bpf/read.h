/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read.h - the counters of flows, many in one system call
 */
#ifndef RTPRELAY_BPF_READ_H
#define RTPRELAY_BPF_READ_H

#include "bpf/flow.h"

/* With the last RTCP packet. -ENOENT: there is no such flow */
int flow_map_read(struct flow_map *map, const struct endpoint *local, struct map_state *state);
/* All flows, without their RTCP packets; few system calls for many flows. 0; -errno */
int flow_map_read_all(struct flow_map *map, map_found_fn *found, void *arg);
/*
 * The next ones, at most FLOW_MAP_BATCH: begins at @first, 0, and sets it to where to go on. A flow
 * that changes meanwhile may be missing. 1: there are more; 0; -errno
 */
int flow_map_read_some(struct flow_map *map, uint32_t *first, map_found_fn *found, void *arg);
/* Counters of all flows, also ended ones: enum rtprelay_counter. 0; -errno */
int flow_map_totals(struct flow_map *map, uint64_t counters[RTPRELAY_C_MAX + 1]);

/* For the files of bpf/. @number: of the flow's counters. 0; -errno */
int flow_map_read_state(struct flow_map *map, uint32_t number, bool rtcp, struct map_state *state);
/*
 * Reads the states from @first on into map->batch, at most FLOW_MAP_BATCH and at most @most.
 * Return: their number; 0: there are no more; -errno
 */
int read_batch(struct flow_map *map, uint32_t first, uint32_t most);

#endif
