/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_media_path.c - the kernel's flows follow real streams; the kernel is fake_kmod.c
 *
 * Two phones on the loopback, one call, one m= line. What the kernel would have forwarded and counted is
 * written into the fake's flows.
 */
#include <errno.h>
#include <utlist.h>
#include "daemon/media_quality.h"
#include "daemon/sweep.h"
#include "fake_kmod.h"
#include "scene.h"
#include "test.h"

static struct fake_kmod fake;

struct phone {
	int fd[2];
	uint16_t port; /* of RTP; RTCP is next to it */
	uint16_t seq;
};

struct talk {
	struct scene scene;
	struct kmod *kmod;
	struct phone phone[2];
};

static void phone_open(struct phone *phone)
{
	for (uint16_t port = 24000; port < 25000; port = (uint16_t)(port + 2)) {
		int comp;

		for (comp = 0; comp < 2; comp++) {
			struct sockaddr_in at = { .sin_family = AF_INET,
						  .sin_port = htons((uint16_t)(port + comp)),
						  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

			phone->fd[comp] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
			if (bind(phone->fd[comp], (struct sockaddr *)&at, sizeof(at)))
				break;
		}
		phone->port = port;
		phone->seq = 100;
		if (comp == 2)
			return;
		for (int i = 0; i <= comp; i++)
			close(phone->fd[i]);
	}
	scene_must(false, "ports of a phone");
}

static struct reply signal_sdp(struct talk *t, enum side side)
{
	char sdp[512];
	int len = snprintf(sdp, sizeof(sdp),
			   "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
			   "t=0 0\r\nm=audio %u RTP/AVP 0\r\n",
			   t->phone[side].port);
	struct request request = { .call_id = STR("call"),
				   .from_tag = STR("a"),
				   .sdp = { sdp, (size_t)len },
				   .tos = TOS_UNSET };

	if (side == SIDE_B)
		request.to_tag = STR("b");
	return scene_run(&t->scene, side == SIDE_A ? command_offer : command_answer, request);
}

static void talk_open(struct talk *t, bool module)
{
	struct kmod_conf conf = { .link = &fake.link, .event = call_kmod_event };

	phone_open(&t->phone[SIDE_A]);
	phone_open(&t->phone[SIDE_B]);
	scene_open(&t->scene);
	fake_kmod_init(&fake, module);
	conf.arg = t->scene.calls;
	t->kmod = t->scene.calls->conf.kmod = kmod_open(&conf);
	call_table_follow(t->scene.calls);
	CU_ASSERT_EQUAL(signal_sdp(t, SIDE_A).code, REPLY_OK);
	CU_ASSERT_EQUAL(signal_sdp(t, SIDE_B).code, REPLY_OK);
}

static void talk_close(struct talk *t)
{
	call_table_close_all(t->scene.calls);
	kmod_flush(t->kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	t->scene.calls->conf.kmod = NULL;
	kmod_close(t->kmod, true);
	for (int i = 0; i < 4; i++)
		close(t->phone[i >> 1].fd[i & 1]);
	t->scene.fds_before -= 4;
	CU_ASSERT(scene_close(&t->scene));
}

static struct media *media_of(struct talk *t)
{
	return call_find(t->scene.calls, STR("call"))->dialogs->media[0];
}

static void phone_sends(struct talk *t, enum side side, enum component comp)
{
	struct endpoint to = media_advertised(media_of(t), side, comp);
	struct phone *phone = &t->phone[side];
	uint8_t packet[172] = { 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(1 + side) };
	size_t len = sizeof(packet);

	if (comp == COMP_RTCP) {
		packet[1] = 201;
		packet[3] = 1;
		packet[7] = (uint8_t)(1 + side);
		len = 8;
	} else {
		phone->seq++;
		packet[2] = (uint8_t)(phone->seq >> 8);
		packet[3] = (uint8_t)phone->seq;
	}
	sendto(phone->fd[comp], packet, len, 0, &to.sa, endpoint_len(&to));
}

/* One turn of the daemon's loop. */
static void turn(struct talk *t)
{
	struct pollfd pollfd = { worker_pool_fd(t->scene.workers), POLLIN, 0 };

	kmod_dispatch(t->kmod);
	worker_pool_flush(t->scene.workers);
	if (poll(&pollfd, 1, 5) > 0)
		worker_pool_dispatch(t->scene.workers);
	kmod_flush(t->kmod);
	worker_pool_flush(t->scene.workers);
}

/* Turns until the condition holds; false: not within the deadline. */
#define UNTIL(t, condition)                                                                        \
	({                                                                                         \
		int64_t until_ms_ = clock_ms() + SCENE_DEADLINE_MS;                                \
                                                                                                   \
		while (!(condition) && clock_ms() < until_ms_)                                     \
			turn(t);                                                                   \
		CU_ASSERT_TRUE(condition);                                                         \
	})

static void all_send(struct talk *t)
{
	for (int i = 0; i < 4; i++)
		phone_sends(t, i >> 1, i & 1);
}

static struct stream_report report(struct talk *t, enum side side, enum component comp)
{
	struct media *media = media_of(t);
	struct stream_report r;

	media_path_refresh(&media, 1);
	media_report(media, side, comp, &r);
	return r;
}

static struct fake_flow *flow_of(struct talk *t, enum side side, enum component comp)
{
	struct stream_report r;

	bridge_report(media_of(t)->bridge, side, comp, &r);
	return fake_kmod_find(&fake, &r.local);
}

/* Everybody has been heard, the kernel has four flows. */
static void talk_in_kernel(struct talk *t)
{
	talk_open(t, true);
	all_send(t);
	UNTIL(t, fake_kmod_count(&fake) == 4);
}

static struct endpoint at(uint16_t port, const char *addr)
{
	struct endpoint ep;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr), AF_INET, &ep));
	endpoint_set_port(&ep, port);
	return ep;
}

