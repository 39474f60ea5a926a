/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_command.c - effect of offers and answers on ports and bridges; blocking; out of memory
 */
#include "daemon/base/count.h"
#include "daemon/call/media.h"
#include "daemon/report/report.h"
#include "command_scene.h"
#include "tests/unit/journal_spy.h"
#include "tests/unit/test.h"

static void test_endpoints_come_from_sdp(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_A].sdp[COMP_RTP], "192.0.2.1:4000"));
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_A].sdp[COMP_RTCP], "192.0.2.1:4001"));
	CU_ASSERT_FALSE(endpoint_is_set(&conf_of(&scene, 0)->side[SIDE_B].sdp[COMP_RTP]));
	answer(&scene, B_HEAD "m=audio 5000 RTP/AVP 0\r\na=rtcp:5555 IN IP4 192.0.2.9\r\n");
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_B].sdp[COMP_RTP], "192.0.2.2:5000"));
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_B].sdp[COMP_RTCP], "192.0.2.9:5555"));
	CU_ASSERT(scene_close(&scene));
}

static void test_flags_concern_the_sender(void)
{
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;

	scene_open(&scene);
	request.flags =
		REQ_ASYMMETRIC | REQ_STRICT_SOURCE | REQ_HANDOVER | REQ_TRUST_SIP | REQ_LATCHING;
	request.latching = LATCH_STRICT;
	request.tos = 184;
	request.keepalive_s = 15;
	request.pierce_nat = true;
	endpoint_parse_addr(STR("198.51.100.1"), AF_INET, &request.received_from);
	scene_run(&scene, command_offer, request);
	answer(&scene, B_HEAD AUDIO);
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->side[SIDE_A].flags,
			SIDE_ASYMMETRIC | SIDE_STRICT_SOURCE | SIDE_HANDOVER | SIDE_TRUST_SIP |
				SIDE_PIERCE);
	/* Of the call, also after an answer without it. */
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->keepalive_s, 15);
	CU_ASSERT_EQUAL(the_dialog(&scene)->call->keepalive_s, 15);
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->side[SIDE_B].flags, 0);
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_A].sip, "198.51.100.1:0"));
	for (int side = 0; side < 2; side++) {
		CU_ASSERT_EQUAL(conf_of(&scene, 0)->side[side].latching, LATCH_STRICT);
		CU_ASSERT_EQUAL(conf_of(&scene, 0)->side[side].tos, 184);
	}
	CU_ASSERT(scene_close(&scene));
}

static void test_relearn_only_when_something_moved(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_KEEP);
	offer(&scene, HEAD("192.0.2.77") AUDIO);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_REOPEN);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_KEEP);
	offer(&scene, HEAD("192.0.2.77") AUDIO "a=recvonly\r\n");
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->side[SIDE_A].flags, SIDE_HOLD);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_REOPEN);
	CU_ASSERT(scene_close(&scene));
}

static void test_zero_address_keeps_what_was_signalled(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	offer(&scene, HEAD("0.0.0.0") AUDIO);
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_A].sdp[COMP_RTP], "192.0.2.1:4000"));
	CU_ASSERT(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_HOLD);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_HOLD);
	CU_ASSERT(scene_close(&scene));
}

