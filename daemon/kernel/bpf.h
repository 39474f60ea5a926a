/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf.h - a BPF program at tc ingress as a backend
 *
 * daemon/bpf/ has the program and its maps; here are the routes of flows, the devices, and what the
 * table of flows expects.
 */
#ifndef RTPRELAY_KERNEL_BPF_H
#define RTPRELAY_KERNEL_BPF_H

#include "kernel/backend.h"
#include "kernel/domain.h"

/**
 * struct bpf_backend_conf
 * @pin: folder of a bpffs for its maps; NULL: none; borrowed
 * @limit: most flows; their memory is taken when the program is loaded
 * @is_own: is this an address of the relay? The program is attached where they are.
 */
struct bpf_backend_conf {
	const char *pin;
	uint32_t limit;
	struct flow_domain domain;
	bool (*is_own)(void *arg, const struct endpoint *addr);
	void *arg;
};

/*
 * Can it be loaded here? Loads it, attaches it nowhere, and removes it. 0; -errno, and the reason
 * in words, KERNEL_WHY bytes
 */
int bpf_probe(char *why);

/*
 * For a daemon that does not use it: removes what an earlier one has left when it was killed, and
 * logs it. @pin: as in struct bpf_backend_conf
 */
void bpf_clear(const char *pin);

/* NULL: out of memory, or of descriptors */
struct kernel_backend *bpf_backend_new(const struct bpf_backend_conf *conf);

#endif
