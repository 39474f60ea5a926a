/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_batch.c - packets of several streams in one batch: ports, TTL, TOS, errors of the system */
#include "daemon/base/count.h"
#include "daemon/packet/batch.h"
#include "stream_scene.h"

struct bench {
	struct stage stage;
	struct batch *batch;
};

static void open_bench_at(struct bench *bench, const char *addr)
{
	open_stage_at(&bench->stage, addr);
	bench->batch = batch_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(bench->batch);
}

static void open_bench(struct bench *bench)
{
	open_bench_at(bench, "127.0.0.1");
}

static void close_bench(struct bench *bench)
{
	batch_free(bench->batch);
	close_stage(&bench->stage);
}

static struct stream *by(const struct bench *bench, int index)
{
	return stream_at(&bench->stage, index);
}

/* A packet of one byte, to leave by stream @index. */
static void queue(struct bench *bench, int index, uint8_t *byte, int ttl, int tos)
{
	const struct packet packet = { .data = byte, .len = 1, .ttl = ttl, .tos = tos };

	batch_send(bench->batch, by(bench, A_RTP), by(bench, index), &packet);
}

static void queue_sized(struct bench *bench, int index, uint8_t *bytes, size_t len)
{
	const struct packet packet = { .data = bytes, .len = len, .tos = -1 };

	batch_send(bench->batch, by(bench, A_RTP), by(bench, index), &packet);
}

struct arrived {
	uint8_t byte;
	ssize_t len;
	int ttl, tos;
	struct endpoint from;
};

/* The next packet at a phone that asked for TTL and TOS. */
static struct arrived next(const struct bench *bench, int phone)
{
	static uint8_t bytes[2048];
	uint8_t control[128];
	struct arrived a = { .ttl = -1, .tos = -1 };
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_name = &a.from,
			      .msg_namelen = sizeof(a.from),
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct pollfd wait = { .fd = bench->stage.scene.phone[phone], .events = POLLIN };

	CU_ASSERT_EQUAL(poll(&wait, 1, DEADLINE_MS), 1);
	a.len = recvmsg(wait.fd, &msg, MSG_DONTWAIT);
	a.byte = bytes[0];
	for (struct cmsghdr *c = a.len < 0 ? NULL : CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP;

		if (v4 && c->cmsg_type == IP_TOS)
			a.tos = *CMSG_DATA(c);
		else if (c->cmsg_type == (v4 ? IP_TTL : IPV6_HOPLIMIT))
			memcpy(&a.ttl, CMSG_DATA(c), sizeof(a.ttl));
		else if (c->cmsg_type == IPV6_TCLASS)
			memcpy(&a.tos, CMSG_DATA(c), sizeof(a.tos));
	}
	return a;
}

static bool is_v6(const struct bench *bench)
{
	return bench->stage.scene.phone_at[A_RTP].sa.sa_family == AF_INET6;
}

static void set(const struct bench *bench, int fd, int v4_name, int v6_name, int value)
{
	int failed = is_v6(bench) ? setsockopt(fd, IPPROTO_IPV6, v6_name, &value, sizeof(value))
				  : setsockopt(fd, IPPROTO_IP, v4_name, &value, sizeof(value));

	CU_ASSERT_EQUAL(failed, 0);
}

static void ask_for_control(const struct bench *bench, int phone)
{
	int fd = bench->stage.scene.phone[phone];

	set(bench, fd, IP_RECVTTL, IPV6_RECVHOPLIMIT, 1);
	set(bench, fd, IP_RECVTOS, IPV6_RECVTCLASS, 1);
}

/* --- TTL and TOS ------------------------------------------------------------------------------ */

static int default_ttl(const struct bench *bench)
{
	int fd = bench->stage.scene.phone[A_RTP], ttl = 0;
	socklen_t len = sizeof(int);

	if (is_v6(bench))
		getsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, &len);
	else
		getsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, &len);
	return ttl;
}

