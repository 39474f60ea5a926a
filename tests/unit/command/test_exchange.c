/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_exchange.c - what an offer or answer changes besides ports and SDP, and what it leaves as it
 * was if it is refused: timers, journal, counters, forks, tags, addresses
 */
#include <utlist.h>
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/call/media.h"
#include "command_scene.h"
#include "tests/unit/journal_spy.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define SIX "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n" AUDIO

static struct call *the_call(const struct scene *scene)
{
	return scene->calls->calls;
}

static unsigned int dialogs(const struct scene *scene)
{
	const struct dialog *dialog;
	unsigned int n = 0;

	if (the_call(scene))
		DL_COUNT(the_call(scene)->dialogs, dialog, n);
	return n;
}

static struct reply offer_of(struct scene *scene, const char *tag, const char *branch)
{
	struct request request = base_request(A_HEAD AUDIO);

	request.from_tag = str_of(tag);
	request.via_branch = str_of(branch);
	return scene_run(scene, command_offer, request);
}

static struct reply answer_of(struct scene *scene, const char *tag, const char *branch,
			      int sip_code)
{
	struct request request = base_request(B_HEAD AUDIO);

	request.to_tag = str_of(tag);
	request.via_branch = str_of(branch);
	request.sip_code = sip_code;
	return scene_run(scene, command_answer, request);
}

/* --- Timer, journal, counters ----------------------------------------------------------------- */

static void test_every_offer_and_answer_sets_timer_and_journal(void)
{
	struct journal_spy spy;
	struct scene scene;

	scene_open(&scene);
	journal_spy_open(&spy, &scene);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT(event_pending(&the_call(&scene)->timer, EV_TIMEOUT, NULL));
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms - scene.env.now_ms, 3600 * 1000);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT(journal_spy_settle(&spy, &scene));
		answer(&scene, B_HEAD AUDIO);
		CU_ASSERT(journal_spy_touched(&spy));
		/* A timer that is early enough is not moved. */
		if (i == 0)
			CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms - scene.env.now_ms,
					60 * 1000);
		CU_ASSERT(journal_spy_settle(&spy, &scene));
		offer(&scene, A_HEAD AUDIO);
		CU_ASSERT(journal_spy_touched(&spy));
	}
	journal_spy_close(&spy, &scene);
	CU_ASSERT(scene_close(&scene));
}

static void test_refused_calls_are_counted(void)
{
	struct request other = base_request(A_HEAD AUDIO);
	struct scene scene;

	scene_open_ports(&scene, 21300, 21303); /* two pairs: one m= line */
	offer(&scene, A_HEAD AUDIO);
	other.call_id = STR("other");
	CU_ASSERT_STRING_EQUAL(scene_run(&scene, command_offer, other).error, "Ran out of ports");
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 1);
	/* A call that exists is not refused with its m= line. */
	CU_ASSERT_STRING_EQUAL(offer(&scene, A_HEAD AUDIO VIDEO).error, "Ran out of ports");
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 1);
	scene.calls->conf.max_sessions = 1;
	CU_ASSERT_STRING_EQUAL(scene_run(&scene, command_offer, other).error,
			       "Parallel session limit reached");
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 2);
	CU_ASSERT_EQUAL(scene.stats.calls_made, 1);
	CU_ASSERT(scene_close(&scene));
}

/* --- Addresses -------------------------------------------------------------------------------- */

/* A one-way call is better than none. */
static void test_relay_without_the_family_takes_another(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1" };
	struct scene scene;

	scene_open_at(&scene, interfaces, 1, 21000, 21099);
	CU_ASSERT_EQUAL_FATAL(offer(&scene, SIX).code, REPLY_OK);
	for (int side = 0; side < 2; side++)
		CU_ASSERT_EQUAL(the_dialog(&scene)->party[side].local->bind.sa.sa_family, AF_INET);
	CU_ASSERT_FALSE(endpoint_is_set(&conf_of(&scene, 0)->side[SIDE_A].sdp[COMP_RTP]));
	CU_ASSERT(scene_close(&scene));
}

static void test_address_family_of_a_reinvite(void)
{
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	request.address_family = AF_INET6;
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(the_dialog(&scene)->party[SIDE_A].local->bind.sa.sa_family, AF_INET);
	CU_ASSERT_EQUAL(the_dialog(&scene)->party[SIDE_B].local->bind.sa.sa_family, AF_INET6);
	CU_ASSERT(scene_close(&scene));
}

