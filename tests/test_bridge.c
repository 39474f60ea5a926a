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

static int bound_socket(const struct endpoint *at)
{
	int fd = socket(at->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	if (!bind(fd, &at->sa, endpoint_len(at)))
		return fd;
	close(fd);
	return -1;
}

/* On a free port that is asked for by its number, as the port pool does: it stays when disconnected. */
static int socket_at(const char *addr, struct endpoint *at)
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

/* All but the bridge. */
static void prepare_scene(struct scene *scene, const char *addr_a, const char *addr_b)
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
}

static void start_scene(struct scene *scene)
{
	scene->bridge = open_bridge(scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->bridge);
	CU_ASSERT_PTR_EQUAL(bridge_owner(scene->bridge), scene);
	worker_pool_flush(scene->pool);
}

static void open_scene(struct scene *scene, const char *addr_a, const char *addr_b)
{
	prepare_scene(scene, addr_a, addr_b);
	start_scene(scene);
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

/* After this every packet that was heard is counted as sent, too. */
static void end_traffic(struct scene *scene)
{
	bridge_close(scene->bridge);
	worker_pool_flush(scene->pool);
	CU_ASSERT_TRUE(wait_events(scene, &scene->closed, 1));
}

static void close_scene(struct scene *scene)
{
	if (!scene->closed)
		end_traffic(scene);
	bridge_free(scene->bridge);
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

/* Whatever came before it was late, and is passed over. */
static bool hears_rtp_at_last(int fd, const struct endpoint *from, uint16_t seq)
{
	struct endpoint source = { 0 };
	uint8_t p[2048] = { 0 };
	bool late = true, right = true;

	while (late && right) {
		right = hear(fd, p, &source) == 172 && endpoint_eq(&source, from);
		late = (uint16_t)(p[2] << 8 | p[3]) < seq;
	}
	return right && (uint16_t)(p[2] << 8 | p[3]) == seq;
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
	end_traffic(&scene);
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

static void get_report(const struct scene *scene, int stream, struct stream_report *report)
{
	bridge_report(scene->bridge, stream >> 1, stream & 1, report);
}

/* Both phones have been heard, and everything they sent has arrived. */
static void talk(struct scene *scene)
{
	send_rtp(scene->phone[A_RTP], &scene->relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], 1));
	send_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], 1, 8);
	CU_ASSERT_TRUE(hears_rtp(scene->phone[A_RTP], &scene->relay_at[A_RTP], 1));
}

static void update(struct scene *scene)
{
	CU_ASSERT_EQUAL(bridge_update(scene->bridge, &scene->conf), 0);
	worker_pool_flush(scene->pool);
}

static void test_stranger_is_never_heard(void)
{
	struct scene scene;
	struct endpoint at;
	int stranger;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (int side = 0; side < 2; side++)
		CU_ASSERT_TRUE(
			endpoint_parse_addr(STR("127.0.0.1"), AF_INET, &scene.conf.side[side].sip));
	update(&scene);
	stranger = socket_at("127.9.9.66", &at);
	for (uint16_t i = 0; i < 20; i++)
		send_rtp(stranger, &scene.relay_at[A_RTP], i, 66);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_SOURCE, 20));
	talk(&scene);
	for (uint16_t i = 0; i < 20; i++)
		send_rtp(stranger, &scene.relay_at[B_RTP], i, 66);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTP, DROP_SOURCE, 20));
	CU_ASSERT_TRUE(wait_events(&scene, &scene.refused, 2));
	CU_ASSERT_EQUAL(scene.refused, 2); /* one for each stream and second */
	CU_ASSERT_TRUE(hears_nothing(scene.phone[A_RTP]));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTP]));
	CU_ASSERT_TRUE(hears_nothing(stranger));
	close(stranger);
	close_scene(&scene);
}