/* A packet from a loop has its own TTL, those before and after it have the system's. */
static void check_ttl(const char *addr)
{
	static const int ttl[] = { 0, 10, 10, 2, 0, 255, 0 };
	uint8_t bytes[COUNT(ttl)];
	struct bench bench;

	open_bench_at(&bench, addr);
	ask_for_control(&bench, B_RTP);
	for (size_t i = 0; i < COUNT(ttl); i++) {
		bytes[i] = (uint8_t)i;
		queue(&bench, B_RTP, &bytes[i], ttl[i], -1);
	}
	batch_flush(bench.batch);
	for (size_t i = 0; i < COUNT(ttl); i++) {
		struct arrived a = next(&bench, B_RTP);

		CU_ASSERT_EQUAL(a.byte, i);
		CU_ASSERT_EQUAL(a.ttl, ttl[i] ? ttl[i] - 1 : default_ttl(&bench));
	}
	close_bench(&bench);
}

/* Where the side keeps it; a packet whose TOS is not known leaves as the one before. */
static void check_tos(const char *addr)
{
	static const int tos[] = { 0xb8, 0xb8, 0x28, -1, 0, 0x28 },
			 left[] = { 0xb8, 0xb8, 0x28, 0x28, 0, 0x28 };
	uint8_t bytes[COUNT(tos)];
	struct bench bench;

	open_bench_at(&bench, addr);
	bench.stage.scene.conf.side[SIDE_B].tos = -1;
	signal_stage(&bench.stage);
	ask_for_control(&bench, B_RTP);
	for (size_t i = 0; i < COUNT(tos); i++) {
		bytes[i] = (uint8_t)i;
		queue(&bench, B_RTP, &bytes[i], 0, tos[i]);
	}
	batch_flush(bench.batch);
	for (size_t i = 0; i < COUNT(tos); i++) {
		struct arrived a = next(&bench, B_RTP);

		CU_ASSERT_EQUAL(a.byte, i);
		CU_ASSERT_EQUAL(a.tos, left[i]);
	}
	close_bench(&bench);
}

/* The buffers of one stream are used for the next. */
static void check_buffers(const char *addr)
{
	const struct scene *scene;
	struct packet *packets;
	struct bench bench;
	int tos = 0x28;

	open_bench_at(&bench, addr);
	scene = &bench.stage.scene;
	bench.stage.scene.conf.side[SIDE_B].tos = -1; /* so A's is received */
	signal_stage(&bench.stage);
	set(&bench, by(&bench, A_RTP)->fd, IP_RECVTTL, IPV6_RECVHOPLIMIT, 1);
	by(&bench, A_RTP)->recv_ttl = true;
	set(&bench, scene->phone[A_RTP], IP_TOS, IPV6_TCLASS, tos);
	for (int many = 0; many < 2; many++) {
		send_rtp(scene->phone[A_RTP], &scene->relay_at[A_RTP], 1, 7);
		send_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], 2, 8);
		CU_ASSERT_EQUAL(batch_receive(bench.batch, by(&bench, A_RTP), many, &packets), 1);
		CU_ASSERT_EQUAL(packets[0].ttl, default_ttl(&bench));
		CU_ASSERT_EQUAL(packets[0].tos, tos);
		CU_ASSERT_EQUAL(packets[0].data[3], 1);
		CU_ASSERT_EQUAL(batch_receive(bench.batch, by(&bench, B_RTP), many, &packets), 1);
		CU_ASSERT_EQUAL(packets[0].ttl, 0);
		CU_ASSERT_EQUAL(packets[0].tos, -1);
		CU_ASSERT_EQUAL(packets[0].len, 172);
		CU_ASSERT_EQUAL(packets[0].data[3], 2);
		CU_ASSERT_TRUE(endpoint_eq(packets[0].source, &scene->phone_at[B_RTP]));
		CU_ASSERT_EQUAL(batch_receive(bench.batch, by(&bench, B_RTP), many, &packets), 0);
	}
	close_bench(&bench);
}

static void in_both_families(void (*check)(const char *addr))
{
	check("127.0.0.1");
	check("::1");
}

