/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.c - the daemon in the namespace "relay" of world.h, controlled by NG; calls between phones
 * in "a" and "b"
 */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay.h"
#include "tests/unit/test.h"

#define LOG_FILE  "/tmp/rtprelayd.log"
#define NG_PORT	  "192.0.2.254:2223"
#define TURN_MS	  50
#define ANSWER_MS 20000 /* on a busy machine */
#define START_MS  60000

struct nl relay_nl;

static pid_t daemon_pid;
static int ng_fd = -1;
static unsigned int cookie;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("relay: %s\n", what);
	world_run("cat " LOG_FILE);
	exit(3);
}

static const char *ask_every(int turn_ms, int all_ms, const char *dict);

/* Without keep-alives: a phone of these tests takes the next datagram for media. */
static void become_daemon(const char *options)
{
	const char *program = getenv("RTPRELAYD");
	char command[2048];

	world_enter("relay");
	snprintf(command, sizeof(command),
		 "exec %s --foreground --config=none --kernel=module --interface=left/192.0.2.254 "
		 "--interface=right/198.51.100.254 --interface=right6/2001:db8:b::fe "
		 "--listen-ng=" NG_PORT " --port-min=30000 --port-max=31999 --delete-delay=0 "
		 "--log-level=debug --timeout=3600 --media-keepalive=0 %s >>" LOG_FILE " 2>&1",
		 program ? program : "daemon/rtprelayd", options);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void relay_start(const char *options)
{
	world_ready();
	fflush(stdout);
	daemon_pid = fork();
	must(daemon_pid >= 0, "fork");
	if (!daemon_pid)
		become_daemon(options);
	if (ng_fd < 0)
		ng_fd = world_udp("relay", "192.0.2.254:4444");
	/* Nothing receives the first ones: an emulated daemon takes long to start. */
	must(strstr(ask_every(TURN_MS, START_MS, "\"command\":\"ping\""), "pong"),
	     "the daemon does not answer");
}

int relay_stop(void)
{
	int status = -1;

	relay_signal(SIGTERM);
	must(waitpid(daemon_pid, &status, 0) == daemon_pid, "waitpid");
	daemon_pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void relay_signal(int number)
{
	must(daemon_pid > 0 && !kill(daemon_pid, number), "kill");
	if (number == SIGKILL)
		must(waitpid(daemon_pid, NULL, 0) == daemon_pid, "waitpid");
}

int64_t relay_cpu_us(void)
{
	unsigned long long user = 0, system = 0;
	char path[64], line[1024] = "";
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)daemon_pid);
	file = fopen(path, "r");
	must(file && fgets(line, sizeof(line), file), path);
	fclose(file);
	at = strrchr(line, ')'); /* the name may contain any character */
	must(at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
			  &system) == 2,
	     line);
	return (int64_t)((user + system) * 1000000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

long relay_log_lines(void)
{
	FILE *file = fopen(LOG_FILE, "r");
	long lines = 0;

	must(file, LOG_FILE);
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	return lines;
}

bool relay_module(bool loaded)
{
	if (relay_nl.sock)
		nl_close(&relay_nl);
	memset(&relay_nl, 0, sizeof(relay_nl));
	if (world_run(loaded ? "lsmod | grep -q ^rtprelay || insmod ./rtprelay.ko"
			     : "rmmod rtprelay"))
		return false;
	return !loaded || nl_open(&relay_nl, "relay");
}

/* --- NG --------------------------------------------------------------------------------------- */

/* Sends the request again every @turn_ms. Return: the reply; "" after @all_ms */
static const char *ask_every(int turn_ms, int all_ms, const char *dict)
{
	static char reply[65536];
	char request[8192], want[16];
	int len = snprintf(request, sizeof(request), "%u {%s}", ++cookie, dict);
	size_t prefix = (size_t)snprintf(want, sizeof(want), "%u ", cookie);

	for (int ms = 0; ms < all_ms; ms += turn_ms) {
		struct pollfd pollfd = { ng_fd, POLLIN, 0 };

		world_send(ng_fd, NG_PORT, request, (size_t)len);
		/* What answers an earlier request that was sent twice is left out. */
		while (poll(&pollfd, 1, turn_ms) == 1) {
			ssize_t got = recv(ng_fd, reply, sizeof(reply) - 1, 0);

			reply[got > 0 ? got : 0] = '\0';
			if (!strncmp(reply, want, prefix))
				return reply + prefix;
		}
	}
	return "";
}

const char *relay_ask(const char *format, ...)
{
	char dict[8000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(dict, sizeof(dict), format, ap);
	va_end(ap);
	return ask_every(1000, ANSWER_MS, dict);
}

int relay_count(const char *reply, const char *text)
{
	int count = 0;

	for (; (reply = strstr(reply, text)); reply += strlen(text))
		count++;
	return count;
}

long relay_number(const char *reply, const char *key)
{
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(reply, quoted);
	return at ? strtol(at + strlen(quoted), NULL, 10) : -1;
}

/* --- The module ------------------------------------------------------------------------------- */

bool relay_flows(uint32_t count)
{
	struct nl_state state = { .flows = ~count };

	for (int ms = 0; ms < SOON; ms += TURN_MS) {
		if (!nl_info(&relay_nl, &state) && state.flows == count)
			return true;
		poll(NULL, 0, TURN_MS);
	}
	printf("flows: %u, not %u\n", state.flows, count);
	return false;
}

uint64_t relay_kernel_packets(void)
{
	struct nl_state state = { .flows = 0 };

	nl_info(&relay_nl, &state);
	return state.counters[RTPRELAY_C_PACKETS];
}

long relay_user_packets(void)
{
	return relay_number(relay_ask("\"command\":\"statistics\""), "relayedpackets_user");
}

/* --- Phones ----------------------------------------------------------------------------------- */

static void phone_bind(struct phone *phone, const char *local)
{
	const char *colon = strrchr(local, ':');
	unsigned int port = (unsigned int)strtoul(colon + 1, NULL, 10);

	for (int comp = 0; comp < 2; comp++) {
		snprintf(phone->local[comp], sizeof(phone->local[comp]), "%.*s:%u",
			 (int)(colon - local), local, port + (unsigned int)comp);
		phone->fd[comp] = world_udp(phone->netns, phone->local[comp]);
	}
}

static void phone_unbind(struct phone *phone)
{
	for (int comp = 0; comp < 2; comp++)
		close(phone->fd[comp]);
}

void phone_move(struct phone *phone, const char *local)
{
	phone_unbind(phone);
	phone_bind(phone, local);
}

static void put_sdp(char *sdp, size_t size, const struct phone *phone, const char *attributes)
{
	const char *local = phone->local[0];
	bool ipv6 = local[0] == '[';
	int host = (int)strcspn(local + ipv6, ipv6 ? "]" : ":");

	snprintf(sdp, size,
		 "v=0\\r\\no=- 1 1 IN IP%c %.*s\\r\\ns=-\\r\\nc=IN IP%c %.*s\\r\\nt=0 0\\r\\n"
		 "m=audio %s RTP/AVP 0\\r\\n%s",
		 ipv6 ? '6' : '4', host, local + ipv6, ipv6 ? '6' : '4', host, local + ipv6,
		 strrchr(local, ':') + 1, attributes);
}

/* The media address in the SDP of @reply. */
static void read_sdp(const char *reply, struct phone *phone)
{
	const char *c = strstr(reply, "c=IN IP"), *m = strstr(reply, "m=audio ");
	unsigned int port;
	char host[48];

	must(c && m && sscanf(c + 9, "%47[0-9a-f.:]", host) == 1 && sscanf(m + 8, "%u", &port) == 1,
	     *reply ? reply : "no reply");
	for (int comp = 0; comp < 2; comp++)
		snprintf(phone->to[comp], sizeof(phone->to[comp]),
			 strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port + (unsigned int)comp);
}

const char *call_offer(struct call *call, const char *attributes)
{
	bool ipv6 = call->b.local[0][0] == '[';
	char sdp[1024];

	put_sdp(sdp, sizeof(sdp), &call->a, attributes);
	return relay_ask("\"command\":\"offer\",\"call-id\":\"%s\",\"from-tag\":\"a\","
			 "\"direction\":[\"left\",\"%s\"],%s\"sdp\":\"%s\"",
			 call->id, ipv6 ? "right6" : "right",
			 ipv6 ? "\"address-family\":\"IP6\"," : "", sdp);
}

static void signal_call(struct call *call, const char *attributes)
{
	char sdp[1024];

	read_sdp(call_offer(call, attributes), &call->b);
	put_sdp(sdp, sizeof(sdp), &call->b, attributes);
	read_sdp(relay_ask("\"command\":\"answer\",\"call-id\":\"%s\",\"from-tag\":\"a\","
			   "\"to-tag\":\"b\",\"sdp\":\"%s\"",
			   call->id, sdp),
		 &call->a);
}

void call_open(struct call *call, const char *id, const char *a, const char *b)
{
	call_open_as(call, id, a, b, "");
}

void call_open_as(struct call *call, const char *id, const char *a, const char *b,
		  const char *attributes)
{
	memset(call, 0, sizeof(*call));
	snprintf(call->id, sizeof(call->id), "%s", id);
	call->a = (struct phone){ .netns = "a", .ssrc = 0xaaaa, .seq = 65500 };
	call->b = (struct phone){ .netns = "b", .ssrc = 0xbbbb, .seq = 1000 };
	phone_bind(&call->a, a);
	phone_bind(&call->b, b);
	signal_call(call, attributes);
}

void call_open_beside(struct call *call, const char *id, struct call *other)
{
	other->a.shared = other->b.shared = true;
	*call = *other;
	snprintf(call->id, sizeof(call->id), "%s", id);
	signal_call(call, "");
}

void call_close(struct call *call)
{
	phone_unbind(&call->a);
	phone_unbind(&call->b);
}

static size_t send_rtp(struct phone *from, uint8_t bytes[172])
{
	size_t len = rtp_make(bytes, 172, 0, from->seq, from->seq * 160U, from->ssrc);

	from->seq++;
	from->sent++;
	world_send(from->fd[0], from->to[0], bytes, len);
	return len;
}

static bool is_it(const struct packet *packet, const uint8_t *bytes, size_t len, const char *from)
{
	return packet->len == len && !memcmp(packet->bytes, bytes, len) &&
	       !strcmp(packet->from, from);
}

/* Is it the packet that was sent, from the address that the phone sends to? */
static bool is_same(const struct packet *packet, const uint8_t *bytes, size_t len, const char *from)
{
	if (is_it(packet, bytes, len, from))
		return true;
	printf("received: %zu bytes from %s, not %zu from %s\n", packet->len, packet->from, len,
	       from);
	return false;
}

/*
 * The next packet; at a shared socket the next that is the expected one, as others may come late.
 * False: no packet
 */
static bool next_packet(struct phone *to, struct packet *packet, const uint8_t *bytes, size_t len,
			int ms)
{
	while (world_receive(to->fd[0], packet, ms))
		if (!to->shared || is_it(packet, bytes, len, to->to[0]))
			return true;
	return false;
}

bool call_pass(struct phone *from, struct phone *to)
{
	struct packet packet;
	uint8_t bytes[172];
	size_t len = send_rtp(from, bytes);

	if (next_packet(to, &packet, bytes, len, SOON))
		return is_same(&packet, bytes, len, to->to[0]);
	printf("nothing received: sent from %s to %s\n", from->local[0], from->to[0]);
	return false;
}

bool call_lost(struct phone *from, struct phone *to)
{
	struct packet packet;
	uint8_t bytes[172];

	send_rtp(from, bytes);
	return !world_receive(to->fd[0], &packet, NEVER);
}

bool call_pass_rtcp(struct phone *from, struct phone *to)
{
	uint8_t bytes[8] = { 0x80, 201, 0, 1 };
	struct packet packet;

	bytes[6] = (uint8_t)(from->ssrc >> 8);
	bytes[7] = (uint8_t)from->ssrc;
	world_send(from->fd[1], from->to[1], bytes, sizeof(bytes));
	return world_receive(to->fd[1], &packet, SOON) && packet.len == sizeof(bytes) &&
	       !memcmp(packet.bytes, bytes, sizeof(bytes));
}

bool call_talk(struct call *call, int count)
{
	for (int i = 0; i < count; i++)
		if (!call_pass(&call->a, &call->b) || !call_pass(&call->b, &call->a))
			return false;
	return true;
}

bool call_first(struct phone *from, struct phone *to)
{
	struct packet packet;
	uint8_t bytes[172];
	size_t len;

	for (int i = 0; i < 10; i++) {
		len = send_rtp(from, bytes);
		if (next_packet(to, &packet, bytes, len, SOON / 10))
			return is_same(&packet, bytes, len, to->to[0]);
	}
	return false;
}

void call_latch(struct call *call, uint32_t flows)
{
	CU_ASSERT_TRUE(call_first(&call->a, &call->b));
	CU_ASSERT_TRUE(call_pass(&call->b, &call->a));
	CU_ASSERT_TRUE(call_pass_rtcp(&call->a, &call->b));
	CU_ASSERT_TRUE(call_pass_rtcp(&call->b, &call->a));
	CU_ASSERT_TRUE(relay_flows(flows));
}
