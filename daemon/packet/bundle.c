/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.c - medias that arrive and leave by the port of one of them, told apart (RFC 9143, 9.2)
 *
 * RTP goes by its MID, then by its SSRC, then by its payload type, if only one media has it. RTCP
 * goes by the SSRC of its sender, or else by an SSRC that it reports on.
 */
#include <stdlib.h>
#include "packet/bundle.h"
#include "packet/extension.h"

struct bundle *bundle_new(size_t n)
{
	struct bundle *bundle = calloc(1, sizeof(*bundle) + n * sizeof(bundle->member[0]));

	if (bundle)
		bundle->n = (uint8_t)n;
	return bundle;
}

/* --- Payload types, MIDs ---------------------------------------------------------------------- */

#define OF_SEVERAL UINT8_MAX /* in of_pt while it is filled in */

void bundle_add_pts(struct bundle *bundle, uint8_t member, const uint64_t pts[2])
{
	for (unsigned int pt = 0; pt < 128; pt++)
		if (pts[pt / 64] >> (pt % 64) & 1)
			bundle->of_pt[pt] = bundle->of_pt[pt] ? OF_SEVERAL : member;
}

static uint8_t pt_member(const struct bundle *bundle, uint8_t pt)
{
	uint8_t member = bundle->of_pt[pt & 127];

	return member == OF_SEVERAL ? 0 : member;
}

static uint8_t mid_member(const struct bundle *bundle, struct str mid)
{
	for (unsigned int i = 0; i < bundle->n; i++) {
		const struct bundle_member *member = &bundle->member[i];

		if (mid.len == member->mid_len && mid.len && !memcmp(mid.s, member->mid, mid.len))
			return (uint8_t)(i + 1);
	}
	return 0;
}

/* --- SSRCs ------------------------------------------------------------------------------------ */

#define PROBES 8

/* Spreads the SSRC (Knuth). */
static unsigned int place_of(uint32_t ssrc, unsigned int probe)
{
	return ((ssrc * 2654435769U >> 16) + probe) % BUNDLE_SSRCS;
}

static struct bundle_ssrc *find_ssrc(struct bundle *bundle, uint32_t ssrc)
{
	for (unsigned int i = 0; i < PROBES; i++) {
		struct bundle_ssrc *at = &bundle->ssrc[place_of(ssrc, i)];

		if (at->member && at->ssrc == ssrc)
			return at;
	}
	return NULL;
}

uint8_t bundle_ssrc_member(const struct bundle *bundle, uint32_t ssrc)
{
	const struct bundle_ssrc *at = find_ssrc((struct bundle *)(uintptr_t)bundle, ssrc);

	return at ? at->member : 0;
}

/* A free place, else one of those that were learned; NULL: all are signalled. */
static struct bundle_ssrc *place_for(struct bundle *bundle, uint32_t ssrc)
{
	struct bundle_ssrc *place = NULL;

	for (unsigned int i = 0; i < PROBES; i++) {
		struct bundle_ssrc *at = &bundle->ssrc[place_of(ssrc, i)];

		if (!at->member)
			return at;
		if (!at->signalled && !place)
			place = at;
	}
	return place;
}

static void add_ssrc(struct bundle *bundle, uint8_t member, uint32_t ssrc, bool signalled)
{
	struct bundle_ssrc *at = find_ssrc(bundle, ssrc);

	if (!at)
		at = place_for(bundle, ssrc);
	if (at)
		*at = (struct bundle_ssrc){ .ssrc = ssrc,
					    .member = member,
					    .signalled = signalled };
}

void bundle_add_ssrc(struct bundle *bundle, uint8_t member, uint32_t ssrc)
{
	add_ssrc(bundle, member, ssrc, true);
}

/*
 * The MID says that the SSRC is of another media now. Once in a while: else a peer could make the
 * statistics of both medias begin again with each packet.
 */
static bool may_move(struct bundle_ssrc *at, uint8_t member, int64_t now_ms)
{
	if (at->moved && (uint32_t)now_ms - at->moved_ms < BUNDLE_MOVE_MS)
		return false;
	at->member = member;
	at->moved = true;
	at->moved_ms = (uint32_t)now_ms;
	return true;
}

/* --- RTP -------------------------------------------------------------------------------------- */

uint8_t bundle_member_of(struct bundle *bundle, const uint8_t *p, const struct rtp_wire *w,
			 int64_t now_ms)
{
	struct bundle_ssrc *at = find_ssrc(bundle, w->ssrc);
	uint8_t member;
	struct str mid;

	if (bundle->mid_id && extension_find(p, w, bundle->mid_id, &mid)) {
		member = mid_member(bundle, mid);
		if (!member || (at && at->member == member))
			return member;
		if (at)
			return may_move(at, member, now_ms) ? member : 0;
	} else if (at) {
		return at->member;
	} else {
		member = pt_member(bundle, w->pt);
	}
	if (member)
		add_ssrc(bundle, member, w->ssrc, false);
	return member;
}

/* --- RTCP ------------------------------------------------------------------------------------- */

#define RTCP_RTPFB 205
#define RTCP_PSFB  206

