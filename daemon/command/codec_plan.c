/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec_plan.c - decides which codecs of an m= line the receiver sees: codec-strip, single-codec
 *
 * Some formats are of no use alone: retransmission, redundancy and error correction belong to
 * another codec, telephone events and comfort noise go into a stream of speech of their clock rate.
 * They go with what they belong to, and a media of which only such formats are left has no codec.
 */
#include <errno.h>
#include "command/exchange.h"

enum role {
	ROLE_CODEC,  /* carries media; any format with an unknown name, too */
	ROLE_EVENTS, /* telephone-event, CN: of a clock rate */
	ROLE_REPAIR, /* RTX, RED, FEC: of other formats, or of a clock rate if it names none */
};

struct plan {
	const struct exchange *ex;
	const struct sdp_media *m;
	bool *keep;		  /* for each codec */
	uint8_t role[128];	  /* enum role, of each codec: there is one per payload type */
	uint8_t codec_of_pt[128]; /* index into m->codecs, plus one */
};

/* "PCMU", "opus/48000", "opus/48000/2", or a payload type's number; "all" and "full" are any. */
static bool names_codec(struct str name, const struct sdp_codec *codec)
{
	uint64_t number;
	struct str part;

	if (str_eq_nocase(name, STR("all")) || str_eq_nocase(name, STR("full")))
		return true;
	if (str_to_u64(name, 127, &number))
		return codec->pt == number;
	part = str_split(&name, '/');
	if (!codec->name.len || !str_eq_nocase(part, codec->name))
		return false;
	part = str_split(&name, '/');
	if (part.len && (!str_to_u64(part, UINT32_MAX, &number) || number != codec->clock))
		return false;
	return !name.len || str_eq(name, codec->params) ||
	       (!codec->params.len && str_eq(name, STR("1")));
}

static bool is_listed(const struct str *list, size_t count, const struct sdp_codec *codec)
{
	for (size_t i = 0; i < count; i++)
		if (names_codec(list[i], codec))
			return true;
	return false;
}

static bool is_fec(struct str name)
{
	return name.len >= 3 &&
	       (str_eq_nocase((struct str){ name.s + name.len - 3, 3 }, STR("fec")) ||
		(name.len > 7 && !strncasecmp(name.s, "flexfec", 7)));
}

static enum role role_of(const struct sdp_codec *codec)
{
	struct str name = codec->name;

	if (str_eq_nocase(name, STR("telephone-event")) || str_eq_nocase(name, STR("CN")))
		return ROLE_EVENTS;
	if (str_eq_nocase(name, STR("rtx")) || str_eq_nocase(name, STR("red")) || is_fec(name))
		return ROLE_REPAIR;
	return ROLE_CODEC;
}

/* Was a codec of this clock rate stripped, and is none left? */
static bool clock_is_gone(const struct plan *plan, uint32_t clock)
{
	bool gone = false;

	for (size_t i = 0; i < plan->m->n_codecs; i++) {
		const struct sdp_codec *codec = &plan->m->codecs[i];

		if (codec->clock != clock || plan->role[i] != ROLE_CODEC)
			continue;
		if (plan->keep[i])
			return false;
		gone = true;
	}
	return gone;
}

static bool pt_is_gone(const struct plan *plan, struct str text)
{
	uint64_t pt;

	return str_to_u64(text, 127, &pt) && plan->codec_of_pt[pt] &&
	       !plan->keep[plan->codec_of_pt[pt] - 1];
}

/*
 * "apt=96;rtx-time=3000" (RFC 4588) or "0/5/96" (RFC 2198): *named, formats are named; true: one of
 * them is gone
 */
static bool names_what_is_gone(const struct plan *plan, struct str format, bool *named)
{
	bool gone = false;

	*named = false;
	while (format.len) {
		struct str part = str_split(&format, ';');

		while (part.len && *part.s == ' ') {
			part.s++;
			part.len--;
		}
		if (str_starts(part, STR("apt="))) {
			str_split(&part, '=');
		} else if (!memchr(part.s, '/', part.len)) {
			continue;
		}
		*named = true;
		while (part.len)
			gone = pt_is_gone(plan, str_split(&part, '/')) || gone;
	}
	return gone;
}

