/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * none.c - map.h and attach.h of a daemon that was built without clang or libbpf
 */
#ifndef RTPRELAY_HAS_BPF

#include <errno.h>
#include <stdio.h>

#include "bpf/attach.h"
#include "bpf/map.h"

const char *flow_map_missing(void)
{
	return "this rtprelayd was built without clang or libbpf";
}

int flow_map_open(const struct map_conf *conf, struct flow_map **map, char *why)
{
	(void)conf;
	*map = NULL;
	snprintf(why, FLOW_MAP_WHY, "%s", flow_map_missing());
	return -ENOSYS;
}

/* Without a flow_map none of the others is called. */
void flow_map_close(struct flow_map *map, bool unpin)
{
	(void)map;
	(void)unpin;
}

bool flow_map_pinned(const struct flow_map *map)
{
	(void)map;
	return false;
}

int flow_map_program(const struct flow_map *map)
{
	(void)map;
	return -1;
}

uint32_t flow_map_count(const struct flow_map *map)
{
	(void)map;
	return 0;
}

int flow_map_set(struct flow_map *map, const struct map_flow *flow, bool carry,
		 struct map_state *old, bool *replaced)
{
	(void)map;
	(void)flow;
	(void)carry;
	(void)old;
	(void)replaced;
	return -ENOSYS;
}

int flow_map_delete(struct flow_map *map, const struct endpoint *local, struct map_state *state)
{
	(void)map;
	(void)local;
	(void)state;
	return -ENOSYS;
}

int flow_map_read(struct flow_map *map, const struct endpoint *local, struct map_state *state)
{
	(void)map;
	(void)local;
	(void)state;
	return -ENOSYS;
}

int flow_map_read_some(struct flow_map *map, uint32_t *first, map_found_fn *found, void *arg)
{
	(void)map;
	(void)first;
	(void)found;
	(void)arg;
	return -ENOSYS;
}

int flow_map_read_all(struct flow_map *map, map_found_fn *found, void *arg)
{
	(void)map;
	(void)found;
	(void)arg;
	return -ENOSYS;
}

int flow_map_totals(struct flow_map *map, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	(void)map;
	(void)counters;
	return -ENOSYS;
}

int flow_map_news_fd(const struct flow_map *map)
{
	(void)map;
	return -1;
}

void flow_map_dispatch(struct flow_map *map)
{
	(void)map;
}

void flow_map_scan(struct flow_map *map, uint32_t most)
{
	(void)map;
	(void)most;
}

bool flow_map_is_ethernet(const char *device)
{
	(void)device;
	return false;
}

int flow_map_attach(struct flow_map *map, int ifindex, char *why)
{
	(void)map;
	(void)ifindex;
	snprintf(why, FLOW_MAP_WHY, "%s", flow_map_missing());
	return -ENOSYS;
}

int flow_map_attached(const struct flow_map *map, int ifindex)
{
	(void)map;
	(void)ifindex;
	return 0;
}

int flow_map_detach(struct flow_map *map, int ifindex)
{
	(void)map;
	(void)ifindex;
	return 0;
}

#endif
