/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what a media thread owns: bridges, streams, packets; orders to it, news from it
 *
 * Media thread only, except what is marked as shared: only the media thread writes counters, as
 * relaxed atomics; any thread reads them. Endpoints and RTP statistics are read through a sequence
 * count.
 */
#ifndef RTPRELAY_PACKET_STATE_H
#define RTPRELAY_PACKET_STATE_H

#include "base/mailbox.h"
#include "base/ring.h"
#include "dtls/link.h"
#include "packet/banned.h"
#include "packet/candidates.h"
#include "packet/quality.h"
#include "packet/rtcp_ring.h"
#include "packet/side.h"
#include "packet/tap_ring.h"
#include "packet/wheel.h"
#include "rtp_stats.h"
#include "prompt/prompt.h"
#include "srtp/srtp.h"
#include "stun/stun.h"

struct bundle;
struct dtmf_thread;
struct stream_dtmf;

/* Events from the media thread to the control thread; each stream and bridge has one letter. */
struct news {
	struct letter letter;
	uint8_t side, comp;
	uint16_t pending; /* shared: bit per enum bridge_event */
};

/* Requests of STUN that left by a stream: the last ones, those of three seconds at Ta. */
#define STREAM_ASKED 64
struct stun_asked {
	uint8_t transaction[STREAM_ASKED][STUN_TRANSACTION];
	uint8_t n, next;
};

/* An address that was wished as a destination, and why it is none; @why: static text */
struct denied_place {
	struct endpoint to;
	const char *why;
};

/**
 * struct refused_source - whose packets latching refuses: the last one, or one that goes on sending
 * @rank: enum latch_rank
 * @packets, @heard_ms: of it, so far; of its last one. Those that the kernel dropped count only if
 *	they were reported.
 * @told: BRIDGE_UNHEARD was sent
 * @seen: hashes of the different sources, the first REFUSED_SOURCES; @n_seen: so many, shared
 */
struct refused_source {
	struct endpoint source;
	uint8_t rank, n_seen;
	bool told;
	uint32_t seen[REFUSED_SOURCES];
	uint32_t packets;
	int64_t heard_ms;
};

/**
 * struct keepalives - of a remote that has sent some, or that some were sent to
 * @source: where they came from, while it has not sent media; unset: from nowhere
 * @source_ms: when the last one came from there; KEEPALIVES_YIELD: another place does not wait
 * @received, @sent, @saved: shared: so many; so often the remote was heard after being silent
 */
struct keepalives {
	struct endpoint source;
	int64_t source_ms;
	uint32_t received, sent, saved;
};

/* Of the phone at a stream: packet/player.h. PLAYED: its next packet begins the call's media. */
enum player_state { PLAYER_NONE, PLAYER_PLAYS, PLAYER_PLAYED };

#define KEEPALIVES_YIELD (INT64_MIN / 2)

/* Several medias at the port of one of them: bridge.bundle of the side (packet/bundle.h) */
enum stream_bundled {
	STREAM_SINGLE,
	STREAM_CARRIED, /* another stream has its packets */
	STREAM_CARRIES,
};

/**
 * struct stream - the RTP or the RTCP component of one side of a bridge
 * @to: destination of packets to this remote, if @has_to
 * @denied: what packet/deny.h forbade last; NULL: nothing yet. Stays until the bridge is freed.
 * @to_denied: @denied is where packets to this remote would go
 * @denied_ms: time of the last event about a forbidden source, its lower bits; 0: none yet
 * @tos_now, @ttl_now: as last set on @fd; TTL 0: the system's default
 * @recv_ttl: the source has one of the relay's own addresses: TTL is decremented as on any hop
 * @last_round: round of the worker in which packets arrived last
 * @watch: link in the thread's list of streams that have a tick each second
 * @tick_ms: time of the next one, its lower bits
 * @watched_packets: packets_in at the last tick, its lower half
 * @missed: last result of batch_missed()
 * @refused_ms: time of the last BRIDGE_REFUSED, the same
 * @news_bits: enum bridge_event as bits, sent after this batch
 * @port, @flags: of its side, by the settings in effect; enum side_flag
 * @clock_known: the clock of @rtp is that of its payload type, by the settings in effect
 * @version: odd while @latch and @rtp are being changed; @to_version: ... @to, @denied and the
 *	source of @refused
 * @in_kernel: a flow of the kernel forwards the packets of the source; the others arrive here
 * @reported_ms: when the kernel reported last
 * @copied_ms: time of the last RTCP that was copied for homer, its lower bits; 0: none yet
 * @quality: of RTP from this side; NULL: none yet. Has its own sequence count.
 * @refused: NULL: latching has refused nobody yet. Stays until the bridge is freed.
 * @asked: the same, for STUN that has left by this stream
 * @keepalives: the same, for those received and sent
 * @ice: of the agent that this stream belongs to; NULL: it has none
 * @quiet_ms: since when nothing was sent to this remote, as far as is known, its lower bits; 0 if
 *	not @quiet_known. @quiet_out: packets_out then, the same
 * @kernel_idle: the kernel has reported that the source is silent
 * @kept: keep-alives were sent to a remote that was silent as well
 * @contested: shared; another source might take over: the daemon checks each packet
 * @resume: the kernel forwarded the packets before the next one: do not count them as lost
 * @bundled: enum stream_bundled
 */
