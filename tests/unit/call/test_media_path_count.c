/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_media_path_count.c - the figures of both paths are added to those of one media */
#include <malloc.h>
#include "daemon/packet/pool.h"
#include "daemon/base/count.h"
#include "daemon/report/report.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

static bool medias_are(const struct talk *t, size_t user, size_t kernel, size_t mixed)
{
	const size_t *by_path = t->scene.calls->media_by_path;

	return by_path[PATH_USER] == user && by_path[PATH_KERNEL] == kernel &&
	       by_path[PATH_MIXED] == mixed;
}

/* Counted at each change, so that a query does not have to visit all medias. */
static void test_medias_are_counted_by_path(void)
{
	struct talk t;

	talk_open(&t, true);
	CU_ASSERT_TRUE(medias_are(&t, 1, 0, 0));
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, medias_are(&t, 0, 1, 0));
	all_send(&t);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_TRUE(medias_are(&t, 0, 1, 0));
	fake_kmod_load(&fake, false);
	UNTIL(&t, medias_are(&t, 1, 0, 0));
	call_end(t.scene.calls->calls, CALL_DELETED);
	CU_ASSERT_TRUE(medias_are(&t, 0, 0, 0));
	talk_close(&t);
}

static uint64_t user_rate(struct talk *t, int64_t now_ms)
{
	struct arena *arena = arena_new(4096);
	const struct daemon_report *report;
	uint64_t rate;

	CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
	report = daemon_report_make(arena, t->scene.calls, &t->scene.stats, now_ms);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	rate = report->stats.sample.rate[PATH_USER].packets;
	arena_free(arena);
	return rate;
}

/* Rates do not depend on how often another client reads. */
static void test_reading_moves_no_rates(void)
{
	struct worker_totals totals;
	struct stats *stats;
	struct talk t;

	talk_open(&t, false);
	stats = &t.scene.stats;
	stats->started_ms = 1000;
	all_send(&t);
	UNTIL(&t, (worker_pool_totals(t.scene.workers, &totals), totals.packets == 4));
	CU_ASSERT_EQUAL(user_rate(&t, 2000), 0);
	stats_sample(stats, t.scene.calls, 2000);
	CU_ASSERT_EQUAL(user_rate(&t, 2500), 4);
	CU_ASSERT_EQUAL(user_rate(&t, 60000), 4);
	stats_sample(stats, t.scene.calls, 2000); /* no time has passed */
	CU_ASSERT_EQUAL(user_rate(&t, 60000), 4);
	stats_sample(stats, t.scene.calls, 3000);
	CU_ASSERT_EQUAL(user_rate(&t, 60000), 0);
	talk_close(&t);
}

/*
 * The daemon hears packets of A: two are lost, two come late, one comes twice. Then there is a
 * module, which gets all streams.
 */
static void talk_unevenly(struct talk *t)
{
	static const int8_t steps[] = { 4, -3, -1, 0 }; /* before the next number */

	talk_open(t, false);
	all_send(t);
	for (size_t i = 0; i < sizeof(steps); i++) {
		t->phone[SIDE_A].seq = (uint16_t)(t->phone[SIDE_A].seq + steps[i]);
		phone_sends(t, SIDE_A, COMP_RTP);
	}
	UNTIL(t, report(t, SIDE_A, COMP_RTP).packets_in == 5);
	fake_kmod_load(&fake, true);
	UNTIL(t, fake_kmod_count(&fake) == 4);
}

/* Values of its own for each counter of the flow. */
static void fill_flow(struct fake_flow *flow, uint32_t ssrc)
{
	flow->packets = 1000;
	flow->bytes = 172000;
	flow->refused = 7;
	flow->blocked = 11;
	flow->ttl = 13;
	flow->nomem = 17;
	flow->unsent = 19;
	flow->ssrc = ssrc;
	flow->expected = 1004;
	flow->lost = 4;
	flow->reordered = 5;
	flow->duplicate = 6;
	flow->gaps = 3;
	flow->seen_ago_ms = 20;
}

