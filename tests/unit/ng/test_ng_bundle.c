/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_bundle.c - groups of medias in offers and answers: who gets one, at which port (RFC 9143)
 */
#include <time.h>
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/call/media_bundle.h"
#include "daemon/call/media_ice.h"
#include "ng_dtls_scene.h"

/* @command: with its tags; @lines: from the session's attributes on */
static const char *ask(struct call_scene *call, const char *command, const char *lines,
		       const char *more)
{
	static char payload[8192];

	snprintf(
		payload, sizeof(payload),
		"{\"call-id\":\"c\",\"from-tag\":\"a\",%s,\"sdp\":\"v=0\\r\\n"
		"o=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\n%s\"%s}",
		command, lines, more);
	return ask_payload(&call->scene, payload);
}

static void offer(struct call_scene *call, const char *lines, const char *flags)
{
	snprintf(call->to_b, sizeof(call->to_b), "%s",
		 ask(call, "\"command\":\"offer\"", lines, flags));
}

static void answer(struct call_scene *call, const char *lines)
{
	snprintf(call->to_a, sizeof(call->to_a), "%s",
		 ask(call, "\"command\":\"answer\",\"to-tag\":\"b\"", lines, ""));
}

#define DTLS_F "UDP/TLS/RTP/SAVPF"
#define PRINT                                                                                      \
	"a=fingerprint:sha-1 11:22:33:44:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\\r\\n"    \
	"a=setup:actpass\\r\\n"
#define ICE    "a=ice-ufrag:abcd\\r\\na=ice-pwd:0123456789012345678901\\r\\n"
#define MID_4  "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\\r\\n"
#define GROUP  "a=group:BUNDLE x y\\r\\n"
#define WEB(m) m "a=rtcp-mux\\r\\n" ICE PRINT
#define AUDIO  "m=audio 4000 " DTLS_F " 0\\r\\na=mid:x\\r\\n"
#define VIDEO  "m=video 4000 " DTLS_F " 97\\r\\na=rtpmap:97 VP8/90000\\r\\na=mid:y\\r\\n"
#define ONLY                                                                                       \
	"m=video 0 " DTLS_F " 97\\r\\na=rtpmap:97 VP8/90000\\r\\na=mid:y\\r\\na=bundle-only\\r\\n"
#define PLAIN_AUDIO  "m=audio 4002 RTP/AVP 0\\r\\n"
#define PLAIN_VIDEO  "m=video 4004 RTP/AVP 97\\r\\na=rtpmap:97 VP8/90000\\r\\n"
#define NO_AUDIO     "m=audio 0 RTP/AVP 0\\r\\n"
#define NO_VIDEO     "m=video 0 RTP/AVP 97\\r\\n"
#define TO_PLAIN     ",\"transport-protocol\":\"RTP/AVP\",\"ICE\":\"remove\",\"rtcp-mux\":[\"demux\"]"
#define TO_WEB	     ",\"transport-protocol\":\"" DTLS_F "\",\"ICE\":\"force\",\"rtcp-mux\":[\"require\"]"
#define BUNDLE(word) ",\"bundle\":\"" word "\""