struct stream {
	/* What each packet needs that arrives here or leaves by here. */
	int fd;
	uint8_t side, comp;
	uint16_t news_bits;
	bool connected, watched;
	bool has_to, to_denied, recv_tos, recv_ttl;
	bool in_kernel, resume;
	uint32_t last_round;
	int16_t tos_now, ttl_now;
	uint32_t version, to_version;
	struct bridge *bridge;
	struct rtp_port port;
	int64_t last_in_ms;
	uint16_t flags;
	bool clock_known, heard;
	bool quiet_known : 1, kernel_idle : 1, kept : 1;
	bool contested;
	uint8_t bundled;
	uint8_t player_state;				       /* enum player_state */
	uint64_t packets_in, bytes_in, packets_out, bytes_out; /* shared counters */
	/* What only packets need that arrive here. */
	struct rtp_stats rtp;
	struct latch latch; /* at its beginning */
	/* Most packets touch nothing of what follows. */
	struct endpoint to;
	struct endpoint signalled;
	uint64_t errors_out;
	uint64_t drops[DROP_COUNT]; /* shared counters, too */
	struct quality *quality;
	uint32_t watched_packets, denied_ms;
	uint32_t missed, quiet_ms, quiet_out, refused_ms;
	int64_t reported_ms;
	struct ring watch;
	uint32_t tick_ms, copied_ms;
	struct endpoint local;
	struct news news;
	struct denied_place *denied;
	struct refused_source *refused;
	struct stun_asked *asked;
	struct keepalives *keepalives;
	struct stream_ice *ice;
};

/* What is needed together is in few cache lines: with thousands of streams they come from afar. */
_Static_assert(offsetof(struct stream, rtp) <= 96, "what a packet needs that leaves");
_Static_assert(offsetof(struct stream, latch) + LATCH_HOT <= 224, "what a packet needs that came");
_Static_assert(SIDE_FLAGS <= UINT16_MAX, "all fit into stream.flags");

/* Letters to the media thread. */
enum order_kind {
	ORDER_OPEN,
	ORDER_UPDATE,
	ORDER_KERNEL,
	ORDER_DENY,
	ORDER_BANNED,
	ORDER_ICE,
	ORDER_STUN,
	ORDER_BUNDLE,
	ORDER_LINK,
	ORDER_PLAY,
	ORDER_DATAGRAM,
	ORDER_CLOSE,
	ORDER_STOP,
};

struct order {
	struct letter letter;
	/* NULL with ORDER_DENY, _BANNED, _DATAGRAM and _STOP; with _OPEN the sibling, or NULL */
	struct bridge *bridge;
	enum order_kind kind;
};

/* Of each side's keys: how many there were, by enum srtp_direction. */
struct bridge_key_numbers {
	uint16_t of[2][2];
};

/**
 * struct bridge_keys - SRTP of one side; NULL: it has none yet, or is plain
 * @before: the key until @receive came; NULL: @receive was used, or is the first
 * @link: of the port to the crypto thread, with SIDE_HANDSHAKE, or NULL
 * @indexes: those to store, by enum srtp_direction, of the key with this number; shared. The
 *	control thread makes them before it sends the first key of the side; NULL: none is stored
 * @version: odd while @number and @indexes are being changed
 * A bridge has four: those of the sides, then those of RTCP with a handshake of its own.
 */
#define BRIDGE_KEYS 4
struct bridge_keys {
	struct srtp *receive, *before, *send;
	struct dtls_link *link;
	struct srtp_indexes *indexes;
	uint32_t version;
	uint16_t number[2];
};

struct order_update {
	struct order order;
	struct bridge_keys *keys; /* memory for those of @change, or NULL */
	struct bridge_key_numbers numbers;
	struct bridge_conf conf;
	struct bridge_change change;
};

struct order_kernel {
	struct order order;
	struct stream *stream;
	struct bridge_kernel kernel;
};

/* @ice: the stream's from then on; NULL: it has no agent any more */
struct order_ice {
	struct order order;
	struct stream *stream;
	struct stream_ice *ice;
};

/* A message of the agent, to be sent from the port of @stream. */
struct order_stun {
	struct order order;
	struct stream *stream;
	struct endpoint to;
	size_t len;
	uint8_t data[];
};

