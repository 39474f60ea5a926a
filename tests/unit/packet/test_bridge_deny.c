/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bridge_deny.c - nothing is sent to a forbidden destination, whichever way it became one: m=
 * port, a=rtcp, SIP's address, a source that was heard, the port after it, and a later set
 */
#include "bridge_scene.h"

/* Forbids @port of @addr. */
static void forbid(struct scene *scene, const char *addr, uint16_t port)
{
	struct deny_rule rule = { .port_min = port, .port_max = port, .why = "test" };
	const struct deny_conf conf = { .rules = &rule, .n_rules = 1 };
	struct deny *deny;

	CU_ASSERT_TRUE(cidr_parse(str_of(addr), &rule.net));
	deny = deny_new(&conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(deny);
	CU_ASSERT_EQUAL(worker_pool_deny(scene->pool, deny), 0);
	deny_put(deny);
	worker_pool_flush(scene->pool);
}

static void forbid_nothing(struct scene *scene)
{
	CU_ASSERT_EQUAL(worker_pool_deny(scene->pool, NULL), 0);
	worker_pool_flush(scene->pool);
}

static uint64_t denied(const struct scene *scene)
{
	struct worker_totals totals;

	worker_pool_totals(scene->pool, &totals);
	return totals.denied;
}

static void expect_denied(struct scene *scene, int stream, const struct endpoint *to)
{
	struct stream_report report;

	get_report(scene, stream, &report);
	CU_ASSERT_TRUE(report.to_denied);
	CU_ASSERT_TRUE(endpoint_eq(&report.denied, to));
	CU_ASSERT_FALSE(endpoint_is_set(&report.to));
	CU_ASSERT_PTR_NOT_NULL(report.why_denied);
}

static void send_report(int fd, const struct endpoint *to, uint32_t ssrc)
{
	uint8_t p[8];
	size_t len = receiver_report(p, ssrc);

	CU_ASSERT_EQUAL(sendto(fd, p, len, 0, &to->sa, endpoint_len(to)), (ssize_t)len);
}

static void send_any(struct scene *scene, int phone, uint16_t seq)
{
	if (phone & 1)
		send_report(scene->phone[phone], &scene->relay_at[phone], 7);
	else
		send_rtp(scene->phone[phone], &scene->relay_at[phone], seq, 7);
}

/* By the m= port, and by a=rtcp: the other component is not affected. */
static void test_signalled(const char *addr, int phone)
{
	int from = phone ^ 2;
	struct scene scene;

	open_scene(&scene, addr, addr);
	forbid(&scene, addr, endpoint_port(&scene.phone_at[phone]));
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	expect_denied(&scene, phone, &scene.phone_at[phone]);
	for (uint16_t i = 1; i <= 3; i++)
		send_any(&scene, from, i);
	CU_ASSERT_TRUE(wait_drops(&scene, from, DROP_DESTINATION, 3));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[phone]));
	CU_ASSERT_EQUAL(denied(&scene), 1);
	/* The other component */
	if (phone & 1) {
		send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1));
	}
	/* The same offer again is not another refusal. */
	update(&scene);
	send_any(&scene, from, 4);
	CU_ASSERT_TRUE(wait_drops(&scene, from, DROP_DESTINATION, 4));
	CU_ASSERT_EQUAL(denied(&scene), 1);
	close_scene(&scene);
}

static void test_m_port(void)
{
	test_signalled("127.0.0.1", A_RTP);
}

static void test_m_port_ipv6(void)
{
	test_signalled("::1", A_RTP);
}

static void test_a_rtcp(void)
{
	test_signalled("127.0.0.1", A_RTCP);
}

static void test_a_rtcp_ipv6(void)
{
	test_signalled("::1", A_RTCP);
}

/* SIP-source-address: SIP's address with the port of the SDP. */
static void test_address_of_sip(void)
{
	struct endpoint forbidden;
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	forbidden = scene.phone_at[A_RTP];
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("127.0.0.7"), AF_INET, &forbidden));
	scene.conf.side[SIDE_A].sip = forbidden;
	endpoint_set_port(&forbidden, endpoint_port(&scene.phone_at[A_RTP]));
	forbid(&scene, "127.0.0.7", endpoint_port(&forbidden));
	scene.conf.side[SIDE_A].flags = SIDE_TRUST_SIP;
	update(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	expect_denied(&scene, A_RTP, &forbidden);
	close_scene(&scene);
}

/* A source that media must not be sent to is not latched to, for it may be forged. */
static void test_source(void)
{
	struct stream_report report;
	struct endpoint at;
	struct scene scene;
	int forged = socket_at("127.0.0.1", &at);

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	forbid(&scene, "127.0.0.1", endpoint_port(&at));
	for (int i = 1; i <= 3; i++)
		send_rtp(forged, &scene.relay_at[A_RTP], (uint16_t)i, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_DESTINATION, 3));
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_WAIT);
	CU_ASSERT_TRUE(endpoint_eq(&report.denied, &at));
	CU_ASSERT_FALSE(report.to_denied);  /* the phone itself is still sent to */
	CU_ASSERT_EQUAL(denied(&scene), 1); /* one a second */
	talk(&scene);
	close(forged);
	close_scene(&scene);
}

