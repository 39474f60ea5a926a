/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - the structs of table, call, dialog and media, and their ownership
 *
 *	table -> call -> dialog -> media -> bridge, and the flows of its streams
 *
 * A call is named by its Call-ID. A dialog is one fork of it: From-tag and via-branch of the offer
 * on side A, To-tag of the answer (or of the offer, if it had one) on side B. Each dialog has its
 * own ports on both sides, so that forks never mix. A media is one m= line of a dialog: the ports
 * of both sides, joined by a bridge.
 * Only structs; their functions are in table.h, call.h, dialog.h, media.h. Control thread only.
 */
#ifndef RTPRELAY_CALL_TREE_H
#define RTPRELAY_CALL_TREE_H

#include <event2/event_struct.h>
#include "base/hash.h"
#include "base/siphash.h"
#include "call/trace.h"
#include "packet/side.h"
#include "prompt/store.h"

struct bans;
struct call;
struct call_cursor;
struct call_recording;
struct call_table;
struct cdr_file;
struct dtls_service;
struct copies_totals;
struct subscriber;
struct dialog;
struct dtmf_sender;
struct events;
struct homer;
struct stun_service;
struct external;
struct portmap;
struct cidr;
struct iface_addr;
struct iface_table;
struct journal;
struct journal_mark;
struct kmod;
struct kmod_flow;
struct nft;
struct recorded_conf;
struct recorder;
struct stats;

/* --- Media ------------------------------------------------------------------------------------ */

enum media_flag {
	MEDIA_MUX_SEEN = 1 << 0,   /* the offerer offered rtcp-mux (and it was not refused) */
	MEDIA_MUX_TOLD = 1 << 1,   /* the SDP to the answerer offers rtcp-mux */
	MEDIA_MUX_ACCEPT = 1 << 2, /* the offerer gets rtcp-mux even when the answerer refuses it */
	MEDIA_DTLS = 1 << 3,
	MEDIA_SDES = 1 << 4,
	MEDIA_UNIDIRECTIONAL = 1 << 5,
	MEDIA_NEW_ANSWERER =
		1 << 6, /* another party answered a sibling: the next answer is from that party */
	MEDIA_REFUSED = 1 << 7, /* port 0 in an answer that may be provisional */
};

/* Which commands of the classic protocol keep the media: strong, or weak (W) of either side. */
enum media_hold {
	HOLD_STRONG = 1 << 0,
	HOLD_WEAK = 1 << 1, /* << side */
};

/* How far the last offer of the media has come; without sip-code the first answer is early. */
enum media_answers {
	MEDIA_OFFERED,
	MEDIA_EARLY, /* it has an answer that may be provisional */
	MEDIA_ANSWERED,
};

/* The notification that is sent if the call times out. */
struct notice {
	uint32_t target;	/* which configured "notify": a hash of its text */
	struct endpoint source; /* the proxy that asked for it */
	struct str tag;
	char text[];
};

/* The path of a media's packets (call/media_path.h). [side][component] is the receiving stream. */
struct media_path {
	struct kmod_flow *flow[2][2]; /* NULL: there never was one */
	const char *why[2][2];	      /* static; why not in the kernel; NULL: a flow is requested */
	bool told[2][2];	      /* last report to the media thread: is it in the kernel? */
	enum path kind;		      /* as counted in call_table.media_by_path */
	struct quality *quality[2]; /* of RTP from each side, in the kernel; NULL: no figures yet */
};

/* Digits of one side of a media that its record keeps; it ends with "..." if there were more. */
#define DTMF_DIGITS 128
/**
 * struct media_listener - what a side accepts of prompts, by its last SDP
 * @choice: its codecs that prompts can have, in its order; the first @n
 * @ptime: ms of audio in a packet; 0: no SDP yet
 */
struct media_listener {
	uint8_t n, ptime;
	struct prompt_choice choice[PROMPT_FORMATS];
};

