/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ng_dtls_scene.h - one call by NG, with the crypto thread: SDPs in, SDPs out */
#ifndef RTPRELAY_NG_DTLS_SCENE_H
#define RTPRELAY_NG_DTLS_SCENE_H

#include "daemon/call/media_dtls.h"
#include "daemon/ng/ng.h"
#include "daemon/packet/pool.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

struct call_scene {
	struct scene scene;
	struct dtls_service *dtls;
	char to_a[8192], to_b[8192]; /* the replies with the SDPs that they got last */
};

SCENE_FN void on_event(void *arg, const struct dtls_report *report)
{
	struct call_scene *call = arg;

	call_dtls_event(call->scene.calls, report);
}

SCENE_FN void open_call(struct call_scene *call)
{
	struct dtls_service_conf conf = { .mtu = DTLS_MTU, .event = on_event, .arg = call };
	int error;

	scene_open(&call->scene);
	conf.threads = worker_pool_threads(call->scene.workers);
	call->dtls = call->scene.calls->conf.dtls = dtls_service_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(call->dtls);
}

SCENE_FN void close_call(struct call_scene *call)
{
	dtls_service_stop(call->dtls);
	/* Its two descriptors are open until the links are closed. */
	call->scene.fds_before += 2;
	CU_ASSERT_TRUE(scene_close(&call->scene));
	dtls_service_close(call->dtls);
}

/* The reply to the command @payload, which succeeds; valid until the next one. */
SCENE_FN const char *ask_payload(struct scene *scene, const char *payload)
{
	static const struct endpoint proxy = {
		.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
	};
	static char reply[8192];
	struct buf out = BUF_INIT(reply, sizeof(reply) - 1);

	buf_lit(&out, "7 ");
	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	ng_run(&scene->env, &proxy, str_of(payload), &out);
	worker_pool_flush(scene->workers);
	reply[out.len] = '\0';
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"result\":\"ok\""));
	return reply;
}

#endif
