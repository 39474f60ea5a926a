/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_load.c - sends a relay as many commands as it can process
 *
 *   ng_load [-r] [-s SECONDS] [-w WINDOW] [-p PID] ADDRESS PORT    offer, answer, delete, ...
 *   ng_load -n CALLS [-w WINDOW] ADDRESS PORT                      sets up calls, deletes none
 *
 * WINDOW calls are active in parallel, each with one command outstanding. As with a proxy's
 * workers, the commands of one call come from different source ports. Every reply must be "ok"; a
 * command that is not answered within a second is sent again with the same cookie. -r: the classic
 * rtpproxy protocol. PID: the relay, whose CPU time is printed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ng_client.h"
#include "proc.h"

#define SOCKETS	    8
#define WINDOW_MAX  1024
#define RESEND_NS   1000000000
#define TRIES	    5
#define LATENCY_MAX 100000 /* in us; longer times count as this */

/* One active call. */
struct slot {
	struct ng_request request;
	int64_t sent_ns;
	int tries; /* 0: no command is outstanding */
};

struct load {
	struct slot slots[WINDOW_MAX];
	struct pollfd sockets[SOCKETS];
	bool rtpproxy;
	unsigned int window;
	uint64_t calls_left; /* to begin; UINT64_MAX: until @end_ns */
	bool keep;	     /* no deletes */
	int64_t end_ns;
	unsigned int outstanding;
	uint64_t next_call;
	uint64_t next_cookie;
	uint64_t done;
	uint64_t resent;
	uint64_t failed;
	uint32_t latency[LATENCY_MAX + 1];
};

static void slot_send(struct load *load, struct slot *slot)
{
	int fd = load->sockets[slot->request.cookie % SOCKETS].fd;
	char text[NG_BYTES];
	size_t len = ng_write(&slot->request, text);

	/* a command that cannot be sent now is repeated like a lost one */
	send(fd, text, len, 0);
	slot->sent_ns = now_ns();
	slot->tries++;
}

/* The remainder of a cookie is the number of its slot. */
static void slot_begin(struct load *load, struct slot *slot, enum ng_verb verb)
{
	size_t index = (size_t)(slot - load->slots);

	slot->request.verb = verb;
	slot->request.cookie = load->next_cookie++ * WINDOW_MAX + index;
	slot->tries = 0;
	load->outstanding++;
	slot_send(load, slot);
}

static void slot_new_call(struct load *load, struct slot *slot)
{
	uint64_t call;

	if (!load->calls_left || now_ns() >= load->end_ns)
		return;
	load->calls_left -= load->calls_left != UINT64_MAX;
	call = load->next_call++;
	slot->request.rtpproxy = load->rtpproxy;
	slot->request.call = call;
	slot->request.phone.sin_family = AF_INET;
	slot->request.phone.sin_addr.s_addr =
		htonl(0xcb007100 | (1 + call % 250)); /* 203.0.113.x */
	slot->request.phone.sin_port = htons((uint16_t)(10000 + call % 20000 * 2));
	slot_begin(load, slot, NG_OFFER);
}

static void slot_next(struct load *load, struct slot *slot)
{
	enum ng_verb verb = slot->request.verb;

	if (verb == NG_OFFER)
		slot_begin(load, slot, NG_ANSWER);
	else if (verb == NG_ANSWER && !load->keep)
		slot_begin(load, slot, NG_DELETE);
	else
		slot_new_call(load, slot);
}

static void reply_take(struct load *load, const char *reply, size_t len)
{
	struct slot *slot;
	uint64_t cookie;
	int64_t us;

	if (!ng_reply_cookie(reply, len, &cookie))
		return;
	slot = &load->slots[cookie % WINDOW_MAX];
	if (!slot->tries || slot->request.cookie != cookie)
		return; /* the second reply to a repeated command */
	us = (now_ns() - slot->sent_ns) / 1000;
	load->latency[us < LATENCY_MAX ? us : LATENCY_MAX]++;
	load->outstanding--;
	slot->tries = 0;
	load->done++;
	if (ng_reply_is_ok(reply, len) &&
	    (slot->request.verb == NG_DELETE || ng_reply_port(reply, len))) {
		slot_next(load, slot);
		return;
	}
	if (!load->failed++)
		fprintf(stderr, "refused: %.*s\n", (int)len, reply);
	slot_new_call(load, slot);
}

