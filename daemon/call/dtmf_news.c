/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtmf_news.c - what becomes of a key that a phone pressed: event, call record, datagram */
#include <time.h>
#include <utlist.h>
#include "base/clock.h"
#include "call/dialog.h"
#include "call/dtmf_news.h"
#include "call/events.h"
#include "call/table.h"
#include "dtmf/report.h"
#include "dtmf/sender.h"
#include "packet/bridge.h"
#include "packet/dtmf_ring.h"
#include "stats/stats.h"

#define MORE "..."

/* Of a telephone-event whose rate was not negotiated (RFC 4733, section 2.4.1). */
#define CLOCK_DEFAULT 8000

/* Tags of a report; a call with more parties has many forks. */
#define TAGS 64

bool dtmf_is_wanted(const struct call *call, struct str place)
{
	const struct call_table_conf *conf = &call->table->conf;

	return conf->dtmf_log || place.len || call->dtmf_place.len ||
	       (conf->dtmf && dtmf_sender_has_target(conf->dtmf));
}

static uint32_t duration_ms(const struct dtmf_note *note)
{
	uint64_t ms = UINT64_C(1000) * note->event.duration;

	ms /= note->clock ? note->clock : CLOCK_DEFAULT;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* Out of memory: the record lacks a digit. */
static void keep_digit(struct media *media, enum side side, uint8_t event)
{
	struct str *digits = &media->dtmf[side];
	char longer[DTMF_DIGITS + sizeof(MORE)];
	size_t len = digits->len;

	if (len > DTMF_DIGITS)
		return;
	if (len)
		memcpy(longer, digits->s, len);
	if (len < DTMF_DIGITS) {
		longer[len++] = dtmf_digit(event);
	} else {
		memcpy(longer + len, MORE, sizeof(MORE) - 1);
		len += sizeof(MORE) - 1;
	}
	text_set(digits, (struct str){ longer, len });
}

static void tell_watchers(struct media *media, const struct dtmf_note *note)
{
	const struct happening_dtmf dtmf = { .event = note->event.event,
					     .volume = note->event.volume,
					     .duration_ms = duration_ms(note),
					     .end_lost = note->event.end_lost,
					     .blocked = note->blocked };
	const struct happening happening = { .kind = DTMF_PRESSED,
					     .call = media->dialog->call,
					     .media = media,
					     .side = note->side,
					     .comp = COMP_RTP,
					     .dtmf = &dtmf };

	events_tell(media->table->conf.events, &happening);
}

static size_t tags_of(const struct call *call, struct str tags[TAGS])
{
	const struct dialog *dialog;
	size_t n = 0;

	DL_FOREACH(call->dialogs, dialog) {
		for (int side = 0; side < 2; side++) {
			struct str tag = dialog->party[side].tag;
			bool there = !tag.len;

			for (size_t i = 0; i < n && !there; i++)
				there = str_eq(tags[i], tag);
			if (!there && n < TAGS)
				tags[n++] = tag;
		}
	}
	return n;
}

static void send_report(struct media *media, const struct dtmf_note *note)
{
	const struct call *call = media->dialog->call;
	const struct party *party = &media->dialog->party[note->side];
	struct str tags[TAGS];
	struct dtmf_report report = { .call_id = call->id,
				      .source_tag = party->tag,
				      .source_label = party->label,
				      .tags = tags,
				      .n_tags = tags_of(call, tags),
				      .at_s = time(NULL),
				      .source = &note->source,
				      .duration_ms = duration_ms(note),
				      .event = note->event.event,
				      .volume = note->event.volume };
	struct endpoint place = { 0 };

	if (call->dtmf_place.len)
		dtmf_place(call->dtmf_place, &place);
	dtmf_send(media->table->conf.dtmf, &report, &place);
}

void call_bridge_dtmf(struct bridge *bridge, const struct dtmf_note *note)
{
	struct media *media = bridge_owner(bridge);
	const struct call_table_conf *conf;

	if (!media->dialog)
		return;
	conf = &media->table->conf;
	conf->stats->dtmf_keys++;
	if (conf->dtmf_log) {
		keep_digit(media, note->side, note->event.event);
		call_touch(media->dialog->call);
		tell_watchers(media, note);
	}
	if (conf->dtmf)
		send_report(media, note);
}
