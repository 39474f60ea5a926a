/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verbs.c - rtprelayctl: the daemon, its limits and changes; usage, errors and exit status */
#include <errno.h>
#include "control/line.h"
#include "control_proto.h"
#include "control_scene.h"
#include "daemon/base/count.h"

static void test_status_shows_that_new_calls_are_refused(void)
{
	CU_ASSERT_EQUAL(ask("status", "{\"type\":\"status\",\"version\":\"1\",\"calls\":3,"
				      "\"max-sessions\":9,\"drain\":true}\n" END),
			EXIT_OK);
	expect("; at most 9 calls; new ones are refused (drain, until the restart)\n");
	CU_ASSERT_EQUAL(ask("status", "{\"type\":\"status\",\"drain\":false}\n" END), EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(printed, "refused"));
}

/* Those of the interfaces: port-min and port-max may be of none of them. */
static void test_status_shows_the_ports_of_interfaces(void)
{
	CU_ASSERT_EQUAL(ask("status",
			    "{\"type\":\"status\",\"port-min\":30000,\"port-max\":40000,"
			    "\"log-level\":\"info\",\"interfaces\":["
			    "{\"name\":\"a\",\"port-min\":20000,\"port-max\":20999},"
			    "{\"name\":\"b\",\"port-min\":21000,\"port-max\":21999},"
			    "{\"name\":\"c\",\"port-min\":20000,\"port-max\":20999}]}\n" END),
			EXIT_OK);
	expect("ports      20000-20999, 21000-21999, log level info\n");
	CU_ASSERT_EQUAL(ask("status", "{\"type\":\"status\",\"port-min\":30000,\"port-max\":40000,"
				      "\"log-level\":\"info\",\"interfaces\":[]}\n" END),
			EXIT_OK);
	expect("ports      none: no interface has an address, log level info\n");
}

static void test_status_shows_places(void)
{
	CU_ASSERT_EQUAL(ask("status", "{\"type\":\"status\",\"listen-ng\":[\"127.0.0.1:2223\"],"
				      "\"listen-tcp-ng\":[\"127.0.0.1:2224\"],"
				      "\"listen-rtpproxy\":[\"unix:/run/x\",\"tcp:127.0.0.1:1\"],"
				      "\"listen-http\":[\"80\"],\"config\":\"/etc/x.conf\","
				      "\"state-dir\":\"\"}\n" END),
			EXIT_OK);
	expect("\nlisten     NG 127.0.0.1:2223, NG over TCP 127.0.0.1:2224, rtpproxy unix:/run/x, "
	       "tcp:127.0.0.1:1, HTTP 80\n"
	       "files      configuration /etc/x.conf, state-dir -\n");
}

#define COUNTER(of, proxy, name, value)                                                            \
	"{\"type\":\"counter\",\"of\":\"" of "\"" proxy ",\"name\":\"" name "\",\"value\":" value  \
	",\"unit\":\"u\",\"help\":\"h\"}\n"

static void test_stats_name_each_proxy(void)
{
	static const char answer[] = COUNTER("proxy", ",\"proxy\":\"192.0.2.1\"", "offer", "7")
		COUNTER("proxy", ",\"proxy\":\"192.0.2.2\"", "offer", "8")
			COUNTER("daemon", "", "calls_made", "0") END;

	CU_ASSERT_EQUAL(ask("stats", answer), EXIT_OK);
	squeeze(printed);
	CU_ASSERT_STRING_EQUAL(printed, "COUNTER VALUE UNIT HELP\n"
					"proxy.192.0.2.1.offer 7 u h\n"
					"proxy.192.0.2.2.offer 8 u h\n");
	CU_ASSERT_EQUAL(ask("stats --all", answer), EXIT_OK);
	squeeze(printed);
	expect("daemon.calls_made 0 u h\n");
}

