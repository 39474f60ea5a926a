/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - the maps of the program, and what the daemon sets before it is loaded
 *
 * The numbers of entries are set by the daemon too. A flow's state is written under its own lock,
 * as the module does it: packets of one sender arrive on one CPU, and values for each CPU of all
 * flows would need more memory on a large machine than all other data.
 */
#ifndef RTPRELAY_BPF_MAPS_H
#define RTPRELAY_BPF_MAPS_H

#include "bpf/prog/bpf.h"
#include "bpf/layout.h"
#include "bpf/prog/packet.h"

/* Without elements in advance: memory is used for flows that exist. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct bpf_key_ipv4);
	__type(value, struct bpf_slot);
} slots4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct bpf_key_ipv6);
	__type(value, struct bpf_slot);
} slots6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_conf);
} confs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_rtcp);
} rtcps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_totals);
} totals SEC(".maps");

/*
 * What a packet needs beyond registers: the packet, and an RTCP packet on its way to rtcps, since
 * helpers must not be called under a lock. Not on the stack: without CAP_PERFMON the kernel puts a
 * barrier behind each store there, so that no store is passed by in speculation.
 */
struct bpf_scratch {
	struct packet pkt;
	__u8 bytes[RTPRELAY_RTCP_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_scratch);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BPF_FLOW_EVENTS);
} events SEC(".maps");

const volatile struct bpf_constants constants = { .statistics = true };

/* The key of maps with one element; not on the stack, see above. */
#define FIRST ((const void *)&constants.zero)

#endif
