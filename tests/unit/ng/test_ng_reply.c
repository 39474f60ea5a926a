/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_reply.c - reports in, literal replies out: each value of its own, in the place and unit
 * that proxies read
 */
#include "daemon/base/count.h"
#include "daemon/base/json.h"
#include "daemon/ng/reply.h"
#include "daemon/report/report.h"
#include "tests/unit/test.h"

static char text[16384];

/* The reply in JSON, double quotes written as single ones. */
static const char *make(const struct reply *reply)
{
	struct buf out = BUF_INIT(text, sizeof(text) - 1);
	struct arena *arena = arena_new(1 << 14);
	const struct dict *tree = ng_reply_make(arena, reply);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	json_encode(tree, &out);
	CU_ASSERT_FALSE(out.overflow);
	text[out.len] = '\0';
	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	arena_free(arena);
	return text;
}

static void check(const struct reply *reply, const char *expected)
{
	const char *got = make(reply);
	size_t same = 0;

	while (got[same] && got[same] == expected[same])
		same++;
	if (got[same] || expected[same]) {
		printf("after   %.*s\nexpected %s\ngot      %s\n", (int)same, got, expected + same,
		       got + same);
		CU_FAIL("another reply");
	}
}

static struct endpoint at(const char *address)
{
	struct endpoint ep;

	CU_ASSERT_FATAL(endpoint_parse(str_of(address), -1, &ep));
	return ep;
}

static void test_results(void)
{
	static const struct str calls[] = { STR("x"), STR("y") };
	static const struct {
		struct reply reply;
		const char *expected;
	} rows[] = {
		{ { .code = REPLY_OK }, "{'result':'ok'}" },
		{ { .code = REPLY_PONG }, "{'result':'pong'}" },
		{ { .code = REPLY_ERROR, .error = "why" },
		  "{'error-reason':'why','result':'error'}" },
		{ { .code = REPLY_OK, .warning = "why" }, "{'warning':'why','result':'ok'}" },
		{ { .code = REPLY_OK, .sdp = STR("v=0") }, "{'sdp':'v=0','result':'ok'}" },
		/* The SDP that was written before the offer failed. */
		{ { .code = REPLY_ERROR, .error = "why", .sdp = STR("v=0") },
		  "{'error-reason':'why','result':'error'}" },
		{ { .calls = calls, .n_calls = 2 }, "{'calls':['x','y'],'result':'ok'}" },
		{ { .calls = calls, .n_calls = 0 }, "{'calls':[],'result':'ok'}" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i].reply, rows[i].expected);
}

/* --- Calls ------------------------------------------------------------------------------------ */

#define NOW_MS		   100000
#define WALL_MINUS_MONO_MS INT64_C(1700000000500)

/* RTP from the phone goes through the kernel; RTCP in user space has not arrived yet. */
static struct media_report audio(void)
{
	return (struct media_report){
		.index = 1,
		.type = STR("audio"),
		.protocol = STR("RTP/AVP"),
		.codec = STR("PCMU"),
		.send = true,
		.asymmetric = true,
		.n_streams = 2,
		.stream = { [COMP_RTP] = { .local = at("192.0.2.1:4000"),
					   .signalled = at("198.51.100.1:5000"),
					   .latched = at("203.0.113.1:6000"),
					   .state = LATCH_LOCKED,
					   .rank = RANK_EXACT,
					   .relatched = 3,
					   .packets_in = 11,
					   .bytes_in = 12,
					   .packets_out = 13,
					   .bytes_out = 14,
					   .errors_out = 15,
					   .drops[DROP_SOURCE] = 16,
					   .last_in_ms = 90000,
					   .in_kernel = true,
					   .why_user = "no longer valid",
					   .kernel_packets_in = 17,
					   .ssrc_known = true,
					   .ssrc = 4000000000,
					   .last_timestamp = 4000000001,
					   .last_seq = 60000,
					   .expected = 21,
					   .lost = 22,
					   .reordered = 23,
					   .duplicate = 24,
					   .gaps = 25,
					   .jitter_ms = 1.2346 },
			    [COMP_RTCP] = { .local = at("192.0.2.1:4001"),
					    .signalled = at("198.51.100.1:5001"),
					    .state = LATCH_LEARN,
					    .why_user = "no source yet" } },
		.advertised = { at("203.0.113.9:4000"), at("192.0.2.1:4001") },
		.rtcp = { .at_ms = 99000,
			  .type = 201,
			  .far = { true, 31, 32, 33, 0 },
			  .rtt_us = 34 },
		.quality = { .samples = 2,
			     .average = { 0, 41000, 42000, 43499, 250, 435 },
			     .lowest = { 50000, 44000, 45000, 46500, 149, 104 },
			     .highest = { 60000, 47000, 48000, 49000, 0, 450 },
			     .far = { true, 51, 52, 53, 0 },
			     .leg_us = 54,
			     .interval_s = 5,
			     .entries = 1,
			     .entry = { { 70000, 55000, 56000, 57000, 1050, 444 } } },
	};
}

