/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * rtprelay_nl.h - what daemon and kernel module say to each other (uapi)
 *
 * Generic netlink, family "rtprelay", version 1. Everything is an attribute; attributes are checked strictly:
 * one that a command does not list, one of a wrong length and one out of range are refused, and the extack
 * sentence says why. Errors that any command may return:
 *   -EPERM    the sender has no CAP_NET_ADMIN in the network namespace of the socket
 *   -EINVAL   an attribute is missing, unknown, lacks NLA_F_NESTED, contradicts another, or is a number of a wrong length
 *   -ERANGE   a number is out of range; bytes are too few or too many
 *   -ENOMEM
 * A command acts in the network namespace its socket was made in; each has flows, limit and counters of its own.
 * Several commands may be put in one sendmsg(); each is answered on its own, in their order.
 *
 * Versions: numbers are only added, at the end of an enum. Daemon and module of different ages work together
 * on what both know: ask RTPRELAY_CMD_INFO for the feature bits, send nothing that is not announced there, and
 * skip what an answer holds beyond that.
 */
#ifndef RTPRELAY_NL_H
#define RTPRELAY_NL_H

#include <linux/types.h>

#define RTPRELAY_FAMILY	    "rtprelay"
#define RTPRELAY_NL_VERSION 1
#define RTPRELAY_GROUP_EVENT                                                                       \
	"event" /* multicast; joining needs CAP_NET_ADMIN where the kernel can ask for it */
#define RTPRELAY_TAP_DEVICE "rtprelay0"

#define RTPRELAY_LIMIT_DEFAULT 200000 /* flows of a namespace */
#define RTPRELAY_IDLE_DEFAULT  60     /* seconds */
#define RTPRELAY_IDLE_MAX      86400
#define RTPRELAY_COOKIE_MAX    32  /* bytes */
#define RTPRELAY_RTCP_MAX      256 /* bytes of an RTCP packet that are kept */
#define RTPRELAY_CLOCK_MAX_HZ  1000000
#define RTPRELAY_CLOCKS	       8 /* different clock rates in one flow */

enum rtprelay_cmd {
	RTPRELAY_CMD_UNSPEC,

	/**
	 * RTPRELAY_CMD_INFO - what this module is and how it does
	 *
	 * No attributes. Answer:
	 *   RTPRELAY_A_FEATURES  u32, bits of enum rtprelay_feature
	 *   RTPRELAY_A_LIMIT     u32, most flows this namespace may have
	 *   RTPRELAY_A_FLOWS     u32, flows it has
	 *   RTPRELAY_A_COUNTERS  nested, enum rtprelay_counter: sums over all flows of the namespace, also past ones
	 * Return: 0.
	 */
	RTPRELAY_CMD_INFO,

	/**
	 * RTPRELAY_CMD_SET - set what holds for the namespace as a whole
	 *
	 *   RTPRELAY_A_LIMIT  u32, required, 0 or more: flows from now on; those beyond it stay
	 * Return: 0.
	 */
	RTPRELAY_CMD_SET,

