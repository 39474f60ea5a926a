/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_backend.h - a second way into the kernel, beside the fake module: for tests of the choice
 *
 * Holds flows in a table; found on demand, as the BPF program is.
 */
#ifndef RTPRELAY_FAKE_BACKEND_H
#define RTPRELAY_FAKE_BACKEND_H

#include "daemon/kernel/backend.h"

#define FAKE_BACKEND_FLOWS 64

struct fake_held {
	bool used;
	struct flow_spec spec;
	struct flow_state state;
};

/**
 * struct fake_backend - at file scope
 * @refuse_find: it cannot be used; @refuse_set: -errno for each flow, with @sentence
 * @no_removal: it gives no answer to removals, and is lost
 */
struct fake_backend {
	struct kernel_backend backend;
	struct fake_held flows[FAKE_BACKEND_FLOWS];
	int refuse_find, refuse_set;
	const char *sentence;
	bool no_removal, closed, kept;
	unsigned int n_finds, n_ends, n_sets, n_carried, n_dels, n_reads;
	/* Called before a flow is removed. */
	void (*removing)(struct fake_backend *fake, const struct endpoint *local);
};

void fake_backend_init(struct fake_backend *fake);
struct fake_held *fake_backend_find(struct fake_backend *fake, const struct endpoint *local);
size_t fake_backend_count(const struct fake_backend *fake);
/* A flow that an earlier daemon left behind. */
struct fake_held *fake_backend_leave(struct fake_backend *fake, const struct flow_spec *spec);
/* KMOD_SAID_IDLE, KMOD_SAID_RESUMED, KMOD_SAID_REFUSED of a flow with this cookie */
void fake_backend_tell(struct fake_backend *fake, enum kmod_said said,
		       const struct flow_spec *spec);

#endif
