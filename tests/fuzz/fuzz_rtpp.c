/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_rtpp.c - commands of the rtpproxy protocol to the relay, with real ports and media threads
 *
 * An input is one datagram, or several separated by the ASCII record separator. Each answer must be
 * one that a proxy can read: the cookie, a text that fits into the proxy's buffer, an end of line.
 * No answer to U or L may have an E-code that means a broken relay. When the calls have ended, no
 * port may be in use.
 */
#include "daemon/ctl/ctl.h"
#include "daemon/rtpproxy/rtpp.h"
#include "daemon/rtpproxy/notify.h"
#include "daemon/rtpproxy/parse.h"
#include "tests/unit/scene.h"

#define SEPARATOR '\x1e'
#define READ_MAX  255

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scene scene;
static struct rtpp_notify *notify;
static struct ctl *ctl;
static char out[CTL_DATAGRAM];

static void batch_done(void *arg)
{
	(void)arg;
}

static void open_once(void)
{
	static char path[] = "unix:/nowhere/at/all";
	static char *items[] = { path };
	static const struct conf_list none, targets = { items, 1 };
	struct ctl_listen row = { &rtpp_protocol, NULL, NULL };
	const struct ctl_conf conf = { .listen = &row,
				       .n_listen = 1,
				       .control_allow = &none,
				       .replay_entries = 16,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	if (ctl)
		return;
	scene_open_ports(&scene, 21600, 21631);
	notify = rtpp_notify_open(scene.base, &targets, &error);
	scene_must(notify, error);
	row.arg = notify;
	ctl = ctl_open(scene.base, &conf, &scene.env, batch_done, NULL, &error);
	scene_must(ctl, "control");
	log_set_level(LOG_LEVEL_ERR);
}

static void check_reply(struct str cookie, struct str command, struct str reply)
{
	struct str text = reply;
	char letter = command.len ? (char)(command.s[0] & ~0x20) : 0;
	uint64_t number;

	if (!str_eq(rtpp_word(&text), cookie) || text.len < 2 || text.s[0] != ' ' ||
	    text.s[text.len - 1] != '\n')
		abort();
	text.s++;
	text.len -= 2;
	if (letter != 'I' && letter != 'G' && text.len >= READ_MAX)
		abort();
	/* As large as the requested size, so that the cookie counts too. */
	if (letter == 'Q' && text.s[0] != 'E' && reply.len > READ_MAX)
		abort();
	if (text.s[0] != 'E' || (letter != 'U' && letter != 'L'))
		return;
	text.s++;
	text.len--;
	if (!str_to_u64(text, 99, &number) || (number >= 7 && number <= 10))
		abort();
}

/* Each comes from another port, so that no cookie counts as a repetition. */
static void run_datagram(struct str datagram)
{
	static uint16_t port;
	struct endpoint source = { .in4 = { .sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	struct buf reply = BUF_INIT(out, sizeof(out));
	struct str rest = datagram, cookie = rtpp_word(&rest);

	endpoint_set_port(&source, ++port);
	ctl_datagram(ctl, &rtpp_protocol, &source, datagram, &reply);
	if (reply.len)
		check_reply(cookie, rtpp_word(&rest), (struct str){ out, reply.len });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };

	open_once();
	while (rest.len)
		run_datagram(str_split(&rest, SEPARATOR));
	if (!scene_ends_clean(&scene))
		abort();
	return 0;
}
