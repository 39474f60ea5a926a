/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - what the table, a call, a dialog, a media are made of, and who owns whom
 *
 *	table -> call -> dialog -> media -> bridge, and the flows of its streams
 *
 * A call is what one Call-ID names. A dialog is one fork of it: From-tag and via-branch of the offer on side A,
 * To-tag of the answer on side B. Each has ports of its own on both sides, so that forks never mix. A media is one
 * m= line of a dialog: the ports of both sides, joined by a bridge. Structs alone; what is done with them stands in
 * table.h, call.h, dialog.h, media.h. Control thread only.
 */
#ifndef RTPRELAY_CALL_TREE_H
#define RTPRELAY_CALL_TREE_H

#include <event2/event_struct.h>
#include "base/hash.h"
#include "base/siphash.h"
#include "packet/side.h"

struct call;
struct call_cursor;
struct call_table;
struct cdr_file;
struct dialog;
struct events;
struct iface_addr;
struct iface_table;
struct journal;
struct journal_mark;
struct kmod;
struct kmod_flow;
struct nft;
struct stats;

/* --- Media -------------------------------------------------------------------------------------- */

enum media_flag {
	MEDIA_MUX_SEEN = 1 << 0,   /* the offerer offered rtcp-mux (and we did not refuse it) */
	MEDIA_MUX_TOLD = 1 << 1,   /* we offered rtcp-mux to the answerer */
	MEDIA_MUX_ACCEPT = 1 << 2, /* the offerer gets rtcp-mux even when the answerer refuses it */
	MEDIA_DTLS = 1 << 3,
	MEDIA_SDES = 1 << 4,
	MEDIA_UNIDIRECTIONAL = 1 << 5,
	MEDIA_NEW_ANSWERER =
		1 << 6, /* somebody else answered a sibling: the next answer is of somebody new */
};

/* Who wants the media to stay, in the classic protocol: its weak users may come and go. */
enum media_hold {
	HOLD_STRONG = 1 << 0,
	HOLD_WEAK = 1 << 1, /* << side */
};

/* Who will be told, and what, when the call ends for want of media. */
struct notice {
	uint32_t target;	/* which of the configured "notify": a hash of its text */
	struct endpoint source; /* who asked for it */
	struct str tag;
	char text[];
};

/* Which path its packets take: call/media_path.h. By [side][component] of the stream that packets arrive at. */
struct media_path {
	struct kmod_flow *flow[2][2]; /* NULL: there never was one */
	const char *why[2][2];	      /* static; NULL: the kernel was asked to take it */
	bool told[2][2];	      /* what the media thread knows: is it in the kernel? */
	enum path kind;		      /* as counted in call_table.media_by_path */
	struct quality
		*quality[2]; /* of RTP from each side, in the kernel; NULL: nothing to tell yet */
};

/* Owned by its dialog until media_close(); then by the table, until the media thread has let go of it. */
struct media {
	struct media *prev, *next; /* in call_table.closing */
	struct call_table *table;
	struct dialog *dialog; /* NULL once closed */
	struct bridge *bridge;
	struct iface_addr *local[2]; /* by side */
	uint16_t port[2];	     /* even, RTP */
	uint8_t index;		     /* of the m= line, from 0 */
	uint8_t flags;		     /* enum media_flag */
	uint8_t holds;	       /* enum media_hold; 0: none of these, the first delete ends it */
	struct notice *notice; /* owned: whom to tell of a time-out, or NULL */
	uint8_t direction[2];  /* enum sdp_direction, as each side's last SDP said */
	struct media_path path;
	/* For reports and for the way back of the offer's profile; cut when longer. */
	char type[12], codec[20], protocol[2][24];
};

/* --- Dialog ------------------------------------------------------------------------------------- */

/* Forks of one call; each has a try at other phones, and few proxies ring more than a dozen at once. */
#define CALL_DIALOGS 64
/* More to-tags than this on one branch push the oldest out. */
#define PARTY_ALIASES 8

/* o= and s= as the party has been shown them before, for those who asked that they stay (replace: ...). */
struct shown_sdp {
	uint64_t version; /* 0: not shown yet */
	uint64_t hash;	  /* of the SDP as sent */
	struct str username, o_id, session_name;
};

enum party_flag {
	PARTY_BLOCKED = 1 << 0,	 /* what it sends is dropped */
	PARTY_SILENCED = 1 << 1, /* what it sends is made silent */
};