static const struct row {
	const char *what, *offer, *flags, *answer;
	/* parts of what each of them gets, or NULL; what it must not have */
	const char *to_b[3], *not_b, *to_a[3], *not_a;
	int carrier[2][2]; /* by media and side */
} rows[] = {
	{ "by default a browser has one transport, a plain phone single ones",
	  GROUP WEB(AUDIO) MID_4 WEB(VIDEO) MID_4,
	  TO_PLAIN,
	  PLAIN_AUDIO PLAIN_VIDEO,
	  { "m=audio", " RTP/AVP 97" },
	  "BUNDLE",
	  { "a=group:BUNDLE x y", "a=mid:x", MID_4 },
	  "BUNDLE y",
	  { { 1, 0 }, { 1, 0 } } },
	{ "accept says the same",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  TO_PLAIN BUNDLE("accept"),
	  PLAIN_AUDIO PLAIN_VIDEO,
	  { "m=audio" },
	  "BUNDLE",
	  { "a=group:BUNDLE x y", "a=mid:x", "a=mid:y" },
	  "extmap",
	  { { 1, 0 }, { 1, 0 } } },
	{ "media without a port gets one toward the phone",
	  GROUP WEB(AUDIO) WEB(ONLY),
	  TO_PLAIN,
	  PLAIN_AUDIO PLAIN_VIDEO,
	  { " RTP/AVP 97", "a=mid:y" },
	  "m=video 0",
	  { "a=group:BUNDLE x y" },
	  "bundle-only",
	  { { 1, 0 }, { 1, 0 } } },
	{ "the phone refuses the video, perhaps not for good",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  TO_PLAIN,
	  PLAIN_AUDIO NO_VIDEO,
	  { "m=video" },
	  "BUNDLE",
	  { "a=group:BUNDLE x\\r\\n", "m=video 0" },
	  "BUNDLE x y",
	  { { 1, 0 }, { 1, 0 } } },
	{ "the phone refuses the audio, whose transport stays",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  TO_PLAIN,
	  NO_AUDIO PLAIN_VIDEO,
	  { "m=video" },
	  "BUNDLE",
	  { "a=group:BUNDLE y\\r\\n", "m=audio 0", "a=candidate" },
	  "BUNDLE x",
	  { { 1, 0 }, { 1, 0 } } },
	{ "reject gives single ones to both",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  TO_PLAIN BUNDLE("reject"),
	  PLAIN_AUDIO PLAIN_VIDEO,
	  { "m=audio" },
	  "BUNDLE",
	  { "m=video" },
	  "BUNDLE",
	  { { 0, 0 }, { 0, 0 } } },
	{ "remove, too",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  TO_PLAIN ",\"flags\":[\"BUNDLE-remove\"]",
	  PLAIN_AUDIO PLAIN_VIDEO,
	  { "m=audio" },
	  "BUNDLE",
	  { "m=video" },
	  "BUNDLE",
	  { { 0, 0 }, { 0, 0 } } },
	{ "a data channel is refused where its DTLS ends",
	  "a=group:BUNDLE x d\\r\\n" WEB(AUDIO)
		  WEB("m=application 4000 UDP/DTLS/SCTP webrtc-datachannel\\r\\na=mid:d\\r\\n"),
	  TO_PLAIN,
	  PLAIN_AUDIO "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\\r\\n",
	  { "m=application 0 " },
	  "BUNDLE",
	  { "a=group:BUNDLE x\\r\\n" },
	  "BUNDLE x d",
	  { { 1, 0 }, { 0, 0 } } },
	{ "a browser is offered a group if asked for",
	  PLAIN_AUDIO PLAIN_VIDEO,
	  TO_WEB BUNDLE("offer"),
	  "a=group:BUNDLE 1 2\\r\\n" WEB("m=audio 4000 " DTLS_F " 0\\r\\na=mid:1\\r\\n")
		  WEB("m=video 4000 " DTLS_F " 97\\r\\na=mid:2\\r\\n"),
	  { "a=group:BUNDLE 1 2", "a=mid:2", "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid" },
	  "a=mid:3",
	  { "m=video" },
	  "a=mid",
	  { { 0, 1 }, { 0, 1 } } },
	{ "it does not have to agree",
	  PLAIN_AUDIO PLAIN_VIDEO,
	  TO_WEB BUNDLE("offer"),
	  WEB("m=audio 4000 " DTLS_F " 0\\r\\na=mid:1\\r\\n")
		  WEB("m=video 4006 " DTLS_F " 97\\r\\na=mid:2\\r\\n"),
	  { "a=group:BUNDLE 1 2" },
	  "a=mid:3",
	  { "m=video" },
	  "BUNDLE",
	  { { 0, 0 }, { 0, 0 } } },
	{ "require offers one port",
	  PLAIN_AUDIO PLAIN_VIDEO,
	  TO_WEB BUNDLE("require"),
	  "a=group:BUNDLE 1 2\\r\\n" WEB("m=audio 4000 " DTLS_F " 0\\r\\na=mid:1\\r\\n")
		  WEB("m=video 4000 " DTLS_F " 97\\r\\na=mid:2\\r\\n"),
	  { "a=group:BUNDLE 1 2" },
	  "a=mid:3",
	  { "m=video" },
	  "BUNDLE",
	  { { 0, 1 }, { 0, 1 } } },
	{ "a group that was not offered is none",
	  PLAIN_AUDIO PLAIN_VIDEO,
	  TO_WEB,
	  "a=group:BUNDLE 1 2\\r\\n" WEB("m=audio 4000 " DTLS_F " 0\\r\\na=mid:1\\r\\n")
		  WEB("m=video 4006 " DTLS_F " 97\\r\\na=mid:2\\r\\n"),
	  { "m=video" },
	  "BUNDLE",
	  { "m=video" },
	  "a=mid",
	  { { 0, 0 }, { 0, 0 } } },
	{ "generate-mid",
	  PLAIN_AUDIO "a=mid:2\\r\\n" PLAIN_VIDEO,
	  TO_WEB ",\"flags\":[\"generate-mid\"]",
	  PLAIN_AUDIO PLAIN_VIDEO,
	  { "a=mid:2\\r\\n", "a=mid:relay2\\r\\n" },
	  "BUNDLE",
	  { "m=video" },
	  "BUNDLE",
	  { { 0, 0 }, { 0, 0 } } },
	{ "two browsers with keys of their own agree",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  "",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  { "a=group:BUNDLE x y" },
	  "BUNDLE y",
	  { "a=group:BUNDLE x y" },
	  "BUNDLE y",
	  { { 1, 1 }, { 1, 1 } } },
	{ "two browsers with keys of their own do not agree",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  "",
	  WEB(AUDIO) WEB(VIDEO),
	  { "a=group:BUNDLE x y" },
	  "BUNDLE y",
	  { "m=video" },
	  "BUNDLE",
	  { { 0, 0 }, { 0, 0 } } },
	{ "two browsers, each with the relay",
	  GROUP WEB(AUDIO) WEB(VIDEO),
	  ",\"DTLS\":\"passive\"",
	  WEB(AUDIO) WEB(VIDEO),
	  { "a=group:BUNDLE x y" },
	  "BUNDLE y",
	  { "a=group:BUNDLE x y" },
	  "BUNDLE y",
	  { { 1, 0 }, { 1, 0 } } },
};

