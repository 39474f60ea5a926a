/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command_scene.h - offers and answers of one call, "call": party a at 192.0.2.1 offers, party b at
 * 192.0.2.2 answers
 */
#ifndef RTPRELAY_COMMAND_SCENE_H
#define RTPRELAY_COMMAND_SCENE_H

#include "daemon/packet/bridge.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/update_spy.h"

#define HEAD(addr) "v=0\r\no=- 1 1 IN IP4 " addr "\r\ns=-\r\nc=IN IP4 " addr "\r\nt=0 0\r\n"
#define A_HEAD	   HEAD("192.0.2.1")
#define B_HEAD	   HEAD("192.0.2.2")
#define AUDIO	   "m=audio 4000 RTP/AVP 0\r\n"
#define VIDEO	   "m=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
#define FAX	   "m=image 4000 udptl t38\r\n"

SCENE_FN struct request base_request(const char *sdp)
{
	return (struct request){ .call_id = STR("call"),
				 .from_tag = STR("a"),
				 .sdp = str_of(sdp),
				 .tos = TOS_UNSET,
				 .delete_delay = 0 };
}

SCENE_FN struct reply offer_with(struct scene *scene, const char *sdp, uint32_t flags)
{
	struct request request = base_request(sdp);

	request.flags = flags;
	return scene_run(scene, command_offer, request);
}

SCENE_FN struct reply offer(struct scene *scene, const char *sdp)
{
	return offer_with(scene, sdp, 0);
}

SCENE_FN struct reply answer(struct scene *scene, const char *sdp)
{
	struct request request = base_request(sdp);

	request.to_tag = STR("b");
	return scene_run(scene, command_answer, request);
}

SCENE_FN struct reply final_answer(struct scene *scene, const char *sdp)
{
	struct request request = base_request(sdp);

	request.to_tag = STR("b");
	request.sip_code = 200;
	return scene_run(scene, command_answer, request);
}

/* The n-th m= line's port in a reply; -1: none. */
SCENE_FN int port_of(struct reply reply, unsigned int n)
{
	struct str rest = reply.sdp;

	while (rest.len) {
		struct str line = str_split(&rest, '\n');

		if (str_starts(line, STR("m=")) && !n--)
			return atoi(strchr(line.s, ' '));
	}
	return -1;
}

SCENE_FN struct dialog *the_dialog(struct scene *scene)
{
	return call_find(scene->calls, STR("call"))->dialogs;
}

SCENE_FN const struct bridge_conf *conf_of(struct scene *scene, size_t media)
{
	return bridge_conf(the_dialog(scene)->media[media]->bridge);
}

SCENE_FN enum latch_change change_of(struct scene *scene, enum side side)
{
	return update_spy_change(the_dialog(scene)->media[0]->bridge, side);
}

SCENE_FN bool is_at(const struct endpoint *ep, const char *text)
{
	struct endpoint expected;

	return endpoint_parse(str_of(text), -1, &expected) && endpoint_eq(ep, &expected);
}

/* --- Phones on the loopback ------------------------------------------------------------------- */

struct phone {
	int fd;
	char sdp[256];
};

SCENE_FN void phone_open(struct phone *phone)
{
	struct endpoint at = { .in4 = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	phone->fd = socket(AF_INET, SOCK_DGRAM, 0);
	scene_must(phone->fd >= 0 && !bind(phone->fd, &at.sa, sizeof(at.in4)) &&
			   !getsockname(phone->fd, &at.sa, &len),
		   "phone");
	snprintf(phone->sdp, sizeof(phone->sdp), HEAD("127.0.0.1") "m=audio %u RTP/AVP 0\r\n",
		 endpoint_port(&at));
}

SCENE_FN void say(const struct phone *phone, struct endpoint relay, uint16_t seq)
{
	uint8_t rtp[172] = { 0x80, 0, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 0, 0, 0, 0, 7 };

	CU_ASSERT_EQUAL(sendto(phone->fd, rtp, sizeof(rtp), 0, &relay.sa, endpoint_len(&relay)),
			(ssize_t)sizeof(rtp));
}

SCENE_FN bool hears(const struct phone *phone)
{
	struct pollfd pollfd = { phone->fd, POLLIN, 0 };
	char packet[2048];

	return poll(&pollfd, 1, SCENE_DEADLINE_MS) == 1 &&
	       recv(phone->fd, packet, sizeof(packet), 0) == 172;
}

#endif
