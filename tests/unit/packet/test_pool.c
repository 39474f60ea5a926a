/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_pool.c - what the media threads do apart from packets: they watch windows, share the load,
 * answer, add up what they counted
 */
#include <sys/resource.h>
#include "daemon/base/count.h"
#include "daemon/packet/worker.h"
#include "bridge_scene.h"

/* --- Windows ---------------------------------------------------------------------------------- */

static enum latch_state state_of(const struct scene *scene, int stream)
{
	struct stream_report report;

	get_report(scene, stream, &report);
	return report.state;
}

/*
 * Other ports of side A's phone than those of its SDP: learned, and not locked for a while. Stops
 * the clock, 400 ms after the first packet.
 */
static void learn(struct scene *scene)
{
	struct endpoint at[2];
	int phone[2];
	uint8_t p[8];

	for (int comp = 0; comp < 2; comp++)
		phone[comp] = socket_at("127.0.0.1", &at[comp]);
	test_clock_stop();
	for (uint16_t seq = 1; seq <= 4; seq++) {
		if (seq == 4)
			test_clock_pass(400);
		send_rtp(phone[COMP_RTP], &scene->relay_at[A_RTP], seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], seq));
	}
	sendto(phone[COMP_RTCP], p, receiver_report(p, 7), 0, &scene->relay_at[A_RTCP].sa,
	       endpoint_len(&scene->relay_at[A_RTCP]));
	CU_ASSERT_TRUE(wait_events(scene, &scene->latched, 2));
	for (int comp = 0; comp < 2; comp++) {
		CU_ASSERT_EQUAL(state_of(scene, comp), LATCH_LEARN);
		close(phone[comp]);
	}
}

/* No packet comes after the first ones. */
static void test_windows_of_several_streams_close_by_themselves(void)
{
	struct stream_report report;
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	worker_pool_tell_flows(scene.pool, true);
	learn(&scene);
	pass_seconds(&scene, 2);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LEARN);
	pass_seconds(&scene, 1);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LOCKED);
	get_report(&scene, A_RTCP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_LEARN); /* RTCP alone never locks */
	CU_ASSERT_TRUE(report.settled);
	CU_ASSERT_TRUE(scene.changed >= 2);
	test_clock_go();
	close_scene(&scene);
}

/* The thread wakes up by itself when the next tick is due. */
static void test_ticks_need_no_packets(void)
{
	struct scene scene;
	int64_t end;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	learn(&scene);
	pass_seconds(&scene, 2);
	test_clock_pass(990);
	pass_rounds(&scene); /* sleeps for 10 ms from now on */
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LEARN);
	test_clock_pass(10);
	end = test_real_ms() + DEADLINE_MS;
	while (state_of(&scene, A_RTP) == LATCH_LEARN && test_real_ms() < end)
		poll(NULL, 0, 1);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LOCKED);
	test_clock_go();
	close_scene(&scene);
}

static void report_kernel(struct scene *scene, bool in_kernel, int64_t heard_ms)
{
	const struct bridge_kernel report = { .in_kernel = in_kernel, .heard_ms = heard_ms };

	CU_ASSERT_EQUAL(bridge_kernel(scene->bridge, SIDE_A, COMP_RTP, &report), 0);
	worker_pool_flush(scene->pool);
	pass_rounds(scene);
}

/* An offer opens the window of a stream in the kernel, where the daemon sees no packets. */
static void test_window_of_a_stream_in_the_kernel_ends_without_a_packet(void)
{
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	worker_pool_tell_flows(scene.pool, true);
	learn(&scene);
	pass_seconds(&scene, 3);
	report_kernel(&scene, true, clock_ms());
	pass_seconds(&scene, 3); /* no stream of side A is watched any more */
	scene.change.side[SIDE_A] = LATCH_REOPEN;
	update(&scene);
	pass_rounds(&scene);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LEARN);
	CU_ASSERT_EQUAL(scene.asked, 0);
	pass_seconds(&scene, 3);
	CU_ASSERT_EQUAL(scene.asked, 1);
	report_kernel(&scene, true, clock_ms());
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LOCKED);
	test_clock_go();
	close_scene(&scene);
}

