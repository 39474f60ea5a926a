/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * msg.h - netlink messages to and from the kernel module: written from structs, parsed into structs
 *
 * Pure: bytes and structs, no socket. Messages may come from another version of the module, or
 * violate the contract (include/rtprelay_nl.h): lengths are checked, unknown attributes are
 * skipped.
 */
#ifndef RTPRELAY_KMOD_MSG_H
#define RTPRELAY_KMOD_MSG_H

#include <libmnl/libmnl.h>
#include "base/endpoint.h"
#include "kernel/domain.h"
#include "rtp_wire.h"
#include "rtprelay_nl.h"

#define FLOW_CLOCKS	 8
#define FLOW_COOKIE	 16
#define KMOD_REQUEST_MAX 1024 /* bytes of the longest request */

/**
 * struct flow_spec - one direction of one stream, to be forwarded by the kernel
 * @src: unset: any source
 * @kind: enum rtprelay_kind
 * @flags: enum rtprelay_flow_flag, without RTPRELAY_FLOW_CARRY, which kernel/send.c sets
 * @dscp: -1: each packet keeps its own
 * @clocks: for dynamic payload types; clock 0 ends it
 * @up: bit per payload type: these go up to the daemon
 * @port: of @local, tells RTP and RTCP apart
 */
struct flow_spec {
	struct endpoint local, src, out, dst;
	struct {
		uint32_t clock; /* Hz */
		uint8_t pt;
	} clocks[FLOW_CLOCKS];
	uint64_t up[2];
	struct rtp_port port;
	uint32_t idle_s; /* 1..86400 */
	uint32_t flags;
	int16_t dscp;
	uint8_t kind;
	uint8_t cookie[FLOW_COOKIE];
};

#define FLOW_TYPES 16 /* bytes */
/* The payload types that are not in @spec->up, as in RTPRELAY_A_PT_SET. */
void flow_types(const struct flow_spec *spec, uint8_t set[FLOW_TYPES]);

bool flow_spec_equal(const struct flow_spec *a, const struct flow_spec *b);

/*
 * The same address with all other bytes of the sockaddr cleared: equal endpoints are equal bytes.
 */
struct endpoint flow_endpoint(const struct endpoint *ep);

/*
 * RTP statistics of the current SSRC (RFC 3550, A.1, A.3, A.8). @numbered: not RTP, only @seq is
 * set: the first 16 bits of the last packet
 */
struct flow_rtp {
	uint32_t ssrc, seq; /* @seq: with its wraps */
	uint32_t expected, received, lost, reordered, duplicate, gaps;
	uint32_t jitter, clock; /* units of @clock; @clock 0: not known */
	uint8_t pt;
	bool known, numbered;
};

/* The counters of a flow. */
struct flow_sums {
	uint64_t packets, bytes; /* admitted and forwarded */
	uint64_t lost;		 /* of @packets: no memory, or the device refused them */
	uint64_t refused;	 /* of a source that is not the latched one */
	uint64_t blocked;
	uint64_t ttl; /* TTL or hop limit was used up */
	struct flow_rtp rtp;
};

struct flow_state {
	struct flow_sums sums;
	int64_t seen_ago_ms; /* -1: no admitted packet yet */
	bool silent;	     /* was reported idle */
	int64_t rtcp_ago_us; /* when the last RTCP packet came; -1: not reported */
	int64_t rtcp_at_us;  /* the same by clock_us(), filled in when it is read; 0: not known */
	uint16_t rtcp_len;
	uint8_t rtcp[RTPRELAY_RTCP_MAX]; /* that packet */
};

/* The generic netlink family, as reported by the controller. */
struct kmod_family {
	uint16_t id; /* 0: not registered */
	uint32_t version;
	uint32_t event_group; /* 0: none */
};

struct kmod_info {
	uint32_t features; /* enum rtprelay_feature */
	uint32_t limit, flows;
	uint64_t counters[RTPRELAY_C_MAX + 1];
};

