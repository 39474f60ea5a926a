/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peer.h - one connection to the control socket, and the progress of its answer */
#ifndef RTPRELAY_ADMIN_PEER_H
#define RTPRELAY_ADMIN_PEER_H

#include <event2/buffer.h>
#include "admin/conf.h"
#include "admin/filter.h"
#include "admin/socket.h"
#include "admin/verb.h"
#include "base/idle.h"
#include "base/json_line.h"
#include "call/events.h"
#include "call/table.h"

struct admin;
struct admin_look;

/* The line being written. One for all peers, since no other code runs before it is sent. */
struct admin_writer {
	struct json_line line; /* in @memory */
	char *memory;	       /* CONTROL_PROTO_LINE bytes */
};

/**
 * struct admin_job - the progress of an answer
 * @cursor: through all calls
 * @call_id: the requested call; @dialog, @side, @media: position in its tree
 * @dialog, @media: of the verb nat: the router, and the pair of ports that it forwards
 * @nat: of the calls that the cursor has passed
 * @held: where the flows in the kernel go on, while @reads_held
 * @look: of the verb pcap, which owns it
 * @debug: of @call_id, what was traced, not the tree; @media: position in it
 */
struct admin_job {
	const struct admin_verb *verb; /* NULL: no request in progress */
	struct call_cursor cursor;
	struct call_filter filter;
	struct str call_id;
	size_t dialog, media;
	int side;
	struct nat_seen nat;
	bool debug, reads_held;
	uint32_t held;
	uint64_t count;
	struct events_watcher watcher;
	struct admin_look *look;
	/* Events or packets left out; how many of them the client knows of. */
	uint64_t lost, lost_reported;
};

struct admin_peer {
	struct admin_peer *prev, *next;
	struct idle_item idle;
	struct admin *admin;
	struct admin_writer *writer; /* borrowed, as @conf */
	const struct admin_conf *conf;
	struct admin_peer_rights rights;
	int fd;
	struct event *read, *write;
	char *in; /* CONTROL_PROTO_REQUEST bytes */
	size_t in_len;
	struct evbuffer *out;
	struct arena *arena; /* of the request */
	struct admin_job job;
	bool failed; /* out of memory, or a line too long: disconnect */
};

#endif