static void test_counts_of_both_paths_are_added(void)
{
	struct stream_report r, before;
	struct talk t;

	talk_unevenly(&t);
	before = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT(before.lost && before.reordered && before.duplicate && before.gaps);
	fill_flow(flow_of(&t, SIDE_A, COMP_RTP), 1); /* the SSRC of A */
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_EQUAL(r.kernel_packets_in, 1000 + 11);
	CU_ASSERT_EQUAL(r.packets_in, 1000 + 11 + 5);
	CU_ASSERT_EQUAL(r.bytes_in, 172000 + 5 * 172);
	CU_ASSERT_EQUAL(r.drops[DROP_SOURCE], 7);
	CU_ASSERT_EQUAL(r.drops[DROP_BLOCKED], 11);
	CU_ASSERT_EQUAL(r.drops[DROP_TTL], 13);
	CU_ASSERT_EQUAL(r.expected, 1004 + before.expected);
	CU_ASSERT_EQUAL(r.lost, 4 + before.lost);
	CU_ASSERT_EQUAL(r.reordered, 5 + before.reordered);
	CU_ASSERT_EQUAL(r.duplicate, 6 + before.duplicate);
	CU_ASSERT_EQUAL(r.gaps, 3 + before.gaps);
	CU_ASSERT_EQUAL(r.last_pt, 8);
	CU_ASSERT_EQUAL(r.last_seq, 1004);
	CU_ASSERT_DOUBLE_EQUAL(r.jitter_ms, 2.0, 0.001);
	CU_ASSERT_TRUE(clock_ms() - r.last_in_ms < 1000);
	r = report(&t, SIDE_B, COMP_RTP);
	CU_ASSERT_EQUAL(r.kernel_packets_out, 1000 - 17 - 19);
	CU_ASSERT_EQUAL(r.packets_out, 1000 - 17 - 19 + 5);
	CU_ASSERT_EQUAL(r.bytes_out, 172000 + 5 * 172);
	CU_ASSERT_EQUAL(r.errors_out, 17 + 19);
	CU_ASSERT_EQUAL(r.packets_in, 1);
	CU_ASSERT_EQUAL(media_packets_in(media_of(&t), SIDE_A), 1000 + 11 + 5 + 1);
	talk_close(&t);
}

/* Each SSRC has numbers of its own: those of the path that heard the last packet are reported. */
static void test_counts_of_another_ssrc_are_not_added(void)
{
	struct stream_report r, before;
	struct media *media;
	struct talk t;

	talk_unevenly(&t);
	before = report(&t, SIDE_A, COMP_RTP);
	fill_flow(flow_of(&t, SIDE_A, COMP_RTP), 99);
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_EQUAL(r.ssrc, 99);
	CU_ASSERT_EQUAL(r.expected, 1004);
	CU_ASSERT_EQUAL(r.lost, 4);
	CU_ASSERT_EQUAL(r.reordered, 5);
	CU_ASSERT_EQUAL(r.duplicate, 6);
	CU_ASSERT_EQUAL(r.gaps, 3);
	/* The flow has ended, and the daemon has heard A since. */
	flow_of(&t, SIDE_A, COMP_RTP)->seen_ago_ms = 60000;
	media = media_of(&t);
	media_path_refresh(&media, 1);
	media_path_stop(media);
	media_report(media, SIDE_A, COMP_RTP, &r);
	CU_ASSERT_EQUAL(r.ssrc, 1);
	CU_ASSERT_EQUAL(r.expected, before.expected);
	CU_ASSERT_EQUAL(r.lost, before.lost);
	CU_ASSERT_EQUAL(r.last_seq, before.last_seq);
	talk_close(&t);
}

/* RTCP is counted at the port that it leaves by: that of RTP, if the receiver uses rtcp-mux. */
static void test_rtcp_is_counted_where_it_leaves(void)
{
	static const struct {
		const char *offered, *answered;
		enum component leaves_by;
	} rows[] = {
		{ "", "", COMP_RTCP },
		{ "a=rtcp-mux\r\n", "", COMP_RTCP },
		{ "a=rtcp-mux\r\n", "a=rtcp-mux\r\n", COMP_RTP },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake_flow *rtcp;
		struct talk t;

		talk_in_kernel(&t);
		CU_ASSERT_EQUAL(signal_with(&t, SIDE_A, rows[i].offered).code, REPLY_OK);
		CU_ASSERT_EQUAL(signal_with(&t, SIDE_B, rows[i].answered).code, REPLY_OK);
		flow_of(&t, SIDE_B, COMP_RTP)->packets = 1000;
		rtcp = flow_of(&t, SIDE_B, COMP_RTCP);
		rtcp->packets = 30;
		CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).kernel_packets_out,
				rows[i].leaves_by == COMP_RTP ? 1030 : 1000);
		CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTCP).kernel_packets_out,
				rows[i].leaves_by == COMP_RTCP ? 30 : 0);
		talk_close(&t);
	}
}

