/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_journal_call.c - a call is restored by the next relay: ports, phones, accepted sources,
 * time-outs
 *
 * Two scenes one after the other; the second one gets what the first one has encoded.
 */
#include <errno.h>
#include <event2/event.h>
#include <utlist.h>
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/call/events.h"
#include "daemon/call/media_path.h"
#include "daemon/call/restore.h"
#include "daemon/packet/bridge.h"
#include "daemon/packet/pool.h"
#include "daemon/sdp/sdp.h"
#include "tests/unit/kernel/fake_kmod.h"
#include "journal_sample.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define RECORDS 4

/*
 * Most tests pass the records themselves: the journal's file is needed only to mark calls as
 * changed. What is in the file matters to those that call restart_from_disk().
 */
struct world {
	struct scene scene;
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
	struct journal_calls calls;
	uint8_t bytes[RECORDS][65536];
	size_t len[RECORDS];
};

static const char offer_sdp[] =
	"v=0\r\no=- 1 1 IN IP4 127.80.0.9\r\ns=-\r\nc=IN IP4 127.80.0.9\r\n"
	"t=0 0\r\nm=audio 4000 RTP/AVP 0 96 97\r\na=rtpmap:96 opus/48000/2\r\n"
	"a=rtpmap:97 AMR/8000\r\n"
	"m=image 4010 udptl t38\r\n";
static const char answer_sdp[] =
	"v=0\r\no=- 1 1 IN IP4 127.80.0.9\r\ns=-\r\nc=IN IP4 127.80.0.9\r\n"
	"t=0 0\r\nm=audio 5000 RTP/AVP 0\r\nm=image 0 udptl t38\r\n";

static int restore_none(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
			size_t len)
{
	(void)arg;
	(void)journal;
	(void)id;
	(void)bytes;
	(void)len;
	return 0;
}

typedef int restore_fn(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
		       size_t len);

static void start_relay_with(struct world *w, restore_fn *restore)
{
	struct journal_conf conf = { w->dir, NULL, journal_call_encode, restore, &w->calls };
	int error;

	scene_open(&w->scene);
	w->calls = (struct journal_calls){ w->scene.calls, arena_new(1 << 14) };
	conf.base = w->scene.base;
	w->journal = w->scene.calls->journal = journal_open(&conf, &error);
	scene_must(w->journal, "journal");
}

static void start_relay(struct world *w)
{
	start_relay_with(w, restore_none);
}

static void stop_relay(struct world *w)
{
	journal_close(w->journal);
	w->scene.calls->journal = NULL;
	arena_free(w->calls.arena);
	CU_ASSERT(scene_close(&w->scene));
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	scene_must(w, "world");
	journal_files_make(w->dir);
	start_relay(w);
	return w;
}

static void world_free(struct world *w)
{
	char command[128];

	stop_relay(w);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	free(w);
}

static struct request request(const char *sdp)
{
	return (struct request){ .call_id = STR("call"),
				 .from_tag = STR("from"),
				 .to_tag = str_of(sdp == answer_sdp ? "to" : NULL),
				 .via_branch = STR("branch"),
				 .sdp = str_of(sdp),
				 .direction = { STR("pub"), STR("priv") },
				 .metadata = STR("who=what"),
				 .flags = REQ_REPLACE_VERSION,
				 .tos = 184 };
}

static struct call *the_call(struct world *w)
{
	struct call *call = call_find(w->scene.calls, STR("call"));

	scene_must(call, "the call");
	return call;
}

static void make_call(struct world *w)
{
	struct request answer = request(answer_sdp);

	answer.sip_code = 200;
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, request(offer_sdp)).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_answer, answer).code, REPLY_OK);
	CU_ASSERT_PTR_NOT_NULL(the_call(w)->mark);
}

static void note(struct world *w, unsigned int n)
{
	w->len[n] = journal_call_encode(&w->calls, the_call(w), w->bytes[n], sizeof(w->bytes[n]));
	CU_ASSERT(w->len[n] > 0);
}

static int take_up(struct world *w, unsigned int n)
{
	return journal_call_restore(&w->calls, w->journal, 1, w->bytes[n], w->len[n]);
}

/* One relay ends, the next begins; in between the ports are free. */
static void restart(struct world *w)
{
	note(w, 0);
	stop_relay(w);
	start_relay(w);
	/* As in the daemon: the table gets its journal after the restore. */
	w->scene.calls->journal = NULL;
}