/* Does the other side of this media send with this SSRC? */
static uint8_t reported_member(const struct stream *s, uint32_t ssrc)
{
	for (unsigned int i = 0; i < bundle_of(s)->n; i++) {
		const struct bridge *b = bundle_of(s)->member[i].bridge;
		const struct stream *from = b ? b->stream[!s->side][COMP_RTP] : NULL;

		if (from && from->rtp.known && from->rtp.ssrc == ssrc)
			return (uint8_t)(i + 1);
	}
	return 0;
}

/* What the packet, of @len bytes, reports on first: its offset; 0: nothing */
static size_t reported_at(const uint8_t *p, size_t len)
{
	size_t at;

	switch (p[1]) {
	case RTCP_SR:
		at = p[0] & 31 ? 28 : 0;
		break;
	case RTCP_RR:
		at = p[0] & 31 ? 8 : 0;
		break;
	case RTCP_RTPFB:
	case RTCP_PSFB:
		at = 8;
		break;
	default:
		at = 0;
	}
	return at + 4 <= len ? at : 0;
}

/* The first packet of a compound that tells it. */
static uint8_t rtcp_member(const struct stream *s, const uint8_t *p, size_t len)
{
	uint8_t member = 0;

	while (!member && len >= 8) {
		size_t size = 4 * ((size_t)rtp_wire_u16(p + 2) + 1), at;

		if (size < 8 || size > len)
			break;
		member = bundle_ssrc_member(bundle_of(s), rtp_wire_u32(p + 4));
		at = member ? 0 : reported_at(p, size);
		if (at)
			member = reported_member(s, rtp_wire_u32(p + at));
		p += size;
		len -= size;
	}
	return member;
}

/* --- Streams ---------------------------------------------------------------------------------- */

struct stream *bundle_stream_at(const struct bundle *bundle, unsigned int i)
{
	const struct bridge *b = bundle->member[i].bridge;

	return b ? b->stream[bundle->carrier->side][COMP_RTP] : NULL;
}

struct stream *bundle_stream(struct stream *s, struct packet *p, struct rtp_wire *w, int64_t now_ms)
{
	struct bundle *bundle = bundle_of(s);
	uint8_t member;

	if (w->kind != RTP_KIND_RTP && w->kind != RTP_KIND_RTCP)
		return s;
	member = w->kind == RTP_KIND_RTP ? bundle_member_of(bundle, p->data, w, now_ms)
					 : rtcp_member(s, p->data, p->len);
	if (!member)
		return NULL;
	if (bundle->member[member - 1].strip && w->kind == RTP_KIND_RTP)
		p->len = extension_remove(p->data, p->len, w);
	return bundle_stream_at(bundle, member - 1);
}

/* --- Begin and end ---------------------------------------------------------------------------- */

static void join(struct stream *s, struct bundle *bundle)
{
	s->bridge->bundle[s->side] = bundle;
	s->bundled = !bundle		    ? STREAM_SINGLE
		     : bundle->carrier == s ? STREAM_CARRIES
					    : STREAM_CARRIED;
}

/* Those that @s carries are single ones from now on. */
static void release(struct stream *s)
{
	struct bundle *bundle = bundle_of(s);

	if (s->bundled != STREAM_CARRIES)
		return;
	for (unsigned int i = 0; i < bundle->n; i++) {
		struct stream *member = bundle_stream_at(bundle, i);

		if (member && member->bundled && bundle_of(member) == bundle)
			join(member, NULL);
	}
	join(s, NULL);
	free(bundle);
}

/* Nobody carries it any more. */
static void leave(struct stream *s)
{
	struct bundle *bundle = bundle_of(s);

	if (s->bundled != STREAM_CARRIED)
		return;
	for (unsigned int i = 0; i < bundle->n; i++)
		if (bundle->member[i].bridge == s->bridge)
			bundle->member[i].bridge = NULL;
	join(s, NULL);
}

/* The number that a member of @old has in @bundle; 0: none */
static uint8_t member_now(const struct bundle *bundle, const struct bundle_member *old)
{
	for (unsigned int i = 0; old->bridge && i < bundle->n; i++)
		if (bundle->member[i].bridge == old->bridge)
			return (uint8_t)(i + 1);
	return 0;
}

static void keep_learned(struct bundle *bundle, const struct bundle *old)
{
	for (unsigned int i = 0; i < BUNDLE_SSRCS; i++) {
		const struct bundle_ssrc *at = &old->ssrc[i];
		uint8_t member = at->member && !at->signalled
					 ? member_now(bundle, &old->member[at->member - 1])
					 : 0;

		if (member && !find_ssrc(bundle, at->ssrc))
			add_ssrc(bundle, member, at->ssrc, false);
	}
}

static void end_before(struct stream *s)
{
	release(s);
	leave(s);
}

void bundle_apply(struct stream *s, struct bundle *bundle)
{
	if (bundle && s->bundled == STREAM_CARRIES)
		keep_learned(bundle, bundle_of(s));
	end_before(s);
	if (!bundle)
		return;
	bundle->carrier = s;
	join(s, bundle);
	for (unsigned int i = 0; i < bundle->n; i++) {
		struct stream *member = bundle_stream_at(bundle, i);

		if (!member || member == s)
			continue;
		end_before(member);
		join(member, bundle);
	}
}

void bundle_leave(struct bridge *b)
{
	for (int side = 0; side < 2; side++)
		if (b->stream[side][COMP_RTP])
			end_before(b->stream[side][COMP_RTP]);
}
