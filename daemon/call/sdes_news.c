/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_news.c - counts and logs what happens to keys and SSRCs of SRTP that ends in the relay
 */
#define LOG_WHERE "daemon/srtp/" /* the subsystem */
#include "base/log.h"
#include "call/call.h"
#include "call/media_sdes.h"
#include "call/refusals.h"
#include "call/sdes_news.h"
#include "call/table.h"
#include "packet/bridge.h"
#include "stats/stats.h"

/* With a new key counting begins again. */
static uint32_t risen(uint32_t *told, uint32_t now)
{
	uint32_t by = now >= *told ? now - *told : now;

	*told = now;
	return by;
}

static void tell_replaced(const struct media *media, enum side side, enum srtp_direction to,
			  uint32_t *told, uint32_t now)
{
	bool first = !*told && now;

	media->table->conf.stats->srtp_replaced += risen(told, now);
	if (first)
		log_call(LOG_LEVEL_INFO, media->dialog->call->id,
			 "media %u: SRTP %s the %s has had more than %d SSRCs: the one that was "
			 "silent for longest was replaced",
			 media->index + 1U, to == SRTP_SEND ? "to" : "from", side_names[side],
			 SRTP_SSRCS);
}

static void tell_restarts(const struct media *media, enum side side, uint32_t *told, uint32_t now)
{
	bool first = !*told && now;

	media->table->conf.stats->srtp_restarts += risen(told, now);
	if (first)
		log_call(LOG_LEVEL_WARNING, media->dialog->call->id,
			 "media %u: sequence numbers of the %s went back with the same SSRC: what "
			 "is sent to the %s as SRTP is dropped (srtp_replay) until they are new",
			 media->index + 1U, side_names[!side], side_names[side]);
}

void sdes_news_tell(struct media *media)
{
	struct media_sdes *sdes = media->sdes;
	struct srtp_indexes indexes;

	for (int i = 0; sdes && i < 4; i++) {
		int side = i >> 1, to = i & 1;

		if (!bridge_indexes(media->bridge, side, to, &indexes))
			continue;
		tell_replaced(media, side, to, &sdes->told_replaced[side][to],
			      indexes.replacements);
		if (to == SRTP_SEND)
			tell_restarts(media, side, &sdes->told_restarts[side], indexes.restarts);
	}
}

void sdes_news_unauthentic(const struct media *media, enum side side, enum component comp,
			   int64_t now_ms)
{
	if (!refusals_take_line(&media->table->refusals, now_ms))
		return;
	log_call(
		LOG_LEVEL_WARNING, media->dialog->call->id,
		"media %u: %s from the %s is not authentic SRTP and is dropped (srtp_auth): it has "
		"another key, or somebody else sends it",
		media->index + 1U, component_names[comp], side_names[side]);
}

static const char *what_happened(struct str before, struct str now)
{
	if (str_eq(before, now))
		return NULL;
	if (!now.len)
		return "removed";
	return before.len ? "changed" : "set";
}

/* Of the key in use; while there is none, of none. */
static const char *suite_of(const struct media_sdes *sdes, enum side side, enum sdes_kind kind)
{
	const struct srtp_suite *suite;
	struct sdes_lines lines;

	media_sdes_get(sdes, side, kind, &lines);
	suite = lines.n ? lines.line[0].keys[0].suite : NULL;
	sdes_wipe(&lines);
	return suite ? suite->name : "";
}

void sdes_news_keys(const struct media *media, const struct media_sdes *now)
{
	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	for (int i = 0; i < 4; i++) {
		int side = i >> 1;
		enum sdes_kind kind = i & 1 ? SDES_SENT : SDES_HEARD;
		struct str before = media->sdes ? media->sdes->text[side][kind] : STR_NONE;
		const char *what = what_happened(before, now->text[side][kind]);
		const char *suite = suite_of(now, side, kind);

		if (what)
			log_call(LOG_LEVEL_DEBUG, media->dialog->call->id,
				 "media %u: SRTP %s the %s: key %s%s%s", media->index + 1U,
				 kind == SDES_SENT ? "to" : "from", side_names[side], what,
				 *suite ? ", " : "", suite);
	}
}