static bool is_orphan(const struct plan *plan, size_t index)
{
	const struct sdp_codec *codec = &plan->m->codecs[index];
	bool named = false;

	if (plan->role[index] == ROLE_CODEC)
		return false;
	if (plan->role[index] == ROLE_REPAIR &&
	    names_what_is_gone(plan, sdp_codec_format(&plan->ex->sdp, codec), &named))
		return true;
	return !named && clock_is_gone(plan, codec->clock);
}

/* Repeated, because a retransmission may be one of a redundancy. There are no longer chains. */
static void drop_orphans(struct plan *plan)
{
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < plan->m->n_codecs; i++)
			plan->keep[i] = plan->keep[i] && !is_orphan(plan, i);
}

/* "except" and "offer" keep codecs that "strip", mostly "all", would remove. */
static void strip(struct plan *plan)
{
	const struct request *request = plan->ex->request;

	for (size_t i = 0; i < plan->m->n_codecs; i++) {
		const struct sdp_codec *codec = &plan->m->codecs[i];

		plan->keep[i] = !is_listed(request->codec_strip, request->n_codec_strip, codec) ||
				is_listed(request->codec_except, request->n_codec_except, codec) ||
				is_listed(request->codec_offer, request->n_codec_offer, codec);
	}
	drop_orphans(plan);
}

/* The first codec that is kept; n_codecs: there is none. */
static size_t first_codec(const struct plan *plan)
{
	size_t i = 0;

	while (i < plan->m->n_codecs && (!plan->keep[i] || plan->role[i] != ROLE_CODEC))
		i++;
	return i;
}

/* Is no codec left? A media that never had more than telephone-event needs no other. */
static bool is_empty(const struct plan *plan)
{
	bool had_codec = false, any = false;

	for (size_t i = 0; i < plan->m->n_codecs; i++) {
		had_codec = had_codec || plan->role[i] == ROLE_CODEC;
		any = any || plan->keep[i];
	}
	return had_codec ? first_codec(plan) == plan->m->n_codecs : !any;
}

static bool is_event(const struct sdp_codec *codec)
{
	return str_eq_nocase(codec->name, STR("telephone-event"));
}

/*
 * Keeps the first codec and telephone-event: the ones of its clock rate, or if there is none, all,
 * because some phones use telephone-event/8000 with any codec.
 */
static void keep_first(struct plan *plan)
{
	const struct sdp_codec *codecs = plan->m->codecs;
	size_t first = first_codec(plan), n = plan->m->n_codecs;
	bool fits = false;

	if (first == n)
		return;
	for (size_t i = 0; i < n; i++)
		fits = fits || (plan->keep[i] && is_event(&codecs[i]) &&
				codecs[i].clock == codecs[first].clock);
	for (size_t i = 0; i < n; i++)
		if (i != first &&
		    (!is_event(&codecs[i]) || (fits && codecs[i].clock != codecs[first].clock)))
			plan->keep[i] = false;
}

static void read_media(struct plan *plan)
{
	for (size_t i = 0; i < plan->m->n_codecs; i++) {
		plan->role[i] = (uint8_t)role_of(&plan->m->codecs[i]);
		plan->codec_of_pt[plan->m->codecs[i].pt] = (uint8_t)(i + 1);
	}
}

int codec_plan_make(struct exchange *ex, const struct sdp_media *m, struct sdp_media_edit *edit)
{
	bool single = !ex->offer && ex->request->flags & REQ_SINGLE_CODEC;
	struct plan plan = { .ex = ex, .m = m };

	if ((!ex->request->n_codec_strip && !single) || !m->n_codecs)
		return 0;
	plan.keep = arena_alloc(ex->env->arena, m->n_codecs * sizeof(*plan.keep));
	if (!plan.keep)
		return -ENOMEM;
	read_media(&plan);
	strip(&plan);
	if (is_empty(&plan)) {
		/* The media would be refused: by default the codecs stay instead. */
		bool allowed = ex->request->flags & REQ_ALLOW_NO_CODEC;

		for (size_t i = 0; i < m->n_codecs; i++)
			plan.keep[i] = !allowed;
		ex->strip_ignored = ex->strip_ignored || !allowed;
	}
	if (single)
		keep_first(&plan);
	edit->keep_codec = plan.keep;
	return 0;
}
