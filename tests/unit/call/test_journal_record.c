/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal_record.c - a call to bytes and back, and bytes that are not a call */
#include <errno.h>
#include "daemon/base/count.h"
#include "daemon/base/siphash.h"
#include "daemon/call/copies.h"
#include "daemon/call/record_wire.h"
#include "daemon/journal/store.h"
#include "daemon/record/facts.h"
#include "daemon/record/name.h"
#include "journal_sample.h"
#include "tests/unit/test.h"

static uint8_t bytes[65536];

static size_t write_sample(void)
{
	struct sample sample;

	return journal_record_write(sample_call(&sample), bytes, sizeof(bytes));
}

static void check_subscriber(const struct call_record *call)
{
	const struct subscriber_record *subscriber = call->subscribers;
	const struct copy_record *line;

	CU_ASSERT_EQUAL_FATAL(call->n_subscribers, 1);
	CU_ASSERT(str_eq(subscriber->tag, STR("recorder")) && subscriber->n == 2);
	CU_ASSERT(subscriber->siprec && subscriber->inactive && !subscriber->classic);
	CU_ASSERT(subscriber->sdp_id == UINT64_MAX >> 2 && subscriber->sdp_version == 3);
	line = &subscriber->line[0];
	CU_ASSERT(line->dialog == 1 && line->index == 2 && line->side == SIDE_B);
	CU_ASSERT(line->wanted && line->accepted && line->needs_key && line->label == 4);
	CU_ASSERT(line->port == 30004 && endpoint_port(&line->to[COMP_RTCP]) == 7001);
	CU_ASSERT(str_eq(line->place.iface, STR("pub")) && line->pts[0] == 1);
	CU_ASSERT(str_eq(line->key, STR(SAMPLE_LINE)));
	CU_ASSERT(line->indexes.rtcp_sent == 6 && line->indexes.source[0].rtp_top == 65537);
	CU_ASSERT(line[1].dialog == COPY_NOWHERE && line[1].port == 0 && !line[1].key.len);
}

