/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge_scene.h - a bridge with real media threads and real sockets on the loopback, and two
 * phones
 *
 * For the suites of bridges. Waits only by poll() with deadlines. Addresses are of 127.0.0.0/8 and
 * ::1, since packets are really sent.
 */
#ifndef RTPRELAY_BRIDGE_SCENE_H
#define RTPRELAY_BRIDGE_SCENE_H

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/packet/bridge.h"
#include "daemon/base/clock.h"
#include "daemon/packet/pool.h"
#include "daemon/packet/dtmf_ring.h"
#include "daemon/packet/rtcp_ring.h"
#include "daemon/packet/steer.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

/* A suite needs some of these. */
#define SCENE_FN static __attribute__((unused))

#define DEADLINE_MS 5000
#define PATIENCE_MS 400

enum { A_RTP, A_RTCP, B_RTP, B_RTCP };

/*
 * A relay with one bridge, and two phones with an RTP and an RTCP socket each; index: enum above.
 */
struct scene {
	struct worker_pool *pool;
	struct steer *steer; /* not attached, unless a test does it */
	struct bridge *bridge;
	struct bridge_conf conf;
	struct bridge_change change; /* of the next update() */
	int relay_fd[4], phone[4];
	struct endpoint relay_at[4], phone_at[4];
	unsigned int latched, refused, denied, changed, asked, closed; /* events that came */
	unsigned int latched_mask;
	unsigned int copied;   /* RTCP */
	struct rtcp_copy copy; /* the last one */
	unsigned int pressed;  /* keys */
	struct dtmf_note key;  /* the last one */
	bool stuck;	       /* a media thread did not answer: do not wait for it again */
};

SCENE_FN void on_event(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		       enum component comp)
{
	struct scene *scene = arg;

	(void)bridge;
	if (event == BRIDGE_LATCHED) {
		scene->latched++;
		scene->latched_mask |= 1u << (2 * side + comp);
	}
	scene->denied += event == BRIDGE_DENIED;
	scene->refused += event == BRIDGE_REFUSED;
	scene->changed += event == BRIDGE_CHANGED;
	scene->asked += event == BRIDGE_ASK;
	scene->closed += event == BRIDGE_CLOSED;
}

SCENE_FN void on_rtcp(void *arg, struct bridge *bridge, const struct rtcp_copy *copy)
{
	struct scene *scene = arg;

	CU_ASSERT_PTR_EQUAL(bridge, copy->bridge);
	scene->copied++;
	scene->copy = *copy;
}

SCENE_FN void on_dtmf(void *arg, struct bridge *bridge, const struct dtmf_note *note)
{
	struct scene *scene = arg;

	CU_ASSERT_PTR_EQUAL(bridge, note->bridge);
	scene->pressed++;
	scene->key = *note;
}

SCENE_FN int bound_socket(const struct endpoint *at)
{
	int fd = socket(at->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	if (!bind(fd, &at->sa, endpoint_len(at)))
		return fd;
	close(fd);
	return -1;
}

/* On a free port that is bound by its number, as the port pool does: so a disconnect keeps it. */
SCENE_FN int socket_at(const char *addr, struct endpoint *at)
{
	int fd = -1;

	while (fd < 0) {
		socklen_t len = sizeof(*at);
		int any;

		CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr), AF_UNSPEC, at));
		any = bound_socket(at);
		CU_ASSERT_FATAL(any >= 0);
		CU_ASSERT_FATAL(!getsockname(any, &at->sa, &len));
		close(any);
		fd = bound_socket(at);
	}
	return fd;
}

SCENE_FN struct steer *new_steer(const char *addr_a, const char *addr_b)
{
	struct endpoint addr[2];
	struct steer *steer;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr_a), AF_UNSPEC, &addr[0]));
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr_b), AF_UNSPEC, &addr[1]));
	steer = steer_new(addr, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(steer);
	return steer;
}