static void test_move_of_rtcp_alone_or_of_sip_reopens(void)
{
	struct request request = base_request(A_HEAD AUDIO "a=rtcp:4444\r\n");
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_KEEP);
	scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_REOPEN);
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_A].sdp[COMP_RTCP], "192.0.2.1:4444"));
	scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_KEEP);
	endpoint_parse_addr(STR("198.51.100.1"), AF_INET, &request.received_from);
	scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_REOPEN);
	CU_ASSERT(scene_close(&scene));
}

static void test_directions_that_mean_hold(void)
{
	static const struct {
		const char *sdp;
		bool hold;
	} rows[] = {
		{ A_HEAD AUDIO, false },
		{ A_HEAD AUDIO "a=sendrecv\r\n", false },
		{ A_HEAD AUDIO "a=sendonly\r\n", false },
		{ A_HEAD AUDIO "a=recvonly\r\n", true },
		{ A_HEAD AUDIO "a=inactive\r\n", true },
		{ HEAD("0.0.0.0") AUDIO, true },
		{ A_HEAD FAX "a=inactive\r\n", false },
	};
	struct scene scene;

	scene_open(&scene);
	for (size_t i = 0; i < COUNT(rows); i++) {
		offer(&scene, rows[i].sdp);
		CU_ASSERT_EQUAL(!!(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_HOLD),
				rows[i].hold);
	}
	CU_ASSERT(scene_close(&scene));
}

/* Clock rates beyond the limit are left out. The ports stay, for nothing has moved. */
static void test_more_clock_rates_than_there_is_room_for(void)
{
	static const char sdp[] = A_HEAD "m=audio 4000 RTP/AVP 96 97 98 99 100 101 102 103 104\r\n"
					 "a=rtpmap:96 a/16001\r\na=rtpmap:97 a/16002\r\n"
					 "a=rtpmap:98 a/16003\r\na=rtpmap:99 a/16004\r\n"
					 "a=rtpmap:100 a/16005\r\na=rtpmap:101 a/16006\r\n"
					 "a=rtpmap:102 a/16007\r\na=rtpmap:103 a/16008\r\n"
					 "a=rtpmap:104 a/16009\r\n";
	struct scene scene;
	int port;

	scene_open(&scene);
	port = port_of(offer(&scene, sdp), 0);
	CU_ASSERT_EQUAL(port_of(offer_with(&scene, sdp, REQ_NO_PORT_LATCHING), 0), port);
	for (unsigned int i = 0; i < BRIDGE_CLOCKS; i++) {
		CU_ASSERT_EQUAL(conf_of(&scene, 0)->clocks[i].pt, 96 + i);
		CU_ASSERT_EQUAL(conf_of(&scene, 0)->clocks[i].clock, 16001 + i);
	}
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->pts[1], UINT64_C(0x1ff) << (96 - 64));
	CU_ASSERT(scene_close(&scene));
}

static void test_mux_that_was_not_offered_is_not_taken(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO "a=rtcp-mux\r\n");
	for (int side = 0; side < 2; side++)
		CU_ASSERT_FALSE(conf_of(&scene, 0)->side[side].flags & SIDE_MUX);
	CU_ASSERT(scene_close(&scene));
}

/* A wrong address in the second m= line: the phone is known by where its audio comes from. */
static void test_medias_of_a_party_know_each_other(void)
{
	static const enum latch_rank ranks[] = { RANK_EXACT, RANK_NEAR };
	struct stream_report report;
	char a_sdp[512], b_sdp[512];
	struct scene scene;
	struct phone a, b;

	phone_open(&a);
	phone_open(&b);
	snprintf(a_sdp, sizeof(a_sdp), "%sm=audio 6000 RTP/AVP 0\r\nc=IN IP4 10.0.0.1\r\n", a.sdp);
	snprintf(b_sdp, sizeof(b_sdp), "%s%s", b.sdp, strstr(b.sdp, "m=audio"));
	scene_open(&scene);
	offer(&scene, a_sdp);
	answer(&scene, b_sdp);
	for (size_t i = 0; i < 2; i++) {
		const struct media *media = the_dialog(&scene)->media[i];

		say(&a, media_advertised(media, SIDE_A, COMP_RTP), 1);
		CU_ASSERT(hears(&b));
		bridge_report(media->bridge, SIDE_A, COMP_RTP, &report);
		CU_ASSERT_EQUAL(report.rank, ranks[i]);
	}
	CU_ASSERT(scene_close(&scene));
	close(a.fd);
	close(b.fd);
}