/* --- tests -------------------------------------------------------------------------------------- */

static void test_flows_come_with_latching(void)
{
	struct endpoint a, b;
	struct fake_flow *flow;
	struct talk t;

	talk_open(&t, true);
	a = at(t.phone[SIDE_A].port, "127.0.0.1");
	b = at(t.phone[SIDE_B].port, "127.0.0.1");
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "not latched");
	phone_sends(&t, SIDE_A, COMP_RTP);
	/* Toward B, whose SDP is known, though it has not sent yet. */
	UNTIL(&t, fake_kmod_count(&fake) == 1);
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
	CU_ASSERT_TRUE(endpoint_eq(&flow->src, &a));
	CU_ASSERT_TRUE(endpoint_eq(&flow->dst, &b));
	CU_ASSERT_EQUAL(endpoint_port(&flow->out), media_of(&t)->port[SIDE_B]);
	CU_ASSERT_EQUAL(flow->idle_s, 60);
	CU_ASSERT_TRUE(report(&t, SIDE_A, COMP_RTP).in_kernel);
	CU_ASSERT_PTR_NULL(report(&t, SIDE_A, COMP_RTP).why_user);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_B, COMP_RTP).why_user, "not latched");
	all_send(&t);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(flow_of(&t, SIDE_A, COMP_RTCP)->kind, RTPRELAY_KIND_RTCP);
	CU_ASSERT_EQUAL(media_path_kind(media_of(&t)), PATH_KERNEL);
	talk_close(&t);
}

static bool medias_are(const struct talk *t, size_t user, size_t kernel, size_t mixed)
{
	const size_t *by_path = t->scene.calls->media_by_path;

	return by_path[PATH_USER] == user && by_path[PATH_KERNEL] == kernel &&
	       by_path[PATH_MIXED] == mixed;
}

/* Counted as it happens, so that nobody who asks has to look at all of them. */
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

/* The rates that one reader sees are not those since another has read. */
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
	stats_sample(stats, t.scene.calls, 2000); /* no time has gone by */
	CU_ASSERT_EQUAL(user_rate(&t, 60000), 4);
	stats_sample(stats, t.scene.calls, 3000);
	CU_ASSERT_EQUAL(user_rate(&t, 60000), 0);
	talk_close(&t);
}

