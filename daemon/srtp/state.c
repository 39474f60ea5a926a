/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c - struct srtp as bytes: for the journal, for a module, for a standby
 */
#include <errno.h>
#include "srtp/state.h"

_Static_assert(sizeof(struct srtp_state_source) == 56, "no gaps");
_Static_assert(sizeof(struct srtp_state) == 200 + SRTP_SSRCS * 56, "no gaps");

static struct srtp_state_source export_source(const struct srtp_source *source, int64_t now_ms)
{
	return (struct srtp_state_source){
		.ssrc = source->ssrc,
		.rtp_top = source->rtp.top,
		.rtp_used = { source->rtp.used[0], source->rtp.used[1] },
		.rtcp_top = (uint32_t)source->rtcp.top,
		.rtcp_used = { source->rtcp.used[0], source->rtcp.used[1] },
		.silent_ms = now_ms > source->used_ms ? (uint64_t)(now_ms - source->used_ms) : 0,
	};
}

void srtp_export(const struct srtp *srtp, int64_t now_ms, struct srtp_state *state)
{
	const struct srtp_master *master = &srtp->master;

	memset(state, 0, sizeof(*state));
	state->version = SRTP_STATE_VERSION;
	state->suite = (uint8_t)master->suite->id;
	state->direction = (uint8_t)srtp->direction;
	state->sources = (uint8_t)srtp->source_count;
	state->rtcp_sent = srtp->rtcp_sent;
	memcpy(state->key, master->key, master->suite->key_len);
	memcpy(state->salt, master->salt, master->suite->salt_len);
	state->mki_len = master->mki.len;
	memcpy(state->mki, master->mki.bytes, master->mki.len);
	memcpy(state->replaced, srtp->replaced, sizeof(state->replaced));
	for (unsigned int i = 0; i < srtp->source_count; i++)
		state->source[i] = export_source(&srtp->sources[i], now_ms);
}

/* Indexes that were used, without the highest of them: no such window is exported. */
static bool window_holds(uint64_t top, const uint64_t used[2], uint64_t max)
{
	return top <= max && (used[0] & 1 || (!used[0] && !used[1]));
}

static bool sources_hold(const struct srtp_state *state)
{
	if (state->sources > SRTP_SSRCS)
		return false;
	for (unsigned int i = 0; i < state->sources; i++) {
		const struct srtp_state_source *source = &state->source[i];

		if (!window_holds(source->rtp_top, source->rtp_used, SRTP_INDEX_MAX) ||
		    !window_holds(source->rtcp_top, source->rtcp_used, SRTCP_INDEX_MAX) ||
		    source->silent_ms > INT64_MAX / 2)
			return false;
		for (unsigned int k = 0; k < i; k++)
			if (state->source[k].ssrc == source->ssrc)
				return false;
	}
	return true;
}

static struct srtp_window import_window(uint64_t top, const uint64_t used[2],
					enum srtp_state_age age)
{
	struct srtp_window window = { .top = top, .used = { used[0], used[1] } };

	if (age == SRTP_STATE_STALE && srtp_window_started(&window)) {
		window.used[0] = UINT64_MAX;
		window.used[1] = UINT64_MAX;
	}
	return window;
}

static void import_sources(struct srtp *srtp, const struct srtp_state *state,
			   enum srtp_state_age age, int64_t now_ms)
{
	for (unsigned int i = 0; i < state->sources; i++) {
		const struct srtp_state_source *source = &state->source[i];

		srtp->sources[i] = (struct srtp_source){
			.ssrc = source->ssrc,
			.used_ms = now_ms - (int64_t)source->silent_ms,
			.rtp = import_window(source->rtp_top, source->rtp_used, age),
			.rtcp = import_window(source->rtcp_top, source->rtcp_used, age),
		};
	}
	srtp->source_count = state->sources;
}

int srtp_import(const struct srtp_state *state, enum srtp_state_age age, int64_t now_ms,
		struct srtp **srtp)
{
	struct srtp_master master = { .suite = srtp_suite_by_id(state->suite) };
	uint32_t skip = age == SRTP_STATE_STALE ? SRTP_STATE_SKIP : 0;