/* Brings a reference of @link. @keys: as in struct order_update */
struct order_link {
	struct order order;
	struct bridge_keys *keys;
	struct stream *stream;
	struct dtls_link *link;
};

/* @prompt: with a reference; NULL: it stops */
struct order_play {
	struct order order;
	struct player *player;
	struct prompt *prompt;
	struct player_conf conf;
	uint32_t number;
};

/* Of the crypto thread, with a reference of @link. */
struct order_datagram {
	struct order order;
	struct dtls_link *link;
	size_t len;
	uint8_t data[];
};

/* Brings a reference of @deny. */
struct order_deny {
	struct order order;
	struct deny *deny;
};

/* Brings a reference of @banned. */
struct order_banned {
	struct order order;
	struct banned *banned;
};

/* @bundle: the stream's from then on (packet/bundle.h); NULL: it carries only itself */
struct order_bundle {
	struct order order;
	struct stream *stream;
	struct bundle *bundle;
};

struct player;
struct worker;

/**
 * struct bridge - as both threads hold it
 * @conf: the settings in effect (media thread); @told: those the control thread sent last
 * @tap: bridge_conf.tap as told last; the control thread writes it, since it is in effect at once
 * @siblings: ring of the bridges of the same dialog
 * @keepalive: in the wheel of the thread
 * @bundle: freed with the stream that carries
 * The control thread creates and frees it; between ORDER_OPEN and BRIDGE_CLOSED the media thread
 * owns all but @told, @owner and @closing.
 */
struct bridge {
	/* What each packet needs. */
	struct worker_totals *totals; /* of the thread: shared counters */
	struct banned *const *banned; /* of the thread; NULL: none */
	struct stream *stream[2][2];  /* [side][component]; NULL: no such port */
	struct bridge_keys *keys;     /* SRTP of both sides; NULL: none of them ever had a key */
	uint32_t tap;		      /* number for the recorder; 0: it wants no packets */
	struct bridge_conf conf;      /* its kind and payload types */
	/* Most packets touch nothing of what follows, but for the streams. */
	const struct worker_pool_conf *pool_conf;
	struct deny *const *deny;    /* of the thread; NULL: none */
	struct rtcp_ring *rtcp_ring; /* of the thread; NULL: nobody wants copies of RTCP */
	struct rtcp_ring *stun_ring; /* the same, for STUN */
	struct bundle *bundle[2];    /* by side; NULL: its medias are at ports of their own */
	struct tap_ring *tap_ring;   /* of the thread; NULL: there is no recorder */
	struct dtmf_thread *dtmf;    /* of the thread */
	unsigned int thread;	     /* its number */
	bool closing;		     /* control thread */
	struct ring siblings, all;
	struct wheel_item keepalive;
	struct news closed;
	struct order open_order, close_order;
	/* control thread */
	struct bridge_conf told;
	struct worker *worker; /* NULL: closed, or the pool was freed */
	void *owner;
	struct bridge_keys *told_keys;	   /* NULL: no memory for @keys was sent yet */
	struct bridge_key_numbers numbers; /* of the keys that were sent */
	/* Of each side's RTP; NULL: no prompt yet. Set before the first order to play. */
	struct player *player[2];
	/* Media thread: of each side's RTP; NULL: no newcomer had to wait yet. */
	struct candidates *candidates[2];
	struct stream_dtmf *dtmf_of; /* the same, by side; NULL: no telephone-event yet */
	struct stream streams[];
};

/* A received packet. @data may be changed. @size: of its memory, since SRTP makes it longer. */
struct packet {
	uint8_t *data;
	size_t len, size;
	struct endpoint *source;
	int tos; /* -1: not known */
	int ttl; /* 0: not known */
};

static inline void counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* Prevents a loop: ports of other bridges may be peers, those of the same bridge never are. */
static inline bool bridge_has_port(const struct bridge *b, const struct endpoint *source)
{
	for (int i = 0; i < 4; i++) {
		const struct stream *s = b->stream[i >> 1][i & 1];

		if (s && endpoint_eq(&s->local, source))
			return true;
	}
	return false;
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

typedef uint32_t __attribute__((may_alias)) shared_word;

/* The media thread may be writing: the caller discards the copy if the version changed. */
__attribute__((no_sanitize("thread"))) static inline void shared_copy(void *to, const void *from,
								      size_t bytes)
{
	const volatile shared_word *source = from;
	shared_word *target = to;

	for (size_t i = 0; i < bytes / sizeof(*target); i++)
		target[i] = source[i];
}

static inline void stream_write_begin(struct stream *s)
{
	write_begin(&s->version);
}

static inline void stream_write_end(struct stream *s)
{
	write_end(&s->version);
}

#endif
