/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalive.c - packets to phones to which nothing else is sent, so that a NAT in front of them, or
 * of the relay, does not forget the binding (RFC 6263)
 *
 * They leave by the stream's own socket, so the ports are those of the media, also while the kernel
 * forwards that. They count as no packet of the stream.
 */
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "packet/keepalive.h"
#include "packet/remote.h"
#include "stun/wire.h"

/* --- Who gets one ----------------------------------------------------------------------------- */

static int64_t interval_ms(const struct stream *s)
{
	uint16_t own_s = s->bridge->conf.keepalive_s;

	if (own_s == KEEPALIVE_OFF)
		return 0;
	return 1000LL * (own_s ? own_s : s->bridge->pool_conf->keepalive_s);
}

/* Packets to this remote go to where it was heard. */
static bool is_heard(const struct stream *s)
{
	struct latch_ref ref;
	const struct endpoint *taught;

	if (latch_state(&s->latch) != LATCH_WAIT)
		return endpoint_eq(&s->to, latch_source(&s->latch));
	if (!s->keepalives)
		return false;
	stream_fill_ref(s, &ref, false);
	taught = stream_taught(s, &ref);
	return taught && endpoint_eq(&s->to, taught);
}

/* The proxy asked for packets to the signalled address: anybody's SDP could aim them. */
static bool is_pierced(const struct stream *s)
{
	return stream_side(s)->flags & SIDE_PIERCE && latch_state(&s->latch) == LATCH_WAIT &&
	       endpoint_eq(&s->to, &s->signalled) &&
	       !(s->comp == COMP_RTCP && stream_side(s)->flags & SIDE_MUX);
}

static bool is_banned(const struct stream *s)
{
	return s->bridge->banned && banned_has(*s->bridge->banned, &s->to);
}

static bool is_wanted(const struct stream *s)
{
	return s->has_to && s->fd >= 0 && s->player_state != PLAYER_PLAYS && interval_ms(s) &&
	       (is_heard(s) || is_pierced(s)) && !is_banned(s);
}

/* --- When something was sent last ------------------------------------------------------------- */

/* What arrives at @from leaves by @s. */
static bool feeds(const struct stream *from, const struct stream *s)
{
	if (!from || stream_side(from)->flags & SIDE_BLOCK)
		return false;
	return from->comp == s->comp || (s->comp == COMP_RTP && stream_side(s)->flags & SIDE_MUX);
}

static bool is_fed_by_kernel(const struct stream *s)
{
	for (int comp = 0; comp < 2; comp++) {
		const struct stream *from = s->bridge->stream[!s->side][comp];

		if (feeds(from, s) && from->in_kernel && !from->kernel_idle)
			return true;
	}
	return false;
}

static int64_t quiet_for_ms(const struct stream *s, int64_t now_ms)
{
	return (uint32_t)now_ms - s->quiet_ms;
}

/* Something was sent at that time, and not more than the interval ago: only then it matters. */
static void set_quiet(struct stream *s, int64_t at_ms, int64_t now_ms)
{
	if (!at_ms || now_ms - at_ms >= interval_ms(s))
		return;
	if (s->quiet_known && now_ms - at_ms >= quiet_for_ms(s, now_ms))
		return;
	s->quiet_ms = (uint32_t)at_ms;
	s->quiet_known = true;
}

/*
 * No packet notes when it leaves: what leaves by this stream has arrived at those that feed it.
 * RTCP that came to a port for RTP is not told from it: then the time of the last visit counts.
 */
static void find_quiet(struct stream *s, int64_t now_ms)
{
	if (s->quiet_out == (uint32_t)s->packets_out)
		return;
	s->quiet_out = (uint32_t)s->packets_out;
	for (int comp = 0; comp < 2; comp++) {
		const struct stream *from = s->bridge->stream[!s->side][comp];

		if (feeds(from, s))
			set_quiet(s, from->last_in_ms, now_ms);
	}
}

/* --- What they saved -------------------------------------------------------------------------- */

static bool is_silent(const struct stream *s, int64_t now_ms)
{
	bool in_kernel = s->in_kernel && !s->kernel_idle;

	return !in_kernel && latch_state(&s->latch) != LATCH_WAIT &&
	       now_ms - s->last_in_ms >= interval_ms(s);
}

/* It was silent for an interval when it was sent one, and is not any more. */
static void note_answer(struct stream *s, int64_t now_ms)
{
	struct keepalives *k = s->keepalives;

	if (!s->kept || !k || is_silent(s, now_ms))
		return;
	s->kept = false;
	__atomic_store_n(&k->saved, k->saved + 1, __ATOMIC_RELAXED);
	counter_add(&s->bridge->totals->keepalives_saved, 1);
}

void keepalive_moved(struct stream *s)
{
	s->kept = false;
}

/* --- Bytes ------------------------------------------------------------------------------------ */

static void put_u16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* Nobody answers it, and its version is that of no RTP. */
static size_t put_stun(uint8_t *to)
{
	memset(to, 0, STUN_HEADER);
	put_u16(to, 0x0010 | STUN_BINDING); /* class: indication */
	put_u16(to + 4, STUN_COOKIE >> 16);
	put_u16(to + 6, STUN_COOKIE & 0xffff);
	/* Without random numbers it is one of zeros: only an answer would need it. */
	if (getrandom(to + 8, STUN_TRANSACTION, GRND_NONBLOCK) < 0)
		memset(to + 8, 0, STUN_TRANSACTION);
	return STUN_HEADER;
}

