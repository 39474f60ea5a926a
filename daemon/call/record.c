/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - a call in the journal: encoded to bytes, and decoded with full validation
 *
 * A record is its version (4 bytes), a checksum of the rest (8 bytes), and the call, field by field
 * in the order of the structs. Integers are little-endian, a text has its length before it (2
 * bytes), a list its number of items (4 bytes), and a struct that may be missing a byte 0 or 1.
 *
 * SRTP that ends in the relay, behind the streams of its media, for each side: is it secure (1
 * byte), or under a plain profile (1), and has it keys by DTLS (1); if so struct dtls_record, each
 * fingerprint as the number of its hash (1) and its bytes; four texts with a=crypto lines (enum
 * sdes_kind); the indexes of what is sent to the side, then of what is received: rtcp_sent (4),
 * number of SSRCs (1),
 * rtp_used (2), rtcp_used (2), for each its SSRC (4), rtcp_top (4), rtp_top (8), then whether SSRCs
 * were replaced (1), and the filter of those if so (128). The lines hold master keys in clear text:
 * the file has mode 0600.
 *
 * ICE that ends in the relay, behind that, for each side: has it an agent, is it lite, was it
 * refused, was trickle offered, was there a mismatch (1 byte each); if it has one, struct ice_saved
 * as it is (ice/saved.h), with passwords in clear text. ice_restore() checks it.
 *
 * A media that is, or was, in a group of BUNDLE, behind that: its a=mid; for each side the group,
 * the m= line that carries it, the number of the header extension with a=mid, whether extensions
 * are taken out, and the number of SSRCs (1 byte each), then these (4).
 *
 * Subscribers are at the end: record_copies.c.
 *
 * The checksum detects a damaged file, not a forged one: a user who can write to the state
 * directory can control the relay anyway. Nevertheless no input makes the decoder read or write out
 * of bounds, allocate without limit, or accept a value that signalling could not have set.
 */
#include <errno.h>
#include "base/siphash.h"
#include "call/record.h"
#include "call/record_copies.h"
#include "call/record_srtp.h"
#include "call/record_wire.h"
#include "journal/store.h"
#include "record/facts.h"
#include "record/name.h"
#include "sdp/bundle.h"

#define HEAD_BYTES 12

/* Beyond any date, and far from the limits of arithmetic. */
#define TIME_MAX_MS (INT64_MAX / 2000000)

static void wire_time(struct wire *w, int64_t *ms)
{
	wire_i64(w, ms);
	w->failed = w->failed || *ms < 0 || *ms > TIME_MAX_MS;
}

static void wire_latch(struct wire *w, struct latch_record *latch)
{
	wire_endpoint(w, &latch->source);
	wire_endpoint(w, &latch->replaced);
	wire_time(w, &latch->heard_ms);
	wire_time(w, &latch->window_end_ms);
	wire_time(w, &latch->opened_ms);
	wire_time(w, &latch->pending_end_ms);
	wire_time(w, &latch->final_end_ms);
	wire_time(w, &latch->rtcp_ms);
	wire_u32(w, &latch->ssrc);
	wire_u32(w, &latch->relatched);
	wire_u16(w, &latch->seq);
	wire_u8(w, &latch->phase, PHASE_LOCKED);
	wire_u8(w, &latch->class, CLASS_EXACT);
	wire_u8(w, &latch->unanswered, PHASE_MOVED);
	wire_u8(w, &latch->n_ssrcs, SSRCS_EARLIER);
	for (uint8_t i = 0; i < latch->n_ssrcs; i++)
		wire_u32(w, &latch->earlier_ssrc[i]);
	wire_bool(w, &latch->was_exact);
	wire_bool(w, &latch->ssrc_known);
	wire_bool(w, &latch->sequenced);
	wire_bool(w, &latch->talked);
	wire_bool(w, &latch->spoke);
	wire_bool(w, &latch->first_exact);
	w->failed = w->failed || !latch_record_valid(latch);
}