/* The fields of the decoded record that a second encoding would not show to be wrong. */
static void check_fields(const struct call_record *call)
{
	const struct dtls_record *dtls;
	const struct dialog_record *dialog = &call->dialogs[0];
	const struct media_record *media = &dialog->media[2];

	CU_ASSERT(str_eq(call->id, STR("a-call@192.0.2.1")));
	CU_ASSERT_EQUAL(call->created_us, 1700000000123456);
	CU_ASSERT_EQUAL(call->packets[SIDE_B], UINT64_MAX);
	CU_ASSERT_EQUAL(call->n_dialogs, 2);
	CU_ASSERT_EQUAL(dialog->n_media, 3);
	CU_ASSERT_EQUAL(dialog->timeout_s, 90);
	CU_ASSERT(dialog->answered && dialog->final);
	CU_ASSERT_FALSE(call->dialogs[1].answered || call->dialogs[1].final);
	check_subscriber(call);
	CU_ASSERT(call->recording.running && call->recording.paused);
	CU_ASSERT(call->recording.id == UINT64_MAX && call->recording.medias == 5);
	CU_ASSERT(str_eq(call->recording.name, STR("2026-11-29/a")));
	CU_ASSERT_EQUAL(media->recorded, 3);
	CU_ASSERT(str_eq(media->codecs[SIDE_A], STR("a=rtpmap:0 PCMU/8000\r\n")));
	CU_ASSERT(call->dialogs[1].unrecorded && !dialog->unrecorded);
	CU_ASSERT(str_eq(dialog->offered, STR("\r\nm=audio 0 RTP/AVP 0\r\n")));
	CU_ASSERT_FALSE(dialog->media[1].there);
	CU_ASSERT(str_eq(dialog->party[SIDE_B].aliases[1], STR("two")));
	CU_ASSERT_EQUAL(dialog->party[SIDE_A].shown.hash, UINT64_MAX);
	CU_ASSERT_EQUAL(call->keepalive_s, 15);
	CU_ASSERT_EQUAL(media->conf.keepalive_s, KEEPALIVE_OFF);
	CU_ASSERT_EQUAL(media->conf.kind, BRIDGE_OPAQUE);
	CU_ASSERT_EQUAL(media->conf.side[SIDE_B].tos, -1);
	CU_ASSERT_EQUAL(media->conf.side[SIDE_A].ice[0], UINT64_MAX);
	CU_ASSERT_EQUAL(media->conf.side[SIDE_A].ice[1], 5);
	CU_ASSERT_EQUAL(media->conf.clocks[1].clock, 90000);
	CU_ASSERT_EQUAL(media->conf.clocks[0].codec, 7);
	CU_ASSERT_EQUAL(media->conf.clocks[1].codec, QUALITY_CODEC_NONE);
	CU_ASSERT_EQUAL(media->port[SIDE_B], 39998);
	CU_ASSERT_EQUAL(endpoint_port(&media->stream[SIDE_B][COMP_RTP].latch.source), 5002);
	CU_ASSERT_EQUAL(media->stream[SIDE_A][COMP_RTP].latch.window_end_ms, 1700000000002);
	CU_ASSERT_EQUAL(media->stream[SIDE_A][COMP_RTP].latch.pending_end_ms, 1700000000005);
	CU_ASSERT_EQUAL(media->stream[SIDE_A][COMP_RTP].latch.unanswered, PHASE_MOVED);
	CU_ASSERT_EQUAL(media->stream[SIDE_A][COMP_RTP].latch.final_end_ms, 1700000000007);
	CU_ASSERT_EQUAL(media->stream[SIDE_A][COMP_RTP].latch.rtcp_ms, 1700000000008);
	CU_ASSERT_TRUE(media->stream[SIDE_A][COMP_RTP].latch.first_exact);
	CU_ASSERT_EQUAL(media->answers, MEDIA_EARLY);
	CU_ASSERT_EQUAL(media->stream[SIDE_A][COMP_RTCP].latch.phase, PHASE_WAIT);
	CU_ASSERT_PTR_NULL(call->dialogs[1].media);
	CU_ASSERT_PTR_NULL(media->sdes);
	CU_ASSERT_PTR_NULL(media->ice);
	media = &dialog->media[0];
	CU_ASSERT_PTR_NOT_NULL_FATAL(media->ice);
	CU_ASSERT(media->ice->side[SIDE_A].there && media->ice->side[SIDE_A].trickle);
	CU_ASSERT(!media->ice->side[SIDE_A].refused && !media->ice->side[SIDE_A].lite);
	CU_ASSERT(
		!memcmp(media->ice->side[SIDE_A].saved.own[0].pwd, "a password of 24 letters", 24));
	CU_ASSERT(!media->ice->side[SIDE_B].there && media->ice->side[SIDE_B].refused);
	CU_ASSERT(media->ice->side[SIDE_B].mismatch && !media->ice->side[SIDE_B].trickle);
	CU_ASSERT_PTR_NOT_NULL_FATAL(media->sdes);
	CU_ASSERT(media->sdes->secure[SIDE_B] && !media->sdes->secure[SIDE_A]);
	CU_ASSERT(media->sdes->optional[SIDE_A] && !media->sdes->optional[SIDE_B]);
	CU_ASSERT(media->sdes->dtls[SIDE_B] && !media->sdes->dtls[SIDE_A]);
	dtls = &media->sdes->handshake[SIDE_B];
	CU_ASSERT(dtls->agreed && dtls->active && dtls->n == 2 && dtls->state == DTLS_CONNECTED);
	CU_ASSERT(dtls->setup == DTLS_SETUP_PASSIVE && dtls->hash == DTLS_SHA_512);
	CU_ASSERT(dtls->wish == DTLS_WISH_MAX && dtls->took_ms == 31 && dtls->tls_id == UINT64_MAX);
	CU_ASSERT(dtls->peer[0].len == 20 && dtls->peer[0].bytes[19] == 2);
	CU_ASSERT(dtls->peer[1].hash == DTLS_SHA_512 && dtls->peer[1].bytes[63] == 4);
	CU_ASSERT(str_eq(media->sdes->text[SIDE_B][SDES_HEARD], STR(SAMPLE_LINE)));
	CU_ASSERT_EQUAL(media->sdes->indexes[SIDE_B][SRTP_SEND].source[1].rtp_top, SRTP_TOP);
	CU_ASSERT_EQUAL(media->sdes->indexes[SIDE_B][SRTP_SEND].replaced[1], 1);
	CU_ASSERT_EQUAL(media->sdes->indexes[SIDE_B][SRTP_RECEIVE].source[0].rtcp_top, INT32_MAX);
}