static void test_the_end_has_all_counts(void)
{
	struct request request = { .call_id = STR("call"),
				   .from_tag = STR("a"),
				   .delete_delay = 0 };
	struct reply reply;
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 500;
	flow_of(&t, SIDE_B, COMP_RTP)->packets = 400;
	reply = scene_run(&t.scene, command_delete, request);
	CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply.call);
	CU_ASSERT_EQUAL(reply.call->rtp_packets, 902);
	kmod_flush(t.kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(kmod_count(t.kmod), 0);
	talk_close(&t);
}

/*
 * The record of a call is made after its flows were removed, and a packet may still have reached
 * the daemon.
 */
static void test_jitter_is_kept_when_the_flow_is_removed(void)
{
	struct stream_report r;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->ssrc = 1;
	flow->expected = 1000;
	flow->seen_ago_ms = 0;
	media_path_stop(media_of(&t));
	media_report(media_of(&t), SIDE_A, COMP_RTP, &r);
	CU_ASSERT_FALSE(r.in_kernel);
	CU_ASSERT_EQUAL(r.expected, 1001);
	CU_ASSERT_DOUBLE_EQUAL(r.jitter_ms, 2.0, 0.001);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).packets_in == 2);
	CU_ASSERT_DOUBLE_EQUAL(report(&t, SIDE_A, COMP_RTP).jitter_ms, 2.0, 0.001);
	talk_close(&t);
}

static void put_u32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/*
 * A sender report of A 150 ms ago, and B's receiver report 50 ms ago with a delay of 70 ms: a round
 * trip of 30 ms.
 */
static void exchange_reports(struct talk *t, enum component comp, int64_t (*age_us)(int64_t))
{
	struct fake_flow *a = flow_of(t, SIDE_A, comp), *b = flow_of(t, SIDE_B, comp);
	uint8_t sr[28] = { 0x80, 200, 0, 6 }, rr[32] = { 0x81, 201, 0, 7 };

	test_clock_stop();    /* so that an age that the kernel reports stays true */
	test_clock_pass(161); /* later than what the daemon received */
	flow_of(t, SIDE_A, COMP_RTP)->ssrc = 0xaaaa;
	put_u32(sr + 4, 0xaaaa);
	put_u32(sr + 8, 0xb44db705);
	put_u32(sr + 12, 0x20000000);
	put_u32(rr + 8, 0xaaaa);
	put_u32(rr + 12, 64u << 24 | 7);
	put_u32(rr + 20, 80);
	put_u32(rr + 24, 0xb7052000);
	put_u32(rr + 28, 70 * 65536 / 1000);
	memcpy(a->rtcp, sr, sizeof(sr));
	memcpy(b->rtcp, rr, sizeof(rr));
	a->rtcp_len = sizeof(sr);
	b->rtcp_len = sizeof(rr);
	a->rtcp_ago_us = age_us(150000);
	b->rtcp_ago_us = age_us(50000);
	a->seen_ago_ms = 150;
	b->seen_ago_ms = 50;
}

static int64_t with_time(int64_t us)
{
	return us;
}

static int64_t without_time(int64_t us)
{
	(void)us;
	return -1;
}

/* After exchange_reports(). */
static void end_talk(struct talk *t)
{
	test_clock_go();
	talk_close(t);
}

