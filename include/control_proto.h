/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_proto.h - the control socket: path, limits, shape of request and answer
 *
 * A Unix stream socket. A request is a line of JSON, an object; the answer is one or more of them, each an
 * object with a "type"; the last one has the type "end" or "error". Requests of one connection are answered
 * one after the other.
 *
 *   > {"v":1,"verb":"calls","path":"user"}
 *   < {"type":"call","call-id":"a","age":12,...}
 *   < {"type":"call","call-id":"b","age":3,...}
 *   < {"type":"end","count":2}
 *
 *   > {"v":1,"verb":"terminate","call-id":"x"}
 *   < {"type":"error","code":"unknown-call","text":"there is no such call"}
 *
 * "v" is the version that the asker knows, CONTROL_PROTO_VERSION; none means 1. New members and new types
 * of line may come at any time and are to be skipped; the version changes when something old gets another
 * meaning. All members of all lines: rtprelay-control(7).
 *
 * The lines of a watch come as things happen, until the client closes the connection. A client that does
 * not read for CONTROL_PROTO_PATIENCE_S is disconnected; a watcher that is too slow is told how much was
 * left out ("type":"lost").
 */
#ifndef RTPRELAY_CONTROL_PROTO_H
#define RTPRELAY_CONTROL_PROTO_H

#define CONTROL_PROTO_VERSION	 1
#define CONTROL_PROTO_PATH	 "/run/rtprelay/control.sock"
#define CONTROL_PROTO_REQUEST	 65536	/* bytes of the longest request, its line end counted */
#define CONTROL_PROTO_LINE	 524288 /* bytes of the longest line of an answer */
#define CONTROL_PROTO_PEERS	 32	/* connections at once; more are closed at once */
#define CONTROL_PROTO_PATIENCE_S 5

/* Verbs. Reading: root, the daemon's user, and the group of the socket. Changing: root and the daemon's user. */
#define CONTROL_VERB_STATUS "status" /* one line "status" */
#define CONTROL_VERB_CALLS  "calls"  /* a line "call" for each call that the filters let through */
#define CONTROL_VERB_CALL                                                                          \
	"call" /* "call-id": one "call", then "party" and "media" in order of the tree */
#define CONTROL_VERB_STREAMS   "streams" /* filters as calls: a line "stream" for each stream */
#define CONTROL_VERB_STATS     "stats"	 /* a line "counter" for each counter */
#define CONTROL_VERB_KERNEL    "kernel" /* a line "flow" for each flow that the kernel should hold */
#define CONTROL_VERB_WATCH     "watch"	/* a line "event" for each event, without end */
#define CONTROL_VERB_TERMINATE "terminate" /* changes; "call-id", or "all": true */
#define CONTROL_VERB_SET       "set"	   /* changes; "log-level", "max-sessions", "drain" */

/* Filters of calls and streams, each optional; all have to hold. */
#define CONTROL_FILTER_CALL_ID "call-id" /* is part of the Call-ID */
#define CONTROL_FILTER_TAG     "tag"	 /* is a party's tag */
#define CONTROL_FILTER_ADDRESS "address" /* IP or IP:PORT, signalled, heard or our own */
#define CONTROL_FILTER_PATH    "path"	 /* "user", "kernel", "mixed" */
#define CONTROL_FILTER_MIN_AGE "min-age" /* seconds since the first offer */
#define CONTROL_FILTER_MAX_MOS "max-mos" /* the worst average of a side is at most this: 1 to 5 */
#define CONTROL_FILTER_SKIP    "skip"	 /* calls alone: so many of these are left out */
#define CONTROL_FILTER_LIMIT   "limit"	 /* calls alone: no more than so many */

/* "code" of an error */
#define CONTROL_ERROR_REQUEST "bad-request" /* no JSON, no verb, a value that makes no sense */
#define CONTROL_ERROR_VERSION "version"	    /* newer than what this daemon knows */
#define CONTROL_ERROR_DENIED  "denied"	    /* not to this user */
#define CONTROL_ERROR_CALL    "unknown-call" /* there is none of that Call-ID, or it ended meanwhile */
#define CONTROL_ERROR_MEMORY  "no-memory"

#endif