/* All changes that the journal was told of are on disk. */
static void settle(struct world *w)
{
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;

	while (!journal_is_idle(w->journal) && test_real_ms() < until_ms)
		event_base_loop(w->scene.base, EVLOOP_ONCE);
	CU_ASSERT(journal_is_idle(w->journal));
}

/* As after a crash: a change that the journal was not told of is lost. */
static void restart_from_disk(struct world *w)
{
	settle(w);
	stop_relay(w);
	start_relay_with(w, journal_call_restore);
	worker_pool_flush(w->scene.workers);
}

static int phone(const char *text)
{
	struct endpoint at = sample_ep(text);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	scene_must(fd >= 0 && !bind(fd, &at.sa, endpoint_len(&at)), text);
	return fd;
}

static void say(int fd, const char *addr, uint16_t port, uint16_t seq)
{
	uint8_t rtp[172] = { 0x80, 0, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 1, 1, 2, 3, 4 };
	struct endpoint to = sample_ep(addr);

	endpoint_set_port(&to, port);
	CU_ASSERT_EQUAL(sendto(fd, rtp, sizeof(rtp), 0, &to.sa, endpoint_len(&to)),
			(ssize_t)sizeof(rtp));
}

/* A packet arrived within @ms. */
static bool hears(int fd, int ms)
{
	struct pollfd pollfd = { fd, POLLIN, 0 };
	uint8_t data[2000];

	return poll(&pollfd, 1, ms) == 1 && recv(fd, data, sizeof(data), 0) > 0;
}

static const struct media *audio(struct world *w)
{
	return the_call(w)->dialogs->media[0];
}

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

/* Waits until the control thread has been notified @n times that a stream has latched. */
static void hear_news(struct world *w)
{
	struct pollfd pollfd = { worker_pool_fd(w->scene.workers), POLLIN, 0 };

	if (poll(&pollfd, 1, 1000) > 0)
		worker_pool_dispatch(w->scene.workers);
}

static void test_media_continues_and_unknown_sources_are_refused(void)
{
	int a = phone("127.80.0.9:4444"), b = phone("127.80.0.9:5000"),
	    unknown = phone("127.80.7.7:4000");
	struct world *w = world_new();
	struct latch_record latch;
	uint16_t port[2];

	make_call(w);
	port[SIDE_A] = audio(w)->port[SIDE_A];
	port[SIDE_B] = audio(w)->port[SIDE_B];
	/* The caller is behind a NAT that changed its port: only latching knows where it is. */
	say(a, "127.80.0.1", port[SIDE_A], 1);
	CU_ASSERT(hears(b, 1000));
	say(b, "127.80.0.2", port[SIDE_B], 1);
	CU_ASSERT(hears(a, 1000));
	hear_news(w);
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	worker_pool_flush(w->scene.workers);
	bridge_latch(audio(w)->bridge, SIDE_A, COMP_RTP, &latch);
	CU_ASSERT_EQUAL(endpoint_port(&latch.source), 4444);
	CU_ASSERT(latch.window_end_ms > clock_ms());
	CU_ASSERT(latch.window_end_ms <= clock_ms() + 3000);
	bridge_latch(audio(w)->bridge, SIDE_B, COMP_RTP, &latch);
	CU_ASSERT_EQUAL(latch.phase, PHASE_LOCKED);
	/* Only the callee sends, and the caller, who has not sent yet, receives it. */
	say(b, "127.80.0.2", port[SIDE_B], 2);
	CU_ASSERT(hears(a, 1000));
	say(unknown, "127.80.0.1", port[SIDE_A], 1);
	CU_ASSERT_FALSE(hears(b, 100));
	say(a, "127.80.0.1", port[SIDE_A], 2);
	CU_ASSERT(hears(b, 1000));
	world_free(w);
	close(a);
	close(b);
	close(unknown);
}

static void note_latched(void *arg, const struct happening *happening)
{
	*(bool *)arg |= happening->kind == STREAM_LATCHED;
}