/* The same when the kernel reports it, at a stream that has a flow. */
static void test_source_reported_by_the_kernel(void)
{
	struct bridge_kernel kernel = { .in_kernel = true, .stranger_rtp = true };
	struct stream_report report;
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	CU_ASSERT_TRUE(endpoint_parse(STR("127.0.0.1:9"), -1, &kernel.stranger));
	forbid(&scene, "127.0.0.1", 9);
	CU_ASSERT_EQUAL(bridge_kernel(scene.bridge, SIDE_A, COMP_RTP, &kernel), 0);
	worker_pool_flush(scene.pool);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_TRUE(endpoint_eq(&report.denied, &kernel.stranger));
	CU_ASSERT_TRUE(endpoint_eq(&report.latched, &scene.phone_at[A_RTP]));
	CU_ASSERT_FALSE(report.contested);
	close_scene(&scene);
}

/* RTCP that was neither signalled nor heard goes to the port after the source of RTP. */
static void test_port_after_the_source(void)
{
	struct endpoint assumed;
	struct scene scene;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	assumed = scene.phone_at[A_RTP];
	endpoint_set_port(&assumed, (uint16_t)(endpoint_port(&assumed) + 1));
	memset(&scene.conf.side[SIDE_A].sdp[COMP_RTCP], 0, sizeof(struct endpoint));
	start_scene(&scene);
	forbid(&scene, "127.0.0.1", endpoint_port(&assumed));
	talk(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	expect_denied(&scene, A_RTCP, &assumed);
	send_report(scene.phone[B_RTCP], &scene.relay_at[B_RTCP], 8);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTCP, DROP_DESTINATION, 1));
	close_scene(&scene);
}

/* An address of the host that comes, and goes, while the call goes on. */
static void test_set_changes_during_a_call(void)
{
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	forbid(&scene, "127.0.0.1", endpoint_port(&scene.phone_at[A_RTP]));
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTP, DROP_DESTINATION, 1));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[A_RTP]));
	/* The other direction is not concerned. */
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2));
	forbid_nothing(&scene);
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 3, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3));
	close_scene(&scene);
}

/* The set of the start is in use for the first packet. */
static void test_set_of_the_start(void)
{
	struct scene scene = { 0 };
	struct deny_rule rule = { .port_max = UINT16_MAX, .why = "test" };
	const struct deny_conf conf = { .rules = &rule, .n_rules = 1 };
	struct worker_pool_conf pool = { .threads = 2, .event = on_event, .arg = &scene };
	int error = 0;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	worker_pool_free(scene.pool);
	CU_ASSERT_TRUE(cidr_parse(STR("127.0.0.1"), &rule.net));
	pool.deny = deny_new(&conf);
	scene.pool = worker_pool_new(&pool, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.pool);
	deny_put(pool.deny);
	start_scene(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 4));
	for (int i = 0; i < 4; i++)
		expect_denied(&scene, i, &scene.phone_at[i]);
	close_scene(&scene);
}

/* Neither has a side that named such an address a destination, nor is it counted as unknown. */
static void test_group_address(void)
{
	struct endpoint group;
	struct scene scene;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_TRUE(endpoint_parse(STR("224.0.0.1:4000"), -1, &group));
	scene.conf.side[SIDE_A].sdp[COMP_RTP] = group;
	start_scene(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.denied, 1));
	expect_denied(&scene, A_RTP, &group);
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1, 8);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTP, DROP_DESTINATION, 1));
	close_scene(&scene);
}

/* 0.0.0.0 is hold, and port 0 is none: neither is an attempt. */
static void test_hold_is_not_forbidden(void)
{
	struct scene scene;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_TRUE(
		endpoint_parse(STR("0.0.0.0:4000"), -1, &scene.conf.side[SIDE_A].sdp[COMP_RTP]));
	endpoint_set_port(&scene.conf.side[SIDE_A].sdp[COMP_RTCP], 0);
	start_scene(&scene);
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1, 8);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTP, DROP_NO_DESTINATION, 1));
	CU_ASSERT_EQUAL(denied(&scene), 0);
	close_scene(&scene);
}

TEST_SUITE(bridge_deny, { "m= port", test_m_port }, { "m= port, IPv6", test_m_port_ipv6 },
	   { "a=rtcp", test_a_rtcp }, { "a=rtcp, IPv6", test_a_rtcp_ipv6 },
	   { "address of SIP", test_address_of_sip }, { "source", test_source },
	   { "source reported by the kernel", test_source_reported_by_the_kernel },
	   { "port after the source", test_port_after_the_source },
	   { "the set changes during a call", test_set_changes_during_a_call },
	   { "the set of the start", test_set_of_the_start },
	   { "group address", test_group_address },
	   { "hold is not forbidden", test_hold_is_not_forbidden });
