/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * context.c - begin and end of a direction under a master key; its SSRCs
 */
#include <stdlib.h>
#include "srtp/context.h"
#include "srtp/ghash.h"

/* --- SSRCs --------------------------------------------------------------------------------- */

struct srtp_source *srtp_source_find(struct srtp *srtp, uint32_t ssrc)
{
	for (unsigned int i = 0; i < srtp->source_count; i++)
		if (srtp->sources[i].ssrc == ssrc)
			return &srtp->sources[i];
	return NULL;
}

/* Two bits of the filter for each SSRC, by a multiplication that spreads it (Knuth). */
static unsigned int filter_bit(uint32_t ssrc, unsigned int which)
{
	uint32_t spread = ssrc * 2654435769U;

	return which ? spread >> 22 : spread >> 12 & 1023;
}

static bool was_replaced(const struct srtp *srtp, uint32_t ssrc)
{
	for (unsigned int which = 0; which < 2; which++) {
		unsigned int bit = filter_bit(ssrc, which);

		if (!(srtp->replaced[bit / 64] >> bit % 64 & 1))
			return false;
	}
	return true;
}

static void remember_replaced(struct srtp *srtp, uint32_t ssrc)
{
	for (unsigned int which = 0; which < 2; which++) {
		unsigned int bit = filter_bit(ssrc, which);

		srtp->replaced[bit / 64] |= 1ULL << bit % 64;
	}
}

struct srtp_source *srtp_source_place(struct srtp *srtp, uint32_t ssrc, int64_t now_ms)
{
	struct srtp_source *oldest = &srtp->sources[0];

	if (srtp->direction == SRTP_SEND && was_replaced(srtp, ssrc))
		return NULL;
	if (srtp->source_count < SRTP_SSRCS)
		return &srtp->sources[srtp->source_count];
	for (unsigned int i = 1; i < SRTP_SSRCS; i++)
		if (srtp->sources[i].used_ms < oldest->used_ms)
			oldest = &srtp->sources[i];
	return now_ms - oldest->used_ms >= SRTP_IDLE_MS ? oldest : NULL;
}

void srtp_source_take(struct srtp *srtp, struct srtp_source *place,
		      const struct srtp_source *source)
{
	if (place == &srtp->sources[srtp->source_count]) {
		srtp->source_count++;
	} else {
		srtp->counts.replaced++;
		if (srtp->direction == SRTP_SEND)
			remember_replaced(srtp, place->ssrc);
	}
	*place = *source;
	srtp->due = true;
}

/* --- Begin and end ------------------------------------------------------------------------- */

static void set_keys(struct srtp *srtp, bool rtcp, struct gcm_key *table)
{
	const struct srtp_master *master = &srtp->master;
	struct srtp_session_keys session;

	srtp_derive(master->suite, master->key, master->salt, rtcp, &session);
	srtp_keys_set(rtcp ? &srtp->rtcp : &srtp->rtp, master->suite, &session, table);
	explicit_bzero(&session, sizeof(session));
}

static bool has_table(const struct srtp_suite *suite)
{
	return suite->aead && !ghash_is_fast();
}

static size_t size_for(const struct srtp_suite *suite)
{
	return sizeof(struct srtp) + (has_table(suite) ? sizeof(struct gcm_key) : 0);
}

struct srtp *srtp_new(const struct srtp_master *master, enum srtp_direction direction)
{
	struct srtp *srtp = calloc(1, size_for(master->suite));

	if (!srtp)
		return NULL;
	srtp->master = *master;
	srtp->direction = direction;
	set_keys(srtp, false, has_table(master->suite) ? srtp->table : NULL);
	set_keys(srtp, true, NULL);
	return srtp;
}

void srtp_free(struct srtp *srtp)
{
	if (!srtp)
		return;
	explicit_bzero(srtp, size_for(srtp->master.suite));
	free(srtp);
}

void srtp_inherit(struct srtp *srtp, const struct srtp *old)
{
	for (unsigned int i = 0; i < old->source_count; i++)
		srtp->sources[i] = (struct srtp_source){
			.ssrc = old->sources[i].ssrc,
			.used_ms = old->sources[i].used_ms,
			.rtp = { .top = old->sources[i].rtp.top },
		};
	srtp->source_count = old->source_count;
}

const struct srtp_suite *srtp_suite(const struct srtp *srtp)
{
	return srtp->master.suite;
}

const struct srtp_counts *srtp_counts(const struct srtp *srtp)
{
	return &srtp->counts;
}
