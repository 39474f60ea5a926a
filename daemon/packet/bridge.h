/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge.h - the two medias that hear each other: one m= line of a dialog, both sides, up to four streams
 *
 * The unit that a media thread owns. The control thread opens it, sends it new settings, closes it, and
 * reads its counters; the media thread does all that touches packets. All bridges of one call live in one
 * media thread, so that what one stream learned helps its siblings without a lock.
 */
#ifndef RTPRELAY_BRIDGE_H
#define RTPRELAY_BRIDGE_H

#include "packet/quality.h"
#include "packet/side.h"

struct bridge;
struct worker_pool;

/**
 * bridge_open() - hand four (two, if opaque) bound sockets to a media thread, which forwards from now on
 * @thread: from worker_pool_pick(); all bridges of a call use the same
 * @sibling: another open bridge of the same dialog, or NULL
 * @fd, @local: [side][component]; fd -1 where there is no socket. The bridge owns the descriptors from here.
 * @owner: the caller's, given back by bridge_owner()
 * Return: NULL, out of memory; descriptors are still the caller's.
 */
struct bridge *bridge_open(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			   const int fd[2][2], const struct endpoint local[2][2],
			   const struct bridge_conf *conf, void *owner);
/**
 * bridge_restore() - bridge_open() for a bridge that a daemon before this one had
 * @seed: [side][component]; a source that was in use goes on to be heard, and strangers are refused. Where
 *	packets go is known, and reported, when this returns.
 */
struct bridge *bridge_restore(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			      const int fd[2][2], const struct endpoint local[2][2],
			      const struct bridge_conf *conf, void *owner,
			      const struct stream_seed seed[2][2]);
/**
 * bridge_update() - new settings
 * @change: what the offer or answer means for what was learned; NULL: settings alone
 * Return: 0; -ENOMEM: the old ones stay.
 */
int bridge_update(struct bridge *bridge, const struct bridge_conf *conf,
		  const struct bridge_change *change);
const struct bridge_conf *bridge_conf(const struct bridge *bridge); /* as last given */
/* 0; -ENOMEM: the stream goes by what it knew. */
int bridge_kernel(struct bridge *bridge, enum side side, enum component comp,
		  const struct bridge_kernel *kernel);
/* Asynchronous: BRIDGE_CLOSED follows. Counters can be read until bridge_free(). Cannot fail. */
void bridge_close(struct bridge *bridge);
void bridge_free(struct bridge *bridge);
void *bridge_owner(const struct bridge *bridge);
bool bridge_has(const struct bridge *bridge, enum side side, enum component comp);
void bridge_report(const struct bridge *bridge, enum side side, enum component comp,
		   struct stream_report *report);
/* Of the RTP from @side, as heard by the daemon itself, as if an interval ended now. */
void bridge_quality(const struct bridge *bridge, enum side side, int64_t now_ms,
		    struct quality *quality);
/* All that the stream has learned, for bridge_restore(). */
void bridge_latch(const struct bridge *bridge, enum side side, enum component comp,
		  struct latch_record *latch);
/* clock_ms() of the last packet accepted from either side; 0: none. Cheap: for timeouts. */
int64_t bridge_last_in_ms(const struct bridge *bridge);
/* Did the sockets of this side hear anything at all, accepted or not? (port quarantine) */
bool bridge_heard(const struct bridge *bridge, enum side side);

#endif