	/**
	 * RTPRELAY_CMD_FLOW_ADD - forward one direction of one media stream
	 *
	 *   RTPRELAY_A_LOCAL   endpoint, required: where its packets arrive; names the flow
	 *   RTPRELAY_A_OUT     endpoint, required: where they leave from
	 *   RTPRELAY_A_DST     endpoint, required: where they go to; of the family of OUT, which need not be that of LOCAL
	 *   RTPRELAY_A_KIND    u8, required, enum rtprelay_kind: what is media here
	 *   RTPRELAY_A_SRC     endpoint, of the family of LOCAL: the one sender admitted; absent: any
	 *   RTPRELAY_A_FLAGS   u32, of enum rtprelay_flow_flag; absent: none
	 *   RTPRELAY_A_DSCP    u8, 0..63: set in what leaves; absent: left as it came
	 *   RTPRELAY_A_IDLE    u32, seconds, 1..86400, default 60: silence before an IDLE event
	 *   RTPRELAY_A_PT_SET  16 bytes, bit n%8 of byte n/8 admits RTP payload type n; absent: all of them
	 *   RTPRELAY_A_CLOCKS  nested: RTPRELAY_CLOCK_ENTRY as often as needed, for the jitter of these payload types;
	 *                      at most 8 different rates; for others the static ones of RFC 3551, or no jitter
	 *   RTPRELAY_A_COOKIE  1..32 bytes: the daemon's own name for the flow, given back with whatever is told of it
	 *
	 * An endpoint is nested: RTPRELAY_EP_PORT and one of _IPV4 and _IPV6. Its address must be one host's: not
	 * any, multicast or broadcast, nor an IPv6 link-local or IPv4-mapped one; none of IPv6 where the kernel was
	 * started without. OUT is not compared with the
	 * addresses of this host.
	 *
	 * NLM_F_CREATE|NLM_F_EXCL makes a flow, NLM_F_CREATE alone or with NLM_F_REPLACE makes or replaces one,
	 * NLM_F_REPLACE alone replaces one, neither of the two is as NLM_F_CREATE|NLM_F_EXCL. Replacing is atomic:
	 * each packet meets the old flow or the new one.
	 *
	 * Answer, when a flow was replaced and RTPRELAY_FLOW_CARRY was not asked for: RTPRELAY_CMD_FLOW_ADD with the final
	 * state of the old flow, as RTPRELAY_CMD_FLOW_DEL gives it.
	 *
	 * Return: 0; -EEXIST, LOCAL is taken, or a tap is asked for and another device is named rtprelay0; -ENOENT, there is nothing to replace; -ENOSPC, the limit is reached;
	 * -EOPNOTSUPP, a flag this module does not know; -EADDRNOTAVAIL, an address that cannot be used.
	 */
	RTPRELAY_CMD_FLOW_ADD,

	/**
	 * RTPRELAY_CMD_FLOW_DEL - end a flow
	 *
	 *   RTPRELAY_A_LOCAL  endpoint, required
	 * Answer: the flow as RTPRELAY_CMD_FLOW_GET gives it; the counters are final, no packet is counted after them.
	 * Return: 0; -ENOENT.
	 */
	RTPRELAY_CMD_FLOW_DEL,

	/**
	 * RTPRELAY_CMD_FLOW_GET - tell of one flow; with NLM_F_DUMP, of all
	 *
	 *   RTPRELAY_A_LOCAL  endpoint, required; none in a dump
	 * Answer: what RTPRELAY_CMD_FLOW_ADD set (IDLE always), and
	 *   RTPRELAY_A_COUNTERS   nested, u64 per number of enum rtprelay_counter; those that are zero are left out
	 *   RTPRELAY_A_LAST_SEEN  u64, milliseconds since the last admitted packet; absent: there was none
	 *   RTPRELAY_A_SILENT     flag: an IDLE event was sent and no RESUMED event since
	 *   RTPRELAY_A_RTP        nested, enum rtprelay_rtp; absent: no RTP was admitted
	 *   RTPRELAY_A_RTCP       bytes: the last admitted RTCP packet, cut at 256; absent: none; absent in a dump
	 *   RTPRELAY_A_RTCP_AGE   u64, microseconds since that packet came; with RTPRELAY_A_RTCP
	 * A dump that flows were added to or removed from meanwhile has NLM_F_DUMP_INTR set: it holds every flow
	 * that was there all the time, each once.
	 * Return: 0; -ENOENT.
	 */
	RTPRELAY_CMD_FLOW_GET,

	/**
	 * RTPRELAY_EVENT_IDLE - a flow heard no admitted packet for its idle time; sent once for each silence
	 *
	 *   RTPRELAY_A_LOCAL, RTPRELAY_A_COOKIE (when it has one), RTPRELAY_A_LAST_SEEN (when there was a packet)
	 */
	RTPRELAY_EVENT_IDLE,

	/** RTPRELAY_EVENT_RESUMED - a flow that was told idle is heard again; attributes as for IDLE */
	RTPRELAY_EVENT_RESUMED,

