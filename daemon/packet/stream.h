/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - one media stream: its port, its endpoints, what becomes of each packet that arrives at it
 *
 * Media thread only, but for what is marked as shared: counters are written by the media thread alone, as
 * relaxed atomics, and read by any thread; endpoints and RTP statistics are read through a sequence count.
 */
#ifndef RTPRELAY_STREAM_H
#define RTPRELAY_STREAM_H

#include "base/mailbox.h"
#include "packet/quality.h"
#include "packet/side.h"
#include "rtp_stats.h"

/* What the media thread has to say to the control thread; at most one is under way for each sender. */
struct news {
	struct letter letter;
	struct bridge *bridge;
	uint8_t side, comp;
	uint8_t pending; /* shared: bit per enum bridge_event */
};

/* A doubly linked ring; a member that is alone points to itself. */
struct ring {
	struct ring *next, *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((uintptr_t)(ptr)-offsetof(type, member)))

static inline void ring_init(struct ring *ring)
{
	ring->next = ring->prev = ring;
}

static inline void ring_insert(struct ring *ring, struct ring *item)
{
	item->prev = ring->prev;
	item->next = ring;
	ring->prev->next = item;
	ring->prev = item;
}

static inline void ring_remove(struct ring *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	ring_init(item);
}

/**
 * struct stream - the RTP or the RTCP component of one side of a bridge
 * @to: where packets to this remote go; unset: nowhere yet
 * @tos_now, @ttl_now: as last set on @fd; TTL 0: the system's default
 * @recv_ttl: the source is at one of the relay's own addresses: the TTL of its packets goes down as on any hop
 * @last_round: of the worker, in which packets came
 * @watch: link in the thread's list of streams that the second tick looks at
 * @watched_packets: packets_in at the last tick
 * @missed: batch_missed() when it was last asked
 * @refused_ms: when BRIDGE_REFUSED was last told
 * @news_bits: enum bridge_event as bits, to be told after this batch
 * @version: odd while @latch and @rtp are being changed; @to_version: ... @to and @has_to
 * @in_kernel: a flow takes the packets of the source; what arrives here is the rest
 * @quality: of RTP from this side; NULL: nothing to tell yet. Has a sequence count of its own.
 * @contested: shared: the kernel has dropped a source that could take this place: each packet is looked at here
 * @resume: the kernel had the packets before the next one: they are not lost
 */
struct stream {
	int fd;
	uint8_t side, comp;
	uint8_t news_bits;
	bool connected, watched;
	bool has_to, recv_tos, recv_ttl;
	bool in_kernel, resume, contested;
	uint32_t last_round;
	int16_t tos_now, ttl_now;
	uint32_t version, to_version;
	struct bridge *bridge;
	struct latch latch;
	struct endpoint to;
	struct endpoint signalled;
	struct rtp_stats rtp;
	/* shared counters */
	uint64_t packets_in, bytes_in, packets_out, bytes_out, errors_out;
	uint64_t drops[DROP_COUNT];
	int64_t last_in_ms;
	bool heard;
	/* cold */
	struct quality *quality;
	uint64_t watched_packets;
	uint32_t missed;
	int64_t refused_ms;
	struct ring watch;
	struct endpoint local;
	struct news news;
};

/* Letters to the media thread. */
enum order_kind { ORDER_OPEN, ORDER_UPDATE, ORDER_KERNEL, ORDER_CLOSE, ORDER_STOP };

struct order {
	struct letter letter;
	struct bridge *bridge; /* NULL with ORDER_STOP */
	enum order_kind kind;
};

struct order_update {
	struct order order;
	struct bridge_conf conf;
};

struct order_kernel {
	struct order order;
	struct stream *stream;
	struct bridge_kernel kernel;
};

struct worker;

/**
 * struct bridge - as both threads hold it
 * @conf: the media thread's settings; @told: as the control thread gave them last
 * @siblings: ring of the bridges of the same dialog
 * The control thread makes and frees it; between ORDER_OPEN and BRIDGE_CLOSED all but @told, @owner and
 * @closing belongs to the media thread.
 */
