/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch_scene.h - one stream that learns its source; time and packets are handed in
 *
 * Unless a test says otherwise the phone is behind a NAT: its SDP names 192.168.1.5:4000, its SIP
 * came from 203.0.113.9. Patience is 400 ms, the window 3000 ms.
 */
#ifndef RTPRELAY_LATCH_SCENE_H
#define RTPRELAY_LATCH_SCENE_H

#include "daemon/packet/latch.h"
#include "tests/unit/test.h"

/* A suite needs some of these. */
#define SCENE_FN static __attribute__((unused))

struct box {
	struct latch latch;
	struct candidates candidates;
	struct latch_ref ref;
	struct endpoint sdp, sip;
	struct endpoint near[2];
	int64_t now;
	uint32_t ssrc;
	uint16_t seq;
	bool no_candidate, rtcp, in_kernel;
};

SCENE_FN struct endpoint ep(const char *text)
{
	struct endpoint at;

	memset(&at, 0, sizeof(at));
	if (*text)
		CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &at));
	return at;
}

SCENE_FN void told(struct box *box, const char *sdp, const char *sip)
{
	box->sdp = ep(sdp);
	box->sip = ep(sip);
	box->ref.signalled = box->ref.sdp = &box->sdp;
	box->ref.sip = &box->sip;
}

SCENE_FN void open_box(struct box *box, const char *sdp, const char *sip)
{
	memset(box, 0, sizeof(*box));
	told(box, sdp, sip);
	box->ref.candidates = &box->candidates;
	box->ref.patience_ms = 400;
	box->ref.window_ms = 3000;
	box->now = 100000;
	box->ssrc = 7;
}

SCENE_FN void open_nat(struct box *box)
{
	open_box(box, "192.168.1.5:4000", "203.0.113.9");
}

SCENE_FN enum latch_verdict hear(struct box *box, const char *from)
{
	struct endpoint source = ep(from);
	struct latch_packet packet = { .source = &source,
				       .now_ms = box->now,
				       .candidate = !box->no_candidate,
				       .in_kernel = box->in_kernel,
				       .has_ssrc = true,
				       .has_seq = !box->rtcp,
				       .ssrc = box->ssrc,
				       .seq = ++box->seq };

	enum latch_rank rank;

	return latch_packet(&box->latch, &box->ref, &packet, &rank);
}

SCENE_FN enum latch_verdict hear_after(struct box *box, int64_t ms, const char *from)
{
	box->now += ms;
	return hear(box, from);
}

/* A packet every 20 ms for so long. */
SCENE_FN void hear_for(struct box *box, int64_t ms, const char *from)
{
	for (int64_t end = box->now + ms; box->now < end;)
		CU_ASSERT_EQUAL(hear_after(box, 20, from), LATCH_ADMIT);
}

/* The same from a source that is being waited for. */
SCENE_FN void wait_for(struct box *box, int64_t ms, const char *from)
{
	for (int64_t end = box->now + ms; box->now < end;)
		CU_ASSERT_EQUAL(hear_after(box, 20, from), LATCH_PATIENCE);
}

SCENE_FN bool uses(const struct box *box, const char *source)
{
	struct endpoint at = ep(source);

	return endpoint_eq(latch_source(&box->latch), &at);
}

SCENE_FN bool goes_to(const struct box *box, const char *where)
{
	const struct endpoint *to = latch_destination(&box->latch, &box->ref, false);
	struct endpoint at = ep(where);

	return *where ? to && endpoint_eq(to, &at) : !to;
}

SCENE_FN void update(struct box *box, enum latch_change change, const char *sdp, const char *sip)
{
	told(box, sdp, sip);
	latch_update(&box->latch, &box->ref, change, LATCH_NO_STEP, box->now);
}

/* By an offer, which will be answered. */
SCENE_FN void offer(struct box *box, enum latch_change change, const char *sdp, const char *sip)
{
	told(box, sdp, sip);
	latch_update(&box->latch, &box->ref, change, LATCH_OFFER, box->now);
}

SCENE_FN void answer(struct box *box, enum latch_step step)
{
	latch_update(&box->latch, &box->ref, LATCH_KEEP, step, box->now);
}

#endif