static void wire_side(struct wire *w, struct side_conf *side)
{
	wire_endpoint(w, &side->sdp[COMP_RTP]);
	wire_endpoint(w, &side->sdp[COMP_RTCP]);
	wire_endpoint(w, &side->sip);
	wire_u32(w, &side->flags);
	wire_u8(w, &side->latching, LATCH_FIRST);
	wire_i16(w, &side->tos);
	for (int i = 0; i < SIDE_UFRAGS; i++)
		wire_u64(w, &side->ice[i]);
	w->failed = w->failed || side->flags & ~(uint32_t)SIDE_FLAGS || side->tos < -1 ||
		    side->tos > 255 || (side->ice[1] && !side->ice[0]);
}

static void wire_conf(struct wire *w, struct bridge_conf *conf)
{
	uint8_t kind = conf->any ? BRIDGE_UDPTL + 1 : (uint8_t)conf->kind;

	wire_u8(w, &kind, BRIDGE_UDPTL + 1);
	wire_u16(w, &conf->keepalive_s);
	conf->any = kind > BRIDGE_UDPTL;
	conf->kind = conf->any ? BRIDGE_RTP : kind;
	for (int side = 0; side < 2; side++) {
		wire_side(w, &conf->side[side]);
		wire_u64(w, &conf->pts[side]);
		for (int i = 0; i < BRIDGE_EVENTS; i++)
			wire_u8(w, &conf->events[side][i], 127);
	}
	for (int i = 0; i < BRIDGE_CLOCKS; i++) {
		wire_u8(w, &conf->clocks[i].pt, 127);
		wire_u32(w, &conf->clocks[i].clock);
		wire_u8(w, &conf->clocks[i].codec, UINT8_MAX);
	}
}

static void wire_ice(struct wire *w, struct ice_record **record)
{
	bool there = *record;

	wire_bool(w, &there);
	if (w->failed || !there)
		return;
	if (wire_reads(w))
		*record = arena_zalloc(w->arena, sizeof(**record));
	w->failed = w->failed || !*record;
	for (int i = 0; i < 2 && !w->failed; i++) {
		struct ice_side_record *side = &(*record)->side[i];

		wire_bool(w, &side->there);
		wire_bool(w, &side->lite);
		wire_bool(w, &side->refused);
		wire_bool(w, &side->trickle);
		wire_bool(w, &side->mismatch);
		if (side->there)
			wire_bytes(w, &side->saved, sizeof(side->saved));
	}
}

static void wire_mid(struct wire *w, char mid[BUNDLE_MID + 1])
{
	struct str text = str_of(mid);

	wire_str(w, &text);
	w->failed = w->failed || text.len > BUNDLE_MID || memchr(text.s ? text.s : "", 0, text.len);
	if (wire_reads(w) && !w->failed && text.s)
		memcpy(mid, text.s, text.len);
}

static void wire_bundle(struct wire *w, struct media_bundle **record)
{
	bool there = *record;

	wire_bool(w, &there);
	if (w->failed || !there)
		return;
	if (wire_reads(w))
		*record = arena_zalloc(w->arena, sizeof(**record));
	w->failed = w->failed || !*record;
	if (w->failed)
		return;
	wire_mid(w, (*record)->mid);
	for (int i = 0; i < 2 && !w->failed; i++) {
		struct media_bundle_side *side = &(*record)->side[i];

		wire_u8(w, &side->group, SDP_GROUPS);
		wire_u8(w, &side->carrier, SDP_MAX_MEDIA);
		wire_u8(w, &side->mid_id, UINT8_MAX);
		wire_bool(w, &side->strip);
		wire_u8(w, &side->n_ssrc, BUNDLE_SIGNALLED);
		for (unsigned int k = 0; k < side->n_ssrc; k++)
			wire_u32(w, &side->ssrc[k]);
	}
}

static void wire_listener(struct wire *w, struct media_listener *listener)
{
	wire_u8(w, &listener->n, PROMPT_FORMATS);
	wire_u8(w, &listener->ptime, UINT8_MAX);
	for (unsigned int i = 0; i < listener->n && !w->failed; i++) {
		wire_u8(w, &listener->choice[i].pt, 127);
		wire_u8(w, &listener->choice[i].format, PROMPT_FORMATS - 1);
	}
}