/* One side of a dialog. Texts are owned. */
struct party {
	struct str tag; /* side B: none until somebody answered */
	struct str label;
	struct str *aliases; /* other to-tags that answered on this side; PARTY_ALIASES of room */
	uint8_t n_aliases;
	uint8_t flags;		  /* enum party_flag */
	struct iface_addr *local; /* where its ports are */
	struct shown_sdp *shown;  /* NULL until asked for */
};

struct dialog {
	struct dialog *prev, *next; /* in call.dialogs, oldest first */
	struct call *call;
	struct party party[2]; /* by side */
	struct str via_branch;
	struct media **media; /* by m= line; NULL where nothing is relayed */
	size_t n_media;
	int64_t created_s; /* wall clock */
	int64_t last_signal_ms;
	int64_t delete_at_ms;	/* 0: not deleted */
	int64_t deleted_ms;	/* if it was: when that was asked for; 0: before a restart */
	bool answered;		/* an answer came since the last first offer */
	unsigned int timeout_s; /* in place of the configured ones; 0: those */
};

/* --- Call --------------------------------------------------------------------------------------- */

/* Why a call, or one of its dialogs, ended. */
enum call_end {
	CALL_DELETED,
	CALL_TIMEOUT,
	CALL_SILENT_TIMEOUT,
	CALL_OFFER_TIMEOUT,
	CALL_FORCED,
	CALL_KEPT,	 /* for the daemon that comes next */
	CALL_TERMINATED, /* by an operator */
};

/* What is left of the parts of a call that have ended: call/cdr.h. All zero: nothing has ended yet. */
struct cdr {
	char *medias; /* JSON objects with commas between; NULL: none */
	char *text;   /* for the log */
	char *tags;   /* JSON members, of the dialog that ended last */
	size_t medias_len, text_len, tags_len;
	int64_t ended_ms; /* when the last dialog ended, or was deleted: ports are kept for a while after that */
	bool cut; /* there was more than is kept */
};

struct call {
	UT_hash_handle hh;
	struct call_table *table;
	struct dialog *dialogs;	   /* oldest first */
	struct event timer;	   /* one look at all deadlines of the call, then the next */
	int64_t timer_at_ms;	   /* 0: not running */
	struct journal_mark *mark; /* NULL: not kept */
	int64_t spare_until_ms; /* restored: its phones have so long to be heard again; 0: a call of ours */
	int64_t created_ms;
	int64_t created_us;    /* wall clock */
	int64_t last_signal_s; /* wall clock */
	uint64_t packets[2];   /* accepted from each side, of medias that are closed */
	struct cdr cdr;
	struct str metadata; /* owned */
	unsigned int thread; /* media thread of all its bridges */
	int16_t tos;
	uint8_t latching;     /* enum latch_mode */
	bool ignored_told;    /* the one log line on what isn't supported was written */
	enum call_end reason; /* of the last dialog that ended */
	struct str id;
	char id_text[];
};

/* --- Table -------------------------------------------------------------------------------------- */

/* @dialog is about to be ended for want of media or of an answer. */
typedef void call_timed_out_fn(void *arg, const struct dialog *dialog);

struct call_table_conf {
	struct event_base *base;
	struct iface_table *ifaces;
	struct worker_pool *workers;
	struct kmod *kmod; /* NULL: no kernel path */
	struct nft *nft;   /* NULL: no firewall */
	struct stats *stats;
	struct cdr_file *cdr_file;    /* NULL: calls leave no record but in the log */
	struct events *events;	      /* NULL: nobody can watch */
	call_timed_out_fn *timed_out; /* or NULL */
	void *timed_out_arg;
	unsigned int timeout_s, silent_timeout_s, offer_timeout_s, delete_delay_s, max_sessions;
	int tos;
	enum latch_mode latching;
};

/* 16 hexadecimal digits that tell this daemon from all others: a=rtprelay:<mark> (loop-protect) */
#define CALL_MARK_LEN 16

struct call_table {
	struct call_table_conf conf;
	struct journal *journal; /* NULL: calls are not kept */
	struct call *calls;	 /* by call-id; oldest first */
	struct media
		*closing; /* of calls that may have gone: their media threads have yet to let go */
	size_t n_closing;
	size_t pairs; /* of ports: so many calls at once, unless max_sessions says otherwise */
	size_t n_media, n_streams;	  /* of all calls, now */
	size_t media_by_path[PATH_COUNT]; /* the same medias, by enum path */
	struct call_cursor *cursors;
	bool draining; /* new calls are refused */
	struct siphash_key key;
	char mark[CALL_MARK_LEN];
};

#endif
