/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.h - the program attached in the relay's namespace of tests/kmod/world.h, and programs of
 * others
 */
#ifndef RTPRELAY_TEST_BPF_NET_H
#define RTPRELAY_TEST_BPF_NET_H

#include <stdbool.h>

#include "daemon/bpf/attach.h"
#include "daemon/bpf/clsact.h"
#include "daemon/bpf/map.h"

/* Index of a device of the relay's namespace. */
int net_device(const char *name);
/* From A's phone to B's; @v6: the same with IPv6. @family of tests/bpf/test_net.c */
void net_flow(struct map_flow *flow, const char *local, const char *src, const char *out,
	      const char *dst, const char *out_device);

int net_attach(struct flow_map *map, const char *device);
int net_detach(struct flow_map *map, const char *device);
int net_attached(struct flow_map *map, const char *device);

/* For map_conf.clsacts; removes those that hold no filter. */
extern struct clsacts net_clsacts;
void net_clsacts_end(void);
bool net_has_clsact(const char *device);

/**
 * struct foreign - a program of somebody else, that counts packets and lets all go on
 */
struct foreign {
	int map, program;
};

void foreign_open(struct foreign *foreign);
void foreign_close(struct foreign *foreign);
/* At tc ingress of a device of the relay's namespace. Return: 0; -errno */
int foreign_attach(const struct foreign *foreign, const char *device, uint32_t handle,
		   uint32_t priority);
uint64_t foreign_count(const struct foreign *foreign);

#endif
