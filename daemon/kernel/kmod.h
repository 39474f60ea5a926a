/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.h - libmnl: flows out, counters and events in
 *
 * Holds the flows that are wanted and makes the kernel hold the same ones; whether there is a
 * module, when it comes or goes, and what got lost in between is dealt with here. All functions
 * take NULL for a kernel path that is off. Control thread only. What may be asked of a flow that
 * was set: kernel/flow.h, kernel/read.h.
 */
#ifndef RTPRELAY_KMOD_H
#define RTPRELAY_KMOD_H

#include "kernel/event.h"
#include "kernel/flow.h"
#include "kernel/link.h"
#include "kernel/msg.h"
#include "kernel/read.h"

enum kmod_mode {
	KMOD_AUTO,    /* when there is a module; default */
	KMOD_OFF,     /* never ask for one */
	KMOD_REQUIRE, /* there must be one at the start */
};

struct kmod;

struct kmod_conf {
	struct kmod_link *link; /* kmod takes it, also when it can't be opened */
	kmod_event_fn *event;
	/* Is this local endpoint ours to clean up, when nobody wants its flow? */
	bool (*owns)(void *arg, const struct endpoint *local);
	void *arg;
};

/* Asks for the module and logs what was found. No event comes from here. NULL: out of memory */
struct kmod *kmod_open(const struct kmod_conf *conf);
/* Removes all flows from the kernel, if @remove, and frees; handles are gone. */
void kmod_close(struct kmod *kmod, bool remove);
/*
 * Our calls go on in the daemon after us: from here the kernel keeps what it has, whatever is
 * dropped or forgotten, and nothing is told any more; as if there were no module.
 */
void kmod_let_go(struct kmod *kmod);
/* -1: nothing to wait for */
int kmod_news_fd(const struct kmod *kmod);
/* News of the module; call when the descriptor is readable. */
void kmod_dispatch(struct kmod *kmod);
/* Is there a module? */
bool kmod_available(const struct kmod *kmod);
/* enum rtprelay_feature; 0 when there is no module */
uint32_t kmod_features(const struct kmod *kmod);
/*
 * Counters of the namespace, enum rtprelay_counter; of modules that have gone, too, as far as
 * known.
 */
void kmod_totals(struct kmod *kmod, uint64_t counters[RTPRELAY_C_MAX + 1]);
/* Flows in the kernel that are wanted. */
size_t kmod_count(const struct kmod *kmod);

/**
 * kmod_set() - a flow is to be in the kernel; takes effect with kmod_flush()
 * @spec: copied. A flow at the same local endpoint is replaced, atomically, and goes on counting.
 * @owner: for kmod_flow_owner()
 * Return: NULL, out of memory, or no module; a flow that was set before stays as it was then
 */
struct kmod_flow *kmod_set(struct kmod *kmod, const struct flow_spec *spec, void *owner);
/* Makes it all so; events of what has changed come from here. Call after each batch of commands. */
void kmod_flush(struct kmod *kmod);
/*
 * Flows that found no room are tried again when flows of ours have ended; from time to time one is
 * tried all the same, for others may have ended theirs, or the limit was raised. Takes effect with
 * kmod_flush(). Once a second.
 */
void kmod_tick(struct kmod *kmod, int64_t now_ms);
/**
 * kmod_adopt() - compares with what the kernel holds: once after the start
 *
 * Flows of a daemon before this one may be there. Those that were set with the same cookie go on
 * counting, others of ours are removed.
 */
void kmod_adopt(struct kmod *kmod);

#endif