struct bridge {
	struct bridge_conf conf;
	struct worker_totals *totals; /* of the thread: shared counters */
	const struct worker_pool_conf *pool_conf;
	struct ring siblings, all;
	struct stream *stream[2][2]; /* [side][component]; NULL: no such port */
	struct news closed;
	struct order open_order, close_order;
	/* control thread */
	struct bridge_conf told;
	struct bridge *sibling; /* until ORDER_OPEN is done */
	struct worker *worker;	/* NULL: the pool has gone */
	void *owner;
	bool closing;
	struct stream streams[];
};

/* A packet in hand. @data may be changed. */
struct packet {
	uint8_t *data;
	size_t len;
	struct endpoint *source;
	int tos; /* -1: not known */
	int ttl; /* 0: not known */
};

static inline void counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline struct side_conf *stream_side(const struct stream *s)
{
	return &s->bridge->conf.side[s->side];
}

/* Readers try again when the version was odd or has changed. */
static inline void write_begin(uint32_t *version)
{
	__atomic_store_n(version, *version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void write_end(uint32_t *version)
{
	__atomic_store_n(version, *version + 1, __ATOMIC_RELEASE);
}

static inline void stream_write_begin(struct stream *s)
{
	write_begin(&s->version);
}

static inline void stream_write_end(struct stream *s)
{
	write_end(&s->version);
}

/* What signalling says: SDP's endpoint, or with SIP-source-address SIP's address and SDP's port. */
struct endpoint stream_signalled(const struct side_conf *conf, int comp);
/* What sources of @s are held against. Looks at siblings only @with_near, to rank a newcomer. */
void stream_fill_ref(const struct stream *s, struct latch_ref *ref, bool with_near);
/* Finds the destinations of both streams of this side anew: one may follow from the other. */
void stream_aim_side(const struct stream *s);
/* Hears everybody again. The port stays: it was bound by number. */
void stream_disconnect(struct stream *s);

/**
 * stream_accept() - all that is decided about a packet that arrived at @stream
 * @packet: its payload may be silenced
 * Return: the stream whose port and remote it leaves by; NULL: dropped and counted
 */
struct stream *stream_accept(struct stream *stream, struct packet *packet, int64_t now_us);
/* RTCP that was accepted at @stream: it tells of both sides. */
void stream_hear_rtcp(struct stream *stream, const struct packet *packet, int64_t now_us);
/* Once a second for watched streams: an interval may end. */
void stream_tick_quality(struct stream *stream, int64_t now_ms);
uint8_t stream_codec(const struct bridge_conf *conf, uint8_t pt);
void stream_counts(const struct rtp_stats *rtp, const struct bridge_conf *conf,
		   struct quality_counts *counts);
/* What the kernel knows or wants decided; the window may have to be watched afterwards. */
void stream_kernel(struct stream *stream, const struct bridge_kernel *kernel, int64_t now_ms);
/* The packet from @from left by @out, or was lost there. */
void stream_sent(struct stream *out, size_t bytes);
void stream_lost(struct stream *from, struct stream *out, enum stream_drop why);

/* @missed: packets that the system has dropped at this port so far. */
void stream_missed(struct stream *stream, uint32_t missed);

/* Its packets leave with this TTL or hop limit from now on; 0: the system's default. */
void stream_set_ttl(struct stream *stream, int ttl);
/* The source has changed: is it one of the relay's own ports? */
void stream_mind_loops(struct stream *stream);

/* Puts the settings of @bridge->conf into effect; all streams of a bridge at its start. */
void stream_start(struct stream *stream);
/* An offer or answer for all streams of @bridge. */
void bridge_apply(struct bridge *bridge, const struct bridge_conf *conf, int64_t now_ms);

/**
 * stream_tick() - once a second for watched streams: windows close, sockets are connected and disconnected
 * Return: go on watching. One that is not watched has to be watched again when a packet is accepted.
 */
bool stream_tick(struct stream *stream, int64_t now_ms);
/* The TOS or traffic class of packets that leave by this socket from now on. */
void stream_set_tos(struct stream *stream, int tos);

/* Any thread. */
void stream_report(const struct stream *stream, struct stream_report *report);
void stream_learned(const struct stream *stream, struct latch *latch);
/* As if the open interval ended now. All zero, when nothing was heard here. */
void stream_quality(const struct stream *stream, int64_t now_ms, struct quality *quality);

#endif
