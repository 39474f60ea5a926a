/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_request.c - each key and flag of an NG request sets the member that it is for; what is
 * wrong or not supported is noted and sets nothing
 */
#include "daemon/base/count.h"
#include "daemon/base/json.h"
#include "daemon/ng/request.h"
#include "daemon/packet/side.h"
#include "tests/unit/test.h"

static struct arena *arena;
static struct request request;

/* @members: of a JSON object. @flags: those that are set before */
static void read_with(const char *members, uint32_t flags)
{
	struct dict *map;

	arena_free(arena);
	arena = arena_new(1 << 14);
	request = (struct request){
		.flags = flags, .tos = TOS_UNSET, .delete_delay = -1, .limit = 32
	};
	CU_ASSERT_EQUAL_FATAL(json_decode(arena, arena_printf(arena, "{%s}", members), &map), 0);
	ng_request_read(arena, map, &request);
}

static void read_members(const char *members)
{
	read_with(members, 0);
}

static void end_read(void)
{
	arena_free(arena);
	arena = NULL;
}

/* @right: of the last read, @members */
static void check(bool right, const char *members)
{
	if (right)
		return;
	printf("%s: ignored \"" STR_FMT "\"\n", members, STR_ARG(request.ignored));
	CU_FAIL("the request was read wrongly");
}

/* @ignored: NULL, nothing */
static bool ignored_is(const char *ignored)
{
	return str_eq(request.ignored, str_of(ignored));
}

static const void *member(size_t offset)
{
	return (const char *)&request + offset;
}

#define AT(name) offsetof(struct request, name)

