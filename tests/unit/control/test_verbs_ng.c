/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verbs_ng.c - rtprelayctl asks NG: at --server, or where the daemon listens */
#include <arpa/inet.h>
#include "control_scene.h"
#include "daemon/base/count.h"

struct ng {
	int fd;
	const char *answer;
	char asked[512];
};

static void *ng_run(void *arg)
{
	struct ng *ng = arg;
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	char reply[600];
	ssize_t got = recvfrom(ng->fd, ng->asked, sizeof(ng->asked) - 1, 0,
			       (struct sockaddr *)&peer, &len);
	int n;

	if (got < 17)
		return NULL;
	ng->asked[got] = '\0';
	n = snprintf(reply, sizeof(reply), "%.17s%s", ng->asked, ng->answer);
	sendto(ng->fd, reply, (size_t)n, 0, (struct sockaddr *)&peer, len);
	return NULL;
}

/* One command over NG, with a thread as the daemon. */
static int ask_ng(struct ng *ng, const char *verb, const char *answer)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	pthread_t ng_thread;
	char line[128];
	int status;

	*ng = (struct ng){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), .answer = answer };
	CU_ASSERT_EQUAL_FATAL(bind(ng->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	getsockname(ng->fd, (struct sockaddr *)&addr, &len);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&ng_thread, NULL, ng_run, ng), 0);
	snprintf(line, sizeof(line), "--server=127.0.0.1:%u %s", ntohs(addr.sin_port), verb);
	status = ask(line, END);
	pthread_join(ng_thread, NULL);
	close(ng->fd);
	return status;
}

static void test_server_may_be_an_ipv6_address(void)
{
	CU_ASSERT_EQUAL(ask("--server=[::1]:1 ping", END), EXIT_NO_ANSWER);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: [::1]:1: no program listens there: is "
					   "rtprelayd running?\n");
	CU_ASSERT_EQUAL(ask("--server=2223 ping", END), EXIT_USAGE);
}

/* --server selects NG, where the control socket has a verb of the same name. */
static void test_ng_is_asked_at_the_server(void)
{
	struct ng ng;

	CU_ASSERT_EQUAL(ask_ng(&ng, "terminate c", "d6:result2:oke"), EXIT_OK);
	CU_ASSERT_EQUAL(daemon_.n_asked, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(ng.asked, "7:call-id1:c"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ng.asked, "7:command6:delete"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ng.asked, "12:delete delayi0e"));
	CU_ASSERT_EQUAL(ask_ng(&ng, "list --limit=3", "d5:callsl1:c1:de6:result2:oke"), EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(ng.asked, "5:limiti3e"));
	CU_ASSERT_STRING_EQUAL(printed, "c\nd\n");
	CU_ASSERT_EQUAL(ask_ng(&ng, "ng query c", "d12:error-reason4:none6:result5:errore"),
			EXIT_REFUSED);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: none\n");
	CU_ASSERT_EQUAL(ask_ng(&ng, "list", "d5:callsl5:a\033[2Je6:result2:oke"), EXIT_OK);
	CU_ASSERT_PTR_NULL(strchr(printed, '\033'));
}

/* The address for NG that the control socket names; its verb is not asked again. */
static void test_ng_is_asked_where_the_daemon_listens(void)
{
	static const struct {
		const char *listen, *shown;
	} rows[] = {
		{ "[\"127.0.0.1:1\",\"127.0.0.1:2\"]", "127.0.0.1:1" },
		{ "[\"0.0.0.0:1\"]", "127.0.0.1:1" },
		{ "[\"1\"]", "127.0.0.1:1" },
		{ "[\"[::]:1\"]", "[::1]:1" },
		{ "[\"[::1]:1\"]", "[::1]:1" },
	};
	char answer[200], expected[100];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(answer, sizeof(answer), "{\"type\":\"status\",\"listen-ng\":%s}\n" END,
			 rows[i].listen);
		snprintf(expected, sizeof(expected),
			 "rtprelayctl: %s: no program listens there: is rtprelayd running?\n",
			 rows[i].shown);
		CU_ASSERT_EQUAL(ask("ng ping", answer), EXIT_NO_ANSWER);
		CU_ASSERT_STRING_EQUAL(complained, expected);
		CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"status\"}");
	}
	CU_ASSERT_EQUAL(ask("ping", "{\"type\":\"status\",\"listen-ng\":[]}\n" END), EXIT_REFUSED);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: rtprelayd has no listen-ng, so it takes "
					   "no commands of NG\n");
	CU_ASSERT_EQUAL(ask("--server=127.0.0.1:1 ping", END), EXIT_NO_ANSWER);
	CU_ASSERT_EQUAL(daemon_.n_asked, 0);
}

TEST_SUITE(verbs_ng, { "the server may be an IPv6 address", test_server_may_be_an_ipv6_address },
	   { "NG is asked at the server", test_ng_is_asked_at_the_server },
	   { "NG is asked where the daemon listens", test_ng_is_asked_where_the_daemon_listens });
