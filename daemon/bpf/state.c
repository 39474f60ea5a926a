/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef RTPRELAY_HAS_BPF

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "bpf/conf.h"
#include "bpf/state.h"

int flow_map_slots(const struct flow_map *map, const struct endpoint *local,
		   struct bpf_key_ipv6 *key)
{
	struct bpf_endpoint ep = bpf_endpoint_from(local);
	struct bpf_key_ipv4 key4 = { .addr = ep.addr[3], .port = ep.port };

	*key = (struct bpf_key_ipv6){ .port = ep.port };
	memcpy(key->addr, ep.addr, sizeof(key->addr));
	if (ep.family == AF_INET6)
		return map->slots6;
	if (ep.family != AF_INET)
		return -1;
	memcpy(key, &key4, sizeof(key4));
	return map->slots4;
}

int flow_map_find(const struct flow_map *map, const struct endpoint *local, struct bpf_slot *slot)
{
	struct bpf_key_ipv6 key;
	int slots = flow_map_slots(map, local, &key);

	if (slots < 0)
		return -EINVAL;
	return bpf_map_lookup_elem(slots, &key, slot) ? -errno : 0;
}

const struct bpf_conf *flow_map_conf(const struct flow_map *map, uint32_t state)
{
	if (state >= map->n_states || !map->conf_of[state])
		return NULL;
	return &map->confs[map->conf_of[state] - 1];
}

#endif