SCENE_FN struct worker_pool *new_pool(struct scene *scene, unsigned int threads)
{
	struct worker_pool_conf conf = { .threads = threads,
					 .patience_ms = PATIENCE_MS,
					 .window_ms = 3000,
					 .steer = scene->steer,
					 .event = on_event,
					 .rtcp = on_rtcp,
					 .dtmf = on_dtmf,
					 .arg = scene };
	int error = 0;
	struct worker_pool *pool = worker_pool_new(&conf, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL(error, 0);
	return pool;
}

SCENE_FN struct bridge *open_bridge(struct scene *scene)
{
	int fd[2][2];
	struct endpoint local[2][2];

	memcpy(fd, scene->relay_fd, sizeof(fd));
	memcpy(local, scene->relay_at, sizeof(local));
	return bridge_open(scene->pool, 0, NULL, fd, local, &scene->conf, scene);
}

SCENE_FN void free_pool(struct scene *scene)
{
	worker_pool_free(scene->pool);
	steer_free(scene->steer);
}

/* All but the bridge. */
SCENE_FN void prepare_scene(struct scene *scene, const char *addr_a, const char *addr_b)
{
	memset(scene, 0, sizeof(*scene));
	scene->steer = new_steer(addr_a, addr_b);
	scene->pool = new_pool(scene, 1);
	for (int i = 0; i < 4; i++) {
		const char *addr = i < 2 ? addr_a : addr_b;

		scene->relay_fd[i] = socket_at(addr, &scene->relay_at[i]);
		scene->phone[i] = socket_at(addr, &scene->phone_at[i]);
		scene->conf.side[i >> 1].sdp[i & 1] = scene->phone_at[i];
	}
	scene->conf.pts[0] = 1 << 0 | 1 << 8;
}

SCENE_FN void start_scene(struct scene *scene)
{
	scene->bridge = open_bridge(scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->bridge);
	CU_ASSERT_PTR_EQUAL(bridge_owner(scene->bridge), scene);
	worker_pool_flush(scene->pool);
}

SCENE_FN void open_scene(struct scene *scene, const char *addr_a, const char *addr_b)
{
	prepare_scene(scene, addr_a, addr_b);
	start_scene(scene);
}

/* Dispatches events until @count of them have come. */
SCENE_FN bool wait_events(struct scene *scene, const unsigned int *counter, unsigned int count)
{
	int64_t end = test_real_ms() + DEADLINE_MS;

	while (*counter < count && test_real_ms() < end) {
		struct pollfd p = { .fd = worker_pool_fd(scene->pool), .events = POLLIN };

		if (poll(&p, 1, (int)(end - test_real_ms())) > 0)
			worker_pool_dispatch(scene->pool);
	}
	return *counter >= count;
}

SCENE_FN void wait_for_answers(struct scene *scene)
{
	int64_t end = test_real_ms() + DEADLINE_MS, now_ms = clock_ms();

	worker_pool_ask(scene->pool, now_ms);
	while (!scene->stuck && worker_pool_silent(scene->pool, 1, now_ms + 1)) {
		poll(NULL, 0, 1);
		scene->stuck = test_real_ms() >= end;
	}
	CU_ASSERT_FALSE(scene->stuck);
}

/* Each media thread has read its orders and done what was due, twice; events are dispatched. */
SCENE_FN void pass_rounds(struct scene *scene)
{
	/* A thread answers at the beginning of a round: the second answer says that one is over. */
	wait_for_answers(scene);
	wait_for_answers(scene);
	worker_pool_dispatch(scene->pool);
}

/* So much time passes in seconds, with a tick in each; the clock is stopped. */
SCENE_FN void pass_seconds(struct scene *scene, unsigned int seconds)
{
	while (seconds--) {
		test_clock_pass(1000);
		pass_rounds(scene);
	}
}

/* After this every received packet is counted as sent, too. */
SCENE_FN void end_traffic(struct scene *scene)
{
	bridge_close(scene->bridge);
	worker_pool_flush(scene->pool);
	CU_ASSERT_TRUE(wait_events(scene, &scene->closed, 1));
}

SCENE_FN void close_scene(struct scene *scene)
{
	if (!scene->closed)
		end_traffic(scene);
	bridge_free(scene->bridge);
	free_pool(scene);
	for (int i = 0; i < 4; i++)
		close(scene->phone[i]);
}

SCENE_FN size_t rtp(uint8_t *p, uint8_t pt, uint16_t seq, uint32_t ssrc)
{
	memset(p, 0x55, 172);
	memcpy(p, (uint8_t[]){ 0x80, pt, (uint8_t)(seq >> 8), (uint8_t)seq }, 4);
	memset(p + 4, 0, 8);
	p[7] = (uint8_t)seq;
	p[11] = (uint8_t)ssrc;
	return 172;
}

SCENE_FN size_t receiver_report(uint8_t *p, uint32_t ssrc)
{
	memcpy(p, (uint8_t[]){ 0x80, 201, 0, 1, 0, 0, 0, (uint8_t)ssrc }, 8);
	return 8;
}

SCENE_FN void send_rtp(int fd, const struct endpoint *to, uint16_t seq, uint32_t ssrc)
{
	uint8_t p[172];
	size_t len = rtp(p, 0, seq, ssrc);

	CU_ASSERT_EQUAL(sendto(fd, p, len, 0, &to->sa, endpoint_len(to)), (ssize_t)len);
}

/* The next packet within the deadline; its length, or -1. */
SCENE_FN ssize_t hear(int fd, uint8_t *p, struct endpoint *from)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	socklen_t len = sizeof(*from);

	if (poll(&poll_fd, 1, DEADLINE_MS) <= 0)
		return -1;
	return recvfrom(fd, p, 2048, MSG_DONTWAIT, &from->sa, &len);
}

