/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pause.c - measures pauses in media, while a test makes requests to the relay
 *
 *   pause [-s SECONDS] PHONES ADDRESS PORT RELAY-PID
 *
 * PHONES: the address of both phones of a call; ADDRESS PORT: the relay's NG socket. A phone sends
 * a packet every 5 ms through the relay to another one, and a proxy pings as often. Prints, in
 * milliseconds: the largest gap between packets that arrived, by the kernel's time stamps; the
 * longest time that a packet was on its way; the longest such time without that in which the
 * relay's media threads or this program were ready to run but other programs had the CPU; the
 * maximum and the median time of a ping.
 * Exit status 1: a packet was lost, or a ping was not answered.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/ng_client.h"

#define PACKET	    172
#define HEADER	    12
#define INTERVAL_NS 5000000
#define LATCH_NS    200000000
#define SETTLE_NS   60000000000 /* only where something was lost */
#define PINGS	    65536
#define THREADS	    64

struct watch {
	int phone[2], proxy;
	int waits[THREADS]; /* files with the time that a thread has waited for a CPU */
	unsigned int n_waits;
	uint16_t seq;
	uint64_t sent, received, pings, pongs;
	int64_t last_received_ns, ping_ns;
	int64_t gap_ns, way_ns, held_ns;
	int64_t ping[PINGS];
};

/* The same clock as the kernel's time stamps. */
static int64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void keep_largest(int64_t *largest, int64_t value)
{
	if (value > *largest)
		*largest = value;
}

/* The second number of a file: ns that the thread was ready to run, but did not. */
static int64_t waited_ns(const struct watch *watch)
{
	int64_t sum = 0;

	for (unsigned int i = 0; i < watch->n_waits; i++) {
		char text[64];
		ssize_t len = pread(watch->waits[i], text, sizeof(text) - 1, 0);
		long long ran, waited;

		text[len > 0 ? len : 0] = '\0';
		if (sscanf(text, "%lld %lld", &ran, &waited) != 2)
			errx(1, "no time of waiting: %s", text);
		sum += waited;
	}
	return sum;
}

static void watch_thread(struct watch *watch, const char *dir)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/schedstat", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	if (watch->n_waits == THREADS)
		errx(1, "more than %d threads", THREADS);
	watch->waits[watch->n_waits++] = fd;
}

static bool is_media_thread(const char *dir)
{
	char path[128], name[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/comm", dir);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strcmp(name, "media\n");
}

static void watch_threads(struct watch *watch, const char *pid)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/proc/%d/task/*", atoi(pid));
	if (glob(pattern, 0, NULL, &found))
		errx(1, "no process %s", pid);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (is_media_thread(found.gl_pathv[i]))
			watch_thread(watch, found.gl_pathv[i]);
	globfree(&found);
	if (!watch->n_waits)
		errx(1, "process %s has no media threads", pid);
	watch_thread(watch, "/proc/thread-self");
}

/* At the end of the header of each packet. */
struct left {
	int64_t at_ns, waited_ns;
};

static void send_packet(struct watch *watch)
{
	uint8_t packet[PACKET] = { 0x80, 0 };
	uint32_t timestamp = htonl(++watch->seq * 40u);
	uint16_t seq = htons(watch->seq);
	struct left left;

	memcpy(packet + 2, &seq, sizeof(seq));
	memcpy(packet + 4, &timestamp, sizeof(timestamp));
	packet[8] = 0x5e;
	left = (struct left){ .waited_ns = waited_ns(watch), .at_ns = wall_ns() };
	memcpy(packet + HEADER, &left, sizeof(left));
	if (send(watch->phone[0], packet, sizeof(packet), 0) == sizeof(packet))
		watch->sent++;
}

static bool read_stamp(struct msghdr *msg, int64_t *at)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		struct timespec stamp;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
		*at = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
		return true;
	}
	return false;
}

/* False: no packet is waiting. */
static bool take_packet(struct watch *watch)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	uint8_t packet[2048];
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct left left;
	int64_t at;

	if (recvmsg(watch->phone[1], &msg, MSG_DONTWAIT) != PACKET)
		return false;
	if (!read_stamp(&msg, &at))
		errx(1, "no time stamps");
	memcpy(&left, packet + HEADER, sizeof(left));
	if (watch->received++)
		keep_largest(&watch->gap_ns, at - watch->last_received_ns);
	keep_largest(&watch->way_ns, at - left.at_ns);
	keep_largest(&watch->held_ns, at - left.at_ns - (waited_ns(watch) - left.waited_ns));
	watch->last_received_ns = at;
	return true;
}

/* One at a time, like a proxy that waits for each reply. */
static void ping(struct watch *watch)
{
	char text[64];
	int len;

	if (watch->pings != watch->pongs || watch->pings == PINGS)
		return;
	watch->ping_ns = wall_ns();
	len = snprintf(text, sizeof(text), "p%d_%llu d7:command4:pinge", (int)getpid(),
		       (unsigned long long)watch->pings);
	watch->pings += send(watch->proxy, text, (size_t)len, 0) == len;
}

