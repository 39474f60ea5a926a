/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stray.c - packets that the connected socket of a stream does not take: with the kernel's
 * look-up of sockets
 */
#include "daemon/base/count.h"
#include "bridge_scene.h"

#define FLOOD 1000

int __real_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);

/* While set: the media thread has just connected a socket. */
static struct scene *watched;
static int stranger_fd;

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct scene *scene = __atomic_load_n(&watched, __ATOMIC_ACQUIRE);
	int result = __real_connect(fd, to, len);

	if (scene && fd == scene->relay_fd[A_RTP] && to->sa_family != AF_UNSPEC)
		send_rtp(stranger_fd, &scene->relay_at[A_RTP], 1, 66);
	return result;
}

/* A scene whose pool can connect sockets and hears others all the same. Needs root. */
static bool open_steered(struct scene *scene, const char *addr)
{
	int err;

	prepare_scene(scene, addr, addr);
	free_pool(scene);
	scene->steer = new_steer(addr, addr);
	err = steer_attach(scene->steer, 1);
	CU_ASSERT_EQUAL(err, 0);
	if (err)
		printf("\n    BPF at the look-up of sockets: %s: root is needed\n", strerror(-err));
	scene->pool = new_pool(scene, 1);
	start_scene(scene);
	return !err;
}

/* Side A has talked for so long that its socket is connected; the clock is stopped. */
static void lock_and_connect(struct scene *scene, uint16_t *seq)
{
	struct endpoint peer;
	socklen_t len = sizeof(peer);

	test_clock_stop();
	talk(scene);
	for (*seq = 2; *seq < 10; ++*seq) {
		test_clock_pass(20);
		send_rtp(scene->phone[A_RTP], &scene->relay_at[A_RTP], *seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], *seq));
	}
	test_clock_pass(LATCH_SILENCE_MS - 100); /* a tick is due, and it is not silent yet */
	pass_rounds(scene);
	CU_ASSERT_FALSE(getpeername(scene->relay_fd[A_RTP], &peer.sa, &len));
}

static void finish(struct scene *scene)
{
	test_clock_go();
	close_scene(scene);
}

/* The error that the system reports for packets sent by @fd; 0: none. */
static int error_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

/* In batches, so that no queue runs full, whatever the system's limits are. */
static void flood(struct scene *scene, int fd, unsigned int packets)
{
	for (unsigned int i = 1; i <= packets; i++) {
		send_rtp(fd, &scene->relay_at[A_RTP], (uint16_t)i, 66);
		if (i % 100 == 0)
			CU_ASSERT_TRUE(wait_drops(scene, A_RTP, DROP_SOURCE, i));
	}
}

static void test_each_stranger_is_counted_and_none_is_answered(void)
{
	static const struct {
		const char *relay, *stranger;
	} rows[] = { { "127.0.0.1", "127.9.9.66" },
		     { "127.0.0.1", "127.0.0.1" },
		     { "::1", "::1" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint at;
		struct scene scene;
		unsigned int refused;
		uint16_t seq;
		int stranger;

		if (!open_steered(&scene, rows[i].relay)) {
			close_scene(&scene);
			continue;
		}
		lock_and_connect(&scene, &seq);
		stranger = socket_at(rows[i].stranger, &at);
		/* Only a connected socket is told of ICMP errors. */
		CU_ASSERT_EQUAL(connect(stranger, &scene.relay_at[A_RTP].sa,
					endpoint_len(&scene.relay_at[A_RTP])),
				0);
		refused = scene.refused;
		flood(&scene, stranger, FLOOD);
		pass_rounds(&scene);
		CU_ASSERT_EQUAL(error_of(stranger), 0);
		CU_ASSERT_EQUAL(scene.refused - refused, 1); /* one event a second */
		CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTP]));
		/* The phone is heard as before, by its connected socket. */
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
		close(stranger);
		finish(&scene);
	}
}

/* At no moment of connecting a packet finds no socket: nobody would count it. */
static void test_stranger_is_counted_while_the_socket_is_connected(void)
{
	struct endpoint at;
	struct scene scene;
	uint16_t seq;

	if (open_steered(&scene, "127.0.0.1")) {
		stranger_fd = socket_at("127.9.9.66", &at);
		CU_ASSERT_EQUAL(connect(stranger_fd, &scene.relay_at[A_RTP].sa,
					endpoint_len(&scene.relay_at[A_RTP])),
				0);
		__atomic_store_n(&watched, &scene, __ATOMIC_RELEASE);
		lock_and_connect(&scene, &seq);
		__atomic_store_n(&watched, NULL, __ATOMIC_RELEASE);
		CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_SOURCE, 1));
		CU_ASSERT_EQUAL(error_of(stranger_fd), 0);
		close(stranger_fd);
	}
	finish(&scene);
}