static void test_decodes_to_what_was_encoded(void)
{
	static uint8_t again[sizeof(bytes)];
	struct arena *arena = arena_new(4096);
	size_t len = write_sample();
	struct call_record call;

	CU_ASSERT(len > 500);
	CU_ASSERT_EQUAL_FATAL(journal_record_read(arena, bytes, len, &call), 0);
	check_fields(&call);
	CU_ASSERT_EQUAL(journal_record_write(&call, again, sizeof(again)), len);
	CU_ASSERT_EQUAL(memcmp(bytes, again, len), 0);
	arena_free(arena);
}

static void test_every_flipped_bit_is_detected(void)
{
	struct arena *arena = arena_new(4096);
	size_t len = write_sample();
	struct call_record call;

	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= (uint8_t)(1 << (i & 7));
		arena_reset(arena);
		CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len, &call), -EBADMSG);
		bytes[i] ^= (uint8_t)(1 << (i & 7));
	}
	arena_free(arena);
}

static void test_every_truncation_is_detected(void)
{
	struct arena *arena = arena_new(4096);
	size_t len = write_sample();
	struct call_record call;

	for (size_t i = 0; i < len; i++) {
		uint8_t *cut = malloc(i + 1); /* of exactly this size, for the sanitizer */

		CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
		memcpy(cut, bytes, i);
		arena_reset(arena);
		CU_ASSERT_EQUAL(journal_record_read(arena, cut, i, &call), -EBADMSG);
		free(cut);
	}
	bytes[len] = 0;
	CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len + 1, &call), -EBADMSG);
	arena_free(arena);
}

/* Parts that are all right, but too many. */
static struct str long_name(void)
{
	static char name[RECORD_NAME + 1];

	for (int i = 0; i < RECORD_NAME; i++)
		name[i] = i % 2 ? '/' : 'a';
	name[RECORD_NAME - 1] = 'a';
	return (struct str){ name, RECORD_NAME };
}

