/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_reply.c - the numbers that Q, I and G return; calls of one protocol are visible in the
 * other
 */
#include "rtpp_ask.h"
#include "tests/unit/kernel/kmod_scene.h"

static void test_numbers(void)
{
	static const struct ask_row rows[] = {
		{ "I", "sessions created: 0\nactive sessions: 0\nactive streams: 0\npackets "
		       "received: 0\n"
		       "packets transmitted: 0\n" },
		{ "G", "\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4000 a;2", "# 127.80.0.1\n" },
		{ "IBL", "sessions created: 2\nactive sessions: 2\nactive streams: 8\npackets "
			 "received: 0\n"
			 "packets transmitted: 0\naverage load: 0.000000\n" },
		{ "L c 192.0.2.2 4000 a;1 b;1", "# 127.80.0.1\n" },
		{ "Q c a;1 b", "60 0 0 0 0\n" },
		{ "QV c a;1", "ttl=60 npkts_ina=0 npkts_ino=0 nrelayed=0 ndropped=0\n" },
		{ "Q c a;1 b;1 rtpa_nsent ttl rtpa_nrcvd rtpa_ndups rtpa_nlost rtpa_perrs",
		  "0 60 0 0 0 0\n" },
		{ "Qv c a;1 b;1 NRELAYED", "nrelayed=0\n" },
		{ "Q c a;1 b;1 ttl longest_ipi", "E62\n" },
		{ "D c a", "0\n" },
		{ "G nsess_created nsess_destroyed nsess_timeout nsess_complete", "2 2 0 2\n" },
		{ "Gv nsess_nortp nsess_owrtp nsess_nortcp nsess_owrtcp",
		  "nsess_nortp=2 nsess_owrtp=0 nsess_nortcp=2 nsess_owrtcp=0\n" },
		{ "G npkts_rcvd npkts_relayed npkts_discard npkts_played nplrs_created",
		  "0 0 0 0 0\n" },
		{ "G rtpa_nsent rtpa_nrcvd rtpa_ndups rtpa_nlost rtpa_perrs", "0 0 0 0 0\n" },
		{ "Gv pps_in", "pps_in=0.000000\n" },
		/* The state before this command: one failed, and this one is not counted yet. */
		{ "G ncmds_succd ncmds_errs ncmds_repld", "16 1 17\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* A phone's socket; *port gets its port. */
static int socket_at(uint32_t address, uint16_t *port)
{
	struct endpoint addr = { .in4 = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(address) } };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	scene_must(fd >= 0 && !bind(fd, &addr.sa, len) && !getsockname(fd, &addr.sa, &len),
		   "phone");
	*port = endpoint_port(&addr);
	return fd;
}

static int phone(uint16_t *port)
{
	return socket_at(0x7f500009, port);
}

static void say(int fd, unsigned int port, uint16_t seq)
{
	struct endpoint to = { .in4 = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(0x7f500001) } };
	uint8_t packet[172] = { 0x80, 0, (uint8_t)(seq >> 8), (uint8_t)seq };
	uint32_t timestamp = htonl(seq * 160U);

	memcpy(packet + 4, &timestamp, sizeof(timestamp));
	endpoint_set_port(&to, (uint16_t)port);
	CU_ASSERT_EQUAL(sendto(fd, packet, sizeof(packet), 0, &to.sa, sizeof(to.in4)),
			sizeof(packet));
}

static bool hears(int fd)
{
	struct pollfd pollfd = { fd, POLLIN, 0 };
	uint8_t packet[256];

	return poll(&pollfd, 1, SCENE_DEADLINE_MS) == 1 && recv(fd, packet, sizeof(packet), 0) > 0;
}

/* Repeats the query: a packet may be received before it is counted as sent. */
static bool says(struct scene *scene, const char *command, const char *expected)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (strcmp(ask(scene, command), expected))
		if (clock_ms() > until_ms)
			return false;
	return true;
}

