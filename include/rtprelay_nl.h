/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * rtprelay_nl.h - the netlink interface between daemon and kernel module (uapi)
 *
 * Generic netlink, family "rtprelay", version 1. All data is in attributes, which are checked
 * strictly: an attribute that a command does not list, of a wrong length or out of range is
 * refused, and the extack message says why. Errors that any command may return:
 *   -EPERM    the sender has no CAP_NET_ADMIN in the network namespace of the socket; or that
 *             namespace belongs to a user namespace, and the module's parameter userns is not set
 *   -EINVAL   an attribute is missing, unknown, lacks NLA_F_NESTED, contradicts another, or is a
 *             number of a wrong length
 *   -ERANGE   a number is out of range; a byte string is too short or too long
 *   -ENOMEM
 * A command acts in the network namespace of its socket; each namespace has its own flows, limit
 * and counters. One sendmsg() may hold several commands; each gets its own answer, in order.
 *
 * Versions: numbers are only added, at the end of an enum. A daemon and a module of different
 * versions use what both know: get the feature bits by RTPRELAY_CMD_INFO, send only what they
 * announce, and ignore unknown attributes of an answer.
 */
#ifndef RTPRELAY_NL_H
#define RTPRELAY_NL_H

#include <linux/types.h>

#define RTPRELAY_FAMILY	    "rtprelay"
#define RTPRELAY_NL_VERSION 1
#define RTPRELAY_GROUP_EVENT                                                                       \
	"event" /* multicast; joining needs CAP_NET_ADMIN where the kernel supports the check */
#define RTPRELAY_TAP_DEVICE "rtprelay0"

#define RTPRELAY_LIMIT_DEFAULT	200000 /* flows of a namespace */
#define RTPRELAY_IDLE_DEFAULT	60     /* seconds */
#define RTPRELAY_IDLE_MAX	86400
#define RTPRELAY_EXPIRE_DEFAULT 3600   /* seconds */
#define RTPRELAY_EXPIRE_MAX	604800 /* a week */
#define RTPRELAY_COOKIE_MAX	32     /* bytes */
#define RTPRELAY_RTCP_MAX	256    /* stored bytes of an RTCP packet */
#define RTPRELAY_CLOCK_MAX_HZ	1000000
#define RTPRELAY_CLOCKS		8 /* different clock rates in one flow */

enum rtprelay_cmd {
	RTPRELAY_CMD_UNSPEC,

	/**
	 * RTPRELAY_CMD_INFO - features, limit and counters of the module
	 *
	 * No attributes. Answer:
	 *   RTPRELAY_A_FEATURES  u32, bits of enum rtprelay_feature
	 *   RTPRELAY_A_LIMIT     u32, maximum number of flows in this namespace
	 *   RTPRELAY_A_FLOWS     u32, current number of flows
	 *   RTPRELAY_A_EXPIRE    u32, as RTPRELAY_CMD_SET sets it; with RTPRELAY_FEATURE_EXPIRE
	 *   RTPRELAY_A_COUNTERS  nested, enum rtprelay_counter: sums over all flows of the
	 *                        namespace, also removed ones
	 * Return: 0.
	 */
	RTPRELAY_CMD_INFO,

	/**
	 * RTPRELAY_CMD_SET - set options of the namespace; at least one of
	 *
	 *   RTPRELAY_A_LIMIT   u32, 0 or more: maximum number of flows; existing ones stay
	 *   RTPRELAY_A_EXPIRE  u32, seconds, 0..604800, default 3600: when nobody has listened to
	 *                      the events of the namespace for that time, flows that are silent
	 *                      for as long are removed, a minute later at most; 0: never
	 * Return: 0.
	 */
	RTPRELAY_CMD_SET,