#define AUDIO_MOS                                                                                  \
	"'average MOS':{'MOS':44,'round-trip time':41000,'round-trip time leg':42000,"             \
	"'jitter':43,'packet loss':3,'samples':2},"                                                \
	"'lowest MOS':{'MOS':10,'round-trip time':44000,'round-trip time leg':45000,"              \
	"'jitter':47,'packet loss':1,'reported at':1700000050},"                                   \
	"'highest MOS':{'MOS':45,'round-trip time':47000,'round-trip time leg':48000,"             \
	"'jitter':49,'packet loss':0,'reported at':1700000060},"                                   \
	"'MOS progression':{'interval':5,'entries':[{'MOS':44,'round-trip time':55000,"            \
	"'round-trip time leg':56000,'jitter':57,'packet loss':11,'reported at':1700000070}]}"
#define AUDIO_RTP                                                                                  \
	"{'local port':4000,'local address':'192.0.2.1','family':'IPv4',"                          \
	"'endpoint':{'family':'IPv4','address':'203.0.113.1','port':6000},"                        \
	"'advertised endpoint':{'family':'IPv4','address':'198.51.100.1','port':5000},"            \
	"'local advertised':{'family':'IPv4','address':'203.0.113.9','port':4000},"                \
	"'last packet':1700000090,'SSRC':4000000000,'path':'kernel','latch':'locked',"             \
	"'latch rank':3,'relatched':3,'flags':['RTP','filled','confirmed','kernelized'],"          \
	"'stats':{'packets':11,'bytes':12,'errors':15},"                                           \
	"'stats_out':{'packets':13,'bytes':14,'errors':15},"                                       \
	"'kernel packets':17,'kernel packets out':0,"                                              \
	"'reception':{'expected':21,'lost':22,'gaps':25,'reordered':23,'duplicates':24,"           \
	"'jitter us':1235},"                                                                       \
	"'far reception':{'lost':52,'fraction lost':51,'jitter us':53,'round-trip time':54},"      \
	"'drops':{'source':16}}"
#define AUDIO_RTCP                                                                                 \
	"{'local port':4001,'local address':'192.0.2.1','family':'IPv4',"                          \
	"'endpoint':{'family':'IPv4','address':'198.51.100.1','port':5001},"                       \
	"'advertised endpoint':{'family':'IPv4','address':'198.51.100.1','port':5001},"            \
	"'last packet':0,'path':'user','path reason':'no source yet','latch':'learn',"             \
	"'latch rank':0,'relatched':0,'flags':['RTCP','filled','no kernel support'],"              \
	"'stats':{'packets':0,'bytes':0,'errors':0},"                                              \
	"'stats_out':{'packets':0,'bytes':0,'errors':0},"                                          \
	"'last RTCP':{'type':201,'received':1700000099,'ago ms':1000,'lost':32,"                   \
	"'fraction lost':31,'jitter us':33,'round-trip time':34},'drops':{}}"

static void check_call(struct call_report call, const char *ssrcs, const char *tags)
{
	char expected[sizeof(text)];

	call.now_ms = NOW_MS;
	call.wall_minus_mono_ms = WALL_MINUS_MONO_MS;
	snprintf(expected, sizeof(expected),
		 "{'created':0,'created_us':0,'last signal':0,'SSRC':{%s},'tags':{%s},"
		 "'totals':{'RTP':{'packets':0,'bytes':0,'errors':0},"
		 "'RTCP':{'packets':0,'bytes':0,'errors':0}},'result':'ok'}",
		 ssrcs, tags);
	check(&(struct reply){ .call = &call }, expected);
}

