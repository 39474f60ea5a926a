/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_operator.c - rtprelayctl and /metrics for calls whose media is in the kernel
 *
 * rtprelayctl is the real program, run in the relay's namespace; RTPRELAYCTL in the environment
 * names it.
 */
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"
#include "tests/unit/web/prom_format.h"
#include "tests/unit/test.h"
#include "version.h"

#define A "192.0.2.1:4000"
#define B "198.51.100.1:5000"

#define SOCKET	"/tmp/rtprelay-operator.sock"
#define OPTIONS "--control-socket=" SOCKET " --listen-http=192.0.2.254:2280 --port-max=39999 "
#define SAID	"/tmp/rtprelayctl.said"
#define SEEN	"/tmp/rtprelayctl.seen" /* by a watcher */

/* An emulated machine sets up about fifty in a second; a busy one is slower, but still bounded. */
#define MANY	1000
#define FLOWS	(2 * MANY) /* no RTCP in these calls */
#define OPEN_MS 300000

static struct call calls[MANY];
static int opened;
static char said[4 << 20];

/* --- Asking ----------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	size_t len = 0;

	while (fd >= 0 && len < sizeof(said) - 1 &&
	       (got = read(fd, said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Runs a command in the relay's namespace; its output is in @said. Return: its exit status */