static void check_seen(struct talk *t, uint8_t type_a)
{
	struct media *media = media_of(t);
	struct rtcp_seen seen;
	int64_t now_ms = clock_ms();

	media_rtcp(media, SIDE_B, now_ms, &seen);
	CU_ASSERT_EQUAL(seen.type, 201);
	CU_ASSERT(now_ms - seen.at_ms >= 50 && now_ms - seen.at_ms < 1000);
	CU_ASSERT_TRUE(seen.far.known);
	CU_ASSERT_EQUAL(seen.far.fraction, 64);
	CU_ASSERT_EQUAL(seen.far.lost, 7);
	CU_ASSERT_EQUAL(seen.far.jitter_us, 10000);
	CU_ASSERT_EQUAL(seen.far.at_ms, seen.at_ms);
	CU_ASSERT(seen.rtt_us >= 29900 && seen.rtt_us <= 30100);
	media_rtcp(media, SIDE_A, now_ms, &seen);
	CU_ASSERT_EQUAL(seen.type, type_a);
	CU_ASSERT(now_ms - seen.at_ms >= 150 && now_ms - seen.at_ms < 1000);
	CU_ASSERT_FALSE(seen.far.known);
	CU_ASSERT_EQUAL(seen.rtt_us, 0);
}

static void test_rtcp_that_the_kernel_kept_is_reported(void)
{
	struct talk t;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, with_time);
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	/*
	 * The same packets again add nothing; then the flows are removed, and their figures stay.
	 */
	report(&t, SIDE_A, COMP_RTP);
	media_path_stop(media_of(&t));
	check_seen(&t, 200);
	end_talk(&t);
}

/* A module that does not report the time: known only where nothing but RTCP arrives. */
static void test_rtcp_of_an_older_module_is_reported(void)
{
	struct talk t;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, without_time);
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	end_talk(&t);
}

/* With rtcp-mux one flow carries both: its last packet was RTP, just now. */
static void test_rtcp_beside_rtp_is_reported(void)
{
	struct talk t;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTP, with_time);
	flow_of(&t, SIDE_A, COMP_RTP)->seen_ago_ms = 0;
	flow_of(&t, SIDE_B, COMP_RTP)->seen_ago_ms = 0;
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	end_talk(&t);
}

/* It comes with the answer to the last command for a flow. */
static void test_the_end_has_the_last_rtcp(void)
{
	struct talk t;
	unsigned int gets, sends;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, with_time);
	gets = fake.n_gets;
	sends = fake.n_sends;
	media_path_stop(media_of(&t));
	CU_ASSERT_EQUAL(fake.n_gets, gets);
	CU_ASSERT_EQUAL(fake.n_sends, sends + 1);
	check_seen(&t, 200);
	end_talk(&t);
}

/* A compound that the kernel had to truncate is read as far as it goes. */
static void test_truncated_rtcp_is_reported(void)
{
	struct talk t;
	struct fake_flow *b;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, with_time);
	b = flow_of(&t, SIDE_B, COMP_RTCP);
	memcpy(b->rtcp + 32, (uint8_t[]){ 0x81, 202, 0, 99 }, 4);
	b->rtcp_len = RTPRELAY_RTCP_MAX;
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	end_talk(&t);
}

static void test_a_media_is_asked_about_in_one_exchange(void)
{
	unsigned int sends;
	struct talk t;

	talk_in_kernel(&t);
	sends = fake.n_sends;
	report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_EQUAL(fake.n_sends, sends + 1);
	CU_ASSERT_EQUAL(fake.n_gets, 4);
	talk_close(&t);
}