static void test_payload_types_of_both_sides(void)
{
	const struct bridge_conf *conf;
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 opus/48000/2\r\n");
	answer(&scene, B_HEAD "m=audio 5000 RTP/AVP 8 96\r\na=rtpmap:96 speex/16000\r\n");
	conf = conf_of(&scene, 0);
	CU_ASSERT_EQUAL(conf->pts[0], 1 << 0 | 1 << 8);
	CU_ASSERT_EQUAL(conf->pts[1], UINT64_C(3) << 32);
	CU_ASSERT_EQUAL(conf->clocks[0].pt, 96);
	CU_ASSERT_EQUAL(conf->clocks[0].clock, 16000);
	CU_ASSERT_EQUAL(conf->clocks[1].pt, 97);
	CU_ASSERT_EQUAL(conf->clocks[1].clock, 48000);
	CU_ASSERT_EQUAL(conf->clocks[2].clock, 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_mux_is_set_where_both_agreed(void)
{
	struct scene scene;

	scene_open(&scene);
	offer_with(&scene, A_HEAD AUDIO "a=rtcp-mux\r\n", REQ_MUX_DEMUX);
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_MUX);
	answer(&scene, B_HEAD AUDIO);
	CU_ASSERT(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_MUX);
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_B].flags & SIDE_MUX);
	offer(&scene, A_HEAD AUDIO "a=rtcp-mux\r\n");
	answer(&scene, B_HEAD AUDIO "a=rtcp-mux\r\n");
	CU_ASSERT(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_MUX);
	CU_ASSERT(conf_of(&scene, 0)->side[SIDE_B].flags & SIDE_MUX);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_MUX);
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_B].flags & SIDE_MUX);
	CU_ASSERT(scene_close(&scene));
}

static void test_added_media_gets_ports_and_the_first_keeps_its_own(void)
{
	struct scene scene;
	struct reply reply;
	int audio;

	scene_open(&scene);
	audio = port_of(offer(&scene, A_HEAD AUDIO), 0);
	answer(&scene, B_HEAD AUDIO);
	reply = offer(&scene, A_HEAD AUDIO VIDEO);
	CU_ASSERT_EQUAL(port_of(reply, 0), audio);
	CU_ASSERT(port_of(reply, 1) >= 21000);
	CU_ASSERT_EQUAL(the_dialog(&scene)->n_media, 2);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	CU_ASSERT_EQUAL(scene.calls->n_media, 2);
	CU_ASSERT_EQUAL(scene.calls->n_streams, 8);
	CU_ASSERT(scene_close(&scene));
}

static void test_disabled_media_ends_with_the_answer(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO VIDEO);
	answer(&scene, B_HEAD AUDIO VIDEO);
	CU_ASSERT_EQUAL(port_of(offer(&scene, A_HEAD AUDIO "m=video 0 RTP/AVP 96\r\n"), 1), 0);
	/* The fax may be refused, and then the video continues. */
	CU_ASSERT_PTR_NOT_NULL(the_dialog(&scene)->media[1]);
	answer(&scene, B_HEAD AUDIO "m=video 0 RTP/AVP 96\r\n");
	CU_ASSERT_PTR_NULL(the_dialog(&scene)->media[1]);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(port_of(offer(&scene, A_HEAD AUDIO VIDEO), 1) >= 21000);
	CU_ASSERT_PTR_NOT_NULL(the_dialog(&scene)->media[1]);
	CU_ASSERT(scene_close(&scene));
}

static void test_media_refused_by_answer_gives_ports_back(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO VIDEO);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	final_answer(&scene, B_HEAD AUDIO "m=video 0 RTP/AVP 96\r\n");
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_provisional_answer_refuses_nothing_for_good(void)
{
	struct request request = base_request(B_HEAD AUDIO "m=video 0 RTP/AVP 96\r\n");
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO VIDEO);
	request.to_tag = STR("b");
	request.sip_code = 183;
	scene_run(&scene, command_answer, request);
	CU_ASSERT_PTR_NOT_NULL(the_dialog(&scene)->media[1]);
	CU_ASSERT(scene_close(&scene));
}

static void test_fax_keeps_the_ports_of_audio(void)
{
	struct scene scene;
	int audio;

	scene_open(&scene);
	audio = port_of(offer(&scene, A_HEAD AUDIO), 0);
	answer(&scene, B_HEAD AUDIO);
	/* If the fax is refused, the audio continues at the same ports. */
	CU_ASSERT_EQUAL(port_of(offer(&scene, A_HEAD FAX), 0), audio);
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->kind, BRIDGE_UDPTL);
	answer(&scene, B_HEAD FAX);
	CU_ASSERT_EQUAL(port_of(offer(&scene, A_HEAD AUDIO), 0), audio);
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->kind, BRIDGE_RTP);
	CU_ASSERT(scene_close(&scene));
}

