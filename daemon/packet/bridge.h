/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge.h - forwards packets between the two sides of one m= line of a dialog: up to four streams
 *
 * A media thread owns it. The control thread opens it, sends it new settings, closes it, and
 * reads its counters; the media thread does all that touches packets. All bridges of one call live
 * in one media thread, so that streams use what their siblings learned without a lock.
 */
#ifndef RTPRELAY_BRIDGE_H
#define RTPRELAY_BRIDGE_H

#include "packet/quality.h"
#include "packet/side.h"
#include "srtp/srtp.h"

struct bridge;
struct bundle;
struct dtls_link;
struct dtls_service;
struct prompt;
struct worker_pool;

/**
 * bridge_open() - give four (two, if opaque) bound sockets to a media thread to forward between
 * @thread: from worker_pool_pick(); all bridges of a call use the same
 * @sibling: another open bridge of the same dialog, or NULL
 * @fd, @local: [side][component]; fd -1 where there is no socket. The bridge owns the descriptors
 * from now on.
 * @owner: the caller's, returned by bridge_owner()
 * Return: NULL, out of memory; descriptors are still the caller's.
 */
struct bridge *bridge_open(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			   const int fd[2][2], const struct endpoint local[2][2],
			   const struct bridge_conf *conf, void *owner);
/**
 * bridge_restore() - bridge_open() for a bridge of the daemon that ran before
 * @seed: [side][component]; a source that was in use stays in use; the rules of its phase apply to
 * others. Destinations are known, and reported, when this returns.
 */
struct bridge *bridge_restore(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			      const int fd[2][2], const struct endpoint local[2][2],
			      const struct bridge_conf *conf, void *owner,
			      const struct stream_seed seed[2][2]);
/**
 * bridge_update() - new settings
 * @change: what the offer or answer means for what was learned; NULL: only settings change
 * Return: 0: its keys are the bridge's; -ENOMEM: the old settings stay.
 */
int bridge_update(struct bridge *bridge, const struct bridge_conf *conf,
		  const struct bridge_change *change);
/*
 * The media thread copies the packets of this bridge for the recorder, under this number; 0: it
 * does not. In effect at once: it copies all packets that arrive after this call, none that it
 * forwards after a call with 0. Settings that come later keep it. 0; -ENOMEM: nothing is changed
 */
int bridge_tap(struct bridge *bridge, uint32_t tap);
const struct bridge_conf *bridge_conf(const struct bridge *bridge); /* as set last */
/**
 * bridge_indexes() - those of the key of @side that was sent last, as of the last BRIDGE_INDEXES
 * Return: false: nothing was received or sent with it yet
 */
bool bridge_indexes(const struct bridge *bridge, enum side side, enum srtp_direction direction,
		    struct srtp_indexes *indexes);
/**
 * bridge_link() - the DTLS of a port ends here: opens its link, before terms are sent to it
 * Return: with a reference: dtls_link_close() gives it back. NULL: out of memory, or no such port
 */
struct dtls_link *bridge_link(struct bridge *bridge, enum side side, enum component comp,
			      struct dtls_service *service, void *owner);
/* 0; -ENOMEM: the stream does not receive the report. */
int bridge_kernel(struct bridge *bridge, enum side side, enum component comp,
		  const struct bridge_kernel *kernel);
/**
 * bridge_ice() - what the agent of ICE of @side has found for this stream
 * @ice: the bridge's from then on; NULL: the side has no agent any more
 * Return: 0; -ENOMEM: nothing has changed, and @ice is the caller's
 */
int bridge_ice(struct bridge *bridge, enum side side, enum component comp, struct stream_ice *ice);
/* Sends a message of the agent from the port of the stream. 0; -ENOMEM: it is not sent */
int bridge_stun(struct bridge *bridge, enum side side, enum component comp,
		const struct endpoint *to, const uint8_t *data, size_t len);
/**
 * bridge_bundle() - the RTP port of @side carries several medias from now on (packet/bundle.h)
 * @bundle: the bridge's from then on; its bridges are open, of the same media thread, and have a
 *	stream of RTP on that side. NULL: it carries only its own
 * Return: 0; -ENOMEM: nothing has changed, and @bundle is the caller's
 */
int bridge_bundle(struct bridge *bridge, enum side side, struct bundle *bundle);

/**
 * bridge_play() - plays a prompt to the phone of @side, instead of one that it hears already
 * @prompt: with a reference, which is the bridge's if this succeeds
 * Return: the number of this order, from 1; BRIDGE_PLAYED follows. 0: out of memory
 */
uint32_t bridge_play(struct bridge *bridge, enum side side, struct prompt *prompt,
		     const struct player_conf *conf);
/* Ends what it hears. 0; -ENOMEM: it goes on */
int bridge_play_stop(struct bridge *bridge, enum side side);
/* What has become of the order with this number. */
void bridge_player(const struct bridge *bridge, enum side side, uint32_t number,
		   struct player_report *report);
/* Asynchronous: BRIDGE_CLOSED follows. Counters can be read until bridge_free(). Cannot fail. */
void bridge_close(struct bridge *bridge);
void bridge_free(struct bridge *bridge);
void *bridge_owner(const struct bridge *bridge);
bool bridge_has(const struct bridge *bridge, enum side side, enum component comp);
void bridge_report(const struct bridge *bridge, enum side side, enum component comp,
		   struct stream_report *report);
/* Of the RTP from @side that the daemon itself received, as if an interval ended now. */
void bridge_quality(const struct bridge *bridge, enum side side, int64_t now_ms,
		    struct quality *quality);
/* All that the stream has learned, for bridge_restore(). */
void bridge_latch(const struct bridge *bridge, enum side side, enum component comp,
		  struct latch_record *latch);
/* clock_ms() of the last packet accepted from either side; 0: none. Cheap: for timeouts. */
int64_t bridge_last_in_ms(const struct bridge *bridge);
/* Did any packet arrive at the sockets of this side, accepted or not, or leave by them? */
bool bridge_carried(const struct bridge *bridge, enum side side);

#endif
