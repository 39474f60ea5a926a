/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.h - libmnl: flows out, counters and events in
 *
 * Holds the flows that are wanted and makes the kernel hold the same ones; whether there is a module, when
 * it comes or goes, and what got lost in between is dealt with here. All functions take NULL for a kernel
 * path that is off. Control thread only.
 */
#ifndef RTPRELAY_KMOD_H
#define RTPRELAY_KMOD_H

#include "kernel/link.h"
#include "kernel/msg.h"

enum kmod_mode {
	KMOD_AUTO,    /* when there is a module; default */
	KMOD_OFF,     /* never ask for one */
	KMOD_REQUIRE, /* there must be one at the start */
};

enum kmod_event {
	KMOD_CAME, /* the module is there: flows can be set from now on; no flow */
	KMOD_WENT, /* it has gone, and all flows with it; no flow */
	KMOD_CHANGED, /* a flow is in the kernel now, or no more, or was refused: kmod_flow_installed() says */
	KMOD_IDLE,     /* a flow has fallen silent: kmod_flow_last_in_ms() says since when */
	KMOD_RESUMED,  /* ... is heard again */
	KMOD_STRANGER, /* media of another source was dropped; @stranger */
};

struct kmod;
struct kmod_flow;

/* @flow, @stranger: where the event has them. All functions of this header may be called from it. */
typedef void kmod_event_fn(void *arg, enum kmod_event event, struct kmod_flow *flow,
			   const struct kmod_stranger *stranger);

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
 * Our calls go on in the daemon after us: from here the kernel keeps what it has, whatever is dropped or forgotten,
 * and nothing is told any more; as if there were no module.
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
/* Counters of the namespace, enum rtprelay_counter; of modules that have gone, too, as far as known. */
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
/* It is not to be there any more, with kmod_flush(); its sums are kept. */
void kmod_drop(struct kmod_flow *flow);
/* The same, and nobody asks for its sums again: the handle ends here. Takes NULL. */
void kmod_forget(struct kmod_flow *flow);
/* Makes it all so; events of what has changed come from here. Call after each batch of commands. */
void kmod_flush(struct kmod *kmod);
/*
 * Flows that found no room are tried again when flows of ours have ended; from time to time one is tried all the same,
 * for others may have ended theirs, or the limit was raised. Takes effect with kmod_flush(). Once a second.
 */
void kmod_tick(struct kmod *kmod, int64_t now_ms);
/**
 * kmod_adopt() - compares with what the kernel holds: once after the start, when flows of a daemon before
 *	this one may be there. Those that were set with the same cookie go on counting, others of ours go.
 */
void kmod_adopt(struct kmod *kmod);

void *kmod_flow_owner(const struct kmod_flow *flow);
/* As it was set last. */
const struct flow_spec *kmod_flow_spec(const struct kmod_flow *flow);
bool kmod_flow_installed(const struct kmod_flow *flow);
/* Why the kernel refused it: its sentence; NULL: it did not. */
const char *kmod_flow_refusal(const struct kmod_flow *flow);
/* clock_ms() when its source was heard last, as far as the kernel has told; 0: never */
int64_t kmod_flow_seen_ms(const struct kmod_flow *flow);
/* The same for time-outs, without asking: a flow in the kernel that was not announced silent is heard @now_ms. */
int64_t kmod_flow_last_in_ms(const struct kmod_flow *flow, int64_t now_ms);
/**
 * kmod_flows_read() - asks the kernel now, of up to 64 flows in one exchange
 * @states: get what each has counted; sums are those of all flows since the handle was made
 */
void kmod_flows_read(struct kmod_flow *const flows[], size_t n, struct flow_state states[]);
/* The last of a flow that was dropped, without sums; NULL: it was not told, or the flow was set again. */
const struct flow_state *kmod_flow_final(const struct kmod_flow *flow);
/* The same as of the last time that the kernel was asked; right for a flow that was dropped. */
void kmod_flow_sums(const struct kmod_flow *flow, struct flow_sums *sums);

#endif
