/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ng.c - NG requests to the relay: datagrams in, replies out, with real ports and media
 * threads
 *
 * An input is one datagram, or several separated by the ASCII record separator. Each reply must be
 * one that a proxy can read: the cookie, and a dictionary with a result; SDP in a reply must parse.
 * When the calls have ended, no port may be in use. Calls are recorded as far as that goes without
 * a file: the disk has never enough room.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/bencode.h"
#include "daemon/ctl/ctl.h"
#include "daemon/base/json.h"
#include "daemon/call/recorded_conf.h"
#include "daemon/ng/ng.h"
#include "daemon/record/dir.h"
#include "daemon/rtpproxy/rtpp.h"
#include "daemon/sdp/sdp.h"
#include "tests/unit/scene.h"

#define SEPARATOR '\x1e'

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scene scene;
static struct ctl *ctl;
static struct arena *arena;
static char out[CTL_DATAGRAM];

static void batch_done(void *arg)
{
	(void)arg;
}

/* Copies are asked for, and never sent: their SDP is what comes from outside. */
static void tell_copies(void *arg, struct subscriber *subscriber)
{
	(void)arg;
	(void)subscriber;
}

static char records[] = "/tmp/rtprelay-fuzz-XXXXXX";

static void remove_records(void)
{
	int fd = open(records, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	unlinkat(fd, ".open/lock", 0);
	unlinkat(fd, ".open", AT_REMOVEDIR);
	close(fd);
	rmdir(records);
}

static void record_calls(void)
{
	static struct recorded_conf recorded = { .path = records };
	const struct record_dir_conf conf = {
		.path = records, .output = RECORD_PCAP, .mode = 0600, .min_free = UINT64_MAX
	};
	char error[RECORD_DIR_ERROR];

	scene_record(&scene);
	scene_must(mkdtemp(records), "mkdtemp");
	atexit(remove_records);
	recorded.dir = record_dir_open(&conf, error);
	scene_must(recorded.dir, error);
	scene.calls->conf.recorded = &recorded;
}

static void open_once(void)
{
	static const struct conf_list none;
	const struct ctl_listen rows[] = { { &ng_protocol, NULL, NULL },
					   { &rtpp_protocol, NULL, NULL } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = 2,
				       .control_allow = &none,
				       .replay_entries = 16,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	if (ctl)
		return;
	scene_open_ports(&scene, 21500, 21531);
	record_calls();
	scene.calls->conf.copies = tell_copies;
	arena = arena_new(1 << 16);
	ctl = ctl_open(scene.base, &conf, &scene.env, batch_done, NULL, &error);
	scene_must(arena && ctl, "control");
	log_set_level(LOG_LEVEL_ERR);
}

/*
 * @rtpp: a command of the rtpproxy protocol, which NG ports accept too; fuzz_rtpp.c checks its
 *        answers.
 */
static void check_reply(struct str cookie, struct str reply, bool rtpp)
{
	struct str payload = reply;
	struct dict *map = NULL;
	const char *why;
	struct sdp sdp;
	int error;

	if (!str_eq(str_split(&payload, ' '), cookie) || !payload.len)
		abort();
	if (rtpp) {
		if (payload.s[payload.len - 1] != '\n')
			abort();
		return;
	}
	/*
	 * A call-id may contain NUL; JSON output then contains it too, correctly, but our decoder
	 * refuses it.
	 */
	if (memmem(payload.s, payload.len, "\\u0000", 6))
		return;
	arena_reset(arena);
	error = payload.s[0] == '{' ? json_decode(arena, payload, &map)
				    : bencode_decode(arena, payload, &map);
	if (error || !dict_get_str(map, STR("result")).len)
		abort();
	if (dict_get(map, STR("sdp")) &&
	    sdp_parse(arena, dict_get_str(map, STR("sdp")), &sdp, &why))
		abort();
}

/* Each comes from another port, so that no cookie counts as a repetition. */
static void run_datagram(struct str datagram)
{
	static uint16_t port;
	struct endpoint source = { .in4 = { .sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	struct buf reply = BUF_INIT(out, sizeof(out));
	struct str rest = datagram, cookie = str_split(&rest, ' ');

	endpoint_set_port(&source, ++port);
	ctl_datagram(ctl, &ng_protocol, &source, datagram, &reply);
	if (reply.len)
		check_reply(cookie, (struct str){ out, reply.len }, rtpp_protocol.is_request(rest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };

	open_once();
	while (rest.len)
		run_datagram(str_split(&rest, SEPARATOR));
	if (!scene_ends_clean(&scene))
		abort();
	recorder_dispatch(scene.recorder); /* of calls that have ended, so that nothing is logged */
	return 0;
}