static void test_what_no_stream_carries_is_dropped_and_named(void)
{
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	static const uint8_t dtls[13] = { 22, 0xfe, 0xfd };
	static const struct {
		int stream;
		const void *bytes;
		size_t len;
		enum stream_drop why;
	} rows[] = {
		{ A_RTP, "", 0, DROP_MALFORMED },
		{ A_RTP, "\x80", 1, DROP_MALFORMED },
		{ A_RTP, "\r\n", 2, DROP_KIND },
		{ A_RTP, stun, sizeof(stun), DROP_KIND },
		{ A_RTP, dtls, sizeof(dtls), DROP_KIND },
		{ A_RTP, "\x80\x60\0\1\0\0\0\0\0\0\0\7", 12,
		  DROP_KIND }, /* payload type 96: not negotiated */
		{ A_RTCP, "\x80\0\0\1\0\0\0\0\0\0\0\7", 12, DROP_KIND }, /* RTP to the RTCP port */
	};
	uint64_t count[4][DROP_COUNT] = { 0 };
	struct scene scene;
	struct stream_report report;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int stream = rows[i].stream;

		sendto(scene.phone[stream], rows[i].bytes, rows[i].len, 0,
		       &scene.relay_at[stream].sa, endpoint_len(&scene.relay_at[stream]));
		CU_ASSERT_TRUE(
			wait_drops(&scene, stream, rows[i].why, ++count[stream][rows[i].why]));
	}
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_WAIT);
	CU_ASSERT_EQUAL(report.packets_in, 0);
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTP]));
	close_scene(&scene);
}

static void test_unreachable_phone_does_not_stop_the_other_direction(void)
{
	struct scene scene;
	struct stream_report report;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	for (uint16_t i = 2; i < 60; i++) { /* until the sockets are connected, and longer */
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
		send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i, 8);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i));
		CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i));
		poll(NULL, 0, 50);
	}
	close(scene.phone[A_RTP]);
	/* Each packet to A comes back as an ICMP error; A's own still pass, from a new socket at its old place. */
	for (uint16_t i = 60; i < 80; i++)
		send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i, 8);
	scene.phone[A_RTP] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(
		bind(scene.phone[A_RTP], &scene.phone_at[A_RTP].sa, sizeof(struct sockaddr_in)), 0);
	for (uint16_t i = 60; i < 80; i++) {
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i));
	}
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in, 79);
	CU_ASSERT_EQUAL(report.lost, 0);
	get_report(&scene, B_RTP, &report);
	CU_ASSERT_EQUAL(report.errors_out, 0);
	close_scene(&scene);
}

static void test_connected_stream_follows_a_nat_that_rebound(void)
{
	struct scene scene;
	struct stream_report report;
	struct endpoint at;
	int64_t end;
	uint16_t seq = 2;
	int moved;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	for (end = clock_ms() + 1500; clock_ms() < end;
	     seq++) { /* a tick has connected the socket */
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
		poll(NULL, 0, 20);
	}
	moved = socket_at("127.0.0.1", &at);
	for (end = clock_ms() + DEADLINE_MS; clock_ms() < end; seq++) {
		struct pollfd p = { .fd = scene.phone[B_RTP], .events = POLLIN };

		send_rtp(moved, &scene.relay_at[A_RTP], seq, 7);
		if (poll(&p, 1, 20) > 0)
			break;
	}
	/* On a busy machine it may be the answer to one that was sent before. */
	CU_ASSERT_TRUE(hears_rtp_at_last(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(
		hears_rtp(moved, &scene.relay_at[A_RTP], 2)); /* from the same port as ever */
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.relatched, 1);
	CU_ASSERT_TRUE(endpoint_eq(&report.latched, &at));
	close(moved);
	close_scene(&scene);
}

static void test_burst_is_forwarded_whole_and_in_order(void)
{
	struct scene scene;
	struct stream_report report;

	open_scene(&scene, "127.0.0.1", "::1");
	talk(&scene);
	for (uint16_t i = 2; i < 66; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	for (uint16_t i = 2; i < 66; i++)
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i));
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in, 65);
	CU_ASSERT_EQUAL(report.expected, 65);
	CU_ASSERT_EQUAL(report.lost + report.reordered + report.duplicate, 0);
	close_scene(&scene);
}

static void test_muxed_rtcp_reaches_a_phone_without_mux(void)
{
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.side[SIDE_A].flags = SIDE_MUX;
	update(&scene);
	talk(&scene);
	sendto(scene.phone[A_RTP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTCP], p, &source), 8);
	CU_ASSERT_TRUE(endpoint_eq(&source, &scene.relay_at[B_RTCP]));
	sendto(scene.phone[B_RTCP], p, receiver_report(p, 8), 0, &scene.relay_at[B_RTCP].sa,
	       endpoint_len(&scene.relay_at[B_RTCP]));
	CU_ASSERT_EQUAL(hear(scene.phone[A_RTP], p, &source), 8);
	CU_ASSERT_TRUE(endpoint_eq(&source, &scene.relay_at[A_RTP]));
	close_scene(&scene);
}