	if (state->version != SRTP_STATE_VERSION || !master.suite ||
	    state->direction > SRTP_RECEIVE || state->mki_len > SRTP_MKI_MAX ||
	    state->rtcp_sent > SRTCP_INDEX_MAX || now_ms < 0 || !sources_hold(state))
		return -EINVAL;
	memcpy(master.key, state->key, sizeof(master.key));
	memcpy(master.salt, state->salt, sizeof(master.salt));
	memcpy(master.mki.bytes, state->mki, sizeof(master.mki.bytes));
	master.mki.len = state->mki_len;
	*srtp = srtp_new(&master, (enum srtp_direction)state->direction);
	explicit_bzero(&master, sizeof(master));
	if (!*srtp)
		return -ENOMEM;
	(*srtp)->rtcp_sent = state->rtcp_sent < SRTCP_INDEX_MAX - skip ? state->rtcp_sent + skip
								       : SRTCP_INDEX_MAX;
	memcpy((*srtp)->replaced, state->replaced, sizeof(state->replaced));
	import_sources(*srtp, state, age, now_ms);
	return 0;
}

/* --- Indexes alone ------------------------------------------------------------------------- */

bool srtp_due(const struct srtp *srtp)
{
	return srtp->due;
}

void srtp_indexes(struct srtp *srtp, struct srtp_indexes *indexes)
{
	*indexes = (struct srtp_indexes){ .rtcp_sent = srtp->rtcp_sent,
					  .sources = srtp->source_count,
					  .replacements = (uint32_t)srtp->counts.replaced,
					  .restarts = (uint32_t)srtp->counts.restarts };
	memcpy(indexes->replaced, srtp->replaced, sizeof(indexes->replaced));
	for (unsigned int i = 0; i < srtp->source_count; i++) {
		struct srtp_source *source = &srtp->sources[i];

		indexes->source[i] = (struct srtp_index){ .ssrc = source->ssrc,
							  .rtcp_top = (uint32_t)source->rtcp.top,
							  .rtp_top = source->rtp.top };
		indexes->rtp_used |= (uint16_t)(srtp_window_started(&source->rtp) << i);
		indexes->rtcp_used |= (uint16_t)(srtp_window_started(&source->rtcp) << i);
		source->stored = source->rtp.top;
	}
	srtp->rtcp_stored = srtp->rtcp_sent;
	srtp->due = false;
}

static void fill_indexes(struct srtp_state *state, const struct srtp_indexes *indexes)
{
	state->sources = (uint8_t)indexes->sources;
	state->rtcp_sent = indexes->rtcp_sent;
	memcpy(state->replaced, indexes->replaced, sizeof(state->replaced));
	for (unsigned int i = 0; i < indexes->sources; i++) {
		state->source[i].ssrc = indexes->source[i].ssrc;
		state->source[i].rtp_top = indexes->source[i].rtp_top;
		state->source[i].rtp_used[0] = indexes->rtp_used >> i & 1;
		state->source[i].rtcp_top = indexes->source[i].rtcp_top;
		state->source[i].rtcp_used[0] = indexes->rtcp_used >> i & 1;
	}
}

bool srtp_indexes_valid(const struct srtp_indexes *indexes)
{
	struct srtp_state state = { 0 };

	if (indexes->sources > SRTP_SSRCS || indexes->rtcp_sent > SRTCP_INDEX_MAX ||
	    (uint32_t)(indexes->rtp_used | indexes->rtcp_used) >> indexes->sources)
		return false;
	fill_indexes(&state, indexes);
	return sources_hold(&state);
}

int srtp_resume(const struct srtp_master *master, enum srtp_direction direction,
		const struct srtp_indexes *indexes, int64_t now_ms, struct srtp **srtp)
{
	struct srtp_state state = { .version = SRTP_STATE_VERSION,
				    .suite = (uint8_t)master->suite->id,
				    .direction = (uint8_t)direction,
				    .mki_len = master->mki.len };
	int error;

	if (!srtp_indexes_valid(indexes))
		return -EINVAL;
	memcpy(state.key, master->key, sizeof(state.key));
	memcpy(state.salt, master->salt, sizeof(state.salt));
	memcpy(state.mki, master->mki.bytes, sizeof(state.mki));
	fill_indexes(&state, indexes);
	error = srtp_import(&state, SRTP_STATE_STALE, now_ms, srtp);
	explicit_bzero(&state, sizeof(state));
	return error;
}
