/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drain.c - waits until the relay has no calls, for set --drain=on --wait=SECONDS
 *
 * On a terminal one line counts down; else there is a line for each change of the number of calls.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "control_proto.h"
#include "daemon/base/str.h"
#include "drain.h"
#include "line.h"

#define ASK_EVERY_MS 1000

struct wait {
	const struct options *options;
	int64_t until_ms;
	int64_t calls, shown; /* -1: not known; nothing printed yet */
	bool draining, terminal;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void take_status(void *arg, const char *type, json_t *status)
{
	struct wait *wait = arg;

	if (strcmp(type, "status") != 0)
		return;
	wait->calls = number_of(status, "calls");
	wait->draining = json_is_true(json_object_get(status, "drain"));
}

static int64_t left_s(const struct wait *wait)
{
	int64_t left_ms = wait->until_ms - now_ms();

	return left_ms > 0 ? (left_ms + 999) / 1000 : 0;
}

static void show(struct wait *wait)
{
	if (wait->options->json) {
		if (wait->calls != wait->shown)
			printf("{\"type\":\"drain\",\"calls\":%" PRId64 ",\"seconds-left\":%" PRId64
			       "}\n",
			       wait->calls, left_s(wait));
	} else if (wait->terminal) {
		printf("\rcalls left: %" PRId64 ", waiting for %" PRId64 " s \033[K", wait->calls,
		       left_s(wait));
	} else if (wait->calls != wait->shown) {
		printf("calls left: %" PRId64 ", waiting for %" PRId64 " s\n", wait->calls,
		       left_s(wait));
	}
	fflush(stdout);
	wait->shown = wait->calls;
}

static int end(const struct wait *wait)
{
	if (wait->terminal)
		putchar('\n');
	if (!wait->draining) {
		fputs("rtprelayctl: somebody has switched drain off: new calls are accepted\n",
		      stderr);
		return EXIT_REFUSED;
	}
	if (!wait->calls)
		return EXIT_OK;
	fprintf(stderr,
		"rtprelayctl: %" PRId64 " call%s left after %u s; drain is still on. To end "
		"them: rtprelayctl terminate --all\n",
		wait->calls, str_plural((uint64_t)wait->calls), wait->options->wait_s);
	return EXIT_CALLS_LEFT;
}

static void pause_ms(int64_t ms)
{
	if (ms > 0)
		poll(NULL, 0, (int)(ms < ASK_EVERY_MS ? ms : ASK_EVERY_MS));
}

int drain_wait(const struct options *options)
{
	struct wait wait = { .options = options, .calls = -1, .shown = -1 };
	struct options quiet = *options;
	int status;

	quiet.json = false;
	wait.until_ms = now_ms() + options->wait_s * INT64_C(1000);
	wait.terminal = !options->json && isatty(STDOUT_FILENO);
	for (;;) {
		bool last = now_ms() >= wait.until_ms;

		status = line_ask(&quiet, line_request(CONTROL_VERB_STATUS), take_status, &wait);
		if (status)
			return status;
		show(&wait);
		if (!wait.calls || !wait.draining || last)
			return end(&wait);
		pause_ms(wait.until_ms - now_ms());
	}
}
