/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_plan.h - stream state to the flows the kernel should hold; the one place that decides
 *
 * Pure: what is known of a bridge is handed in, up to four flows come out, and a reason for each stream that
 * stays in user space.
 */
#ifndef RTPRELAY_FLOW_PLAN_H
#define RTPRELAY_FLOW_PLAN_H

#include "kernel/msg.h"
#include "packet/side.h"

/* One stream, as its media thread told last. */
struct flow_stream {
	bool exists;
	bool contested; /* another source may take its place: packets must be looked at */
	bool locked;	/* its window is closed */
	bool learning;	/* an offer or answer has moved it: its source may change any moment */
	struct endpoint local;
	struct endpoint source; /* the one that is heard; unset: none yet */
	struct endpoint to;	/* where its remote is sent to; unset: nowhere yet */
};

/**
 * struct flow_ask - what a plan is made from
 * @conf: settings of the bridge
 * @features: of the module, enum rtprelay_feature
 * @idle_s: silence before the kernel says so, 1..86400
 * @cookie: the name of its flows
 */
struct flow_ask {
	const struct bridge_conf *conf;
	struct flow_stream stream[2][2]; /* [side][component] */
	uint32_t features, idle_s;
	uint8_t cookie[FLOW_COOKIE];
};

/* For each stream: a flow of the packets that arrive at it, or why there is none. */
struct flow_plan {
	struct flow_spec spec[2][2]; /* where @why is NULL and the stream exists */
	const char *why[2][2];	     /* static text */
};

void flow_plan_make(struct flow_plan *plan, const struct flow_ask *ask);

/* Reasons of those who never come to make a plan. */
#define FLOW_WHY_OFF	   "the kernel path is off"
#define FLOW_WHY_NO_MODULE "no kernel module"
#define FLOW_WHY_NO_MEMORY "out of memory"

#endif