/* Owned by its dialog until media_close(); then by the table until its thread has released it. */
struct media {
	struct media *prev, *next; /* in call_table.closing */
	struct call_table *table;
	struct dialog *dialog; /* NULL once closed */
	struct bridge *bridge;
	struct iface_addr *local[2]; /* by side */
	uint16_t port[2];	     /* even, RTP */
	uint8_t index;		     /* of the m= line, from 0 */
	uint8_t flags;		     /* enum media_flag */
	uint8_t holds;		     /* enum media_hold; 0: the first delete ends it */
	uint8_t answers;	     /* enum media_answers */
	struct media_sdes *sdes;     /* owned: SRTP that ends here (call/media_sdes.h), or NULL */
	struct media_ice *ice;	     /* owned: ICE that ends here (call/media_ice.h), or NULL */
	struct media_dtls *dtls;     /* owned: DTLS that ends here (call/media_dtls.h), or NULL */
	struct media_bundle
		*bundle;       /* owned: at one port with others (call/media_bundle.h), or NULL */
	struct notice *notice; /* owned: the notification of a time-out, or NULL */
	uint8_t direction[2];  /* enum sdp_direction, as each side's last SDP said */
	uint32_t tap;	       /* number for the recorder (call/tapped.h); 0: none yet */
	uint8_t tap_users;     /* those that want its packets */
	struct tap_ports *tap_ports; /* owned: what the recorder knows of its ports, or NULL */
	uint8_t recorded; /* number in the recording of the call, from 1; 0: not recorded */
	struct media_path path;
	struct str dtmf[2]; /* owned: keys pressed on each side, with dtmf-log */
	struct media_listener listener[2];
	struct media_play *play[2]; /* owned: what the side hears (call/play.h), or NULL */
	uint64_t homer_expected[2]; /* RTP packets of each side at the last report to homer */
	/* For reports, and to put the offer's profile into the answer; longer texts are cut. */
	char type[12], codec[20], protocol[2][24];
	struct str codecs[2]; /* owned, by side: call/media_codecs.h */
};

/* --- Dialog ----------------------------------------------------------------------------------- */

/* Forks of one call, at most: the upper bound of max-branches. */
#define CALL_DIALOGS 128
/* Aliases of one party, at most; further to-tags replace the oldest. */
#define PARTY_ALIASES 8

/* o= and s= of the SDP sent to the party, kept if a request asks that they stay (replace: ...). */
struct shown_sdp {
	uint64_t version; /* 0: not sent yet */
	uint64_t hash;	  /* of the SDP as sent */
	struct str username, o_id, session_name;
};

enum party_flag {
	PARTY_BLOCKED = 1 << 0,	     /* what it sends is dropped */
	PARTY_SILENCED = 1 << 1,     /* what it sends is made silent */
	PARTY_DTMF_BLOCKED = 1 << 2, /* its telephone-events are dropped */
};

/* One side of a dialog. Texts are owned. */
struct party {
	struct str tag; /* side B: none until it has answered */
	struct str label;
	struct str *aliases; /* other to-tags that answered on this side; room for PARTY_ALIASES */
	uint8_t n_aliases;
	uint8_t flags;		  /* enum party_flag */
	struct iface_addr *local; /* where its ports are */
	struct shown_sdp *shown;  /* NULL until a request asks for it */
};

struct dialog {
	struct dialog *prev, *next; /* in call.dialogs, oldest first */
	struct call *call;
	struct party party[2]; /* by side */
	struct str via_branch; /* of the first offer */
	uint64_t offer_branch; /* dialog_branch_id() of the last offer; 0: that of the first */
	struct str offered;    /* the m= lines of the last offer (command/offered.c) */
	struct media **media;  /* by m= line; NULL where nothing is relayed */
	size_t n_media;
	int64_t created_s; /* wall clock */
	int64_t last_signal_ms;
	int64_t delete_at_ms;	/* 0: not deleted */
	int64_t deleted_ms;	/* if so: time of the delete command; 0: before a restart */
	bool answered;		/* an answer came since the last initial offer */
	bool initial;		/* the last offer had no To-tag: several phones may answer it */
	bool inner;		/* the last offer was in a dialog, and has no answer */
	bool final;		/* a 2xx answered it: other To-tags are of forks that have lost */
	bool unrecorded;	/* exclude-recording */
	unsigned int timeout_s; /* replaces the configured time-outs; 0: they apply */
};