/* The kernel's report of a source that it dropped starts the first window. */
static void test_window_after_a_report_of_the_kernel_ends(void)
{
	struct bridge_kernel report = { .stranger_rtp = true };
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	worker_pool_tell_flows(scene.pool, true);
	test_clock_stop();
	report.stranger = scene.phone_at[A_RTCP]; /* not the port of the SDP */
	CU_ASSERT_EQUAL(bridge_kernel(scene.bridge, SIDE_A, COMP_RTP, &report), 0);
	worker_pool_flush(scene.pool);
	pass_rounds(&scene);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LEARN);
	CU_ASSERT_EQUAL(scene.latched, 1);
	pass_seconds(&scene, 3);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LEARN); /* one packet */
	CU_ASSERT_EQUAL(scene.asked, 0);
	report = (struct bridge_kernel){
		.in_kernel = true, .rtp = true, .seq = 150, .heard_ms = clock_ms()
	};
	CU_ASSERT_EQUAL(bridge_kernel(scene.bridge, SIDE_A, COMP_RTP, &report), 0);
	worker_pool_flush(scene.pool);
	pass_rounds(&scene);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LOCKED);
	test_clock_go();
	close_scene(&scene);
}

/* Refused packets fill the queue: what did not fit into it is counted within a second. */
static void test_flood_that_is_refused_is_counted_too(void)
{
	const int small = 4096;
	struct stream_report report;
	struct scene scene;
	struct endpoint at;
	int attacker;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (int side = 0; side < 2; side++)
		scene.conf.side[side].sip = scene.phone_at[A_RTP];
	attacker = socket_at("127.9.9.66", &at);
	CU_ASSERT_EQUAL(
		setsockopt(scene.relay_fd[A_RTP], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (uint16_t i = 1; i <= 100; i++)
		send_rtp(attacker, &scene.relay_at[A_RTP], i, 66);
	test_clock_stop();
	start_scene(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.refused, 1));
	pass_rounds(&scene); /* the queue is empty now */
	pass_seconds(&scene, 1);
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in, 0);
	CU_ASSERT_TRUE(report.drops[DROP_SOURCE] > 0);
	CU_ASSERT_TRUE(report.drops[DROP_RECEIVE_QUEUE] > 0);
	CU_ASSERT_EQUAL(report.drops[DROP_SOURCE] + report.drops[DROP_RECEIVE_QUEUE], 100);
	test_clock_go();
	close(attacker);
	close_scene(&scene);
}

/* --- Restart ---------------------------------------------------------------------------------- */

/* Side A's RTP was being learned, RTCP of B was locked, when the daemon before ended. */
static void seed(const struct scene *scene, struct stream_seed seeds[2][2])
{
	int64_t now_ms = clock_ms();

	seeds[SIDE_A][COMP_RTP].latch = (struct latch_record){ .source = scene->phone_at[A_RTCP],
							       .heard_ms = now_ms - 500,
							       .window_end_ms = now_ms + 2500,
							       .phase = PHASE_OPEN,
							       .class = CLASS_ADDR,
							       .sequenced = true,
							       .talked = true };
	seeds[SIDE_A][COMP_RTP].last_in_ms = now_ms - 500;
	seeds[SIDE_B][COMP_RTCP].latch = (struct latch_record){ .source = scene->phone_at[B_RTCP],
								.heard_ms = now_ms - 200,
								.phase = PHASE_OPEN,
								.class = CLASS_EXACT };
	seeds[SIDE_B][COMP_RTCP].last_in_ms = now_ms - 200;
}

/* Stops the clock. */
static void restore_scene(struct scene *scene)
{
	struct stream_seed seeds[2][2] = { 0 };
	struct endpoint local[2][2];
	int fd[2][2];

	prepare_scene(scene, "127.0.0.1", "127.0.0.1");
	test_clock_stop();
	memcpy(fd, scene->relay_fd, sizeof(fd));
	memcpy(local, scene->relay_at, sizeof(local));
	seed(scene, seeds);
	scene->bridge = bridge_restore(scene->pool, 0, NULL, fd, local, &scene->conf, scene, seeds);
	CU_ASSERT_PTR_NOT_NULL(scene->bridge);
}

