/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - the events that the owner of flows receives
 */
#ifndef RTPRELAY_KMOD_EVENT_H
#define RTPRELAY_KMOD_EVENT_H

struct kmod_flow;
struct kmod_stranger;

enum kmod_event {
	KMOD_CAME,    /* flows can be set from now on, or in a better way than before; no flow */
	KMOD_WENT,    /* the kernel has lost all flows, and none can be set; no flow */
	KMOD_CHANGED, /* a flow entered or left the kernel, or was refused: kmod_flow_installed() */
	KMOD_IDLE,    /* a flow has become silent; since when: kmod_flow_last_in_ms() */
	KMOD_RESUMED, /* a silent flow has packets again */
	KMOD_STRANGER, /* media of a source that is not the latched one was dropped; @refused */
};

/* @flow, @refused: NULL if the event has none. May call all functions of kernel/kmod.h. */
typedef void kmod_event_fn(void *arg, enum kmod_event event, struct kmod_flow *flow,
			   const struct kmod_stranger *refused);

#endif
