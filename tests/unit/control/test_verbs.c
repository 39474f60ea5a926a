/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_verbs.c - rtprelayctl as a user calls it: what it asks, what it prints, its exit status; a
 * thread takes the daemon's place
 */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdio.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/doctor.h"
#include "control/line.h"
#include "control/verb.h"
#include "control_proto.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"
#include "version.h"

#define MAX_ARGS    16
#define MAX_ANSWERS 3
#define DEADLINE_MS 5000

/* Answers each connection with the next answer, or the last one. */
struct daemon {
	int fd;
	struct sockaddr_un addr;
	const char *answer[MAX_ANSWERS];
	char asked[4096]; /* the last request */
	unsigned int n_asked;
	bool is_watch; /* then: */
	bool waits;    /* without limit for what comes after the answer */
	bool flushes;  /* had printed it all before the connection ended */
};

static struct daemon daemon_;
static char printed[1 << 17], complained[4096];

static socklen_t daemon_len(void)
{
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(daemon_.addr.sun_path) +
			   1);
}

/* The client's socket is in this process: the one whose peer is the daemon's socket. */
static int find_client(void)
{
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_un peer;
		socklen_t len = sizeof(peer);

		if (!getpeername(fd, (struct sockaddr *)&peer, &len) &&
		    peer.sun_family == AF_UNIX && len == daemon_len() &&
		    !strcmp(peer.sun_path, daemon_.addr.sun_path))
			return fd;
	}
	return -1;
}

static bool waits_without_limit(void)
{
	int fd = find_client();

	for (int ms = 0; ms < DEADLINE_MS; ms++) {
		struct timeval limit;
		socklen_t len = sizeof(limit);

		if (!getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &len) && !limit.tv_sec &&
		    !limit.tv_usec)
			return true;
		usleep(1000);
	}
	return false;
}

/* Standard output is a file while rtprelayctl runs. */
static bool prints(const char *part)
{
	char text[1024];

	for (int ms = 0; ms < DEADLINE_MS; ms++) {
		ssize_t got = pread(STDOUT_FILENO, text, sizeof(text) - 1, 0);

		text[got > 0 ? got : 0] = '\0';
		if (strstr(text, part))
			return true;
		usleep(1000);
	}
	return false;
}

static void *daemon_run(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(daemon_.fd, NULL, NULL)) >= 0) {
		ssize_t len = recv(fd, daemon_.asked, sizeof(daemon_.asked) - 1, 0);
		unsigned int nth = daemon_.n_asked++;

		while (nth && (nth >= MAX_ANSWERS || !daemon_.answer[nth]))
			nth--;
		daemon_.asked[len > 0 ? len : 0] = '\0';
		daemon_.asked[strcspn(daemon_.asked, "\n")] = '\0';
		send(fd, daemon_.answer[nth], strlen(daemon_.answer[nth]), MSG_NOSIGNAL);
		if (daemon_.is_watch) {
			daemon_.waits = waits_without_limit();
			daemon_.flushes = prints("events lost");
		}
		close(fd);
	}
	return NULL;
}

struct catcher {
	int target, saved, file;
};

static struct catcher catch_begin(int target)
{
	struct catcher catcher = { target, dup(target), memfd_create("output", MFD_CLOEXEC) };

	CU_ASSERT_FATAL(catcher.saved >= 0 && catcher.file >= 0);
	dup2(catcher.file, target);
	return catcher;
}

static void catch_end(struct catcher *catcher, char *text, size_t size)
{
	ssize_t got;

	dup2(catcher->saved, catcher->target);
	close(catcher->saved);
	got = pread(catcher->file, text, size - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	close(catcher->file);
}

/* As control/main.c */
static int run_line(const char *line)
{
	struct options options = { .socket = daemon_.addr.sun_path,
				   .server = "127.0.0.1:2223",
				   .timeout_s = 5,
				   .interval_s = 1,
				   .limit = -1 };
	char words[512], *argv[MAX_ARGS + 1] = { (char[]){ "rtprelayctl" } }, *rest;
	int argc = 1, option, status = -1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word && argc < MAX_ARGS;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	optind = 0;
	opterr = 0;
	while (status < 0 &&
	       (option = getopt_long(argc, argv, options_short, options_known, NULL)) != -1)
		status = option_take(&options, option);
	return status >= 0 ? status : verb_run(&options, argc - optind, argv + optind);
}

/* Runs rtprelayctl with the words of @line, and catches what it prints. */
static int run(const char *line)
{
	struct catcher out, err;
	int status;

	fflush(stdout);
	fflush(stderr);
	out = catch_begin(STDOUT_FILENO);
	err = catch_begin(STDERR_FILENO);
	status = run_line(line);
	fflush(stdout);
	fflush(stderr);
	catch_end(&err, complained, sizeof(complained));
	catch_end(&out, printed, sizeof(printed));
	return status;
}

static pthread_t thread;

static void daemon_start(void)
{
	static unsigned int nth;

	daemon_ = (struct daemon){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
				   .addr = { .sun_family = AF_UNIX } };
	snprintf(daemon_.addr.sun_path, sizeof(daemon_.addr.sun_path), "/tmp/test_verbs.%d.%u",
		 (int)getpid(), nth++);
	CU_ASSERT_EQUAL_FATAL(bind(daemon_.fd, (struct sockaddr *)&daemon_.addr, daemon_len()), 0);
	CU_ASSERT_EQUAL_FATAL(listen(daemon_.fd, 4), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, daemon_run, NULL), 0);
}

