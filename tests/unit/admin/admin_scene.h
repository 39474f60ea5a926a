/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admin_scene.h - the control socket over a socketpair, with real calls; one for each suite
 */
#ifndef RTPRELAY_ADMIN_SCENE_H
#define RTPRELAY_ADMIN_SCENE_H

#include <jansson.h>
#include <sys/socket.h>
#include "control_proto.h"
#include "daemon/admin/admin.h"
#include "daemon/call/events.h"
#include "daemon/conf/load.h"
#include "peer_spy.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define SDP                                                                                        \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 0\r\n"

/* @admin owns the daemon's end; its output is collected in @text. */
struct talk {
	struct scene scene;
	struct events events;
	struct conf conf;
	struct admin *admin;
	int fd;
	char text[1 << 20];
	size_t len;
	bool ended;
};

static struct talk talk;

SCENE_FN void add_call(const char *id, const char *from, bool answered)
{
	struct request request = { .call_id = str_of(id),
				   .from_tag = str_of(from),
				   .sdp = STR(SDP),
				   .tos = TOS_UNSET,
				   .delete_delay = 0 };

	scene_run(&talk.scene, command_offer, request);
	request.to_tag = STR("to");
	if (answered)
		scene_run(&talk.scene, command_answer, request);
}

SCENE_FN int connect_peer(void)
{
	int fd[2];

	scene_must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
		   "socketpair");
	admin_accept(talk.admin, fd[1]);
	return fd[0];
}

SCENE_FN void apply(void *arg, const struct conf *conf)
{
	(void)arg;
	conf_take_live(&talk.conf, conf);
	talk.scene.calls->conf.max_sessions = conf->max_sessions;
}

#define END(n) "{\"type\":\"end\",\"count\":" n "}\n"

/* @listener: -1: peers connect only by admin_accept() */
SCENE_FN void start_with(int listener, unsigned int idle_s)
{
	struct admin_conf conf;

	memset(&talk, 0, sizeof(talk));
	scene_open(&talk.scene);
	talk.scene.calls->conf.events = &talk.events;
	talk.conf.kernel = KMOD_OFF;
	talk.conf.control_idle_s = idle_s;
	conf = (struct admin_conf){ .base = talk.scene.base,
				    .fd = listener,
				    .mode = 0660,
				    .calls = talk.scene.calls,
				    .events = &talk.events,
				    .conf = &talk.conf,
				    .settings = { .apply = apply } };
	talk.admin = admin_open(&conf);
	scene_must(talk.admin, "admin");
	talk.fd = connect_peer();
}

SCENE_FN void start_at(int listener)
{
	start_with(listener, 0);
}

SCENE_FN void start(void)
{
	start_at(-1);
}

SCENE_FN bool stop(void)
{
	close(talk.fd);
	admin_close(talk.admin);
	return scene_close(&talk.scene);
}

/* Runs the event loop until no more output comes; each call lets other connections run. */
SCENE_FN unsigned int listen_on(void)
{
	unsigned int turns = 0, quiet = 0;

	while (quiet < 3) {
		ssize_t got;

		event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
		turns++;
		got = recv(talk.fd, talk.text + talk.len, sizeof(talk.text) - 1 - talk.len, 0);
		talk.ended = !got;
		quiet = got > 0 ? 0 : quiet + 1;
		talk.len += got > 0 ? (size_t)got : 0;
	}
	talk.text[talk.len] = '\0';
	return turns;
}

SCENE_FN const char *ask(const char *request)
{
	talk.len = 0;
	scene_must(send(talk.fd, request, strlen(request), 0) == (ssize_t)strlen(request), "send");
	scene_must(send(talk.fd, "\n", 1, 0) == 1, "send");
	listen_on();
	return talk.text;
}

SCENE_FN size_t count_of(const char *part)
{
	size_t n = 0;

	for (const char *at = talk.text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* Each line is JSON, and the last one ends the answer. */
SCENE_FN bool is_sound(void)
{
	const char *type = NULL;
	json_t *line = NULL;
	bool good = talk.len > 0;

	for (char *at = talk.text, *end; (end = strchr(at, '\n')) && good; at = end + 1) {
		json_decref(line);
		line = json_loadb(at, (size_t)(end - at), 0, NULL);
		type = json_string_value(json_object_get(line, "type"));
		good = type;
	}
	good = good && (!strcmp(type, "end") || !strcmp(type, "error"));
	json_decref(line);
	return good;
}

SCENE_FN bool ends_with(const char *line)
{
	size_t len = strlen(line);

	return talk.len >= len && !strcmp(talk.text + talk.len - len, line);
}

#define DENIED(code, text) "{\"type\":\"error\",\"code\":\"" code "\",\"text\":\"" text "\"}\n"

#endif