/* No client asks, but the worst quality of a call must be known at its end. */
static void test_the_kernel_is_asked_at_intervals(void)
{
	struct sweep sweep = { .began_ms = 0 };
	struct media *media;
	struct talk t;

	talk_in_kernel(&t);
	media = media_of(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->ssrc = 1;
	sweep_tick(&sweep, t.scene.calls, 1000);
	CU_ASSERT_EQUAL(fake.n_gets, 4);
	CU_ASSERT_PTR_NOT_NULL_FATAL(media->path.quality[SIDE_A]);
	CU_ASSERT(media->path.quality[SIDE_A]->start_ms > 0); /* an interval has begun */
	/* The round is over; the next one begins when the first has lasted long enough. */
	for (int64_t now_ms = 2000; now_ms < 6000; now_ms += 1000)
		sweep_tick(&sweep, t.scene.calls, now_ms);
	CU_ASSERT_EQUAL(fake.n_gets, 4);
	sweep_tick(&sweep, t.scene.calls, 6000);
	CU_ASSERT_EQUAL(fake.n_gets, 8);
	CU_ASSERT_EQUAL(sweep.read, 8);
	sweep_tick(&sweep, t.scene.calls, 7000);
	/* There is nothing to ask the kernel for media in user space, and without the module. */
	media_path_leave(media);
	kmod_flush(t.kmod);
	sweep_tick(&sweep, t.scene.calls, 12000);
	CU_ASSERT_EQUAL(fake.n_gets, 8);
	fake_kmod_load(&fake, false);
	UNTIL(&t, !kmod_available(t.kmod));
	sweep_tick(&sweep, t.scene.calls, 18000);
	CU_ASSERT_EQUAL(fake.n_gets, 8);
	sweep_end(&sweep);
	talk_close(&t);
}

#define MANY_MEDIAS (REFRESH_MEDIAS + 1)

/* A call with so many medias, each with a flow of the caller in the kernel. */
static void begin_large_call(struct talk *t, const char *id)
{
	static const char head[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
				   "c=IN IP4 127.0.0.1\r\nt=0 0\r\n";
	const size_t flows = fake_kmod_count(&fake);
	char sdp[sizeof(head) + MANY_MEDIAS * 32];
	const struct dialog *dialog;
	struct request request;
	int len = snprintf(sdp, sizeof(sdp), "%s", head);

	for (int i = 0; i < MANY_MEDIAS; i++)
		len += snprintf(sdp + len, sizeof(sdp) - (size_t)len, "m=audio %u RTP/AVP 0\r\n",
				t->phone[SIDE_A].port);
	request = (struct request){ .call_id = str_of(id),
				    .from_tag = STR("a"),
				    .sdp = { sdp, (size_t)len },
				    .tos = TOS_UNSET };
	CU_ASSERT_EQUAL(scene_run(&t->scene, command_offer, request).code, REPLY_OK);
	request.to_tag = STR("b");
	CU_ASSERT_EQUAL(scene_run(&t->scene, command_answer, request).code, REPLY_OK);
	dialog = call_find(t->scene.calls, str_of(id))->dialogs;
	for (size_t i = 0; i < dialog->n_media; i++) {
		const struct endpoint to = media_advertised(dialog->media[i], SIDE_A, COMP_RTP);
		uint8_t rtp[172] = { 0x80, 0, 0, 1 };

		sendto(t->phone[SIDE_A].fd[COMP_RTP], rtp, sizeof(rtp), 0, &to.sa,
		       endpoint_len(&to));
	}
	UNTIL(t, fake_kmod_count(&fake) == flows + MANY_MEDIAS);
}

/* A tick reads its share of the calls, but ends when it has taken long: commands wait for it. */
static void test_a_sweep_ends_when_it_has_taken_long(void)
{
	static const struct {
		int64_t cpu_us;
		unsigned int calls;
	} rows[] = { { 1, 2 }, { SWEEP_CPU_US, 1 } };
	struct sweep sweep = { .began_ms = 0 };
	unsigned int gets;
	struct talk t;

	talk_open(&t, true);
	t.scene.calls->conf.max_medias = MANY_MEDIAS;
	call_end(call_find(t.scene.calls, STR("call")), CALL_DELETED);
	begin_large_call(&t, "large 1");
	begin_large_call(&t, "large 2");
	for (int i = 0; i < 3; i++) {
		char id[] = { 'a', (char)('1' + i), '\0' };
		const struct request request = { .call_id = str_of(id),
						 .from_tag = STR("a"),
						 .sdp = STR("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
							    "s=-\r\nt=0 0\r\n") };

		CU_ASSERT_EQUAL(scene_run(&t.scene, command_offer, request).code, REPLY_OK);
	}
	/* With five calls, a tick's share is two. */
	for (size_t i = 0; i < COUNT(rows); i++) {
		gets = fake.n_gets;
		test_clock_cpu_step(rows[i].cpu_us);
		sweep_tick(&sweep, t.scene.calls, 1000 + (int64_t)i * 100000);
		test_clock_cpu_step(0);
		CU_ASSERT_EQUAL(fake.n_gets - gets, rows[i].calls * MANY_MEDIAS);
		sweep_end(&sweep);
	}
	talk_close(&t);
}

/* Packets that the daemon receives after 500 in the kernel are not a loss of 500. */
static void test_packets_in_the_kernel_are_not_a_loss(void)
{
	struct stream_report r;
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 500;
	flow_of(&t, SIDE_A, COMP_RTP)->ssrc = 1;
	flow_of(&t, SIDE_A, COMP_RTP)->expected = 500;
	report(&t, SIDE_A, COMP_RTP);
	t.phone[SIDE_A].seq = (uint16_t)(t.phone[SIDE_A].seq + 500);
	fake_kmod_load(&fake, false);
	for (int i = 0; i < 3; i++)
		turn(&t); /* the media thread has the new settings */
	for (int i = 0; i < 3; i++)
		phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).packets_in == 504);
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_EQUAL(r.expected, 504);
	CU_ASSERT_EQUAL(r.lost, 0);
	CU_ASSERT_EQUAL(r.duplicate, 0);
	CU_ASSERT_EQUAL(r.reordered, 0);
	talk_close(&t);
}