static void test_rtcp_on_the_rtp_port_goes_on_as_rtcp(void)
{
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	sendto(scene.phone[A_RTP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTCP], p, &source), 8);
	close_scene(&scene);
}

static void test_update_takes_effect_while_running(void)
{
	struct scene scene;
	uint8_t p[2048];
	struct endpoint source;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	scene.conf.side[SIDE_A].flags = SIDE_BLOCK;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_BLOCKED, 1));
	scene.conf.side[SIDE_A].flags = SIDE_SILENCE;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3, 7);
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), 172);
	CU_ASSERT_EQUAL(p[3], 3);
	CU_ASSERT_EQUAL(p[12], 0xff);
	CU_ASSERT_EQUAL(p[171], 0xff);
	scene.conf.side[SIDE_A].flags = 0;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 4, 7);
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), 172);
	CU_ASSERT_EQUAL(p[12], 0x55);
	CU_ASSERT_EQUAL(bridge_conf(scene.bridge)->side[SIDE_A].flags, 0);
	close_scene(&scene);
}

static void test_moved_phone_is_found_again(void)
{
	struct scene scene;
	struct endpoint at;
	int moved;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	moved = socket_at("127.0.0.1", &at);
	scene.conf.side[SIDE_A].sdp[COMP_RTP] = at;
	scene.conf.side[SIDE_A].flags = SIDE_RELEARN;
	update(&scene);
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(moved, &scene.relay_at[A_RTP], 2));
	send_rtp(moved, &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2));
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_SOURCE, 1));
	close(moved);
	close_scene(&scene);
}

static void test_another_party_begins_anew(void)
{
	struct scene scene;
	struct endpoint at;
	struct stream_report report;
	int other;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	other = socket_at("127.0.0.1", &at);
	scene.conf.side[SIDE_B].sdp[COMP_RTP] = at;
	scene.conf.side[SIDE_B].flags = SIDE_FRESH | SIDE_RELEARN;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(hears_rtp(other, &scene.relay_at[B_RTP], 2));
	get_report(&scene, B_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_WAIT);
	CU_ASSERT_FALSE(endpoint_is_set(&report.latched));
	close(other);
	close_scene(&scene);
}

/* B's SDP is unusable, SIP came from elsewhere: all that is known is where B's RTP came from. */
static void test_rtcp_is_tried_beside_latched_rtp(void)
{
	struct scene scene;
	struct endpoint at;
	struct stream_report report;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (int comp = 0; comp < 2; comp++)
		memset(&scene.conf.side[SIDE_B].sdp[comp].in4.sin_addr, 0, 4);
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.0.0.1"), AF_INET, &scene.conf.side[SIDE_B].sip));
	scene.conf.side[SIDE_B].flags = SIDE_FRESH;
	update(&scene);
	sendto(scene.phone[A_RTCP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTCP].sa,
	       endpoint_len(&scene.relay_at[A_RTCP]));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTCP, DROP_NO_DESTINATION, 1));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1));
	at = scene.phone_at[B_RTP];
	endpoint_set_port(&at, (uint16_t)(endpoint_port(&at) + 1));
	close(scene.phone[B_RTCP]);
	scene.phone[B_RTCP] = bound_socket(&at);
	if (scene.phone[B_RTCP] >= 0) { /* else somebody else has that port: nothing can be said */
		sendto(scene.phone[A_RTCP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTCP].sa,
		       endpoint_len(&scene.relay_at[A_RTCP]));
		CU_ASSERT_EQUAL(hear(scene.phone[B_RTCP], p, &at), 8);
	}
	get_report(&scene, B_RTP, &report);
	CU_ASSERT_EQUAL(report.rank, RANK_ADDR);
	close_scene(&scene);
}