/* Its packet comes while the socket is still connected to the old port. */
static void test_rebound_nat_is_followed_before_the_next_tick(void)
{
	static const char *const addrs[] = { "127.0.0.1", "::1" };

	for (size_t i = 0; i < COUNT(addrs); i++) {
		struct stream_report report;
		struct endpoint at, peer;
		struct scene scene;
		uint16_t seq;
		int moved;
		socklen_t len = sizeof(peer);

		if (!open_steered(&scene, addrs[i])) {
			close_scene(&scene);
			continue;
		}
		lock_and_connect(&scene, &seq);
		test_clock_pass(150); /* it is silent since 1050 ms; the last tick was 150 ms ago */
		moved = socket_at(addrs[i], &at);
		send_rtp(moved, &scene.relay_at[A_RTP], seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
		send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
		CU_ASSERT_TRUE(hears_rtp(moved, &scene.relay_at[A_RTP], 2));
		get_report(&scene, A_RTP, &report);
		CU_ASSERT_EQUAL(report.relatched, 1);
		CU_ASSERT_TRUE(endpoint_eq(&report.latched, &at));
		CU_ASSERT_TRUE(getpeername(scene.relay_fd[A_RTP], &peer.sa, &len));
		/* Now its own socket hears it. */
		send_rtp(moved, &scene.relay_at[A_RTP], ++seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
		close(moved);
		finish(&scene);
	}
}

/* A socket of another program on a port that no stream has, and a port after its call. */
static void test_other_sockets_get_their_packets(void)
{
	struct endpoint at, from;
	struct scene scene;
	int other, stranger;
	uint8_t p[2048];
	uint16_t seq;

	if (open_steered(&scene, "127.0.0.1")) {
		lock_and_connect(&scene, &seq);
		other = socket_at("127.0.0.1", &at);
		stranger = socket_at("127.9.9.66", &from);
		send_rtp(stranger, &at, 1, 66);
		CU_ASSERT_EQUAL(hear(other, p, &from), 172);
		close(other);
		end_traffic(&scene);
		/* The same port, no longer of a stream. */
		other = bound_socket(&scene.relay_at[A_RTP]);
		CU_ASSERT_FATAL(other >= 0);
		send_rtp(stranger, &scene.relay_at[A_RTP], 1, 66);
		CU_ASSERT_EQUAL(hear(other, p, &from), 172);
		close(other);
		close(stranger);
	}
	finish(&scene);
}

/* Without the program nobody but the source would be heard. */
static void test_sockets_are_not_connected_without_it(void)
{
	struct endpoint peer, at;
	struct scene scene;
	socklen_t len = sizeof(peer);
	int stranger;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	free_pool(&scene);
	scene.steer = NULL;
	scene.pool = new_pool(&scene, 1);
	start_scene(&scene);
	test_clock_stop();
	talk(&scene);
	for (uint16_t seq = 2; seq < 10; seq++) {
		test_clock_pass(20);
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
	}
	test_clock_pass(LATCH_SILENCE_MS - 100);
	pass_rounds(&scene);
	CU_ASSERT_TRUE(getpeername(scene.relay_fd[A_RTP], &peer.sa, &len));
	stranger = socket_at("127.9.9.66", &at);
	flood(&scene, stranger, 100);
	close(stranger);
	finish(&scene);
}

/* More threads than a byte tells apart, and addresses that are given twice. */
static void test_limits(void)
{
	struct endpoint addr[3], local;
	struct steer *steer;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("127.0.0.1"), AF_INET, &addr[0]));
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("::1"), AF_INET6, &addr[1]));
	addr[2] = addr[0];
	steer = steer_new(addr, 3);
	CU_ASSERT_PTR_NOT_NULL_FATAL(steer);
	CU_ASSERT_EQUAL(steer_addresses(steer), 2);
	CU_ASSERT_EQUAL(steer_attach(steer, STEER_THREADS + 1), -E2BIG);
	CU_ASSERT_EQUAL(steer_fd(steer, 0), -1);
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("[::1]:65535"), 0, &local));
	CU_ASSERT_EQUAL(steer_at(steer, &local), 2 * 65536 - 1);
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("127.0.0.2:1"), 0, &local));
	CU_ASSERT_EQUAL(steer_at(steer, &local), -1);
	CU_ASSERT_EQUAL(steer_at(NULL, &local), -1);
	steer_free(steer);
}

TEST_SUITE(stray,
	   { "each stranger is counted, and none is answered",
	     test_each_stranger_is_counted_and_none_is_answered },
	   { "stranger is counted while the socket is connected",
	     test_stranger_is_counted_while_the_socket_is_connected },
	   { "NAT that rebound is followed before the next tick",
	     test_rebound_nat_is_followed_before_the_next_tick },
	   { "other sockets get their packets", test_other_sockets_get_their_packets },
	   { "sockets are not connected without it", test_sockets_are_not_connected_without_it },
	   { "limits", test_limits });