/* They are not written; what the encoder does not check is found when it is read. */
static void test_values_that_signalling_cannot_make_are_refused(void)
{
	enum {
		TOS,
		ICE,
		NO_DIALOG,
		STATE,
		SOURCELESS,
		FAMILY,
		KIND,
		TIME,
		NO_LINE,
		LINE_END,
		TWO_KEYS,
		INDEX,
		NO_HASH,
		NO_STATE,
		MANY_PRINTS,
		UNUSED,
		RECORD_AWAY,
		RECORD_NAMELESS,
		RECORD_LONG,
		RECORD_NUMBER,
		RECORD_MANY,
		COPY_DIALOG,
		COPY_SIDE,
		COPY_PLACE,
		COPY_KEYS,
		COPY_INDEX,
		COPY_LINE,
		COPY_MANY,
		PLACE
	};
	struct arena *arena = arena_new(4096);

	for (int what = TOS; what <= PLACE; what++) {
		struct sample sample;
		struct call_record *call = sample_call(&sample), read;
		struct latch_record *latch = &sample.media[0].stream[SIDE_A][COMP_RTP].latch;
		size_t len;

		if (what == TOS)
			sample.media[0].conf.side[SIDE_A].tos = 256;
		else if (what == ICE)
			sample.media[0].conf.side[SIDE_A].ice[0] = 0;
		else if (what == NO_DIALOG)
			call->n_dialogs = 0;
		else if (what == STATE)
			latch->phase = PHASE_LOCKED + 1;
		else if (what == SOURCELESS)
			latch->source = (struct endpoint){ 0 };
		else if (what == FAMILY)
			latch->phase = PHASE_WAIT;
		else if (what == KIND)
			sample.media[0].conf.kind = BRIDGE_UDPTL + 2;
		else if (what == TIME)
			latch->heard_ms = -1;
		else if (what == NO_LINE)
			sample.sdes.text[SIDE_A][SDES_OURS] = STR("1 NONE inline:AAAA\n");
		else if (what == LINE_END)
			sample.sdes.text[SIDE_B][SDES_HEARD].len--;
		else if (what == TWO_KEYS)
			sample.sdes.text[SIDE_B][SDES_HEARD] =
				sample.sdes.text[SIDE_A][SDES_THEIRS];
		else if (what == INDEX)
			sample.sdes.indexes[SIDE_B][SRTP_SEND].source[1].rtp_top++;
		else if (what == NO_HASH)
			sample.sdes.handshake[SIDE_B].peer[1].hash = DTLS_HASHES + 1;
		else if (what == NO_STATE)
			sample.sdes.handshake[SIDE_B].state = DTLS_FAILED + 1;
		else if (what == MANY_PRINTS)
			sample.sdes.handshake[SIDE_B].n = DTLS_FINGERPRINTS + 1;
		else if (what == UNUSED)
			sample.sdes.indexes[SIDE_B][SRTP_SEND].rtp_used = 4;
		else if (what == RECORD_AWAY)
			call->recording.name = STR("2026/../../a");
		else if (what == RECORD_NAMELESS)
			call->recording.name = STR_NONE;
		else if (what == RECORD_LONG)
			call->recording.name = long_name();
		else if (what == RECORD_NUMBER)
			sample.media[0].recorded = RECORD_MEDIAS + 1;
		else if (what == RECORD_MANY)
			call->recording.medias = RECORD_MEDIAS + 1;
		else if (what == COPY_DIALOG)
			sample.copies[0].dialog = 2;
		else if (what == COPY_SIDE)
			sample.copies[0].side = 2;
		else if (what == COPY_PLACE)
			sample.copies[0].place.bind = (struct endpoint){ 0 };
		else if (what == COPY_KEYS)
			sample.copies[0].key = sample.sdes.text[SIDE_A][SDES_THEIRS];
		else if (what == COPY_INDEX)
			sample.copies[0].indexes.source[0].rtp_top = SRTP_TOP + 1;
		else if (what == COPY_LINE)
			sample.copies[0].index = SDP_MAX_MEDIA;
		else if (what == COPY_MANY)
			sample.subscriber.n = COPY_LINES + 1;
		else
			sample.media[0].place[SIDE_A].bind = (struct endpoint){ 0 };
		len = journal_record_write(call, bytes, sizeof(bytes));
		arena_reset(arena);
		CU_ASSERT(!len || journal_record_read(arena, bytes, len, &read) == -EBADMSG);
	}
	arena_free(arena);
}

/* --- Forged records: bytes that the encoder refuses to write ---------------------------------- */

/* Version and checksum are in front of the call. */
#define HEAD_BYTES 12

static void sign(size_t len)
{
	static const struct siphash_key any = { { JOURNAL_VERSION } };
	uint64_t sum = htole64(
		siphash(&any, (struct str){ (const char *)bytes + HEAD_BYTES, len - HEAD_BYTES }));

	memcpy(bytes + 4, &sum, sizeof(sum));
}

/* Where @other, as long as @bytes, is different first, after the head. */
static size_t first_difference(const uint8_t *other, size_t len)
{
	size_t at = HEAD_BYTES;

	while (at < len && bytes[at] == other[at])
		at++;
	CU_ASSERT_FATAL(at < len);
	return at;
}

/*
 * A daemon reads no record of another format, so that another format needs another version. If only
 * the sample was changed, the new numbers suffice.
 */
