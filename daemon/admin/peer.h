/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.h - one connection to the control socket, and the answer it is being given
 *
 * For admin*.c alone. A verb is a row of a table: it begins, then steps until it is done; a step writes one
 * line or a few, and nothing that it points to may be gone by the next one: calls end in between.
 */
#ifndef RTPRELAY_ADMIN_PEER_H
#define RTPRELAY_ADMIN_PEER_H

#include <event2/buffer.h>
#include "admin/admin.h"
#include "admin/socket.h"
#include "base/dict.h"
#include "base/json_line.h"
#include "call/events.h"
#include "call/table.h"
#include "control_proto.h"

struct admin_peer;

enum admin_step { ADMIN_MORE, ADMIN_DONE };

struct admin_verb {
	const char *name;
	bool changes;
	/* True: go on with steps, or with what comes. False: it is answered, admin_error() included. */
	bool (*begin)(struct admin_peer *peer, const struct dict *request);
	enum admin_step (*step)(struct admin_peer *peer); /* NULL: lines come by themselves */
	void (*end)(struct admin_peer *peer);		  /* or NULL */
};

extern const struct admin_verb admin_verb_status, admin_verb_calls, admin_verb_call,
	admin_verb_streams, admin_verb_stats, admin_verb_kernel, admin_verb_watch,
	admin_verb_terminate, admin_verb_set;

/* Which calls; texts are slices of the request, in the peer's arena. Empty, unset, 0: any. */
struct call_filter {
	struct str call_id, tag;
	struct endpoint address; /* port 0: any port */
	int path;		 /* enum path; -1: any */
	int64_t min_age_s;
	unsigned int max_mos; /* hundredths; 0: any, and calls without one */
	int64_t skip, limit;  /* 0: none are left out; no limit */
};

/**
 * struct admin_job - how far an answer is
 * @cursor: through all calls
 * @call_id: of the one that is asked for; @dialog, @side, @media: the place in its tree, or in a table
 */
struct admin_job {
	const struct admin_verb *verb; /* NULL: nothing is asked */
	struct call_cursor cursor;
	struct call_filter filter;
	struct str call_id;
	size_t dialog, media;
	int side;
	uint64_t count;
	struct events_watcher watcher;
	uint64_t lost, told_lost;
};

struct admin_peer {
	struct admin_peer *prev, *next;
	struct admin *admin;
	const struct admin_conf *conf;
	struct admin_peer_rights rights;
	int fd;
	struct event *read, *write;
	char *in; /* CONTROL_PROTO_REQUEST bytes */
	size_t in_len;
	struct evbuffer *out;
	struct arena *arena; /* of the request */
	struct admin_job job;
	bool failed; /* out of memory, or a line too long: cut off */
};

/* A line of the answer: begun, written to by jsonl_*(), sent. One at a time. */
struct json_line *admin_line(struct admin_peer *peer, const char *type);
void admin_send(struct admin_peer *peer);
/* The last line. */
void admin_error(struct admin_peer *peer, const char *code, const char *text);
void admin_end(struct admin_peer *peer, uint64_t count);

/* A step of a verb that goes through the job's cursor: @send_media for all of the next call that @filter lets; NULL: any. */
enum admin_step admin_step_medias(struct admin_peer *peer, const struct call_filter *filter,
				  void (*send_media)(struct admin_peer *, struct media *));
/* A line that nobody asked for just now is to go out; false: the reader is behind, don't write it. */
bool admin_room(struct admin_peer *peer);
void admin_wake(struct admin_peer *peer);

/* admin/filter.c. False: a value makes no sense, and the asker was told. */
bool call_filter_read(struct admin_peer *peer, const struct dict *request,
		      struct call_filter *filter);
bool call_filter_lets(const struct call_filter *filter, const struct call *call);

/* admin/call.c: of a call as a whole. */
enum path admin_call_path(const struct call *call);
/* admin/quality.c. The members of what comes from @side; none as long as nothing is known. */
void admin_put_quality(struct json_line *line, const struct media *media, enum side side);
/* Hundredths: the worse side's average; the worst media's, the kernel asked before. 0: not known */
unsigned int admin_media_mos(const struct media *media);
unsigned int admin_call_mos(const struct call *call);
/* admin/stream.c: the members of a stream. */
void admin_put_stream(struct json_line *line, const struct media *media, enum side side,
		      enum component comp);

#endif