static void resend_overdue(struct load *load, int64_t now)
{
	for (unsigned int i = 0; i < load->window; i++) {
		struct slot *slot = &load->slots[i];

		if (!slot->tries || now - slot->sent_ns < RESEND_NS)
			continue;
		if (slot->tries < TRIES) {
			load->resent++;
			slot_send(load, slot);
			continue;
		}
		load->failed++;
		load->outstanding--;
		slot->tries = 0;
	}
}

static void run(struct load *load)
{
	int64_t checked = now_ns();

	for (unsigned int i = 0; i < load->window; i++)
		slot_new_call(load, &load->slots[i]);
	while (load->outstanding) {
		char reply[NG_BYTES];
		int64_t now;

		poll(load->sockets, SOCKETS, 100);
		for (int i = 0; i < SOCKETS; i++) {
			ssize_t len;

			while (load->sockets[i].revents &&
			       (len = recv(load->sockets[i].fd, reply, sizeof(reply),
					   MSG_DONTWAIT)) > 0)
				reply_take(load, reply, (size_t)len);
		}
		now = now_ns();
		if (now - checked >= RESEND_NS / 10) {
			checked = now;
			resend_overdue(load, now);
		}
	}
}

static int sockets_open(struct load *load, const char *addr, const char *port)
{
	struct sockaddr_in relay = { .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, addr, &relay.sin_addr) != 1)
		return -EINVAL;
	for (int i = 0; i < SOCKETS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&relay, sizeof(relay)))
			return -errno;
		load->sockets[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	return 0;
}

/* Milliseconds within which @share of all commands were answered. */
static double latency_ms(const struct load *load, double share)
{
	double sum = 0;
	int us = 0;

	for (; us < LATENCY_MAX; us++) {
		sum += load->latency[us];
		if (sum >= share * (double)load->done)
			break;
	}
	return us / 1000.0;
}

int main(int argc, char **argv)
{
	static struct load load = { .window = 64, .calls_left = UINT64_MAX };
	double seconds = 3;
	int64_t start, cpu;
	pid_t pid = 0;
	int option;

	while ((option = getopt(argc, argv, "rs:w:n:p:")) != -1) {
		if (option == 's')
			seconds = atof(optarg);
		else if (option == 'r')
			load.rtpproxy = true;
		else if (option == 'w')
			load.window = (unsigned int)atoi(optarg);
		else if (option == 'n')
			load.calls_left = strtoull(optarg, NULL, 10);
		else if (option == 'p')
			pid = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 2 || !load.window || load.window > WINDOW_MAX) {
		fprintf(stderr, "usage: ng_load [-r] [-s SECONDS | -n CALLS] [-w WINDOW] [-p PID] "
				"ADDRESS PORT\n");
		return 2;
	}
	load.keep = load.calls_left != UINT64_MAX;
	if (sockets_open(&load, argv[optind], argv[optind + 1])) {
		fprintf(stderr, "ng_load: no socket to %s port %s\n", argv[optind],
			argv[optind + 1]);
		return 1;
	}
	start = now_ns();
	cpu = proc_cpu_ns(pid);
	/* calls and cookies differ from those of earlier runs */
	load.next_call = (uint64_t)start;
	load.next_cookie = (uint64_t)start / WINDOW_MAX;
	load.end_ns = load.keep ? INT64_MAX : start + (int64_t)(seconds * 1e9);
	run(&load);
	cpu = proc_cpu_ns(pid) - cpu;
	seconds = (double)(now_ns() - start) / 1e9;
	printf("commands=%llu rate=%.0f cpu_us=%.2f cpu_rate=%.0f p50_ms=%.2f p99_ms=%.2f "
	       "resent=%llu "
	       "failed=%llu\n",
	       (unsigned long long)load.done, (double)load.done / seconds,
	       load.done ? (double)cpu / 1000 / (double)load.done : 0,
	       cpu ? (double)load.done * 1e9 / (double)cpu : 0, latency_ms(&load, 0.5),
	       latency_ms(&load, 0.99), (unsigned long long)load.resent,
	       (unsigned long long)load.failed);
	return load.failed || !load.done;
}
