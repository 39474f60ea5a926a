/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_first_hold.c - a first offer or answer with the address 0.0.0.0 or ::: its side has sent an
 * SDP, and its place is not known
 */
#include "daemon/base/count.h"
#include "tests/unit/command/command_scene.h"
#include "tests/unit/rtpproxy/rtpp_ask.h"

#define HEAD6 "v=0\r\no=- 1 1 IN IP6 ::\r\ns=-\r\nc=IN IP6 ::\r\nt=0 0\r\n"

static bool is_told(const struct bridge_conf *conf, enum side side, const char *rtp,
		    const char *rtcp)
{
	return is_at(&conf->side[side].sdp[COMP_RTP], rtp) &&
	       is_at(&conf->side[side].sdp[COMP_RTCP], rtcp) && conf->side[side].flags & SIDE_HOLD;
}

static void test_first_offer_with_zero_address(void)
{
	static const struct {
		const char *sdp, *interface, *rtp, *rtcp;
	} rows[] = {
		{ HEAD("0.0.0.0") AUDIO, "pub", "0.0.0.0:4000", "0.0.0.0:4001" },
		{ HEAD6 AUDIO, "six", "[::]:4000", "[::]:4001" },
		{ HEAD("0.0.0.0") AUDIO "a=rtcp:4007 IN IP4 192.0.2.1\r\n", "pub", "0.0.0.0:4000",
		  "192.0.2.1:4007" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = base_request(rows[i].sdp);
		struct scene scene;

		scene_open(&scene);
		request.direction[0] = str_of(rows[i].interface);
		request.direction[1] = STR("pub");
		scene_run(&scene, command_offer, request);
		CU_ASSERT(is_told(conf_of(&scene, 0), SIDE_A, rows[i].rtp, rows[i].rtcp));
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_first_answer_with_zero_address(void)
{
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;

	/* Hold in the old way by a phone of IPv6. */
	scene_open(&scene);
	request.direction[0] = STR("pub");
	request.direction[1] = STR("six");
	request.address_family = AF_INET6;
	scene_run(&scene, command_offer, request);
	answer(&scene, HEAD("0.0.0.0") AUDIO);
	CU_ASSERT(is_told(conf_of(&scene, 0), SIDE_B, "[::]:4000", "[::]:4001"));
	CU_ASSERT(scene_close(&scene));

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO);
	answer(&scene, HEAD("0.0.0.0") AUDIO);
	CU_ASSERT(is_told(conf_of(&scene, 0), SIDE_B, "0.0.0.0:4000", "0.0.0.0:4001"));
	answer(&scene, B_HEAD AUDIO);
	CU_ASSERT(is_at(&conf_of(&scene, 0)->side[SIDE_B].sdp[COMP_RTP], "192.0.2.2:4000"));
	CU_ASSERT(scene_close(&scene));
}

/* As the rtpproxy modules send it. Port 0: the party refuses the media. */
static void test_first_u_and_l_with_zero_address(void)
{
	const struct bridge_conf *conf;
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U call 0.0.0.0 4000 a;1");
	ask(&scene, "L call 0.0.0.0 5000 a;1 b;1");
	conf = conf_of(&scene, 0);
	CU_ASSERT(is_told(conf, SIDE_A, "0.0.0.0:4000", "0.0.0.0:4001"));
	CU_ASSERT(is_told(conf, SIDE_B, "0.0.0.0:5000", "0.0.0.0:5001"));
	CU_ASSERT_FALSE(endpoint_is_set(&conf->side[SIDE_A].sip));
	ask(&scene, "U call 192.168.1.5 4000 a;1");
	ask(&scene, "U call 0.0.0.0 4000 a;1");
	CU_ASSERT(is_told(conf_of(&scene, 0), SIDE_A, "192.168.1.5:4000", "192.168.1.5:4001"));
	ask(&scene, "U other 0.0.0.0 0 a;1");
	conf = bridge_conf(call_find(scene.calls, STR("other"))->dialogs->media[0]->bridge);
	CU_ASSERT_FALSE(endpoint_is_set(&conf->side[SIDE_A].sdp[COMP_RTP]));
	CU_ASSERT(scene_close(&scene));

	scene_open(&scene);
	ask(&scene, "U6 call :: 4000 a;1");
	CU_ASSERT(is_told(conf_of(&scene, 0), SIDE_A, "[::]:4000", "[::]:4001"));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(first_hold, { "first offer with zero address", test_first_offer_with_zero_address },
	   { "first answer with zero address", test_first_answer_with_zero_address },
	   { "first U and L with zero address", test_first_u_and_l_with_zero_address });
