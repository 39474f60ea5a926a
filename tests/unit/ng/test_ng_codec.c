/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_codec.c - which codecs the receiver sees: codec-strip, allow-no-codec-media, single-codec
 *
 * A row: the offer's formats, with their lines, and the flags; the formats and lines that are left.
 */
#include "tests/unit/ng/ng_talk.h"

#define MAP(pt, codec) "a=rtpmap:" #pt " " codec L
#define FMT(pt, text)  "a=fmtp:" #pt " " text L
#define PCMU	       MAP(0, "PCMU/8000")
#define PCMA	       MAP(8, "PCMA/8000")
#define G722	       MAP(9, "G722/8000")
#define CN	       MAP(13, "CN/8000")
#define OPUS	       MAP(96, "opus/48000/2")
#define EVENT	       MAP(101, "telephone-event/8000")
#define EVENT48	       MAP(102, "telephone-event/48000")
#define VP8	       MAP(97, "VP8/90000")
#define VP8_RTX	       MAP(98, "rtx/90000") FMT(98, "rtx-time=200; apt=97")
#define H264	       MAP(99, "H264/90000")
#define H264_RTX       MAP(100, "rtx/90000") FMT(100, "apt=99")
#define RED_VIDEO      MAP(103, "red/90000")
#define RED_RTX	       MAP(104, "rtx/90000") FMT(104, "apt=103")
#define ULPFEC	       MAP(105, "ulpfec/90000")
#define FLEXFEC	       MAP(106, "flexfec-03/90000")
#define RED_OPUS       MAP(107, "red/48000/2") FMT(107, "96/96")

struct codec_row {
	const char *name, *flags;
	const char *formats, *lines;	     /* of the sender */
	const char *formats_out, *lines_out; /* NULL: the same; "": port 0 */
};

static const struct codec_row strip_rows[] = {
	{ "nothing would be left: the list stays", "\"codec-strip-PCMU\"", "0", PCMU, NULL, NULL },
	{ "strip all: the list stays", "\"codec-strip-all\"", "0 8 101", PCMU PCMA EVENT, NULL,
	  NULL },
	{ "strip all but one that is not there", "\"codec-strip-all\",\"codec-except-G729\"", "0 8",
	  PCMU PCMA, NULL, NULL },
	{ "telephone-event alone is no codec",
	  "\"codec-strip-all\",\"codec-except-telephone-event\"", "0 101", PCMU EVENT, NULL, NULL },
	{ "CN alone is no codec", "\"codec-strip-PCMU\"", "0 13", PCMU CN, NULL, NULL },
	{ "CN and telephone-event are no codec", "\"codec-strip-PCMU\"", "0 13 101", PCMU CN EVENT,
	  NULL, NULL },
	{ "allow-no-codec-media: refused", "\"codec-strip-PCMU\",\"allow-no-codec-media\"", "0",
	  PCMU, "", NULL },
	{ "allow-no-codec-media with a blank, telephone-event alone: refused",
	  "\"codec-strip-PCMU\",\"allow no codec media\"", "0 101", PCMU EVENT, "", NULL },
	{ "allow-no-codec-media refuses no media of which a codec is left",
	  "\"codec-strip-PCMU\",\"allow-no-codec-media\"", "0 8", PCMU PCMA, "8", PCMA },
	{ "a media of telephone-event is not refused",
	  "\"codec-strip-PCMU\",\"allow-no-codec-media\"", "101", EVENT, NULL, NULL },
	{ "telephone-event goes with the last codec of its rate", "\"codec-strip-opus\"",
	  "96 0 101 102", OPUS PCMU EVENT EVENT48, "0 101", PCMU EVENT },
	{ "telephone-event stays with another codec of its rate", "\"codec-strip-PCMU\"", "0 9 101",
	  PCMU G722 EVENT, "9 101", G722 EVENT },
	{ "telephone-event of a rate that no codec had stays", "\"codec-strip-PCMU\"", "0 8 102",
	  PCMU PCMA EVENT48, "8 102", PCMA EVENT48 },
	{ "CN goes with the last codec of its rate", "\"codec-strip-PCMU\"", "0 96 13",
	  PCMU OPUS CN, "96", OPUS },
	{ "retransmission goes with its codec", "\"codec-strip-VP8\"", "97 98 99 100",
	  VP8 VP8_RTX H264 H264_RTX, "99 100", H264 H264_RTX },
	{ "the order of the list does not matter", "\"codec-strip-VP8\"", "98 100 97 99",
	  VP8_RTX H264_RTX VP8 H264, "100 99", H264_RTX H264 },
	{ "redundancy and error correction stay with another codec", "\"codec-strip-VP8\"",
	  "97 99 103 104 105 106", VP8 H264 RED_VIDEO RED_RTX ULPFEC FLEXFEC, "99 103 104 105 106",
	  H264 RED_VIDEO RED_RTX ULPFEC FLEXFEC },
	{ "retransmission of a redundancy that is stripped", "\"codec-strip-red\"", "97 104 103",
	  VP8 RED_RTX RED_VIDEO, "97", VP8 },
	{ "retransmission of a redundancy that goes with its codec", "\"codec-strip-VP8\"",
	  "104 103 97 0", RED_RTX RED_VIDEO VP8 PCMU, "0", PCMU },
	{ "redundancy goes with the codec that it names", "\"codec-strip-opus\"", "96 107 0",
	  OPUS RED_OPUS PCMU, "0", PCMU },
	{ "redundancy alone is no codec", "\"codec-strip-VP8\"", "97 98 103 104 105 106",
	  VP8 VP8_RTX RED_VIDEO RED_RTX ULPFEC FLEXFEC, NULL, NULL },
};

