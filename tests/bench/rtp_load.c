/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_load.c - phones that send RTP through a relay, and the relay's cost per packet
 *
 *   rtp_load [-s SECONDS] [-c CALLS] [-w WINDOW] -p PID -m ADDRESS PORT    through min_forward
 *   rtp_load [-s SECONDS] [-c CALLS] [-w WINDOW] -p PID ADDRESS PORT       through a relay, by NG
 *   Further: -l ADDRESS -b PORT: address and first port of the phones; -i MS: packet time (20);
 *   -d: delays; -W TOTAL: as WINDOW, for all streams together; -k SECONDS: sends for so long before
 *   it measures; -r: with each packet a report by RTCP, from the next port
 *   -R FILE: the calls are recorded (NG), and FILE gets a line for each packet that a phone sent or
 *   received, for tests/netns/record_sums
 *   -D DEVICE: the phones' device, with the relay at its other end; -M FILE: of busy_meter, and
 *   -K PID: of ksoftirqd, for the cost of all that the relay's processor does
 *
 * Two phones per call, both send G.711 packets of 20 ms (172 bytes). Without WINDOW every 20 ms,
 * evenly distributed in time, and every packet is received and checked. With WINDOW as fast as the
 * relay can: WINDOW packets per stream are on their way at a time; phones then drop received
 * packets, and the number of forwarded packets is taken from the device's counter. CPU time is
 * that of all threads of PID, and with busy_meter that of the kernel, less what it does without
 * media.
 *
 * With -d the delays of packets, too: from before a packet is sent, a time that it carries, until
 * the kernel takes what the relay has sent; when this program reads it does not matter.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "busy_meter.h"
#include "ng_client.h"
#include "proc.h"

#define PACKET	   172 /* 12 bytes of header, 160 of G.711 */
#define REPORT	   8   /* a receiver report without blocks */
#define INTERVAL   20000000
#define DRAIN_NS   1000000
#define WARMUP_NS  5000000000
#define SETTLE_NS  1000000000
#define FULL_NS	   20000
#define REST_NS	   300000000
#define EVENTS_MAX 256

struct stream {
	int fd, rtcp; /* @rtcp: -1, it sends no reports */
	struct sockaddr_in local;
	uint16_t seq;
	uint64_t received; /* of the other phone's packets */
};

struct load {
	struct stream *streams; /* two per call, adjacent */
	unsigned int count;
	int epoll;
	pid_t pid, softirq; /* of the relay; of its processor's ksoftirqd, or 0 */
	double seconds;
	unsigned int window; /* packets on their way, of all streams; 0: in real time */
	unsigned int chunk;  /* of them sent at once */
	const char *device;  /* NULL: loopback, which counts packets to the relay, too */
	const struct busy_meter *meter;
	double keep_s;
	bool timed, reports;
	FILE *log; /* of packets; NULL: none is wanted, and calls are not recorded */
	int64_t interval_ns;
	uint64_t sent;
	uint64_t received;
	uint64_t wrong;
	uint32_t *delays_ns; /* of the first @delays_max received packets; NULL: not wanted */
	size_t delays, delays_max;
};

static uint32_t ssrc_of(unsigned int index)
{
	return 0x5eed0000 + index;
}

/* Of the clock with which the kernel notes when packets come. */
static int64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void report_send(const struct load *load, unsigned int index)
{
	uint32_t ssrc = htonl(ssrc_of(index));
	uint8_t packet[REPORT] = { 0x80, 201, 0, 1 };

	memcpy(packet + 4, &ssrc, sizeof(ssrc));
	(void)!send(load->streams[index].rtcp, packet, sizeof(packet), 0);
}

/* FNV-1a */
static uint64_t sum_of(const uint8_t *data, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ data[i]) * 0x100000001b3;
	return sum;
}

/* @index: who has sent it */
static void note_packet(const struct load *load, char what, unsigned int index,
			const uint8_t *packet)
{
	if (load->log)
		fprintf(load->log, "%c %u %u %016llx\n", what,
			ntohs(load->streams[index].local.sin_port),
			(unsigned int)(packet[2] << 8 | packet[3]),
			(unsigned long long)sum_of(packet, PACKET));
}

