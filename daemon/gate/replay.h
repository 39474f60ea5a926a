/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - cookie to last reply: a repeated request gets the same answer
 *
 * A proxy that gets no answer within a second sends the request again with the same cookie.
 * Executing it twice would be wrong, so the recorded reply is sent. Keyed by source (address and
 * port) and cookie; bounded in entries and bytes, oldest removed first; entries expire. No clock:
 * time is handed in.
 */
#ifndef RTPRELAY_REPLAY_H
#define RTPRELAY_REPLAY_H

#include "base/endpoint.h"

struct replay;

/* A longer cookie is neither recorded nor found; proxies use about 20 bytes. */
#define REPLAY_COOKIE_MAX 256

struct replay_limits {
	size_t entries;
	size_t bytes; /* of cookies and replies */
	int64_t ttl_ms;
};

struct replay *replay_new(const struct replay_limits *limits);
void replay_free(struct replay *replay);
/* True and *reply (valid until the next replay_put): @source already got an answer to @cookie. */
bool replay_find(struct replay *replay, const struct endpoint *source, struct str cookie,
		 int64_t now_ms, struct str *reply);
/*
 * If memory runs out or the entry is larger than the whole limit, the reply is not recorded: a
 * repeated request is then executed again.
 */
void replay_put(struct replay *replay, const struct endpoint *source, struct str cookie,
		struct str reply, int64_t now_ms);
/* @entries, @bytes: now; @evicted: entries removed before they expired, because of a limit */
struct replay_usage {
	size_t entries;
	size_t bytes;
	uint64_t evicted;
};
struct replay_usage replay_usage(const struct replay *replay);

#endif