	/**
	 * RTPRELAY_EVENT_REFUSED - media of another source than the admitted one came and was dropped
	 *
	 * At most once a second for a flow and 200 times a second for a namespace.
	 *   RTPRELAY_A_LOCAL, RTPRELAY_A_COOKIE (when it has one)
	 *   RTPRELAY_A_SRC       endpoint: the source of the last refused packet
	 *   RTPRELAY_A_REFUSED   u32, packets refused since the flow's last such event
	 *   RTPRELAY_A_RTP       nested: SSRC, SEQ (16 bits) and PT of that packet, where it is RTP
	 */
	RTPRELAY_EVENT_REFUSED,

	__RTPRELAY_CMD_MAX,
};
#define RTPRELAY_CMD_MAX (__RTPRELAY_CMD_MAX - 1)

enum rtprelay_attr {
	RTPRELAY_A_UNSPEC,
	RTPRELAY_A_PAD,
	RTPRELAY_A_FEATURES,
	RTPRELAY_A_LIMIT,
	RTPRELAY_A_FLOWS,
	RTPRELAY_A_COUNTERS,
	RTPRELAY_A_LOCAL,
	RTPRELAY_A_SRC,
	RTPRELAY_A_OUT,
	RTPRELAY_A_DST,
	RTPRELAY_A_KIND,
	RTPRELAY_A_FLAGS,
	RTPRELAY_A_DSCP,
	RTPRELAY_A_IDLE,
	RTPRELAY_A_PT_SET,
	RTPRELAY_A_CLOCKS,
	RTPRELAY_A_COOKIE,
	RTPRELAY_A_LAST_SEEN,
	RTPRELAY_A_SILENT,
	RTPRELAY_A_RTP,
	RTPRELAY_A_RTCP,
	RTPRELAY_A_REFUSED,
	RTPRELAY_A_RTCP_AGE,
	__RTPRELAY_A_MAX,
};
#define RTPRELAY_A_MAX (__RTPRELAY_A_MAX - 1)

/* In RTPRELAY_A_LOCAL, _SRC, _OUT, _DST; all in network byte order. */
enum rtprelay_endpoint {
	RTPRELAY_EP_UNSPEC,
	RTPRELAY_EP_IPV4, /* be32 */
	RTPRELAY_EP_IPV6, /* 16 bytes */
	RTPRELAY_EP_PORT, /* be16, not 0 */
	__RTPRELAY_EP_MAX,
};
#define RTPRELAY_EP_MAX (__RTPRELAY_EP_MAX - 1)

/* In RTPRELAY_A_CLOCKS: RTPRELAY_CLOCK_ENTRY, nested, holding one each of _PT and _RATE. */
enum rtprelay_clock {
	RTPRELAY_CLOCK_UNSPEC,
	RTPRELAY_CLOCK_ENTRY,
	RTPRELAY_CLOCK_PT,   /* u8, 0..127; the last entry of a payload type holds */
	RTPRELAY_CLOCK_RATE, /* u32, Hz, 1..1000000 */
	__RTPRELAY_CLOCK_MAX,
};
#define RTPRELAY_CLOCK_ATTR_MAX (__RTPRELAY_CLOCK_MAX - 1)

/* In RTPRELAY_A_RTP: of the SSRC that is being sent now. */
enum rtprelay_rtp {
	RTPRELAY_RTP_UNSPEC,
	RTPRELAY_RTP_SSRC, /* u32 */
	RTPRELAY_RTP_PT,   /* u8: of the last packet */
	RTPRELAY_RTP_SEQ, /* u32: highest sequence number; above its 16 bits, wraps + 1 (RFC 3550, A.1) */
	RTPRELAY_RTP_EXPECTED,	/* u32, packets (A.3) */
	RTPRELAY_RTP_RECEIVED,	/* u32, packets of those, duplicates not in it */
	RTPRELAY_RTP_LOST,	/* u32, packets expected that did not come (A.3), never negative */
	RTPRELAY_RTP_REORDERED, /* u32, packets that came after one of a higher number */
	RTPRELAY_RTP_DUPLICATE, /* u32, packets that had come before, within the last 64 */
	RTPRELAY_RTP_JITTER,	/* u32, in units of CLOCK (A.8); absent: no clock known */
	RTPRELAY_RTP_CLOCK,	/* u32, Hz, of PT */
	RTPRELAY_RTP_GAPS, /* u32, gaps in the numbers, of one or more packets that did not come */
	__RTPRELAY_RTP_MAX,
};
#define RTPRELAY_RTP_MAX (__RTPRELAY_RTP_MAX - 1)

