/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_banned.c - packets of banned sources are dropped and counted, of whatever kind, at all
 * streams of a call; those of others pass
 */
#include "bridge_scene.h"
#include "daemon/base/count.h"

static struct endpoint address(const char *text)
{
	struct endpoint addr = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(text), AF_UNSPEC, &addr));
	return addr;
}

/* --- The set ---------------------------------------------------------------------------------- */

static void test_set_has_its_addresses(void)
{
	static const char *const in[] = { "192.0.2.9",	 "2001:db8::9", "192.0.2.1", "10.0.0.1",
					  "2001:db8::1", "192.0.2.9",	"0.0.2.192" };
	static const char *const out[] = { "192.0.2.2",	  "192.0.2.8", "9.2.0.192",
					   "2001:db8::2", "::1",       "10.0.0.0" };
	struct endpoint addr[COUNT(in)], asked;
	struct banned *banned;

	for (size_t i = 0; i < COUNT(in); i++)
		addr[i] = address(in[i]);
	banned = banned_new(addr, COUNT(in));
	CU_ASSERT_PTR_NOT_NULL_FATAL(banned);
	for (size_t i = 0; i < COUNT(in); i++) {
		asked = addr[i];
		endpoint_set_port(&asked, (uint16_t)(4000 + i));
		CU_ASSERT_TRUE(banned_has(banned, &asked));
	}
	for (size_t i = 0; i < COUNT(out); i++) {
		asked = address(out[i]);
		CU_ASSERT_FALSE(banned_has(banned, &asked));
		CU_ASSERT_FALSE(banned_has(NULL, &asked));
	}
	asked = (struct endpoint){ 0 };
	CU_ASSERT_FALSE(banned_has(banned, &asked));
	banned_put(banned_get(banned));
	CU_ASSERT_TRUE(banned_has(banned, &addr[0]));
	banned_put(banned);
}

/* Thousands of both families, in no order. */
static void test_large_set(void)
{
	enum { N = 4000 };
	static struct endpoint addr[2 * N];
	struct banned *banned;

	for (unsigned int i = 0; i < N; i++) {
		unsigned int number = i * 7919 % N; /* a prime: each number once */

		addr[2 * i] = address("10.0.0.0");
		addr[2 * i].in4.sin_addr.s_addr |= htonl(2 * number);
		addr[2 * i + 1] = address("2001:db8::");
		addr[2 * i + 1].in6.sin6_addr.s6_addr32[3] = htonl(2 * number);
	}
	banned = banned_new(addr, COUNT(addr));
	CU_ASSERT_PTR_NOT_NULL_FATAL(banned);
	for (size_t i = 0; i < COUNT(addr); i++) {
		CU_ASSERT_TRUE(banned_has(banned, &addr[i]));
		if (i & 1)
			addr[i].in6.sin6_addr.s6_addr[15] |= 1;
		else
			addr[i].in4.sin_addr.s_addr |= htonl(1);
		CU_ASSERT_FALSE(banned_has(banned, &addr[i]));
	}
	banned_put(banned);
}

/* --- Packets ---------------------------------------------------------------------------------- */

static void ban(struct scene *scene, const char *text)
{
	struct endpoint addr = text ? address(text) : (struct endpoint){ 0 };
	struct banned *banned = text ? banned_new(&addr, 1) : NULL;

	CU_ASSERT_TRUE(banned || !text);
	CU_ASSERT_EQUAL(worker_pool_ban(scene->pool, banned), 0);
	banned_put(banned);
	worker_pool_flush(scene->pool);
}

static void send_report(const struct scene *scene, int stream, uint32_t ssrc)
{
	const struct endpoint *to = &scene->relay_at[stream];
	uint8_t p[8];
	size_t len = receiver_report(p, ssrc);

	CU_ASSERT_EQUAL(sendto(scene->phone[stream], p, len, 0, &to->sa, endpoint_len(to)),
			(ssize_t)len);
}

