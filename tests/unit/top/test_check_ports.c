/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_check_ports.c - a listener that has the port of another one, or one of those for media */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/check_ports.h"
#include "daemon/listeners.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/test.h"

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_FATAL(endpoint_parse(str_of(text), 0, &ep));
	return ep;
}

enum { NG, TCP_NG, RTPPROXY, HTTP, STUN, KEYS };

/* Values of a list, separated by blanks. */
#define ITEMS 4
struct lists {
	char text[KEYS][80];
	char *item[KEYS][ITEMS];
};

static struct conf_list read_list(struct lists *lists, int key, const char *values)
{
	size_t n = 0;
	char *rest;

	snprintf(lists->text[key], sizeof(lists->text[key]), "%s", values ? values : "");
	for (char *value = strtok_r(lists->text[key], " ", &rest); value && n < ITEMS;
	     value = strtok_r(NULL, " ", &rest))
		lists->item[key][n++] = value;
	return (struct conf_list){ lists->item[key], n };
}

static struct conf conf_of(struct lists *lists, const char *const values[KEYS])
{
	return (struct conf){ .listen_ng = read_list(lists, NG, values[NG]),
			      .listen_tcp_ng = read_list(lists, TCP_NG, values[TCP_NG]),
			      .listen_rtpproxy = read_list(lists, RTPPROXY, values[RTPPROXY]),
			      .listen_http = read_list(lists, HTTP, values[HTTP]),
			      .listen_stun = read_list(lists, STUN, values[STUN]) };
}

/* 192.0.2.1, which is 203.0.113.1 outside, and 2001:db8::1 */
#define N_BOUND 2
static void make_media(struct addr_ports *media)
{
	const struct endpoint v6 = endpoint_of("2001:db8::1");

	media[0] = (struct addr_ports){ endpoint_of("192.0.2.1"), 30000, 40000 };
	media[1] = (struct addr_ports){ v6, 20000, 20999 };
	media[2] = (struct addr_ports){ endpoint_of("203.0.113.1"), 30000, 40000 };
	media[3] = media[1];
}

static void test_two_listeners_at_one_port(void)
{
	static const struct {
		const char *values[KEYS];
		const char *error; /* NULL: none */
	} rows[] = {
		{ { [NG] = "127.0.0.1:2223 127.0.0.2:2223 127.0.0.1:2224" }, NULL },
		{ { [NG] = "127.0.0.1:2223 127.0.0.1:2223" },
		  "listen-ng 127.0.0.1:2223: port 2223 is also that of listen-ng 127.0.0.1:2223: "
		  "set another port for one of them" },
		{ { [NG] = "2223", [TCP_NG] = "2223" }, NULL }, /* UDP and TCP */
		{ { [TCP_NG] = "2223", [HTTP] = "127.0.0.1:2223" },
		  "listen-http 127.0.0.1:2223: port 2223 is also that of listen-tcp-ng 2223: set "
		  "another port for one of them" },
		{ { [TCP_NG] = "[::]:80", [HTTP] = "127.0.0.1:80" }, NULL },
		{ { [TCP_NG] = "192.0.2.1:80", [HTTP] = "80" }, NULL }, /* loopback only */
		{ { [TCP_NG] = "[::1]:80", [HTTP] = "80" }, "listen-http 80: port 80 is also" },
		{ { [NG] = "192.0.2.1:9", [RTPPROXY] = "udp:192.0.2.1:9" },
		  "listen-rtpproxy udp:192.0.2.1:9: port 9 is also that of listen-ng 192.0.2.1:9" },
		{ { [NG] = "192.0.2.1:9", [RTPPROXY] = "tcp:192.0.2.1:9 unix:/9 /9" }, NULL },
		{ { [RTPPROXY] = "tcp6:[::1]:9", [HTTP] = "9" }, "listen-http 9: port 9 is also" },
		{ { [STUN] = "192.0.2.1!203.0.113.1", [NG] = "3479" },
		  "listen-stun 192.0.2.1!203.0.113.1: port 3479 is also that of listen-ng 3479" },
		{ { [STUN] = "192.0.2.1", [HTTP] = "192.0.2.1:3478" }, NULL },
	};
	struct addr_ports media[2 * N_BOUND];

	make_media(media);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lists lists;
		struct conf conf = conf_of(&lists, rows[i].values);
		struct log_capture capture;
		unsigned int mistakes;
		char said[1000];

		log_capture_begin(&capture, LOG_LEVEL_ERR);
		mistakes = check_ports(&conf, media, N_BOUND) +
			   check_ports_shared(&conf, media, N_BOUND, LOG_LEVEL_ERR);
		log_capture_end(&capture, said, sizeof(said));
		CU_ASSERT_EQUAL(mistakes, rows[i].error ? 1U : 0U);
		CU_ASSERT(rows[i].error ? strstr(said, rows[i].error) != NULL : !*said);
		if (rows[i].error && !strstr(said, rows[i].error))
			printf("row %zu: %s\n", i, said);
	}
}

