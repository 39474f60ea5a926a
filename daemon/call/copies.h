/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copies.h - who gets copies of a call's media: subscriptions, their m= lines and ports
 *
 *	call -> subscriber -> line -> ports, and one copy (record/copy.h) of all that is sent now
 *
 * A subscriber is a recorder that a proxy has named (SIPREC, RFC 7866): it has a tag, as a party
 * has, and is none. A line is what one party sends in one media; its place among the m= lines, its
 * ports and its label stay as long as the subscriber does, whatever becomes of the media.
 * Control thread only.
 */
#ifndef RTPRELAY_COPIES_H
#define RTPRELAY_COPIES_H

#include "call/tree.h"
#include "record/copy_sink.h"

/* Subscribers of one call, at most. */
#define CALL_SUBSCRIBERS 4

/**
 * struct subscriber_line - one m= line
 * @dialog: of the source, with @index and @side; NULL: it is gone, the line has port 0
 * @wanted: the last request has asked for it
 * @accepted: the recorder's answer has it; then it is sent to @to, with the types @pts
 * @needs_key: SRTP was offered, and not as a choice (OSRTP): a plain answer is refused
 * @tapped: the media that it holds for the recorder (call/tapped.h), or NULL
 * @sockets: NULL: it has no ports now, and @port is 0
 * @crypto: a=crypto lines that the recorder was offered, as sdes_lines_write() writes them; @key:
 *	the one that it has taken: what is sent is SRTP. Both owned; empty: none
 * @ended: counts of ports that the line had before
 */
struct subscriber_line {
	struct dialog *dialog;
	uint8_t index;
	enum side side;
	bool wanted, accepted, needs_key;
	uint32_t label;
	char type[12];
	struct iface_addr *local;
	uint16_t port;
	struct media *tapped;
	struct copy_port *sockets;
	struct endpoint to[2];
	uint64_t pts[2];
	struct str crypto, key;
	struct copy_counts ended;
};

struct subscriber {
	struct subscriber *prev, *next;
	struct call *call;
	uint64_t id;	       /* from 1, of this daemon's */
	struct str tag, label; /* owned */
	uint64_t sdp_id, sdp_version;
	bool siprec;   /* its SDP has labels */
	bool inactive; /* the proxy has paused it */
	bool classic;  /* of the classic protocol: lines of its own, without SDP */
	size_t n;
	struct subscriber_line *line; /* owned; COPY_LINES of them */
	struct copy *copy;	      /* what is sent now; NULL: nothing */
	struct copy_sink *sink;	      /* of the recorder's thread; NULL: it sends nothing */
};

/* Can packets of the media be copied? Not those of SRTP that passes through, nor a fax. */
bool copies_can(const struct media *media);

struct subscriber *subscriber_find(const struct call *call, struct str tag);
/* The one of the classic protocol, or NULL. */
struct subscriber *subscriber_classic(const struct call *call);
size_t subscriber_count(const struct call *call);
/* Of @call, but not linked yet. NULL: out of memory */
struct subscriber *subscriber_new(struct call *call, struct str tag);
void subscriber_link(struct subscriber *subscriber);
/* Ends it: its ports are released. Linked or not; takes NULL. */
void subscriber_free(struct subscriber *subscriber);

/* NULL: the subscriber has no line of this source */
struct subscriber_line *subscriber_line_of(const struct subscriber *subscriber,
					   const struct dialog *dialog, unsigned int index,
					   enum side side);
/**
 * subscriber_line_add() - another line, without ports
 * Return: NULL: there are COPY_LINES
 */
struct subscriber_line *subscriber_line_add(struct subscriber *subscriber, struct dialog *dialog,
					    unsigned int index, enum side side);
/**
 * subscriber_line_open() - takes ports at @local; nothing if the line has some
 * @port: 0: any
 * Return: 0; as media_open()
 */
int subscriber_line_open(struct subscriber *subscriber, struct subscriber_line *line,
			 struct iface_addr *local, uint16_t port, int64_t now_ms);
/*
 * The key of what is sent becomes that of @key, one line; empty: plain. The one before is not
 * offered any more: who counted its indexes is gone, and none may be used twice (RFC 3711, 9.1).
 * 0; -ENOMEM
 */
int subscriber_line_secure(struct subscriber_line *line, struct str key);
void subscriber_line_forget_keys(struct subscriber_line *line);
/* Other sockets, which become the line's, or NULL; the counts go on. */
void subscriber_line_replace(struct subscriber_line *line, struct copy_port *sockets);
/* Releases the ports; nothing is sent for this line any more. */
void subscriber_line_close(struct subscriber *subscriber, struct subscriber_line *line);
/* The media that it copies now, or NULL. */
struct media *subscriber_line_media(const struct subscriber_line *line);
/* Are packets sent for it now? */
bool subscriber_line_sends(const struct subscriber *subscriber, const struct subscriber_line *line);
/* Of all ports that it had. */
void subscriber_line_counts(const struct subscriber_line *line, struct copy_counts *counts);
/* "host:port" as the recorder has to expect it: where the packets come from. */
struct endpoint subscriber_line_address(const struct subscriber_line *line, enum component comp);

/* After a change of it, or of medias of its call: what is sent from now on. 0; -ENOMEM */
int subscriber_apply(struct subscriber *subscriber);
/* Of all subscribers; what memory is missing for goes on as before. */
void copies_apply(struct call *call);
/* Before the media is closed. */
void copies_media_ends(struct call *call, const struct media *media);
/* The dialog ends: before its medias are closed. */
void copies_forget(struct call *call, const struct dialog *dialog);
/* A call_copies_fn, for the daemon: @arg is its struct recorder. */
void copies_send(void *arg, struct subscriber *subscriber);
/* The call ends. */
void copies_free(struct call *call);

/* Why media from the line must not be sent to @to; NULL: it may. Static text */
const char *copies_why_not(const struct call *call, const struct iface_addr *local,
			   const struct endpoint *to, int64_t now_ms);

/* Since the start; @subscribers, @lines: now. */
struct copies_totals {
	size_t subscribers, lines;
	uint64_t made;
	struct copy_counts counts; /* of subscribers that are over, and of their lines */
};

#endif
