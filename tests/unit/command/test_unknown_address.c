/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_unknown_address.c - offers at an interface whose address outside of a NAT is not known */
#include "daemon/base/count.h"
#include "command_scene.h"
#include "tests/unit/test.h"

static void open_behind_nat(struct scene *scene)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!auto", "priv/127.80.0.2" };

	scene_open_at(scene, interfaces, COUNT(interfaces), 21000, 21199);
}

static void set_outside(struct scene *scene, const char *text, bool unknown)
{
	struct endpoint outside;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(text), 0, &outside));
	iface_set_advertised(scene->ifaces, &iface_at(scene->ifaces, 0)->bind, &outside, unknown);
}

static struct reply offer_at(struct scene *scene, struct str from, struct str to)
{
	struct request request = base_request(A_HEAD AUDIO);

	request.direction[0] = from;
	request.direction[1] = to;
	return scene_run(scene, command_offer, request);
}

static bool names(const struct reply *reply, const char *address)
{
	return reply->sdp.len && memmem(reply->sdp.s, reply->sdp.len, address, strlen(address));
}

/* Either side: the answer would name the address of the caller's. */
static void test_no_call_begins_there(void)
{
	const struct str pub = STR("pub"), priv = STR("priv");
	struct scene scene;
	struct reply reply;

	open_behind_nat(&scene);
	reply = offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_STRING_EQUAL(reply.error, "Ran out of ports");
	CU_ASSERT(reply.warning && strstr(reply.warning, "outside of the NAT is not known"));
	CU_ASSERT_STRING_EQUAL(offer_at(&scene, pub, priv).error, "Ran out of ports");
	CU_ASSERT_STRING_EQUAL(offer_at(&scene, priv, pub).error, "Ran out of ports");
	CU_ASSERT_EQUAL(scene.stats.calls_no_outside, 3);
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 0);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT_EQUAL(offer_at(&scene, priv, priv).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_run(&scene, command_delete, base_request("")).code, REPLY_OK);
	set_outside(&scene, "198.51.100.7", false);
	reply = offer_at(&scene, priv, pub);
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT_TRUE(names(&reply, "IN IP4 198.51.100.7"));
	CU_ASSERT(scene_close(&scene));
}

/* As after a restart: the last address is there, and nobody has confirmed it yet. */
static void test_a_running_call_goes_on(void)
{
	struct scene scene;
	struct reply reply;

	open_behind_nat(&scene);
	set_outside(&scene, "198.51.100.7", false);
	CU_ASSERT_EQUAL(offer(&scene, A_HEAD AUDIO).code, REPLY_OK);
	set_outside(&scene, "198.51.100.7", true);
	reply = answer(&scene, B_HEAD AUDIO);
	CU_ASSERT_TRUE(names(&reply, "IN IP4 198.51.100.7"));
	set_outside(&scene, "198.51.100.9", false);
	reply = offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_TRUE(names(&reply, "IN IP4 198.51.100.9")); /* a re-INVITE repairs it */
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(unknown_address, { "no call begins there", test_no_call_begins_there },
	   { "a running call goes on", test_a_running_call_goes_on });
