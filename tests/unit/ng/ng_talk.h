/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_talk.h - conversations in NG with a relay: lists of payloads and of the replies, byte for byte
 *
 * Each interface has one pair of ports only, 21200 and 21201, so that replies are known to the last
 * byte. The cookies are added here.
 */
#ifndef RTPRELAY_NG_TALK_H
#define RTPRELAY_NG_TALK_H

#include "daemon/base/count.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ng/ng.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

struct relay {
	struct scene scene;
	struct ctl *ctl;
	unsigned int cookie;
	char out[CTL_DATAGRAM];
};

SCENE_FN void batch_done(void *arg)
{
	(void)arg;
}

SCENE_FN void relay_open(struct relay *relay)
{
	static const struct conf_list none;
	const struct ctl_listen rows[] = { { &ng_protocol, NULL, NULL } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = 1,
				       .control_allow = &none,
				       .replay_entries = 1000,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	relay->cookie = 0;
	scene_open_ports(&relay->scene, 21200, 21201);
	relay->ctl =
		ctl_open(relay->scene.base, &conf, &relay->scene.env, batch_done, NULL, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relay->ctl);
}

SCENE_FN void relay_close(struct relay *relay)
{
	ctl_close(relay->ctl);
	CU_ASSERT(scene_close(&relay->scene));
}

/* The payload of the reply. */
SCENE_FN const char *ask_bytes(struct relay *relay, struct str payload)
{
	static char in[CTL_DATAGRAM];
	struct buf out = BUF_INIT(relay->out, sizeof(relay->out) - 1);
	int head = snprintf(in, sizeof(in), "%u_1 ", ++relay->cookie);

	memcpy(in + head, payload.s, payload.len);
	ctl_datagram(relay->ctl, &ng_protocol, &proxy,
		     (struct str){ in, (size_t)head + payload.len }, &out);
	relay->out[out.len] = '\0';
	CU_ASSERT_FATAL(scene_settle(&relay->scene));
	if (out.len < (size_t)head || memcmp(relay->out, in, (size_t)head))
		return "(no reply, or another cookie)";
	return relay->out + head;
}

SCENE_FN const char *ask(struct relay *relay, const char *payload)
{
	return ask_bytes(relay, str_of(payload));
}

struct step {
	const char *payload, *reply;
};

#define STEPS 8

struct talk {
	const char *name;
	struct step steps[STEPS];
};

SCENE_FN void run_talks(const struct talk *talks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct relay relay;

		relay_open(&relay);
		for (const struct step *step = talks[i].steps;
		     step < talks[i].steps + STEPS && step->payload; step++) {
			const char *reply = ask(&relay, step->payload);

			if (strcmp(reply, step->reply)) {
				printf("%s:\n  in       %s\n  expected %s\n  got      %s\n",
				       talks[i].name, step->payload, step->reply, reply);
				CU_FAIL("unexpected reply");
			}
		}
		relay_close(&relay);
	}
}

/* --- Texts of the conversations in JSON --- */

#define L	   "\\r\\n"
#define HEAD(o, c) "v=0" L "o=" o L "s=-" L "c=IN " c L "t=0 0" L
#define OF_A	   HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 192.0.2.1")
#define OF_B	   HEAD("b 3 4 IN IP4 192.0.2.2", "IP4 192.0.2.2")
#define TO_B	   HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 127.80.0.1")
#define TO_A	   HEAD("b 3 4 IN IP4 192.0.2.2", "IP4 127.80.0.2")
#define AUDIO	   "m=audio 4000 RTP/AVP 0" L
#define RELAYED	   "m=audio 21200 RTP/AVP 0" L "a=rtpmap:0 PCMU/8000" L
#define TAIL	   "a=sendrecv" L "a=rtcp:21201" L
#define MUX	   "a=rtcp-mux" L
#define OFFER(more)                                                                                \
	"{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"direction\":[\"priv\","     \
	"\"pub\"]" more "}"
#define ANSWER(more)                                                                               \
	"{\"command\":\"answer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"to-tag\":\"b\"" more "}"
#define SDP(text) ",\"sdp\":\"" text "\""
#define OK(text)  "{\"sdp\":\"" text "\",\"result\":\"ok\"}"

#endif
