/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.h - the kernel path: sets flows in the kernel module, receives its counters and events
 *
 * Keeps the table of required flows and makes the kernel hold the same ones. It handles loading and
 * unloading of the module and lost messages. All functions accept NULL: the kernel path is off.
 * Control thread only. Functions for a flow that was set: kernel/flow.h, kernel/read.h.
 */
#ifndef RTPRELAY_KMOD_H
#define RTPRELAY_KMOD_H

#include "kernel/domain.h"
#include "kernel/event.h"
#include "kernel/flow.h"
#include "kernel/module.h"
#include "kernel/msg.h"
#include "kernel/read.h"

enum kmod_mode {
	KMOD_AUTO,    /* the module if it is loaded, else BPF, else none; default */
	KMOD_MODULE,  /* the module if it is loaded, else none */
	KMOD_BPF,     /* BPF if it can be used, else none */
	KMOD_OFF,     /* none */
	KMOD_REQUIRE, /* one of the two must be there when the daemon starts */
};

struct kmod;

struct kmod_conf {
	/* kmod_open() takes both over, also if it fails. NULL: not used; one is there. */
	struct kmod_link *link;
	struct kernel_backend *bpf;
	kmod_event_fn *event;
	/*
	 * Does this local endpoint belong to this daemon, so that a flow not in the table is
	 * removed?
	 */
	bool (*owns)(void *arg, const struct endpoint *local);
	void *arg;
	struct flow_domain domain;
};

/* Looks for the best backend and logs the result. Sends no event. NULL: out of memory */
struct kmod *kmod_open(const struct kmod_conf *conf);
/* Frees all, handles included; if @remove, removes all flows from the kernel first. */
void kmod_close(struct kmod *kmod, bool remove);
/*
 * For a restart that keeps calls: from here on the kernel keeps its flows even if they are dropped
 * or forgotten, and no event is sent, as if there were no module.
 */
void kmod_let_go(struct kmod *kmod);
/* Descriptor that is readable when a backend has news; -1: none */
int kmod_news_fd(const struct kmod *kmod);
/* Reads the news of the backends; call when the descriptor is readable. */
void kmod_dispatch(struct kmod *kmod);
/* Can flows be set in the kernel? */
bool kmod_available(const struct kmod *kmod);
/* The path of flows that are set now: "module", "bpf"; "user" when none can be set */
const char *kmod_path(const struct kmod *kmod);
/* enum rtprelay_feature; 0 when no flow can be set */
uint32_t kmod_features(const struct kmod *kmod);
/**
 * kmod_make_tap() - makes rtprelay0, the device that shows the packets of flows with
 *	RTPRELAY_FLOW_TAP, so that it can be opened before the first such flow is set
 * @why: KERNEL_WHY bytes, receives the reason
 * Return: 0, also if it is there; -EOPNOTSUPP: the path in use has none; other -errno
 */
int kmod_make_tap(struct kmod *kmod, char why[KERNEL_WHY]);
/*
 * Counters of all backends, enum rtprelay_counter; those of modules that were unloaded included, as
 * far as they were read.
 */
void kmod_totals(struct kmod *kmod, uint64_t counters[RTPRELAY_C_MAX + 1]);
/* Number of required flows that are in the kernel. */
size_t kmod_count(const struct kmod *kmod);

/*
 * One way into the kernel that may be used. @path: "module", "bpf"; @flows: that it holds; @why:
 * why it cannot be used, or is not needed; NULL: it is there
 */
struct kmod_backend {
	const char *path, *why;
	size_t flows;
	uint64_t counters[RTPRELAY_C_MAX + 1];
};

/* The best first. False: there is no further one. */
bool kmod_backend(const struct kmod *kmod, unsigned int i, struct kmod_backend *told);
/*
 * Calls @fn for flows that the kernel itself reports for this path, some at a time: begins at @at,
 * 0, and sets it to where to go on. 1: there are more; 0; -errno
 */
typedef void kmod_held_fn(void *arg, const struct kmod_message *held);
int kmod_held(struct kmod *kmod, const char *path, uint32_t *at, kmod_held_fn *fn, void *arg);

/**
 * kmod_set() - require a flow in the kernel; takes effect with kmod_flush()
 * @spec: copied. A flow at the same local endpoint is replaced, atomically, and keeps its counters.
 * @owner: for kmod_flow_owner()
 * Return: NULL, out of memory, or no module; a flow that was set before stays unchanged
 */
struct kmod_flow *kmod_set(struct kmod *kmod, const struct flow_spec *spec, void *owner);
/* Applies all changes to the kernel and sends their events. Call after each batch of commands. */
void kmod_flush(struct kmod *kmod);
/*
 * Call once a second. Flows refused for lack of room are retried when flows of this daemon end. In
 * addition one is retried from time to time: another daemon's flows may have ended, or the limit
 * may have been raised. Takes effect with kmod_flush().
 */
void kmod_tick(struct kmod *kmod, int64_t now_ms);
/**
 * kmod_adopt() - compare the table with the kernel's flows, once after the start
 *
 * Flows of an earlier daemon may be in the kernel. Those that were set with the same cookie keep
 * their counters; others at this daemon's endpoints are removed.
 */
void kmod_adopt(struct kmod *kmod);

#endif
