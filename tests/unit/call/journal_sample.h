/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal_sample.h - a record with a value in every field, for the suites of the journal */
#ifndef RTPRELAY_JOURNAL_SAMPLE_H
#define RTPRELAY_JOURNAL_SAMPLE_H

#include <stdlib.h>
#include "daemon/call/record.h"
#include "daemon/packet/quality.h"
#include "daemon/sdp/sdp.h"

#define SRTP_TOP  0xffffffffffffULL /* the last index */
#define SAMPLE_FN static __attribute__((unused))

/* The objects that a record points to. */
struct sample {
	struct sdes_record sdes;
	struct ice_record ice;
	struct call_record call;
	struct dialog_record dialogs[2];
	struct media_record media[3];
	struct str aliases[2];
	struct subscriber_record subscriber;
	struct copy_record copies[2];
};

SAMPLE_FN struct endpoint sample_ep(const char *text)
{
	struct endpoint ep = { 0 };

	if (!endpoint_parse(str_of(text), 0, &ep))
		abort();
	return ep;
}

SAMPLE_FN void sample_latch(struct latch_record *latch, const char *source)
{
	*latch = (struct latch_record){ .source = sample_ep(source),
					.replaced = sample_ep("198.51.100.67:7"),
					.heard_ms = 1700000000001,
					.window_end_ms = 1700000000002,
					.opened_ms = 1700000000004,
					.pending_end_ms = 1700000000005,
					.final_end_ms = 1700000000007,
					.rtcp_ms = 1700000000008,
					.ssrc = 0x01020304,
					.relatched = 9,
					.seq = 10,
					.phase = PHASE_MOVED,
					.class = CLASS_ADDR,
					.unanswered = PHASE_MOVED,
					.n_ssrcs = 2,
					.earlier_ssrc = { 0x090a0b0c, 0x0d0e0f10 },
					.was_exact = true,
					.ssrc_known = true,
					.sequenced = true,
					.talked = true,
					.first_exact = true };
}

SAMPLE_FN void sample_media(struct media_record *media)
{
	*media = (struct media_record){
		.there = true,
		.place = { { STR("pub"), sample_ep("198.51.100.20") },
			   { STR("six"), sample_ep("[2001:db8::20]") } },
		.port = { 30000, 39998 },
		.flags = MEDIA_DTLS,
		.holds = HOLD_WEAK << 1,
		.answers = MEDIA_EARLY,
		.direction = { SDP_SENDONLY, SDP_RECVONLY },
		.listener = { { .n = 2,
				.ptime = 30,
				.choice = { { 101, PROMPT_PCMA }, { 0, PROMPT_PCMU } } },
			      { .ptime = 20 } },
		.has_notice = true,
		.notice_target = 3,
		.notice_source = sample_ep("127.0.0.1:45678"),
		.notice_tag = STR("tell me"),
		.type = STR("audio"),
		.codec = STR("opus"),
		.protocol = { STR("RTP/AVP"), STR("RTP/SAVP") },
		.dtmf = { STR("12#"), STR_NONE },
		.codecs = { STR("a=rtpmap:0 PCMU/8000\r\n"), STR_NONE },
		.conf = { .kind = BRIDGE_RTP,
			  .keepalive_s = KEEPALIVE_OFF,
			  .pts = { 1, UINT64_C(1) << 63 },
			  .events = { { 101 }, { 0, 127 } },
			  .clocks = { { .pt = 96, .clock = 48000, .codec = 7 },
				      { .pt = 127,
					.clock = 90000,
					.codec = QUALITY_CODEC_NONE } } },
	};
	media->recorded = 3;
	media->conf.side[SIDE_A] =
		(struct side_conf){ { sample_ep("192.0.2.1:4000"), sample_ep("192.0.2.1:4001") },
				    sample_ep("203.0.113.1"),
				    SIDE_MUX | SIDE_BLOCK,
				    LATCH_STRICT,
				    184,
				    { UINT64_MAX, 5 } };
	media->conf.side[SIDE_B] =
		(struct side_conf){ .sdp = { sample_ep("[2001:db8::2]:5000") }, .tos = -1 };
	sample_latch(&media->stream[SIDE_A][COMP_RTP].latch, "192.0.2.1:4000");
	media->stream[SIDE_A][COMP_RTP].last_in_ms = 1700000000006;
	sample_latch(&media->stream[SIDE_B][COMP_RTP].latch, "[2001:db8::2]:5002");
	media->stream[SIDE_B][COMP_RTP].latch.phase = PHASE_LOCKED;
	media->stream[SIDE_B][COMP_RTP].latch.was_exact = false;
}

