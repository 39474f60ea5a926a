/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_admin.c - requests to the control socket, over a socketpair, while there is a call
 *
 * For any request, each line of the answer must be a JSON object with a type. Requests can end
 * calls, change settings and ban addresses, so that all is created again for each input.
 */
#include <jansson.h>
#include <sys/socket.h>
#include "daemon/admin/admin.h"
#include "daemon/call/bans.h"
#include "daemon/call/call.h"
#include "daemon/call/events.h"
#include "tests/unit/scene.h"

#define SDP                                                                                        \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 "   \
	"RTP/AVP 0\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scene scene;
static struct events events;
static struct conf conf;
static struct admin *admin;
static char text[1 << 18];

/* What the daemon does with new settings: those of calls are taken over. */
static void apply(void *arg, const struct conf *fresh)
{
	(void)arg;
	scene.calls->conf.max_sessions = fresh->max_sessions;
}

/* The configuration file has errors. */
static bool read_again(void *arg, struct conf *fresh)
{
	(void)arg;
	(void)fresh;
	return false;
}

static void open_once(void)
{
	struct admin_conf admin_conf;

	if (admin)
		return;
	scene_open_ports(&scene, 21600, 21631);
	scene.calls->conf.events = &events;
	admin_conf = (struct admin_conf){ .base = scene.base,
					  .fd = -1,
					  .calls = scene.calls,
					  .events = &events,
					  .conf = &conf,
					  .settings = { .apply = apply, .read = read_again } };
	admin = admin_open(&admin_conf);
	scene_must(admin, "admin");
}

static void make_call(void)
{
	const struct request request = {
		.call_id = STR("x"), .from_tag = STR("f"), .sdp = STR(SDP), .tos = TOS_UNSET
	};

	scene.calls->draining = false;
	scene.calls->conf.max_sessions = 0;
	scene_run(&scene, command_offer, request);
}

static void check_lines(size_t len)
{
	for (char *at = text, *end; (end = memchr(at, '\n', len - (size_t)(at - text)));
	     at = end + 1) {
		json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);

		if (!json_string_value(json_object_get(line, "type")))
			abort();
		json_decref(line);
	}
}

static void talk(int fd, const uint8_t *data, size_t size)
{
	size_t sent = 0, len = 0;

	for (unsigned int quiet = 0; quiet < 3;) {
		ssize_t n = sent < size ? send(fd, data + sent, size - sent, MSG_NOSIGNAL) : 0;
		ssize_t got;

		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(scene.base, EVLOOP_NONBLOCK);
		got = recv(fd, text + len, sizeof(text) - len, 0);
		len += got > 0 ? (size_t)got : 0;
		quiet = n > 0 || got > 0 ? 0 : quiet + 1;
	}
	check_lines(len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bans_conf bans = { 0 };
	int fd[2];

	open_once();
	bans.workers = scene.workers;
	make_call();
	scene.calls->bans = bans_open(&bans);
	scene_must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
		   "socketpair");
	admin_accept(admin, fd[1]);
	talk(fd[0], data, size);
	close(fd[0]);
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	bans_close(scene.calls->bans);
	scene.calls->bans = NULL;
	call_table_close_all(scene.calls);
	if (!scene_settle(&scene))
		abort();
	return 0;
}