static void wire_media(struct wire *w, struct media_record *media)
{
	wire_bool(w, &media->there);
	if (!media->there)
		return;
	wire_u8(w, &media->flags, UINT8_MAX);
	wire_u8(w, &media->holds, HOLD_STRONG | HOLD_WEAK | HOLD_WEAK << 1);
	wire_u8(w, &media->answers, MEDIA_ANSWERED);
	wire_bool(w, &media->has_notice);
	if (media->has_notice) {
		wire_u32(w, &media->notice_target);
		wire_endpoint(w, &media->notice_source);
		wire_str(w, &media->notice_tag);
	}
	wire_str(w, &media->type);
	wire_str(w, &media->codec);
	wire_conf(w, &media->conf);
	for (int side = 0; side < 2; side++) {
		wire_place(w, &media->place[side]);
		wire_u16(w, &media->port[side]);
		wire_u8(w, &media->direction[side], SDP_INACTIVE);
		wire_str(w, &media->protocol[side]);
		wire_str(w, &media->codecs[side]);
		w->failed = w->failed || media->codecs[side].len > MEDIA_CODECS_TEXT;
		wire_str(w, &media->dtmf[side]);
		w->failed = w->failed || media->dtmf[side].len > DTMF_DIGITS + 3;
		wire_listener(w, &media->listener[side]);
		for (int comp = 0; comp < 2; comp++) {
			wire_latch(w, &media->stream[side][comp].latch);
			wire_time(w, &media->stream[side][comp].last_in_ms);
		}
	}
	wire_sdes(w, &media->sdes);
	wire_ice(w, &media->ice);
	wire_bundle(w, &media->bundle);
	wire_u8(w, &media->recorded, RECORD_MEDIAS);
}

static void wire_shown(struct wire *w, struct party_record *party)
{
	wire_bool(w, &party->has_shown);
	if (!party->has_shown)
		return;
	wire_u64(w, &party->shown.version);
	wire_u64(w, &party->shown.hash);
	wire_str(w, &party->shown.username);
	wire_str(w, &party->shown.o_id);
	wire_str(w, &party->shown.session_name);
}

static void wire_party(struct wire *w, struct party_record *party)
{
	wire_str(w, &party->tag);
	wire_str(w, &party->label);
	wire_array(w, &party->n_aliases, &party->aliases, sizeof(*party->aliases), PARTY_ALIASES);
	for (size_t i = 0; i < party->n_aliases; i++)
		wire_str(w, &party->aliases[i]);
	wire_u8(w, &party->flags, PARTY_BLOCKED | PARTY_SILENCED | PARTY_DTMF_BLOCKED);
	wire_place(w, &party->place);
	wire_shown(w, party);
}

static void wire_dialog(struct wire *w, struct dialog_record *dialog)
{
	uint8_t answers = dialog->final ? 2 : dialog->answered;

	wire_party(w, &dialog->party[SIDE_A]);
	wire_party(w, &dialog->party[SIDE_B]);
	wire_str(w, &dialog->via_branch);
	wire_str(w, &dialog->offered);
	wire_time(w, &dialog->created_s);
	wire_time(w, &dialog->last_signal_ms);
	wire_time(w, &dialog->delete_at_ms);
	wire_u8(w, &answers, 2);
	dialog->answered = answers;
	dialog->final = answers == 2;
	wire_bool(w, &dialog->unrecorded);
	wire_u32(w, &dialog->timeout_s);
	wire_array(w, &dialog->n_media, &dialog->media, sizeof(*dialog->media), SDP_MAX_MEDIA);
	for (size_t i = 0; i < dialog->n_media && !w->failed; i++)
		wire_media(w, &dialog->media[i]);
}

static void wire_recording(struct wire *w, struct recording_record *recording)
{
	wire_bool(w, &recording->running);
	wire_bool(w, &recording->paused);
	if (!recording->running)
		return;
	wire_u64(w, &recording->id);
	wire_u8(w, &recording->medias, RECORD_MEDIAS);
	wire_str(w, &recording->name);
	w->failed = w->failed || recording->name.len >= RECORD_NAME ||
		    !record_name_is_below(recording->name);
}