/* The caller sends, and the control thread is told that its stream has latched. */
static void latch_caller(struct world *w, int fd)
{
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;
	bool latched = false;
	struct events events = { .watchers = NULL };
	struct events_watcher watcher;

	settle(w);
	events_watch(&events, &watcher, note_latched, &latched);
	w->scene.calls->conf.events = &events;
	say(fd, "127.80.0.1", audio(w)->port[SIDE_A], 1);
	while (!latched && test_real_ms() < until_ms)
		hear_news(w);
	CU_ASSERT(latched);
	w->scene.calls->conf.events = NULL;
}

/* No command follows, after which the call would be written anyway. */
static void test_source_is_on_disk_when_a_stream_has_latched(void)
{
	int a = phone("127.80.0.9:4444");
	struct world *w = world_new();
	struct latch_record latch;

	make_call(w);
	latch_caller(w, a);
	restart_from_disk(w);
	bridge_latch(audio(w)->bridge, SIDE_A, COMP_RTP, &latch);
	CU_ASSERT_EQUAL(endpoint_port(&latch.source), 4444);
	world_free(w);
	close(a);
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

/* Numbers of its packets were not seen in between, so they say nothing about a sender. */
static void test_rebind_while_the_daemon_was_down_is_followed(void)
{
	int a = phone("127.80.0.9:4444"), b = phone("127.80.0.9:5000"),
	    rebound = phone("127.80.0.9:4450");
	struct world *w = world_new();
	struct latch_record latch;

	make_call(w);
	latch_caller(w, a);
	CU_ASSERT(hears(b, 1000));
	restart_from_disk(w);
	test_clock_stop();
	test_clock_pass(LATCH_SILENCE_MS + 100);
	say(rebound, "127.80.0.1", audio(w)->port[SIDE_A], 20000);
	CU_ASSERT(hears(b, 1000));
	test_clock_go();
	bridge_latch(audio(w)->bridge, SIDE_A, COMP_RTP, &latch);
	CU_ASSERT_EQUAL(endpoint_port(&latch.source), 4450);
	world_free(w);
	close(a);
	close(b);
	close(rebound);
}

/* The second m= line learns from the first one, as before the restart. */
static void test_medias_of_a_restored_call_are_siblings(void)
{
	static const char two[] = "v=0\r\no=- 1 1 IN IP4 127.80.0.9\r\ns=-\r\n"
				  "c=IN IP4 127.80.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
				  "m=audio 4010 RTP/AVP 0\r\nc=IN IP4 127.80.3.3\r\n";
	int a = phone("127.80.0.9:4000"), second = phone("127.80.0.9:4010");
	struct world *w = world_new();
	struct request answer = request(two);
	struct stream_report report;
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;

	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, request(two)).code, REPLY_OK);
	answer.to_tag = STR("to");
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_answer, answer).code, REPLY_OK);
	latch_caller(w, a);
	restart_from_disk(w);
	say(second, "127.80.0.1", the_call(w)->dialogs->media[1]->port[SIDE_A], 1);
	do {
		poll(NULL, 0, 1);
		bridge_report(the_call(w)->dialogs->media[1]->bridge, SIDE_A, COMP_RTP, &report);
	} while (!report.packets_in && !report.drops[DROP_PATIENCE] && test_real_ms() < until_ms);
	CU_ASSERT_EQUAL(report.packets_in, 1);
	CU_ASSERT_EQUAL(report.rank, RANK_NEAR);
	world_free(w);
	close(a);
	close(second);
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

static struct fake_kmod fake;

static struct kmod *kernel_open(struct world *w)
{
	const struct kmod_conf conf = { .link = &fake.link,
					.event = call_kmod_event,
					.arg = w->scene.calls };

	w->scene.calls->conf.kmod = kmod_open(&conf);
	scene_must(w->scene.calls->conf.kmod, "kmod");
	return w->scene.calls->conf.kmod;
}

/* As main.c does at SIGTERM, when the journal contains all calls. */
static void leave(struct world *w, struct kmod *kmod)
{
	journal_close(w->journal);
	w->journal = w->scene.calls->journal = NULL;
	kmod_let_go(kmod);
	call_table_leave_all(w->scene.calls);
	CU_ASSERT(scene_settle(&w->scene));
	w->scene.calls->conf.kmod = NULL;
	kmod_close(kmod, true);
}