static void test_changes_are_sent_as_given(void)
{
	CU_ASSERT_EQUAL(ask("set --log-level=debug --max-sessions=5 --drain=on", END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"set\",\"log-level\":\"debug\","
					      "\"max-sessions\":\"5\",\"drain\":\"on\"}");
	CU_ASSERT_EQUAL(ask("terminate c", END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"terminate\",\"call-id\":\"c\"}");
	CU_ASSERT_EQUAL(ask("terminate --all", END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"terminate\",\"all\":true}");
}

/* The daemon is not asked. */
static void test_wrong_usage_asks_nothing(void)
{
	static const char *const lines[] = {
		"terminate",
		"terminate --all c",
		"terminate c d",
		"call",
		"calls --limit=5k",
		"calls --limit=-1",
		"status more",
		"calls --timeout=0",
		"calls --sort=size",
		"calls --nonsense=1",
		"nonsense",
		"completion tcsh",
		"record one",
		"record one begin",
		"record one stop now",
		"recordings one",
		"pcap",
		"pcap one two",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		CU_ASSERT_EQUAL(ask(lines[i], END), EXIT_USAGE);
		CU_ASSERT_EQUAL(daemon_.n_asked, 0);
		CU_ASSERT_EQUAL(strncmp(complained, "rtprelayctl: ", 13), 0);
	}
}

static void test_watch_prints_events_and_waits_for_more(void)
{
	daemon_start();
	daemon_.is_watch = true;
	daemon_.answer[0] = "{\"type\":\"watching\",\"calls\":3}\n"
			    "{\"type\":\"event\",\"time\":1000000.25,\"event\":\"refused\","
			    "\"call-id\":\"c\",\"side\":\"a\",\"media\":1,\"component\":\"rtp\","
			    "\"local\":\"203.0.113.1:30000\",\"latched\":\"192.0.2.1:4000\","
			    "\"refused\":12,\"refused-source\":\"192.0.2.9:5000\"}\n"
			    "{\"type\":\"event\",\"time\":1000001.5,\"event\":\"kernel-path\","
			    "\"path\":\"bpf\"}\n"
			    "{\"type\":\"lost\",\"events\":17}\n";
	CU_ASSERT_EQUAL(run("watch --timeout=1"), EXIT_NO_ANSWER); /* the daemon has stopped */
	daemon_stop();
	CU_ASSERT_TRUE(daemon_.waits);
	CU_ASSERT_TRUE(daemon_.flushes);
	expect("watching; calls now: 3\n");
	expect(".250 refused     [c] rtp caller m1 at 203.0.113.1:30000, 12 packets refused, "
	       "source 192.0.2.9:5000; accepted source: 192.0.2.1:4000\n");
	expect(".500 kernel-path: bpf\n");
	expect("17 events lost: this client read too slowly\n");
}

#define MODULE                                                                                     \
	"{\"type\":\"module\",\"present\":true,\"off\":false,\"port-min\":30000,\"port-max\":"     \
	"40000}\n"
#define FLOW(more)                                                                                 \
	"{\"type\":\"flow\",\"local\":\"203.0.113.1:30000\",\"call-id\":\"c\",\"kind\":"           \
	"\"rtp\"" more "}\n"

/* The kernel has no flows in the network namespace of the tests. */
static void test_a_difference_has_to_stay(void)
{
	daemon_start();
	daemon_.answer[0] = MODULE FLOW("") END;
	daemon_.answer[1] = MODULE END; /* the call has ended meanwhile */
	CU_ASSERT_EQUAL(run("kernel"), EXIT_OK);
	daemon_stop();
	CU_ASSERT_EQUAL(daemon_.n_asked, 2);
	expect("0 flows required, 0 in the kernel: the same\n");
	CU_ASSERT_EQUAL(ask("kernel", MODULE FLOW(",\"refusal\":\"no memory\"") END), EXIT_REFUSED);
	CU_ASSERT_EQUAL(daemon_.n_asked, 3);
	squeeze(printed);
	expect("\nREFUSED 203.0.113.1:30000 ");
	expect(" c no memory\n"); /* the reason */
	expect("DIFFERENCES: 1 missing, 0 different, 0 unwanted\n");
}

/* BPF cannot take each flow: this is shown with its reason, and nothing is wrong. */
static void test_a_flow_that_cannot_be_in_the_kernel(void)
{
	static const char answer[] =
		MODULE FLOW(",\"refusal\":\"no Ethernet\",\"impossible\":true") END;

	CU_ASSERT_EQUAL(ask("kernel", answer), EXIT_OK);
	CU_ASSERT_EQUAL(daemon_.n_asked, 1);
	squeeze(printed);
	expect("\nuser 203.0.113.1:30000 ");
	expect(" c no Ethernet\n");
	expect("1 flows required, 0 in the kernel, 1 cannot be there: the same\n");
	CU_ASSERT_EQUAL(ask("kernel --json", answer), EXIT_OK);
	expect("\"missing\":0");
	expect("\"impossible\":1");
}

/* What answers is not the daemon, or one of another version. */
static void test_line_that_never_ends_is_an_error(void)
{
	static char line[CONTROL_PROTO_LINE + 2];

	memset(line, 'x', sizeof(line) - 1);
	CU_ASSERT_EQUAL(ask("calls", line), EXIT_NO_ANSWER);
	CU_ASSERT_PTR_NOT_NULL(strstr(complained, strerror(EPROTO)));
}

static void test_errors_have_their_exit_status(void)
{
	CU_ASSERT_EQUAL(ask("calls", "{\"type\":\"error\",\"code\":\"denied\","
				     "\"text\":\"not for you\"}\n"),
			EXIT_REFUSED);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: not for you\n");
	CU_ASSERT_EQUAL(ask("calls", CALL("c", "1", "1,1", "0", "0", "", "0", "[0,0]")),
			EXIT_NO_ANSWER);
	CU_ASSERT_PTR_NOT_NULL(strstr(complained, "incomplete answer"));
	CU_ASSERT_EQUAL(ask("calls", "nonsense\n"), EXIT_NO_ANSWER);
	CU_ASSERT_EQUAL(ask("watch", "{\"type\":\"error\",\"text\":\"no\"}\n"), EXIT_REFUSED);
}

/* Reading and writing have the limit of --timeout. */
static void test_a_silent_daemon_is_left(void)
{
	struct options options = { .timeout_s = 7 };
	struct timeval limit[2] = { { 0, 0 }, { 0, 0 } };
	socklen_t len = sizeof(limit[0]);
	struct line_link *link;

	daemon_start();
	daemon_.answer[0] = "";
	options.socket = daemon_.addr.sun_path;
	link = line_open(&options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(link);
	getsockopt(line_fd(link), SOL_SOCKET, SO_RCVTIMEO, &limit[0], &len);
	getsockopt(line_fd(link), SOL_SOCKET, SO_SNDTIMEO, &limit[1], &len);
	CU_ASSERT_EQUAL(limit[0].tv_sec, 7);
	CU_ASSERT_EQUAL(limit[1].tv_sec, 7);
	line_close(link);
	daemon_stop();
}

#define HOSTILE "a\\u001b[2Jb\\u007fc\\u009bd"

static void test_nothing_of_the_network_reaches_the_terminal(void)
{
	static const char *const lines[] = { "calls", "calls --json" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		CU_ASSERT_EQUAL(
			ask(lines[i], "{\"type\":\"call\",\"call-id\":\"" HOSTILE "\"}\n" END),
			EXIT_OK);
		CU_ASSERT_PTR_NOT_NULL(strstr(printed, "[2Jb"));
		for (const char *at = printed; *at; at++)
			CU_ASSERT((*at >= ' ' && *at < 0x7f) || *at == '\n');
	}
}

TEST_SUITE(verbs,
	   { "status shows that new calls are refused",
	     test_status_shows_that_new_calls_are_refused },
	   { "status shows the ports of interfaces", test_status_shows_the_ports_of_interfaces },
	   { "status shows places", test_status_shows_places },
	   { "stats name each proxy", test_stats_name_each_proxy },
	   { "changes are sent as given", test_changes_are_sent_as_given },
	   { "wrong usage asks nothing", test_wrong_usage_asks_nothing },
	   { "watch prints events and waits for more",
	     test_watch_prints_events_and_waits_for_more },
	   { "a difference has to stay", test_a_difference_has_to_stay },
	   { "a flow that cannot be in the kernel", test_a_flow_that_cannot_be_in_the_kernel },
	   { "a line that never ends is an error", test_line_that_never_ends_is_an_error },
	   { "errors have their exit status", test_errors_have_their_exit_status },
	   { "a silent daemon is left", test_a_silent_daemon_is_left },
	   { "nothing of the network reaches the terminal",
	     test_nothing_of_the_network_reaches_the_terminal });