/* A refused packet: its source is not the admitted one. As reported by the kernel. */
struct kmod_stranger {
	struct endpoint source;
	uint32_t count; /* packets since the last such event */
	uint32_t ssrc;
	uint16_t seq;
	uint8_t pt;
	bool rtp, numbered; /* not both; @numbered: only @seq, its first 16 bits */
};

enum kmod_said {
	KMOD_SAID_NOTHING, /* not understood */
	KMOD_SAID_ACK,	   /* @error 0 or -errno, @text */
	KMOD_SAID_DONE,	   /* end of a dump; @error */
	KMOD_SAID_FAMILY,  /* an answer to kmod_ask_family() */
	KMOD_SAID_CAME,	   /* the family was registered */
	KMOD_SAID_GONE,	   /* ... unregistered */
	KMOD_SAID_INFO,
	KMOD_SAID_FLOW, /* an answer or a part of a dump; also the final state of a flow */
	KMOD_SAID_IDLE,
	KMOD_SAID_RESUMED,
	KMOD_SAID_REFUSED,
	KMOD_SAID_WITHDRAWN, /* a backend can forward it no more: @error, @text. Not the module's */
};

/* One message. Which members are set: see enum kmod_said. */
struct kmod_message {
	enum kmod_said said;
	uint32_t seq;
	int error;
	char text[96]; /* the kernel's error text; empty: none */
	struct kmod_family family;
	struct kmod_info info;
	struct endpoint src, out, dst; /* of a flow; unset: any, none */
	uint8_t kind;		       /* of a flow: enum rtprelay_kind */
	uint32_t flags;		       /* of a flow: enum rtprelay_flow_flag */
	struct endpoint local; /* of the flow; unset: the message names none, and is ignored */
	uint8_t cookie[FLOW_COOKIE];
	bool has_cookie; /* of exactly this length */
	struct flow_state state;
	struct kmod_stranger refused;
};

/*
 * Each writes one request into @buf, which has KMOD_REQUEST_MAX bytes, and returns its length. All
 * request an ack, except kmod_ask_flow() without @ack: then only an error is reported.
 */
size_t kmod_ask_family(void *buf, uint32_t seq, const char *name);
/* All families: the kernel tries to load nothing. */
size_t kmod_ask_families(void *buf, uint32_t seq);
size_t kmod_ask_info(void *buf, uint16_t family, uint32_t seq);
size_t kmod_ask_dump(void *buf, uint16_t family, uint32_t seq);
/* @cmd: RTPRELAY_CMD_FLOW_DEL, RTPRELAY_CMD_FLOW_GET */
size_t kmod_ask_flow(void *buf, uint16_t family, uint32_t seq, uint8_t cmd,
		     const struct endpoint *local, bool ack);
/*
 * Makes or replaces the flow at spec->local. @features: of the module; nothing is sent that it does
 * not support. @domain: as the daemon's sockets.
 */
size_t kmod_ask_add(void *buf, uint16_t family, uint32_t seq, const struct flow_spec *spec,
		    const struct flow_domain *domain, uint32_t features, bool carry);

/*
 * Makes the device RTPRELAY_TAP_DEVICE, and nothing else: asks to replace a flow that is not there
 * by a tapped one, which is refused after the module has made the device. The answer -ENOENT says
 * that it is there.
 */
size_t kmod_ask_tap(void *buf, uint16_t family, uint32_t seq);

/**
 * kmod_read_message() - parse one message from the kernel
 * @nlh: netlink_message_ok() holds
 * @name: the family whose registration messages are accepted
 * @family: its id, 0: not known
 */
void kmod_read_message(const struct nlmsghdr *nlh, const char *name, uint16_t family,
		       struct kmod_message *message);

/*
 * Adds @part to @sum. RTP statistics of the same SSRC are added, those of another SSRC replace
 * them.
 */
void flow_sums_add(struct flow_sums *sum, const struct flow_sums *part);

#endif
