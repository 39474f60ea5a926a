/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmod_scene.h - flows to be set, and the fake kernel module (fake_kmod.h) */
#ifndef RTPRELAY_KMOD_SCENE_H
#define RTPRELAY_KMOD_SCENE_H

#include <errno.h>
#include <stdlib.h>
#include "daemon/base/clock.h"
#include "daemon/kernel/kmod.h"
#include "daemon/base/log.h"
#include "fake_kmod.h"
#include "tests/unit/test.h"

/* A suite needs some of these. */
#define SCENE_FN static __attribute__((unused))

static struct fake_kmod fake;

/* The events of kmod. */
static struct {
	unsigned int count[KMOD_STRANGER + 1];
	struct kmod_flow *flow;
	struct kmod_stranger unknown;
	struct kmod_flow *forget; /* forgotten by the next event */
} reported;

SCENE_FN void on_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
		       const struct kmod_stranger *unknown)
{
	struct kmod_flow *forget = reported.forget;

	CU_ASSERT_PTR_EQUAL(arg, &reported);
	reported.count[event]++;
	reported.flow = flow;
	if (unknown)
		reported.unknown = *unknown;
	reported.forget = NULL;
	kmod_forget(forget);
}

SCENE_FN bool owns(void *arg, const struct endpoint *local)
{
	(void)arg;
	return endpoint_port(local) >= 30000;
}

SCENE_FN struct kmod *start(bool loaded)
{
	const struct kmod_conf conf = {
		.link = &fake.link, .event = on_event, .owns = owns, .arg = &reported
	};

	memset(&reported, 0, sizeof(reported));
	fake_kmod_init(&fake, loaded);
	log_set_level(LOG_LEVEL_ERR);
	return kmod_open(&conf);
}

SCENE_FN void end(struct kmod *kmod)
{
	kmod_close(kmod, true);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_TRUE(fake.closed);
}

SCENE_FN struct endpoint ep(const char *text)
{
	struct endpoint out;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &out));
	return flow_endpoint(&out);
}

SCENE_FN struct flow_spec spec(uint16_t port, const char *src)
{
	struct flow_spec s;

	memset(&s, 0, sizeof(s));
	s.local = ep("192.0.2.1:0");
	endpoint_set_port(&s.local, port);
	s.src = ep(src);
	s.out = ep("192.0.2.1:30100");
	s.dst = ep("198.51.100.9:4000");
	s.kind = RTPRELAY_KIND_RTP;
	s.idle_s = 60;
	s.dscp = -1;
	memcpy(s.cookie, "0123456789abcdef", FLOW_COOKIE);
	return s;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* Flows from port 30000 on. */
SCENE_FN void set_many(struct kmod *kmod, struct kmod_flow **flows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct flow_spec s = spec((uint16_t)(30000 + i), "203.0.113.7:6000");

		flows[i] = kmod_set(kmod, &s, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(flows[i]);
	}
	kmod_flush(kmod);
}

#endif
