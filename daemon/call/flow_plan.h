/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_plan.h - decides, from the state of streams, which flows the kernel should hold
 *
 * Pure: gets the state of a bridge; returns up to four flows, and a reason for each stream that
 * stays in user space.
 */
#ifndef RTPRELAY_FLOW_PLAN_H
#define RTPRELAY_FLOW_PLAN_H

#include "kernel/msg.h"
#include "packet/side.h"

/* One stream, as last reported by its media thread. */
struct flow_stream {
	bool exists;
	bool contested; /* another source may take its place: packets must be inspected */
	bool locked;	/* its latching window is closed */
	bool learning;	/* an offer or answer has moved it: its source may change at any time */
	struct endpoint local;
	struct endpoint source; /* whose packets are accepted; unset: none yet */
	struct endpoint to;	/* where packets to its remote are sent; unset: nowhere yet */
	bool to_denied;		/* @to is unset because that destination is forbidden */
	bool untapped;		/* it is in the kernel, by a flow without RTPRELAY_FLOW_TAP */
	bool prompted;		/* its remote hears a prompt: RTP to it is dropped */
	bool banned;		/* packets of @source are dropped, see call/bans.h */
};

/* What reads the packets of tapped flows, see call/tap_reader.h. */
enum flow_tap {
	FLOW_TAP_NONE, /* nothing: tapped media stays in the daemon, which copies the packets */
	FLOW_TAP_SOON, /* it is being opened: media in the kernel stays there, untapped so far */
	FLOW_TAP_OPEN,
};

/**
 * struct flow_ask - input of a plan
 * @conf: settings of the bridge
 * @bundled: several medias are at one port of a side, and are told apart here
 * @features: of the module, enum rtprelay_feature
 * @idle_s: silence before the kernel reports it, 1..86400
 * @tap: matters only if @conf has a tap
 * @cookie: identifies the flows of the call
 */
struct flow_ask {
	const struct bridge_conf *conf;
	struct flow_stream stream[2][2]; /* [side][component] */
	enum flow_tap tap;
	bool bundled;
	uint32_t features, idle_s;
	uint8_t cookie[FLOW_COOKIE];
};

/* For each stream: a flow for the packets that arrive at it, or the reason why there is none. */
struct flow_plan {
	struct flow_spec spec[2][2]; /* valid where @why is NULL and the stream exists */
	const char *why[2][2];	     /* static text */
};

void flow_plan_make(struct flow_plan *plan, const struct flow_ask *ask);

/* The reason for a stream whose source is banned. */
extern const char flow_why_banned[];

/* Reasons that are found without a plan. */
#define FLOW_WHY_OFF	   "the kernel path is off"
#define FLOW_WHY_NO_PATH   "no kernel path is available"
#define FLOW_WHY_NO_MEMORY "out of memory"

#endif