/* An empty datagram: malformed, unless it is the keep-alive of a phone. */
static void say_nothing(int fd, unsigned int port)
{
	struct endpoint to = { .in4 = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(0x7f500001) } };

	endpoint_set_port(&to, (uint16_t)port);
	CU_ASSERT_EQUAL(sendto(fd, "", 0, 0, &to.sa, sizeof(to.in4)), 0);
}

/*
 * Three packets of the caller, one of the callee; one and two that are dropped. The kernel module
 * has relayed 50 more, of other calls.
 */
static void test_packets_of_both_sides_and_paths(void)
{
	uint16_t a_at, b_at, at;
	int a = phone(&a_at), b = phone(&b_at), stranger = socket_at(0x7f50000a, &at);
	unsigned int a_to, b_to;
	struct scene scene;
	char text[128];

	scene_open(&scene);
	snprintf(text, sizeof(text), "Uc0 c 127.80.0.9 %u a;1", a_at);
	b_to = ask_port(&scene, text);
	snprintf(text, sizeof(text), "Lc0 c 127.80.0.9 %u a;1 b;1", b_at);
	a_to = ask_port(&scene, text);
	for (uint16_t seq = 0; seq < 3; seq++) {
		say(a, a_to, seq);
		CU_ASSERT(hears(b));
	}
	say(b, b_to, 0);
	CU_ASSERT(hears(a));
	say_nothing(stranger, a_to);
	say_nothing(stranger, b_to);
	say_nothing(stranger, b_to);
	CU_ASSERT(says(&scene, "Q c a;1 b", "60 3 1 4 3\n"));
	CU_ASSERT(says(&scene, "Q c b a;1", "60 1 3 4 3\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c b a;1 rtpa_nsent rtpa_perrs"), "1 2\n");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "G npkts_rcvd npkts_relayed npkts_discard"), "7 4 3\n");
	scene.calls->conf.kmod = start(true);
	fake.past_packets = 50;
	CU_ASSERT_STRING_EQUAL(ask(&scene, "G npkts_rcvd npkts_relayed npkts_discard"),
			       "57 54 3\n");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(ask(&scene, "I"), "packets received: 57\npackets transmitted: 54\n"));
	end(scene.calls->conf.kmod);
	scene.calls->conf.kmod = NULL;
	CU_ASSERT(scene_close(&scene));
	close(a);
	close(b);
	close(stranger);
}

static void test_refused_commands_count_for_the_proxy(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 x a;1", "E37\n" },
		{ "L c 192.0.2.2 4000 b;9", "0\n" },
		{ "Q c x", "E50\n" },
		{ "D c a", "0\n" },
		{ "D c a", "E50\n" },
	};
	const struct proxy_stats *row;
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	row = &scene.stats.proxy[0];
	CU_ASSERT_EQUAL(row->count[VERB_OFFER], 2);
	CU_ASSERT_EQUAL(row->count[VERB_ANSWER], 1);
	CU_ASSERT_EQUAL(row->count[VERB_QUERY], 1);
	CU_ASSERT_EQUAL(row->count[VERB_DELETE], 2);
	CU_ASSERT_EQUAL(row->errors, 3);
	CU_ASSERT(row->duration_us[VERB_OFFER] > 0);
	CU_ASSERT(scene_close(&scene));
}