/*
 * A phone that was heard where it should be gets other ports, and is silent: rule R4, nobody in its
 * network is heard in its place.
 */
static void test_new_ports_do_not_forget_that_a_phone_was_heard(void)
{
	struct latch_record learned = { 0 };
	const struct media *media;
	struct scene scene;
	struct phone a, b;
	uint16_t port;
	int64_t until_ms;

	phone_open(&a);
	phone_open(&b);
	scene_open(&scene);
	offer(&scene, a.sdp);
	answer(&scene, b.sdp);
	media = the_dialog(&scene)->media[0];
	port = media->port[SIDE_A];
	say(&a, media_advertised(media, SIDE_A, COMP_RTP), 1);
	CU_ASSERT(hears(&b));
	offer_with(&scene, a.sdp, REQ_NEW_PORTS);
	media = the_dialog(&scene)->media[0];
	CU_ASSERT_NOT_EQUAL(media->port[SIDE_A], port);
	until_ms = test_real_ms() + SCENE_DEADLINE_MS;
	while (!learned.spoke && test_real_ms() < until_ms) {
		bridge_latch(media->bridge, SIDE_A, COMP_RTP, &learned);
		poll(NULL, 0, 1);
	}
	CU_ASSERT_TRUE(learned.spoke);
	bridge_latch(media->bridge, SIDE_B, COMP_RTP, &learned);
	CU_ASSERT_FALSE(learned.spoke);
	CU_ASSERT(scene_close(&scene));
	close(a.fd);
	close(b.fd);
}

/* --- Forks ------------------------------------------------------------------------------------ */

/* Forks that had a 183 may be a phone that is still heard; and only a 2xx decides. */
static void test_answers_that_end_other_forks(void)
{
	static const struct {
		int sip_code;
		unsigned int left; /* of three; one had a 183 */
	} rows[] = { { 0, 3 },	 { 183, 3 }, { 199, 3 }, { 200, 2 },
		     { 299, 2 }, { 300, 3 }, { 302, 3 }, { 600, 3 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		offer_of(&scene, "a", "z1");
		offer_of(&scene, "a", "z2");
		offer_of(&scene, "a", "z3");
		answer_of(&scene, "b", "z1", 183);
		answer_of(&scene, "c", "z2", rows[i].sip_code);
		CU_ASSERT_EQUAL(dialogs(&scene), rows[i].left);
		CU_ASSERT(str_eq(the_call(&scene)->dialogs->party[SIDE_B].tag, STR("b")));
		CU_ASSERT(scene_close(&scene));
	}
}

/* Calls of two callers may have one Call-ID: each has its own forks. */
static void test_forks_of_another_caller_stay(void)
{
	struct scene scene;

	scene_open(&scene);
	offer_of(&scene, "a", "z1");
	offer_of(&scene, "a", "z2");
	offer_of(&scene, "x", "z3");
	CU_ASSERT_EQUAL(dialogs(&scene), 3);
	answer_of(&scene, "b", "z1", 200);
	CU_ASSERT_EQUAL_FATAL(dialogs(&scene), 2);
	CU_ASSERT(party_has_tag(&the_dialog(&scene)->next->party[SIDE_A], STR("x")));
	CU_ASSERT(scene_close(&scene));
}

static void test_second_answerer_has_nothing_of_the_first(void)
{
	struct request request = base_request(B_HEAD AUDIO);
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	request.to_tag = STR("b");
	request.flags = REQ_ASYMMETRIC | REQ_TRUST_SIP;
	endpoint_parse_addr(STR("198.51.100.1"), AF_INET, &request.received_from);
	scene_run(&scene, command_answer, request);
	request.to_tag = STR("b2"); /* an alias of b */
	scene_run(&scene, command_answer, request);
	CU_ASSERT(party_has_tag(&the_dialog(&scene)->party[SIDE_B], STR("b2")));
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_B].sip, "198.51.100.1:0"));
	offer(&scene, A_HEAD AUDIO);
	request = base_request(HEAD("192.0.2.3") AUDIO);
	request.to_tag = STR("c");
	scene_run(&scene, command_answer, request);
	CU_ASSERT(party_has_tag(&the_dialog(&scene)->party[SIDE_B], STR("c")));
	CU_ASSERT_FALSE(party_has_tag(&the_dialog(&scene)->party[SIDE_B], STR("b")));
	CU_ASSERT_FALSE(party_has_tag(&the_dialog(&scene)->party[SIDE_B], STR("b2")));
	CU_ASSERT_FALSE(endpoint_is_set(&conf_of(&scene, 0)->side[SIDE_B].sip));
	CU_ASSERT_EQUAL(conf_of(&scene, 0)->side[SIDE_B].flags, 0);
	CU_ASSERT(scene_close(&scene));
}