/* What one media has learned speaks for the other medias of the same phone. */
static void test_sibling_speaks_for_a_source(void)
{
	struct scene scene;
	struct stream_report report;
	struct bridge *video;
	struct endpoint local[2][2] = { 0 }, at;
	int fd[2][2] = { { -1, -1 }, { -1, -1 } };
	int phone = socket_at("127.9.9.9", &at);
	int64_t end = clock_ms() + DEADLINE_MS;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.9.9.9"), AF_INET, &scene.conf.side[SIDE_A].sip));
	update(&scene);
	send_rtp(phone, &scene.relay_at[A_RTP], 1, 7); /* by SIP's address */
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.7.7.7"), AF_INET, &scene.conf.side[SIDE_A].sip));
	for (int i = 0; i < 4; i++)
		fd[i >> 1][i & 1] = socket_at("127.0.0.1", &local[i >> 1][i & 1]);
	video = bridge_open(scene.pool, 0, scene.bridge, fd, local, &scene.conf, &scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(video);
	worker_pool_flush(scene.pool);
	send_rtp(phone, &local[SIDE_A][COMP_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &local[SIDE_B][COMP_RTP], 2));
	do
		bridge_report(video, SIDE_A, COMP_RTP, &report);
	while (!report.packets_in && clock_ms() < end);
	CU_ASSERT_EQUAL(report.rank, RANK_NEAR);
	bridge_close(video);
	end_traffic(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 2));
	bridge_free(video);
	close(phone);
	close_scene(&scene);
}

static void test_dtls_passes_where_it_was_negotiated(void)
{
	static const uint8_t hello[] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 };
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.side[SIDE_B].flags = SIDE_DTLS;
	update(&scene);
	sendto(scene.phone[A_RTP], hello, sizeof(hello), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), (ssize_t)sizeof(hello));
	close_scene(&scene);
}

static void test_opaque_bridge_forwards_anything(void)
{
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048] = { 0 };

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.kind = BRIDGE_OPAQUE;
	update(&scene);
	sendto(scene.phone[A_RTP], "T", 1, 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), 1);
	CU_ASSERT_EQUAL(p[0], 'T');
	sendto(scene.phone[A_RTP], "", 0, 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_MALFORMED, 1));
	close_scene(&scene);
}

/* Told without SDP: a fax in place of RTP. It teaches nothing while payload types are known. */
static void test_undescribed_bridge_forwards_what_comes(void)
{
	static const uint8_t fax[] = { 0, 1, 5, 'T', '3', '8' };
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.any = true;
	update(&scene);
	sendto(scene.phone[A_RTP], fax, sizeof(fax), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_KIND, 1));
	scene.conf.pts[0] = 0;
	update(&scene);
	sendto(scene.phone[A_RTP], fax, sizeof(fax), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), (ssize_t)sizeof(fax));
	/* The same phone talks: its source is known, and payload types no hindrance. */
	scene.conf.pts[0] = 1;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	sendto(scene.phone[A_RTP], fax, sizeof(fax), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), (ssize_t)sizeof(fax));
	close_scene(&scene);
}

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