/* What is media in a flow. The rest goes up to the daemon's socket as if there were no flow, and is counted. */
enum rtprelay_kind {
	RTPRELAY_KIND_UNSPEC,
	RTPRELAY_KIND_RTP,    /* RTP */
	RTPRELAY_KIND_RTCP,   /* RTCP */
	RTPRELAY_KIND_MUX,    /* both (RFC 5761) */
	RTPRELAY_KIND_OPAQUE, /* every UDP packet, whatever is in it, STUN and DTLS too */
	__RTPRELAY_KIND_MAX,
};
#define RTPRELAY_KIND_MAX (__RTPRELAY_KIND_MAX - 1)

enum rtprelay_flow_flag {
	RTPRELAY_FLOW_DROP = 1 << 0, /* count media and drop it: a blocked party */
	RTPRELAY_FLOW_TAP = 1 << 1,  /* packets as they arrived also go to the device rtprelay0 */
	RTPRELAY_FLOW_CARRY =
		1
		<< 2, /* when replacing: go on with counters, RTP state and silence of the old flow */
};
#define RTPRELAY_FLOW_FLAGS 0x7u

enum rtprelay_feature {
	RTPRELAY_FEATURE_RTP =
		1 << 0, /* RTP statistics, RTPRELAY_A_PT_SET, RTPRELAY_A_CLOCKS, the last RTCP */
	RTPRELAY_FEATURE_EVENTS = 1 << 1, /* IDLE, RESUMED, REFUSED */
	RTPRELAY_FEATURE_FAMILY = 1 << 2, /* LOCAL and OUT may be of different families */
	RTPRELAY_FEATURE_TAP = 1 << 3,	  /* RTPRELAY_FLOW_TAP */
};

/* In RTPRELAY_A_COUNTERS, each a u64. PASS: went up to the daemon. DROP: went nowhere. */
enum rtprelay_counter {
	RTPRELAY_C_UNSPEC,
	RTPRELAY_C_PAD,
	RTPRELAY_C_PACKETS, /* admitted and forwarded; those of DROP_NOMEM and DROP_XMIT are in it */
	RTPRELAY_C_BYTES,   /* their UDP payload */
	RTPRELAY_C_TAPPED,  /* packets given to rtprelay0 */
	RTPRELAY_C_PASS_STUN,	 /* STUN (first byte 0..3) */
	RTPRELAY_C_PASS_DTLS,	 /* DTLS (first byte 20..63) */
	RTPRELAY_C_PASS_KIND,	 /* neither those nor what this flow carries */
	RTPRELAY_C_PASS_PT,	 /* RTP of a payload type that is not in PT_SET */
	RTPRELAY_C_PASS_ROUTE,	 /* no route to DST */
	RTPRELAY_C_PASS_SIZE,	 /* longer than the path's MTU */
	RTPRELAY_C_DROP_SOURCE,	 /* media of another source than SRC */
	RTPRELAY_C_DROP_BLOCKED, /* RTPRELAY_FLOW_DROP */
	RTPRELAY_C_DROP_TTL,	 /* TTL or hop limit used up: a loop, or a far sender */
	RTPRELAY_C_DROP_NOMEM,	 /* no memory to make the packet writable */
	RTPRELAY_C_DROP_XMIT,	 /* the output device or its queue refused it */
	__RTPRELAY_C_MAX,
};
#define RTPRELAY_C_MAX (__RTPRELAY_C_MAX - 1)

#endif