/* One of every ten packets of the caller is lost. */
static void test_quality_of_a_call(void)
{
	double sent, received, lost, mos, mos_lowest, percent, jitter_ms, rtt_ms;
	uint16_t a_at, b_at;
	int a = phone(&a_at), b = phone(&b_at);
	unsigned int to_relay;
	struct scene scene;
	char text[128];

	scene_open(&scene);
	snprintf(text, sizeof(text), "Uc0 c 127.80.0.9 %u a;1", a_at);
	ask(&scene, text);
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;1 b mos mos_highest loss_percent rtt_ms"),
			       "0.000000 0.000000 0.000000 0.000000\n");
	snprintf(text, sizeof(text), "Lc0 c 127.80.0.9 %u a;1 b;1", b_at);
	to_relay = ask_port(&scene, text);
	for (uint16_t seq = 0; seq < 100; seq++) {
		if (seq % 10 == 5)
			continue;
		say(a, to_relay, seq);
		CU_ASSERT_FATAL(hears(b));
	}
	ask(&scene, "Q c a;1 b rtpa_nsent rtpa_nrcvd rtpa_nlost mos mos_lowest loss_percent "
		    "jitter_ms rtt_ms");
	CU_ASSERT_EQUAL_FATAL(sscanf(ask_answer, "%lf %lf %lf %lf %lf %lf %lf %lf\n", &sent,
				     &received, &lost, &mos, &mos_lowest, &percent, &jitter_ms,
				     &rtt_ms),
			      8);
	CU_ASSERT(sent == 100 && received == 90 && lost == 10 && percent == 10);
	CU_ASSERT(mos > 1 && mos < 4 && mos_lowest <= mos);
	CU_ASSERT(jitter_ms > 0 && rtt_ms == 0);
	/* The callee has sent nothing. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c b a;1 rtpa_nsent mos"), "0 0.000000\n");
	CU_ASSERT(says(&scene, "Q c a;1 b", "60 90 0 90 0\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a"), "0\n");
	CU_ASSERT_EQUAL(sscanf(ask(&scene, "Gv mos loss_percent rtpa_nlost"),
			       "mos=%lf loss_percent=%lf rtpa_nlost=%lf", &mos_lowest, &percent,
			       &lost),
			3);
	CU_ASSERT(mos_lowest > mos - 0.01 && mos_lowest < mos + 0.01 && percent == 10 &&
		  lost == 10);
	CU_ASSERT(scene_close(&scene));
	close(a);
	close(b);
}

static void test_calls_of_either_protocol_are_the_same_calls(void)
{
	static const char sdp[] =
		"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP 0\r\n";
	struct request request = { .call_id = STR("ng"),
				   .from_tag = STR("a"),
				   .sdp = STR(sdp),
				   .limit = 32,
				   .tos = TOS_UNSET };
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	ask(&scene, "U classic 192.0.2.1 4000 a;1");
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	reply = scene_run(&scene, command_list, request);
	CU_ASSERT_EQUAL(reply.n_calls, 2);
	CU_ASSERT(str_eq(reply.calls[0], STR("classic")));
	/* Both protocols count all calls. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "G nsess_created"), "2\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(ask(&scene, "I"), "active sessions: 2\nactive streams: 8\n"));
	reply = scene_run(&scene, command_statistics, request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply.statistics);
	CU_ASSERT_EQUAL(reply.statistics->calls, 2);
	CU_ASSERT_EQUAL(reply.statistics->media, 2);
	CU_ASSERT_EQUAL(reply.statistics->stats.medias.made, 2);
	/* Each protocol ends calls of the other. */
	CU_ASSERT(ask_matches(ask(&scene, "Q ng a"), "# 0 0 0 0\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D ng a"), "0\n");
	request.call_id = STR("classic");
	reply = scene_run(&scene, command_query, request);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply.call);
	CU_ASSERT_EQUAL(reply.call->n_parties, 2);
	CU_ASSERT_EQUAL(reply.call->party[0].n_media, 1);
	scene_run(&scene, command_delete, request);
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q classic a"), "E50\n");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "G nsess_destroyed"), "2\n");
	CU_ASSERT_EQUAL(
		scene_run(&scene, command_statistics, request).statistics->stats.medias.ended, 2);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_reply, { "numbers", test_numbers },
	   { "packets of both sides and paths", test_packets_of_both_sides_and_paths },
	   { "refused commands count for the proxy", test_refused_commands_count_for_the_proxy },
	   { "quality of a call", test_quality_of_a_call },
	   { "calls of either protocol are the same calls",
	     test_calls_of_either_protocol_are_the_same_calls });