/* A call with figures of quality for both sides, from its first packet to its end. */
static void talk_once(struct talk *t)
{
	all_send(t);
	UNTIL(t, fake_kmod_count(&fake) == 4);
	flow_of(t, SIDE_A, COMP_RTP)->ssrc = 1;
	flow_of(t, SIDE_B, COMP_RTP)->ssrc = 2;
	report(t, SIDE_A, COMP_RTP);
	CU_ASSERT_PTR_NOT_NULL(media_of(t)->path.quality[SIDE_A]);
	CU_ASSERT_PTR_NOT_NULL(media_of(t)->path.quality[SIDE_B]);
	call_end(call_find(t->scene.calls, STR("call")), CALL_DELETED);
	kmod_flush(t->kmod);
	CU_ASSERT(scene_settle(&t->scene));
}

static void test_ended_medias_leave_no_memory(void)
{
	size_t before = 0;
	struct talk t;

	talk_open(&t, true);
	for (int i = 0; i < 30; i++) {
		talk_once(&t);
		if (i == 10) /* the tables have grown */
			before = mallinfo2().uordblks;
		CU_ASSERT_EQUAL(signal_sdp(&t, SIDE_A).code, REPLY_OK);
		CU_ASSERT_EQUAL(signal_sdp(&t, SIDE_B).code, REPLY_OK);
	}
	talk_once(&t);
	CU_ASSERT(mallinfo2().uordblks < before + 20 * sizeof(struct quality));
	talk_close(&t);
}

TEST_SUITE(media_path_count, { "medias are counted by path", test_medias_are_counted_by_path },
	   { "reading moves no rates", test_reading_moves_no_rates },
	   { "counts of both paths are added", test_counts_of_both_paths_are_added },
	   { "counts of another SSRC are not added", test_counts_of_another_ssrc_are_not_added },
	   { "RTCP is counted where it leaves", test_rtcp_is_counted_where_it_leaves },
	   { "the end has all counts", test_the_end_has_all_counts },
	   { "jitter is kept when the flow is removed",
	     test_jitter_is_kept_when_the_flow_is_removed },
	   { "RTCP that the kernel kept is reported", test_rtcp_that_the_kernel_kept_is_reported },
	   { "RTCP of an older module is reported", test_rtcp_of_an_older_module_is_reported },
	   { "RTCP beside RTP is reported", test_rtcp_beside_rtp_is_reported },
	   { "the end has the last RTCP", test_the_end_has_the_last_rtcp },
	   { "truncated RTCP is reported", test_truncated_rtcp_is_reported },
	   { "a media is asked about in one exchange",
	     test_a_media_is_asked_about_in_one_exchange },
	   { "the kernel is asked at intervals", test_the_kernel_is_asked_at_intervals },
	   { "a sweep ends when it has taken long", test_a_sweep_ends_when_it_has_taken_long },
	   { "packets in the kernel are not a loss", test_packets_in_the_kernel_are_not_a_loss },
	   { "ended medias leave no memory", test_ended_medias_leave_no_memory });
