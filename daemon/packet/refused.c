/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refused.c - what an operator is told of sources that a stream refuses: which one, and since when
 * nobody is heard
 *
 * One source is kept. Packets sprayed from many addresses do not displace one that goes on sending,
 * such as a phone whose address nobody told.
 */
#include <stdlib.h>
#include "packet/refused.h"
#include "packet/remote.h"

/* A source that has not been heard for so long makes room for another one. */
#define FORGET_MS 1000

static void keep_source(struct stream *s, const struct latch_packet *packet, enum latch_rank rank)
{
	struct refused_source *kept = s->refused;
	bool same = endpoint_eq(&kept->source, packet->source);

	if (!same && kept->packets > 1 && packet->now_ms - kept->heard_ms < FORGET_MS)
		return;
	if (!same) {
		write_begin(&s->to_version);
		kept->source = *packet->source;
		kept->rank = (uint8_t)rank;
		write_end(&s->to_version);
		kept->packets = 0;
	}
	kept->heard_ms = packet->now_ms;
	kept->packets++;
}

/* FNV-1a. Two sources with one hash are counted as one: nobody gains by that. */
static uint32_t hash_source(const struct endpoint *source)
{
	bool v4 = source->sa.sa_family == AF_INET;
	const uint8_t *addr = v4 ? (const uint8_t *)&source->in4.sin_addr
				 : (const uint8_t *)&source->in6.sin6_addr;
	size_t len = v4 ? sizeof(source->in4.sin_addr) : sizeof(source->in6.sin6_addr);
	uint32_t hash = 2166136261U ^ endpoint_port(source);

	for (size_t i = 0; i < len; i++)
		hash = (hash * 16777619U) ^ addr[i];
	return hash * 16777619U;
}

static void count_source(struct refused_source *refused, const struct endpoint *source)
{
	uint32_t hash;

	if (refused->n_seen >= REFUSED_SOURCES)
		return;
	hash = hash_source(source);
	for (unsigned int i = 0; i < refused->n_seen; i++)
		if (refused->seen[i] == hash)
			return;
	refused->seen[refused->n_seen] = hash;
	__atomic_store_n(&refused->n_seen, refused->n_seen + 1, __ATOMIC_RELAXED);
}

/* RTCP of a phone that is not heard is not worth another line. */
static bool is_unheard(const struct stream *s)
{
	return s->comp == COMP_RTP && latch_state(&s->latch) == LATCH_WAIT &&
	       s->refused->packets >= REFUSED_UNHEARD;
}

/*
 * RTCP is compared with the SSRC of the phone's RTP. The kernel forwards that, and may have seen a
 * newer one. Whether a phone that may be at another port now has left the old one is seen by its
 * RTCP, too.
 */
static void ask_kernel(const struct stream *s, const struct latch_packet *packet)
{
	struct stream *rtp = s->bridge->stream[s->side][COMP_RTP];

	if (packet->has_seq && endpoint_addr_eq(latch_source(&s->latch), packet->source))
		stream_ask_for_rtcp(s);
	else if (!packet->has_seq && packet->has_ssrc && rtp && rtp->in_kernel)
		rtp->news_bits |= 1 << BRIDGE_ASK;
}

static void note_source(struct stream *s, const struct latch_packet *packet, enum latch_rank rank)
{
	if (!s->refused)
		__atomic_store_n(&s->refused, calloc(1, sizeof(*s->refused)), __ATOMIC_RELEASE);
	if (!s->refused)
		return; /* out of memory: it is counted, and not told */
	keep_source(s, packet, rank);
	count_source(s->refused, packet->source);
	if (!s->refused->told && is_unheard(s)) {
		s->refused->told = true;
		s->news_bits |= 1 << BRIDGE_UNHEARD;
	}
}

void stream_note_refused(struct stream *s, const struct latch_packet *packet, enum latch_rank rank)
{
	note_source(s, packet, rank);
	if (s->refused_ms && (uint32_t)packet->now_ms - s->refused_ms < 1000)
		return;
	s->refused_ms = (uint32_t)packet->now_ms;
	s->news_bits |= 1 << BRIDGE_REFUSED;
	ask_kernel(s, packet);
}