static void wire_call(struct wire *w, struct call_record *call)
{
	wire_str(w, &call->id);
	wire_str(w, &call->metadata);
	wire_str(w, &call->dtmf_place);
	wire_i64(w, &call->created_us);
	wire_time(w, &call->last_signal_s);
	wire_time(w, &call->written_ms);
	wire_u64(w, &call->packets[SIDE_A]);
	wire_u64(w, &call->packets[SIDE_B]);
	wire_i16(w, &call->tos);
	wire_u16(w, &call->keepalive_s);
	w->failed = w->failed || call->tos < -1 || call->tos > 255;
	wire_u8(w, &call->latching, LATCH_FIRST);
	wire_bool(w, &call->ignored_told);
	wire_recording(w, &call->recording);
	wire_array(w, &call->n_dialogs, &call->dialogs, sizeof(*call->dialogs), CALL_DIALOGS);
	w->failed = w->failed || !call->n_dialogs;
	for (size_t i = 0; i < call->n_dialogs && !w->failed; i++)
		wire_dialog(w, &call->dialogs[i]);
	wire_subscribers(w, &call->subscribers, &call->n_subscribers, call->n_dialogs);
}

static void wire_head(struct wire *w, uint32_t *version, uint64_t *sum)
{
	wire_u32(w, version);
	wire_u64(w, sum);
}

static uint64_t checksum(const uint8_t *bytes, size_t len)
{
	static const struct siphash_key any = { { JOURNAL_VERSION } };

	return siphash(&any, (struct str){ (const char *)bytes, len });
}

size_t journal_record_write(struct call_record *record, uint8_t *to, size_t room)
{
	struct wire w = { .at = to, .end = to + room };
	uint32_t version = JOURNAL_VERSION;
	uint64_t sum = 0;
	size_t len;

	wire_head(&w, &version, &sum);
	wire_call(&w, record);
	if (w.failed) {
		explicit_bzero(to, (size_t)(w.at - to)); /* it may have keys */
		return 0;
	}
	len = (size_t)(w.at - to);
	sum = checksum(to + HEAD_BYTES, len - HEAD_BYTES);
	w.at = to;
	wire_head(&w, &version, &sum);
	return len;
}

int journal_record_read(struct arena *arena, const uint8_t *bytes, size_t len,
			struct call_record *record)
{
	/* With an arena the wire functions only read @bytes. */
	uint8_t *from = (uint8_t *)(uintptr_t)bytes;
	struct wire w = { .at = from, .end = from + len, .arena = arena };
	uint32_t version = 0;
	uint64_t sum = 0;

	memset(record, 0, sizeof(*record));
	wire_head(&w, &version, &sum);
	if (w.failed || version != JOURNAL_VERSION || sum != checksum(w.at, wire_left(&w)))
		return -EBADMSG;
	wire_call(&w, record);
	if (arena_failed(arena))
		return -ENOMEM;
	return w.failed || wire_left(&w) ? -EBADMSG : 0;
}

static void wipe_text(struct str text)
{
	if (text.len)
		explicit_bzero((char *)(uintptr_t)text.s, text.len);
}

static void wipe_media(const struct media_record *media)
{
	if (media->ice)
		explicit_bzero(media->ice, sizeof(*media->ice));
	for (int i = 0; media->sdes && i < 2 * SDES_KINDS; i++)
		wipe_text(media->sdes->text[i / SDES_KINDS][i % SDES_KINDS]);
}

void journal_record_wipe(struct call_record *record)
{
	for (size_t i = 0; i < record->n_dialogs; i++)
		for (size_t k = 0; k < record->dialogs[i].n_media; k++)
			wipe_media(&record->dialogs[i].media[k]);
	for (size_t i = 0; i < record->n_subscribers; i++)
		for (size_t k = 0; k < record->subscribers[i].n; k++) {
			wipe_text(record->subscribers[i].line[k].crypto);
			wipe_text(record->subscribers[i].line[k].key);
		}
}