/* Their ports may still get packets of this call when it ends. */
static void test_restored_streams_have_been_heard(void)
{
	struct stream_report report;
	struct scene scene;
	int64_t now_ms;

	restore_scene(&scene);
	now_ms = clock_ms();
	CU_ASSERT_TRUE(bridge_carried(scene.bridge, SIDE_A));
	CU_ASSERT_TRUE(bridge_carried(scene.bridge, SIDE_B)); /* RTCP alone */
	CU_ASSERT_FALSE(scene.bridge->stream[SIDE_A][COMP_RTCP]->heard);
	CU_ASSERT_FALSE(scene.bridge->stream[SIDE_B][COMP_RTP]->heard);
	CU_ASSERT_EQUAL(bridge_last_in_ms(scene.bridge), now_ms - 200);
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.last_in_ms, now_ms - 500);
	CU_ASSERT_TRUE(endpoint_eq(&report.to, &scene.phone_at[A_RTCP]));
	test_clock_go();
	close_scene(&scene);
}

static void test_window_of_a_restored_stream_ends_without_a_packet(void)
{
	struct scene scene;

	restore_scene(&scene);
	worker_pool_flush(scene.pool);
	pass_rounds(&scene);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LEARN);
	pass_seconds(&scene, 3);
	CU_ASSERT_EQUAL(state_of(&scene, A_RTP), LATCH_LOCKED);
	test_clock_go();
	close_scene(&scene);
}

/* --- Events ----------------------------------------------------------------------------------- */

/* Its owner has forgotten it: nothing but its end is told. */
static void test_closing_bridge_tells_its_end_only(void)
{
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	bridge_close(scene.bridge); /* before the event of the first source is dispatched */
	pass_rounds(&scene);
	CU_ASSERT_EQUAL(scene.latched, 0);
	end_traffic(&scene);
	CU_ASSERT_EQUAL(scene.latched, 0);
	CU_ASSERT_EQUAL(scene.closed, 1);
	close_scene(&scene);
}

/* Without a module nobody waits for news of flows. */
static void test_news_of_flows_comes_to_those_who_ask(void)
{
	for (int tell = 0; tell < 2; tell++) {
		struct scene scene;

		open_scene(&scene, "127.0.0.1", "127.0.0.1");
		worker_pool_tell_flows(scene.pool, tell);
		update(&scene);
		pass_rounds(&scene);
		CU_ASSERT_EQUAL(scene.changed, tell);
		close_scene(&scene);
	}
}

/* --- Threads ---------------------------------------------------------------------------------- */

