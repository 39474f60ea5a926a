/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * webrtc_load.c - browsers that call plain phones: how long until they are heard, and what it costs
 *
 *   webrtc_load [-l ADDRESS] [-w WINDOW] -n CALLS ADDRESS PORT
 *       so many calls, which stay in the relay; WINDOW (1) of them begin at a time
 *   webrtc_load [-l ADDRESS] -r RATE -s SECONDS ADDRESS PORT
 *       RATE calls begin in a second; each is deleted as soon as it is heard
 *
 * Each call is answered at once. It is heard when the phone has got the first packet of media,
 * decrypted; the browser sends one every 20 ms as soon as it has keys. Prints "calls=N rate=N
 * p50_ms=N p99_ms=N failed=N", from the offer until then. Status 1: a call has failed, or was not
 * heard within ten seconds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "browser.h"
#include "daemon/base/count.h"
#include "ng_client.h"
#include "proc.h"

#define CALLS_MAX 20000
#define STEP_NS	  2000000
#define PATIENCE  10000000000
#define TIMES_MAX 100000

struct load {
	int ng, epoll;
	const char *local;
	struct dtls_cert *cert;
	struct browser *calls[CALLS_MAX];
	unsigned int n, kept, active, window; /* the first @kept of @n are done */
	double rate;
	int64_t began_ns, ends_ns, stepped_ns;
	uint64_t begun, left, heard, failed, cookie, first_call;
	float times_ms[TIMES_MAX];
};

/* Asks and waits. Return: length of the reply; 0: refused, or no answer */
static size_t ask(struct load *load, const char *command, size_t len, char *reply)
{
	char text[NG_BYTES];
	int head = snprintf(text, sizeof(text), "bench_%llu ", (unsigned long long)++load->cookie);
	struct pollfd ready = { .fd = load->ng, .events = POLLIN };
	uint64_t got;

	if (!len || (size_t)head + len > sizeof(text))
		errx(1, "a command is too long");
	memcpy(text + head, command, len);
	for (int tries = 0; tries < 5; tries++) {
		(void)!send(load->ng, text, (size_t)head + len, 0);
		while (poll(&ready, 1, 1000) == 1) {
			ssize_t n = recv(load->ng, reply, NG_BYTES, 0);

			if (n > 0 && ng_reply_cookie(reply, (size_t)n, &got) && got == load->cookie)
				return ng_reply_is_ok(reply, (size_t)n) ? (size_t)n : 0;
		}
	}
	return 0;
}

static void watch(struct load *load, int fd, struct browser *call)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = call };

	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll_ctl");
}

static void begin(struct load *load)
{
	char command[NG_BYTES], reply[NG_BYTES];
	struct browser *call = malloc(sizeof(*call));
	size_t len;

	if (!call || load->n == CALLS_MAX)
		errx(1, "no room for another call");
	if (!browser_open(call, load->local, load->cert, load->first_call + load->begun++))
		err(1, "no browser at %s", load->local);
	load->calls[load->n++] = call;
	load->active++;
	watch(load, call->fd, call);
	watch(load, call->phone, call);
	len = browser_offer(call, load->cert, command, sizeof(command));
	if (!ask(load, command, len, reply)) {
		call->failed = "the offer was refused";
		return;
	}
	len = browser_answer(call, command, sizeof(command));
	len = ask(load, command, len, reply);
	if (len)
		browser_take(call, reply, len);
	else
		call->failed = "the answer was refused";
}

static bool is_over(struct load *load, struct browser *call, int64_t now)
{
	if (!call->failed && !call->heard_ns && now - call->began_ns > PATIENCE)
		call->failed = "the phone has heard nothing";
	if (call->failed) {
		if (!load->failed++)
			fprintf(stderr, "call %llu: %s\n", (unsigned long long)call->call,
				call->failed);
		return true;
	}
	if (!call->heard_ns)
		return false;
	if (load->heard < TIMES_MAX)
		load->times_ms[load->heard] = (float)(call->heard_ns - call->began_ns) / 1e6F;
	load->heard++;
	return true;
}

