/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_bridge_loop.c - packets that return to the relay are stopped */
#include "bridge_scene.h"

static void test_bridge_does_not_feed_itself(void)
{
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.side[SIDE_B].sdp[COMP_RTP] = scene.relay_at[B_RTP];
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTP, DROP_LOOP, 1));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[A_RTP]));
	close_scene(&scene);
}

/* Out by side B of the first to side A of the second, out by its side B to side A of the first. */
static struct bridge *open_circle(struct scene *scene, int n, const int fd[2][4],
				  const struct endpoint at[2][4])
{
	struct bridge_conf conf = scene->conf;
	struct endpoint local[2][2];
	int fds[2][2];

	for (int i = 0; i < 4; i++) {
		conf.side[i >> 1].sdp[i & 1] = at[!n][i ^ 2];
		local[i >> 1][i & 1] = at[n][i];
		fds[i >> 1][i & 1] = fd[n][i];
	}
	conf.side[SIDE_A].sip = scene->phone_at[A_RTP]; /* may send first */
	return bridge_open(scene->pool, 0, NULL, fds, local, &conf, scene);
}

static uint64_t total_drops(const struct scene *scene, enum stream_drop why)
{
	struct worker_totals totals;

	worker_pool_totals(scene->pool, &totals);
	return totals.drops[why];
}

/*
 * A caller that signals the ports of one call as its own in another, and vice versa, creates a
 * loop.
 */
static void test_packets_do_not_go_round_for_ever(const char *addr, const char *phone)
{
	const unsigned int hops = 64; /* net.ipv4.ip_default_ttl, net.ipv6.conf.default.hop_limit */
	struct worker_totals totals;
	struct bridge *circle[2];
	struct endpoint at[2][4];
	struct scene scene = { 0 };
	struct worker_pool_conf pool = { .threads = 1,
					 .patience_ms = 400,
					 .window_ms = 3000,
					 .event = on_event,
					 .arg = &scene,
					 .own = &at[0][0],
					 .n_own = 1 };
	int error = 0, fd[2][4];
	int64_t end;

	for (int i = 0; i < 8; i++)
		fd[i >> 2][i & 3] = socket_at(addr, &at[i >> 2][i & 3]);
	for (int i = 0; i < 4; i++)
		scene.phone[i] = socket_at(phone, &scene.phone_at[i]);
	scene.conf.pts[0] = 1;
	scene.pool = worker_pool_new(&pool, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.pool);
	for (int n = 0; n < 2; n++)
		circle[n] = open_circle(&scene, n, fd, at);
	worker_pool_flush(scene.pool);
	for (uint16_t i = 1; i <= 3; i++)
		send_rtp(scene.phone[A_RTP], &at[0][A_RTP], i, 7);
	end = test_real_ms() + DEADLINE_MS;
	while (total_drops(&scene, DROP_TTL) < 1 && test_real_ms() < end)
		poll(NULL, 0, 1);
	CU_ASSERT_TRUE(total_drops(&scene, DROP_TTL) >= 1);
	for (int n = 0; n < 2; n++)
		bridge_close(circle[n]);
	worker_pool_flush(scene.pool);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 2));
	worker_pool_totals(scene.pool, &totals);
	CU_ASSERT_TRUE(totals.packets <= 3 * (hops + 4));
	for (int n = 0; n < 2; n++)
		bridge_free(circle[n]);
	free_pool(&scene);
	for (int i = 0; i < 4; i++)
		close(scene.phone[i]);
}

static void test_packets_do_not_go_round_ipv4(void)
{
	test_packets_do_not_go_round_for_ever("127.0.0.1", "127.0.0.2");
}

static void test_packets_do_not_go_round_ipv6(void)
{
	test_packets_do_not_go_round_for_ever("::1", "::1");
}

TEST_SUITE(bridge_loop, { "bridge does not feed itself", test_bridge_does_not_feed_itself },
	   { "packets do not go round for ever, IPv4", test_packets_do_not_go_round_ipv4 },
	   { "packets do not go round for ever, IPv6", test_packets_do_not_go_round_ipv6 });
