/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - copies of the state of a call and of the daemon, for one reply
 *
 * Reports live in the command's arena and stay valid after the call has ended.
 */
#ifndef RTPRELAY_REPORT_H
#define RTPRELAY_REPORT_H

#include "base/arena.h"
#include "call/bans.h"
#include "call/copies.h"
#include "call/restore.h"
#include "call/tree.h"
#include "firewall/nft.h"
#include "kernel/msg.h"
#include "nat/external.h"
#include "nat/portmap.h"
#include "nat/stun_service.h"
#include "port/pool.h"
#include "record/dir_watch.h"
#include "record/kernel_tap.h"
#include "record/recorder.h"
#include "stats/stats.h"

struct media_report {
	unsigned int index;  /* 1.. as in SDP */
	struct str type;     /* "audio" */
	struct str protocol; /* "RTP/AVP" */
	struct str codec;    /* name of the first codec, or empty */
	bool mux, asymmetric, blocked, silenced, unidirectional, opaque, dtls, sdes;
	bool ends_srtp;		   /* SRTP of one of the sides ends in the relay */
	bool offered_srtp;	   /* the party's own lines were an offer */
	const char *suite;	   /* of what it is sent; NULL: none */
	bool ice, ice_controlling; /* ends in the relay; is the relay controlling? */
	const char *ice_state;	   /* with @ice; static */
	/* DTLS that ends in the relay; @dtls_state NULL: none. @dtls_peer: as in a=fingerprint */
	const char *dtls_state;
	bool dtls_active;
	unsigned int dtls_ms; /* its handshake; 0: not done */
	struct str dtls_peer;
	bool send, recv;	/* direction in the party's own SDP */
	unsigned int n_streams; /* 1 or 2 */
	struct stream_report stream[2];
	struct endpoint advertised[2];	/* sent to the phone in SDP: where it sends to */
	struct quality_summary quality; /* of the packets that the party sends */
	struct rtcp_seen rtcp;		/* the party's last RTCP */
};

struct party_report {
	struct str tag;	       /* empty: not answered yet */
	bool answered;	       /* its dialog */
	bool unrecorded;       /* exclude-recording */
	struct str via_branch; /* or empty */
	struct str label;
	struct str *aliases; /* other to-tags that answered for this side */
	size_t n_aliases;
	int64_t created_s; /* wall clock */
	struct media_report *media;
	size_t n_media;
	unsigned int peer; /* index of the other party in call_report.party */
};

struct call_report {
	bool recording, recorded; /* it has one; packets are written now */
	struct str call_id;
	struct str metadata;
	int64_t created_s, created_us; /* wall clock, and its microseconds */
	int64_t last_signal_s;
	int64_t now_ms,
		wall_minus_mono_ms; /* to turn last_in_ms into wall clock: + wall_minus_mono_ms */
	struct party_report *party;
	size_t n_parties;
	uint64_t rtp_packets, rtp_bytes, rtp_errors, rtcp_packets, rtcp_bytes, rtcp_errors;
};

struct iface_report {
	struct str name;
	struct endpoint bind, advertised;
	bool unknown; /* outside of the NAT: @advertised is not to be used */
	const struct external_place *outside; /* NULL: @advertised is not found out */
	const struct portmap_place *mapping;  /* NULL: its ports are not mapped by a router */
	uint16_t port_min, port_max;
	bool gone; /* not on this host at present */
	struct port_pool_usage ports;
};

/* One way into the kernel: "module", "bpf". @why: why it is not there; NULL: it is */
struct kernel_path_report {
	const char *path, *why;
	bool used; /* flows are set by it now */
	size_t flows;
	struct relayed relayed;
};

#define KERNEL_PATHS 2

struct daemon_report {
	struct stats stats; /* a copy */
	int64_t uptime_s;
	size_t calls, streams, media; /* now */
	size_t one_way_calls;	      /* now: one side is not heard */
	size_t prompts;		      /* now: being played */
	uint64_t prompt_bytes;	      /* memory of their files */
	size_t max_calls;	      /* call_table_room() */
	bool draining;		      /* new calls are refused by an operator */
	struct nat_seen nat;
	size_t media_by_path[PATH_COUNT]; /* by enum path */
	struct relayed relayed[2];	  /* by enum path */
	uint64_t drops[DROP_COUNT];	  /* of both paths */
	struct worker_totals user;	  /* counters of the media threads */
	/* Counters of the module, by enum rtprelay_counter. */
	uint64_t kernel[RTPRELAY_C_MAX + 1];
	struct journal_counters journal;
	enum journal_state journal_state;
	struct firewall_counters firewall;
	struct stun_counters stun;
	struct external_counters external;
	struct portmap_counters portmap;
	struct recorder_counts recorder;	/* of tapped medias; without the kernel's losses */
	uint64_t recording_left;		/* bytes of it, without recording-min-free */
	struct kernel_tap_counts kernel_tap;	/* those that the kernel has shown */
	struct record_dir_health recording_dir; /* all 0 without it */
	struct copies_totals copies;		/* to recorders in the network */
	size_t banned;				/* addresses */
	enum bans_state bans_state;		/* is the list of them saved? */
	bool cdr_failing;			/* records of calls cannot be written at present */
	size_t flows;		      /* in the kernel: each is a stream whose path is kernel */
	bool kernel_on, kernel_there; /* is the kernel path configured, and is one there? */
	bool recording_left_known;    /* recording-dir is set, and its disk has answered */
	struct kernel_path_report kernel_path[KERNEL_PATHS];
	size_t n_kernel_paths;
	unsigned int threads; /* media threads */
	struct iface_report *iface;
	size_t n_ifaces;
};

/* In the arena, with copies of all texts. NULL: out of memory. */
const struct call_report *call_report_make(struct arena *arena, const struct call *call,
					   int64_t now_ms);
/* The cost does not depend on the number of calls. NULL: out of memory. */
const struct daemon_report *daemon_report_make(struct arena *arena, const struct call_table *table,
					       const struct stats *stats, int64_t now_ms);
/* Call it about once a second: rates are averages since the last call. */
void stats_sample(struct stats *stats, const struct call_table *table, int64_t now_ms);

#endif