static int run(const char *command)
{
	char line[1024];
	int status;

	snprintf(line, sizeof(line), "ip netns exec relay %s >" SAID " 2>&1", command);
	fflush(stdout);
	status = system(line);
	read_all(SAID);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *program(void)
{
	const char *path = getenv("RTPRELAYCTL");

	return path ? path : "control/rtprelayctl";
}

static int ctl(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int ctl(const char *format, ...)
{
	char command[512];
	int len = snprintf(command, sizeof(command), "%s --socket=" SOCKET " ", program());
	va_list ap;

	va_start(ap, format);
	vsnprintf(command + len, sizeof(command) - (size_t)len, format, ap);
	va_end(ap);
	return run(command);
}

static bool says(const char *text)
{
	if (strstr(said, text))
		return true;
	printf("not said: %s\nbut: %.3000s\n", text, said);
	return false;
}

static int lines(void)
{
	return relay_count(said, "\n");
}

#define TELLS(status, text, ...)                                                                   \
	do {                                                                                       \
		CU_ASSERT_EQUAL(ctl(__VA_ARGS__), status);                                         \
		CU_ASSERT_TRUE(says(text));                                                        \
	} while (0)

/* Repeated until it ends with this status and has this text, or the time is over. */
static bool ends_with(int status, const char *text, const char *verb)
{
	for (int ms = 0; ms < SOON; ms += 200) {
		if (ctl("%s", verb) == status && strstr(said, text))
			return true;
		poll(NULL, 0, 200);
	}
	printf("does not end with status %d; ", status);
	says(text);
	return false;
}

static bool comes_to(const char *text, const char *verb)
{
	return ends_with(0, text, verb);
}

/* --- Watching --------------------------------------------------------------------------------- */

static bool seen(const char *text, int count)
{
	for (int ms = 0; ms < 2 * SOON; ms += 100) {
		read_all(SEEN);
		if (relay_count(said, text) >= count)
			return true;
		poll(NULL, 0, 100);
	}
	printf("not %d times: %s\n", count, text);
	return says(text) && false;
}

static pid_t watcher;

static void watch(void)
{
	fflush(stdout);
	unlink(SEEN);
	watcher = fork();
	CU_ASSERT_FATAL(watcher >= 0);
	if (!watcher) {
		char line[512];

		world_enter("relay");
		snprintf(line, sizeof(line), "exec %s --socket=" SOCKET " watch >" SEEN " 2>&1",
			 program());
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	CU_ASSERT_TRUE_FATAL(seen("watching; ", 1));
}

static void watch_end(void)
{
	int status = 0;

	kill(watcher, SIGTERM);
	waitpid(watcher, &status, 0);
	CU_ASSERT_TRUE(WIFSIGNALED(status)); /* it was still running */
}

/* --- A thousand calls ------------------------------------------------------------------------- */

/*
 * Between the same two phones: a thousand pairs of sockets would cost the emulated machine more
 * than the calls do.
 */
static void open_many(void)
{
	int64_t start_ms = now_ms();
	char id[32];

	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(OPTIONS);
	for (opened = 0; opened < MANY && now_ms() - start_ms < OPEN_MS; opened++) {
		struct call *call = &calls[opened];

		snprintf(id, sizeof(id), "many-%04d", opened);
		if (opened)
			call_open_beside(call, id, &calls[0]);
		else
			call_open(call, id, A, B);
		CU_ASSERT_TRUE(call_first(&call->a, &call->b));
		CU_ASSERT_TRUE(call_pass(&call->b, &call->a));
	}
	printf("operator: %d calls in %lld ms\n", opened, (long long)(now_ms() - start_ms));
	CU_ASSERT_TRUE(relay_flows((uint32_t)opened * 2));
}

/* The media of each call is only in the kernel. */
static void talk_all(void)
{
	uint64_t before = relay_kernel_packets();
	long user = relay_user_packets();
	int silent = 0;

	for (int i = 0; i < opened; i++)
		silent += !call_talk(&calls[i], 1);
	CU_ASSERT_EQUAL(silent, 0);
	CU_ASSERT_EQUAL(relay_kernel_packets() - before, (uint64_t)opened * 2);
	CU_ASSERT_EQUAL(relay_user_packets(), user);
}

static const char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *print(const char *format, ...)
{
	static char text[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return text;
}

static void check_status(void)
{
	TELLS(0, print("calls      %d, ", opened), "status");
	CU_ASSERT_TRUE(says(print("kernel     %d medias, %d streams, ", opened, 2 * opened)));
	CU_ASSERT_TRUE(says("user       0 medias, "));
	CU_ASSERT_TRUE(says("module     available, version " RTPRELAY_VERSION ", flows "));
	CU_ASSERT_TRUE(says("features rtp events family tap no-mux"));
	CU_ASSERT_PTR_NULL(strchr(said, '\033'));
}

static void check_calls(void)
{
	int64_t start_ms = now_ms();

	TELLS(0, "CALL-ID", "calls");
	printf("operator: calls took %lld ms, the start of the program counted\n",
	       (long long)(now_ms() - start_ms));
	CU_ASSERT_EQUAL(lines(), opened + 1);
	CU_ASSERT_EQUAL(relay_count(said, " module "), opened);
	CU_ASSERT_EQUAL(ctl("calls --path=kernel --json"), 0);
	CU_ASSERT_EQUAL(lines(), opened);
	CU_ASSERT_EQUAL(ctl("calls --path=user"), 0);
	CU_ASSERT_EQUAL(lines(), 1);
	CU_ASSERT_EQUAL(ctl("calls --call-id=many-0007 --sort=mos"), 0);
	CU_ASSERT_EQUAL(lines(), 2);
	CU_ASSERT_EQUAL(ctl("calls --address=" A " --sort=packets --limit=5"), 0);
	CU_ASSERT_EQUAL(lines(), 6);
}

static void check_call(void)
{
	TELLS(0, "path module", "call many-0007");
	CU_ASSERT_EQUAL(relay_count(said, "; path module\n"), 2);
	CU_ASSERT_TRUE(says("signalled " A ", accepted " A " (as signalled)"));
	CU_ASSERT_TRUE(says("rank exact"));
	CU_ASSERT_TRUE(says("path user: not latched")); /* its RTCP */
	TELLS(1, "no such call", "call nobody");
}

static void check_lists(void)
{
	TELLS(0, "SIGNALLED", "streams");
	CU_ASSERT_EQUAL(lines(), 4 * opened + 1);
	CU_ASSERT_EQUAL(relay_count(said, " module "), 2 * opened);
	TELLS(0, "daemon.calls_made", "stats");
	CU_ASSERT_TRUE(says("kernel.packets"));
	TELLS(0, print(" flows required, %d in the kernel: the same", 2 * opened), "kernel");
	CU_ASSERT_EQUAL(relay_count(said, "\nok "), 2 * opened);
	TELLS(0, "\"missing\":0,\"different\":0,\"unwanted\":0", "kernel --json");
	CU_ASSERT_EQUAL(relay_count(said, "\"state\":\"ok\""), 2 * opened);
}

static void check_metrics(void)
{
	char *error;

	CU_ASSERT_EQUAL(run("wget -qO- http://192.0.2.254:2280/metrics"), 0);
	error = prom_check(said, NULL);
	CU_ASSERT_PTR_NULL(error);
	if (error)
		printf("metrics: %s\n", error);
	free(error);
	CU_ASSERT_TRUE(says("\nrtprelay_kernel_path_available 1\n"));
	CU_ASSERT_TRUE(says(print("\nrtprelay_kernel_flows %d\n", 2 * opened)));
	CU_ASSERT_TRUE(says(print("\nrtprelay_mediastreams{type=\"kernel\"} %d\n", opened)));
	CU_ASSERT_TRUE(says("\nrtprelay_mediastreams{type=\"userspace\"} 0\n"));
	CU_ASSERT_EQUAL(run("wget -qO- 'http://192.0.2.254:2280/api/calls?path=kernel&limit=20'"),
			0);
	CU_ASSERT_EQUAL(lines(), 21);
	CU_ASSERT_EQUAL(run("wget -qO- http://192.0.2.254:2280/healthz"), 0);
	CU_ASSERT_TRUE(says("ok\n"));
}

static void check_changes(void)
{
	TELLS(0, "", "set --drain=on --log-level=info");
	TELLS(0, "new ones are refused", "status");
	CU_ASSERT_TRUE(says("log level info"));
	TELLS(0, "", "set --drain=off --log-level=debug");
	TELLS(0, "complete", "completion bash");
	TELLS(0, "answered in", "ng --server=192.0.2.254:2223 ping");
}

static void check_doctor(void)
{
	int status = ctl("doctor");

	CU_ASSERT_TRUE(says(print("the module answers, flows: %d", 2 * opened)));
	CU_ASSERT_TRUE(says("the daemon uses the module"));
	CU_ASSERT_TRUE(says("the loaded module is version " RTPRELAY_VERSION));
	CU_ASSERT_TRUE(says("192.0.2.254 is on a0"));
	CU_ASSERT_TRUE(says("nftables"));
	CU_ASSERT_TRUE(says(" wrong, "));
	CU_ASSERT_EQUAL(status, strstr(said, "\nfindings: 0 wrong, ") ? 0 : 1);
}

/* On its own terminal; its output is read until it is complete. */
static void check_top(void)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 100 };
	int terminal, status = 0;
	bool drawn = false;
	size_t len = 0;
	pid_t pid;

	fflush(stdout);
	pid = forkpty(&terminal, NULL, NULL, &size);
	CU_ASSERT_FATAL(pid >= 0);
	if (!pid) {
		char line[512];

		world_enter("relay");
		snprintf(line, sizeof(line), "TERM=linux exec %s --socket=" SOCKET " top",
			 program());
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	for (int ms = 0; ms < 2 * SOON && !drawn; ms += 100) {
		struct pollfd pollfd = { terminal, POLLIN, 0 };
		ssize_t got = poll(&pollfd, 1, 100) == 1
				      ? read(terminal, said + len, sizeof(said) - 1 - len)
				      : 0;

		len += got > 0 ? (size_t)got : 0;
		said[len] = '\0';
		drawn = strstr(said, "PKT/S") && strstr(said, "many-");
	}
	CU_ASSERT_TRUE(drawn);
	CU_ASSERT_TRUE(says(print("calls %d", opened)));
	CU_ASSERT_TRUE(says(print("medias: kernel %d", opened)));
	CU_ASSERT_EQUAL(write(terminal, "q", 1), 1);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
	close(terminal);
}

/* Media of a silenced side goes through the daemon, so the call uses both paths. */
static void check_mixed(void)
{
	relay_ask("\"command\":\"silence media\",\"call-id\":\"many-0003\",\"from-tag\":\"a\"");
	CU_ASSERT_TRUE(relay_flows((uint32_t)opened * 2 - 1));
	CU_ASSERT_TRUE(call_first(&calls[3].b, &calls[3].a));
	CU_ASSERT_EQUAL(ctl("calls --path=mixed"), 0);
	CU_ASSERT_EQUAL(lines(), 2);
	TELLS(0, "path user: silenced by command", "call many-0003");
	TELLS(0, "the same", "kernel");
	relay_ask("\"command\":\"unsilence media\",\"call-id\":\"many-0003\",\"from-tag\":\"a\"");
	CU_ASSERT_TRUE(relay_flows((uint32_t)opened * 2));
}

/* Every event; or, on a machine too slow for them, the number of events that were left out. */
static bool all_ends_seen(void)
{
	for (int ms = 0; ms < 6 * SOON; ms += 200) {
		read_all(SEEN);
		if (relay_count(said, "ended       [many-") == opened ||
		    strstr(said, " events lost: this client read too slowly"))
			return true;
		poll(NULL, 0, 200);
	}
	printf("%d ends were seen\n", relay_count(said, "ended       [many-"));
	return false;
}

static void test_every_verb_works_with_a_thousand_calls(void)
{
	open_many();
	CU_ASSERT_EQUAL(opened, MANY);
	talk_all();
	check_status();
	check_calls();
	check_call();
	check_lists();
	check_metrics();
	check_doctor();
	check_top();
	check_mixed();
	check_changes();
	watch();
	TELLS(0, "", "terminate many-0005");
	CU_ASSERT_TRUE(relay_flows((uint32_t)opened * 2 - 2));
	TELLS(1, "no such call", "terminate many-0005");
	CU_ASSERT_TRUE(seen("ended       [many-0005]: terminated by an operator", 1));
	TELLS(0, "", "terminate --all");
	TELLS(0, "calls      0, ", "status");
	CU_ASSERT_TRUE(all_ends_seen());
	CU_ASSERT_TRUE(relay_flows(0));
	watch_end();
	CU_ASSERT_EQUAL(relay_stop(), 0);
	call_close(&calls[0]);
}

/* --- Differences ------------------------------------------------------------------------------ */

static struct call call;

static bool all_locked(void)
{
	for (int ms = 0; ms < SOON; ms += 200) {
		CU_ASSERT_EQUAL(ctl("call lonely"), 0);
		if (relay_count(said, "latch locked") == 2) /* RTCP never locks */
			return true;
		poll(NULL, 0, 200);
	}
	printf("not locked: %.3000s\n", said);
	return false;
}

static void begin(void)
{
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(OPTIONS);
	call_open(&call, "lonely", A, B);
	call_latch(&call, 4);
	CU_ASSERT_TRUE(all_locked());
	/*
	 * Latching is complete, so the daemon has no reason to send flows to the kernel, once it
	 * has sent those that the end of latching changed.
	 */
	CU_ASSERT_TRUE(comes_to("4 flows required, 4 in the kernel: the same", "kernel"));
}

static void end(uint32_t left)
{
	call_close(&call);
	CU_ASSERT_EQUAL(relay_stop(), 0);
	CU_ASSERT_TRUE(relay_flows(left));
}

/*
 * Latched is shown before the daemon has sent the flow that this changes, so that one may arrive
 * after the kernel's flow was changed by the test, and undo that: then it is changed again.
 */
static bool found_after(bool (*change)(const void *), const void *with, const char *differences)
{
	for (int ms = 0; ms < SOON; ms += 200) {
		if (!change(with))
			return false;
		if (ctl("kernel") == 1 && says(differences))
			return true;
		poll(NULL, 0, 200);
	}
	printf("not \"%s\": %.3000s\n", differences, said);
	return false;
}

static bool deleted(const void *local)
{
	struct nl_state state;

	return nl_get(&relay_nl, local, &state) == -ENOENT || !nl_del(&relay_nl, local, NULL);
}

static bool replaced(const void *flow)
{
	return !nl_add(&relay_nl, flow, NLM_F_REPLACE, NULL);
}

/* The flow of the caller's RTP, as the kernel holds it. */
static void flow_of_caller(struct nl_state *state)
{
	CU_ASSERT_EQUAL_FATAL(nl_get(&relay_nl, call.a.to[0], state), 0);
}

static void test_missing_flow_is_reported(void)
{
	struct nl_state state;

	begin();
	flow_of_caller(&state);
	CU_ASSERT_TRUE(found_after(deleted, state.local,
				   "DIFFERENCES: 1 missing, 0 different, 0 unwanted"));
	CU_ASSERT_EQUAL(relay_count(said, "MISSING"), 1);
	CU_ASSERT_EQUAL(relay_count(said, "\nok "), 3);
	TELLS(1, "\"missing\":1,\"different\":0,\"unwanted\":0", "kernel --json");
	/* Media continues, through the daemon. */
	CU_ASSERT_TRUE(call_talk(&call, 5));
	end(0);
}

static void test_flow_that_no_call_needs_is_reported(void)
{
	const struct nl_flow ours = { .local = "192.0.2.254:39998",
				      .src = "192.0.2.1:9",
				      .out = "198.51.100.254:39998",
				      .dst = "198.51.100.1:9",
				      .kind = RTPRELAY_KIND_RTP };
	struct nl_flow other = ours;

	begin();
	CU_ASSERT_EQUAL(nl_add(&relay_nl, &ours, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_TRUE(ends_with(1, "DIFFERENCES: 0 missing, 0 different, 1 unwanted", "kernel"));
	CU_ASSERT_TRUE(says("UNWANTED  192.0.2.254:39998"));
	CU_ASSERT_EQUAL(nl_del(&relay_nl, ours.local, NULL), 0);
	TELLS(0, "the same", "kernel");
	/* A flow outside of our ports belongs to another daemon. */
	other.local = "192.0.2.254:20000";
	CU_ASSERT_EQUAL(nl_add(&relay_nl, &other, NLM_F_CREATE, NULL), 0);
	TELLS(0, "1 of them outside the daemon's ports: the same", "kernel");
	CU_ASSERT_EQUAL(nl_del(&relay_nl, other.local, NULL), 0);
	end(0);
}

static void test_flow_that_differs_is_reported(void)
{
	struct nl_state state;
	struct nl_flow flow;

	begin();
	flow_of_caller(&state);
	flow = (struct nl_flow){ .local = state.local,
				 .src = state.src,
				 .out = state.out,
				 .dst = "198.51.100.2:666",
				 .kind = state.kind };
	CU_ASSERT_TRUE(
		found_after(replaced, &flow, "DIFFERENCES: 0 missing, 1 different, 0 unwanted"));
	CU_ASSERT_EQUAL(relay_count(said, "198.51.100.2:666"), 1);
	flow.dst = state.dst;
	flow.flags = RTPRELAY_FLOW_DROP; /* the right destination, but dropped */
	CU_ASSERT_TRUE(
		found_after(replaced, &flow, "DIFFERENCES: 0 missing, 1 different, 0 unwanted"));
	flow.flags = 0;
	CU_ASSERT_EQUAL(nl_add(&relay_nl, &flow, NLM_F_REPLACE, NULL), 0);
	TELLS(0, "the same", "kernel");
	end(0);
}

/* --- Events, and an unloaded module ----------------------------------------------------------- */

static void test_watcher_sees_what_the_kernel_does(void)
{
	uint8_t rtp[172];
	int unknown;

	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(OPTIONS);
	watch();
	call_open(&call, "seen", A, B);
	call_latch(&call, 4);
	CU_ASSERT_TRUE(seen("made        [seen]", 1));
	CU_ASSERT_TRUE(seen("latched     [seen]", 4));
	CU_ASSERT_TRUE(seen("in-kernel   [seen]", 4));
	unknown = world_udp("a", "192.0.2.2:4000");
	rtp_make(rtp, sizeof(rtp), 0, 7, 7, 0x6666);
	for (int i = 0; i < 20; i++)
		world_send(unknown, call.a.to[0], rtp, sizeof(rtp));
	CU_ASSERT_TRUE(seen("refused     [seen]", 1));
	/* One or more: the first event may come before the others have arrived. */
	CU_ASSERT_TRUE(says(" refused, source 192.0.2.2:4000"));
	CU_ASSERT_EQUAL(ctl("call seen"), 0);
	CU_ASSERT_TRUE(says("dropped: source 20"));
	close(unknown);
	CU_ASSERT_TRUE(relay_module(false));
	CU_ASSERT_TRUE(seen("kernel-path: user", 1));
	CU_ASSERT_TRUE(seen("in-user     [seen]", 4));
	TELLS(0, "not available: media is relayed in user space", "status");
	TELLS(0, "no kernel path is available", "kernel");
	TELLS(0, "path user: no kernel path is available", "call seen");
	ctl("doctor");
	CU_ASSERT_TRUE(says("rtprelay.ko is not installed"));
	CU_ASSERT_TRUE(call_talk(&call, 3));
	CU_ASSERT_TRUE(relay_module(true));
	CU_ASSERT_TRUE(seen("kernel-path: module", 1));
	CU_ASSERT_TRUE(seen("in-kernel   [seen]", 6));
	CU_ASSERT_TRUE(call_talk(&call, 3));
	watch_end();
	end(0);
}

static void test_watcher_sees_silence(void)
{
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(OPTIONS "--timeout=5 ");
	watch();
	call_open(&call, "silent", A, B);
	call_latch(&call, 4);
	/* Then no phone sends. */
	CU_ASSERT_TRUE(seen("silent      [silent]", 1));
	CU_ASSERT_TRUE(seen("ended       [silent]: no media (timeout)", 1));
	watch_end();
	end(0);
}

TEST_SUITE(operator, { "every verb works with a thousand calls",
		       test_every_verb_works_with_a_thousand_calls },
	   { "a missing flow is reported", test_missing_flow_is_reported },
	   { "a flow that no call needs is reported", test_flow_that_no_call_needs_is_reported },
	   { "a flow that differs is reported", test_flow_that_differs_is_reported },
	   { "a watcher sees what the kernel does", test_watcher_sees_what_the_kernel_does },
	   { "a watcher sees silence", test_watcher_sees_silence });