	/**
	 * RTPRELAY_CMD_FLOW_ADD - forward one direction of one media stream
	 *
	 *   RTPRELAY_A_LOCAL   endpoint, required: destination of arriving packets; identifies the
	 *                      flow
	 *   RTPRELAY_A_OUT     endpoint, required: source of forwarded packets
	 *   RTPRELAY_A_DST     endpoint, required: their destination; of the family of OUT, which
	 *                      may differ from that of LOCAL
	 *   RTPRELAY_A_KIND    u8, required, enum rtprelay_kind: which packets are media
	 *   RTPRELAY_A_SRC     endpoint, of the family of LOCAL: the only accepted source; absent:
	 *                      any
	 *   RTPRELAY_A_FLAGS   u32, of enum rtprelay_flow_flag; absent: none
	 *   RTPRELAY_A_DSCP    u8, 0..63: set in forwarded packets; absent: unchanged
	 *   RTPRELAY_A_IDLE    u32, seconds, 1..86400, default 60: silence before an IDLE event
	 *   RTPRELAY_A_PT_SET  16 bytes, bit n%8 of byte n/8 allows RTP payload type n; absent: all
	 *                      of them. RTP of SRC with another one goes up, and counts in
	 *                      RTPRELAY_A_RTP as received, if it has the current SSRC
	 *   RTPRELAY_A_CLOCKS  nested: any number of RTPRELAY_CLOCK_ENTRY, for the jitter of these
	 *                      payload types; at most 8 different rates; for other payload types
	 *                      the static rates of RFC 3551, or no jitter
	 *   RTPRELAY_A_NO_MUX  u32: LOCAL has no rtcp-mux; bit n: payload type 64 + n was
	 *                      negotiated. A packet there whose second byte is 192..223 is RTCP
	 *                      only if that bit is not set and it has the form of RTCP, else RTP.
	 *                      Absent: it is RTCP (RFC 5761). For the kinds RTP and MUX
	 *   RTPRELAY_A_IIF     u32: index of the device or VRF that packets must come by, as for a
	 *                      socket that is bound to one. Absent: as for a socket that is not,
	 *                      packets of a VRF go up unless net.ipv4.udp_l3mdev_accept is 1
	 *   RTPRELAY_A_OIF     u32: index of the device or VRF that the route to DST is looked up
	 *                      for; absent: any device outside of VRFs
	 *   RTPRELAY_A_MARK    u32: mark that the route is looked up with (SO_MARK); absent: 0
	 *   RTPRELAY_A_UID     u32: user of the sender's user namespace that the route is looked up
	 *                      for; absent: root of the initial one. So "ip rule" decides as for a
	 *                      socket of that user; it also gets the DSCP that is set, or else 0
	 *   RTPRELAY_A_COOKIE  1..32 bytes: the daemon's name for the flow, returned in answers and
	 *                      events
	 *
	 * An endpoint is nested: RTPRELAY_EP_PORT and one of _IPV4 and _IPV6. Its address must be
	 * unicast, not unspecified, multicast, broadcast, IPv6 link-local or IPv4-mapped; IPv6 is
	 * refused if the kernel was started without it. OUT is not compared with the addresses of
	 * this host.
	 *
	 * NLM_F_CREATE|NLM_F_EXCL creates a flow; NLM_F_CREATE, with or without NLM_F_REPLACE,
	 * creates or replaces one; NLM_F_REPLACE alone replaces one; none of these flags means
	 * NLM_F_CREATE|NLM_F_EXCL. Replacing is atomic: each packet is handled by the old flow or
	 * by the new one.
	 *
	 * Answer, if a flow was replaced without RTPRELAY_FLOW_CARRY: RTPRELAY_CMD_FLOW_ADD with
	 * the final state of the old flow, as RTPRELAY_CMD_FLOW_DEL returns it.
	 *
	 * Return: 0; -EEXIST, LOCAL is in use, or a tap is requested and another device is named
	 * rtprelay0; -ENOENT, there is no flow to replace; -ENOSPC, the limit is reached;
	 * -EDQUOT, the namespace belongs to a user namespace, and its user has as many flows as the
	 * module's parameter userns_flows allows;
	 * -EOPNOTSUPP, a flag that this module does not know; -EADDRNOTAVAIL, an address that
	 * cannot be used.
	 */
	RTPRELAY_CMD_FLOW_ADD,

