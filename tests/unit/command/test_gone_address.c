/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_gone_address.c - calls whose local address is gone: a device has lost it */
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/call/media.h"
#include "command_scene.h"
#include "tests/unit/test.h"

static void open_two(struct scene *scene)
{
	static const char *const interfaces[] = { "pub/127.80.0.1", "pub/127.80.0.5" };

	scene_open_at(scene, interfaces, COUNT(interfaces), 21000, 21199);
}

static struct iface_addr *local_of(struct scene *scene, enum side side)
{
	return the_dialog(scene)->media[0]->local[side];
}

static struct reply offer_of(struct scene *scene, const char *tag, const char *branch)
{
	struct request request = base_request(A_HEAD AUDIO);

	request.from_tag = str_of(tag);
	request.via_branch = str_of(branch);
	return scene_run(scene, command_offer, request);
}

static void test_a_new_offer_moves_the_call(void)
{
	struct iface_addr *lost, *left;
	struct scene scene;

	open_two(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	lost = local_of(&scene, SIDE_A);
	left = iface_at(scene.ifaces, iface_at(scene.ifaces, 0) == lost);
	lost->gone = true;
	/* An answer moves nothing. */
	CU_ASSERT_EQUAL(answer(&scene, B_HEAD AUDIO).code, REPLY_OK);
	CU_ASSERT_PTR_EQUAL(local_of(&scene, SIDE_A), lost);
	CU_ASSERT_EQUAL(offer(&scene, A_HEAD AUDIO).code, REPLY_OK);
	CU_ASSERT_PTR_EQUAL(local_of(&scene, SIDE_A), left);
	CU_ASSERT_PTR_EQUAL(local_of(&scene, SIDE_B), left);
	/* It is back: a call that has moved stays. */
	lost->gone = false;
	CU_ASSERT_EQUAL(offer(&scene, A_HEAD AUDIO).code, REPLY_OK);
	CU_ASSERT_PTR_EQUAL(local_of(&scene, SIDE_A), left);
	CU_ASSERT(scene_close(&scene));
}

/* Without another address the call is as it was. */
static void test_a_call_stays_if_there_is_no_other_address(void)
{
	struct iface_addr *before[2];
	struct scene scene;

	open_two(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, B_HEAD AUDIO);
	for (int side = 0; side < 2; side++)
		before[side] = local_of(&scene, side);
	for (size_t i = 0; i < 2; i++)
		iface_at(scene.ifaces, i)->gone = true;
	CU_ASSERT_EQUAL(offer(&scene, A_HEAD AUDIO).code, REPLY_OK);
	for (int side = 0; side < 2; side++)
		CU_ASSERT_PTR_EQUAL(local_of(&scene, side), before[side]);
	CU_ASSERT(scene_close(&scene));
}

static void test_another_fork_of_the_caller_gets_a_present_address(void)
{
	struct iface_addr *lost;
	const struct dialog *dialog;
	struct scene scene;

	open_two(&scene);
	offer_of(&scene, "a", "z1");
	lost = local_of(&scene, SIDE_A);
	lost->gone = true;
	CU_ASSERT_EQUAL(offer_of(&scene, "a", "z2").code, REPLY_OK);
	dialog = scene.calls->calls->dialogs->next;
	CU_ASSERT_PTR_NOT_NULL_FATAL(dialog);
	for (int side = 0; side < 2; side++)
		CU_ASSERT_FALSE(dialog->media[0]->local[side]->gone);
	CU_ASSERT(scene_close(&scene));
}

/* A device that flaps: the proxy tries another relay, and learns that ports are not the reason. */
static void test_new_calls_are_refused_while_no_address_is_there(void)
{
	struct reply reply;
	struct scene scene;

	open_two(&scene);
	for (size_t i = 0; i < 2; i++)
		iface_at(scene.ifaces, i)->gone = true;
	reply = offer_of(&scene, "a", NULL);
	CU_ASSERT_EQUAL(reply.code, REPLY_ERROR);
	CU_ASSERT_STRING_EQUAL(reply.error, "Ran out of ports");
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply.warning);
	CU_ASSERT_PTR_NOT_NULL(strstr(reply.warning, "is not one of this host now"));
	CU_ASSERT_EQUAL(scene.stats.calls_no_address, 1);
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 0);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	iface_at(scene.ifaces, 1)->gone = false;
	reply = offer_of(&scene, "a", NULL);
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT_PTR_NULL(reply.warning);
	CU_ASSERT_EQUAL(scene.stats.calls_no_address, 1);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(gone_address, { "a new offer moves the call", test_a_new_offer_moves_the_call },
	   { "a call stays if there is no other address",
	     test_a_call_stays_if_there_is_no_other_address },
	   { "another fork of the caller gets a present address",
	     test_another_fork_of_the_caller_gets_a_present_address },
	   { "new calls are refused while no address is there",
	     test_new_calls_are_refused_while_no_address_is_there });