/* Nothing changes in the kernel: no flow is removed, none is added, and each continues counting. */
static void test_flows_stay_in_the_kernel(void)
{
	int a = phone("127.80.0.9:4000"), b = phone("127.80.0.9:5000");
	struct world *w = world_new();
	struct stream_report report;
	struct fake_flow *flow;
	struct endpoint local;
	struct kmod *kmod;
	unsigned int adds;

	fake_kmod_init(&fake, true);
	kmod = kernel_open(w);
	call_table_follow(w->scene.calls);
	make_call(w);
	say(a, "127.80.0.1", audio(w)->port[SIDE_A], 1);
	CU_ASSERT(hears(b, 1000));
	say(b, "127.80.0.2", audio(w)->port[SIDE_B], 1);
	for (int i = 0; i < 100 && fake_kmod_count(&fake) < 2; i++) {
		hear_news(w);
		kmod_flush(kmod);
	}
	CU_ASSERT_EQUAL_FATAL(fake_kmod_count(&fake), 2);
	local = audio(w)->local[SIDE_A]->bind;
	endpoint_set_port(&local, audio(w)->port[SIDE_A]);
	flow = fake_kmod_find(&fake, &local);
	flow->packets = 1000;
	flow->seen_ago_ms = 20;
	note(w, 0);
	leave(w, kmod);
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	adds = fake.n_adds;
	stop_relay(w);

	start_relay(w);
	w->scene.calls->journal = NULL;
	kmod = kernel_open(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	call_table_follow(w->scene.calls);
	kmod_adopt(kmod);
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 2);
	CU_ASSERT_PTR_EQUAL(fake_kmod_find(&fake, &local), flow);
	media_path_refresh(the_call(w)->dialogs->media, 1);
	media_report(audio(w), SIDE_A, COMP_RTP, &report);
	CU_ASSERT(report.in_kernel);
	CU_ASSERT_EQUAL(report.kernel_packets_in, 1000);
	CU_ASSERT_EQUAL(fake.n_adds - fake.n_carried, adds); /* no counter begins at 0 */
	call_end(the_call(w), CALL_DELETED);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT(scene_settle(&w->scene));
	w->scene.calls->conf.kmod = NULL;
	kmod_close(kmod, true);
	world_free(w);
	close(a);
	close(b);
}

static void test_taken_port_ends_only_its_call(void)
{
	struct world *w = world_new();
	struct endpoint at = sample_ep("127.80.0.2");
	int other;

	make_call(w);
	endpoint_set_port(&at, (uint16_t)(audio(w)->port[SIDE_B] + 1));
	restart(w);
	other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	scene_must(!bind(other, &at.sa, endpoint_len(&at)), "another program");
	log_set_level(LOG_LEVEL_ERR);
	CU_ASSERT_EQUAL(take_up(w, 0), -EADDRINUSE);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
	CU_ASSERT(scene_settle(&w->scene));
	CU_ASSERT_EQUAL(scene_used(&w->scene, "pub"), 0);
	close(other);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, request(offer_sdp)).code, REPLY_OK);
	world_free(w);
}

/* The decoded bytes of record 0, to be changed. */
static void reread(struct world *w, struct arena *arena, struct call_record *record)
{
	CU_ASSERT_EQUAL_FATAL(journal_record_read(arena, w->bytes[0], w->len[0], record), 0);
}

static void rewrite(struct world *w, struct call_record *record)
{
	w->len[0] = journal_record_write(record, w->bytes[0], sizeof(w->bytes[0]));
	CU_ASSERT(w->len[0] > 0);
}

/*
 * R9, R14: an offer without an answer, the rank of the first source, and that the party sends RTCP.
 * It may have sent some while the daemon was down.
 */