	/**
	 * RTPRELAY_CMD_FLOW_DEL - end a flow
	 *
	 *   RTPRELAY_A_LOCAL  endpoint, required
	 * Answer: the flow as RTPRELAY_CMD_FLOW_GET returns it; the counters are final.
	 * Return: 0; -ENOENT.
	 */
	RTPRELAY_CMD_FLOW_DEL,

	/**
	 * RTPRELAY_CMD_FLOW_GET - get one flow; with NLM_F_DUMP, all flows
	 *
	 *   RTPRELAY_A_LOCAL  endpoint, required; absent for a dump
	 * Answer: what RTPRELAY_CMD_FLOW_ADD set (IDLE always), and
	 *   RTPRELAY_A_COUNTERS   nested, u64 per number of enum rtprelay_counter; zero ones are
	 *                         left out
	 *   RTPRELAY_A_LAST_SEEN  u64, milliseconds since the last accepted packet; absent: there
	 *                         was none
	 *   RTPRELAY_A_SILENT     flag: an IDLE event was sent and no RESUMED event since
	 *   RTPRELAY_A_RTP        nested, enum rtprelay_rtp; absent: no RTP was accepted. In a flow
	 *                         of kind OPAQUE only SEQ: the first 16 bits of the last accepted
	 *                         packet of 4 bytes or more, which are the number of UDPTL (T.38)
	 *   RTPRELAY_A_RTCP       bytes: the last accepted RTCP packet, cut at 256; absent: none;
	 *                         absent in a dump
	 *   RTPRELAY_A_RTCP_AGE   u64, microseconds since that packet arrived; with RTPRELAY_A_RTCP
	 * If flows were added or removed during a dump, NLM_F_DUMP_INTR is set: the dump then
	 * contains each flow that existed all the time exactly once.
	 * Return: 0; -ENOENT.
	 */
	RTPRELAY_CMD_FLOW_GET,

	/**
	 * RTPRELAY_EVENT_IDLE - a flow accepted no packet for its idle time; once for each silence
	 *
	 *   RTPRELAY_A_LOCAL, RTPRELAY_A_COOKIE (when it has one), RTPRELAY_A_LAST_SEEN (when there
	 *   was a packet)
	 */
	RTPRELAY_EVENT_IDLE,

	/** RTPRELAY_EVENT_RESUMED - a flow accepted a packet after IDLE; attributes as for IDLE */
	RTPRELAY_EVENT_RESUMED,

	/**
	 * RTPRELAY_EVENT_REFUSED - media from another source than SRC was dropped
	 *
	 * Sent at most once a second for a flow and 200 times a second for a namespace. In a flow
	 * of kind OPAQUE a packet from the address of SRC, whose number is 1 to 8 ahead of the last
	 * accepted one, may be of the same phone behind a NAT that changed the port. Such packets,
	 * and RTP that goes on, have limits of their own: packets of others do not hide them.
	 * Four with other numbers from that address end this for 10 seconds in a flow of kind
	 * OPAQUE.
	 *   RTPRELAY_A_LOCAL, RTPRELAY_A_COOKIE (when it has one)
	 *   RTPRELAY_A_SRC       endpoint: the source of the last refused packet
	 *   RTPRELAY_A_REFUSED   u32, packets refused since the flow's last such event
	 *   RTPRELAY_A_RTP       nested: SSRC, SEQ (16 bits) and PT of that packet, if it is RTP;
	 *                        in a flow of kind OPAQUE only SEQ, as in RTPRELAY_CMD_FLOW_GET
	 */
	RTPRELAY_EVENT_REFUSED,