static void test_another_format_has_another_version(void)
{
	static const struct siphash_key any = { { 1 } };
	size_t len = write_sample();
	struct str call = { (const char *)bytes + HEAD_BYTES, len - HEAD_BYTES };

	CU_ASSERT_EQUAL(JOURNAL_VERSION, 13);
	CU_ASSERT_EQUAL(len, 3608);
	CU_ASSERT_EQUAL(siphash(&any, call), UINT64_C(0xbbc8305d8ed7ccf9));
}

enum field {
	CALL_TOS,
	CALL_LATCHING,
	PARTY_FLAGS,
	HOLDS,
	DIRECTION,
	MEDIA_KIND,
	SIDE_TOS,
	FLAGS_OF_SIDE,
	SIDE_LATCHING,
	LATCH_CLASS,
	LATCH_TIME,
};

static size_t write_with(enum field field, unsigned int value)
{
	struct sample sample;
	struct call_record *call = sample_call(&sample);
	struct media_record *media = &sample.media[0];
	struct side_conf *side = &media->conf.side[SIDE_A];
	struct latch_record *latch = &media->stream[SIDE_A][COMP_RTP].latch;

	switch (field) {
	case CALL_TOS:
		call->tos = (int16_t)value;
		break;
	case CALL_LATCHING:
		call->latching = (uint8_t)value;
		break;
	case PARTY_FLAGS:
		sample.dialogs[0].party[SIDE_A].flags = (uint8_t)value;
		break;
	case HOLDS:
		media->holds = (uint8_t)value;
		break;
	case DIRECTION:
		media->direction[SIDE_A] = (uint8_t)value;
		break;
	case MEDIA_KIND:
		media->conf.kind = value;
		break;
	case SIDE_TOS:
		side->tos = (int16_t)value;
		break;
	case FLAGS_OF_SIDE:
		side->flags = value;
		break;
	case SIDE_LATCHING:
		side->latching = (uint8_t)value;
		break;
	case LATCH_CLASS:
		latch->class = (uint8_t)value;
		break;
	case LATCH_TIME:
		latch->heard_ms = value;
		break;
	}
	return journal_record_write(call, bytes, sizeof(bytes));
}

/* Two valid values tell where a field is; then one of its bytes becomes another. */
static void test_forged_values_are_refused(void)
{
	static const struct {
		enum field field;
		unsigned int value, other;
		size_t at;
		uint8_t forged;
	} rows[] = {
		{ CALL_TOS, 1, 2, 1, 1 },
		{ CALL_TOS, 1, 2, 1, 0x80 },
		{ CALL_LATCHING, LATCH_SMART, LATCH_FIRST, 0, LATCH_FIRST + 1 },
		{ PARTY_FLAGS, PARTY_BLOCKED, PARTY_SILENCED, 0, 0xff },
		{ HOLDS, HOLD_STRONG, HOLD_WEAK, 0, 0xff },
		{ DIRECTION, SDP_SENDRECV, SDP_SENDONLY, 0, SDP_INACTIVE + 1 },
		{ MEDIA_KIND, BRIDGE_RTP, BRIDGE_OPAQUE, 0, BRIDGE_UDPTL + 2 },
		{ SIDE_TOS, 1, 2, 1, 1 },
		{ SIDE_TOS, 1, 2, 1, 0x80 },
		{ FLAGS_OF_SIDE, SIDE_BLOCK, 0, 3, 0x80 },
		{ SIDE_LATCHING, LATCH_SMART, LATCH_FIRST, 0, LATCH_FIRST + 1 },
		{ LATCH_CLASS, CLASS_ADDR, CLASS_SIBLING, 0, CLASS_EXACT + 1 },
		{ LATCH_TIME, 1, 2, 7, 0x80 },
		{ LATCH_TIME, 1, 2, 7, 0x7f },
	};
	static uint8_t other[sizeof(bytes)];
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call_record read;
		size_t len = write_with(rows[i].field, rows[i].other), at;

		memcpy(other, bytes, len);
		CU_ASSERT_EQUAL_FATAL(write_with(rows[i].field, rows[i].value), len);
		at = first_difference(other, len);
		sign(len);
		arena_reset(arena);
		CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len, &read), 0);
		bytes[at + rows[i].at] = rows[i].forged;
		sign(len);
		arena_reset(arena);
		CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len, &read), -EBADMSG);
	}
	arena_free(arena);
}