SCENE_FN bool hears_rtp(int fd, const struct endpoint *from, uint16_t seq)
{
	struct endpoint source = { 0 };
	uint8_t p[2048];

	return hear(fd, p, &source) == 172 && endpoint_eq(&source, from) && p[3] == (uint8_t)seq &&
	       p[2] == (uint8_t)(seq >> 8);
}

SCENE_FN bool wait_keepalives(const struct scene *scene, int stream, uint32_t count)
{
	int64_t end = test_real_ms() + DEADLINE_MS;
	struct stream_report report = { 0 };

	while (report.keepalives_in < count && test_real_ms() < end) {
		poll(NULL, 0, 1);
		bridge_report(scene->bridge, stream >> 1, stream & 1, &report);
	}
	return report.keepalives_in == count;
}

/* A dropped packet arrives nowhere: the counter shows that it was handled. */
SCENE_FN bool wait_drops(const struct scene *scene, int stream, enum stream_drop why,
			 uint64_t count)
{
	int64_t end = test_real_ms() + DEADLINE_MS;
	struct stream_report report;

	do {
		bridge_report(scene->bridge, stream >> 1, stream & 1, &report);
		if (report.drops[why] >= count)
			return report.drops[why] == count;
		poll(NULL, 0, 1);
	} while (test_real_ms() < end);
	return false;
}

SCENE_FN bool hears_nothing(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

SCENE_FN void get_report(const struct scene *scene, int stream, struct stream_report *report)
{
	bridge_report(scene->bridge, stream >> 1, stream & 1, report);
}

/* Both streams have latched, and everything sent has arrived. */
SCENE_FN void talk(struct scene *scene)
{
	send_rtp(scene->phone[A_RTP], &scene->relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], 1));
	send_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], 1, 8);
	CU_ASSERT_TRUE(hears_rtp(scene->phone[A_RTP], &scene->relay_at[A_RTP], 1));
}

SCENE_FN void update(struct scene *scene)
{
	CU_ASSERT_EQUAL(bridge_update(scene->bridge, &scene->conf, &scene->change), 0);
	scene->change = (struct bridge_change){ 0 };
	worker_pool_flush(scene->pool);
}

#endif
