/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_full.c - rtpproxy-full: the answer to a new call without ports, or while drain is on
 *
 * OpenSIPS tries another relay on E7, Kamailio only on silence.
 */
#include "daemon/ctl/ctl.h"
#include "rtpp_ask.h"

static void test_opensips_tries_another_relay(void)
{
	struct scene scene;

	scene_open_ports(&scene, 21000, 21003); /* two pairs: one session */
	ASK_ROWS(&scene, ((const struct ask_row[]){
				 { "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
				 { "U d 192.0.2.1 4000 a;1", "E7\n" },
				 /* The call stays here, whatever else it asks for. */
				 { "U c 192.0.2.1 4002 a;2", "E72\n" },
				 { "UN c 192.0.2.1 4000 a;1", "E71\n" },
				 { "L c 192.0.2.2 5000 a;1 b;1", "# 127.80.0.1\n" },
				 { "L d 192.0.2.2 5000 a;1 b;1", "0\n" },
			 }));
	scene.calls->draining = true;
	ASK_ROWS(&scene, ((const struct ask_row[]){
				 { "U d 192.0.2.1 4000 a;1", "E7\n" },
				 { "U c 192.0.2.1 4000 a;1 b;1", "# 127.80.0.1\n" },
				 { "D c a", "0\n" },
				 { "U d 192.0.2.1 4000 a;1", "E7\n" },
			 }));
	scene.calls->draining = false;
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT(ask_matches(ask(&scene, "U d 192.0.2.1 4000 a;1"), "# 127.80.0.1\n"));
	CU_ASSERT(scene_close(&scene));
}

/* Of this relay the address outside of its NAT is not known. */
static void test_unknown_address_is_another_relays_call(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!auto" };
	struct scene scene;

	scene_open_at(&scene, interfaces, 1, 21000, 21199);
	ASK_ROWS(&scene, ((const struct ask_row[]){
				 { "U c 192.0.2.1 4000 a;1", "E7\n" },
			 }));
	CU_ASSERT(scene_close(&scene));
}

static const char *datagram(struct ctl *ctl, const char *text)
{
	static char answer[1024];
	struct buf out = BUF_INIT(answer, sizeof(answer) - 1);

	ctl_datagram(ctl, &rtpp_protocol, &ask_proxy, str_of(text), &out);
	answer[out.len] = '\0';
	return answer;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* A command that was not answered is not recorded either: when it is repeated, it may succeed. */
static void test_kamailio_tries_another_relay(void)
{
	static const struct conf_list none;
	const struct ctl_listen rows[] = { { &rtpp_protocol, NULL, NULL } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = 1,
				       .control_allow = &none,
				       .replay_entries = 1000,
				       .replay_mbytes = 1 };
	const char *error = NULL;
	struct scene scene;
	struct ctl *ctl;

	scene_open_ports(&scene, 21000, 21003);
	scene.env.rtpproxy_silent = true;
	ctl = ctl_open(scene.base, &conf, &scene.env, nothing, NULL, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ctl);
	CU_ASSERT(ask_matches(datagram(ctl, "1 U c 192.0.2.1 4000 a;1"), "1 # 127.80.0.1\n"));
	CU_ASSERT_STRING_EQUAL(datagram(ctl, "2 U d 192.0.2.1 4000 a;1"), "");
	CU_ASSERT_STRING_EQUAL(datagram(ctl, "2 U d 192.0.2.1 4000 a;1"), "");
	CU_ASSERT_STRING_EQUAL(datagram(ctl, "3 U c 192.0.2.1 4000 a;2"), "3 E72\n");
	/* A connection has no cookie, and its answer is waited for. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "U d 192.0.2.1 4000 a;1"), "E7\n");
	CU_ASSERT_STRING_EQUAL(datagram(ctl, "4 D c a"), "4 0\n");
	worker_pool_flush(scene.workers);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT(ask_matches(datagram(ctl, "2 U d 192.0.2.1 4000 a;1"), "2 # 127.80.0.1\n"));
	ctl_close(ctl);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_full, { "error: OpenSIPS tries another relay", test_opensips_tries_another_relay },
	   { "an unknown address is as no ports", test_unknown_address_is_another_relays_call },
	   { "silent: Kamailio tries another relay", test_kamailio_tries_another_relay });
