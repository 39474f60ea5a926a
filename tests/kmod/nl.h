/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl.h - uses rtprelay's netlink family from a network namespace, for tests
 */
#ifndef TESTS_NL_H
#define TESTS_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "rtprelay_nl.h"

/**
 * struct nl - a netlink socket in one namespace
 * @family, @group: numbers of the family and of its events
 * @error: the extack text of the last refusal, or ""
 */
struct nl {
	struct mnl_socket *sock;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	char error[128];
};

struct nl_clock {
	uint8_t pt;
	uint32_t rate;
};

/**
 * struct nl_flow - a flow to set. Endpoints: "192.0.2.1:4000", "[2001:db8::1]:4000"; NULL: none
 * @dscp: value + 1; 0: none
 * @clocks: ends with a rate of 0
 */
struct nl_flow {
	const char *local, *src, *out, *dst;
	uint8_t kind;
	uint8_t dscp;
	uint32_t flags, idle;
	const uint32_t *no_mux;
	uint32_t iif, oif, mark, uid; /* 0: not sent */
	const uint8_t *pt_set;
	const struct nl_clock *clocks;
	const char *cookie;
};

/**
 * struct nl_state - the state of a flow, as read or as reported by an event
 * @event: its command
 */
struct nl_state {
	uint8_t event;
	char local[64], src[64], out[64], dst[64], cookie[RTPRELAY_COOKIE_MAX + 1];
	uint8_t kind, dscp;
	uint32_t flags, idle, refused, features, limit, flows, expire;
	bool silent, heard, has_pt_set, has_no_mux, interrupted;
	uint32_t no_mux, iif, oif, mark, uid;
	uint64_t last_seen_ms;
	uint64_t counters[RTPRELAY_C_MAX + 1];
	bool has_rtp, has_number;
	uint32_t rtp[RTPRELAY_RTP_MAX + 1];
	bool has_clock;
	uint16_t rtcp_len;
	uint64_t rtcp_age_us;
	uint8_t rtcp[RTPRELAY_RTCP_MAX];
	uint8_t pt_set[16];
	uint32_t clocks[128]; /* by payload type; Hz, 0: none was set */
};

/*
 * @netns: a name under /run/netns, or NULL: the caller's namespace. Return: false: the family is
 *         not registered
 */
bool nl_open(struct nl *nl, const char *netns);
void nl_close(struct nl *nl);

/* All return 0 or -errno from the module. @state may be NULL. */
int nl_info(struct nl *nl, struct nl_state *state);
int nl_limit(struct nl *nl, uint32_t limit);
int nl_expire(struct nl *nl, uint32_t seconds);
int nl_add(struct nl *nl, const struct nl_flow *flow, uint16_t flags, struct nl_state *replaced);
int nl_del(struct nl *nl, const char *local, struct nl_state *state);
int nl_get(struct nl *nl, const char *local, struct nl_state *state);

/* Calls @each for every flow. */
int nl_dump(struct nl *nl, void (*each)(const struct nl_state *state, void *arg), void *arg);

/* Subscribes to events. */
bool nl_listen(struct nl *nl);

/* Waits for the next event. Return: false: no event within @ms */
bool nl_event(struct nl *nl, struct nl_state *event, int ms);

/* Lower level: for invalid messages, and for several messages in one sendmsg(). */
struct nlmsghdr *nl_begin(struct nl *nl, void *buf, uint8_t cmd, uint16_t flags);
void nl_put_endpoint(struct nlmsghdr *nlh, uint16_t attr, const char *text);
void nl_put_flow(struct nlmsghdr *nlh, const struct nl_flow *flow);
/* Sends what is in @nlh and reads until it is acknowledged. */
int nl_talk(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg);
int nl_read(struct nl *nl, uint32_t seq, mnl_cb_t cb, void *arg);
int nl_state_cb(const struct nlmsghdr *nlh, void *state);

#endif