static void test_media_of_a_party(void)
{
	struct media_report media = audio();
	struct party_report party = {
		.tag = STR("a"), .created_s = 5, .media = &media, .n_media = 1, .peer = 0
	};
	struct call_report call = { .party = &party, .n_parties = 1 };

	check_call(call,
		   "'4000000000':{'bytes':12,'packets':11,'last RTP timestamp':4000000001,"
		   "'last RTP seq':60000,'cumulative loss':22," AUDIO_MOS "}",
		   "'a':{'tag':'a','created':5,"
		   "'subscriptions':[{'tag':'a','type':'offer/answer'}],"
		   "'subscribers':[{'tag':'a','type':'offer/answer'}],"
		   "'medias':[{'index':1,'type':'audio','protocol':'RTP/AVP','codec':'PCMU',"
		   "'streams':[" AUDIO_RTP "," AUDIO_RTCP "],"
		   "'flags':['initialized','send','asymmetric']}]}");
}

/* The flags of a media, and of its streams where they depend on it. */
static void test_flags_of_media(void)
{
	static const struct {
		struct media_report media;
		const char *flags, *rtp, *rtcp; /* rtcp: NULL, there is no second stream */
	} rows[] = {
		{ { .recv = true, .n_streams = 2 }, ",'recv'", "'RTP',", "'RTCP'," },
		{ { .mux = true, .n_streams = 2 },
		  ",'rtcp-mux'",
		  "'RTP','RTCP',",
		  "'RTCP','fallback RTCP'," },
		{ { .sdes = true, .n_streams = 2 }, ",'SDES','passthrough'", "'RTP',", "'RTCP'," },
		{ { .dtls = true, .n_streams = 2 },
		  ",'DTLS-SRTP','passthrough'",
		  "'RTP',",
		  "'RTCP'," },
		{ { .opaque = true, .n_streams = 1 }, ",'passthrough'", "", NULL },
		{ { .unidirectional = true, .n_streams = 1 }, ",'unidirectional'", "'RTP',", NULL },
		{ { .blocked = true, .n_streams = 1 }, ",'blocked'", "'RTP',", NULL },
		{ { .silenced = true, .n_streams = 1 }, ",'silenced'", "'RTP',", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct media_report media = rows[i].media;
		struct party_report party = { .tag = STR("a"), .media = &media, .n_media = 1 };
		struct call_report call = { .party = &party, .n_parties = 1 };
		const char *streams[] = { rows[i].rtp, rows[i].rtcp };
		char expected[128];
		const char *rest;

		rest = make(&(struct reply){ .call = &call });
		for (size_t comp = 0; comp < 2 && streams[comp]; comp++) {
			snprintf(expected, sizeof(expected), "'flags':[%s'no kernel support']",
				 streams[comp]);
			rest = strstr(rest, "'flags':");
			CU_ASSERT_FATAL(rest && str_starts(str_of(rest), str_of(expected)));
			rest++;
		}
		snprintf(expected, sizeof(expected), "'flags':['initialized'%s]", rows[i].flags);
		rest = strstr(rest, "'flags':");
		CU_ASSERT(rest && str_starts(str_of(rest), str_of(expected)));
	}
}

/* The part of a reply from @from to @to, or "". */
static const char *part(const char *reply, const char *from, const char *to)
{
	static char found[1024];
	const char *begin = strstr(reply, from);
	const char *end = begin ? strstr(begin, to) : NULL;

	snprintf(found, sizeof(found), "%.*s", end ? (int)(end - begin) : 0, end ? begin : "");
	return found;
}

static size_t occurrences(const char *reply, const char *what)
{
	size_t n = 0;

	for (; (reply = strstr(reply, what)); reply++)
		n++;
	return n;
}

/* With rtcp-mux the last RTCP belongs to the stream of RTP. An age below 0 is shown as 0. */
static void test_last_rtcp_with_mux(void)
{
	struct media_report media = { .mux = true,
				      .n_streams = 2,
				      .rtcp = { .at_ms = NOW_MS + 5, .type = 200 } };
	struct party_report party = { .tag = STR("a"), .media = &media, .n_media = 1 };
	struct call_report call = { .party = &party,
				    .n_parties = 1,
				    .now_ms = NOW_MS,
				    .wall_minus_mono_ms = WALL_MINUS_MONO_MS };
	const char *reply = make(&(struct reply){ .call = &call });

	CU_ASSERT_EQUAL(occurrences(reply, "'last RTCP'"), 1);
	CU_ASSERT_STRING_EQUAL(part(reply, "'last RTCP'", ",'drops'"),
			       "'last RTCP':{'type':200,'received':1700000100,'ago ms':0}");
	CU_ASSERT(strstr(reply, "'last RTCP'") < strstr(reply, "'fallback RTCP'"));
	media.rtcp.at_ms = 0;
	CU_ASSERT_EQUAL(occurrences(make(&(struct reply){ .call = &call }), "'last RTCP'"), 0);
}

/* One way in the kernel; a phone that reports nothing; IPv6; no source yet. */
static void test_streams_that_lack_something(void)
{
	struct media_report media = { .n_streams = 1,
				      .stream[COMP_RTP] = { .local = at("[2001:db8::1]:4000"),
							    .in_kernel = true,
							    .kernel_packets_out = 7 } };
	struct party_report party = { .tag = STR("a"), .media = &media, .n_media = 1 };
	struct call_report call = { .party = &party, .n_parties = 1 };
	const char *reply = make(&(struct reply){ .call = &call });

	CU_ASSERT_STRING_EQUAL(part(reply, "'local port'", ",'last packet'"),
			       "'local port':4000,'local address':'2001:db8::1','family':'IPv6'");
	CU_ASSERT_STRING_EQUAL(part(reply, "'kernel packets'", ",'drops'"),
			       "'kernel packets':0,'kernel packets out':7");
	CU_ASSERT_STRING_EQUAL(part(reply, "'last packet'", ",'stats'"),
			       "'last packet':0,'path':'kernel','latch':'wait','latch rank':0,"
			       "'relatched':0,'flags':['RTP','kernelized']");
	media.stream[COMP_RTP].kernel_packets_in = 8;
	media.stream[COMP_RTP].kernel_packets_out = 0;
	media.stream[COMP_RTP].signalled = at("[2001:db8::2]:5000");
	reply = make(&(struct reply){ .call = &call });
	CU_ASSERT_STRING_EQUAL(part(reply, "'kernel packets'", ",'drops'"),
			       "'kernel packets':8,'kernel packets out':0");
	CU_ASSERT_STRING_EQUAL(part(reply, "'endpoint'", ",'advertised endpoint'"),
			       "'endpoint':{'family':'IPv6','address':'2001:db8::2','port':5000}");
	CU_ASSERT_PTR_NULL(strstr(reply, "reception"));
}

#define PEER(key, peer) "'" key "':[{'tag':'" peer "','type':'offer/answer'}],"
#define PEERS(peer)	PEER("subscriptions", peer) PEER("subscribers", peer)
#define NO_PEERS	"'subscriptions':[],'subscribers':[],"
#define MEDIA		"'medias':[{'index':0,'type':'audio','streams':[],'flags':['initialized']}]}"
#define NO_MEDIA	"'medias':[]}"

/* Forks: parties with the same tag, and without one. An SSRC of two forks is shown once. */
static void test_parties_of_forks(void)
{
	static struct str aliases[] = { STR("b2"), STR("b3") };
	struct media_report media = { .type = STR("audio"),
				      .stream[COMP_RTP] = { .ssrc_known = true, .ssrc = 7 } };
	struct party_report parties[] = {
		{ .tag = STR("a"), .via_branch = STR("z"), .label = STR("l"), .peer = 1 },
		{ .tag = STR("b"), .aliases = aliases, .n_aliases = 2, .peer = 0 },
		{ .tag = STR("a"), .peer = 3, .media = &media, .n_media = 1 },
		{ .peer = 2 },
		{ .tag = STR("a"), .peer = 5, .media = &media, .n_media = 1 },
		{ .peer = 4 },
	};
	struct call_report call = { .party = parties, .n_parties = COUNT(parties) };

	check_call(call,
		   "'7':{'bytes':0,'packets':0,'last RTP timestamp':0,'last RTP seq':0,"
		   "'cumulative loss':0}",
		   "'a':{'tag':'a','via-branch':'z','label':'l','created':0," PEERS("b") NO_MEDIA
		   ",'b':{'tag':'b','created':0,'tag-aliases':['b2','b3']," PEERS("a") NO_MEDIA
		   ",'a<fork 2>':{'tag':'a','created':0," NO_PEERS MEDIA
		   ",'<unanswered 2>':{'tag':'','created':0," PEERS("a") NO_MEDIA
		   ",'a<fork 3>':{'tag':'a','created':0," NO_PEERS MEDIA
		   ",'<unanswered 3>':{'tag':'','created':0," PEERS("a") NO_MEDIA);
}

static void test_the_call_itself(void)
{
	struct call_report call = { .created_s = 1,
				    .created_us = 2,
				    .last_signal_s = 3,
				    .metadata = STR("m"),
				    .rtp_packets = 4,
				    .rtp_bytes = 5,
				    .rtp_errors = 6,
				    .rtcp_packets = 7,
				    .rtcp_bytes = UINT64_MAX, /* more than both encodings have */
				    .rtcp_errors = 9 };

	check(&(struct reply){ .call = &call },
	      "{'created':1,'created_us':2,'last signal':3,'metadata':'m','SSRC':{},'tags':{},"
	      "'totals':{'RTP':{'packets':4,'bytes':5,'errors':6},"
	      "'RTCP':{'packets':7,'bytes':9223372036854775807,'errors':9}},'result':'ok'}");
}

static void test_recording_names_who_is_left_out(void)
{
	struct party_report party[2] = { { .tag = STR("a"), .peer = 1 },
					 { .tag = STR("b"), .peer = 0, .unrecorded = true } };
	struct call_report call = { .recording = "/r/x.pcap", .party = party, .n_parties = 2 };
	const char *got = make(&(struct reply){ .call = &call });

	CU_ASSERT_PTR_NOT_NULL(strstr(got, "'recording':{'call recording':0}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "'tag':'a','created':0,'recording':{'excluded':0},"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "'tag':'b','created':0,'recording':{'excluded':1},"));
	call.recording = NULL;
	got = make(&(struct reply){ .call = &call });
	CU_ASSERT_PTR_NULL(strstr(got, "call recording"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "'tag':'a','created':0,'sub"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "'tag':'b','created':0,'recording':{'excluded':1},"));
}

/* --- The daemon ------------------------------------------------------------------------------- */

static const char current[] =
	"'currentstatistics':{'sessionsown':101,'sessionsforeign':0,'sessionstotal':101,"
	"'transcodedmedia':0,'packetrate_user':1,'byterate_user':2,'errorrate_user':3,"
	"'packetrate_kernel':10,'byterate_kernel':20,'errorrate_kernel':30,"
	"'packetrate':11,'byterate':22,'errorrate':33,"
	"'media_userspace':111,'media_kernel':112,'media_mixed':113,'streams':102},";
static const char total[] =
	"'totalstatistics':{'uptime':103,'managedsessions':201,'rejectedsessions':202,"
	"'timeoutsessions':203,'silenttimeoutsessions':204,'finaltimeoutsessions':211,"
	"'offertimeoutsessions':205,'regularterminatedsessions':206,'forcedterminatedsessions':207,"
	"'relayedpackets_user':4,'relayedpacketerrors_user':6,'relayedbytes_user':5,"
	"'relayedpackets_kernel':40,'relayedpacketerrors_kernel':60,'relayedbytes_kernel':50,"
	"'relayedpackets':44,'relayedpacketerrors':66,'relayedbytes':55,"
	"'zerowaystreams':208,'onewaystreams':209,"
	/* 2051.025 s in 203 + 204 + 205 + 206 + 207 calls */
	"'avgcallduration':'2.001000',"
	"'drops':{'malformed':300,'kind':301,'source':302,'patience':303,'no_destination':304,"
	"'destination':305,'blocked':306,'send_queue':307,'unreachable':308,'too_large':309,"
	"'loop':310,'ttl':311,'receive_queue':312,'banned':313,'no_keys':314,"
	"'srtp_auth':315,'srtp_replay':316,'not_vouched':317,'handshake_queue':318,'dtmf':319,'"
	"bundle':320,'"
	"prompt':321}},";
/* Of the verbs all but the first and one other are 0. */
#define NO_VERB(prefix, verb) "'" prefix verb "count':0,'" prefix verb "duration':'0.000000',"
#define ALL_VERBS(prefix, count, duration)                                                         \
	NO_VERB(prefix, "offer")                                                                   \
	NO_VERB(prefix, "answer")                                                                  \
	NO_VERB(prefix, "delete")                                                                  \
	NO_VERB(prefix, "query")                                                                   \
	NO_VERB(prefix, "list")                                                                    \
	NO_VERB(prefix, "statistics")                                                              \
	NO_VERB(prefix, "blockmedia")                                                              \
	NO_VERB(prefix, "unblockmedia")                                                            \
	NO_VERB(prefix, "blockDTMF")                                                               \
	NO_VERB(prefix, "unblockDTMF")                                                             \
	NO_VERB(prefix, "silencemedia")                                                            \
	"'" prefix "unsilencemediacount':" count ",'" prefix "unsilencemediaduration':'" duration  \
	"'," NO_VERB(prefix, "startrecording") NO_VERB(prefix, "stoprecording")                    \
		NO_VERB(prefix, "pauserecording") NO_VERB(prefix, "playmedia")                     \
			NO_VERB(prefix, "stopmedia") NO_VERB(prefix, "subscriberequest")           \
				NO_VERB(prefix, "subscribeanswer") NO_VERB(prefix, "unsubscribe")
static const char one_proxy[] = "'controlstatistics':{'proxies':[{'proxy':'192.0.2.1',"
				"'pingcount':1,'pingduration':'0.000002'," ALL_VERBS(
					"", "3", "4.000005") "'errorcount':6},";
static const char other_proxies[] =
	"{'proxy':'others','pingcount':10,'pingduration':'0.000020'," ALL_VERBS(
		"", "30", "40.000050") "'errorcount':60}],";
static const char all_proxies[] =
	"'totalpingcount':11,'totalpingduration':'0.000022'," ALL_VERBS("total", "33", "44.000055");
static const char control[] =
	"'requests':401,'replies':402,'replayed':403,'malformed':404,'notallowed':405,"
	"'unknowncommands':406,'repliestoolarge':407,'sendfailed':408},";
static const char interfaces[] =
	"'interfaces':[{'name':'pub','address':{'family':'IPv4','address':'192.0.2.2'},"
	"'advertised address':{'family':'IPv6','address':'2001:db8::2'},"
	"'ports':{'pairs':501,'used':502,'free':503,'quarantined':504,'taken by others':505}}]";

static void test_statistics(void)
{
	struct iface_report iface = { .name = STR("pub"),
				      .bind = at("192.0.2.2:0"),
				      .advertised = at("[2001:db8::2]:0"),
				      .ports = { .pairs = 501,
						 .used = 502,
						 .free = 503,
						 .quarantined = 504,
						 .taken_by_others = 505 } };
	struct daemon_report report = {
		.calls = 101,
		.streams = 102,
		.uptime_s = 103,
		.media_by_path = { [PATH_USER] = 111, [PATH_KERNEL] = 112, [PATH_MIXED] = 113 },
		.relayed = { [PATH_USER] = { 4, 5, 6 }, [PATH_KERNEL] = { 40, 50, 60 } },
		.iface = &iface,
		.n_ifaces = 1,
		.stats = { .calls_made = 201,
			   .calls_rejected = 202,
			   .calls_timeout = 203,
			   .calls_silent_timeout = 204,
			   .calls_offer_timeout = 205,
			   .calls_final_timeout = 211,
			   .calls_deleted = 206,
			   .calls_forced = 207,
			   .zero_way = 208,
			   .one_way = 209,
			   .duration_ms = 2473236,
			   .requests = 401,
			   .replies = 402,
			   .replayed = 403,
			   .malformed = 404,
			   .not_allowed = 405,
			   .unknown_command = 406,
			   .reply_too_large = 407,
			   .send_failed = 408,
			   .sample.rate = { [PATH_USER] = { 1, 2, 3 },
					    [PATH_KERNEL] = { 10, 20, 30 } },
			   .n_proxies = 2,
			   .proxy = { { .addr = at("192.0.2.1:0"),
					.count = { [VERB_PING] = 1, [VERB_UNSILENCE_MEDIA] = 3 },
					.duration_us = { [VERB_PING] = 2,
							 [VERB_UNSILENCE_MEDIA] = 4000005 },
					.errors = 6 },
				      { .count = { [VERB_PING] = 10, [VERB_UNSILENCE_MEDIA] = 30 },
					.duration_us = { [VERB_PING] = 20,
							 [VERB_UNSILENCE_MEDIA] = 40000050 },
					.errors = 60 } } },
	};
	char expected[sizeof(text)];

	for (size_t i = 0; i < DROP_COUNT; i++)
		report.drops[i] = 300 + i;
	snprintf(expected, sizeof(expected), "{'statistics':{%s%s%s%s%s%s%s},'result':'ok'}",
		 current, total, one_proxy, other_proxies, all_proxies, control, interfaces);
	check(&(struct reply){ .statistics = &report }, expected);
}

TEST_SUITE(ng_reply, { "results", test_results }, { "media of a party", test_media_of_a_party },
	   { "flags of media", test_flags_of_media },
	   { "last RTCP with rtcp-mux", test_last_rtcp_with_mux },
	   { "streams that lack something", test_streams_that_lack_something },
	   { "parties of forks", test_parties_of_forks },
	   { "the call itself", test_the_call_itself },
	   { "recording names who is left out", test_recording_names_who_is_left_out },
	   { "statistics", test_statistics });