/* A re-INVITE of the callee belongs to the dialog that it has answered; else it is a new dialog. */
static void test_offer_of_a_party_that_has_not_answered(void)
{
	struct scene scene;

	scene_open(&scene);
	offer_of(&scene, "a", NULL);
	answer_of(&scene, "b", NULL, 200);
	offer_of(&scene, "b", NULL);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	offer_of(&scene, "a", NULL); /* serial fork: b is no longer the one that answers */
	CU_ASSERT_FALSE(the_dialog(&scene)->answered);
	offer_of(&scene, "b", NULL);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(scene_close(&scene));
}

/* With both answered forks deleted nobody talks any more: the one that still rings ends, too. */
static void test_delete_of_the_last_talk_ends_all(void)
{
	struct request request = base_request("");
	const struct dialog *dialog;
	struct scene scene;

	scene_open(&scene);
	offer_of(&scene, "a", "z1");
	offer_of(&scene, "a", "z2");
	offer_of(&scene, "a", "z3");
	answer_of(&scene, "b", "z1", 0);
	answer_of(&scene, "c", "z2", 0);
	request.delete_delay = 30;
	request.from_tag = STR("b");
	scene_run(&scene, command_delete, request);
	CU_ASSERT(the_dialog(&scene)->delete_at_ms);
	CU_ASSERT_FALSE(the_dialog(&scene)->next->delete_at_ms);
	request.from_tag = STR("c");
	scene_run(&scene, command_delete, request);
	DL_FOREACH(the_call(&scene)->dialogs, dialog)
		CU_ASSERT(dialog->delete_at_ms);
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_delay_moves_the_timer(void)
{
	struct request request = base_request("");
	struct journal_spy spy;
	struct scene scene;

	scene_open(&scene);
	journal_spy_open(&spy, &scene);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT(journal_spy_settle(&spy, &scene));
	request.delete_delay = 30;
	scene_run(&scene, command_delete, request);
	CU_ASSERT_EQUAL(the_call(&scene)->timer_at_ms - scene.env.now_ms, 30 * 1000);
	CU_ASSERT(journal_spy_touched(&spy));
	journal_spy_close(&spy, &scene);
	CU_ASSERT(scene_close(&scene));
}

/* --- Refused offers --------------------------------------------------------------------------- */

static bool keeps(const struct reply *reply, const char *payload_types)
{
	char expected[64];

	snprintf(expected, sizeof(expected), " RTP/AVP %s\r\n", payload_types);
	return reply->sdp.len && memmem(reply->sdp.s, reply->sdp.len, expected, strlen(expected));
}

/* Which of PCMU, opus in stereo and speex with two rates a name in "codec" means. */
static void test_names_of_codecs(void)
{
	static const struct {
		const char *strip, *left;
	} rows[] = {
		{ "PCMU", "96 97 98" },
		{ "pcmu", "96 97 98" },
		{ "0", "96 97 98" },
		{ "1", "0 96 97 98" },
		{ "PCMU/8000", "96 97 98" },
		{ "PCMU/8000/1", "96 97 98" },
		{ "PCMU/16000", "0 96 97 98" },
		{ "opus", "0 97 98" },
		{ "opus/48000", "0 97 98" },
		{ "opus/48000/2", "0 97 98" },
		{ "opus/48000/1", "0 96 97 98" },
		{ "opus/24000/2", "0 96 97 98" },
		{ "speex", "0 96" },
		{ "speex/16000", "0 96 98" },
		{ "speex/32000", "0 96 97" },
		{ "speex/x", "0 96 97 98" },
		{ "G729", "0 96 97 98" },
	};
	struct scene scene;

	scene_open(&scene);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str strip = str_of(rows[i].strip);
		struct request request = base_request(A_HEAD "m=audio 4000 RTP/AVP 0 96 97 98\r\n"
							     "a=rtpmap:96 opus/48000/2\r\n"
							     "a=rtpmap:97 speex/16000\r\n"
							     "a=rtpmap:98 speex/32000\r\n");
		struct reply reply;

		request.codec_strip = &strip;
		request.n_codec_strip = 1;
		reply = scene_run(&scene, command_offer, request);
		if (!keeps(&reply, rows[i].left)) {
			printf("strip %s: " STR_FMT "\n", rows[i].strip, STR_ARG(reply.sdp));
			CU_FAIL("other codecs are left");
		}
	}
	CU_ASSERT(scene_close(&scene));
}