/* The daemon starts all the same, unless the firewall would drop what is sent to it: UDP only. */
static void test_listener_at_a_port_for_media(void)
{
	static const struct {
		const char *values[KEYS];
		bool dropped;
		const char *error; /* NULL: none */
	} rows[] = {
		{ { [NG] = "192.0.2.1:29999 192.0.2.1:40001 192.0.2.9:35000" }, false, NULL },
		{ { [NG] = "127.0.0.1:35000", [HTTP] = "35000" }, false, NULL },
		{ { [NG] = "192.0.2.1:30000" },
		  true,
		  "listen-ng 192.0.2.1:30000: port 30000 is among those for media at 192.0.2.1, "
		  "30000-40000, but " },
		{ { [NG] = "40000" }, true, "listen-ng 40000: port 40000 is among those" },
		{ { [NG] = "20500" },
		  true,
		  "listen-ng 20500: port 20500 is among those for media at 2001:db8::1, "
		  "20000-20999, but " },
		{ { [RTPPROXY] = "udp6:[2001:db8::1]:20000" }, true, "listen-rtpproxy udp6:" },
		{ { [RTPPROXY] = "tcp:192.0.2.1:35000" }, false, "listen-rtpproxy tcp:" },
		{ { [TCP_NG] = "35000" }, false, "listen-tcp-ng 35000: port 35000 is among" },
		{ { [HTTP] = "0.0.0.0:35000" }, false, "listen-http 0.0.0.0:35000: port 35000 is" },
		{ { [STUN] = "192.0.2.1:35000" }, false, NULL }, /* stun_check() */
	};
	static const char *const ends[] = {
		"but media is never sent to it: set another port, or port-min and port-max\n",
		"but firewall=pinhole would drop what is sent to it: set another port, or port-min "
		"and port-max\n",
	};
	struct addr_ports media[2 * N_BOUND];

	make_media(media);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int pinhole = 0; pinhole < 2; pinhole++) {
			struct lists lists;
			struct conf conf = conf_of(&lists, rows[i].values);
			bool refused = pinhole && rows[i].dropped;
			unsigned int mistakes, shared;
			struct log_capture capture;
			char said[1000];

			conf.firewall = pinhole ? FIREWALL_PINHOLE : FIREWALL_NOTRACK;
			log_capture_begin(&capture, LOG_LEVEL_WARNING);
			mistakes = check_ports(&conf, media, N_BOUND);
			shared = check_ports_shared(&conf, media, N_BOUND, LOG_LEVEL_WARNING);
			log_capture_end(&capture, said, sizeof(said));
			CU_ASSERT_EQUAL(mistakes, refused && rows[i].error ? 1U : 0U);
			CU_ASSERT_EQUAL(shared, !refused && rows[i].error ? 1U : 0U);
			CU_ASSERT(rows[i].error ? strstr(said, rows[i].error) &&
							  strstr(said, ends[refused])
						: !*said);
			CU_ASSERT(!rows[i].error ||
				  !strncmp(said, refused ? "error: " : "warning: ", 7));
		}
}

static void test_memory_runs_out(void)
{
	static const char *const values[KEYS] = { [NG] = "2223", [STUN] = "192.0.2.1" };
	struct addr_ports media[2 * N_BOUND];
	struct lists lists;
	struct conf conf = conf_of(&lists, values);

	make_media(media);
	ALLOC_FAILS_AT_EACH
	{
		struct listeners listeners;
		int err = listeners_read(&listeners, &conf, media, N_BOUND);

		CU_ASSERT_EQUAL(listeners.n, err ? 0 : 4);
		listeners_free(&listeners);
	}
}

TEST_SUITE(check_ports, { "two listeners at one port", test_two_listeners_at_one_port },
	   { "listener at a port for media", test_listener_at_a_port_for_media },
	   { "memory runs out", test_memory_runs_out });