static void take_pong(struct watch *watch)
{
	char text[256];

	if (recv(watch->proxy, text, sizeof(text), MSG_DONTWAIT) <= 0)
		return;
	watch->ping[watch->pongs++] = wall_ns() - watch->ping_ns;
}

static void listen_until(struct watch *watch, int64_t at)
{
	struct pollfd fds[] = { { watch->phone[1], POLLIN, 0 }, { watch->proxy, POLLIN, 0 } };
	int64_t left;

	while ((left = at - wall_ns()) > 0) {
		const struct timespec patience = { left / 1000000000, left % 1000000000 };

		if (ppoll(fds, 2, &patience, NULL) <= 0)
			continue;
		while (take_packet(watch))
			;
		take_pong(watch);
	}
}

static void run(struct watch *watch, double seconds)
{
	int64_t at = wall_ns(), end = at + (int64_t)(seconds * 1e9);

	while (at < end) {
		send_packet(watch);
		ping(watch);
		at += INTERVAL_NS;
		listen_until(watch, at);
	}
	end = wall_ns() + SETTLE_NS;
	while ((watch->received < watch->sent || watch->pongs < watch->pings) && wall_ns() < end)
		listen_until(watch, wall_ns() + INTERVAL_NS);
}

/* Packets before the relay knows the call and the phone do not count. */
static void latch(struct watch *watch)
{
	for (int64_t end = wall_ns() + SETTLE_NS; !watch->received && wall_ns() < end;) {
		send_packet(watch);
		listen_until(watch, wall_ns() + INTERVAL_NS);
	}
	if (!watch->received)
		errx(1, "no packet arrives through the relay");
	listen_until(watch, wall_ns() + LATCH_NS);
	watch->sent = watch->received = 0;
	watch->gap_ns = watch->way_ns = watch->held_ns = 0;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		errx(2, "%s: not an address", host);
	return addr;
}

static int udp(struct sockaddr_in *local, const struct sockaddr_in *remote)
{
	socklen_t len = sizeof(*local);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)local, sizeof(*local)) ||
	    getsockname(fd, (struct sockaddr *)local, &len) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	    (remote && connect(fd, (const struct sockaddr *)remote, sizeof(*remote))))
		err(1, "socket");
	return fd;
}

static uint16_t signal_phone(int proxy, enum ng_verb verb, const struct sockaddr_in *phone)
{
	const uint64_t call = (uint64_t)getpid() << 20;
	const struct ng_request request = {
		.verb = verb, .cookie = call + (verb == NG_ANSWER), .call = call, .phone = *phone
	};
	uint16_t port = ng_ask(proxy, &request);

	if (!port)
		errx(1, "the call cannot be made");
	return port;
}

static void call(struct watch *watch, const char *phones, struct sockaddr_in relay)
{
	struct sockaddr_in at[2] = { address(phones, "0"), address(phones, "0") };
	struct sockaddr_in any = { .sin_family = AF_INET };

	watch->proxy = udp(&any, &relay);
	watch->phone[0] = udp(&at[0], NULL);
	watch->phone[1] = udp(&at[1], NULL);
	signal_phone(watch->proxy, NG_OFFER, &at[0]);
	relay.sin_port = htons(signal_phone(watch->proxy, NG_ANSWER, &at[1]));
	if (connect(watch->phone[0], (struct sockaddr *)&relay, sizeof(relay)))
		err(1, "connect");
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

int main(int argc, char **argv)
{
	static struct watch watch;
	double seconds = 3;
	int option;

	while ((option = getopt(argc, argv, "s:")) == 's')
		seconds = atof(optarg);
	if (argc - optind != 4)
		errx(2, "usage: pause [-s SECONDS] PHONES ADDRESS PORT RELAY-PID");
	prctl(PR_SET_TIMERSLACK, 1);
	watch_threads(&watch, argv[optind + 3]);
	call(&watch, argv[optind], address(argv[optind + 1], argv[optind + 2]));
	latch(&watch);
	run(&watch, seconds);
	if (!watch.pongs)
		errx(1, "no ping was answered");
	qsort(watch.ping, watch.pongs, sizeof(*watch.ping), by_value);
	printf("packets=%llu lost=%lld gap=%.1f way=%.1f held=%.1f ping=%.1f ping_p50=%.2f\n",
	       (unsigned long long)watch.sent, (long long)(watch.sent - watch.received),
	       ms(watch.gap_ns), ms(watch.way_ns), ms(watch.held_ns),
	       ms(watch.ping[watch.pongs - 1]), ms(watch.ping[watch.pongs / 2]));
	return watch.sent != watch.received || watch.pings != watch.pongs;
}