#define SAMPLE_KEY  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define SAMPLE_LINE "4 AES_CM_128_HMAC_SHA1_80 inline:" SAMPLE_KEY "|7:1\n"

SAMPLE_FN void sample_sdes(struct sdes_record *sdes)
{
	*sdes = (struct sdes_record){ .secure = { false, true }, .optional = { true, false } };
	sdes->text[SIDE_A][SDES_THEIRS] =
		STR("1 AES_CM_128_HMAC_SHA1_32 inline:" SAMPLE_KEY "\n" SAMPLE_LINE);
	sdes->text[SIDE_B][SDES_HEARD] = STR(SAMPLE_LINE);
	sdes->dtls[SIDE_B] = true;
	sdes->handshake[SIDE_B] = (struct dtls_record){ .agreed = true,
							.active = true,
							.setup = DTLS_SETUP_PASSIVE,
							.wish = DTLS_WISH_MAX,
							.hash = DTLS_SHA_512,
							.state = DTLS_CONNECTED,
							.n = 2,
							.tls_id = UINT64_MAX,
							.took_ms = 31 };
	sdes->handshake[SIDE_B].peer[0] =
		(struct dtls_fingerprint){ DTLS_SHA_1, 20, { [0] = 1, [19] = 2 } };
	sdes->handshake[SIDE_B].peer[1] =
		(struct dtls_fingerprint){ DTLS_SHA_512, 64, { [0] = 3, [63] = 4 } };
	sdes->indexes[SIDE_B][SRTP_SEND] =
		(struct srtp_indexes){ .rtcp_sent = 10,
				       .rtp_used = 2,
				       .sources = 2,
				       .replaced = { 0, 1 },
				       .source = { { .ssrc = 7, .rtp_top = 65536 },
						   { .ssrc = 8, .rtp_top = SRTP_TOP } } };
	sdes->indexes[SIDE_B][SRTP_RECEIVE] = (struct srtp_indexes){
		.rtcp_used = 1, .sources = 1, .source = { { .ssrc = 7, .rtcp_top = INT32_MAX } }
	};
}

SAMPLE_FN void sample_party(struct party_record *party, const char *tag)
{
	*party = (struct party_record){ .tag = str_of(tag),
					.label = STR("label"),
					.flags = PARTY_SILENCED,
					.place = { STR("pub"), sample_ep("198.51.100.20") },
					.has_shown = true,
					.shown = { .version = 7,
						   .hash = UINT64_MAX,
						   .username = STR("-"),
						   .o_id = STR("1234"),
						   .session_name = STR("a call") } };
}

/* Side A has an agent, which has not found a way yet; side B has refused. */
SAMPLE_FN void sample_ice(struct ice_record *ice)
{
	memset(ice, 0, sizeof(*ice));
	ice->side[SIDE_A].there = ice->side[SIDE_A].trickle = true;
	ice->side[SIDE_A].saved.version = ICE_SAVED_VERSION;
	ice->side[SIDE_A].saved.components = ice->side[SIDE_A].saved.n_own = 1;
	memcpy(ice->side[SIDE_A].saved.own[0].pwd, "a password of 24 letters", 24);
	ice->side[SIDE_B].refused = ice->side[SIDE_B].mismatch = true;
}