static void stream_send(struct load *load, unsigned int index)
{
	struct stream *stream = &load->streams[index];
	uint8_t packet[PACKET] = { 0x80, 0 };
	uint16_t seq = htons(++stream->seq);
	uint32_t timestamp = htonl((uint32_t)(stream->seq * (load->interval_ns / 125000)));
	uint32_t ssrc = htonl(ssrc_of(index));
	int64_t now;

	memcpy(packet + 2, &seq, sizeof(seq));
	memcpy(packet + 4, &timestamp, sizeof(timestamp));
	memcpy(packet + 8, &ssrc, sizeof(ssrc));
	memset(packet + 12, 0xd5, PACKET - 12); /* silence */
	now = real_ns();
	memcpy(packet + 12, &now, sizeof(now));
	note_packet(load, 's', index, packet);
	load->sent += send(stream->fd, packet, PACKET, 0) == PACKET;
	if (stream->rtcp >= 0)
		report_send(load, index);
}

static void note_delay(struct load *load, struct msghdr *msg, const uint8_t *packet)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct timespec ts;
	int64_t sent, delay;

	if (load->delays == load->delays_max || !c || c->cmsg_type != SCM_TIMESTAMPNS)
		return;
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	memcpy(&sent, packet + 12, sizeof(sent));
	delay = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec - sent;
	load->delays_ns[load->delays++] = delay < 0	       ? 0
					  : delay > UINT32_MAX ? UINT32_MAX
							       : (uint32_t)delay;
}

static void stream_receive(struct load *load, unsigned int index)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	uint32_t expected = htonl(ssrc_of(index ^ 1));
	uint8_t packet[2048];
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	ssize_t len;

	for (;;) {
		msg.msg_controllen = sizeof(control);
		len = recvmsg(load->streams[index].fd, &msg, MSG_DONTWAIT);
		if (len <= 0)
			return;
		if (len == PACKET && !memcmp(packet + 8, &expected, sizeof(expected))) {
			load->streams[index].received++;
			load->received++;
			note_delay(load, &msg, packet);
			note_packet(load, 'r', index ^ 1, packet);
		} else {
			load->wrong++;
		}
	}
}

static void drain(struct load *load)
{
	struct epoll_event events[EVENTS_MAX];
	int count;

	do {
		count = epoll_wait(load->epoll, events, EVENTS_MAX, 0);
		for (int i = 0; i < count; i++)
			stream_receive(load, events[i].data.u32);
	} while (count == EVENTS_MAX);
}

