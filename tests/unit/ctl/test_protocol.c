/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_protocol.c - another control protocol needs only a row: a toy protocol over real sockets
 */
#include <errno.h>
#include "daemon/ctl/ctl.h"
#include "daemon/ng/ng.h"
#include "daemon/rtpproxy/rtpp.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

/* --- The toy: "COOKIE:#TEXT" is answered with the request count and the text ------------------ */

static struct str toy_cookie(struct str *payload)
{
	return str_split(payload, ':');
}

static bool toy_is_request(struct str payload)
{
	return payload.len && payload.s[0] == '#';
}

static void toy_run(struct command_env *env, void *arg, const struct endpoint *source,
		    struct str payload, struct buf *out)
{
	unsigned int *requests = arg;

	(void)env;
	(void)source;
	buf_u64(out, ++*requests);
	buf_str(out, payload);
	buf_char(out, '\n');
}

static const struct control_protocol toy = { .key = "listen-toy",
					     .cookie = toy_cookie,
					     .is_request = toy_is_request,
					     .connections = true,
					     .run = toy_run };

/* --- The relay -------------------------------------------------------------------------------- */

#define TOY_TCP "tcp:127.0.0.1:21497"

enum { PORT_NG, PORT_RTPP, PORT_TOY };

struct relay {
	struct scene scene;
	struct ctl *ctl;
	unsigned int requests; /* of the toy */
	char answer[256];
};

static void batch_done(void *arg)
{
	(void)arg;
}

static const char *relay_open(struct relay *relay, const char *const *toy_at, size_t n)
{
	static char any[] = "127.0.0.1:0";
	char *any_item[] = { any }, *toy_items[2];
	const struct conf_list none = { NULL, 0 }, at = { any_item, 1 }, at_toy = { toy_items, n };
	const struct ctl_listen rows[] = { { &ng_protocol, &at, NULL },
					   { &rtpp_protocol, &at, NULL },
					   { &toy, &at_toy, &relay->requests } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = 3,
				       .control_allow = &none,
				       .replay_entries = 100,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	for (size_t i = 0; i < n; i++)
		toy_items[i] = (char *)(uintptr_t)toy_at[i];
	relay->requests = 0;
	scene_open_ports(&relay->scene, 21400, 21409);
	relay->ctl =
		ctl_open(relay->scene.base, &conf, &relay->scene.env, batch_done, NULL, &error);
	return relay->ctl ? NULL : error;
}

static void relay_close(struct relay *relay)
{
	ctl_close(relay->ctl);
	CU_ASSERT(scene_close(&relay->scene));
}

/* Sends to a port of the loopback. Return: the answer, "" if there was none. */
static const char *ask(struct relay *relay, int type, uint16_t port, const char *text)
{
	struct endpoint remote = { .in4 = { .sin_family = AF_INET } };
	struct pollfd pollfd = { .events = POLLIN };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	ssize_t n;

	remote.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	endpoint_set_port(&remote, port);
	pollfd.fd = socket(AF_INET, type, 0);
	CU_ASSERT_FATAL(pollfd.fd >= 0 && !connect(pollfd.fd, &remote.sa, endpoint_len(&remote)));
	CU_ASSERT_FATAL(send(pollfd.fd, text, strlen(text), 0) == (ssize_t)strlen(text));
	while (!poll(&pollfd, 1, 1) && clock_ms() < until_ms)
		event_base_loop(relay->scene.base, EVLOOP_NONBLOCK);
	n = recv(pollfd.fd, relay->answer, sizeof(relay->answer) - 1, MSG_DONTWAIT);
	relay->answer[n < 0 ? 0 : n] = '\0';
	close(pollfd.fd);
	return relay->answer;
}

static const char *ask_udp(struct relay *relay, size_t port, const char *text)
{
	return ask(relay, SOCK_DGRAM, ctl_port(relay->ctl, port), text);
}

static void test_toy_is_answered_over_udp(void)
{
	static const char *const at[] = { "udp:127.0.0.1:0" };
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, at, 1));
	CU_ASSERT_STRING_EQUAL(ask_udp(&relay, PORT_TOY, "c:#hello"), "c 1#hello\n");
	/* Its ports accept no other protocol: everything received there is one of its requests. */
	CU_ASSERT_STRING_EQUAL(ask_udp(&relay, PORT_TOY, "c:VF 20050322"), "c 2VF 20050322\n");
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 2);
	relay_close(&relay);
}

static void test_toy_is_distinguished_at_ports_of_other_protocols(void)
{
	static const char *const at[] = { "127.0.0.1:0" };
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, at, 1));
	CU_ASSERT_STRING_EQUAL(ask_udp(&relay, PORT_NG, "1 #hello"), "1 1#hello\n");
	CU_ASSERT_STRING_EQUAL(ask_udp(&relay, PORT_NG, "2 d7:command4:pinge"),
			       "2 d6:result4:ponge");
	CU_ASSERT_STRING_EQUAL(ask_udp(&relay, PORT_NG, "3 V"), "3 20040107\n");
	/* The ports of the rtpproxy protocol accept only that. */
	CU_ASSERT_STRING_EQUAL(ask_udp(&relay, PORT_RTPP, "4 #hello"), "4 E0\n");
	CU_ASSERT_EQUAL(relay.requests, 1);
	relay_close(&relay);
}

static void test_repeated_request_of_toy_is_done_once(void)
{
	static const struct endpoint source = {
		.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
	};
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, 0));
	for (int i = 0; i < 2; i++) {
		struct buf out = BUF_INIT(relay.answer, sizeof(relay.answer));

		ctl_datagram(relay.ctl, &toy, &source, STR("c:#hello"), &out);
		CU_ASSERT(str_eq((struct str){ out.data, out.len }, STR("c 1#hello\n")));
	}
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 1);
	relay_close(&relay);
}

static void test_toy_is_answered_over_a_connection(void)
{
	static const char *const at[] = { TOY_TCP };
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, at, 1));
	CU_ASSERT_STRING_EQUAL(ask(&relay, SOCK_STREAM, 21497, "#hello\n"), "1#hello\n");
	relay_close(&relay);
}

static void test_error_names_the_key(void)
{
	static const char *const at[] = { "nonsense" };
	struct relay relay;

	CU_ASSERT_STRING_EQUAL(relay_open(&relay, at, 1), "listen-toy nonsense: Invalid argument");
	relay_close(&relay);
}

TEST_SUITE(protocol, { "toy is answered over UDP", test_toy_is_answered_over_udp },
	   { "toy is distinguished at ports of other protocols",
	     test_toy_is_distinguished_at_ports_of_other_protocols },
	   { "repeated request of toy is done once", test_repeated_request_of_toy_is_done_once },
	   { "toy is answered over a connection", test_toy_is_answered_over_a_connection },
	   { "error names the key", test_error_names_the_key });