	/** RTPRELAY_EVENT_IDLE2 - reserved: the end of RTPRELAY_A_IDLE2 */
	RTPRELAY_EVENT_IDLE2,

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
	RTPRELAY_A_NO_MUX,
	RTPRELAY_A_EXPIRE,
	RTPRELAY_A_IIF,
	RTPRELAY_A_OIF,
	RTPRELAY_A_MARK,
	RTPRELAY_A_UID,
	/*
	 * Reserved, so that no number is given twice: refused as unknown by a module that does not
	 * announce the feature.
	 */
	RTPRELAY_A_IDLE2,   /* u32, seconds, a second idle time; FEATURE_IDLE2 */
	RTPRELAY_A_OUTPUTS, /* nested, list of endpoints to send to; FEATURE_OUTPUTS */
	RTPRELAY_A_CRYPTO,  /* nested, SRTP; FEATURE_CRYPTO */
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

/* In RTPRELAY_A_CLOCKS: RTPRELAY_CLOCK_ENTRY, nested, with one _PT and one _RATE. */
enum rtprelay_clock {
	RTPRELAY_CLOCK_UNSPEC,
	RTPRELAY_CLOCK_ENTRY,
	RTPRELAY_CLOCK_PT,   /* u8, 0..127; the last entry of a payload type applies */
	RTPRELAY_CLOCK_RATE, /* u32, Hz, 1..1000000 */
	__RTPRELAY_CLOCK_MAX,
};
#define RTPRELAY_CLOCK_ATTR_MAX (__RTPRELAY_CLOCK_MAX - 1)

/* In RTPRELAY_A_RTP: of the current SSRC. Flows of kind OPAQUE have only SEQ, of 16 bits. */
enum rtprelay_rtp {
	RTPRELAY_RTP_UNSPEC,
	RTPRELAY_RTP_SSRC,	/* u32 */
	RTPRELAY_RTP_PT,	/* u8: of the last packet */
	RTPRELAY_RTP_SEQ,	/* u32: highest number; upper 16 bits: wraps + 1 (RFC 3550, A.1) */
	RTPRELAY_RTP_EXPECTED,	/* u32, packets (A.3) */
	RTPRELAY_RTP_RECEIVED,	/* u32, packets of those, without duplicates */
	RTPRELAY_RTP_LOST,	/* u32, packets expected and not received (A.3), never negative */
	RTPRELAY_RTP_REORDERED, /* u32, packets received after one with a higher number */
	RTPRELAY_RTP_DUPLICATE, /* u32, packets received before, within the last 64 numbers */
	RTPRELAY_RTP_JITTER, /* u32, in units of CLOCK (A.8); absent: the clock rate is unknown */
	RTPRELAY_RTP_CLOCK,  /* u32, Hz, of PT */
	RTPRELAY_RTP_GAPS,   /* u32, gaps in the numbers, each of one or more missing packets */
	__RTPRELAY_RTP_MAX,
};
#define RTPRELAY_RTP_MAX (__RTPRELAY_RTP_MAX - 1)

/* Which packets are media in a flow. Others are counted and passed to the daemon's socket. */
enum rtprelay_kind {
	RTPRELAY_KIND_UNSPEC,
	RTPRELAY_KIND_RTP,    /* RTP */
	RTPRELAY_KIND_RTCP,   /* RTCP */
	RTPRELAY_KIND_MUX,    /* both (RFC 5761) */
	RTPRELAY_KIND_OPAQUE, /* every UDP packet, including STUN and DTLS */
	__RTPRELAY_KIND_MAX,
};
#define RTPRELAY_KIND_MAX (__RTPRELAY_KIND_MAX - 1)

enum rtprelay_flow_flag {
	RTPRELAY_FLOW_DROP = 1 << 0, /* count media and drop it: a blocked party */
	RTPRELAY_FLOW_TAP = 1 << 1,  /* copy packets, as they arrived, to the device rtprelay0 */
	RTPRELAY_FLOW_CARRY =
		1 << 2, /* when replacing: keep counters, RTP state and silence of the old flow */
};
#define RTPRELAY_FLOW_FLAGS 0x7u

enum rtprelay_feature {
	RTPRELAY_FEATURE_RTP =
		1 << 0, /* RTP statistics, RTPRELAY_A_PT_SET, RTPRELAY_A_CLOCKS, the last RTCP */
	RTPRELAY_FEATURE_EVENTS = 1 << 1, /* IDLE, RESUMED, REFUSED */
	RTPRELAY_FEATURE_FAMILY = 1 << 2, /* LOCAL and OUT may be of different families */
	RTPRELAY_FEATURE_TAP = 1 << 3,	  /* RTPRELAY_FLOW_TAP */
	RTPRELAY_FEATURE_NO_MUX = 1 << 4, /* RTPRELAY_A_NO_MUX */
	RTPRELAY_FEATURE_EXPIRE = 1 << 5, /* RTPRELAY_A_EXPIRE of RTPRELAY_CMD_SET and _INFO */
	RTPRELAY_FEATURE_DEVICE = 1 << 6, /* RTPRELAY_A_IIF, _OIF, _MARK, _UID */
	/* Reserved, no module announces them: */
	RTPRELAY_FEATURE_IDLE2 = 1 << 7,   /* RTPRELAY_A_IDLE2, RTPRELAY_EVENT_IDLE2 */
	RTPRELAY_FEATURE_OUTPUTS = 1 << 8, /* RTPRELAY_A_OUTPUTS */
	RTPRELAY_FEATURE_CRYPTO = 1 << 9,  /* RTPRELAY_A_CRYPTO */
};

/* In RTPRELAY_A_COUNTERS, each a u64. PASS: passed to the daemon. DROP: dropped. */
enum rtprelay_counter {
	RTPRELAY_C_UNSPEC,
	RTPRELAY_C_PAD,
	RTPRELAY_C_PACKETS,	 /* accepted and forwarded; includes DROP_NOMEM and DROP_XMIT */
	RTPRELAY_C_BYTES,	 /* their UDP payload */
	RTPRELAY_C_TAPPED,	 /* packets copied to rtprelay0 */
	RTPRELAY_C_PASS_STUN,	 /* STUN (first byte 0..3) */
	RTPRELAY_C_PASS_DTLS,	 /* DTLS (first byte 20..63) */
	RTPRELAY_C_PASS_KIND,	 /* neither of these nor a kind that the flow carries */
	RTPRELAY_C_PASS_PT,	 /* RTP of a payload type that is not in PT_SET */
	RTPRELAY_C_PASS_ROUTE,	 /* no route to DST */
	RTPRELAY_C_PASS_SIZE,	 /* longer than the path's MTU */
	RTPRELAY_C_DROP_SOURCE,	 /* media from another source than SRC */
	RTPRELAY_C_DROP_BLOCKED, /* RTPRELAY_FLOW_DROP */
	RTPRELAY_C_DROP_TTL,	 /* TTL or hop limit exceeded: a loop, or a distant sender */
	RTPRELAY_C_DROP_NOMEM,	 /* no memory to make the packet writable, or to take merged packets
				  * apart
				  */
	RTPRELAY_C_DROP_XMIT,	 /* refused by the output device or its queue */
	RTPRELAY_C_PASS_POLICY,	 /* an IPsec policy for incoming packets does not allow it */
	RTPRELAY_C_PASS_DEVICE,	 /* a socket would not hear it: came by another device or VRF than
				  * IIF, is refused by rp_filter, or LOCAL is not an address of this
				  * host
				  */
	__RTPRELAY_C_MAX,
};
#define RTPRELAY_C_MAX (__RTPRELAY_C_MAX - 1)

#endif