static void sleep_until(int64_t at_ns)
{
	struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Waits until all sent packets have arrived, or no more arrive. */
static void settle(struct load *load)
{
	int64_t end = now_ns() + SETTLE_NS;
	uint64_t received = load->received;

	for (drain(load); load->received < load->sent && now_ns() < end; drain(load)) {
		if (load->received != received)
			end = now_ns() + SETTLE_NS;
		received = load->received;
		sleep_until(now_ns() + DRAIN_NS);
	}
}

/* Every phone sends until it has received a packet: the relay has learned all addresses. */
static void warm_up(struct load *load)
{
	int64_t start = now_ns(), at = start;
	unsigned int deaf;

	do {
		for (unsigned int i = 0; i < load->count; i++)
			stream_send(load, i);
		at += load->interval_ns;
		sleep_until(at);
		drain(load);
		deaf = 0;
		for (unsigned int i = 0; i < load->count; i++)
			deaf += !load->streams[i].received;
	} while ((deaf && at - start < WARMUP_NS) || (double)(at - start) < load->keep_s * 1e9);
	settle(load);
	if (deaf)
		errx(1, "%u of %u phones receive nothing", deaf, load->count);
	load->sent = load->received = 0;
}

/* In real time; the load sleeps between packets and is not woken by incoming ones. */
static uint64_t run_paced(struct load *load)
{
	uint64_t total = (uint64_t)(load->seconds * 1e9 / (double)load->interval_ns) * load->count;
	int64_t start = now_ns(), drained = start;

	load->delays_ns = calloc(total, sizeof(*load->delays_ns));
	if (!load->delays_ns)
		err(1, "delays");
	load->delays_max = total;
	for (uint64_t i = 0; i < total; i++) {
		int64_t due = start + (int64_t)i * (load->interval_ns / load->count);

		if (due > now_ns())
			sleep_until(due);
		stream_send(load, (unsigned int)(i % load->count));
		if (now_ns() - drained >= DRAIN_NS) {
			drain(load);
			drained = now_ns();
		}
	}
	settle(load);
	return load->received;
}

static void drop_received(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		err(1, "SO_ATTACH_FILTER");
}

static void drop_all(struct load *load)
{
	for (unsigned int i = 0; i < load->count; i++)
		drop_received(load->streams[i].fd);
}

/* Forwarded packets so far, from any number on. */
static uint64_t packets_of(const struct load *load)
{
	return load->device ? proc_packets(load->device) : proc_packets("lo") - load->sent;
}

/*
 * Sends one packet per stream and round, while the window has room. Packets that are not forwarded
 * within SETTLE_NS count as dropped by the relay.
 */
static uint64_t run_saturated(struct load *load)
{
	int64_t end = now_ns() + (int64_t)(load->seconds * 1e9), progress = now_ns();
	uint64_t base = packets_of(load), forwarded = 0, given_up = 0;
	unsigned int at = 0;

	while (now_ns() < end) {
		uint64_t now_forwarded = packets_of(load) - base;

		if (now_forwarded != forwarded)
			progress = now_ns();
		forwarded = now_forwarded;
		if (now_ns() - progress > SETTLE_NS) {
			given_up = load->sent - forwarded;
			progress = now_ns();
		}
		if (load->sent - forwarded - given_up + load->chunk > load->window) {
			sleep_until(now_ns() + FULL_NS);
			continue;
		}
		for (unsigned int i = 0; i < load->chunk; i++)
			stream_send(load, at++ % load->count);
	}
	for (progress = now_ns(); forwarded < load->sent && now_ns() - progress < SETTLE_NS;) {
		uint64_t now_forwarded = packets_of(load) - base;

		if (now_forwarded != forwarded)
			progress = now_ns();
		forwarded = now_forwarded;
		sleep_until(now_ns() + FULL_NS);
	}
	return forwarded;
}

/* It only sends. */
static int rtcp_open(const struct sockaddr_in *rtp)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in local = *rtp;

	local.sin_port = htons((uint16_t)(ntohs(rtp->sin_port) + 1));
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)))
		err(1, "phone at port %d", ntohs(local.sin_port));
	drop_received(fd);
	return fd;
}

static void streams_open(struct load *load, const char *addr, int port)
{
	int on = 1;

	load->streams = calloc(load->count, sizeof(*load->streams));
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!load->streams || load->epoll < 0)
		err(1, "streams");
	for (unsigned int i = 0; i < load->count; i++) {
		struct stream *stream = &load->streams[i];
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		stream->local.sin_family = AF_INET;
		stream->local.sin_port = htons((uint16_t)(port + (int)i * 2));
		if (inet_pton(AF_INET, addr, &stream->local.sin_addr) != 1)
			errx(2, "%s: not an address", addr);
		stream->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (stream->fd < 0 ||
		    (load->timed &&
		     setsockopt(stream->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on))) ||
		    bind(stream->fd, (struct sockaddr *)&stream->local, sizeof(stream->local)) ||
		    epoll_ctl(load->epoll, EPOLL_CTL_ADD, stream->fd, &event))
			err(1, "phone at port %d", ntohs(stream->local.sin_port));
		stream->rtcp = load->reports ? rtcp_open(&stream->local) : -1;
	}
}