static struct bridge *open_empty(struct worker_pool *pool, unsigned int thread)
{
	static const int fd[2][2] = { { -1, -1 }, { -1, -1 } };
	static const struct endpoint local[2][2];
	static const struct bridge_conf conf;
	struct bridge *b = bridge_open(pool, thread, NULL, fd, local, &conf, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	return b;
}

static void close_empty(struct scene *scene, struct bridge *bridge)
{
	unsigned int closed = scene->closed;

	bridge_close(bridge);
	worker_pool_flush(scene->pool);
	CU_ASSERT_TRUE(wait_events(scene, &scene->closed, closed + 1));
	bridge_free(bridge);
}

static void test_calls_go_to_the_least_loaded_thread(void)
{
	struct scene scene = { 0 };
	struct bridge *bridges[6];

	scene.pool = new_pool(&scene, 3);
	for (unsigned int i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(worker_pool_pick(scene.pool), i % 3);
		bridges[i] = open_empty(scene.pool, worker_pool_pick(scene.pool));
	}
	/* Two of each; one that ends makes room. */
	close_empty(&scene, bridges[4]);
	CU_ASSERT_EQUAL(worker_pool_pick(scene.pool), 1);
	close_empty(&scene, bridges[2]);
	close_empty(&scene, bridges[5]);
	CU_ASSERT_EQUAL(worker_pool_pick(scene.pool), 2);
	close_empty(&scene, bridges[0]);
	close_empty(&scene, bridges[1]);
	close_empty(&scene, bridges[3]);
	CU_ASSERT_EQUAL(worker_pool_pick(scene.pool), 0);
	free_pool(&scene);
}

static void test_totals_are_those_of_all_threads(void)
{
	struct scene scene = { 0 };
	struct worker_totals sum = { 0 };
	uint64_t *words = (uint64_t *)(void *)&sum;
	const size_t n = sizeof(sum) / sizeof(*words);

	scene.pool = new_pool(&scene, 3);
	for (unsigned int thread = 0; thread < 3; thread++) {
		words = (uint64_t *)(void *)&worker_pool_worker(scene.pool, thread)->totals;
		for (size_t i = 0; i < n; i++)
			words[i] = (i + 1) << (16 * thread);
	}
	words = (uint64_t *)(void *)&sum;
	for (int read = 0; read < 2; read++) {
		worker_pool_totals(scene.pool, &sum);
		for (size_t i = 0; i < n; i++)
			CU_ASSERT_EQUAL(words[i], (i + 1) * 0x100010001);
	}
	free_pool(&scene);
}

/* A question that is not answered: as if the thread had not come back to read it. */
static void hang(struct scene *scene, unsigned int thread, int64_t since_ms)
{
	struct worker *worker = worker_pool_worker(scene->pool, thread);

	worker->asked_ms = since_ms;
	__atomic_store_n(&worker->asked, worker->asked + 1, __ATOMIC_RELAXED);
}

static void test_threads_that_do_not_answer_are_counted(void)
{
	struct scene scene = { 0 };

	scene.pool = new_pool(&scene, 3);
	CU_ASSERT_EQUAL(worker_pool_silent(scene.pool, 1, 99999), 0); /* nobody was asked */
	hang(&scene, 0, 1000);
	hang(&scene, 1, 1500);
	CU_ASSERT_EQUAL(worker_pool_silent(scene.pool, 2000, 2999), 0);
	CU_ASSERT_EQUAL(worker_pool_silent(scene.pool, 2000, 3000), 1);
	CU_ASSERT_EQUAL(worker_pool_silent(scene.pool, 2000, 3500), 2);
	/* Threads that owe an answer are not asked again: their time goes on. */
	worker_pool_ask(scene.pool, 3500);
	CU_ASSERT_TRUE(worker_pool_silent(scene.pool, 2000, 3500) >= 2);
	CU_ASSERT_EQUAL(worker_silent_ms(worker_pool_worker(scene.pool, 0), 3500), 2500);
	free_pool(&scene);
}

static void test_threads_that_work_answer(void)
{
	struct scene scene = { 0 };

	scene.pool = new_pool(&scene, 3);
	pass_rounds(&scene); /* asks, and waits until all have answered */
	free_pool(&scene);
}

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/*
 * Of the pool one descriptor, of each thread two: whichever is missing, the others are closed, and
 * all memory is freed.
 */
static void test_pool_without_descriptors_leaves_nothing(void)
{
	const struct worker_pool_conf conf = { .threads = 2, .event = on_event };
	unsigned int before = descriptors(), failed = 0;
	long live = alloc_live();
	struct worker_pool *pool = NULL;
	struct rlimit all, few;
	int error, lowest = dup(0);

	close(lowest);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	for (few.rlim_cur = (rlim_t)lowest; !pool && failed < 100; few.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &few);
		pool = worker_pool_new(&conf, &error);
		setrlimit(RLIMIT_NOFILE, &all);
		failed += !pool;
		CU_ASSERT_EQUAL(error, pool ? 0 : -EMFILE);
		if (!pool && (descriptors() != before || alloc_live() != live))
			break;
	}
	CU_ASSERT_TRUE(failed >= 5);
	CU_ASSERT_PTR_NOT_NULL(pool);
	worker_pool_free(pool);
	CU_ASSERT_EQUAL(descriptors(), before);
}

TEST_SUITE(pool,
	   { "windows of several streams close by themselves",
	     test_windows_of_several_streams_close_by_themselves },
	   { "ticks need no packets", test_ticks_need_no_packets },
	   { "window of a stream in the kernel ends without a packet",
	     test_window_of_a_stream_in_the_kernel_ends_without_a_packet },
	   { "window after a report of the kernel ends",
	     test_window_after_a_report_of_the_kernel_ends },
	   { "flood that is refused is counted, too", test_flood_that_is_refused_is_counted_too },
	   { "restored streams have been heard", test_restored_streams_have_been_heard },
	   { "window of a restored stream ends without a packet",
	     test_window_of_a_restored_stream_ends_without_a_packet },
	   { "closing bridge tells its end only", test_closing_bridge_tells_its_end_only },
	   { "news of flows comes to those who ask", test_news_of_flows_comes_to_those_who_ask },
	   { "calls go to the least loaded thread", test_calls_go_to_the_least_loaded_thread },
	   { "totals are those of all threads", test_totals_are_those_of_all_threads },
	   { "threads that do not answer are counted",
	     test_threads_that_do_not_answer_are_counted },
	   { "threads that work answer", test_threads_that_work_answer },
	   { "pool without descriptors leaves nothing",
	     test_pool_without_descriptors_leaves_nothing });