static const struct codec_row single_rows[] = {
	{ "the first only", "\"single-codec\"", "8 0 9", PCMA PCMU G722, "8", PCMA },
	{ "and telephone-event", "\"single codec\"", "8 0 101", PCMA PCMU EVENT, "8 101",
	  PCMA EVENT },
	{ "which is of the rate of the first, if there is one", "\"single-codec\"", "96 0 101 102",
	  OPUS PCMU EVENT EVENT48, "96 102", OPUS EVENT48 },
	{ "and of any rate if not", "\"single-codec\"", "96 0 101", OPUS PCMU EVENT, "96 101",
	  OPUS EVENT },
	{ "telephone-event and CN are not the first", "\"single-codec\"", "101 13 8 0",
	  EVENT CN PCMA PCMU, "101 8", EVENT PCMA },
	{ "the first that is not stripped", "\"single-codec\",\"codec-strip-PCMA\"", "8 0 9",
	  PCMA PCMU G722, "0", PCMU },
	{ "the first of all, if nothing would be left", "\"single-codec\",\"codec-strip-all\"",
	  "8 0", PCMA PCMU, "8", PCMA },
	{ "no retransmission", "\"single-codec\"", "97 98 99", VP8 VP8_RTX H264, "97", VP8 },
	{ "no codec: as it is", "\"single-codec\"", "101 13", EVENT CN, NULL, NULL },
};

/* @expected: NULL: any reply */
static void say(struct relay *relay, const struct codec_row *row, const char *head,
		const char *flags, const char *expected)
{
	char payload[2048];
	const char *reply;

	snprintf(payload, sizeof(payload),
		 "%s,\"flags\":[%s],\"sdp\":\"" HEAD("a 7 9 IN IP4 192.0.2.1",
						     "IP4 192.0.2.1") "m="
								      "audio 4000 RTP/AVP %s" L
								      "%s\"}",
		 head, flags, row->formats, row->lines);
	reply = ask(relay, payload);
	if (!expected || !strcmp(reply, expected))
		return;
	printf("%s:\n  in       %s\n  expected %s\n  got      %s\n", row->name, payload, expected,
	       reply);
	CU_FAIL("unexpected reply");
}

#define OFFER_HEAD  "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\""
#define ANSWER_HEAD "{\"command\":\"answer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"to-tag\":\"b\""

/* The reply to @row. A media that is refused has nothing but its first format. */
static const char *expected_reply(const struct codec_row *row, char *memory, size_t size)
{
	const char *formats = row->formats_out ? row->formats_out : row->formats;
	const char *lines = row->formats_out ? row->lines_out : row->lines;

	if (*formats)
		snprintf(memory, size,
			 "{\"sdp\":\"" TO_B "m=audio 21200 RTP/AVP %s" L "%s" TAIL
			 "\",\"result\":\"ok\"}",
			 formats, lines);
	else
		snprintf(memory, size,
			 "{\"sdp\":\"" TO_B "m=audio 0 RTP/AVP 0" L "\",\"result\":\"ok\"}");
	return memory;
}

static void test_strip(void)
{
	char expected[2048];

	for (size_t i = 0; i < COUNT(strip_rows); i++) {
		const struct codec_row *row = &strip_rows[i];
		struct relay relay;

		relay_open(&relay);
		say(&relay, row, OFFER_HEAD ",\"direction\":[\"priv\",\"pub\"]", row->flags,
		    expected_reply(row, expected, sizeof(expected)));
		relay_close(&relay);
	}
}

/* To side B here, so that the texts are those of an offer: the answer is to an offer of side B. */
static void test_single(void)
{
	char expected[2048];

	for (size_t i = 0; i < COUNT(single_rows); i++) {
		const struct codec_row *row = &single_rows[i];
		struct relay relay;

		relay_open(&relay);
		/* In the offer the flag has no effect. */
		say(&relay, row, OFFER_HEAD ",\"direction\":[\"pub\",\"priv\"]", "\"single-codec\"",
		    NULL);
		CU_ASSERT_PTR_NOT_NULL(strstr(relay.out, row->lines));
		say(&relay, row, ANSWER_HEAD, row->flags,
		    expected_reply(row, expected, sizeof(expected)));
		relay_close(&relay);
	}
}

TEST_SUITE(ng_codec, { "codec-strip leaves a codec, and nothing of one that is gone", test_strip },
	   { "single-codec in an answer", test_single });