static void test_fax_first_takes_one_port_and_audio_then_two(void)
{
	struct scene scene;
	int fax;

	scene_open(&scene);
	fax = port_of(offer(&scene, A_HEAD FAX), 0);
	CU_ASSERT_FALSE(bridge_has(the_dialog(&scene)->media[0]->bridge, SIDE_A, COMP_RTCP));
	answer(&scene, B_HEAD FAX);
	CU_ASSERT_NOT_EQUAL(port_of(offer(&scene, A_HEAD AUDIO), 0), fax);
	CU_ASSERT(bridge_has(the_dialog(&scene)->media[0]->bridge, SIDE_A, COMP_RTCP));
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_no_port_latching_takes_new_ports_when_the_phone_moved(void)
{
	struct scene scene;
	int first;

	scene_open(&scene);
	first = port_of(offer(&scene, A_HEAD AUDIO), 0);
	answer(&scene, B_HEAD AUDIO);
	CU_ASSERT_EQUAL(port_of(offer_with(&scene, A_HEAD AUDIO, REQ_NO_PORT_LATCHING), 0), first);
	CU_ASSERT_NOT_EQUAL(
		port_of(offer_with(&scene, HEAD("192.0.2.77") AUDIO, REQ_NO_PORT_LATCHING), 0),
		first);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_family_of_a_moved_phone_is_followed(void)
{
	static const char six[] = "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\n"
				  "c=IN IP6 2001:db8::1\r\nt=0 0\r\n" AUDIO;
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	offer(&scene, six);
	CU_ASSERT_EQUAL(the_dialog(&scene)->party[SIDE_A].local->bind.sa.sa_family, AF_INET6);
	CU_ASSERT_EQUAL(the_dialog(&scene)->party[SIDE_B].local->bind.sa.sa_family, AF_INET);
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_A].sdp[COMP_RTP], "[2001:db8::1]:4000"));
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_B].sdp[COMP_RTP], "192.0.2.2:4000"));
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 1);
	CU_ASSERT_EQUAL(scene_used(&scene, "six"), 1);
	CU_ASSERT(scene_close(&scene));
}

/* Compared with an address that our socket cannot reach, every real source would be unknown. */
static void test_address_of_another_family_is_not_used(void)
{
	static const char six[] = "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\n"
				  "c=IN IP6 2001:db8::1\r\nt=0 0\r\n" AUDIO;
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, six);
	CU_ASSERT_FALSE(endpoint_is_set(&conf_of(&scene, 0)->side[SIDE_B].sdp[COMP_RTP]));
	CU_ASSERT(scene_close(&scene));
}

