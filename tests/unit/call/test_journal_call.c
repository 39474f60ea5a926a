/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal_call.c - a call is restored by the next relay: its parts, flags and texts */
#include "daemon/call/dialog.h"
#include "daemon/sdp/sdp.h"
#include "restored_scene.h"

static void test_call_is_restored_completely(void)
{
	struct world *w = world_new();
	const struct dialog *dialog;
	uint16_t port[2];
	int64_t created_us, created_s;

	make_call(w);
	the_call(w)->dialogs->timeout_s = 77;
	the_call(w)->dialogs->final = true;
	port[SIDE_A] = audio(w)->port[SIDE_A];
	port[SIDE_B] = audio(w)->port[SIDE_B];
	created_us = the_call(w)->created_us;
	created_s = the_call(w)->dialogs->created_s;
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	dialog = the_call(w)->dialogs;
	CU_ASSERT_EQUAL(the_call(w)->created_us, created_us);
	CU_ASSERT(str_eq(the_call(w)->metadata, STR("who=what")));
	CU_ASSERT_EQUAL(the_call(w)->tos, 184);
	CU_ASSERT_PTR_NOT_NULL(the_call(w)->mark);
	CU_ASSERT_PTR_NULL(dialog->next);
	CU_ASSERT_EQUAL(dialog->created_s, created_s);
	CU_ASSERT_EQUAL(dialog->timeout_s, 77);
	CU_ASSERT(dialog->answered && dialog->final);
	CU_ASSERT(str_eq(dialog->via_branch, STR("branch")));
	CU_ASSERT(str_starts(dialog->offered, STR("\r\nm=audio 0 RTP/AVP ")));
	CU_ASSERT(str_eq(dialog->party[SIDE_A].tag, STR("from")));
	CU_ASSERT(str_eq(dialog->party[SIDE_B].tag, STR("to")));
	CU_ASSERT(str_eq(dialog->party[SIDE_B].local->name, STR("priv")));
	CU_ASSERT_EQUAL(dialog->party[SIDE_B].shown->version, 1);
	CU_ASSERT_EQUAL(dialog->n_media, 2);
	CU_ASSERT_PTR_NULL(dialog->media[1]);
	CU_ASSERT_EQUAL(audio(w)->port[SIDE_A], port[SIDE_A]);
	CU_ASSERT_EQUAL(audio(w)->port[SIDE_B], port[SIDE_B]);
	CU_ASSERT_STRING_EQUAL(audio(w)->type, "audio");
	CU_ASSERT_EQUAL(bridge_conf(audio(w)->bridge)->clocks[0].clock, 48000);
	CU_ASSERT_EQUAL(bridge_conf(audio(w)->bridge)->clocks[1].pt, 97);
	CU_ASSERT_EQUAL(bridge_conf(audio(w)->bridge)->clocks[1].codec, quality_codec(STR("AMR")));
	CU_ASSERT_EQUAL(endpoint_port(&bridge_conf(audio(w)->bridge)->side[SIDE_B].sdp[COMP_RTP]),
			5000);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 1);
	CU_ASSERT(event_pending(&the_call(w)->timer, EV_TIMEOUT, NULL));
	world_free(w);
}

