/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_bridge.c - real media threads, real sockets on the loopback: phones, a stranger, and what each hears
 *
 * Waits by poll() with deadlines only. Addresses are of 127.0.0.0/8 and ::1, since packets really travel.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/bridge.h"
#include "daemon/clock.h"
#include "test.h"

#define DEADLINE_MS 5000

enum { A_RTP, A_RTCP, B_RTP, B_RTCP };

/* A relay with one bridge, and two phones with an RTP and an RTCP socket each; index: enum above. */
struct scene {
	struct worker_pool *pool;
	struct bridge *bridge;
	struct bridge_conf conf;
	int relay_fd[4], phone[4];
	struct endpoint relay_at[4], phone_at[4];
	unsigned int latched, refused, closed;
	unsigned int latched_mask;
};

static void on_event(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		     enum component comp)
{
	struct scene *scene = arg;

	(void)bridge;
	if (event == BRIDGE_LATCHED) {
		scene->latched++;
		scene->latched_mask |= 1u << (2 * side + comp);
	}
	scene->refused += event == BRIDGE_REFUSED;
	scene->closed += event == BRIDGE_CLOSED;
}

static int socket_at(const char *addr, struct endpoint *at)
{
	socklen_t len = sizeof(*at);
	int fd;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr), AF_UNSPEC, at));
	fd = socket(at->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(!bind(fd, &at->sa, endpoint_len(at)));
	CU_ASSERT_FATAL(!getsockname(fd, &at->sa, &len));
	return fd;
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

static struct worker_pool *new_pool(struct scene *scene, unsigned int threads)
{
	struct worker_pool_conf conf = { .threads = threads,
					 .patience_ms = 400,
					 .window_ms = 3000,
					 .event = on_event,
					 .arg = scene };
	int error = 0;
	struct worker_pool *pool = worker_pool_new(&conf, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL(error, 0);
	return pool;
}

static struct bridge *open_bridge(struct scene *scene)
{
	int fd[2][2];
	struct endpoint local[2][2];

	memcpy(fd, scene->relay_fd, sizeof(fd));
	memcpy(local, scene->relay_at, sizeof(local));
	return bridge_open(scene->pool, 0, NULL, fd, local, &scene->conf, scene);
}

static void open_scene(struct scene *scene, const char *addr_a, const char *addr_b)
{
	memset(scene, 0, sizeof(*scene));
	scene->pool = new_pool(scene, 1);
	for (int i = 0; i < 4; i++) {
		const char *addr = i < 2 ? addr_a : addr_b;

		scene->relay_fd[i] = socket_at(addr, &scene->relay_at[i]);
		scene->phone[i] = socket_at(addr, &scene->phone_at[i]);
		scene->conf.side[i >> 1].sdp[i & 1] = scene->phone_at[i];
	}
	scene->conf.pts[0] = 1 << 0 | 1 << 8;
	scene->bridge = open_bridge(scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->bridge);
	CU_ASSERT_PTR_EQUAL(bridge_owner(scene->bridge), scene);
	worker_pool_flush(scene->pool);
}

/* Dispatches events until @count of them have come. */
static bool wait_events(struct scene *scene, const unsigned int *counter, unsigned int count)
{
	int64_t end = clock_ms() + DEADLINE_MS;

	while (*counter < count && clock_ms() < end) {
		struct pollfd p = { .fd = worker_pool_fd(scene->pool), .events = POLLIN };

		if (poll(&p, 1, (int)(end - clock_ms())) > 0)
			worker_pool_dispatch(scene->pool);
	}
	return *counter >= count;
}

static void close_scene(struct scene *scene)
{
	if (scene->bridge) {
		bridge_close(scene->bridge);
		worker_pool_flush(scene->pool);
		CU_ASSERT_TRUE(wait_events(scene, &scene->closed, 1));
		bridge_free(scene->bridge);
	}
	worker_pool_free(scene->pool);
	for (int i = 0; i < 4; i++)
		close(scene->phone[i]);
}

static size_t rtp(uint8_t *p, uint8_t pt, uint16_t seq, uint32_t ssrc)
{
	memset(p, 0x55, 172);
	memcpy(p, (uint8_t[]){ 0x80, pt, (uint8_t)(seq >> 8), (uint8_t)seq }, 4);
	memset(p + 4, 0, 8);
	p[7] = (uint8_t)seq;
	p[11] = (uint8_t)ssrc;
	return 172;
}

static size_t receiver_report(uint8_t *p, uint32_t ssrc)
{
	memcpy(p, (uint8_t[]){ 0x80, 201, 0, 1, 0, 0, 0, (uint8_t)ssrc }, 8);
	return 8;
}

static void send_rtp(int fd, const struct endpoint *to, uint16_t seq, uint32_t ssrc)
{
	uint8_t p[172];
	size_t len = rtp(p, 0, seq, ssrc);

	CU_ASSERT_EQUAL(sendto(fd, p, len, 0, &to->sa, endpoint_len(to)), (ssize_t)len);
}

/* The next packet within the deadline; its length, or -1. */
static ssize_t hear(int fd, uint8_t *p, struct endpoint *from)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	socklen_t len = sizeof(*from);

	if (poll(&poll_fd, 1, DEADLINE_MS) <= 0)
		return -1;
	return recvfrom(fd, p, 2048, MSG_DONTWAIT, &from->sa, &len);
}

static bool hears_rtp(int fd, const struct endpoint *from, uint16_t seq)
{
	struct endpoint source = { 0 };
	uint8_t p[2048];

	return hear(fd, p, &source) == 172 && endpoint_eq(&source, from) && p[3] == (uint8_t)seq &&
	       p[2] == (uint8_t)(seq >> 8);
}

/* What is sent to a stream and dropped arrives nowhere: the counter tells that it was handled. */
static bool wait_drops(const struct scene *scene, int stream, enum stream_drop why, uint64_t count)
{
	int64_t end = clock_ms() + DEADLINE_MS;
	struct stream_report report;

	do {
		bridge_report(scene->bridge, stream >> 1, stream & 1, &report);
		if (report.drops[why] >= count)
			return report.drops[why] == count;
		poll(NULL, 0, 1);
	} while (clock_ms() < end);
	return false;
}

static bool hears_nothing(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static void exchange(const char *addr_a, const char *addr_b)
{
	struct scene scene;
	struct stream_report report;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, addr_a, addr_b);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2));
	for (int i = A_RTCP; i <= B_RTCP; i += 2) {
		size_t len = receiver_report(p, 7);

		sendto(scene.phone[i], p, len, 0, &scene.relay_at[i].sa,
		       endpoint_len(&scene.relay_at[i]));
		CU_ASSERT_EQUAL(hear(scene.phone[i ^ 2], p, &source), 8);
		CU_ASSERT_TRUE(endpoint_eq(&source, &scene.relay_at[i ^ 2]));
	}
	CU_ASSERT_TRUE(wait_events(&scene, &scene.latched, 4));
	CU_ASSERT_EQUAL(scene.latched_mask, 0xf);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(report.rank, RANK_EXACT);
	CU_ASSERT_TRUE(endpoint_eq(&report.latched, &scene.phone_at[A_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&report.local, &scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(report.packets_in, 1);
	CU_ASSERT_EQUAL(report.bytes_in, 172);
	CU_ASSERT_EQUAL(report.packets_out, 1);
	CU_ASSERT_EQUAL(report.ssrc, 7);
	CU_ASSERT_TRUE(clock_ms() - bridge_last_in_ms(scene.bridge) < DEADLINE_MS);
	CU_ASSERT_TRUE(bridge_heard(scene.bridge, SIDE_B));
	close_scene(&scene);
}

static void test_two_phones_exchange_rtp_and_rtcp(void)
{
	exchange("127.0.0.1", "127.0.0.1");
}

static void test_ipv4_and_ipv6_phones_hear_each_other(void)
{
	exchange("127.0.0.1", "::1");
}

TEST_SUITE(bridge, { "two phones exchange RTP and RTCP", test_two_phones_exchange_rtp_and_rtcp },
	   { "IPv4 and IPv6 phones hear each other", test_ipv4_and_ipv6_phones_hear_each_other });
