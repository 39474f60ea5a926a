/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef RTPRELAY_HAS_BPF

#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpf/attach.h"
#include "bpf/clsact.h"
#include "bpf/filters.h"
#include "bpf/state.h"

bool flow_map_is_ethernet(const char *device)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is;

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	is = !ioctl(fd, SIOCGIFHWADDR, &request) && request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	close(fd);
	return is;
}

static bool is_ethernet(int ifindex)
{
	char name[IF_NAMESIZE];

	return if_indextoname((unsigned int)ifindex, name) && flow_map_is_ethernet(name);
}

/* What has the place. @program_id: 0: nothing. 0; -errno */
static int query(const struct flow_map *map, int ifindex, uint32_t *program_id)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = map->handle, .priority = FLOW_MAP_PRIORITY);
	int error = bpf_tc_query(&hook, &options);

	*program_id = error ? 0 : options.prog_id;
	return error == -ENOENT || error == -EINVAL ? 0 : error;
}

static int fail(int error, char *why, const char *what)
{
	snprintf(why, FLOW_MAP_WHY, "%s: %s", what, strerror(-error));
	return error;
}

int flow_map_attach(struct flow_map *map, int ifindex, char *why)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = map->handle, .priority = FLOW_MAP_PRIORITY,
		    .prog_fd = map->program, .flags = BPF_TC_F_REPLACE);
	enum filter_owner owner;
	int error;

	*why = '\0';
	if (!is_ethernet(ifindex)) {
		snprintf(why, FLOW_MAP_WHY, "not an Ethernet device");
		return -EOPNOTSUPP;
	}
	error = clsacts_add(map->clsacts, ifindex);
	if (error)
		return fail(error, why, "no clsact qdisc");
	owner = filter_owner_at(ifindex, map->handle, FLOW_MAP_PRIORITY, FLOW_MAP_FILTER);
	if (owner == FILTER_FOREIGN) {
		snprintf(why, FLOW_MAP_WHY,
			 "another program has the filter of priority %d and handle %#x",
			 FLOW_MAP_PRIORITY, map->handle);
		return -EEXIST;
	}
	error = bpf_tc_attach(&hook, &options);
	return error ? fail(error, why, "no filter at tc ingress") : 0;
}

int flow_map_attached(const struct flow_map *map, int ifindex)
{
	uint32_t program_id;
	int error = query(map, ifindex, &program_id);

	return error ? error : program_id == map->program_id;
}

int flow_map_detach(struct flow_map *map, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = map->handle, .priority = FLOW_MAP_PRIORITY);
	uint32_t program_id;
	int error = query(map, ifindex, &program_id);

	if (!error && program_id == map->program_id)
		error = bpf_tc_detach(&hook, &options);
	return error == -ENOENT || error == -ENODEV ? 0 : error;
}

#endif