static bool has_all(const char *text, const char *const parts[3])
{
	for (int i = 0; i < 3; i++)
		if (parts[i] && !strstr(text, parts[i]))
			return false;
	return true;
}

static int carrier_of(const struct call_scene *call, size_t index, int side)
{
	const struct dialog *dialog = call->scene.calls->calls->dialogs;
	const struct media *media = index < dialog->n_media ? dialog->media[index] : NULL;

	return media && media->bundle ? media->bundle->side[side].carrier : 0;
}

static void check(const struct call_scene *call, const struct row *row)
{
	bool fine = has_all(call->to_b, row->to_b) && has_all(call->to_a, row->to_a) &&
		    !strstr(call->to_b, row->not_b) && !strstr(call->to_a, row->not_a);

	for (int i = 0; i < 4; i++)
		fine = fine &&
		       carrier_of(call, (size_t)i >> 1, i & 1) == row->carrier[i >> 1][i & 1];
	if (fine)
		return;
	printf("%s:\nto b %s\nto a %s\ncarriers %d %d, %d %d\n", row->what, call->to_b, call->to_a,
	       carrier_of(call, 0, 0), carrier_of(call, 0, 1), carrier_of(call, 1, 0),
	       carrier_of(call, 1, 1));
	CU_FAIL(row->what);
}

static void test_groups_follow_the_flags(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call_scene call;

		open_call(&call);
		offer(&call, rows[i].offer, rows[i].flags);
		answer(&call, rows[i].answer);
		check(&call, &rows[i]);
		close_call(&call);
	}
}

static unsigned int port_of(const char *text, const char *type)
{
	const char *at = strstr(text, type);

	return at ? (unsigned int)atoi(at + strlen(type)) : 0;
}