static void test_counts_of_both_paths_are_added(void)
{
	struct stream_report r;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->packets = 1000;
	flow->bytes = 172000;
	flow->refused = 7;
	flow->ssrc = 1; /* of side A */
	flow->expected = 1004;
	flow->lost = 4;
	flow->seen_ago_ms = 20;
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_EQUAL(r.kernel_packets_in, 1000);
	CU_ASSERT_EQUAL(r.packets_in, 1001);
	CU_ASSERT_EQUAL(r.bytes_in, 172172);
	CU_ASSERT_EQUAL(r.drops[DROP_SOURCE], 7);
	CU_ASSERT_EQUAL(r.expected, 1005);
	CU_ASSERT_EQUAL(r.lost, 4);
	CU_ASSERT_DOUBLE_EQUAL(r.jitter_ms, 2.0, 0.001);
	CU_ASSERT_TRUE(clock_ms() - r.last_in_ms < 1000);
	r = report(&t, SIDE_B, COMP_RTP);
	CU_ASSERT_EQUAL(r.kernel_packets_out, 1000);
	CU_ASSERT_EQUAL(r.packets_out, 1001);
	CU_ASSERT_EQUAL(r.packets_in, 1);
	CU_ASSERT_EQUAL(media_packets_in(media_of(&t), SIDE_A), 1002);
	talk_close(&t);
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

/* The record of a call is made when its flows have gone, and a packet may have slipped past them. */
static void test_jitter_is_not_forgotten_with_the_flow(void)
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

/* 150 ms ago a sender report of A, and 50 ms ago what B says of it, who held it for 70 ms: 30 ms are the way's. */
static void exchange_reports(struct talk *t, enum component comp, int64_t (*age_us)(int64_t))
{
	struct fake_flow *a = flow_of(t, SIDE_A, comp), *b = flow_of(t, SIDE_B, comp);
	uint8_t sr[28] = { 0x80, 200, 0, 6 }, rr[32] = { 0x81, 201, 0, 7 };
	int64_t began_ms = clock_ms();

	UNTIL(t, clock_ms() - began_ms > 160); /* later than what the daemon heard */
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

static int64_t told(int64_t us)
{
	return us;
}

static int64_t not_told(int64_t us)
{
	(void)us;
	return -1;
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
	CU_ASSERT(seen.rtt_us >= 29000 && seen.rtt_us <= 35000);
	media_rtcp(media, SIDE_A, now_ms, &seen);
	CU_ASSERT_EQUAL(seen.type, type_a);
	CU_ASSERT(now_ms - seen.at_ms >= 150 && now_ms - seen.at_ms < 1000);
	CU_ASSERT_FALSE(seen.far.known);
	CU_ASSERT_EQUAL(seen.rtt_us, 0);
}

static void test_rtcp_that_the_kernel_kept_is_told(void)
{
	struct talk t;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, told);
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	/* The same packets again say nothing new; then the flows go, and what they told stays. */
	report(&t, SIDE_A, COMP_RTP);
	media_path_stop(media_of(&t));
	check_seen(&t, 200);
	talk_close(&t);
}

/* A module that does not tell when: known where nothing but RTCP arrives. */
static void test_rtcp_of_an_older_module_is_told(void)
{
	struct talk t;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, not_told);
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	talk_close(&t);
}

/* With rtcp-mux one flow has both: its last packet was RTP, just now. */
static void test_rtcp_beside_rtp_is_told(void)
{
	struct talk t;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTP, told);
	flow_of(&t, SIDE_A, COMP_RTP)->seen_ago_ms = 0;
	flow_of(&t, SIDE_B, COMP_RTP)->seen_ago_ms = 0;
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	talk_close(&t);
}

/* It comes with the answer to the last command that a flow is given. */
static void test_the_end_has_the_last_rtcp(void)
{
	struct talk t;
	unsigned int gets, sends;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, told);
	gets = fake.n_gets;
	sends = fake.n_sends;
	media_path_stop(media_of(&t));
	CU_ASSERT_EQUAL(fake.n_gets, gets);
	CU_ASSERT_EQUAL(fake.n_sends, sends + 1);
	check_seen(&t, 200);
	talk_close(&t);
}

/* A compound that the kernel had to cut says what its beginning says. */
static void test_rtcp_that_was_cut_is_told(void)
{
	struct talk t;
	struct fake_flow *b;

	talk_in_kernel(&t);
	exchange_reports(&t, COMP_RTCP, told);
	b = flow_of(&t, SIDE_B, COMP_RTCP);
	memcpy(b->rtcp + 32, (uint8_t[]){ 0x81, 202, 0, 99 }, 4);
	b->rtcp_len = RTPRELAY_RTCP_MAX;
	report(&t, SIDE_A, COMP_RTP);
	check_seen(&t, 200);
	talk_close(&t);
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

/* Nobody asks, but how good a call was at its worst must be known in the end. */
static void test_the_kernel_is_asked_by_and_by(void)
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
	/* In user space there is nothing to ask, and without module nobody. */
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

/* One that only the kernel has heard is no call without media. */
static void test_media_in_the_kernel_is_no_silence(void)
{
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 500;
	flow_of(&t, SIDE_B, COMP_RTP)->packets = 500;
	call_table_close_all(t.scene.calls);
	CU_ASSERT_EQUAL(t.scene.stats.zero_way, 0);
	CU_ASSERT_EQUAL(t.scene.stats.one_way, 0);
	talk_close(&t);
}

static void test_module_goes_and_comes(void)
{
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 300;
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 301);
	fake_kmod_load(&fake, false);
	turn(&t);
	CU_ASSERT_FALSE(report(&t, SIDE_A, COMP_RTP).in_kernel);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "no kernel module");
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 301);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).packets_in == 302);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).lost, 0);
	fake_kmod_load(&fake, true);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_TRUE(report(&t, SIDE_A, COMP_RTP).in_kernel);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 10;
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 312);
	talk_close(&t);
}