static void test_unidirectional_is_of_the_last_offer_or_answer(void)
{
	struct scene scene;

	scene_open(&scene);
	offer_with(&scene, A_HEAD AUDIO, REQ_UNIDIRECTIONAL);
	CU_ASSERT(the_dialog(&scene)->media[0]->flags & MEDIA_UNIDIRECTIONAL);
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_FALSE(the_dialog(&scene)->media[0]->flags & MEDIA_UNIDIRECTIONAL);
	CU_ASSERT(scene_close(&scene));
}

static bool fits_in_room(const struct request *request, struct str sdp)
{
	return sdp.len <= request->room;
}

/* The SDP is written again with a higher version: that one, too, has to fit. */
static void test_version_that_makes_the_reply_too_large(void)
{
#define VERSION_9 "v=0\r\no=- 1 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" AUDIO
	struct request request = base_request(VERSION_9 "a=sendonly\r\n");
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	request.flags = REQ_REPLACE_VERSION;
	request.fits = fits_in_room;
	request.room = SIZE_MAX;
	request.room = scene_run(&scene, command_offer, request).sdp.len;
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	request.sdp = STR(VERSION_9 "a=recvonly\r\n");
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_ERROR);
	CU_ASSERT_STRING_EQUAL(reply.error, "Reply too large");
	CU_ASSERT_EQUAL(scene.stats.reply_too_large, 1);
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_HOLD);
	request.room++;
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	CU_ASSERT(scene_close(&scene));
}

/* All m= lines have their new settings, or none. */
static void test_offer_refused_for_want_of_memory_changes_nothing(void)
{
	static const char moved[] = HEAD("192.0.2.77") AUDIO VIDEO;
	static const char *const places[] = { "192.0.2.1:4000", "192.0.2.1:6000" };
	unsigned int refused = 0;
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO VIDEO);
	answer(&scene, B_HEAD AUDIO VIDEO);
	ALLOC_FAILS_AT_EACH
	{
		if (offer(&scene, moved).code == REPLY_OK) {
			offer(&scene, A_HEAD AUDIO VIDEO);
			continue;
		}
		refused++;
		for (size_t i = 0; i < 2; i++)
			CU_ASSERT(
				is_at(&conf_of(&scene, i)->side[SIDE_A].sdp[COMP_RTP], places[i]));
	}
	CU_ASSERT(refused >= 2);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(
	exchange,
	{ "every offer and answer sets timer and journal",
	  test_every_offer_and_answer_sets_timer_and_journal },
	{ "refused calls are counted", test_refused_calls_are_counted },
	{ "relay without the family takes another", test_relay_without_the_family_takes_another },
	{ "address-family of a re-INVITE", test_address_family_of_a_reinvite },
	{ "move of RTCP alone or of SIP reopens", test_move_of_rtcp_alone_or_of_sip_reopens },
	{ "directions that mean hold", test_directions_that_mean_hold },
	{ "more clock rates than there is room for", test_more_clock_rates_than_there_is_room_for },
	{ "rtcp-mux that was not offered is not taken",
	  test_mux_that_was_not_offered_is_not_taken },
	{ "medias of a party know each other", test_medias_of_a_party_know_each_other },
	{ "new ports do not forget that a phone was heard",
	  test_new_ports_do_not_forget_that_a_phone_was_heard },
	{ "answers that end other forks", test_answers_that_end_other_forks },
	{ "forks of another caller stay", test_forks_of_another_caller_stay },
	{ "names of codecs", test_names_of_codecs },
	{ "flag unidirectional", test_unidirectional_is_of_the_last_offer_or_answer },
	{ "second answerer has nothing of the first",
	  test_second_answerer_has_nothing_of_the_first },
	{ "offer of a party that has not answered", test_offer_of_a_party_that_has_not_answered },
	{ "delete of the last talk ends all", test_delete_of_the_last_talk_ends_all },
	{ "delete-delay moves the timer", test_delete_delay_moves_the_timer },
	{ "version that makes the reply too large", test_version_that_makes_the_reply_too_large },
	{ "offer refused for want of memory changes nothing",
	  test_offer_refused_for_want_of_memory_changes_nothing });
