/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_kmod.h - the kernel module's end of netlink, without a kernel: for tests of kmod.c and its
 * users
 *
 * Speaks real netlink messages: reads requests, keeps a table of flows, answers as the module
 * would. Tests set the packet counts.
 */
#ifndef RTPRELAY_FAKE_KMOD_H
#define RTPRELAY_FAKE_KMOD_H

#include "daemon/kernel/link.h"
#include "daemon/kernel/msg.h"

#define FAKE_FLOWS    256
#define FAKE_MESSAGES 1024

struct fake_flow {
	bool used, silent, drop;
	struct endpoint local, src, out, dst;
	uint8_t kind, cookie[FLOW_COOKIE];
	bool has_cookie, has_dscp, has_clocks, has_no_mux;
	uint32_t no_mux;
	uint8_t dscp;
	uint32_t flags, idle_s;
	uint64_t packets, bytes, refused, blocked, ttl, nomem, unsent;
	int64_t seen_ago_ms; /* -1: never */
	uint8_t rtcp[RTPRELAY_RTCP_MAX];
	uint16_t rtcp_len;   /* 0: none */
	int64_t rtcp_ago_us; /* -1: an old module, which does not report it */
	/* ssrc 0: no RTP; where the kind is opaque: neither a number, which is @expected */
	uint32_t ssrc, expected, lost;
	uint32_t reordered, duplicate, gaps;
};

struct fake_message {
	size_t len;
	int error; /* instead of data */
	uint8_t data[1024] __attribute__((aligned(8)));
};

struct fake_queue {
	struct fake_message message[FAKE_MESSAGES];
	size_t first, count;
};

/**
 * struct fake_kmod - large: best at file scope
 * @loaded: is the module loaded? See fake_kmod_load().
 * @refuse_add: -errno for each FLOW_ADD, with @sentence
 * @totals: counted by the module in addition to the flows' packets
 * @lose_answers: number of the next answers that are lost; the reader gets ENOBUFS
 * @closed: the link was closed
 * @n_taps: requests that make the device rtprelay0 without a flow
 */
struct fake_kmod {
	struct kmod_link link;
	bool loaded, closed;
	uint16_t id;
	uint32_t features, limit;
	struct fake_flow flows[FAKE_FLOWS];
	uint64_t past_packets, totals[RTPRELAY_C_MAX + 1];
	struct fake_queue queue[KMOD_CHANNELS];
	int refuse_add, send_error;
	const char *sentence;
	unsigned int lose_answers;
	unsigned int n_named; /* requests for the family by its name: the kernel would load it */
	unsigned int n_requests, n_sends, n_adds, n_carried, n_taps, n_dels, n_gets, n_joins;
};

void fake_kmod_init(struct fake_kmod *fake, bool loaded);
/* Sends the corresponding events. Unloading removes all flows. */
void fake_kmod_load(struct fake_kmod *fake, bool loaded);
struct fake_flow *fake_kmod_find(struct fake_kmod *fake, const struct endpoint *local);
size_t fake_kmod_count(const struct fake_kmod *fake);
/* A flow that an earlier daemon left behind. */
struct fake_flow *fake_kmod_leave(struct fake_kmod *fake, const struct endpoint *local,
				  const uint8_t *cookie);
/* RTPRELAY_EVENT_IDLE, RTPRELAY_EVENT_RESUMED */
void fake_kmod_silent(struct fake_kmod *fake, struct fake_flow *flow, bool silent);
void fake_kmod_stranger(struct fake_kmod *fake, struct fake_flow *flow,
			const struct endpoint *source, uint32_t ssrc, uint16_t seq, uint8_t pt);
/* The reader of this channel was too slow: it gets ENOBUFS. */
void fake_kmod_overrun(struct fake_kmod *fake, enum kmod_channel channel);

#endif