/* A line with SRTP, and one whose dialog is gone. */
SAMPLE_FN void sample_subscriber(struct sample *sample)
{
	sample->subscriber = (struct subscriber_record){ .tag = STR("recorder"),
							 .label = STR("siprec"),
							 .sdp_id = UINT64_MAX >> 2,
							 .sdp_version = 3,
							 .siprec = true,
							 .inactive = true,
							 .line = sample->copies,
							 .n = 2 };
	sample->copies[0] = (struct copy_record){
		.dialog = 1,
		.index = 2,
		.side = SIDE_B,
		.wanted = true,
		.accepted = true,
		.needs_key = true,
		.label = 4,
		.type = STR("audio"),
		.place = { STR("pub"), sample_ep("198.51.100.20") },
		.port = 30004,
		.to = { sample_ep("203.0.113.9:7000"), sample_ep("203.0.113.9:7001") },
		.pts = { 1, UINT64_C(1) << 37 },
		.crypto = STR(SAMPLE_LINE),
		.key = STR(SAMPLE_LINE),
		.indexes = { .rtcp_sent = 6,
			     .rtp_used = 1,
			     .sources = 1,
			     .source = { { .ssrc = 9, .rtp_top = 65537 } } },
	};
	sample->copies[1] = (struct copy_record){ .dialog = COPY_NOWHERE, .type = STR("video") };
}

/* @sample must stay where it is: the record points into it. */
SAMPLE_FN struct call_record *sample_call(struct sample *sample)
{
	*sample = (struct sample){ .aliases = { STR("alias one"), STR("two") } };
	sample_media(&sample->media[0]);
	sample_media(&sample->media[2]);
	sample->media[2].conf.kind = BRIDGE_OPAQUE;
	sample_sdes(&sample->sdes);
	sample->media[0].sdes = &sample->sdes;
	sample_ice(&sample->ice);
	sample->media[0].ice = &sample->ice;
	sample_party(&sample->dialogs[0].party[SIDE_A], "from");
	sample_party(&sample->dialogs[0].party[SIDE_B], "to");
	sample->dialogs[0].party[SIDE_B].aliases = sample->aliases;
	sample->dialogs[0].party[SIDE_B].n_aliases = 2;
	sample->dialogs[0].via_branch = STR("z9hG4bK1");
	sample->dialogs[0].offered = STR("\r\nm=audio 0 RTP/AVP 0\r\n");
	sample->dialogs[0].created_s = 1700000000;
	sample->dialogs[0].last_signal_ms = 1700000001000;
	sample->dialogs[0].delete_at_ms = 1700000031000;
	sample->dialogs[0].answered = true;
	sample->dialogs[0].final = true;
	sample->dialogs[0].timeout_s = 90;
	sample->dialogs[0].media = sample->media;
	sample->dialogs[0].n_media = 3;
	sample_party(&sample->dialogs[1].party[SIDE_A], "from");
	sample->dialogs[1].unrecorded = true;
	sample->dialogs[1].party[SIDE_B].place = sample->dialogs[1].party[SIDE_A].place;
	sample->call = (struct call_record){ .id = STR("a-call@192.0.2.1"),
					     .metadata = STR("key=value"),
					     .created_us = 1700000000123456,
					     .last_signal_s = 1700000001,
					     .written_ms = 1700000002000,
					     .packets = { 11, UINT64_MAX },
					     .tos = 184,
					     .keepalive_s = 15,
					     .latching = LATCH_STRICT,
					     .ignored_told = true,
					     .recording = { .running = true,
							    .paused = true,
							    .medias = 5,
							    .id = UINT64_MAX,
							    .name = STR("2026-11-29/a") },
					     .dialogs = sample->dialogs,
					     .n_dialogs = 2,
					     .subscribers = &sample->subscriber,
					     .n_subscribers = 1 };
	sample_subscriber(sample);
	return &sample->call;
}

#endif