static void stream_connect(struct stream *stream, const struct sockaddr_in *relay, int port)
{
	struct sockaddr_in to = *relay;

	to.sin_port = htons((uint16_t)port);
	if (connect(stream->fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect to port %d", port);
	to.sin_port = htons((uint16_t)(port + 1));
	if (stream->rtcp >= 0 && connect(stream->rtcp, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect to port %d", port + 1);
}

static struct ng_request request_of(struct load *load, enum ng_verb verb, unsigned int call)
{
	static uint64_t commands;
	static uint64_t first_call;

	if (!commands++)
		first_call = (uint64_t)now_ns();
	return (struct ng_request){
		.verb = verb,
		.cookie = first_call + commands,
		.call = first_call + call,
		.record = load->log,
		.phone = load->streams[call * 2 + (verb == NG_ANSWER)].local,
	};
}

static int ask(struct load *load, int fd, enum ng_verb verb, unsigned int call)
{
	struct ng_request request = request_of(load, verb, call);
	int port = ng_ask(fd, &request);

	if (!port)
		errx(1, "call %u of %u cannot be set up or ended", call + 1, load->count / 2);
	return port;
}

/* The relay's port in the offer is the callee's destination, that in the answer the caller's. */
static int calls_begin(struct load *load, const struct sockaddr_in *relay)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)relay, sizeof(*relay)))
		err(1, "control socket");
	for (unsigned int call = 0; call < load->count / 2; call++) {
		stream_connect(&load->streams[call * 2 + 1], relay, ask(load, fd, NG_OFFER, call));
		stream_connect(&load->streams[call * 2], relay, ask(load, fd, NG_ANSWER, call));
	}
	return fd;
}

/* In nanoseconds: CPU time of the relay, of ksoftirqd and of the meter; and the meter's gaps. */
struct costs {
	int64_t at, relay, softirq, meter, gaps;
};

static struct costs costs_so_far(const struct load *load)
{
	struct costs costs = { .at = now_ns(), .relay = proc_cpu_ns(load->pid) };

	if (!load->meter)
		return costs;
	costs.relay = proc_cpu_now_ns(load->pid);
	costs.softirq = proc_cpu_now_ns(load->softirq);
	costs.meter = proc_cpu_now_ns(load->meter->pid);
	costs.gaps = __atomic_load_n(&load->meter->gaps_ns, __ATOMIC_RELAXED);
	return costs;
}

static struct costs costs_since(const struct load *load, const struct costs *before)
{
	struct costs now = costs_so_far(load);

	return (struct costs){ now.at - before->at, now.relay - before->relay,
			       now.softirq - before->softirq, now.meter - before->meter,
			       now.gaps - before->gaps };
}

/*
 * All work but that of other processes: the relay's, the kernel's by its own thread, and that which
 * has interrupted the meter; the latter also stands for what has interrupted others meanwhile.
 */
static double work(const struct costs *costs)
{
	double own = (double)(costs->relay + costs->softirq);
	double interrupts = (double)(costs->meter - (costs->at - costs->gaps));

	return own + interrupts * ((double)costs->at - own) / (double)costs->meter;
}

static struct costs at_rest(const struct load *load)
{
	struct costs before = costs_so_far(load);

	if (load->meter)
		sleep_until(before.at + REST_NS);
	return costs_since(load, &before);
}