static void daemon_stop(void)
{
	shutdown(daemon_.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(daemon_.fd);
	unlink(daemon_.addr.sun_path);
}

/* One run with one answer. */
static int ask(const char *line, const char *answer)
{
	int status;

	daemon_start();
	daemon_.answer[0] = answer;
	status = run(line);
	daemon_stop();
	return status;
}

/* Blanks in a row, which align columns, become one. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++)
		if (*at != ' ' || (to > text && to[-1] != ' '))
			*to++ = *at;
	*to = '\0';
}

static void expect(const char *part)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, part));
	if (!strstr(printed, part))
		fprintf(stderr, "no '%s' in:\n%s", part, printed);
}

#define END "{\"type\":\"end\",\"count\":1}\n"

/* --- Calls, streams --------------------------------------------------------------------------- */

#define CALL(id, age, packets, lost, jitter, mos, drops, heard)                                    \
	"{\"type\":\"call\",\"call-id\":\"" id "\",\"age\":" age                                   \
	",\"state\":\"answered\",\"path\":\"user\",\"codec\":\"PCMU\",\"from\":\"192.0.2.1:4000\"" \
	",\"to\":\"192.0.2.2:4002\",\"packets\":[" packets "],\"expected\":1000,\"lost\":" lost    \
	",\"jitter-ms\":" jitter mos ",\"drops\":" drops ",\"heard-ago-ms\":" heard "}\n"

#define CALLS                                                                                      \
	CALL("old", "4000", "12345,678", "100", "2.5", "", "2", "[0,4000]")                        \
	CALL("bad", "70", "5,6", "300", "0.5", ",\"mos\":2.1", "9",                                \
	     "[2000,65000],\"one-way\":\"b\"")                                                     \
	CALL("new", "7", "9999,1", "0", "9.5", ",\"mos\":4.3", "0", "[null,70000]")

static void test_calls_have_their_columns(void)
{
	CU_ASSERT_EQUAL(ask("calls", CALLS END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"calls\"}");
	squeeze(printed);
	CU_ASSERT_STRING_EQUAL(
		printed,
		"CALL-ID AGE STATE PATH CODEC CALLER CALLEE FROM A FROM B MOS LOSS JITTER DROPS "
		"HEARD A HEARD B\n"
		"old 1h06m answered user PCMU 192.0.2.1:4000 192.0.2.2:4002 12.3k 678 - 10.0% "
		"2.5ms 2 0s 4s\n"
		"bad 1:10 answered user PCMU 192.0.2.1:4000 192.0.2.2:4002 5 6 2.10 30.0% 0.5ms 9 "
		"2s 1:05\n"
		"new 7s answered user PCMU 192.0.2.1:4000 192.0.2.2:4002 9999 1 4.30 0.0% 9.5ms 0 "
		"never 1:10\n");
	CU_ASSERT_EQUAL(ask("calls --limit=2", CALLS END), EXIT_OK);
	CU_ASSERT(strstr(printed, "bad") && !strstr(printed, "new"));
}

static void test_calls_are_sorted(void)
{
	static const struct {
		const char *sort, *order[3];
	} rows[] = {
		{ "age", { "old", "bad", "new" } },	{ "packets", { "old", "new", "bad" } },
		{ "loss", { "bad", "old", "new" } },	{ "jitter", { "new", "old", "bad" } },
		{ "drops", { "bad", "old", "new" } },	{ "mos", { "bad", "new", "old" } },
		{ "call-id", { "bad", "new", "old" } }, { "heard", { "bad", "new", "old" } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[80];
		const char *at;

		snprintf(line, sizeof(line), "calls --tag=t --sort=%s", rows[i].sort);
		CU_ASSERT_EQUAL(ask(line, CALLS END), EXIT_OK);
		CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"calls\",\"tag\":\"t\"}");
		at = printed;
		for (size_t call = 0; call < 3 && at; call++)
			at = strstr(at, rows[i].order[call]);
		CU_ASSERT_PTR_NOT_NULL(at);
		if (!at)
			fprintf(stderr, "--sort=%s:\n%s", rows[i].sort, printed);
	}
}

static void test_all_of_many_calls_are_sorted(void)
{
	static char answer[600 * 400 + 64];
	size_t len = 0, lines = 0;

	for (int i = 0; i < 600; i++)
		len += (size_t)snprintf(answer + len, sizeof(answer) - len,
					"{\"type\":\"call\",\"call-id\":\"c%d\",\"drops\":%d}\n", i,
					i);
	strcpy(answer + len, END);
	CU_ASSERT_EQUAL(ask("calls --sort=drops", answer), EXIT_OK);
	for (const char *at = printed; (at = strchr(at, '\n')); at++)
		lines++;
	CU_ASSERT_EQUAL(lines, 601);
	CU_ASSERT_EQUAL(strncmp(strchr(printed, '\n'), "\nc599 ", 6), 0);
}

static void test_each_filter_is_sent(void)
{
	CU_ASSERT_EQUAL(ask("streams --call-id=c --tag=t --address=192.0.2.1 --path=user "
			    "--min-age=3 --max-mos=2.5 --one-way",
			    END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked,
			       "{\"v\":1,\"verb\":\"streams\",\"call-id\":\"c\",\"tag\":\"t\","
			       "\"address\":\"192.0.2.1\",\"path\":\"user\",\"min-age\":\"3\","
			       "\"max-mos\":\"2.5\",\"one-way\":\"yes\"}");
}

#define STREAM                                                                                     \
	"\"component\":\"rtp\",\"local\":\"203.0.113.1:30000\",\"signalled\":\"10.0.0.1:4000\","   \
	"\"latched\":\"192.0.2.1:4000\",\"to\":\"192.0.2.9:6000\",\"state\":\"locked\","           \
	"\"rank\":\"near\",\"nat\":\"both\",\"relatched\":2,\"path\":\"user\","                    \
	"\"packets-in\":101,\"bytes-in\":17372,\"packets-out\":55,\"bytes-out\":9460,"             \
	"\"errors-out\":4,\"kernel-packets-in\":0,\"last-in-ms\":7200,"                            \
	"\"drops\":{\"source\":3,\"kind\":5},\"rtp\":{\"ssrc\":255,\"pt\":8,\"expected\":200,"     \
	"\"lost\":20,\"reordered\":1,\"duplicate\":2,\"gaps\":6,\"jitter-ms\":1.5}"

static void test_streams_have_their_columns(void)
{
	CU_ASSERT_EQUAL(ask("streams", "{\"type\":\"stream\",\"call-id\":\"c\",\"side\":\"b\","
				       "\"media\":2," STREAM "}\n" END),
			EXIT_OK);
	squeeze(printed);
	CU_ASSERT_STRING_EQUAL(printed,
			       "CALL-ID SIDE M KIND LOCAL SIGNALLED HEARD LATCH NAT PATH IN OUT "
			       "LOSS JITTER DROPS\n"
			       "c b 2 rtp 203.0.113.1:30000 10.0.0.1:4000 192.0.2.1:4000 locked "
			       "both user 101 55 10.0% 1.5ms 8\n");
}

static void test_call_is_a_tree(void)
{
	CU_ASSERT_EQUAL(
		ask("call c",
		    CALL("c", "70", "1,2", "0", "0", ",\"mos\":4.1", "0",
			 "[0,0]") "{\"type\":\"party\","
				  "\"side\":\"a\",\"tag\":\"t1\",\"interface\":\"pub\","
				  "\"answered\":"
				  "true}\n"
				  "{\"type\":\"media\",\"media\":1,\"kind\":\"audio\",\"protocol\":"
				  "\"RTP/AVP\","
				  "\"codec\":\"PCMA\",\"flags\":[\"blocked\"],\"streams\":[{" STREAM
				  "}]}\n"
				  "{\"type\":\"party\",\"side\":\"b\",\"tag\":\"t2\",\"interface\":"
				  "\"pub\","
				  "\"answered\":false}\n" END),
		EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"call\",\"call-id\":\"c\"}");
	expect("caller, tag t1, interface pub\n");
	expect("callee, tag t2, interface pub (no answer yet)\n");
	expect("  media 1: audio RTP/AVP PCMA, blocked\n");
	expect("signalled 10.0.0.1:4000, accepted 192.0.2.1:4000 "
	       "(NAT: other address and port than signalled)\n");
	expect("times that another source took over: 2");
	expect("in 101 packets, 17372 bytes (0 by the kernel), last 7s ago\n");
	expect("out 55 packets to 192.0.2.9:6000, 4 could not be sent\n");
	expect("20 of 200 lost (10.0%) in 6 gaps, 1 reordered, 2 duplicate, jitter 1.5 ms\n");
	expect("dropped: source 3, kind 5\n");
}

/* A browser signals 0.0.0.0: that differs from each source, and says nothing about a NAT. */
static void test_call_without_signalled_place(void)
{
	CU_ASSERT_EQUAL(ask("call c", "{\"type\":\"media\",\"media\":1,\"streams\":[{"
				      "\"signalled\":\"0.0.0.0:9\","
				      "\"latched\":\"192.0.2.1:4000\"}]}\n" END),
			EXIT_OK);
	expect("signalled 0.0.0.0:9, accepted 192.0.2.1:4000\n");
}

static void test_call_says_which_side_is_not_heard(void)
{
	CU_ASSERT_EQUAL(ask("call c", CALL("c", "70", "1,1", "0", "0", ",\"one-way\":\"b\"", "0",
					   "[20,42000]") END),
			EXIT_OK);
	expect("  one-way: the callee has not been heard for 42s; below");
	CU_ASSERT_EQUAL(ask("call c", CALL("c", "70", "1,0", "0", "0", ",\"one-way\":\"a\"", "0",
					   "[null,20]") END),
			EXIT_OK);
	expect("  one-way: the caller was never heard; below");
	CU_ASSERT_EQUAL(ask("call c", CALL("c", "70", "1,1", "0", "0", "", "0", "[20,20]") END),
			EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(printed, "one-way"));
}

static void test_one_is_not_plural(void)
{
	CU_ASSERT_EQUAL(ask("call c", "{\"type\":\"media\",\"media\":1,\"streams\":[{"
				      "\"packets-in\":1,\"packets-out\":1}]}\n" END),
			EXIT_OK);
	expect("in 1 packet, 0 bytes");
	expect("out 1 packet to -");
}

/* --- The daemon ------------------------------------------------------------------------------- */

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

/* max-load and its like: shown if they are set, and a finding while they refuse calls. */
static void test_limit_that_refuses_calls_is_named(void)
{
	static const char answer[] =
		"{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION "\",\"limits\":["
		"{\"key\":\"max-load\",\"limit\":4.000,\"value\":4.250,\"exceeded\":true},"
		"{\"key\":\"max-bandwidth\",\"limit\":25000000.000,\"value\":24000000.000,"
		"\"exceeded\":false}]}\n" END;

	CU_ASSERT_EQUAL(ask("status", answer), EXIT_OK);
	expect("limit      max-load 4, now 4.25: above, new calls are refused\n"
	       "limit      max-bandwidth 25000000, now 24000000\n");
	ask("doctor", answer);
	expect("note   max-load is 4, now it is 4.25: new calls are refused\n"
	       "       -> proxies use another relay meanwhile; to accept more: rtprelayctl set "
	       "max-load=N, and in rtprelay.conf\n");
	CU_ASSERT_PTR_NULL(strstr(printed, "max-bandwidth"));
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

/* Without a daemon the host is checked all the same, and the first line says what to do. */
static void test_doctor_checks_the_host_without_a_daemon(void)
{
	CU_ASSERT_EQUAL(run("--socket=/nonexistent/socket doctor"), EXIT_REFUSED);
	CU_ASSERT_EQUAL(strncmp(printed, "WRONG  rtprelayd ", 17), 0);
	expect("/nonexistent/socket");
	expect("       -> ");
	expect("default receive buffer of sockets: ");
	expect("nftables: table inet rtprelay is absent\n");
	CU_ASSERT_STRING_EQUAL(complained, "");
}

/* Who is refused learns by which group the socket may be opened. */
static void test_group_of_the_socket_is_named(void)
{
	gid_t gid = geteuid() ? getegid() : 1;
	const struct group *group = getgrgid(gid);
	char path[] = "/tmp/rtprelay-who-XXXXXX", text[320], part[128];
	int fd = mkstemp(path);

	CU_ASSERT_TRUE_FATAL(fd >= 0 && group);
	CU_ASSERT_EQUAL(fchown(fd, (uid_t)-1, gid), 0);
	CU_ASSERT_EQUAL(fchmod(fd, 0660), 0);
	snprintf(part, sizeof(part), "as a member of group %s: usermod -aG %s ", group->gr_name,
		 group->gr_name);
	CU_ASSERT_PTR_NOT_NULL(strstr(line_who_may(path, text, sizeof(text)), part));
	CU_ASSERT_EQUAL(fchmod(fd, 0640), 0);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(line_who_may(path, text, sizeof(text)), "no group may open it"));
	close(fd);
	unlink(path);
}

/* A port that the process with the daemon's number has open is the daemon's. */
static void test_doctor_finds_what_is_wrong(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char answer[1024], part[128];
	unsigned int port;

	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	port = ntohs(addr.sin_port);
	snprintf(answer, sizeof(answer),
		 "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		 "\",\"pid\":%d,\"port-min\":%u,\"port-max\":%u,\"firewall\":\"none\","
		 "\"unheard\":{\"calls\":9,\"last-hour\":3},\"interfaces\":["
		 "{\"name\":\"pub\",\"address\":\"192.0.2.77\",\"pairs\":100,\"free\":5,"
		 "\"used\":20,\"quarantined\":60,\"taken-by-others\":15},"
		 "{\"name\":\"full\",\"address\":\"127.0.0.1\",\"pairs\":100000000,\"free\":0},"
		 "{\"name\":\"home\",\"address\":\"127.0.0.1\",\"pairs\":100,\"free\":0,"
		 "\"mapping\":{\"state\":\"starting\"}},"
		 "{\"name\":\"lo\",\"address\":\"127.0.0.1\",\"port-min\":9,\"port-max\":9,"
		 "\"pairs\":100,\"free\":10}]}\n" END,
		 (int)getpid(), port, port);
	CU_ASSERT_EQUAL(ask("doctor", answer), EXIT_REFUSED);
	close(fd);
	snprintf(part, sizeof(part), "ok     no other program has UDP ports of %u-%u open\n", port,
		 port);
	expect(part);
	expect("ok     no other program has UDP ports of 9-9 open\n");
	expect("note   interface pub (192.0.2.77): 5 of 100 pairs of ports are free; used by "
	       "calls: 20, quarantined (at rest after a call): 60, taken by other programs: 15\n"
	       "       -> they rest after their call: shorten port-quarantine");
	expect("WRONG  interface full (127.0.0.1): 0 of 100000000 pairs of ports are free; used by "
	       "calls: 0, quarantined (at rest after a call): 0, taken by other programs: 0\n"
	       "       -> widen its range of ports (port-min, port-max), or add an interface\n");
	expect("ok     interface lo (127.0.0.1): 10 of 100 pairs of ports are free; ");
	CU_ASSERT_PTR_NULL(strstr(printed, "interface home (127.0.0.1): 0 of 100"));
	expect("note   interface home: the router has not answered yet (port-mapping)\n");
	expect("note   calls of the last hour with media that was refused, from an address that "
	       "neither SDP nor SIP names: 3\n       -> the log names each of them (\"is not "
	       "heard\"). If these are phones: ");
	expect("set latching=first");
	expect("note   the daemon may open ");
	expect("WRONG  192.0.2.77 is not an address of this host\n       -> bring the interface "
	       "up");
}

/* Several names of an address have the same ports, on the same device. */
static void test_doctor_counts_an_address_once(void)
{
	char answer[1024];

	snprintf(answer, sizeof(answer),
		 "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		 "\",\"pid\":%d,\"port-min\":9,\"port-max\":9,\"firewall\":\"none\","
		 "\"calls\":2,\"max-sessions\":2,\"interfaces\":["
		 "{\"name\":\"a\",\"address\":\"127.0.0.1\",\"pairs\":5,\"free\":5},"
		 "{\"name\":\"b\",\"address\":\"127.0.0.1\",\"pairs\":5,\"free\":5},"
		 "{\"name\":\"c\",\"address\":\"127.0.0.1\",\"port-min\":10,\"port-max\":11,"
		 "\"pairs\":1,\"free\":1}]}\n" END,
		 (int)getpid());
	ask("doctor", answer);
	expect(", needed 140\n");
	expect("127.0.0.1 is on lo\n");
	CU_ASSERT_PTR_NULL(strstr(strstr(printed, "127.0.0.1 is on lo") + 1, "127.0.0.1 is on lo"));
	expect("note   2 calls: max-sessions is reached, new calls are refused\n"
	       "       -> for more: rtprelayctl set max-sessions=N\n");
}

/* What fits is ok; an address that is gone and a shared pool are no more ports. */
static void test_doctor_tune_compares_with_the_daemon(void)
{
	static const char answer[] =
		"{\"type\":\"status\",\"pid\":1,\"max-sessions\":400,\"interfaces\":["
		"{\"name\":\"a\",\"address\":\"192.0.2.1\",\"port-min\":30000,\"pairs\":1200},"
		"{\"name\":\"b\",\"address\":\"192.0.2.1\",\"port-min\":30000,\"pairs\":1200},"
		"{\"name\":\"a\",\"address\":\"192.0.2.2\",\"port-min\":30000,\"pairs\":1200,"
		"\"gone\":true}]}\n" END;

	CU_ASSERT_EQUAL(ask("doctor --tune=500", answer), EXIT_OK);
	expect("ok     ports: 2400 are needed, the daemon has 2400\n");
	expect("note   the daemon accepts at most 400 calls\n       -> rtprelay.conf: "
	       "max-sessions\n");
	expect("50000 packets/s take about 0.6 cores on the user path, 0.1 on the kernel path");
	CU_ASSERT_EQUAL(ask("doctor --tune=20000", answer), EXIT_OK);
	expect("note   ports: 96000 are needed, the daemon has 2400\n       -> rtprelay.conf: "
	       "port-min = 16384, port-max = 64383; addresses (interface): 2\n");
	expect("LimitNOFILE=96512");
}

static void test_doctor_tune_needs_no_daemon(void)
{
	CU_ASSERT_EQUAL(run("doctor --tune=5000"), EXIT_OK);
	expect("note   ports: 24000 are needed\n       -> rtprelay.conf: port-min = 30000, "
	       "port-max = 53999; addresses (interface): 1\n");
	expect("note   descriptors: 24512 are needed\n");
	CU_ASSERT_EQUAL(run("doctor --tune=0"), EXIT_USAGE);
	CU_ASSERT_EQUAL(run("doctor --tune=x"), EXIT_USAGE);
}

static void test_records_that_are_lost_are_told(void)
{
	ask("doctor", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"failing\","
		      "\"lost\":3}}\n" END);
	expect("WRONG  records of calls cannot be written to cdr-file /x; lost so far: 3\n");
	ask("doctor", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"ok\","
		      "\"lost\":3}}\n" END);
	expect("note   records of calls were lost, cdr-file /x: 3\n");
	ask("doctor", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"ok\","
		      "\"lost\":0}}\n" END);
	expect("ok     records of calls are written to /x\n");
	ask("status", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"failing\","
		      "\"lost\":3}}\n" END);
	expect("records    of calls in /x: failing, lost 3\n");
}

static void test_state_none_is_told(void)
{
	ask("doctor", "{\"type\":\"status\",\"state\":\"none\",\"state-dir\":\"/s\","
		      "\"journal\":{\"state\":\"off\"}}\n" END);
	expect("note   calls are not saved, because state=none switches state-dir off: they end "
	       "with the daemon\n       -> to save them again: remove state = none ");
	ask("doctor", "{\"type\":\"status\",\"state\":\"none\",\"state-dir\":\"\","
		      "\"journal\":{\"state\":\"off\"}}\n" END);
	expect("ok     calls are not saved, because state=none: they end with the daemon\n");
	ask("status", "{\"type\":\"status\",\"state\":\"none\",\"journal\":{"
		      "\"state\":\"off\"}}\n" END);
	expect("journal    off (state=none), calls restored 0");
}

static void test_ban_that_is_not_saved_is_told(void)
{
	ask("ban 192.0.2.7", "{\"type\":\"unsaved\",\"state\":\"off\"}\n" END);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: the ban ends with the daemon, because "
					   "state-dir is not set\n");
	ask("unban 192.0.2.7", "{\"type\":\"unsaved\",\"state\":\"unreadable\"}\n" END);
	CU_ASSERT_PTR_NOT_NULL(strstr(complained, "the file of bans in state-dir cannot be read;"));
	ask("ban 192.0.2.7", END);
	CU_ASSERT_STRING_EQUAL(complained, "");
}

#define RECORDED(min_free)                                                                         \
	"{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION                                     \
	"\",\"recording\":{\"dir\":\"/\",\"min-free-mib\":" min_free                               \
	",\"failed\":1,\"lost-ring\":2,\"lost-kernel\":3}}\n" END

/* Of the disk of this host: no space is left but for the reserve; or a call fills it in an hour. */
static void test_doctor_sees_that_recordings_fail(void)
{
	CU_ASSERT_EQUAL(ask("doctor", RECORDED("1000000000000")), EXIT_REFUSED);
	expect("WRONG  1 recording ended before the call\n");
	expect("5 packets are missing in recordings\n");
	expect("WRONG  recording-dir / has no more space than recording-min-free");
	CU_ASSERT_EQUAL(ask("doctor", RECORDED("0")), EXIT_REFUSED);
	CU_ASSERT_PTR_NULL(strstr(printed, "recording-dir /"));
	daemon_start();
	daemon_.answer[0] = daemon_.answer[1] = RECORDED("0"); /* the first only tries it */
	daemon_.answer[2] = "{\"type\":\"recording\",\"since\":1,"
			    "\"bytes\":4611686018427387904}\n" END;
	run("doctor");
	daemon_stop();
	expect("recording-dir / is full in ");
}

#define RECORDING_DIR(members)                                                                     \
	"{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION                                     \
	"\",\"recording\":{\"dir\":\"/\",\"min-free-mib\":0" members "}}\n" END

static void test_directory_that_cannot_be_written_is_told(void)
{
	static const char bad[] = RECORDING_DIR(
		",\"usable\":false,\"why-not\":\"recording-dir /: cannot write there: Permission "
		"denied\"");

	CU_ASSERT_EQUAL(ask("doctor", bad), EXIT_REFUSED);
	expect("WRONG  nothing can be recorded: recording-dir /: cannot write there: Permission "
	       "denied\n");
	ask("status", bad);
	expect("nothing can be recorded: recording-dir /: cannot write there: Permission denied\n");
	ask("doctor", RECORDING_DIR(",\"usable\":true"));
	expect("ok     recordings can be written to /\n");
	ask("doctor", RECORDING_DIR("")); /* not known yet */
	CU_ASSERT_PTR_NULL(strstr(printed, "recordings can be"));
	CU_ASSERT_PTR_NULL(strstr(printed, "nothing can be recorded"));
}

static void test_group_that_cannot_be_given_is_wrong(void)
{
	char answer[256];

	snprintf(answer, sizeof(answer),
		 "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		 "\",\"pid\":%d,\"control\":{"
		 "\"group\":\"voip\",\"group-error\":\"Operation not permitted\"}}\n" END,
		 (int)getpid());
	CU_ASSERT_EQUAL(ask("doctor", answer), EXIT_REFUSED);
	expect("WRONG  control-group voip cannot use the control socket: the daemon's user is not "
	       "in the group (Operation not permitted)\n       -> usermod -aG voip ");
	CU_ASSERT_EQUAL(ask("status", answer), EXIT_OK);
	expect("control    group voip cannot be given: Operation not permitted: only root and the "
	       "daemon's user can use rtprelayctl\n");
	ask("doctor", "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		      "\",\"control\":{\"group\":\"voip\"}}\n" END);
	expect("ok     control-group voip may use the control socket\n");
}

static void test_doctor_asks_no_dns_without_a_domain(void)
{
	ask("doctor", "{\"type\":\"status\",\"stun\":{\"listen\":[\"127.0.0.1:9\"],"
		      "\"discovery\":true}}\n" END);
	expect("STUN: 127.0.0.1:9 does not answer ");
	CU_ASSERT_PTR_NULL(strstr(printed, "DNS:"));
}

/* Nobody is heard, and one is refused: that is the proxy. The advice is the whole new value. */
static void test_doctor_names_a_refused_proxy(void)
{
	ask("doctor", "{\"type\":\"status\",\"control-allow\":\"127.0.0.0/8, ::1\","
		      "\"refused-proxies\":[{\"address\":\"192.0.2.9\",\"commands\":7,"
		      "\"last-ago\":3}]}\n" END);
	expect("WRONG  7 commands from 192.0.2.9 not answered, because it is not in "
	       "control-allow; no command was accepted from anywhere\n       -> if it is your "
	       "proxy, set control-allow = 127.0.0.0/8, ::1, 192.0.2.9 and restart rtprelayd\n");
	ask("status", "{\"type\":\"status\",\"control-allow\":\"127.0.0.0/8, ::1\","
		      "\"refused-proxies\":[{\"address\":\"192.0.2.9\",\"commands\":7,"
		      "\"last-ago\":3}]}\n" END);
	expect("commands   accepted from 127.0.0.0/8, ::1\n");
	expect("refused    7 commands from 192.0.2.9, the last 3s ago: it is not in "
	       "control-allow\n");
	expect("if it is your proxy, set control-allow = 127.0.0.0/8, ::1, 192.0.2.9 and restart");
}

static void versions_say(struct module_versions versions, const char *what)
{
	static const struct options options;
	struct doctor doctor = { .options = &options };
	struct catcher out;

	fflush(stdout);
	out = catch_begin(STDOUT_FILENO);
	doctor_versions(&doctor, &versions);
	fflush(stdout);
	catch_end(&out, printed, sizeof(printed));
	CU_ASSERT_STRING_EQUAL(printed, what);
}

#define RELOAD_MODULE                                                                              \
	"\n       -> modprobe -r rtprelay && modprobe rtprelay (calls continue in user space "     \
	"meanwhile)\n"

/* A module of older sources is found also if its version is the same. */
static void test_stale_module_is_found(void)
{
	const char *now = RTPRELAY_VERSION;
	struct module_versions v = { "", "", "", "" };

	versions_say(v, "");
	strcpy(v.loaded, now);
	strcpy(v.file, now);
	versions_say(v, "ok     the loaded module is version " RTPRELAY_VERSION "\n");
	strcpy(v.loaded_source, "ABC");
	versions_say(v, "ok     the loaded module is version " RTPRELAY_VERSION "\n");
	strcpy(v.file_source, "DEF");
	versions_say(v, "note   the loaded module (version " RTPRELAY_VERSION
			", srcversion ABC) is not the installed one (version " RTPRELAY_VERSION
			", srcversion DEF)" RELOAD_MODULE);
	strcpy(v.file_source, "ABC");
	strcpy(v.file, "0.0.9");
	strcpy(v.loaded, "0.0.9");
	versions_say(v, "note   the installed module is version 0.0.9, rtprelayctl is "
			"version " RTPRELAY_VERSION
			"\n       -> make install-module, from the source of "
			"rtprelayctl\nnote   the loaded module is version 0.0.9, rtprelayctl is "
			"version " RTPRELAY_VERSION RELOAD_MODULE);
}

/* --- Errors ----------------------------------------------------------------------------------- */

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
	CU_ASSERT_EQUAL(ask("calls", CALLS), EXIT_NO_ANSWER);
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

/* --- NG --------------------------------------------------------------------------------------- */

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

static void test_debug_of_a_call(void)
{
	CU_ASSERT_EQUAL(ask("set --debug-call=c@d", END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"set\",\"debug-call\":\"c@d\"}");
	CU_ASSERT_EQUAL(ask("call c@d --debug",
			    "{\"type\":\"debug\",\"text\":\"    a=x \\\\x22\\u001b[2J\"}\n"
			    "{\"type\":\"debug\",\"text\":\"  two\"}\n" END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked,
			       "{\"v\":1,\"verb\":\"call\",\"debug\":true,\"call-id\":\"c@d\"}");
	CU_ASSERT_STRING_EQUAL(printed, "    a=x \\x22?[2J\n  two\n");
}

/* --- Recordings ------------------------------------------------------------------------------- */

#define RECORDING(paused, packets, ring, disk)                                                     \
	"{\"type\":\"recording\",\"call-id\":\"one\",\"file\":\"/var/spool/rtprelay/one.pcap\","   \
	"\"since\":1,\"paused\":" paused ",\"packets\":" packets ",\"lost\":{\"ring\":" ring       \
	",\"kernel\":2,\"disk\":" disk "}}\n"

static void test_recordings_are_listed(void)
{
	static const char *const lines[] = { "record", "recordings" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		CU_ASSERT_EQUAL(ask(lines[i], RECORDING("false", "17", "1", "3")
						      RECORDING("true", "0", "0", "0") END),
				EXIT_OK);
		CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"recordings\"}");
		squeeze(printed);
		CU_ASSERT_EQUAL(strncmp(printed, "CALL-ID FOR STATE PACKETS LOST FILE\none ", 40),
				0);
		expect(" records 17 6 /var/spool/rtprelay/one.pcap\n");
		expect(" paused 0 2 /var/spool/rtprelay/one.pcap\n");
	}
}

static void test_status_shows_recording_and_copies(void)
{
	CU_ASSERT_EQUAL(ask("status",
			    "{\"type\":\"status\",\"recording\":{\"dir\":\"/nonexistent/records\","
			    "\"min-free-mib\":1024,\"begun\":7,\"failed\":2,\"lost-ring\":3,"
			    "\"lost-kernel\":4,\"lost-disk\":5},\"copies\":{\"made\":9,\"now\":1,"
			    "\"lines\":2}}\n" END),
			EXIT_OK);
	expect("\nrecording  /nonexistent/records; begun 7, failed 2, packets lost 12\n");
	expect("\ncopies     1 recorder now, 2 lines; so far 9\n");
	CU_ASSERT_EQUAL(ask("status", "{\"type\":\"status\",\"recording\":{\"dir\":\"/\","
				      "\"min-free-mib\":5}}\n" END),
			EXIT_OK);
	expect("\nrecording  /, ");
	expect(" MiB free (at least 5 are kept); begun 0, failed 0, packets lost 0\n");
	CU_ASSERT_PTR_NULL(strstr(printed, "copies "));
}

static void test_record_says_what_it_wants(void)
{
	CU_ASSERT_EQUAL(ask("record one pause", RECORDING("true", "0", "0", "0") END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(
		daemon_.asked,
		"{\"v\":1,\"verb\":\"record\",\"call-id\":\"one\",\"action\":\"pause\"}");
	CU_ASSERT_STRING_EQUAL(printed, "/var/spool/rtprelay/one.pcap (paused)\n");
	CU_ASSERT_EQUAL(ask("record one start", RECORDING("false", "0", "0", "0") END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(printed, "/var/spool/rtprelay/one.pcap\n");
	CU_ASSERT_EQUAL(ask("record one stop",
			    "{\"type\":\"error\",\"code\":\"not-recorded\",\"text\":\"no\"}\n"),
			EXIT_REFUSED);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: no\n");
}

static void test_call_shows_its_recording_and_copies(void)
{
	CU_ASSERT_EQUAL(ask("call one",
			    RECORDING("true", "1", "0",
				      "0") "{\"type\":\"copy\",\"tag\":\"srs\",\"siprec\":true,"
					   "\"paused\":false,\"lines\":["
					   "{\"label\":0,\"kind\":\"audio\",\"of\":\"f\",\"to\":"
					   "\"192.0.2.9:6000\","
					   "\"sends\":true,\"packets\":1,\"errors\":0},"
					   "{\"label\":1,\"kind\":\"audio\",\"of\":\"t\",\"to\":"
					   "\"192.0.2.9:6002\","
					   "\"sends\":false,\"packets\":5,\"errors\":3},"
					   "{\"label\":2,\"kind\":\"audio\",\"of\":\"u\","
					   "\"sends\":false,\"packets\":0,\"errors\":0}]}\n" END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(
		printed,
		"recording, paused: /var/spool/rtprelay/one.pcap, 1 packet, 2 lost\n"
		"copies to recorder srs (SIPREC)\n"
		"  label 0: audio of f, to 192.0.2.9:6000, 1 packet\n"
		"  label 1: audio of t, not sent now to 192.0.2.9:6002, 5 packets, 3 could not be "
		"sent\n"
		"  label 2: audio of u, not sent now, 0 packets\n");
}

/* --- A look into a call ----------------------------------------------------------------------- */

#define LOOKING	    "{\"type\":\"looking\",\"call-id\":\"one\"}\n"
#define PACKET(b64) "{\"type\":\"packet\",\"time-us\":1000002,\"frame\":\"" b64 "\"}\n"

/* Two frames, "abc" and "abcd"; one that is no base64 is left out. */
static void test_pcap_writes_what_it_gets(void)
{
	static const uint32_t head[] = { 0xa1b2c3d4, 0, 0, 0, 65575, 101 };
	static const uint32_t first[] = { 1, 2, 3, 3 }, second[] = { 1, 2, 4, 4 };
	static const uint16_t version[] = { 2, 4 };
	char expected[128], path[] = "/tmp/test_pcap.XXXXXX", line[64];
	int fd = mkstemp(path);

	memcpy(expected, head, 24);
	memcpy(expected + 4, version, 4);
	memcpy(expected + 24, first, 16);
	memcpy(expected + 40, "abc", 3);
	memcpy(expected + 43, second, 16);
	memcpy(expected + 59, "abcd", 4);
	CU_ASSERT_EQUAL(ask("pcap one --rtp-only", LOOKING PACKET("YWJj") PACKET("YW!j")
							   PACKET("YWJjZA==") PACKET("YWJ") END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked,
			       "{\"v\":1,\"verb\":\"pcap\",\"call-id\":\"one\",\"rtp-only\":true}");
	CU_ASSERT_EQUAL(memcmp(printed, expected, 63), 0);
	CU_ASSERT(printed[63] == '\0');
	snprintf(line, sizeof(line), "pcap one -w %s", path);
	CU_ASSERT_EQUAL(
		ask(line, LOOKING PACKET("YWJj") "{\"type\":\"lost\",\"packets\":7}\n" PACKET(
				  "YWJjZA==") END),
		EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"pcap\",\"call-id\":\"one\"}");
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: 7 packets are missing: what reads them is "
					   "too slow\n");
	CU_ASSERT_EQUAL(pread(fd, line, sizeof(line), 0), 63);
	CU_ASSERT_EQUAL(memcmp(line, expected, 63), 0);
	CU_ASSERT_EQUAL(unlink(path) + close(fd), 0);
}

TEST_SUITE(
	verbs, { "calls have their columns", test_calls_have_their_columns },
	{ "calls are sorted", test_calls_are_sorted }, { "debug of a call", test_debug_of_a_call },
	{ "NG is asked where the daemon listens", test_ng_is_asked_where_the_daemon_listens },
	{ "status shows places", test_status_shows_places },
	{ "all of many calls are sorted", test_all_of_many_calls_are_sorted },
	{ "each filter is sent", test_each_filter_is_sent },
	{ "streams have their columns", test_streams_have_their_columns },
	{ "a call is a tree", test_call_is_a_tree },
	{ "recordings are listed", test_recordings_are_listed },
	{ "pcap writes what it gets", test_pcap_writes_what_it_gets },
	{ "status shows recording and copies", test_status_shows_recording_and_copies },
	{ "record says what it wants", test_record_says_what_it_wants },
	{ "a call shows its recording and copies", test_call_shows_its_recording_and_copies },
	{ "call without a signalled place", test_call_without_signalled_place },
	{ "call says which side is not heard", test_call_says_which_side_is_not_heard },
	{ "one is not plural", test_one_is_not_plural },
	{ "status shows the ports of interfaces", test_status_shows_the_ports_of_interfaces },
	{ "limit that refuses calls is named", test_limit_that_refuses_calls_is_named },
	{ "status shows that new calls are refused", test_status_shows_that_new_calls_are_refused },
	{ "stats name each proxy", test_stats_name_each_proxy },
	{ "changes are sent as given", test_changes_are_sent_as_given },
	{ "wrong usage asks nothing", test_wrong_usage_asks_nothing },
	{ "watch prints events and waits for more", test_watch_prints_events_and_waits_for_more },
	{ "a difference has to stay", test_a_difference_has_to_stay },
	{ "a flow that cannot be in the kernel", test_a_flow_that_cannot_be_in_the_kernel },
	{ "doctor --tune compares with the daemon", test_doctor_tune_compares_with_the_daemon },
	{ "doctor --tune needs no daemon", test_doctor_tune_needs_no_daemon },
	{ "doctor finds what is wrong", test_doctor_finds_what_is_wrong },
	{ "doctor counts an address once", test_doctor_counts_an_address_once },
	{ "doctor checks the host without a daemon", test_doctor_checks_the_host_without_a_daemon },
	{ "group of the socket is named", test_group_of_the_socket_is_named },
	{ "records that are lost are told", test_records_that_are_lost_are_told },
	{ "state=none is told", test_state_none_is_told },
	{ "ban that is not saved is told", test_ban_that_is_not_saved_is_told },
	{ "doctor sees that recordings fail", test_doctor_sees_that_recordings_fail },
	{ "a directory that cannot be written is told",
	  test_directory_that_cannot_be_written_is_told },
	{ "a group that cannot be given is wrong", test_group_that_cannot_be_given_is_wrong },
	{ "doctor asks no DNS without a domain", test_doctor_asks_no_dns_without_a_domain },
	{ "doctor names a refused proxy (row 11)", test_doctor_names_a_refused_proxy },
	{ "a stale module is found", test_stale_module_is_found },
	{ "a line that never ends is an error", test_line_that_never_ends_is_an_error },
	{ "errors have their exit status", test_errors_have_their_exit_status },
	{ "a silent daemon is left", test_a_silent_daemon_is_left },
	{ "nothing of the network reaches the terminal",
	  test_nothing_of_the_network_reaches_the_terminal },
	{ "the server may be an IPv6 address", test_server_may_be_an_ipv6_address },
	{ "NG is asked at the server", test_ng_is_asked_at_the_server });