static void test_tos_is_set_or_kept(void)
{
	struct scene scene;
	struct stream_report report;
	uint8_t p[2048], control[64];
	struct iovec iov = { p, sizeof(p) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	int on = 1, tos = 0x28;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	setsockopt(scene.phone[B_RTP], IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	for (int want = 0xb8; want; want = want == 0xb8 ? tos : 0) {
		struct pollfd wait = { .fd = scene.phone[B_RTP], .events = POLLIN };

		scene.conf.side[SIDE_B].tos = (int16_t)(want == tos ? -1 : want);
		update(&scene);
		setsockopt(scene.phone[A_RTP], IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
		/* A packet that was under way before the update keeps nothing: the second is sure to. */
		talk(&scene);
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
		CU_ASSERT_EQUAL(poll(&wait, 1, DEADLINE_MS), 1);
		msg.msg_controllen = sizeof(control);
		CU_ASSERT_EQUAL(recvmsg(scene.phone[B_RTP], &msg, 0), 172);
		CU_ASSERT_PTR_NOT_NULL_FATAL(CMSG_FIRSTHDR(&msg));
		CU_ASSERT_EQUAL(*CMSG_DATA(CMSG_FIRSTHDR(&msg)), want);
	}
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.duplicate, 2);
	close_scene(&scene);
}

/* Nobody takes them before the bridge is open, so that the buffer is sure to be full. */
static void test_full_receive_buffer_is_counted(void)
{
	const int small = 4096;
	struct stream_report report = { 0 };
	struct scene scene;
	uint64_t in, missed;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_EQUAL(
		setsockopt(scene.relay_fd[A_RTP], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (uint16_t i = 1; i <= 100; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	start_scene(&scene);
	for (int64_t end = clock_ms() + DEADLINE_MS; clock_ms() < end; poll(NULL, 0, 1)) {
		bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
		if (report.drops[DROP_RECEIVE_QUEUE])
			break;
	}
	in = report.packets_in;
	missed = report.drops[DROP_RECEIVE_QUEUE];
	CU_ASSERT_TRUE(in > 0);
	CU_ASSERT_TRUE(missed > 0);
	CU_ASSERT_EQUAL(in + missed, 100);
	end_traffic(&scene);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.drops[DROP_RECEIVE_QUEUE], missed); /* once */
	bridge_report(scene.bridge, SIDE_B, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.drops[DROP_RECEIVE_QUEUE], 0);
	close_scene(&scene);
}

/* Of a port that nobody watches any more. */
static void test_missed_packets_are_counted_at_the_end(void)
{
	const int small = 4096;
	struct stream_report report;
	struct scene scene;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_EQUAL(
		setsockopt(scene.relay_fd[A_RTP], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (uint16_t i = 1; i <= 100; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	start_scene(&scene);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	end_traffic(&scene);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in + report.drops[DROP_RECEIVE_QUEUE], 100);
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
	conf.side[SIDE_A].sip = scene->phone_at[A_RTP]; /* may begin */
	return bridge_open(scene->pool, 0, NULL, fds, local, &conf, scene);
}

static uint64_t total_drops(const struct scene *scene, enum stream_drop why)
{
	struct worker_totals totals;

	worker_pool_totals(scene->pool, &totals);
	return totals.drops[why];
}

/* Who signals the ports of one call as his own in another, and the other way round, has packets go round. */
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
	for (end = clock_ms() + DEADLINE_MS; total_drops(&scene, DROP_TTL) < 1 && clock_ms() < end;)
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
	worker_pool_free(scene.pool);
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

static void test_too_large_packet_is_counted(void)
{
	static uint8_t p[65527]; /* the most that IPv6 carries, 20 bytes more than IPv4 can */
	struct scene scene;
	ssize_t sent;

	open_scene(&scene, "::1", "127.0.0.1");
	talk(&scene);
	memcpy(p, (uint8_t[]){ 0x80, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 7 }, 12);
	sent = sendto(scene.phone[A_RTP], p, sizeof(p), 0, &scene.relay_at[A_RTP].sa,
		      endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(sent, (ssize_t)sizeof(p));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_TOO_LARGE, 1));
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 3));
	close_scene(&scene);
}

static void test_totals_outlive_bridges(void)
{
	struct worker_totals totals;
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	end_traffic(&scene);
	worker_pool_totals(scene.pool, &totals);
	CU_ASSERT_EQUAL(totals.packets, 2);
	CU_ASSERT_EQUAL(totals.bytes, 344);
	CU_ASSERT_EQUAL(totals.errors, 0);
	close_scene(&scene);
}

static void test_closing_gives_every_descriptor_back(void)
{
	unsigned int before = descriptors();
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	close_scene(&scene);
	CU_ASSERT_EQUAL(descriptors(), before);
	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	worker_pool_free(scene.pool); /* with a bridge open */
	bridge_close(scene.bridge);
	bridge_free(scene.bridge);
	for (int i = 0; i < 4; i++)
		close(scene.phone[i]);
	CU_ASSERT_EQUAL(descriptors(), before);
}

/* Sockets are busy while their bridges come and go: nothing of a closed one may be touched. */
static void test_thousand_bridges_come_and_go(void)
{
	struct scene scene;
	struct bridge *bridge[10];
	unsigned int before = descriptors();

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (unsigned int round = 0; round < 100; round++) {
		for (int i = 0; i < 10; i++) {
			int fd[2][2] = { { -1, -1 }, { -1, -1 } };
			struct endpoint local[2][2] = { 0 };

			for (int j = 0; j < 4; j++)
				fd[j >> 1][j & 1] = socket_at("127.0.0.1", &local[j >> 1][j & 1]);
			bridge[i] = bridge_open(scene.pool, 0, i ? bridge[i - 1] : NULL, fd, local,
						&scene.conf, &scene);
			CU_ASSERT_PTR_NOT_NULL_FATAL(bridge[i]);
			send_rtp(scene.phone[A_RTP], &local[SIDE_A][COMP_RTP], 1, 7);
			send_rtp(scene.phone[B_RTP], &local[SIDE_B][COMP_RTP], 1, 7);
		}
		worker_pool_flush(scene.pool);
		for (int i = 0; i < 10; i++)
			bridge_close(bridge[i]);
		worker_pool_flush(scene.pool);
		CU_ASSERT_TRUE_FATAL(wait_events(&scene, &scene.closed, 10 * (round + 1)));
		for (int i = 0; i < 10; i++)
			bridge_free(bridge[i]);
	}
	scene.closed = 0;
	close_scene(&scene);
	CU_ASSERT_EQUAL(descriptors(), before);
}

static void test_lack_of_memory_changes_nothing(void)
{
	struct scene scene;
	struct worker_pool_conf conf = { .threads = 2, .event = on_event };
	unsigned int before = descriptors();

	ALLOC_FAILS_AT_EACH
	{
		int error = 0;
		struct worker_pool *pool = worker_pool_new(&conf, &error);

		CU_ASSERT_EQUAL(pool ? 0 : -ENOMEM, error);
		CU_ASSERT_EQUAL(alloc_failed(), !pool);
		worker_pool_free(pool);
	}
	CU_ASSERT_EQUAL(descriptors(), before);
	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	ALLOC_FAILS_AT_EACH
	{
		int result = bridge_update(scene.bridge, &scene.conf);
		int fd[2][2] = { { -1, -1 }, { -1, -1 } };
		struct endpoint local[2][2] = { 0 };
		struct bridge *b =
			result ? NULL
			       : bridge_open(scene.pool, 0, NULL, fd, local, &scene.conf, NULL);

		CU_ASSERT_EQUAL(alloc_failed(), !b);
		if (b) {
			bridge_close(b);
			worker_pool_flush(scene.pool);
			CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 1));
			scene.closed = 0;
			bridge_free(b);
		}
	}
	talk(&scene);
	close_scene(&scene);
}

static void test_every_drop_has_a_name(void)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		CU_ASSERT_TRUE(stream_drop_names[i].name && *stream_drop_names[i].name);
		CU_ASSERT_TRUE(stream_drop_names[i].help && *stream_drop_names[i].help);
	}
}