/* Each has a value of its own. */
static void test_details_of_party_and_media_are_restored(void)
{
	struct request alias = request(answer_sdp);
	struct world *w = world_new();
	const struct party *callee;
	const struct dialog *dialog;
	struct media *media;

	make_call(w);
	the_call(w)->dialogs->final = false;
	alias.to_tag = STR("second tag");
	alias.set_label = STR("label");
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_answer, alias).code, REPLY_OK);
	media = the_call(w)->dialogs->media[0];
	media->flags = MEDIA_DTLS | MEDIA_MUX_SEEN;
	media->holds = HOLD_STRONG;
	media->direction[SIDE_A] = SDP_SENDONLY;
	media->direction[SIDE_B] = SDP_RECVONLY;
	strcpy(media->protocol[SIDE_A], "RTP/AVPF");
	strcpy(media->codec, "PCMU");
	the_call(w)->packets[SIDE_A] = 1000;
	the_call(w)->packets[SIDE_B] = 2000;
	the_call(w)->latching = LATCH_SMART;
	the_call(w)->ignored_told = true;
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	dialog = the_call(w)->dialogs;
	callee = &dialog->party[SIDE_B];
	CU_ASSERT_EQUAL_FATAL(callee->n_aliases, 1);
	CU_ASSERT(str_eq(callee->aliases[0], STR("second tag")));
	CU_ASSERT(str_eq(callee->label, STR("label")));
	CU_ASSERT_EQUAL(audio(w)->flags, MEDIA_DTLS | MEDIA_MUX_SEEN);
	CU_ASSERT_EQUAL(audio(w)->holds, HOLD_STRONG);
	CU_ASSERT_EQUAL(audio(w)->direction[SIDE_A], SDP_SENDONLY);
	CU_ASSERT_EQUAL(audio(w)->direction[SIDE_B], SDP_RECVONLY);
	CU_ASSERT_STRING_EQUAL(audio(w)->protocol[SIDE_A], "RTP/AVPF");
	CU_ASSERT_STRING_EQUAL(audio(w)->protocol[SIDE_B], "RTP/AVP");
	CU_ASSERT_STRING_EQUAL(audio(w)->codec, "PCMU");
	CU_ASSERT_EQUAL(the_call(w)->packets[SIDE_A], 1000);
	CU_ASSERT_EQUAL(the_call(w)->packets[SIDE_B], 2000);
	CU_ASSERT_EQUAL(the_call(w)->latching, LATCH_SMART);
	CU_ASSERT(the_call(w)->ignored_told);
	world_free(w);
}

/* The address to notify of its time-out, and the address of the requester. */
static void test_notice_is_restored(void)
{
	const struct endpoint proxy = sample_ep("[2001:db8::1]:40000");
	struct world *w = world_new();
	struct notice *notice = calloc(1, sizeof(*notice) + 4);

	scene_must(notice, "notice");
	notice->target = 0x89abcdef;
	notice->source = proxy;
	notice->tag = (struct str){ memcpy(notice->text, "T1.2", 4), 4 };
	make_call(w);
	the_call(w)->dialogs->media[0]->notice = notice;
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	notice = audio(w)->notice;
	CU_ASSERT_PTR_NOT_NULL_FATAL(notice);
	CU_ASSERT_EQUAL(notice->target, 0x89abcdef);
	CU_ASSERT(endpoint_eq(&notice->source, &proxy));
	CU_ASSERT(str_eq(notice->tag, STR("T1.2")));
	world_free(w);
}

static void test_restored_call_accepts_commands(void)
{
	struct request again = request(offer_sdp), end;
	struct world *w = world_new();
	uint16_t port;

	make_call(w);
	port = audio(w)->port[SIDE_B];
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	w->scene.calls->journal = w->journal;
	again.to_tag = STR("to");
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, again).code, REPLY_OK);
	CU_ASSERT_EQUAL(audio(w)->port[SIDE_B], port);
	end = (struct request){ .call_id = STR("call"), .from_tag = STR("to") };
	CU_ASSERT_PTR_NULL(scene_run(&w->scene, command_delete, end).warning);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
	CU_ASSERT(scene_settle(&w->scene));
	world_free(w);
}

static void test_ended_fork_does_not_come_back(void)
{
	struct request fork = request(offer_sdp), end;
	struct world *w = world_new();

	make_call(w);
	fork.via_branch = STR("other branch");
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, fork).code, REPLY_OK);
	settle(w);
	end = (struct request){ .call_id = STR("call"),
				.from_tag = STR("from"),
				.via_branch = STR("other branch") };
	CU_ASSERT_PTR_NULL(scene_run(&w->scene, command_delete, end).warning);
	restart_from_disk(w);
	CU_ASSERT_PTR_NULL(the_call(w)->dialogs->next);
	CU_ASSERT(str_eq(the_call(w)->dialogs->via_branch, STR("branch")));
	world_free(w);
}