/* Of media, for the relay's processor, or of the relay alone. */
static double cost_of(const struct load *load, const struct costs *costs, const struct costs *rest)
{
	if (!load->meter)
		return (double)costs->relay;
	return work(costs) - work(rest) * (double)costs->at / (double)rest->at;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What that share of the packets does not exceed, in microseconds; the delays are sorted. */
static double delay_us(const struct load *load, double share)
{
	return load->delays ? load->delays_ns[(size_t)(share * (double)(load->delays - 1))] / 1e3
			    : 0;
}

static void *must(void *opened, const char *path)
{
	if (!opened)
		err(2, "%s", path);
	return opened;
}

int main(int argc, char **argv)
{
	struct load load = { .count = 100, .seconds = 2, .interval_ns = INTERVAL };
	struct sockaddr_in relay = { .sin_family = AF_INET };
	const char *phones = "198.51.100.10";
	unsigned int per_stream = 0;
	bool minimal = false;
	int port = 20000, control = -1, option;
	struct costs rest, costs;
	uint64_t forwarded;
	double cost;

	while ((option = getopt(argc, argv, "s:c:w:W:k:D:M:K:p:l:b:i:R:dmr")) != -1) {
		if (option == 's')
			load.seconds = atof(optarg);
		else if (option == 'c')
			load.count = (unsigned int)atoi(optarg) * 2;
		else if (option == 'w')
			per_stream = (unsigned int)atoi(optarg);
		else if (option == 'W')
			load.window = (unsigned int)atoi(optarg);
		else if (option == 'k')
			load.keep_s = atof(optarg);
		else if (option == 'K')
			load.softirq = atoi(optarg);
		else if (option == 'D')
			load.device = optarg;
		else if (option == 'M')
			load.meter = must(busy_meter_map(optarg, false), optarg);
		else if (option == 'p')
			load.pid = atoi(optarg);
		else if (option == 'l')
			phones = optarg;
		else if (option == 'b')
			port = atoi(optarg);
		else if (option == 'i')
			load.interval_ns = atoi(optarg) * (INTERVAL / 20);
		else if (option == 'R')
			load.log = must(fopen(optarg, "w"), optarg);
		else if (option == 'd')
			load.timed = true;
		else if (option == 'r')
			load.reports = true;
		else if (option == 'm')
			minimal = true;
		else
			return 2;
	}
	if (argc - optind != 2 || !load.count || !load.pid || load.interval_ns <= 0 ||
	    inet_pton(AF_INET, argv[optind], &relay.sin_addr) != 1)
		errx(2, "usage: rtp_load [-s SECONDS] [-c CALLS] [-w WINDOW] [-i MS] [-dr] -p PID "
			"[-m] "
			"ADDRESS PORT");
	relay.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	load.chunk = per_stream || load.count < load.window / 4 ? load.count : load.window / 4;
	load.window = per_stream ? per_stream * load.count : load.window;
	streams_open(&load, phones, port);
	if (!minimal)
		control = calls_begin(&load, &relay);
	for (unsigned int i = 0; minimal && i < load.count; i++)
		stream_connect(&load.streams[i], &relay, ntohs(relay.sin_port) + (int)i * 2);
	prctl(PR_SET_TIMERSLACK, 1); /* packets leave when they are due */
	warm_up(&load);
	if (load.window)
		drop_all(&load);

	rest = at_rest(&load);
	costs = costs_so_far(&load);
	forwarded = load.window ? run_saturated(&load) : run_paced(&load);
	costs = costs_since(&load, &costs);
	load.seconds = (double)costs.at / 1e9;
	cost = cost_of(&load, &costs, &rest);

	for (unsigned int call = 0; !minimal && call < load.count / 2; call++)
		ask(&load, control, NG_DELETE, call);
	if (load.delays)
		qsort(load.delays_ns, load.delays, sizeof(*load.delays_ns), compare);
	printf("packets=%llu rate=%.0f cpu_ns=%.0f daemon_ns=%.0f busy=%.1f lost=%lld wrong=%llu "
	       "p50_us=%.0f "
	       "p99_us=%.0f p999_us=%.0f max_us=%.0f\n",
	       (unsigned long long)forwarded, (double)forwarded / load.seconds,
	       forwarded ? cost / (double)forwarded : 0,
	       forwarded ? (double)costs.relay / (double)forwarded : 0, cost / 1e7 / load.seconds,
	       (long long)(load.sent - forwarded), (unsigned long long)load.wrong,
	       delay_us(&load, 0.5), delay_us(&load, 0.99), delay_us(&load, 0.999),
	       delay_us(&load, 1));
	free(load.delays_ns);
	if (load.log && fclose(load.log))
		err(1, "the list of packets");
	return !forwarded || load.wrong;
}