static void test_offer_and_rtcp_of_before_are_known(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;
	struct media_record *media;
	struct latch_record latch;
	int64_t now_ms;

	make_call(w);
	restart(w);
	reread(w, arena, &record);
	media = &record.dialogs[0].media[0];
	media->answers = MEDIA_EARLY;
	media->conf.side[SIDE_B].flags |= SIDE_MUX;
	media->stream[SIDE_A][COMP_RTP].latch =
		(struct latch_record){ .source = sample_ep("192.0.2.9:4000"),
				       .phase = PHASE_PENDING,
				       .unanswered = PHASE_MOVED,
				       .window_end_ms = record.written_ms + 20000,
				       .pending_end_ms = record.written_ms + 20000,
				       .rtcp_ms = record.written_ms - 60000,
				       .first_exact = true };
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	worker_pool_flush(w->scene.workers);
	now_ms = clock_ms();
	CU_ASSERT_EQUAL(audio(w)->answers, MEDIA_EARLY);
	bridge_latch(audio(w)->bridge, SIDE_A, COMP_RTP, &latch);
	CU_ASSERT_EQUAL(latch.phase, PHASE_PENDING);
	CU_ASSERT_EQUAL(latch.unanswered, PHASE_MOVED);
	CU_ASSERT(latch.pending_end_ms > now_ms && latch.pending_end_ms <= now_ms + 20000);
	CU_ASSERT(latch.rtcp_ms > now_ms - 10000 && latch.rtcp_ms <= now_ms);
	CU_ASSERT_TRUE(latch.first_exact);
	bridge_latch(audio(w)->bridge, SIDE_A, COMP_RTCP, &latch);
	CU_ASSERT_EQUAL(latch.rtcp_ms, 0);
	bridge_latch(audio(w)->bridge, SIDE_B, COMP_RTP, &latch);
	CU_ASSERT(latch.rtcp_ms > now_ms - 10000);
	arena_free(arena);
	world_free(w);
}

static void test_what_does_not_fit_this_relay_is_refused(void)
{
	static const struct {
		const char *iface, *addr;
		uint16_t port;
		int error;
	} rows[] = {
		{ "gone", "127.80.0.1", 21000, -EADDRNOTAVAIL },
		{ "pub", "127.80.0.3", 21000, -EADDRNOTAVAIL },
		{ "pub", "127.80.0.1", 20000, -ERANGE },
		{ "pub", "127.80.0.1", 21001, -ERANGE },
		{ "six", "[::1]", 21000, -EBADMSG },
	};
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;

	make_call(w);
	restart(w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		reread(w, arena, &record);
		record.dialogs[0].media[0].place[SIDE_A] =
			(struct place_record){ str_of(rows[i].iface), sample_ep(rows[i].addr) };
		record.dialogs[0].media[0].port[SIDE_A] = rows[i].port;
		rewrite(w, &record);
		CU_ASSERT_EQUAL(take_up(w, 0), rows[i].error);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
	}
	arena_free(arena);
	world_free(w);
}

/* Packets of the other family never come to the socket of a side. */
static void test_addresses_of_another_family_are_refused(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();

	make_call(w);
	restart(w);
	for (int what = 0; what < 4; what++) {
		struct call_record record;
		struct media_record *media;
		struct latch_record *latch;

		reread(w, arena, &record);
		media = &record.dialogs[0].media[0];
		latch = &media->stream[SIDE_A][COMP_RTP].latch;
		*(struct endpoint *[]){ &latch->source, &latch->replaced,
					&media->conf.side[SIDE_A].sdp[COMP_RTP],
					&media->conf.side[SIDE_A].sip }[what] =
			sample_ep("[2001:db8::9]:4000");
		if (what == 0)
			latch->phase = PHASE_OPEN;
		rewrite(w, &record);
		CU_ASSERT_EQUAL(take_up(w, 0), -EBADMSG);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
		/* nothing else is wrong with it */
		*(struct endpoint *[]){ &latch->source, &latch->replaced,
					&media->conf.side[SIDE_A].sdp[COMP_RTP],
					&media->conf.side[SIDE_A].sip }[what] =
			sample_ep("192.0.2.9:4000");
		rewrite(w, &record);
		CU_ASSERT_EQUAL(take_up(w, 0), 0);
		call_end(the_call(w), CALL_FORCED);
		CU_ASSERT(scene_settle(&w->scene));
	}
	arena_free(arena);
	world_free(w);
}

static void test_same_call_twice_is_refused(void)
{
	struct world *w = world_new();

	make_call(w);
	restart(w);
	CU_ASSERT_EQUAL(take_up(w, 0), 0);
	CU_ASSERT_EQUAL(take_up(w, 0), -EEXIST);
	CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 1);
	world_free(w);
}

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Times are restored independently of changes of the clocks: in the past, not in the future; no
 * wait becomes longer.
 */