static void test_ended_call_does_not_come_back(void)
{
	struct world *w = world_new();

	make_call(w);
	settle(w);
	call_end(the_call(w), CALL_DELETED);
	restart_from_disk(w);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
	world_free(w);
}

/* Blocked by command: the flag of the party makes that of each SDP that follows. */
static void test_blocked_party_stays_blocked(void)
{
	struct request block = { .call_id = STR("call"), .from_tag = STR("from") };
	struct request again = request(offer_sdp);
	struct world *w = world_new();
	const struct bridge_conf *conf;

	make_call(w);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_block_media, block).code, REPLY_OK);
	restart_from_disk(w);
	again.to_tag = STR("to");
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, again).code, REPLY_OK);
	conf = bridge_conf(audio(w)->bridge);
	CU_ASSERT_EQUAL(conf->side[SIDE_A].flags & SIDE_BLOCK, SIDE_BLOCK);
	CU_ASSERT_EQUAL(conf->side[SIDE_B].flags & SIDE_BLOCK, 0);
	world_free(w);
}

/* So do blocked digits, the place that they are reported to, and the digits for the record. */
static void test_dtmf_is_restored(void)
{
	static const char sdp[] = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0 101\r\n"
				  "a=rtpmap:101 telephone-event/8000\r\n";
	struct request block = { .call_id = STR("call"), .from_tag = STR("from") };
	struct request again = request(sdp);
	struct world *w = world_new();
	const struct bridge_conf *conf;

	make_call(w);
	again.to_tag = STR("to");
	again.dtmf_place = STR("192.0.2.9:9000");
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_block_dtmf, block).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, again).code, REPLY_OK);
	CU_ASSERT_EQUAL(text_set(&the_call(w)->dialogs->media[0]->dtmf[SIDE_B], STR("12#")), 0);
	call_touch(the_call(w));
	restart_from_disk(w);
	CU_ASSERT_TRUE(str_eq(the_call(w)->dtmf_place, STR("192.0.2.9:9000")));
	CU_ASSERT_TRUE(str_eq(audio(w)->dtmf[SIDE_B], STR("12#")));
	CU_ASSERT_EQUAL(audio(w)->dtmf[SIDE_A].len, 0);
	conf = bridge_conf(audio(w)->bridge);
	CU_ASSERT_TRUE(bridge_is_event(conf, SIDE_B, 101));
	CU_ASSERT_EQUAL(conf->side[SIDE_A].flags & (SIDE_DTMF | SIDE_DTMF_BLOCK),
			SIDE_DTMF | SIDE_DTMF_BLOCK);
	CU_ASSERT_EQUAL(conf->side[SIDE_B].flags & (SIDE_DTMF | SIDE_DTMF_BLOCK), SIDE_DTMF);
	again.dtmf_place = STR_NONE;
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, again).code, REPLY_OK);
	conf = bridge_conf(audio(w)->bridge);
	CU_ASSERT_EQUAL(conf->side[SIDE_A].flags & (SIDE_DTMF | SIDE_DTMF_BLOCK),
			SIDE_DTMF | SIDE_DTMF_BLOCK);
	world_free(w);
}

TEST_SUITE(journal_call, { "a call is restored completely", test_call_is_restored_completely },
	   { "details of party and media are restored",
	     test_details_of_party_and_media_are_restored },
	   { "the notice of a time-out is restored", test_notice_is_restored },
	   { "a restored call accepts commands", test_restored_call_accepts_commands },
	   { "an ended fork does not come back", test_ended_fork_does_not_come_back },
	   { "an ended call does not come back", test_ended_call_does_not_come_back },
	   { "a blocked party stays blocked", test_blocked_party_stays_blocked },
	   { "dtmf is restored", test_dtmf_is_restored });
