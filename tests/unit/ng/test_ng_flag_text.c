/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_flag_text.c - flags in one text, as Kamailio's functions with two arguments send them:
 * brackets, repeated keys; and the same as items of "flags"
 *
 * Each row is sent as "rtpp-flags", as one item of "flags" for each word, and with the words split
 * at every blank, as a proxy does that does not know brackets.
 */
#include "daemon/packet/bridge.h"
#include "tests/unit/ng/ng_talk.h"

#define PCMU  "a=rtpmap:0 PCMU/8000" L
#define PCMA  "a=rtpmap:8 PCMA/8000" L
#define G722  "a=rtpmap:9 G722/8000" L
#define THREE "m=audio 4000 RTP/AVP 0 8 9" L
#define ALL   "m=audio 21200 RTP/AVP 0 8 9" L PCMU PCMA G722
#define OURS  HEAD("a 7 9 IN IP4 127.80.0.1", "IP4 127.80.0.1")

struct flag_row {
	const char *flags;
	const char *sdp; /* that the receiver gets */
};

#define WAYS "direction=[priv pub] "

static const struct flag_row rows[] = {
	{ "direction=[priv pub]", TO_B ALL TAIL },
	{ "direction=[ priv  pub ]", TO_B ALL TAIL },
	{ "direction=priv direction=pub", TO_B ALL TAIL },
	{ "direction=[priv] direction=[pub]", TO_B ALL TAIL },
	{ "symmetric direction=[priv pub] replace=[origin session-connection]", OURS ALL TAIL },
	{ WAYS "replace=origin replace=session-connection", OURS ALL TAIL },
	{ WAYS "replace=[origin", OURS ALL TAIL },
	{ WAYS "codec=[strip=[PCMU G722]]", TO_B "m=audio 21200 RTP/AVP 8" L PCMA TAIL },
	{ WAYS "codec=[strip=all except=[PCMA] offer=[G722]] replace-origin",
	  OURS "m=audio 21200 RTP/AVP 8 9" L PCMA G722 TAIL },
	{ WAYS "codec=[strip=PCMU strip=G722]", TO_B "m=audio 21200 RTP/AVP 8" L PCMA TAIL },
	{ WAYS "codec=[strip-PCMU] codec=strip-G722", TO_B "m=audio 21200 RTP/AVP 8" L PCMA TAIL },
	{ WAYS "codec-strip=[PCMU G722]", TO_B "m=audio 21200 RTP/AVP 8" L PCMA TAIL },
	{ WAYS "codec-strip=PCMU codec-strip-G722", TO_B "m=audio 21200 RTP/AVP 8" L PCMA TAIL },
	{ WAYS "codec=[transcode=[opus AMR] strip=[PCMU G722]]",
	  TO_B "m=audio 21200 RTP/AVP 8" L PCMA TAIL },
	{ WAYS "rtcp-mux=[offer]", TO_B ALL TAIL MUX },
	{ WAYS "rtcp-mux=[offer require]", TO_B ALL "a=sendrecv" L "a=rtcp:21200" L MUX },
	{ WAYS "received-from=[IP4 198.51.100.7] address-family=[IP4] replace=[origin]",
	  OURS ALL TAIL },
	/* what is unknown, or too deep, spoils nothing */
	{ WAYS "sdp-attr=[audio=[add=[x y]]] replace-origin", OURS ALL TAIL },
	{ WAYS "a=[[[[[[[[b c]]]]]]]] codec=[[[[[[[[b c]]]]]]]] replace-origin", OURS ALL TAIL },
	{ "] ]x direction=[priv pub] []= =[] codec=[] codec=[=] codec=[strip=] replace-origin",
	  OURS ALL TAIL },
	{ WAYS "replace-origin codec=[strip=[PCMU",
	  OURS "m=audio 21200 RTP/AVP 8 9" L PCMA G722 TAIL },
};

enum form { RAW, WORDS, SPLIT };

/* @flags as a value of JSON */
static void write_flags(const char *flags, enum form form, struct buf *out)
{
	int open = 0;

	buf_str(out, str_of(form == RAW ? ",\"rtpp-flags\":\"" : ",\"flags\":[\""));
	for (; *flags; flags++) {
		open += *flags == '[' ? 1 : *flags == ']' && open ? -1 : 0;
		if (*flags == ' ' && form != RAW && (form == SPLIT || !open))
			buf_lit(out, "\",\"");
		else
			buf_char(out, *flags);
	}
	buf_str(out, str_of(form == RAW ? "\"" : "\"]"));
}

static void check_row(const struct flag_row *row, enum form form)
{
	char payload[2048], expected[2048];
	struct buf out = BUF_INIT(payload, sizeof(payload) - 1);
	struct relay relay;
	const char *reply;

	buf_lit(&out, "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\"");
	write_flags(row->flags, form, &out);
	buf_lit(&out, SDP(OF_A THREE) "}");
	payload[out.len] = '\0';
	snprintf(expected, sizeof(expected), "{\"sdp\":\"%s\",\"result\":\"ok\"}", row->sdp);
	relay_open(&relay);
	reply = ask(&relay, payload);
	if (strcmp(reply, expected)) {
		printf("\n  in       %s\n  expected %s\n  got      %s\n", payload, expected, reply);
		CU_FAIL("unexpected reply");
	}
	relay_close(&relay);
}

static void test_raw(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i], RAW);
	check_row(&(struct flag_row){ "\\tdirection=[priv\\tpub]\\r\\nreplace-origin\\n",
				      OURS ALL TAIL },
		  RAW);
}

static void test_items(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i], WORDS);
}

static void test_split_items(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i], SPLIT);
}

/* A stack that grows with the depth would overflow. */
static void test_depth_is_bounded(void)
{
	static char payload[60000];
	struct buf out = BUF_INIT(payload, sizeof(payload) - 1);
	struct relay relay;

	buf_lit(&out, "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"rtpp-flags\":"
		      "\"direction=[priv pub] codec=");
	while (out.len < sizeof(payload) - 1000)
		buf_char(&out, '[');
	buf_lit(&out, "\"" SDP(OF_A AUDIO) "}");
	payload[out.len] = '\0';
	relay_open(&relay);
	CU_ASSERT_STRING_EQUAL(ask(&relay, payload), OK(TO_B RELAYED TAIL));
	relay_close(&relay);
}

static void test_address_in_brackets(void)
{
	const struct media *media;
	char text[ENDPOINT_TEXT];
	struct relay relay;

	relay_open(&relay);
	CU_ASSERT_STRING_EQUAL(
		ask(&relay,
		    "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"rtpp-flags\":"
		    "\"direction=[six pub] address-family=IP4 received-from=[2001:db8::9]\"" SDP(
			    HEAD("a 7 9 IN IP6 2001:db8::1", "IP6 2001:db8::1") AUDIO) "}"),
		OK(HEAD("a 7 9 IN IP6 2001:db8::1", "IP4 127.80.0.1") RELAYED TAIL));
	media = call_find(relay.scene.calls, STR("c"))->dialogs->media[0];
	CU_ASSERT_STRING_EQUAL(
		endpoint_print_addr(&bridge_conf(media->bridge)->side[SIDE_A].sip, text),
		"2001:db8::9");
	relay_close(&relay);
}

TEST_SUITE(ng_flag_text, { "brackets and repeated keys in rtpp-flags", test_raw },
	   { "and as items of flags", test_items },
	   { "and as items that were split at blanks", test_split_items },
	   { "lists in lists are bounded", test_depth_is_bounded },
	   { "an IPv6 address in brackets", test_address_in_brackets });
