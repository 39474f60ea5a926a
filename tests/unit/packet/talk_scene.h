/* SPDX-License-Identifier: GPL-2.0-or-later */
/* talk_scene.h - a call with media, and the fake kernel module (fake_kmod.h) */
#ifndef RTPRELAY_TALK_SCENE_H
#define RTPRELAY_TALK_SCENE_H

#include <errno.h>
#include <utlist.h>
#include "daemon/call/media.h"
#include "daemon/call/media_path.h"
#include "daemon/call/media_quality.h"
#include "daemon/call/sweep.h"
#include "daemon/packet/bridge.h"
#include "daemon/packet/pool.h"
#include "tests/unit/kernel/fake_kmod.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

/* A suite needs some of these. */
#define SCENE_FN static __attribute__((unused))

static struct fake_kmod fake;

struct phone {
	int fd[2];
	uint16_t port; /* of RTP; RTCP is next to it */
	uint16_t seq;
};

struct talk {
	struct scene scene;
	struct kmod *kmod;
	struct phone phone[2];
	bool fax; /* T.38 in place of audio */
};

SCENE_FN void phone_open(struct phone *phone)
{
	for (uint16_t port = 24000; port < 25000; port = (uint16_t)(port + 2)) {
		int comp;

		for (comp = 0; comp < 2; comp++) {
			struct sockaddr_in at = { .sin_family = AF_INET,
						  .sin_port = htons((uint16_t)(port + comp)),
						  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

			phone->fd[comp] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
			if (bind(phone->fd[comp], (struct sockaddr *)&at, sizeof(at)))
				break;
		}
		phone->port = port;
		phone->seq = 100;
		if (comp == 2)
			return;
		for (int i = 0; i <= comp; i++)
			close(phone->fd[i]);
	}
	scene_must(false, "ports of a phone");
}

/* Offer of A or answer of B, with these attributes after its m= line. */
SCENE_FN struct reply signal_with(struct talk *t, enum side side, const char *attributes)
{
	char sdp[512];
	int len = snprintf(sdp, sizeof(sdp),
			   "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
			   "t=0 0\r\nm=%s %u %s\r\n%s",
			   t->fax ? "image" : "audio", t->phone[side].port,
			   t->fax ? "udptl t38" : "RTP/AVP 0", attributes);
	struct request request = { .call_id = STR("call"),
				   .from_tag = STR("a"),
				   .sdp = { sdp, (size_t)len },
				   .tos = TOS_UNSET };

	if (side == SIDE_B)
		request.to_tag = STR("b");
	return scene_run(&t->scene, side == SIDE_A ? command_offer : command_answer, request);
}

SCENE_FN struct reply signal_sdp(struct talk *t, enum side side)
{
	return signal_with(t, side, "");
}

SCENE_FN void talk_open_as(struct talk *t, bool module, bool fax)
{
	struct kmod_conf conf = { .link = &fake.link, .event = call_kmod_event };

	t->fax = fax;
	phone_open(&t->phone[SIDE_A]);
	phone_open(&t->phone[SIDE_B]);
	scene_open(&t->scene);
	fake_kmod_init(&fake, module);
	conf.arg = t->scene.calls;
	t->kmod = t->scene.calls->conf.kmod = kmod_open(&conf);
	call_table_follow(t->scene.calls);
	CU_ASSERT_EQUAL(signal_sdp(t, SIDE_A).code, REPLY_OK);
	CU_ASSERT_EQUAL(signal_sdp(t, SIDE_B).code, REPLY_OK);
}

SCENE_FN void talk_open(struct talk *t, bool module)
{
	talk_open_as(t, module, false);
}

SCENE_FN void talk_close(struct talk *t)
{
	call_table_close_all(t->scene.calls);
	kmod_flush(t->kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	t->scene.calls->conf.kmod = NULL;
	kmod_close(t->kmod, true);
	for (int i = 0; i < 4; i++)
		close(t->phone[i >> 1].fd[i & 1]);
	t->scene.fds_before -= 4;
	CU_ASSERT(scene_close(&t->scene));
}

SCENE_FN struct media *media_of(struct talk *t)
{
	return call_find(t->scene.calls, STR("call"))->dialogs->media[0];
}

SCENE_FN void phone_sends(struct talk *t, enum side side, enum component comp)
{
	struct endpoint to = media_advertised(media_of(t), side, comp);
	struct phone *phone = &t->phone[side];
	uint8_t packet[172] = { 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(1 + side) };
	size_t len = sizeof(packet);

	if (comp == COMP_RTCP) {
		packet[1] = 201;
		packet[3] = 1;
		packet[7] = (uint8_t)(1 + side);
		len = 8;
	} else {
		phone->seq++;
		packet[2] = (uint8_t)(phone->seq >> 8);
		packet[3] = (uint8_t)phone->seq;
	}
	sendto(phone->fd[comp], packet, len, 0, &to.sa, endpoint_len(&to));
}

/* One turn of the daemon's loop. */
SCENE_FN void turn(struct talk *t)
{
	struct pollfd pollfd = { worker_pool_fd(t->scene.workers), POLLIN, 0 };

	kmod_dispatch(t->kmod);
	worker_pool_flush(t->scene.workers);
	if (poll(&pollfd, 1, 5) > 0)
		worker_pool_dispatch(t->scene.workers);
	kmod_flush(t->kmod);
	worker_pool_flush(t->scene.workers);
}

/* Turns until the condition holds; false: not within the deadline. */
#define UNTIL(t, condition)                                                                        \
	({                                                                                         \
		int64_t until_ms_ = clock_ms() + SCENE_DEADLINE_MS;                                \
                                                                                                   \
		while (!(condition) && clock_ms() < until_ms_)                                     \
			turn(t);                                                                   \
		CU_ASSERT_TRUE(condition);                                                         \
	})

SCENE_FN void all_send(struct talk *t)
{
	for (int i = 0; i < 4; i++)
		phone_sends(t, i >> 1, i & 1);
}

SCENE_FN struct stream_report report(struct talk *t, enum side side, enum component comp)
{
	struct media *media = media_of(t);
	struct stream_report r;

	media_path_refresh(&media, 1);
	media_report(media, side, comp, &r);
	return r;
}

SCENE_FN struct fake_flow *flow_of(struct talk *t, enum side side, enum component comp)
{
	struct stream_report r;

	bridge_report(media_of(t)->bridge, side, comp, &r);
	return fake_kmod_find(&fake, &r.local);
}

/* All streams have latched, the kernel has four flows. */
SCENE_FN void talk_in_kernel(struct talk *t)
{
	talk_open(t, true);
	all_send(t);
	UNTIL(t, fake_kmod_count(&fake) == 4);
}

SCENE_FN struct endpoint at(uint16_t port, const char *addr)
{
	struct endpoint ep;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr), AF_INET, &ep));
	endpoint_set_port(&ep, port);
	return ep;
}

/* --- tests ------------------------------------------------------------------------------------ */

#endif