TEST_SUITE(bridge, { "two phones exchange RTP and RTCP", test_two_phones_exchange_rtp_and_rtcp },
	   { "IPv4 and IPv6 phones hear each other", test_ipv4_and_ipv6_phones_hear_each_other },
	   { "stranger is never heard", test_stranger_is_never_heard },
	   { "what no stream carries is dropped and named",
	     test_what_no_stream_carries_is_dropped_and_named },
	   { "unreachable phone does not stop the other direction",
	     test_unreachable_phone_does_not_stop_the_other_direction },
	   { "connected stream follows a NAT that rebound",
	     test_connected_stream_follows_a_nat_that_rebound },
	   { "burst is forwarded whole and in order", test_burst_is_forwarded_whole_and_in_order },
	   { "muxed RTCP reaches a phone without mux",
	     test_muxed_rtcp_reaches_a_phone_without_mux },
	   { "RTCP on the RTP port goes on as RTCP", test_rtcp_on_the_rtp_port_goes_on_as_rtcp },
	   { "update takes effect while running", test_update_takes_effect_while_running },
	   { "moved phone is found again", test_moved_phone_is_found_again },
	   { "another party begins anew", test_another_party_begins_anew },
	   { "RTCP is tried beside latched RTP", test_rtcp_is_tried_beside_latched_rtp },
	   { "sibling speaks for a source", test_sibling_speaks_for_a_source },
	   { "DTLS passes where it was negotiated", test_dtls_passes_where_it_was_negotiated },
	   { "opaque bridge forwards anything", test_opaque_bridge_forwards_anything },
	   { "undescribed bridge forwards what comes",
	     test_undescribed_bridge_forwards_what_comes },
	   { "bridge does not feed itself", test_bridge_does_not_feed_itself },
	   { "TOS is set or kept", test_tos_is_set_or_kept },
	   { "a full receive buffer is counted", test_full_receive_buffer_is_counted },
	   { "missed packets are counted at the end", test_missed_packets_are_counted_at_the_end },
	   { "packets do not go round for ever, IPv4", test_packets_do_not_go_round_ipv4 },
	   { "packets do not go round for ever, IPv6", test_packets_do_not_go_round_ipv6 },
	   { "too large packet is counted", test_too_large_packet_is_counted },
	   { "totals outlive bridges", test_totals_outlive_bridges },
	   { "closing gives every descriptor back", test_closing_gives_every_descriptor_back },
	   { "thousand bridges come and go", test_thousand_bridges_come_and_go },
	   { "lack of memory changes nothing", test_lack_of_memory_changes_nothing },
	   { "every drop has a name", test_every_drop_has_a_name });