static void test_texts(void)
{
	static const struct {
		const char *members;
		size_t offset;
		const char *text; /* NULL: none */
	} rows[] = {
		{ "\"call-id\":\"x\"", AT(call_id), "x" },
		{ "\"call id\":\"x\"", AT(call_id), "x" },
		{ "\"call-id\":7", AT(call_id), NULL },
		{ "\"from-tag\":\"x\"", AT(from_tag), "x" },
		{ "\"to-tag\":\"x\"", AT(to_tag), "x" },
		{ "\"sdp\":\"x\"", AT(sdp), "x" },
		{ "\"via-branch\":\"x\"", AT(via_branch), "x" },
		{ "\"label\":\"x\"", AT(label), "x" },
		{ "\"from-label\":\"x\"", AT(label), "x" },
		{ "\"set-label\":\"x\"", AT(set_label), "x" },
		{ "\"set-label\":\"x\"", AT(label), NULL },
		{ "\"metadata\":\"x\"", AT(metadata), "x" },
		{ "\"flags\":[\"metadata=x\"]", AT(metadata), "x" },
		{ "\"rtpp-flags\":\"  metadata=x  via-branch=y \"", AT(metadata), "x" },
		{ "\"rtpp-flags\":\"  metadata=x  via-branch=y \"", AT(via_branch), "y" },
		{ "\"transport-protocol\":\"rtp/avp\"", AT(transport_protocol), "RTP/AVP" },
		{ "\"transport-protocol\":\"RTP/AVPF\"", AT(transport_protocol), "RTP/AVPF" },
		{ "\"flags\":[\"RTP/AVPF\"]", AT(transport_protocol), "RTP/AVPF" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(str_eq(*(const struct str *)member(rows[i].offset), str_of(rows[i].text)) &&
			      ignored_is(NULL),
		      rows[i].members);
	}
	end_read();
}

static void test_interfaces(void)
{
	static const struct {
		const char *members, *sender, *receiver;
	} rows[] = {
		{ "\"direction\":[\"x\",\"y\"]", "x", "y" },
		{ "\"direction\":[\"x\",\"y\",\"z\"]", "x", "y" },
		{ "\"direction\":\"x\"", "x", NULL },
		{ "\"from-interface\":\"x\"", "x", NULL },
		{ "\"to-interface\":\"y\"", NULL, "y" },
		{ "\"in-iface\":\"x\"", "x", NULL },
		{ "\"out-iface\":\"y\"", NULL, "y" },
		{ "\"interface\":\"x\"", "x", "x" },
		{ "\"flags\":[\"internal\",\"external\"]", "internal", "external" },
		{ "\"flags\":[\"external\",\"internal\"]", "external", "internal" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(str_eq(request.direction[0], str_of(rows[i].sender)) &&
			      str_eq(request.direction[1], str_of(rows[i].receiver)) &&
			      request.address_family == AF_UNSPEC,
		      rows[i].members);
	}
	end_read();
}

static void test_numbers(void)
{
	static const struct {
		const char *members;
		size_t offset;
		int number;
		const char *ignored; /* NULL: nothing */
	} rows[] = {
		{ "\"TOS\":0", AT(tos), 0, NULL },
		{ "\"TOS\":\"184\"", AT(tos), 184, NULL },
		{ "\"TOS\":255", AT(tos), 255, NULL },
		{ "\"media-keepalive\":15", AT(keepalive_s), 15, NULL },
		{ "\"media-keepalive\":\"3600\"", AT(keepalive_s), 3600, NULL },
		{ "\"media-keepalive\":0", AT(keepalive_s), KEEPALIVE_OFF, NULL },
		{ "\"media-keepalive\":\"off\"", AT(keepalive_s), KEEPALIVE_OFF, NULL },
		{ "\"flags\":[\"media-keepalive=30\"]", AT(keepalive_s), 30, NULL },
		{ "\"media-keepalive\":3601", AT(keepalive_s), 0, "media-keepalive" },
		{ "\"media-keepalive\":-1", AT(keepalive_s), 0, "media-keepalive" },
		{ "\"media-keepalive\":\"on\"", AT(keepalive_s), 0, "media-keepalive=on" },
		{ "\"TOS\":256", AT(tos), TOS_UNSET, "TOS" },
		{ "\"TOS\":-1", AT(tos), -1, NULL },
		{ "\"TOS\":\"-1\"", AT(tos), -1, NULL },
		{ "\"flags\":[\"TOS=-1\"]", AT(tos), -1, NULL },
		{ "\"TOS\":-2", AT(tos), TOS_UNSET, "TOS" },
		{ "\"TOS\":-3", AT(tos), TOS_UNSET, "TOS" },
		{ "\"TOS\":\"many\"", AT(tos), TOS_UNSET, "TOS=many" },
		{ "\"TOS\":\"\"", AT(tos), TOS_UNSET, "TOS" },
		{ "\"TOS\":\"-\"", AT(tos), TOS_UNSET, "TOS=-" },
		{ "\"TOS\":[1]", AT(tos), TOS_UNSET, "TOS" },
		{ "\"delete-delay\":0", AT(delete_delay), 0, NULL },
		{ "\"delete-delay\":\"30\"", AT(delete_delay), 30, NULL },
		{ "\"delete-delay\":-1", AT(delete_delay), -1, "delete-delay" },
		{ "\"delete-delay\":-2", AT(delete_delay), -1, "delete-delay" },
		{ "\"delete-delay\":\"-2\"", AT(delete_delay), -1, "delete-delay=-2" },
		{ "\"delete-delay\":2147483647", AT(delete_delay), 2147483647, NULL },
		{ "\"delete-delay\":2147483648", AT(delete_delay), -1, "delete-delay" },
		{ "\"delete-delay\":\"9223372036854775808\"", AT(delete_delay), -1,
		  "delete-delay=9223372036854775808" },
		{ "\"sip-code\":200", AT(sip_code), 200, NULL },
		{ "\"sip-code\":\"OK\"", AT(sip_code), 0, "sip-code=OK" },
		{ "\"address-family\":\"IP4\"", AT(address_family), AF_INET, NULL },
		{ "\"address-family\":\"inet\"", AT(address_family), AF_INET, NULL },
		{ "\"address-family\":\"ip6\"", AT(address_family), AF_INET6, NULL },
		{ "\"address-family\":\"inet6\"", AT(address_family), AF_INET6, NULL },
		{ "\"address-family\":\"IP5\"", AT(address_family), AF_UNSPEC,
		  "address-family=IP5" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(*(const int *)member(rows[i].offset) == rows[i].number &&
			      ignored_is(rows[i].ignored),
		      rows[i].members);
	}
	end_read();
}

/* The command refuses a limit below 0 itself. */
static void test_limit(void)
{
	static const struct {
		const char *members;
		int64_t limit;
		const char *ignored;
	} rows[] = {
		{ "\"limit\":0", 0, NULL },
		{ "\"limit\":\"5000000000\"", INT64_C(5000000000), NULL },
		{ "\"limit\":-1", -1, NULL },
		{ "\"limit\":\"-7\"", -7, NULL },
		{ "\"limit\":\"all\"", 32, "limit=all" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(request.limit == rows[i].limit && ignored_is(rows[i].ignored),
		      rows[i].members);
	}
	end_read();
}

/* 0.0.0.0 and "::" are no addresses that media could come from or go to. */
static void test_addresses(void)
{
	static const struct {
		const char *members;
		size_t offset;
		const char *address; /* NULL: none */
		const char *ignored;
	} rows[] = {
		{ "\"media-address\":\"192.0.2.1\"", AT(media_address), "192.0.2.1", NULL },
		{ "\"media-address\":\"2001:db8::1\"", AT(media_address), "2001:db8::1", NULL },
		{ "\"media-address\":\"0.0.0.0\"", AT(media_address), NULL,
		  "media-address=0.0.0.0" },
		{ "\"media-address\":\"::\"", AT(media_address), NULL, "media-address=::" },
		{ "\"media-address\":\"phone\"", AT(media_address), NULL, "media-address=phone" },
		{ "\"address\":\"192.0.2.1\"", AT(address), "192.0.2.1", NULL },
		{ "\"address\":\"0.0.0.0\"", AT(address), NULL, "address=0.0.0.0" },
		{ "\"received-from\":[\"IP4\",\"192.0.2.1\"]", AT(received_from), "192.0.2.1",
		  NULL },
		{ "\"received-from\":[\"IP6\",\"2001:db8::1\"]", AT(received_from), "2001:db8::1",
		  NULL },
		{ "\"received-from\":\"192.0.2.1\"", AT(received_from), "192.0.2.1", NULL },
		{ "\"received-from\":[]", AT(received_from), NULL, NULL },
		{ "\"received-from\":[\"IP4\",\"0.0.0.0\"]", AT(received_from), NULL,
		  "received-from=0.0.0.0" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct endpoint *ep;
		char text[ENDPOINT_TEXT];

		read_members(rows[i].members);
		ep = member(rows[i].offset);
		check(endpoint_is_set(ep) == (rows[i].address != NULL) &&
			      (!rows[i].address ||
			       !strcmp(endpoint_print_addr(ep, text), rows[i].address)) &&
			      ignored_is(rows[i].ignored),
		      rows[i].members);
	}
	end_read();
}

static void test_flags(void)
{
	static const struct {
		const char *members;
		uint32_t before, after;
		const char *ignored;
	} rows[] = {
		{ "\"flags\":[\"trust-address\"]", 0, 0, NULL },
		{ "\"flags\":[\"SIP-source-address\"]", 0, REQ_TRUST_SIP, NULL },
		{ "\"flags\":[\"trust-address\"]", REQ_TRUST_SIP, 0, NULL },
		{ "\"flags\":[\"symmetric\"]", REQ_ASYMMETRIC, REQ_SYMMETRIC, NULL },
		{ "\"flags\":[\"asymmetric\"]", REQ_SYMMETRIC, REQ_ASYMMETRIC, NULL },
		{ "\"flags\":[\"strict-source\"]", 0, REQ_STRICT_SOURCE, NULL },
		{ "\"flags\":[\"media-handover\"]", 0, REQ_HANDOVER, NULL },
		{ "\"flags\":[\"port latching\"]", REQ_NO_PORT_LATCHING, REQ_PORT_LATCHING, NULL },
		{ "\"flags\":[\"no-port-latching\"]", REQ_PORT_LATCHING, REQ_NO_PORT_LATCHING,
		  NULL },
		{ "\"flags\":[\"loop-protect\"]", 0, REQ_LOOP_PROTECT, NULL },
		{ "\"flags\":[\"unidirectional\"]", 0, REQ_UNIDIRECTIONAL, NULL },
		{ "\"flags\":[\"original-sendrecv\"]", 0, REQ_ORIGINAL_DIRECTION, NULL },
		{ "\"flags\":[\"no-rtcp-attribute\"]", 0, REQ_NO_RTCP_ATTR, NULL },
		{ "\"flags\":[\"full-rtcp-attribute\"]", 0, REQ_FULL_RTCP_ATTR, NULL },
		{ "\"flags\":[\"fatal\",\"fast\"]", 0, REQ_FATAL | REQ_FAST, NULL },
		{ "\"flags\":[\"to-tag\"]", 0, REQ_DELETE_TO_TAG, NULL },
		{ "\"flags\":[\"new-branch\"]", 0, REQ_NEW_BRANCH, NULL },
		{ "\"flags\":\"all\"", 0, REQ_ALL, NULL },
		{ "\"flags\":[\"debug\",\"no-redis-update\"]", 0, 0, NULL },
		{ "\"flags\":[\"NAT-wait\",\"all\",\"x=y\",\"UDP/TLS/RTP/SAVPF\"]", 0, REQ_ALL,
		  "NAT-wait, x=y" },
		{ "\"rtpp-flags\":\"fast all\"", 0, REQ_FAST | REQ_ALL, NULL },
		{ "\"replace\":[\"origin\",\"session-connection\"]", 0, REQ_REPLACE_ORIGIN, NULL },
		{ "\"replace\":[\"origin-full\"]", 0,
		  REQ_REPLACE_ORIGIN | REQ_REPLACE_USERNAME | REQ_REPLACE_VERSION, NULL },
		{ "\"replace\":[\"username\",\"session-name\"]", 0,
		  REQ_REPLACE_USERNAME | REQ_REPLACE_SESSION_NAME, NULL },
		{ "\"replace\":\"SDP-version\"", 0, REQ_REPLACE_VERSION, NULL },
		{ "\"replace\":\"sdp-version\"", 0, REQ_REPLACE_VERSION, NULL },
		{ "\"replace\":\"force-increment-sdp-ver\"", 0,
		  REQ_REPLACE_VERSION | REQ_RAISE_VERSION, NULL },
		{ "\"replace\":[\"zero-address\",\"mood\"]", 0, REQ_REPLACE_ZERO, "replace=mood" },
		{ "\"flags\":[\"replace-session-name\"]", 0, REQ_REPLACE_SESSION_NAME, NULL },
		{ "\"rtcp-mux\":[\"offer\",\"require\"]", 0, REQ_MUX_OFFER | REQ_MUX_REQUIRE,
		  NULL },
		{ "\"rtcp-mux\":[\"demux\"]", 0, REQ_MUX_DEMUX, NULL },
		{ "\"rtcp-mux\":[\"accept\"]", 0, REQ_MUX_ACCEPT, NULL },
		{ "\"rtcp-mux\":[\"reject\",\"x\"]", 0, REQ_MUX_REJECT, "rtcp-mux=x" },
		{ "\"flags\":[\"rtcp-mux-accept\"]", 0, REQ_MUX_ACCEPT, NULL },
		{ "\"flags\":[\"replace=origin\",\"rtcp-mux=demux\"]", 0,
		  REQ_REPLACE_ORIGIN | REQ_MUX_DEMUX, NULL },
		/* A list of flags is not a flag; nor is the SDP. */
		{ "\"flags\":[\"flags=all\",\"rtpp-flags=all\",\"sdp=x\"]", 0, 0,
		  "flags=all, rtpp-flags=all, sdp=x" },
		{ "\"ICE\":\"remove\",\"DTLS\":\"off\",\"SDES\":[\"no\"]", 0, 0, NULL },
		{ "\"DTLS\":[\"active\",\"none\"],\"DTLS-fingerprint\":\"md5\",\"flags\":[\"DTLS-"
		  "x\"]",
		  0, 0, "DTLS-fingerprint=md5, DTLS=x" },
		{ "\"DTLS-reverse\":\"both\",\"DTLS-fingerprint\":\"SHA-512\"", 0, 0,
		  "DTLS-reverse=both" },
		{ "\"ICE\":\"force\",\"DTLS\":\"passive\",\"SDES\":[\"no\",\"unencrypted_srtp\"]",
		  0, 0, "SDES=unencrypted_srtp" },
		{ "\"OSRTP\":\"disable\",\"record-call\":\"none\"", 0, 0, NULL },
		{ "\"flags\":[\"record-call\",\"record-call=no\",\"recording-file=a\"]", 0, 0,
		  NULL },
		{ "\"flags\":[\"record-call=sometimes\"]", 0, 0, "record-call=sometimes" },
		{ "\"flags\":[\"SDES-off\",\"SDES-no\",\"SDES-pad\",\"SDES-x\"]", 0, 0, "SDES=x" },
		{ "\"command\":\"x\",\"supports\":[\"y\"],\"sip-message-type\":\"z\"", 0, 0, NULL },
		{ "\"unheard-of\":\"x\"", 0, 0, "unheard-of=x" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_with(rows[i].members, rows[i].before);
		check(request.flags == rows[i].after && ignored_is(rows[i].ignored) &&
			      !request.sdp.len,
		      rows[i].members);
	}
	end_read();
}

static void test_record_call(void)
{
	static const struct {
		const char *members;
		enum record_call call;
	} rows[] = {
		{ "\"flags\":[\"fast\"]", RECORD_CALL_UNSET },
		{ "\"flags\":[\"record-call\"]", RECORD_CALL_ON },
		{ "\"flags\":[\"record call\"]", RECORD_CALL_ON },
		{ "\"rtpp-flags\":\"fast record-call\"", RECORD_CALL_ON },
		{ "\"flags\":[\"record-call=on\"]", RECORD_CALL_ON },
		{ "\"rtpp-flags\":\"record-call=yes fast\"", RECORD_CALL_ON },
		{ "\"record-call\":\"true\"", RECORD_CALL_ON },
		{ "\"record call\":\"enabled\"", RECORD_CALL_ON },
		{ "\"flags\":[\"record-call=off\"]", RECORD_CALL_OFF },
		{ "\"record-call\":\"no\"", RECORD_CALL_OFF },
		{ "\"record-call\":\"discard\"", RECORD_CALL_DISCARD },
		{ "\"record-call\":\"\"", RECORD_CALL_UNSET },
		{ "\"flags\":[\"record-calls\"]", RECORD_CALL_UNSET },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_with(rows[i].members, 0);
		check(request.record.call == rows[i].call, rows[i].members);
	}
	end_read();
}

static void test_ice(void)
{
	static const struct {
		const char *members;
		enum request_ice ice;
		enum request_ice_lite lite;
		const char *ignored;
		bool trickle, reject, reset;
	} rows[] = {
		{ "\"ICE\":\"remove\"", REQUEST_ICE_REMOVE, 0, NULL, 0, 0, 0 },
		{ "\"ICE\":[\"remove\"]", REQUEST_ICE_REMOVE, 0, NULL, 0, 0, 0 },
		{ "\"flags\":[\"ICE=remove\"]", REQUEST_ICE_REMOVE, 0, NULL, 0, 0, 0 },
		{ "\"flags\":[\"ICE-remove\"]", REQUEST_ICE_REMOVE, 0, NULL, 0, 0, 0 },
		{ "\"rtpp-flags\":\"trust-address ICE=remove\"", REQUEST_ICE_REMOVE, 0, NULL, 0, 0,
		  0 },
		{ "\"ICE\":\"default\"", REQUEST_ICE_DEFAULT, 0, NULL, 0, 0, 0 },
		{ "\"ICE\":\"optional\"", REQUEST_ICE_DEFAULT, 0, NULL, 0, 0, 0 },
		{ "\"ICE\":\"force\"", REQUEST_ICE_FORCE, 0, NULL, 0, 0, 0 },
		{ "\"ICE\":\"force-relay\"", REQUEST_ICE_DEFAULT, 0, "ICE=force-relay", 0, 0, 0 },
		{ "\"flags\":[\"trust-address\"]", REQUEST_ICE_DEFAULT, 0, NULL, 0, 0, 0 },
		{ "\"ICE-lite\":\"forward\"", 0, REQUEST_LITE_FORWARD, NULL, 0, 0, 0 },
		{ "\"ICE lite\":\"backward\"", 0, REQUEST_LITE_BACKWARD, NULL, 0, 0, 0 },
		{ "\"flags\":[\"ICE-lite=both\"]", 0, REQUEST_LITE_BOTH, NULL, 0, 0, 0 },
		{ "\"flags\":[\"ICE-lite-off\"]", 0, REQUEST_LITE_OFF, NULL, 0, 0, 0 },
		{ "\"ICE\":[\"force\",\"lite-forward\"]", REQUEST_ICE_FORCE, REQUEST_LITE_FORWARD,
		  NULL, 0, 0, 0 },
		{ "\"ICE-lite\":\"up\"", 0, 0, "ICE-lite=up", 0, 0, 0 },
		{ "\"flags\":[\"trickle-ICE\"]", 0, 0, NULL, true, 0, 0 },
		{ "\"flags\":[\"reject ICE\"]", 0, 0, NULL, 0, true, 0 },
		{ "\"flags\":[\"reset\"]", 0, 0, NULL, 0, 0, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(request.ice == rows[i].ice && request.ice_lite == rows[i].lite &&
			      request.trickle_ice == rows[i].trickle &&
			      request.reject_ice == rows[i].reject &&
			      request.ice_reset == rows[i].reset && ignored_is(rows[i].ignored),
		      rows[i].members);
	}
	end_read();
}

/* Texts for the log are bounded: what does not fit is left out. */
static void test_what_is_ignored_is_bounded(void)
{
	read_members("\"a\":\"1\",\"flags\":[\"0123456789012345678901234567890123456789\","
		     "\"1123456789012345678901234567890123456789\","
		     "\"2123456789012345678901234567890123456789\","
		     "\"3123456789012345678901234567890123456789\","
		     "\"4123456789012345678901234567890123456789\",\"b\"],\"c\":\"2\"");
	CU_ASSERT(str_starts(request.ignored, STR("a=1, 0123456789")));
	CU_ASSERT(request.ignored.len < 200);
	CU_ASSERT(str_starts((struct str){ request.ignored.s + request.ignored.len - 8, 8 },
			     STR(", b, c=2")));
	end_read();
}

static void test_latching(void)
{
	static const struct {
		const char *members;
		uint32_t flags;
		enum latch_mode mode; /* with REQ_LATCHING */
		const char *ignored;
	} rows[] = {
		{ "\"latching\":\"strict\"", REQ_LATCHING, LATCH_STRICT, NULL },
		{ "\"latching\":\"smart\"", REQ_LATCHING, LATCH_SMART, NULL },
		{ "\"latching\":\"first\"", REQ_LATCHING, LATCH_FIRST, NULL },
		{ "\"latching\":\"off\"", 0, 0, "latching=off" },
		{ "\"endpoint-learning\":\"off\"", REQ_ASYMMETRIC, 0, NULL },
		{ "\"endpoint-learning\":\"immediate\"", REQ_LATCHING, LATCH_FIRST, NULL },
		{ "\"endpoint-learning\":\"delayed\"", REQ_LATCHING, LATCH_SMART, NULL },
		{ "\"endpoint-learning\":\"heuristic\"", REQ_LATCHING, LATCH_SMART, NULL },
		{ "\"endpoint-learning\":\"never\"", 0, 0, "endpoint-learning=never" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(request.flags == rows[i].flags &&
			      (!(rows[i].flags & REQ_LATCHING) ||
			       request.latching == rows[i].mode) &&
			      ignored_is(rows[i].ignored),
		      rows[i].members);
	}
	end_read();
}

/* The names of a list with commas between. */
static const char *names(const struct str *list, size_t n)
{
	static char text[512];
	struct buf out = BUF_INIT(text, sizeof(text) - 1);

	for (size_t i = 0; i < n; i++) {
		buf_str(&out, list[i]);
		buf_char(&out, ',');
	}
	text[out.len] = '\0';
	return text;
}

static void test_codecs(void)
{
	static const struct {
		const char *members, *strip, *except, *offer, *ignored;
	} rows[] = {
		{ "\"codec\":{\"strip\":[\"a\",\"b\"],\"except\":[\"c\",\"d\",\"e\"],"
		  "\"offer\":\"f\"}",
		  "a,b,", "c,d,e,", "f,", NULL },
		{ "\"flags\":[\"codec-strip-a\",\"codec-except-opus/48000\",\"codec-offer-f\"]",
		  "a,", "opus/48000,", "f,", NULL },
		{ "\"codec\":{\"strip\":[\"a\",\"\"],\"transcode\":[\"b\"]}", "a,", "", "",
		  "codec, codec=transcode" },
		{ "\"flags\":[\"codec-mask-a\"]", "", "", "", "codec=mask" },
		{ "\"codec\":7", "", "", "", "codec" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_members(rows[i].members);
		check(!strcmp(names(request.codec_strip, request.n_codec_strip), rows[i].strip) &&
			      !strcmp(names(request.codec_except, request.n_codec_except),
				      rows[i].except) &&
			      !strcmp(names(request.codec_offer, request.n_codec_offer),
				      rows[i].offer) &&
			      ignored_is(rows[i].ignored),
		      rows[i].members);
	}
	end_read();
}

static void test_codecs_are_bounded(void)
{
	char members[1024] = "\"codec\":{\"strip\":[\"0\"";
	size_t len = strlen(members);

	for (int i = 1; i <= 64; i++)
		len += (size_t)snprintf(members + len, sizeof(members) - len, ",\"%d\"", i);
	snprintf(members + len, sizeof(members) - len, "]}");
	read_members(members);
	CU_ASSERT_EQUAL_FATAL(request.n_codec_strip, 64);
	CU_ASSERT(str_eq(request.codec_strip[63], STR("63")));
	CU_ASSERT(ignored_is("codec=64"));
	end_read();
}

/* The text goes to the log. */
static void test_secrets_that_are_ignored_are_not_told(void)
{
	read_members("\"ice-pwd\":\"abc\",\"flags\":[\"password=abc\",\"x=inline:abc\"]");
	CU_ASSERT(ignored_is("ice-pwd=***, password=***, x=inline:***"));
	end_read();
}

TEST_SUITE(ng_request, { "texts", test_texts }, { "interfaces", test_interfaces },
	   { "numbers", test_numbers }, { "limit", test_limit }, { "addresses", test_addresses },
	   { "flags", test_flags }, { "record-call", test_record_call }, { "ICE", test_ice },
	   { "what is ignored is bounded", test_what_is_ignored_is_bounded },
	   { "latching", test_latching }, { "codecs", test_codecs },
	   { "codecs are bounded", test_codecs_are_bounded },
	   { "secrets that are ignored are not told", test_secrets_that_are_ignored_are_not_told });
