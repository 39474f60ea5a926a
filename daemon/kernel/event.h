/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - what the owner of flows is told
 */
#ifndef RTPRELAY_KMOD_EVENT_H
#define RTPRELAY_KMOD_EVENT_H

struct kmod_flow;
struct kmod_stranger;

enum kmod_event {
	KMOD_CAME,    /* the module is there: flows can be set from now on; no flow */
	KMOD_WENT,    /* it has gone, and all flows with it; no flow */
	KMOD_CHANGED, /* a flow entered or left the kernel, or was refused: kmod_flow_installed() */
	KMOD_IDLE,    /* a flow has fallen silent: kmod_flow_last_in_ms() says since when */
	KMOD_RESUMED, /* ... is heard again */
	KMOD_STRANGER, /* media of another source was dropped; @stranger */
};

/* @flow, @stranger: where the event has them. May call all functions of kernel/kmod.h. */
typedef void kmod_event_fn(void *arg, enum kmod_event event, struct kmod_flow *flow,
			   const struct kmod_stranger *stranger);

#endif
