/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * map.h - flows in the kernel by a BPF program at tc ingress: load, set, delete
 *
 * Knows flows and devices, no calls. The program forwards on the devices that it is attached to
 * (bpf/attach.h). Control thread only; no function waits for a packet.
 */
#ifndef RTPRELAY_BPF_MAP_H
#define RTPRELAY_BPF_MAP_H

#include "bpf/flow.h"
#include "bpf/news.h"
#include "bpf/read.h"

/* Was the daemon built with the program and libbpf? NULL: yes; else why not */
const char *flow_map_missing(void);

/**
 * flow_map_open() - loads the program, with the maps of an earlier daemon if they are pinned
 * @why: gets the reason in words, FLOW_MAP_WHY bytes: also of success with a drawback
 * Return: 0; -ENOSYS: not built; -EPERM: no rights; -EOPNOTSUPP: the kernel has not what it needs;
 * -ENOMEM; other -errno
 */
int flow_map_open(const struct map_conf *conf, struct flow_map **map, char *why);
/*
 * NULL is allowed. Attached programs go on with their flows until they are detached; so detach
 * them first, unless the flows are to go on. @unpin: the next daemon does not find the flows.
 */
void flow_map_close(struct flow_map *map, bool unpin);

/* Are the flows found again after a kill? */
bool flow_map_pinned(const struct flow_map *map);
/* Descriptor of the program, for bpf/attach.h */
int flow_map_program(const struct flow_map *map);
/* Number of flows. */
uint32_t flow_map_count(const struct flow_map *map);

/**
 * flow_map_set() - makes or replaces a flow, atomically
 * @carry: the flow in its place is of the same stream: its counters go on
 * @old: NULL is allowed; gets the final state of the flow that was there, unless @carry
 * @replaced: NULL is allowed; was there one?
 * Return: 0; -EINVAL; -ENOSPC: the limit is reached; -EAGAIN: too many changes in one second, try
 * again later; other -errno
 */
int flow_map_set(struct flow_map *map, const struct map_flow *flow, bool carry,
		 struct map_state *old, bool *replaced);
/* @state: NULL is allowed; gets the final state. -ENOENT: there is no such flow */
int flow_map_delete(struct flow_map *map, const struct endpoint *local, struct map_state *state);
#endif