/* Both m= lines have the port, the ufrag and the fingerprint of the first; candidates only once. */
static void test_answer_names_one_transport(void)
{
	const char *video, *ufrag;
	struct call_scene call;

	open_call(&call);
	offer(&call, GROUP WEB(AUDIO) WEB(VIDEO), TO_PLAIN);
	CU_ASSERT_NOT_EQUAL(port_of(call.to_b, "m=audio "), port_of(call.to_b, "m=video "));
	answer(&call, PLAIN_AUDIO PLAIN_VIDEO);
	CU_ASSERT_EQUAL(port_of(call.to_a, "m=audio "), port_of(call.to_a, "m=video "));
	video = strstr(call.to_a, "m=video ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(video);
	ufrag = strstr(call.to_a, "a=ice-ufrag:");
	CU_ASSERT_PTR_NOT_NULL_FATAL(ufrag);
	CU_ASSERT_EQUAL(strncmp(ufrag, strstr(video, "a=ice-ufrag:"), 20), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(call.to_a, "a=candidate:"));
	CU_ASSERT_PTR_NULL(strstr(video, "a=candidate:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(video, "a=fingerprint:"));
	close_call(&call);
}

/* The video comes later, to the transport that is there; and the audio goes, which had it. */
static void test_medias_come_and_go(void)
{
	struct call_scene call;
	unsigned int port;

	open_call(&call);
	offer(&call, "a=group:BUNDLE x\\r\\n" WEB(AUDIO), TO_PLAIN);
	answer(&call, PLAIN_AUDIO);
	port = port_of(call.to_a, "m=audio ");
	offer(&call, GROUP WEB(AUDIO) WEB(VIDEO), TO_PLAIN ",\"to-tag\":\"b\"");
	answer(&call, PLAIN_AUDIO PLAIN_VIDEO);
	CU_ASSERT_EQUAL(port_of(call.to_a, "m=video "), port);
	CU_ASSERT_EQUAL(carrier_of(&call, 1, SIDE_A), 1);
	offer(&call, "a=group:BUNDLE y\\r\\nm=audio 0 " DTLS_F " 0\\r\\na=mid:x\\r\\n" WEB(VIDEO),
	      TO_PLAIN ",\"to-tag\":\"b\"");
	answer(&call, NO_AUDIO PLAIN_VIDEO);
	CU_ASSERT_EQUAL(port_of(call.to_a, "m=video "), port);
	CU_ASSERT_PTR_NOT_NULL(call.scene.calls->calls->dialogs->media[0]);
	CU_ASSERT_PTR_NOT_NULL(strstr(call.to_a, "a=group:BUNDLE y\\r\\n"));
	close_call(&call);
}

/* --- Trickle ---------------------------------------------------------------------------------- */

#define PLAIN_ICE "m=audio 9 RTP/AVP 0\\r\\na=mid:x\\r\\na=rtcp-mux\\r\\n" ICE
#define CANDIDATE "a=candidate:1 1 udp 2130706431 127.0.0.1 4009 typ host\\r\\n"
#define FRAGMENT(ufrag, mid)                                                                       \
	"a=ice-ufrag:" ufrag                                                                       \
	"\\r\\na=ice-pwd:0123456789012345678901\\r\\nm=audio 9 RTP/AVP 0\\r\\n"                    \
	"a=mid:" mid "\\r\\n" CANDIDATE "a=end-of-candidates\\r\\n"

static void send_fragment(struct call_scene *call, const char *call_id, const char *tag,
			  const char *body)
{
	char payload[1024];

	snprintf(payload, sizeof(payload),
		 "{\"command\":\"offer\",\"call-id\":\"%s\",\"from-tag\":\"%s\","
		 "\"flags\":[\"fragment\"],\"sdp\":\"%s\"}",
		 call_id, tag, body);
	CU_ASSERT_STRING_EQUAL(ask_payload(&call->scene, payload), "7 {\"result\":\"ok\"}");
}

static enum ice_state state_of(const struct call_scene *call)
{
	return ice_state(call->scene.calls->calls->dialogs->media[0]->ice->side[SIDE_A].agent);
}

/* Without candidates the agent has nothing to do: it is due as soon as it has one. */
static void test_fragment_brings_candidates(void)
{
	static const struct {
		const char *what, *call_id, *tag, *body;
		bool counts;
	} rows_of[] = {
		{ "another call", "d", "a", FRAGMENT("abcd", "x"), false },
		{ "another phone", "c", "z", FRAGMENT("abcd", "x"), false },
		{ "other credentials", "c", "a", FRAGMENT("efgh", "x"), false },
		{ "no fragment", "c", "a", "nonsense\\r\\n", false },
		{ "its own", "c", "a", FRAGMENT("abcd", "x"), true },
		{ "by its place", "c", "a", FRAGMENT("abcd", "other"), true },
	};

	for (size_t i = 0; i < COUNT(rows_of); i++) {
		const struct ice_agent *agent;
		struct call_scene call;
		int64_t before;

		open_call(&call);
		offer(&call, PLAIN_ICE, ",\"ICE\":\"remove\",\"rtcp-mux\":[\"demux\"]");
		answer(&call, PLAIN_AUDIO);
		agent = call.scene.calls->calls->dialogs->media[0]->ice->side[SIDE_A].agent;
		before = ice_due(agent);
		send_fragment(&call, rows_of[i].call_id, rows_of[i].tag, rows_of[i].body);
		if ((ice_due(agent) != before) != rows_of[i].counts)
			CU_FAIL(rows_of[i].what);
		CU_ASSERT_EQUAL(state_of(&call), ICE_CHECKING);
		close_call(&call);
	}
}

TEST_SUITE(ng_bundle, { "fragment brings candidates", test_fragment_brings_candidates },
	   { "groups follow the flags", test_groups_follow_the_flags },
	   { "answer names one transport", test_answer_names_one_transport },
	   { "medias come and go", test_medias_come_and_go });
