/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_proto.h - the control socket: path, limits, shape of request and answer
 *
 * A Unix stream socket. A request is one line with a JSON object. The answer is one or more lines,
 * each an object with a "type"; the last has the type "end" or "error". Requests of one connection
 * are answered in order.
 *
 *   > {"v":1,"verb":"calls","path":"user"}
 *   < {"type":"call","call-id":"a","age":12,...}
 *   < {"type":"call","call-id":"b","age":3,...}
 *   < {"type":"end","count":2}
 *
 *   > {"v":1,"verb":"terminate","call-id":"x"}
 *   < {"type":"error","code":"unknown-call","text":"there is no such call"}
 *
 * "v" is the version that the client knows, CONTROL_PROTO_VERSION; default 1. New members and new
 * types of line may be added at any time, and clients must ignore them; the version changes when an
 * existing member gets another meaning. rtprelay-control(7) lists all members of all lines.
 *
 * The lines of a watch are sent as events occur, until the client closes the connection. A client
 * that does not read for CONTROL_PROTO_PATIENCE_S is disconnected; a line of type "lost" tells a
 * slow watcher how many events were skipped.
 */
#ifndef RTPRELAY_CONTROL_PROTO_H
#define RTPRELAY_CONTROL_PROTO_H

#define CONTROL_PROTO_VERSION	 1
#define CONTROL_PROTO_PATH	 "/run/rtprelay/control.sock"
#define CONTROL_PROTO_REQUEST	 65536	/* bytes of the longest request, with its line end */
#define CONTROL_PROTO_LINE	 524288 /* bytes of the longest line of an answer */
#define CONTROL_PROTO_PEERS	 32	/* connections at once; then the oldest idle one yields */
#define CONTROL_PROTO_PATIENCE_S 5

/*
 * Verbs. Reading is allowed to root, the daemon's user and the group of the socket; changing only
 * to root and the daemon's user.
 */
#define CONTROL_VERB_STATUS "status" /* one line "status" */
#define CONTROL_VERB_CALLS  "calls"  /* a line "call" for each call that matches the filters */
#define CONTROL_VERB_CALL                                                                          \
	"call" /* "call-id": one "call", then "recording", a "copy" for each subscriber, and       \
		* "party" and "media" in order of the tree;                                        \
		* "debug": true: lines "debug", what was logged of a call that is debugged */
#define CONTROL_VERB_STREAMS   "streams"   /* filters as calls: a line "stream" for each stream */
#define CONTROL_VERB_STATS     "stats"	   /* a line "counter" for each counter */
#define CONTROL_VERB_KERNEL    "kernel"	   /* a line "flow" for each flow that the daemon added */
#define CONTROL_VERB_WATCH     "watch"	   /* a line "event" for each event, without end */
#define CONTROL_VERB_TERMINATE "terminate" /* changes; "call-id", or "all": true */
/* Changes: "drain", "until-restart", "debug-call", keys of the configuration marked as live. */
#define CONTROL_VERB_SET "set"
/* A line "config" for each key; "diff": true adds what the file and the options say now. */
#define CONTROL_VERB_CONFIG	"config"
#define CONTROL_VERB_BAN	"ban"	 /* changes; "address": its media is dropped from now on */
#define CONTROL_VERB_UNBAN	"unban"	 /* changes; "address": ends the ban */
#define CONTROL_VERB_BANNED	"banned" /* a line "banned" for each banned address */
#define CONTROL_VERB_NAT	"nat"	 /* lines "nat-address", "nat-mapping", "nat-phones" */
#define CONTROL_VERB_RECORD	"record" /* changes; "call-id", "action": start, stop, pause */
#define CONTROL_VERB_RECORDINGS "recordings" /* a line "recording" for each call that has one */
/*
 * "call-id", "rtp-only": a line "packet" for each packet of the call from now on, until it ends; as
 * changing, only for root and the daemon's user.
 */
#define CONTROL_VERB_PCAP "pcap"

/* Filters of calls and streams, each optional; all must match. */
#define CONTROL_FILTER_CALL_ID "call-id" /* is part of the Call-ID */
#define CONTROL_FILTER_TAG     "tag"	 /* is a party's tag */
#define CONTROL_FILTER_ADDRESS "address" /* IP or IP:PORT: signalled, latched or the relay's own */
#define CONTROL_FILTER_PATH    "path"	 /* "user", "kernel", "mixed" */
#define CONTROL_FILTER_MIN_AGE "min-age" /* seconds since the first offer */
#define CONTROL_FILTER_MAX_MOS "max-mos" /* the worst average of a side is at most this: 1 to 5 */
#define CONTROL_FILTER_ONE_WAY "one-way" /* true: only calls of which one side is not heard */
#define CONTROL_FILTER_SKIP    "skip"	 /* only "calls": number of calls to skip */
#define CONTROL_FILTER_LIMIT   "limit"	 /* only "calls": maximum number of calls */

/* "code" of an error */
#define CONTROL_ERROR_REQUEST  "bad-request"  /* not JSON, no verb, or an invalid value */
#define CONTROL_ERROR_VERSION  "version"      /* newer than the version this daemon knows */
#define CONTROL_ERROR_DENIED   "denied"	      /* not allowed to this user */
#define CONTROL_ERROR_CALL     "unknown-call" /* no call has this Call-ID, or it ended meanwhile */
#define CONTROL_ERROR_FULL     "full"	      /* as many addresses are banned as possible */
#define CONTROL_ERROR_BANNED   "not-banned"   /* unban: the address is not banned */
#define CONTROL_ERROR_CONFIG   "bad-config"   /* config: the file or the options have errors */
#define CONTROL_ERROR_DISK     "disk"	      /* set: a file in state-dir could not be changed */
#define CONTROL_ERROR_RECORDER "no-recorder"  /* record: recording-dir is not set */
#define CONTROL_ERROR_RECORDED "not-recorded" /* record stop: the call has no recording */
#define CONTROL_ERROR_MEMORY   "no-memory"

#endif
