/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_plan.c - decides for each m= line whether SRTP ends in the relay, and with which keys
 *
 * It does where transport-protocol asks for SRTP on one side and plain RTP on the other. Where both
 * have SRTP and were never told apart, lines and packets pass as they are. Keys go to the bridge
 * with the answer: until then nobody knows which of the offered lines counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "call/media_sdes.h"
#include "command/exchange.h"
#include "packet/bridge.h"

static void fill_random(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	if (getentropy(bytes, len))
		abort(); /* Linux before 3.17; a known key would be worse */
}

static bool is_secure_profile(struct str proto)
{
	return str_eq_nocase(proto, STR("RTP/SAVP")) || str_eq_nocase(proto, STR("RTP/SAVPF"));
}

static const struct media_sdes *sdes_before(const struct media_plan *plan)
{
	return plan->old ? plan->old->sdes : NULL;
}

static const struct media_sdes *sdes_now(const struct media_plan *plan)
{
	return plan->sdes ? plan->sdes : sdes_before(plan);
}

/* --- Keys ------------------------------------------------------------------------------------- */

static bool same_key(const struct srtp_master *a, const struct srtp_master *b)
{
	return a->suite == b->suite && !memcmp(a->key, b->key, sizeof(a->key)) &&
	       !memcmp(a->salt, b->salt, sizeof(a->salt)) && a->mki.len == b->mki.len &&
	       !memcmp(a->mki.bytes, b->mki.bytes, a->mki.len);
}

/* A key that stays keeps its rollover counters: it is not sent to the bridge again. */
static int set_key(struct srtp_master *used, bool keyed, const struct srtp_master *key,
		   enum srtp_direction direction, struct srtp **srtp)
{
	if (keyed && same_key(used, key))
		return 0;
	*srtp = srtp_new(key, direction);
	if (!*srtp)
		return -ENOMEM;
	*used = *key;
	return 0;
}

static int set_keys(struct media_plan *plan, int side, const struct srtp_master *receive,
		    const struct srtp_master *send)
{
	struct media_sdes *sdes = plan->sdes;
	bool keyed = sdes->keyed[side];
	int error = set_key(&sdes->receive[side], keyed, receive, SRTP_RECEIVE,
			    &plan->change.receive[side]);

	if (!error)
		error = set_key(&sdes->send[side], keyed, send, SRTP_SEND,
				&plan->change.send[side]);
	sdes->keyed[side] = true;
	return error;
}

/* --- Offer and answer ------------------------------------------------------------------------- */

static void read_lines(const struct exchange *ex, const struct sdp_media *m,
		       struct sdes_lines *lines)
{
	struct str value;
	size_t at = 0;

	sdes_wipe(lines);
	while (sdp_next_crypto(&ex->sdp, m, &at, &value))
		sdes_add(lines, value);
}

/* Is the receiver of this offer to have SRTP? */
static bool offers_srtp(const struct exchange *ex, const struct sdp_media *m,
			const struct media_sdes *before)
{
	struct str asked = ex->request->transport_protocol;

	if (asked.len)
		return is_secure_profile(asked);
	return before ? before->secure[ex->to] : m->transport == SDP_SRTP;
}

/* Return: false: one of the sides would have no key */
static bool fill_offer(const struct exchange *ex, const struct sdp_media *m,
		       struct media_sdes *sdes)
{
	struct sdes_line used = sdes->used[ex->to];
	const struct sdes_lines *theirs = NULL;

	if (sdes->secure[ex->from]) {
		theirs = &sdes->theirs[ex->from];
		read_lines(ex, m, &sdes->theirs[ex->from]);
		if (!theirs->n)
			return false;
	}
	if (!sdes->secure[ex->to])
		return true;
	sdes_offer(&ex->request->sdes, theirs, used.n_keys ? &used : NULL, fill_random, NULL,
		   &sdes->ours[ex->to]);
	explicit_bzero(&used, sizeof(used));
	return sdes->ours[ex->to].n;
}

static int plan_offer(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	const struct media_sdes *before = sdes_before(plan);
	bool from = m->transport == SDP_SRTP, to = offers_srtp(ex, m, before);

	if (!before && from == to)
		return 0;
	plan->sdes = media_sdes_copy(before);
	if (!plan->sdes)
		return -ENOMEM;
	/* Another bridge has no indexes: a key that was sent with is not used again. */
	if (plan->replace) {
		memset(plan->sdes->keyed, 0, sizeof(plan->sdes->keyed));
		explicit_bzero(plan->sdes->used, sizeof(plan->sdes->used));
	}
	plan->sdes->secure[ex->from] = from;
	plan->sdes->secure[ex->to] = to;
	if (!fill_offer(ex, m, plan->sdes)) {
		media_sdes_free(plan->sdes);
		plan->sdes = NULL;
	}
	return 0;
}