static void test_module_comes_later(void)
{
	struct talk t;

	talk_open(&t, false);
	all_send(&t);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTCP).packets_in == 1);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "no kernel module");
	fake_kmod_load(&fake, true);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	talk_close(&t);
}

/* What came by the daemon after the kernel had 500 packets in between is not a loss of 500. */
static void test_gap_that_the_kernel_had_is_no_loss(void)
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
		turn(&t); /* the media thread has been told */
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

static void test_idle_flows_time_out_without_polling(void)
{
	struct dialog *dialog;
	unsigned int requests;
	struct talk t;

	talk_in_kernel(&t);
	dialog = call_find(t.scene.calls, STR("call"))->dialogs;
	dialog->last_signal_ms -= 100000;
	requests = fake.n_requests;
	/* Nothing was announced: it is alive, whatever the daemon itself has heard. */
	CU_ASSERT_EQUAL(dialog_last_in_ms(dialog, 12345678901), 12345678901);
	CU_ASSERT_EQUAL(fake.n_requests, requests);
	for (int i = 0; i < 4; i++) {
		struct fake_flow *flow = flow_of(&t, i >> 1, i & 1);

		flow->seen_ago_ms = 100;
		fake_kmod_silent(&fake, flow, true);
	}
	t.scene.calls->conf.timeout_s = 1;
	kmod_dispatch(t.kmod);
	CU_ASSERT_TRUE(dialog_last_in_ms(dialog, clock_ms() + 90000) <= clock_ms());
	event_base_loop(t.scene.base, EVLOOP_ONCE);
	CU_ASSERT_PTR_NULL(call_find(t.scene.calls, STR("call")));
	CU_ASSERT_EQUAL(t.scene.stats.calls_timeout, 1);
	talk_close(&t);
}

static void test_rebound_phone_is_found_by_the_kernels_report(void)
{
	struct endpoint rebound, before;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	before = at(t.phone[SIDE_A].port, "127.0.0.1");
	rebound = at(23999, "127.0.0.1");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->packets = 100;
	flow->ssrc = 1;
	flow->expected = 200; /* so the fake's sequence number, too */
	/* Its old address was heard just now: somebody else. */
	flow->seen_ago_ms = 20;
	fake_kmod_stranger(&fake, flow, &rebound, 1, 201, 0);
	for (int i = 0; i < 5; i++)
		turn(&t);
	CU_ASSERT_TRUE(endpoint_eq(&flow_of(&t, SIDE_A, COMP_RTP)->src, &before));
	/* The old one has been silent, SSRC and sequence go on: its NAT gave it another port. */
	poll(NULL, 0, LATCH_SILENCE_MS + 100);
	flow->seen_ago_ms = LATCH_SILENCE_MS + 50;
	fake_kmod_stranger(&fake, flow, &rebound, 1, 201, 0);
	UNTIL(&t, endpoint_eq(&flow_of(&t, SIDE_A, COMP_RTP)->src, &rebound));
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 4);
	CU_ASSERT_TRUE(endpoint_eq(&flow_of(&t, SIDE_B, COMP_RTP)->dst, &rebound));
	CU_ASSERT_EQUAL(flow_of(&t, SIDE_A, COMP_RTP)->packets, 100);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).relatched, 1);
	talk_close(&t);
}

static void test_stranger_never_gets_a_flow(void)
{
	struct endpoint stranger, before;
	struct stream_report r;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	before = at(t.phone[SIDE_A].port, "127.0.0.1");
	stranger = at(4000, "203.0.113.66");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->ssrc = 1;
	flow->expected = 200;
	poll(NULL, 0, LATCH_SILENCE_MS + 100);
	flow->seen_ago_ms =
		LATCH_SILENCE_MS + 50; /* the phone is mute: the attacker's best chance */
	fake_kmod_stranger(&fake, flow, &stranger, 1, 201, 0);
	/* What a flood of his would hide from the kernel's reports is looked for here. */
	UNTIL(&t, !flow_of(&t, SIDE_A, COMP_RTP));
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "another source wants its place");
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_TRUE(endpoint_eq(&r.latched, &before));
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).relatched, 0);
	/* The phone speaks again. */
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, flow_of(&t, SIDE_A, COMP_RTP) != NULL);
	CU_ASSERT_TRUE(endpoint_eq(&flow_of(&t, SIDE_A, COMP_RTP)->src, &before));
	talk_close(&t);
}