static void test_each_packet_leaves_with_its_own_ttl(void)
{
	in_both_families(check_ttl);
}

static void test_each_packet_keeps_its_own_tos(void)
{
	in_both_families(check_tos);
}

static void test_nothing_of_a_packet_is_kept_for_the_next(void)
{
	in_both_families(check_buffers);
}

/* --- Several streams -------------------------------------------------------------------------- */

static void test_each_packet_leaves_by_its_own_port(void)
{
	static const int order[] = { B_RTP, B_RTCP, A_RTP, A_RTP, B_RTP };
	uint8_t bytes[COUNT(order)];
	struct bench bench;

	open_bench(&bench);
	for (size_t i = 0; i < COUNT(order); i++) {
		bytes[i] = (uint8_t)i;
		queue(&bench, order[i], &bytes[i], 0, -1);
	}
	batch_flush(bench.batch);
	batch_flush(bench.batch); /* nothing twice */
	for (size_t i = 0; i < COUNT(order); i++) {
		struct arrived a = next(&bench, order[i]);

		CU_ASSERT_EQUAL(a.byte, i);
		CU_ASSERT_TRUE(endpoint_eq(&a.from, &bench.stage.scene.relay_at[order[i]]));
	}
	for (int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(hears_nothing(bench.stage.scene.phone[i]));
	CU_ASSERT_EQUAL(by(&bench, A_RTP)->packets_out, 2);
	CU_ASSERT_EQUAL(by(&bench, B_RTP)->packets_out, 2);
	CU_ASSERT_EQUAL(by(&bench, B_RTCP)->packets_out, 1);
	close_bench(&bench);
}

/* --- Errors ----------------------------------------------------------------------------------- */

/* The phone's port is closed; the first packet to it causes an ICMP error. */
static void cause_icmp_error(struct bench *bench)
{
	struct scene *scene = &bench->stage.scene;
	struct pollfd error = { .fd = by(bench, B_RTP)->fd, .events = POLLERR };
	uint8_t byte = 1;

	close(scene->phone[B_RTP]);
	CU_ASSERT_EQUAL(connect(error.fd, &scene->phone_at[B_RTP].sa, sizeof(struct sockaddr_in)),
			0);
	by(bench, B_RTP)->connected = true;
	queue(bench, B_RTP, &byte, 0, -1);
	batch_flush(bench->batch);
	CU_ASSERT_EQUAL(poll(&error, 1, DEADLINE_MS), 1);
	scene->phone[B_RTP] = bound_socket(&scene->phone_at[B_RTP]);
}

static void test_icmp_error_costs_no_packet_that_is_sent(void)
{
	for (uint8_t count = 1; count <= 3; count++) {
		uint8_t bytes[3] = { 10, 11, 12 };
		struct bench bench;

		open_bench(&bench);
		cause_icmp_error(&bench);
		for (uint8_t i = 0; i < count; i++)
			queue(&bench, B_RTP, &bytes[i], 0, -1);
		batch_flush(bench.batch);
		for (uint8_t i = 0; i < count; i++)
			CU_ASSERT_EQUAL(next(&bench, B_RTP).byte, bytes[i]);
		CU_ASSERT_EQUAL(by(&bench, B_RTP)->packets_out, count + 1);
		CU_ASSERT_EQUAL(by(&bench, B_RTP)->errors_out, 0);
		close_bench(&bench);
	}
}

static void test_icmp_error_costs_no_packet_that_arrives(void)
{
	for (int many = 0; many < 2; many++) {
		struct packet *packets;
		struct bench bench;

		open_bench(&bench);
		cause_icmp_error(&bench);
		send_rtp(bench.stage.scene.phone[B_RTP], &bench.stage.scene.relay_at[B_RTP], 1, 8);
		CU_ASSERT_EQUAL(batch_receive(bench.batch, by(&bench, B_RTP), many, &packets), 1);
		CU_ASSERT_EQUAL(packets[0].len, 172);
		close_bench(&bench);
	}
}

/* One that cannot be sent is counted at the stream it came from, and the rest are sent. */
static void test_packet_that_cannot_be_sent_costs_no_other(void)
{
	static uint8_t large[65527]; /* more than IPv4 can carry */
	static const size_t lens[] = { 100, 200, sizeof(large), 300, sizeof(large) };
	struct bench bench;

	open_bench(&bench);
	for (size_t i = 0; i < COUNT(lens); i++)
		queue_sized(&bench, B_RTP, large, lens[i]);
	batch_flush(bench.batch);
	for (size_t i = 0; i < COUNT(lens); i++)
		if (lens[i] != sizeof(large))
			CU_ASSERT_EQUAL(next(&bench, B_RTP).len, (ssize_t)lens[i]);
	CU_ASSERT_EQUAL(by(&bench, B_RTP)->packets_out, 3);
	CU_ASSERT_EQUAL(by(&bench, B_RTP)->bytes_out, 600);
	CU_ASSERT_EQUAL(by(&bench, B_RTP)->errors_out, 2);
	CU_ASSERT_EQUAL(by(&bench, A_RTP)->drops[DROP_TOO_LARGE], 2);
	close_bench(&bench);
}

/* A queue that takes no more, as that of a busy network card; here that of a local socket. */
static void test_full_queue_is_counted_as_such(void)
{
	uint8_t byte = 1;
	int pair[2], own;
	struct bench bench;
	struct stream *out;

	open_bench(&bench);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	out = by(&bench, B_RTP);
	own = out->fd;
	out->fd = pair[0];
	out->connected = true;
	while (!out->errors_out && out->packets_out < 100000) {
		queue(&bench, B_RTP, &byte, 0, -1);
		batch_flush(bench.batch);
	}
	CU_ASSERT_EQUAL(out->errors_out, 1);
	CU_ASSERT_EQUAL(by(&bench, A_RTP)->drops[DROP_SEND_QUEUE], 1);
	for (int i = 0; i < 3; i++)
		queue(&bench, B_RTP, &byte, 0, -1);
	batch_flush(bench.batch);
	CU_ASSERT_EQUAL(out->errors_out, 4);
	CU_ASSERT_EQUAL(by(&bench, A_RTP)->drops[DROP_SEND_QUEUE], 4);
	out->fd = own;
	out->connected = false;
	close(pair[0]);
	close(pair[1]);
	close_bench(&bench);
}

/* A destination that the system refuses. */
static void test_refused_destination_is_counted_as_unreachable(void)
{
	uint8_t byte = 1;
	struct bench bench;

	open_bench(&bench);
	by(&bench, B_RTP)->to = place("255.255.255.255:4000"); /* a broadcast is not allowed */
	queue(&bench, B_RTP, &byte, 0, -1);
	batch_flush(bench.batch);
	CU_ASSERT_EQUAL(by(&bench, B_RTP)->packets_out, 0);
	CU_ASSERT_EQUAL(by(&bench, B_RTP)->errors_out, 1);
	CU_ASSERT_EQUAL(by(&bench, A_RTP)->drops[DROP_UNREACHABLE], 1);
	close_bench(&bench);
}

TEST_SUITE(
	batch, { "each packet leaves with its own TTL", test_each_packet_leaves_with_its_own_ttl },
	{ "each packet keeps its own TOS", test_each_packet_keeps_its_own_tos },
	{ "nothing of a packet is kept for the next",
	  test_nothing_of_a_packet_is_kept_for_the_next },
	{ "each packet leaves by its own port", test_each_packet_leaves_by_its_own_port },
	{ "ICMP error costs no packet that is sent", test_icmp_error_costs_no_packet_that_is_sent },
	{ "ICMP error costs no packet that arrives", test_icmp_error_costs_no_packet_that_arrives },
	{ "packet that cannot be sent costs no other",
	  test_packet_that_cannot_be_sent_costs_no_other },
	{ "full queue is counted as such", test_full_queue_is_counted_as_such },
	{ "refused destination is counted as unreachable",
	  test_refused_destination_is_counted_as_unreachable });