/* The answerer's key, and ours of the line that it took. Without a line there is no key. */
static int hear_answer(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	struct media_sdes *sdes = plan->sdes;
	const struct sdes_line *taken = NULL;
	struct sdes_lines lines = { 0 };
	int error = 0;

	read_lines(ex, m, &lines);
	if (lines.n)
		taken = sdes_answered(&sdes->ours[ex->from], &lines.line[0]);
	if (taken) {
		sdes->used[ex->from] = *taken;
		error = set_keys(plan, ex->from, &lines.line[0].keys[0], &taken->keys[0]);
	}
	sdes_wipe(&lines);
	return error;
}

/* The line that the offerer gets; the same in a later answer, also with another SDP. */
static int give_answer(struct exchange *ex, struct media_plan *plan)
{
	struct media_sdes *sdes = plan->sdes;
	struct sdes_line *used = &sdes->used[ex->to];
	const struct sdes_line *chosen =
		sdes_choose(&ex->request->sdes, &sdes->theirs[ex->to], used->keys[0].suite);

	if (!chosen)
		return 0;
	if (used->tag != chosen->tag || used->keys[0].suite != chosen->keys[0].suite)
		sdes_answer(chosen, fill_random, NULL, used);
	return set_keys(plan, ex->to, &chosen->keys[0], &used->keys[0]);
}

static int plan_answer(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	int error = 0;

	if (!sdes_before(plan))
		return 0;
	plan->sdes = media_sdes_copy(sdes_before(plan));
	if (!plan->sdes)
		return -ENOMEM;
	if (plan->sdes->secure[ex->from])
		error = hear_answer(ex, m, plan);
	if (!error && plan->sdes->secure[ex->to])
		error = give_answer(ex, plan);
	return error;
}

int sdes_plan_make(struct exchange *ex, size_t index)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	struct media_plan *plan = &ex->plan[index];
	const struct media_sdes *now;
	int error = 0;

	if (m->port && !ex->request->leg && (m->transport == SDP_RTP || m->transport == SDP_SRTP))
		error = (ex->offer ? plan_offer : plan_answer)(ex, m, plan);
	now = sdes_now(plan);
	for (int side = 0; side < 2; side++) {
		plan->conf.side[side].flags &= ~(uint32_t)SIDE_SRTP;
		if (now && now->secure[side])
			plan->conf.side[side].flags |= SIDE_SRTP;
	}
	return error;
}

/* --- SDP -------------------------------------------------------------------------------------- */

static int write_lines(const struct exchange *ex, const struct sdes_line *lines, unsigned int n,
		       struct sdp_media_edit *edit)
{
	struct str *texts = arena_zalloc(ex->env->arena, (n + 1) * sizeof(*texts));

	if (!texts)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		struct buf buf = BUF_INIT(arena_alloc(ex->env->arena, SDES_TEXT), SDES_TEXT);

		if (!buf.data)
			return -ENOMEM;
		sdes_write(&buf, &lines[i], ex->request->sdes.write);
		texts[i] = (struct str){ buf.data, buf.len };
	}
	edit->crypto = texts;
	edit->n_crypto = n;
	return 0;
}

int sdes_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	const struct media_plan *plan = &ex->plan[index];
	const struct media_sdes *sdes = sdes_now(plan);
	struct str proto = ex->request->transport_protocol;

	if (!sdes || !(sdes->secure[SIDE_A] || sdes->secure[SIDE_B]))
		return 0;
	if (!ex->offer || !proto.len)
		proto = str_of(plan->media->protocol[ex->to]);
	edit->own_crypto = true;
	edit->proto = str_eq(proto, m->proto) ? STR_NONE : proto;
	if (!sdes->secure[ex->to])
		return 0;
	if (ex->offer)
		return write_lines(ex, sdes->ours[ex->to].line, sdes->ours[ex->to].n, edit);
	return write_lines(ex, &sdes->used[ex->to], sdes->used[ex->to].n_keys ? 1 : 0, edit);
}

void sdes_plan_commit(struct media_plan *plan)
{
	if (!plan->media || !plan->sdes)
		return;
	media_sdes_free(plan->media->sdes);
	plan->media->sdes = plan->sdes;
	plan->sdes = NULL;
}

void sdes_plan_undo(struct media_plan *plan)
{
	media_sdes_free(plan->sdes);
	for (int side = 0; side < 2; side++) {
		srtp_free(plan->change.receive[side]);
		srtp_free(plan->change.send[side]);
	}
}