/* A dynamic type that nobody has negotiated; -1: all are */
static int unused_type(const struct bridge_conf *conf)
{
	for (int pt = 127; pt >= 96; pt--)
		if (!(conf->pts[1] >> (pt - 64) & 1))
			return pt;
	return -1;
}

static size_t put_rtp(const struct stream *s, uint8_t *to, int pt)
{
	memset(to, 0, 12);
	to[0] = 2 << 6;
	to[1] = (uint8_t)pt;
	put_u16(to + 2, s->keepalives ? s->keepalives->sent & 0xffff : 0);
	return 12;
}

/* A header of STUN would be read as one of UDPTL. */
static bool is_opaque(const struct stream *s)
{
	const struct stream *rtp = s->bridge->stream[s->side][COMP_RTP];

	return s->bridge->conf.kind != BRIDGE_RTP ||
	       (s->bridge->conf.any && !(rtp && rtp->rtp.known));
}

size_t keepalive_bytes(const struct stream *s, uint8_t *to)
{
	enum keepalive_method method = s->bridge->pool_conf->keepalive_method;
	bool plain = s->comp == COMP_RTP && !(stream_side(s)->flags & (SIDE_SRTP | SIDE_DTLS));
	int pt = unused_type(&s->bridge->conf);

	if (method == KEEPALIVE_EMPTY || is_opaque(s))
		return 0;
	/* RTP that is not encrypted would be taken for an attack, and no RTP belongs to RTCP. */
	if (method == KEEPALIVE_RTP && plain && pt >= 0)
		return put_rtp(s, to, pt);
	return put_stun(to);
}

/* --- Sending ---------------------------------------------------------------------------------- */

/* An ICMP error of an earlier packet makes one call fail: that is no error of the call. */
static bool transmit(struct stream *s)
{
	const struct sockaddr *to = s->connected ? NULL : &s->to.sa;
	socklen_t to_len = s->connected ? 0 : endpoint_len(&s->to);
	uint8_t bytes[KEEPALIVE_MAX];
	size_t len = keepalive_bytes(s, bytes);

	stream_set_ttl(s, 0);
	for (int attempt = 0; attempt < 2; attempt++)
		if (sendto(s->fd, bytes, len, MSG_DONTWAIT, to, to_len) >= 0)
			return true;
	return false;
}

/* Not more than one in an interval, also if it could not be sent. */
static void keep(struct stream *s, int64_t now_ms)
{
	struct keepalives *k = stream_keepalives(s);

	s->kept = s->kept || is_silent(s, now_ms);
	s->quiet_ms = (uint32_t)now_ms;
	if (!transmit(s))
		return;
	counter_add(&s->bridge->totals->keepalives_out, 1);
	if (k)
		__atomic_store_n(&k->sent, k->sent + 1, __ATOMIC_RELAXED);
}

/* --- Who waits -------------------------------------------------------------------------------- */

void keepalive_end(struct wheel *wheel, struct bridge *b)
{
	wheel_remove(wheel, &b->keepalive);
}

/* Nothing is known of what was sent to it: the phone itself was heard just now, or not at all. */
static void begin(struct stream *s, int64_t now_ms)
{
	if (s->quiet_known)
		return;
	s->quiet_known = true;
	s->quiet_ms = (uint32_t)(is_pierced(s) ? now_ms - interval_ms(s) : now_ms);
}

/* Return: time until @s has to be looked at again; -1: it need not */
static int64_t visit(struct stream *s, int64_t now_ms, bool due)
{
	int64_t left_ms;

	note_answer(s, now_ms);
	if (!is_wanted(s) || is_fed_by_kernel(s))
		return -1;
	find_quiet(s, now_ms);
	begin(s, now_ms);
	left_ms = interval_ms(s) - quiet_for_ms(s, now_ms);
	if (left_ms > 0)
		return left_ms;
	if (due)
		keep(s, now_ms);
	return due ? interval_ms(s) : 0;
}

/* @due: send what is due; else it waits for its turn */
static void visit_all(struct wheel *wheel, struct bridge *b, int64_t now_ms, bool due)
{
	int64_t first_ms = -1;

	for (int i = 0; i < 4; i++) {
		struct stream *s = b->stream[i >> 1][i & 1];
		int64_t left_ms = s ? visit(s, now_ms, due) : -1;

		if (left_ms >= 0 && (first_ms < 0 || left_ms < first_ms))
			first_ms = left_ms;
	}
	if (first_ms >= 0)
		wheel_add(wheel, &b->keepalive, now_ms + first_ms, now_ms);
}

void keepalive_mind(struct wheel *wheel, struct bridge *b, int64_t now_ms)
{
	wheel_remove(wheel, &b->keepalive);
	visit_all(wheel, b, now_ms, false);
}

bool keepalive_visit(struct wheel *wheel, int64_t now_ms)
{
	struct wheel_item *item = wheel_take(wheel, now_ms);

	if (!item)
		return false;
	visit_all(wheel, container_of(item, struct bridge, keepalive), now_ms, true);
	return true;
}

void keepalive_kernel(struct stream *s, const struct bridge_kernel *kernel, int64_t now_ms)
{
	s->kernel_idle = kernel->idle;
	for (int comp = 0; comp < 2; comp++) {
		struct stream *to = s->bridge->stream[!s->side][comp];

		if (to && feeds(s, to))
			set_quiet(to, kernel->heard_ms, now_ms);
	}
}