/* --- Call ------------------------------------------------------------------------------------- */

/* Why a call, or one of its dialogs, ended. */
enum call_end {
	CALL_DELETED,
	CALL_TIMEOUT,
	CALL_SILENT_TIMEOUT,
	CALL_OFFER_TIMEOUT,
	CALL_UNANSWERED,
	CALL_FINAL_TIMEOUT, /* whatever its media */
	CALL_FORCED,
	CALL_KEPT,	 /* the next daemon restores it */
	CALL_TERMINATED, /* by an operator */
};

/* Texts about the parts of a call that have ended (call/cdr.h). All zero: nothing has ended yet. */
struct cdr {
	char *medias; /* JSON objects with commas between; NULL: none */
	char *text;   /* for the log */
	char *tags;   /* JSON members, of the dialog that ended last */
	size_t medias_len, text_len, tags_len;
	int64_t ended_ms; /* when the last dialog ended; with delete-delay: when the delete came */
	bool cut;	  /* @medias is incomplete: there were too many */
};

/* Forks that are over (call/ended_branch.h). */
struct ended_branches {
	uint64_t *id; /* dialog_branch_id() of the last CALL_DIALOGS; NULL: none */
	size_t n;
};

struct call {
	UT_hash_handle hh;
	struct call_table *table;
	struct dialog *dialogs;	   /* oldest first */
	struct event timer;	   /* for the earliest deadline of all dialogs */
	int64_t timer_at_ms;	   /* 0: not running */
	struct journal_mark *mark; /* NULL: not in the journal */
	int64_t grace_until_ms;	   /* a restored call does not time out before this; else 0 */
	int64_t created_ms;
	int64_t created_us;    /* wall clock */
	int64_t last_signal_s; /* wall clock */
	uint64_t packets[2];   /* accepted from each side, of medias that are closed */
	struct cdr cdr;
	struct ended_branches ended;
	struct call_recording *recording; /* owned (call/recorded.h); NULL: there was none */
	struct str metadata;		  /* owned */
	struct str dtmf_place;	 /* owned: where its keys are reported to; empty: as configured */
	unsigned int thread;	 /* media thread of all its bridges */
	uint32_t refused_round;	 /* refusals.round that has counted it */
	int64_t refused_told_ms; /* last line about refused media; 0: none */
	struct subscriber *subscribers; /* owned; who gets copies (call/copies.h) */
	int16_t tos;
	uint16_t keepalive_s; /* as bridge_conf.keepalive_s */
	uint8_t latching;     /* enum latch_mode */
	bool ignored_told;    /* the log line about unsupported flags is written */
	bool unheard_counted; /* in stats.unheard */
	enum call_end reason; /* of the last dialog that ended */
	struct str id;
	char id_text[];
};

/* --- Table ------------------------------------------------------------------------------------ */

/* @dialog will be ended, because media or an answer is missing; call.reason says what. */
typedef void call_timed_out_fn(void *arg, const struct dialog *dialog);

/* What is sent for @subscriber (call/copies.h) has become its copy; NULL: nothing any more. */
typedef void call_copies_fn(void *arg, struct subscriber *subscriber);