static void test_blocked_media_is_dropped_there(void)
{
	struct request request = { .call_id = STR("call"), .from_tag = STR("a") };
	struct talk t;

	talk_in_kernel(&t);
	scene_run(&t.scene, command_block_media, request);
	UNTIL(&t, flow_of(&t, SIDE_A, COMP_RTP)->flags == RTPRELAY_FLOW_DROP);
	CU_ASSERT_EQUAL(flow_of(&t, SIDE_B, COMP_RTP)->flags, 0);
	scene_run(&t.scene, command_unblock_media, request);
	UNTIL(&t, flow_of(&t, SIDE_A, COMP_RTP)->flags == 0);
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	talk_close(&t);
}

static void test_silenced_media_comes_up_and_goes_back(void)
{
	struct request request = { .call_id = STR("call"), .from_tag = STR("a") };
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 50;
	scene_run(&t.scene, command_silence_media, request);
	UNTIL(&t, fake_kmod_count(&fake) == 3);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "silenced");
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 51);
	scene_run(&t.scene, command_unsilence_media, request);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 51);
	talk_close(&t);
}

static void test_kernel_says_why_not(void)
{
	struct talk t;

	talk_open(&t, true);
	fake.refuse_add = -ENOSPC;
	fake.sentence = "the limit of flows of this namespace is reached";
	all_send(&t);
	UNTIL(&t, fake.n_adds >= 4);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, fake.sentence);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTP).packets_out >= 2);
	talk_close(&t);
}

static void test_without_kernel_path_it_is_said(void)
{
	struct stream_report r;
	struct talk t;

	talk_open(&t, true);
	t.scene.calls->conf.kmod = NULL;
	media_report(media_of(&t), SIDE_A, COMP_RTP, &r);
	CU_ASSERT_FALSE(r.in_kernel);
	CU_ASSERT_STRING_EQUAL(r.why_user, "the kernel path is off");
	t.scene.calls->conf.kmod = t.kmod;
	talk_close(&t);
}

TEST_SUITE(media_path, { "flows come with latching", test_flows_come_with_latching },
	   { "medias are counted by path", test_medias_are_counted_by_path },
	   { "reading moves no rates", test_reading_moves_no_rates },
	   { "counts of both paths are added", test_counts_of_both_paths_are_added },
	   { "the end has all counts", test_the_end_has_all_counts },
	   { "jitter is not forgotten with the flow", test_jitter_is_not_forgotten_with_the_flow },
	   { "RTCP that the kernel kept is told", test_rtcp_that_the_kernel_kept_is_told },
	   { "RTCP of an older module is told", test_rtcp_of_an_older_module_is_told },
	   { "RTCP beside RTP is told", test_rtcp_beside_rtp_is_told },
	   { "the end has the last RTCP", test_the_end_has_the_last_rtcp },
	   { "RTCP that was cut is told", test_rtcp_that_was_cut_is_told },
	   { "a media is asked about in one exchange",
	     test_a_media_is_asked_about_in_one_exchange },
	   { "the kernel is asked by and by", test_the_kernel_is_asked_by_and_by },
	   { "media in the kernel is no silence", test_media_in_the_kernel_is_no_silence },
	   { "the module goes and comes", test_module_goes_and_comes },
	   { "the module comes later", test_module_comes_later },
	   { "a gap that the kernel had is no loss", test_gap_that_the_kernel_had_is_no_loss },
	   { "idle flows time out without polling", test_idle_flows_time_out_without_polling },
	   { "a rebound phone is found by the kernel's report",
	     test_rebound_phone_is_found_by_the_kernels_report },
	   { "a stranger never gets a flow", test_stranger_never_gets_a_flow },
	   { "blocked media is dropped there", test_blocked_media_is_dropped_there },
	   { "silenced media comes up and goes back", test_silenced_media_comes_up_and_goes_back },
	   { "the kernel says why not", test_kernel_says_why_not },
	   { "without kernel path it is said", test_without_kernel_path_it_is_said });
