/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal_media.c - media of a restored call continues, also in the kernel */
#include "daemon/call/events.h"
#include "daemon/call/media_path.h"
#include "restored_scene.h"
#include "tests/unit/kernel/fake_kmod.h"
#include "tests/unit/test_clock.h"

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

TEST_SUITE(journal_media,
	   { "media continues and unknown sources are refused",
	     test_media_continues_and_unknown_sources_are_refused },
	   { "the source is on disk when a stream has latched",
	     test_source_is_on_disk_when_a_stream_has_latched },
	   { "a rebind while the daemon was down is followed",
	     test_rebind_while_the_daemon_was_down_is_followed },
	   { "medias of a restored call are siblings",
	     test_medias_of_a_restored_call_are_siblings },
	   { "R9, R14: offer and RTCP of before are known",
	     test_offer_and_rtcp_of_before_are_known },
	   { "flows stay in the kernel", test_flows_stay_in_the_kernel });
