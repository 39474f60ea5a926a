/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "net.h"
#include "tests/kmod/world.h"
#include "tests/unit/test.h"

int net_device(const char *name)
{
	int ifindex;

	world_enter("relay");
	ifindex = (int)if_nametoindex(name);
	world_leave();
	CU_ASSERT_NOT_EQUAL_FATAL(ifindex, 0);
	return ifindex;
}

void net_flow(struct map_flow *flow, const char *local, const char *src, const char *out,
	      const char *dst, const char *out_device)
{
	memset(flow, 0, sizeof(*flow));
	flow->local = frame_endpoint(local);
	if (src)
		flow->src = frame_endpoint(src);
	flow->out = frame_endpoint(out);
	flow->dst = frame_endpoint(dst);
	flow->oif = (uint32_t)net_device(out_device);
	flow->mtu = 1500;
	flow->idle_s = 60;
	flow->dscp = -1;
	flow->kind = RTPRELAY_KIND_MUX;
	flow->port.mux = true;
}

struct clsacts net_clsacts;

int net_attach(struct flow_map *map, const char *device)
{
	int ifindex = net_device(device), error;
	char why[FLOW_MAP_WHY];

	world_enter("relay");
	error = flow_map_attach(map, ifindex, why);
	world_leave();
	return error;
}

int net_detach(struct flow_map *map, const char *device)
{
	int ifindex = net_device(device), error;

	world_enter("relay");
	error = flow_map_detach(map, ifindex);
	world_leave();
	return error;
}

int net_attached(struct flow_map *map, const char *device)
{
	int ifindex = net_device(device), attached;

	world_enter("relay");
	attached = flow_map_attached(map, ifindex);
	world_leave();
	return attached;
}

void net_clsacts_end(void)
{
	world_enter("relay");
	clsacts_end(&net_clsacts, true);
	world_leave();
}

bool net_has_clsact(const char *device)
{
	return !world_run("tc -n relay qdisc show dev %s | grep -q clsact", device);
}

/* r1 = &count; lock *r1 += 1; return TC_ACT_UNSPEC */
void foreign_open(struct foreign *foreign)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	struct bpf_insn code[6];

	foreign->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "foreign", 4, 8, 1, &options);
	CU_ASSERT_FATAL(foreign->map >= 0);
	memset(code, 0, sizeof(code));
	code[0].code = BPF_LD | BPF_DW | BPF_IMM;
	code[0].dst_reg = BPF_REG_1;
	code[0].src_reg = BPF_PSEUDO_MAP_VALUE;
	code[0].imm = foreign->map;
	code[2].code = BPF_ALU64 | BPF_MOV | BPF_K;
	code[2].dst_reg = BPF_REG_2;
	code[2].imm = 1;
	code[3].code = BPF_STX | BPF_DW | BPF_ATOMIC;
	code[3].dst_reg = BPF_REG_1;
	code[3].src_reg = BPF_REG_2;
	code[3].imm = BPF_ADD;
	code[4].code = BPF_ALU64 | BPF_MOV | BPF_K;
	code[4].imm = -1;
	code[5].code = BPF_JMP | BPF_EXIT;
	foreign->program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", code, 6, NULL);
	CU_ASSERT_FATAL(foreign->program >= 0);
}

void foreign_close(struct foreign *foreign)
{
	close(foreign->program);
	close(foreign->map);
}

int foreign_attach(const struct foreign *foreign, const char *device, uint32_t handle,
		   uint32_t priority)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = net_device(device),
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = priority,
		    .prog_fd = foreign->program);
	int error;

	world_enter("relay");
	bpf_tc_hook_create(&hook);
	error = bpf_tc_attach(&hook, &options);
	world_leave();
	return error;
}

uint64_t foreign_count(const struct foreign *foreign)
{
	uint32_t zero = 0;
	uint64_t count = 0;

	CU_ASSERT_EQUAL(bpf_map_lookup_elem(foreign->map, &zero, &count), 0);
	return count;
}