static void test_a_short_buffer_gets_nothing(void)
{
	struct sample sample;
	size_t len = write_sample();

	CU_ASSERT_EQUAL(journal_record_write(sample_call(&sample), bytes, len), len);
	for (size_t room = 0; room < len; room += 7)
		CU_ASSERT_EQUAL(journal_record_write(sample_call(&sample), bytes, room), 0);
}

static void test_out_of_memory_is_reported(void)
{
	size_t len = write_sample();

	ALLOC_FAILS_AT_EACH
	{
		struct arena *arena = arena_new(64);
		struct call_record call;
		int error = arena ? journal_record_read(arena, bytes, len, &call) : -ENOMEM;

		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		arena_free(arena);
	}
}

static void test_counts_are_checked(void)
{
	struct arena *arena = arena_new(4096);
	uint8_t huge[] = { 0xff, 0xff, 0xff, 0x7f, 0 };
	struct wire w = { huge, huge + sizeof(huge), arena, false };
	struct str *list = NULL;
	size_t n = 0;

	wire_array(&w, &n, &list, sizeof(*list), SIZE_MAX);
	CU_ASSERT(w.failed);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_PTR_NULL(list);
	arena_free(arena);
}

/* Code that collects the dialogs of a call has room for as many as signalling can make. */
static void test_more_dialogs_than_a_call_can_have_are_refused(void)
{
	static struct dialog_record dialogs[CALL_DIALOGS + 1];
	static uint8_t fewer[sizeof(bytes)];
	struct arena *arena = arena_new(1 << 16);
	struct sample sample;
	struct call_record call = *sample_call(&sample), read;
	size_t len, fewer_len, at;

	for (size_t i = 0; i < COUNT(dialogs); i++)
		dialogs[i] = call.dialogs[1];
	call.dialogs = dialogs;
	call.n_dialogs = CALL_DIALOGS - 1;
	fewer_len = journal_record_write(&call, fewer, sizeof(fewer));
	call.n_dialogs = CALL_DIALOGS;
	len = journal_record_write(&call, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len, &read), 0);
	CU_ASSERT_EQUAL(read.n_dialogs, CALL_DIALOGS);
	/* One more, forged: another copy of the last. */
	at = first_difference(fewer, fewer_len);
	memcpy(bytes + len, bytes + fewer_len, len - fewer_len);
	bytes[at] = CALL_DIALOGS + 1;
	len += len - fewer_len;
	sign(len);
	CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len, &read), -EBADMSG);
	/* None: nothing follows their number. */
	bytes[at] = 0;
	len = at + 4;
	sign(len);
	CU_ASSERT_EQUAL(journal_record_read(arena, bytes, len, &read), -EBADMSG);
	/* Nor are they written. */
	call.n_dialogs = CALL_DIALOGS + 1;
	CU_ASSERT_EQUAL(journal_record_write(&call, bytes, sizeof(bytes)), 0);
	arena_free(arena);
}

TEST_SUITE(journal_record, { "decodes to what was encoded", test_decodes_to_what_was_encoded },
	   { "another format has another version", test_another_format_has_another_version },
	   { "every flipped bit is detected", test_every_flipped_bit_is_detected },
	   { "every truncation is detected", test_every_truncation_is_detected },
	   { "values that signalling cannot make are refused",
	     test_values_that_signalling_cannot_make_are_refused },
	   { "forged values are refused", test_forged_values_are_refused },
	   { "a short buffer gets nothing", test_a_short_buffer_gets_nothing },
	   { "out of memory is reported", test_out_of_memory_is_reported },
	   { "counts are checked", test_counts_are_checked },
	   { "more dialogs than a call can have are refused",
	     test_more_dialogs_than_a_call_can_have_are_refused });