static void test_refused_offer_changes_nothing(void)
{
	struct bridge_conf before;
	struct scene scene;

	scene_open_ports(&scene, 21300, 21303); /* two pairs: one m-line */
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	before = *conf_of(&scene, 0);
	CU_ASSERT_STRING_EQUAL(offer(&scene, HEAD("192.0.2.77") AUDIO VIDEO).error,
			       "Ran out of ports");
	CU_ASSERT_STRING_EQUAL(offer(&scene, "nonsense").error, "Failed to parse SDP");
	for (int side = 0; side < 2; side++) {
		const struct side_conf *now = &conf_of(&scene, 0)->side[side];

		CU_ASSERT(endpoint_eq(&now->sdp[COMP_RTP], &before.side[side].sdp[COMP_RTP]));
		CU_ASSERT_EQUAL(now->flags, before.side[side].flags);
	}
	CU_ASSERT_EQUAL(the_dialog(&scene)->n_media, 1);
	CU_ASSERT_TRUE(the_dialog(&scene)->answered);
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 0);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_blocking_goes_by_tag_label_and_address(void)
{
	static const struct {
		const char *name;
		struct request request;
		const char *address;
		bool a, b;
	} rows[] = {
		{ "tag of a", { .from_tag = STR("a") }, NULL, true, false },
		{ "tag of b", { .from_tag = STR("b") }, NULL, false, true },
		{ "label of b", { .from_tag = STR("a"), .label = STR("lb") }, NULL, false, true },
		{ "address of b", { .from_tag = STR("a") }, "192.0.2.2", false, true },
		{ "all", { .from_tag = STR("a"), .flags = REQ_ALL }, NULL, true, true },
		{ "nobody in particular", { .flags = 0 }, NULL, true, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = base_request(B_HEAD AUDIO);
		struct scene scene;

		scene_open(&scene);
		offer(&scene, A_HEAD AUDIO);
		request.to_tag = STR("b");
		request.label = STR("lb");
		scene_run(&scene, command_answer, request);
		request = rows[i].request;
		request.call_id = STR("call");
		if (rows[i].address)
			endpoint_parse_addr(str_of(rows[i].address), AF_INET, &request.address);
		scene_run(&scene, command_block_media, request);
		scene_run(&scene, command_silence_media, request);
		if (!(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_BLOCK) == rows[i].a ||
		    !(conf_of(&scene, 0)->side[SIDE_B].flags & SIDE_SILENCE) == rows[i].b) {
			printf("block, %s\n", rows[i].name);
			CU_FAIL("another party was blocked");
		}
		scene_run(&scene, command_unblock_media, request);
		CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_BLOCK);
		CU_ASSERT_EQUAL(!!(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_SILENCE),
				rows[i].a);
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_blocked_stays_blocked_after_reinvite(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	scene_run(&scene, command_block_media, base_request(""));
	offer(&scene, A_HEAD AUDIO VIDEO);
	CU_ASSERT(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_BLOCK);
	CU_ASSERT(conf_of(&scene, 1)->side[SIDE_A].flags & SIDE_BLOCK);
	CU_ASSERT(scene_close(&scene));
}

/* Block and unblock are settings, not a switch that each command turns over. */
static void test_blocking_twice_is_blocking(void)
{
	struct request request = base_request("");
	struct journal_spy spy;
	struct scene scene;

	scene_open(&scene);
	journal_spy_open(&spy, &scene);
	offer(&scene, A_HEAD AUDIO);
	for (int round = 0; round < 2; round++) {
		bool on = round == 0;

		for (int i = 0; i < 2; i++) {
			CU_ASSERT(journal_spy_settle(&spy, &scene));
			scene_run(&scene, on ? command_block_media : command_unblock_media,
				  request);
			CU_ASSERT_EQUAL(journal_spy_touched(&spy), i == 0);
			CU_ASSERT_EQUAL(!!(the_dialog(&scene)->party[SIDE_A].flags & PARTY_BLOCKED),
					on);
			CU_ASSERT_EQUAL(!!(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_BLOCK),
					on);
		}
	}
	journal_spy_close(&spy, &scene);
	CU_ASSERT(scene_close(&scene));
}

/* All m= lines of a party are blocked, or none. */
static void test_out_of_memory_blocks_nothing(void)
{
	struct request request = base_request("");
	unsigned int refused = 0;
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO VIDEO);
	ALLOC_FAILS_AT_EACH
	{
		struct reply reply = scene_run(&scene, command_block_media, request);
		uint32_t flags = reply.code == REPLY_OK ? SIDE_BLOCK : 0;

		refused += !flags;
		for (size_t i = 0; i < 2; i++)
			CU_ASSERT_EQUAL(conf_of(&scene, i)->side[SIDE_A].flags, flags);
		CU_ASSERT_EQUAL(!!(the_dialog(&scene)->party[SIDE_A].flags & PARTY_BLOCKED),
				!!flags);
	}
	CU_ASSERT_EQUAL(refused, 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_blocking_of_unknown_is_refused(void)
{
	struct request request = base_request("");
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT_STRING_EQUAL(scene_run(&scene, command_block_media, request).error,
			       "Unknown call-id");
	offer(&scene, A_HEAD AUDIO);
	request.from_tag = STR("x");
	CU_ASSERT_STRING_EQUAL(scene_run(&scene, command_block_media, request).error,
			       "No such party in this call");
	CU_ASSERT(scene_close(&scene));
}

static void test_list_is_limited(void)
{
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	scene_run(&scene, command_offer, request);
	request.call_id = STR("other");
	scene_run(&scene, command_offer, request);
	request.limit = 1;
	reply = scene_run(&scene, command_list, request);
	CU_ASSERT_EQUAL_FATAL(reply.n_calls, 1);
	CU_ASSERT(str_eq(reply.calls[0], STR("call")));
	request.limit = 32;
	CU_ASSERT_EQUAL(scene_run(&scene, command_list, request).n_calls, 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_proxies_past_the_table_share_its_last_row(void)
{
	static struct stats stats;
	struct endpoint proxy = { .in4 = { .sin_family = AF_INET } };

	for (uint32_t i = 0; i < 70; i++) {
		proxy.in4.sin_addr.s_addr = htonl(0xc0000200 + i); /* 192.0.2.0 and following */
		stats_command(&stats, &proxy, VERB_PING, 5, i % 2);
		endpoint_set_port(&proxy, (uint16_t)i); /* all of its sockets count as one proxy */
		stats_command(&stats, &proxy, VERB_OFFER, 5, false);
	}
	CU_ASSERT_EQUAL(stats.n_proxies, STATS_PROXIES);
	CU_ASSERT_EQUAL(stats.proxy[0].count[VERB_PING], 1);
	CU_ASSERT_EQUAL(stats.proxy[0].count[VERB_OFFER], 1);
	CU_ASSERT_EQUAL(stats.proxy[0].duration_us[VERB_OFFER], 5);
	CU_ASSERT_EQUAL(stats.proxy[1].errors, 1);
	CU_ASSERT_FALSE(endpoint_is_set(&stats.proxy[STATS_PROXIES - 1].addr));
	CU_ASSERT_EQUAL(stats.proxy[STATS_PROXIES - 1].count[VERB_PING], 7);
}

/* --- Media ------------------------------------------------------------------------------------ */

/* Two phones that receive each other's media, a query that reports it, a delete that ends it. */
static void test_phones_receive_media(void)
{
	const struct call_report *report;
	struct phone a, b;
	struct scene scene;
	struct media *media;
	struct reply reply;

	phone_open(&a);
	phone_open(&b);
	scene_open(&scene);
	offer(&scene, a.sdp);
	answer(&scene, b.sdp);
	media = the_dialog(&scene)->media[0];
	say(&a, media_advertised(media, SIDE_A, COMP_RTP), 1);
	CU_ASSERT(hears(&b));
	say(&b, media_advertised(media, SIDE_B, COMP_RTP), 1);
	CU_ASSERT(hears(&a));
	reply = scene_run(&scene, command_delete, base_request(""));
	report = reply.call;
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	CU_ASSERT_EQUAL(report->rtp_packets, 2);
	CU_ASSERT_EQUAL(report->rtp_bytes, 344);
	CU_ASSERT_EQUAL_FATAL(report->n_parties, 2);
	CU_ASSERT(str_eq(report->party[1].tag, STR("b")));
	CU_ASSERT_EQUAL(report->party[0].media[0].stream[COMP_RTP].packets_in, 1);
	CU_ASSERT_EQUAL(report->party[0].media[0].stream[COMP_RTP].state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(report->party[0].media[0].stream[COMP_RTP].ssrc, 7);
	CU_ASSERT_EQUAL(scene.stats.zero_way + scene.stats.one_way, 0);
	CU_ASSERT(scene_close(&scene));
	close(a.fd);
	close(b.fd);
}

/* --- Memory ----------------------------------------------------------------------------------- */

/* Without this limit they would fill the memory before their time-out. */
static void test_calls_without_ports_are_bounded(void)
{
	struct request request = base_request(A_HEAD "m=audio 0 RTP/AVP 0\r\n");
	struct reply reply = { 0 };
	struct scene scene;
	char id[16];
	int made = 0;

	scene_open_ports(&scene, 21000, 21009);
	while (made < 2000) {
		snprintf(id, sizeof(id), "%d", made);
		request.call_id = str_of(id);
		reply = scene_run(&scene, command_offer, request);
		if (reply.code != REPLY_OK)
			break;
		made++;
	}
	CU_ASSERT_EQUAL(made, 1000);
	CU_ASSERT_STRING_EQUAL(reply.error, "Parallel session limit reached");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 1000);
	CU_ASSERT(scene_close(&scene));
}

/* A call that exists continues beyond each limit. */
static void test_busy_host_takes_no_new_calls(void)
{
	static const struct {
		double average, busy;
		uint64_t bytes[2];
		const char *error; /* NULL: accepted */
	} rows[] = {
		{ 4, 50, { 600, 400 }, NULL },
		{ 4.01, 50, { 600, 400 }, "Load limit exceeded" },
		{ 4, 50.5, { 600, 400 }, "CPU usage limit exceeded" },
		{ 4, 50, { 600, 401 }, "Bandwidth limit exceeded" },
		{ 4, 50, { 1001, 0 }, "Bandwidth limit exceeded" },
	};
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;
	uint64_t refused = 0;
	char id[16];

	scene_open(&scene);
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	scene.calls->conf.max_load = 4;
	scene.calls->conf.max_cpu = 50;
	scene.calls->conf.max_bandwidth = 1000;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request other = request;
		struct reply reply;

		scene.stats.load.average = rows[i].average;
		scene.stats.load.busy = rows[i].busy;
		for (int path = 0; path < 2; path++)
			scene.stats.sample.rate[path].bytes = rows[i].bytes[path];
		snprintf(id, sizeof(id), "new %zu", i);
		other.call_id = str_of(id);
		reply = scene_run(&scene, command_offer, other);
		CU_ASSERT_EQUAL(reply.code, rows[i].error ? REPLY_ERROR : REPLY_OK);
		if (rows[i].error)
			CU_ASSERT_STRING_EQUAL(reply.error, rows[i].error);
		refused += rows[i].error != NULL;
		CU_ASSERT_EQUAL(scene.stats.calls_overload, refused);
		CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	}
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_names_are_bounded(void)
{
	static char name[REQUEST_NAME_MAX + 1];
	struct request request = base_request(A_HEAD AUDIO);
	struct str *const names[] = { &request.call_id, &request.from_tag, &request.to_tag,
				      &request.via_branch };
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < COUNT(names); i++) {
		request = base_request(A_HEAD AUDIO);
		*names[i] = (struct str){ name, sizeof(name) };
		reply = scene_run(&scene, command_offer, request);
		CU_ASSERT_EQUAL(reply.code, REPLY_ERROR);
		CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	}
	request = base_request(A_HEAD AUDIO);
	for (size_t i = 0; i < COUNT(names); i++)
		*names[i] = (struct str){ name, sizeof(name) - 1 };
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT(scene_close(&scene));
}

/*
 * A call from offer to delete with the n-th allocation failing: each command is refused with a
 * reason or done, and nothing is left.
 */
static void test_out_of_memory_leaks_nothing(void)
{
	struct request first = base_request(A_HEAD AUDIO VIDEO), more, by_b, end;
	unsigned int refused = 0;
	struct scene scene;

	first.via_branch = STR("z1");
	first.set_label = STR("label");
	first.metadata = STR("metadata");
	first.flags = REQ_REPLACE_VERSION | REQ_REPLACE_USERNAME;
	more = base_request(HEAD("192.0.2.77") AUDIO "m=video 0 RTP/AVP 96\r\n" FAX AUDIO);
	more.to_tag = STR("b");
	by_b = base_request(B_HEAD AUDIO VIDEO);
	by_b.to_tag = STR("b");
	by_b.flags = REQ_REPLACE_VERSION;
	end = base_request("");
	scene_open(&scene);
	ALLOC_FAILS_AT_EACH
	{

		refused += scene_run(&scene, command_offer, first).code == REPLY_ERROR;
		scene_run(&scene, command_answer, by_b);
		by_b.to_tag = STR("c");
		scene_run(&scene, command_answer, by_b); /* an alias */
		by_b.to_tag = STR("b");
		scene_run(&scene, command_offer, more);
		scene_run(&scene, command_block_media, end);
		scene_run(&scene, command_query, end);
		scene_run(&scene, command_statistics, end);
		scene_run(&scene, command_delete, end);
		if (call_table_count(scene.calls)) /* no memory for the report */
			scene_run(&scene, command_delete, end);
		CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
		CU_ASSERT(scene_settle(&scene));
		CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 0);
		CU_ASSERT_EQUAL(scene.calls->n_media, 0);
		CU_ASSERT_EQUAL(scene.calls->media_by_path[PATH_USER], 0);
		CU_ASSERT_EQUAL(scene.calls->n_streams, 0);
	}
	CU_ASSERT(refused > 5);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(command, { "endpoints come from SDP", test_endpoints_come_from_sdp },
	   { "flags concern the sender", test_flags_concern_the_sender },
	   { "relearn only when something moved", test_relearn_only_when_something_moved },
	   { "zero address keeps what was signalled", test_zero_address_keeps_what_was_signalled },
	   { "payload types of both sides", test_payload_types_of_both_sides },
	   { "mux is set where both agreed", test_mux_is_set_where_both_agreed },
	   { "added media gets ports and the first keeps its own",
	     test_added_media_gets_ports_and_the_first_keeps_its_own },
	   { "disabled media ends with the answer", test_disabled_media_ends_with_the_answer },
	   { "media refused by answer gives ports back",
	     test_media_refused_by_answer_gives_ports_back },
	   { "provisional answer refuses nothing for good",
	     test_provisional_answer_refuses_nothing_for_good },
	   { "fax keeps the ports of audio", test_fax_keeps_the_ports_of_audio },
	   { "fax first takes one port and audio then two",
	     test_fax_first_takes_one_port_and_audio_then_two },
	   { "no-port-latching takes new ports when the phone moved",
	     test_no_port_latching_takes_new_ports_when_the_phone_moved },
	   { "family of a moved phone is followed", test_family_of_a_moved_phone_is_followed },
	   { "address of another family is not used", test_address_of_another_family_is_not_used },
	   { "refused offer changes nothing", test_refused_offer_changes_nothing },
	   { "blocking goes by tag, label and address",
	     test_blocking_goes_by_tag_label_and_address },
	   { "blocked stays blocked after re-INVITE", test_blocked_stays_blocked_after_reinvite },
	   { "blocking twice is blocking", test_blocking_twice_is_blocking },
	   { "out of memory blocks nothing", test_out_of_memory_blocks_nothing },
	   { "blocking of unknown is refused", test_blocking_of_unknown_is_refused },
	   { "list is limited", test_list_is_limited },
	   { "proxies past the table share its last row",
	     test_proxies_past_the_table_share_its_last_row },
	   { "phones receive each other's media", test_phones_receive_media },
	   { "calls without ports are bounded", test_calls_without_ports_are_bounded },
	   { "a busy host takes no new calls", test_busy_host_takes_no_new_calls },
	   { "names are bounded", test_names_are_bounded },
	   { "out of memory leaks nothing", test_out_of_memory_leaks_nothing });