static void test_times_are_restored(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;
	int64_t now_ms;

	make_call(w);
	restart(w);
	reread(w, arena, &record);
	record.written_ms = wall_ms() - 20000;
	record.dialogs[0].last_signal_ms = wall_ms() - 30000;
	record.dialogs[0].delete_at_ms = wall_ms() + 10000;
	record.created_us = (wall_ms() + 3600000) * 1000; /* the clock was set back */
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	now_ms = clock_ms();
	CU_ASSERT(llabs(the_call(w)->dialogs->last_signal_ms - (now_ms - 30000)) < 1000);
	CU_ASSERT(llabs(the_call(w)->dialogs->delete_at_ms - (now_ms + 10000)) < 1000);
	CU_ASSERT(the_call(w)->created_ms <= now_ms);
	call_end(the_call(w), CALL_FORCED);
	CU_ASSERT(scene_settle(&w->scene));

	/*
	 * The clock was an hour ahead when it was written: the delay of ten seconds does not become
	 * an hour.
	 */
	record.written_ms = wall_ms() + 3600000;
	record.dialogs[0].delete_at_ms = record.written_ms + 10000;
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	CU_ASSERT(llabs(the_call(w)->dialogs->delete_at_ms - (clock_ms() + 10000)) < 1000);
	arena_free(arena);
	world_free(w);
}

/* There may have been media until the crash: the record does not contain that. */
static void test_old_call_is_not_ended_at_once(void)
{
	struct arena *arena = arena_new(1 << 14);
	struct world *w = world_new();
	struct call_record record;

	make_call(w);
	restart(w);
	reread(w, arena, &record);
	record.dialogs[0].last_signal_ms = wall_ms() - 3600000;
	rewrite(w, &record);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0);
	CU_ASSERT(call_left_ms(the_call(w)->dialogs, clock_ms()) > RESTORED_GRACE_MS - 1000);
	CU_ASSERT(call_left_ms(the_call(w)->dialogs, clock_ms()) <= RESTORED_GRACE_MS);
	arena_free(arena);
	world_free(w);
}

static void test_out_of_memory_leaves_nothing(void)
{
	struct world *w = world_new();
	int error;

	make_call(w);
	restart(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w, 0), 0); /* so that the arena has its chunks */
	call_end(the_call(w), CALL_FORCED);
	CU_ASSERT(scene_settle(&w->scene));
	ALLOC_FAILS_AT_EACH
	{
		error = take_up(w, 0);
		CU_ASSERT(!error || alloc_failed());
		if (!error)
			call_end(the_call(w), CALL_FORCED);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
	}
	CU_ASSERT_EQUAL(scene_used(&w->scene, "priv"), 0);
	world_free(w);
}

TEST_SUITE(
	journal_call, { "a call is restored completely", test_call_is_restored_completely },
	{ "details of party and media are restored", test_details_of_party_and_media_are_restored },
	{ "the notice of a time-out is restored", test_notice_is_restored },
	{ "a restored call accepts commands", test_restored_call_accepts_commands },
	{ "media continues and unknown sources are refused",
	  test_media_continues_and_unknown_sources_are_refused },
	{ "the source is on disk when a stream has latched",
	  test_source_is_on_disk_when_a_stream_has_latched },
	{ "an ended fork does not come back", test_ended_fork_does_not_come_back },
	{ "an ended call does not come back", test_ended_call_does_not_come_back },
	{ "a rebind while the daemon was down is followed",
	  test_rebind_while_the_daemon_was_down_is_followed },
	{ "R9, R14: offer and RTCP of before are known", test_offer_and_rtcp_of_before_are_known },
	{ "medias of a restored call are siblings", test_medias_of_a_restored_call_are_siblings },
	{ "a blocked party stays blocked", test_blocked_party_stays_blocked },
	{ "dtmf is restored", test_dtmf_is_restored },
	{ "flows stay in the kernel", test_flows_stay_in_the_kernel },
	{ "a taken port ends only its call", test_taken_port_ends_only_its_call },
	{ "what does not fit this relay is refused", test_what_does_not_fit_this_relay_is_refused },
	{ "addresses of another family are refused", test_addresses_of_another_family_are_refused },
	{ "the same call twice is refused", test_same_call_twice_is_refused },
	{ "times are restored", test_times_are_restored },
	{ "an old call is not ended at once", test_old_call_is_not_ended_at_once },
	{ "out of memory leaves nothing", test_out_of_memory_leaves_nothing });