struct call_table_conf {
	struct event_base *base;
	struct iface_table *ifaces;
	struct worker_pool *workers;
	struct kmod *kmod; /* NULL: no kernel path */
	struct nft *nft;   /* NULL: no firewall */
	struct stats *stats;
	struct cdr_file *cdr_file; /* NULL: calls are recorded only in the log */
	struct homer *homer;	   /* NULL: nothing is reported there */
	struct dtmf_sender *dtmf;  /* NULL: no keys are reported by datagrams */
	bool dtmf_log;		   /* keys are told to watchers, and kept for the record */
	struct stun_service *stun; /* NULL: none; for reports */
	struct external *external; /* the same */
	struct portmap *portmap;   /* the same */
	const struct cidr *local;  /* networks on this side of the NAT: local-networks */
	size_t n_local;
	struct recorder *recorder;	      /* NULL: nobody gets copies of packets */
	struct kernel_source *kernel_source;  /* NULL: the kernel shows it none */
	const struct recorded_conf *recorded; /* NULL: recording-dir is not set */
	struct dtls_service *dtls;	      /* NULL: DTLS passes through */
	bool dtls_passive;		      /* the relay waits for hellos where it may choose */
	struct prompt_store *prompts;	      /* NULL: none can be played */
	struct events *events;		      /* NULL: no watchers are possible */
	call_timed_out_fn *timed_out;	      /* or NULL */
	void *timed_out_arg;
	/* Has the recorder open rtprelay0: tap_reader_told() is the answer. NULL: no recorder */
	void (*tap_open)(void *arg);
	void *tap_arg;
	call_copies_fn *copies; /* NULL: nobody sends copies, and so there are no subscriptions */
	void *copies_arg;
	unsigned int timeout_s, silent_timeout_s, offer_timeout_s;
	unsigned int unanswered_timeout_s; /* 0: only offer_timeout_s applies */
	unsigned int final_timeout_s;	   /* from the first command of a call; 0: none */
	unsigned int delete_delay_s, max_sessions;
	double max_load, max_cpu, max_bandwidth; /* new calls are refused beyond; 0: no limit */
	unsigned int max_medias;   /* with ports, of one dialog; those it has already stay */
	unsigned int max_branches; /* dialogs of one call; up to CALL_DIALOGS */
	int tos;
	enum latch_mode latching;
	uint16_t keepalive_s; /* of media without an interval of its own; 0: none */
	bool ice_lite;	      /* agents of ICE check nobody, unless a request says otherwise */
	unsigned int ice_consent_s;
};

/* The device of tapped flows (call/tap_reader.h). @is_told: the log says that it cannot be read */
enum tap_reader_state {
	TAP_READER_CLOSED,
	TAP_READER_OPENING,
	TAP_READER_OPEN,
	TAP_READER_FAILED,
};
struct tap_reader {
	enum tap_reader_state state;
	int64_t failed_ms;
	bool is_told;
};

/* 16 random hexadecimal digits that identify this daemon: a=rtprelay:<mark> (loop-protect) */
#define CALL_MARK_LEN 16

/* Lines about refused media, in a minute, for all calls (call/refusals.h). */
#define REFUSALS_LINES 20

/* When they were written; calls without a line since @since_ms, @packets_before that time. */
struct refusals {
	int64_t line_ms[REFUSALS_LINES]; /* a ring; 0: not yet */
	unsigned int next, left_out;
	uint32_t round; /* of summaries: a call is counted once in each */
	int64_t since_ms;
	uint64_t packets_before;
};

/* Phones now, by what is seen of their NAT (call/nat_seen.h). @behind: of them, with any sign */
struct nat_seen {
	size_t phones, behind, address, port, symmetric;
};

struct call_table {
	struct call_table_conf conf;
	struct journal *journal; /* NULL: calls end with the daemon */
	struct bans *bans;	 /* NULL: nothing is banned */
	bool journal_absent;	 /* because it could not be used at the start */
	struct call *calls;	 /* by call-id; oldest first */
	struct media
		*closing; /* closed, but not released by their media threads; calls may be freed */
	size_t n_closing;
	size_t pairs;		   /* of ports: the limit of calls, unless max_sessions is set */
	size_t n_media, n_streams; /* of all calls, now */
	size_t media_by_path[PATH_COUNT]; /* the same medias, by enum path */
	struct call_cursor *cursors;
	size_t n_playing;    /* prompts, now */
	size_t one_way;	     /* calls, as counted by the last round of call/sweep.h */
	struct nat_seen nat; /* the same round */
	bool draining;	     /* new calls are refused; set by call/drain.h */
	bool drain_kept;     /* also by the next daemon: the file @drain_path exists */
	char *drain_path;    /* owned; NULL: no state-dir */
	struct refusals refusals;
	struct tap_reader tap_reader;
	struct copies_totals *copies; /* owned: call/copies.h */
	struct trace_calls traces;    /* calls that an operator looks into */
	struct siphash_key key;
	char mark[CALL_MARK_LEN];
};

#endif