static void end(struct load *load, unsigned int at)
{
	struct browser *call = load->calls[at];
	char command[NG_BYTES], reply[NG_BYTES];

	load->active--;
	if (load->rate > 0)
		ask(load, command, browser_delete(call, command, sizeof(command)), reply);
	browser_close(call);
	free(call);
	load->calls[at] = load->calls[--load->n];
}

/* It stays in the relay, and answers checks of consent; its ports are no other call's. */
static void keep(struct load *load, unsigned int at)
{
	struct browser *call = load->calls[at];

	load->active--;
	browser_rest(call);
	load->calls[at] = load->calls[load->kept];
	load->calls[load->kept++] = call;
}

static void look(struct load *load)
{
	int64_t now = now_ns();

	if (now - load->stepped_ns < STEP_NS)
		return;
	load->stepped_ns = now;
	for (unsigned int i = load->n; i-- > load->kept;) {
		struct browser *call = load->calls[i];

		browser_step(call);
		if (!is_over(load, call, now))
			continue;
		if (load->rate > 0 || call->failed)
			end(load, i);
		else
			keep(load, i++);
	}
}

static bool may_begin(const struct load *load)
{
	int64_t now = now_ns();

	if (load->rate > 0)
		return now < load->ends_ns &&
		       (double)load->begun < (double)(now - load->began_ns) * load->rate / 1e9;
	return load->left > load->begun && load->active < load->window;
}

static bool goes_on(const struct load *load)
{
	return load->active ||
	       (load->rate > 0 ? now_ns() < load->ends_ns : load->begun < load->left);
}

static void run(struct load *load)
{
	struct epoll_event events[64];

	while (goes_on(load)) {
		int n;

		if (may_begin(load))
			begin(load);
		n = epoll_wait(load->epoll, events, COUNT(events), may_begin(load) ? 0 : 1);
		for (int i = 0; i < n; i++)
			browser_receive(events[i].data.ptr);
		look(load);
	}
}

static int less(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static float share_ms(const struct load *load, double share)
{
	size_t n = load->heard < TIMES_MAX ? load->heard : TIMES_MAX;

	return n ? load->times_ms[(size_t)((double)(n - 1) * share)] : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: webrtc_load [-l ADDRESS] [-w WINDOW] -n CALLS | -r RATE -s SECONDS "
			"ADDRESS PORT\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct load load = { .local = "127.0.0.1", .window = 1 };
	double seconds = 1;
	struct sockaddr_in relay = { .sin_family = AF_INET };
	int option;

	while ((option = getopt(argc, argv, "l:w:n:r:s:")) != -1) {
		if (option == 'l')
			load.local = optarg;
		else if (option == 'w')
			load.window = (unsigned int)atoi(optarg);
		else if (option == 'n')
			load.left = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			load.rate = atof(optarg);
		else if (option == 's')
			seconds = atof(optarg);
		else
			return usage();
	}
	if (argc - optind != 2 || !load.window || (load.rate <= 0) == !load.left ||
	    inet_pton(AF_INET, argv[optind], &relay.sin_addr) != 1)
		return usage();
	relay.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	load.ng = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.cert = dtls_cert_make(time(NULL));
	if (load.ng < 0 || connect(load.ng, (struct sockaddr *)&relay, sizeof(relay)) ||
	    load.epoll < 0 || !load.cert)
		err(1, "webrtc_load");
	load.began_ns = now_ns();
	load.ends_ns = load.began_ns + (int64_t)(seconds * 1e9);
	load.first_call = load.cookie = (uint64_t)load.began_ns; /* unlike those of earlier runs */
	run(&load);
	qsort(load.times_ms, load.heard < TIMES_MAX ? load.heard : TIMES_MAX,
	      sizeof(load.times_ms[0]), less);
	printf("calls=%llu rate=%.0f p50_ms=%.1f p99_ms=%.1f failed=%llu\n",
	       (unsigned long long)load.heard,
	       (double)load.heard * 1e9 / (double)(now_ns() - load.began_ns),
	       (double)share_ms(&load, 0.5), (double)share_ms(&load, 0.99),
	       (unsigned long long)load.failed);
	return load.failed || !load.heard;
}
