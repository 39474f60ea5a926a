/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call_scene.h - one call, by requests as a proxy sends them: OFFER("from-tag", "to-tag"), ANSWER,
 * DELETE
 */
#ifndef RTPRELAY_CALL_SCENE_H
#define RTPRELAY_CALL_SCENE_H

#include <utlist.h>
#include "daemon/call/media.h"
#include "daemon/packet/bridge.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define SDP_AT(addr, port)                                                                         \
	"v=0\r\no=- 1 1 IN IP4 " addr "\r\ns=-\r\nc=IN IP4 " addr "\r\nt=0 0\r\n"                  \
	"m=audio " port " RTP/AVP 0\r\n"

SCENE_FN const char caller_sdp[] = SDP_AT("192.0.2.1", "4000");
SCENE_FN const char callee_sdp[] = SDP_AT("192.0.2.2", "5000");
SCENE_FN const char other_sdp[] = SDP_AT("192.0.2.3", "6000");

SCENE_FN const char not_found[] = "Call-ID not found or tags didn't match";

/* A row of the parameters of a request; NULL: absent. */
struct ask {
	const char *from_tag, *to_tag, *via_branch, *sdp;
	uint32_t flags;
	int sip_code, delete_delay;
	bool end;
};

SCENE_FN struct request request_of(const struct ask *ask)
{
	return (struct request){ .call_id = STR("call"),
				 .from_tag = str_of(ask->from_tag),
				 .to_tag = str_of(ask->to_tag),
				 .via_branch = str_of(ask->via_branch),
				 .sdp = str_of(ask->sdp ? ask->sdp : caller_sdp),
				 .flags = ask->flags,
				 .tos = TOS_UNSET,
				 .sip_code = ask->sip_code,
				 .delete_delay = ask->delete_delay };
}

/* The port in the first m= line of a successful reply; 0: it failed. */
SCENE_FN int port_of(const struct reply *reply)
{
	const char *m = reply->sdp.len ? memmem(reply->sdp.s, reply->sdp.len, "m=", 2) : NULL;

	return reply->code == REPLY_OK && m ? atoi(strchr(m, ' ')) : 0;
}

#define OFFER(...)  offer(&scene, &(struct ask){ __VA_ARGS__, .end = true })
#define ANSWER(...) answer(&scene, &(struct ask){ __VA_ARGS__, .end = true })
#define DELETE(...) delete (&scene, &(struct ask){ __VA_ARGS__, .end = true })

SCENE_FN int offer(struct scene *scene, const struct ask *ask)
{
	struct reply reply = scene_run(scene, command_offer, request_of(ask));

	return port_of(&reply);
}

SCENE_FN int answer(struct scene *scene, const struct ask *ask)
{
	struct request request = request_of(ask);
	struct reply reply;

	if (!ask->sdp)
		request.sdp = str_of(callee_sdp);
	reply = scene_run(scene, command_answer, request);
	return port_of(&reply);
}

/* The warning, "" without one, or the error. */
SCENE_FN const char *delete (struct scene *scene, const struct ask *ask)
{
	struct reply reply = scene_run(scene, command_delete, request_of(ask));

	if (reply.code == REPLY_ERROR)
		return reply.error;
	return reply.warning ? reply.warning : "";
}

SCENE_FN struct call *the_call(struct scene *scene)
{
	return call_find(scene->calls, STR("call"));
}

SCENE_FN unsigned int dialogs(struct scene *scene)
{
	struct call *call = the_call(scene);
	struct dialog *dialog;
	unsigned int n = 0;

	if (call)
		DL_COUNT(call->dialogs, dialog, n);
	return n;
}

/* Of the oldest dialog. */
SCENE_FN bool callee_is_at(struct scene *scene, const char *addr)
{
	const struct media *media = the_call(scene)->dialogs->media[0];
	struct endpoint at;

	return endpoint_parse_addr(str_of(addr), AF_INET, &at) &&
	       endpoint_addr_eq(&bridge_conf(media->bridge)->side[SIDE_B].sdp[COMP_RTP], &at);
}

/* Fires the call's timer as if its dialogs had been signalled @ms ago and silent since then. */
SCENE_FN void let_pass(struct scene *scene, int64_t ms)
{
	struct call *call = the_call(scene);
	struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		dialog->last_signal_ms -= ms;
		if (dialog->delete_at_ms)
			dialog->delete_at_ms -= ms;
	}
	event_active(&call->timer, EV_TIMEOUT, 1);
	event_base_loop(scene->base, EVLOOP_NONBLOCK);
}

/* The caller sends on this m= line until the relay has accepted a packet. */
SCENE_FN void hear_caller(struct scene *scene, size_t index)
{
	static const uint8_t rtp[172] = { 0x80, 0, 0, 1 };
	const struct media *media = the_call(scene)->dialogs->media[index];
	const struct endpoint relay = media_advertised(media, SIDE_A, COMP_RTP);
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;
	int phone = socket(AF_INET, SOCK_DGRAM, 0);

	while (!bridge_last_in_ms(media->bridge) && test_real_ms() < until_ms) {
		sendto(phone, rtp, sizeof(rtp), 0, &relay.sa, endpoint_len(&relay));
		poll(NULL, 0, 1);
	}
	CU_ASSERT(bridge_last_in_ms(media->bridge) > 0);
	close(phone);
}

#endif