static bool hears_report(const struct scene *scene, int stream)
{
	struct endpoint source;
	uint8_t p[2048];

	return hear(scene->phone[stream], p, &source) == 8;
}

/* In the middle of a call: RTP and RTCP of the phone end, the other side is heard, and it again. */
static void expect_ban(const char *addr_a, const char *addr_b)
{
	struct stream_report report;
	struct scene scene;

	open_scene(&scene, addr_a, addr_b);
	talk(&scene);
	send_report(&scene, A_RTCP, 7);
	CU_ASSERT_TRUE(hears_report(&scene, B_RTCP));
	ban(&scene, addr_a);
	for (uint16_t i = 2; i <= 4; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	send_report(&scene, A_RTCP, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_BANNED, 3));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTCP, DROP_BANNED, 1));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTP]));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTCP]));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2));
	ban(&scene, NULL);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 5, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 5));
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in, 2);
	CU_ASSERT_TRUE(endpoint_eq(&report.latched, &scene.phone_at[A_RTP]));
	close_scene(&scene);
}

static void test_talking_phone(void)
{
	expect_ban("127.0.0.2", "127.0.0.1");
}

static void test_talking_phone_ipv6(void)
{
	expect_ban("::1", "127.0.0.1");
}

/* Media that is not RTP, before its first packet: the source is not latched to. */
static void test_opaque_media(void)
{
	struct stream_report report;
	struct worker_totals totals;
	struct scene scene;

	prepare_scene(&scene, "127.0.0.2", "127.0.0.1");
	scene.conf.kind = BRIDGE_OPAQUE;
	start_scene(&scene);
	ban(&scene, "127.0.0.2");
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_BANNED, 1));
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_WAIT);
	worker_pool_totals(scene.pool, &totals);
	CU_ASSERT_EQUAL(totals.drops[DROP_BANNED], 1);
	ban(&scene, "127.0.0.3");
	talk(&scene);
	close_scene(&scene);
}

/* A packet that is none: the ban is the reason that counts. */
static void test_malformed_packet(void)
{
	struct scene scene;

	open_scene(&scene, "127.0.0.2", "127.0.0.1");
	ban(&scene, "127.0.0.2");
	CU_ASSERT_EQUAL(sendto(scene.phone[A_RTP], "", 0, 0, &scene.relay_at[A_RTP].sa,
			       endpoint_len(&scene.relay_at[A_RTP])),
			0);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_BANNED, 1));
	close_scene(&scene);
}

/* The kernel reports the source of a packet that its flow refused: nothing is made of it. */
static void test_source_reported_by_the_kernel(void)
{
	struct bridge_kernel kernel = { .in_kernel = true,
					.stranger = address("127.0.0.9"),
					.stranger_rtp = true };
	struct stream_report report;
	struct scene scene;

	open_scene(&scene, "127.0.0.2", "127.0.0.1");
	talk(&scene);
	endpoint_set_port(&kernel.stranger, 4000);
	ban(&scene, "127.0.0.9");
	CU_ASSERT_EQUAL(bridge_kernel(scene.bridge, SIDE_A, COMP_RTP, &kernel), 0);
	worker_pool_flush(scene.pool);
	pass_rounds(&scene);
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_FALSE(report.contested);
	CU_ASSERT_EQUAL(scene.refused, 0);
	ban(&scene, NULL);
	CU_ASSERT_EQUAL(bridge_kernel(scene.bridge, SIDE_A, COMP_RTP, &kernel), 0);
	worker_pool_flush(scene.pool);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.refused, 1));
	close_scene(&scene);
}

TEST_SUITE(banned, { "a set has its addresses", test_set_has_its_addresses },
	   { "a large set", test_large_set }, { "a talking phone", test_talking_phone },
	   { "a talking phone, IPv6", test_talking_phone_ipv6 },
	   { "opaque media", test_opaque_media }, { "malformed packet", test_malformed_packet },
	   { "source reported by the kernel", test_source_reported_by_the_kernel });
