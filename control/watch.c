/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.c - rtprelayctl watch: prints events as they happen, until it is interrupted */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include "control_proto.h"
#include "line.h"
#include "table.h"
#include "verb.h"

static void print_time(double time)
{
	time_t seconds = (time_t)time;
	struct tm tm;
	char text[16];

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03d", text, (int)((time - (double)seconds) * 1000));
}

static bool is_one_of(const char *event, const char *const *names)
{
	while (*names && strcmp(*names, event) != 0)
		names++;
	return *names;
}

static const char *event_colour(const char *event)
{
	static const char *const bad[] = { "refused",
					   "unheard",
					   "denied",
					   "relatched",
					   "address-failing",
					   "port-mapping-failing",
					   "dtls-failed",
					   "ice-failed",
					   "ice-consent-ended",
					   "recording-failed",
					   NULL };
	static const char *const odd[] = {
		"in-user", "silent", "address-changed", "port-mapping", "recording-new-files", NULL
	};

	if (is_one_of(event, bad))
		return colour(COLOUR_BAD);
	return is_one_of(event, odd) ? colour(COLOUR_WARN) : "";
}

/* Which one it was is told to those who may look into calls. */
static void print_key(const json_t *event)
{
	const char *digit = json_object_get(event, "digit") ? text_of(event, "digit") : "hidden";

	if (!json_object_get(event, "duration-ms"))
		return;
	printf(" key %s, %" PRId64 " ms", digit, number_of(event, "duration-ms"));
	if (json_is_true(json_object_get(event, "end-lost")))
		printf(", its end was lost");
	if (json_is_true(json_object_get(event, "blocked")))
		printf(", blocked");
}

static void print_stream(const json_t *event)
{
	const json_t *refused = json_object_get(event, "refused");

	printf(" %s %s m%" PRId64, text_of(event, "component"),
	       strcmp(text_of(event, "side"), "a") == 0 ? "caller" : "callee",
	       number_of(event, "media"));
	if (json_object_get(event, "latched") && !refused)
		printf(" from %s", text_of(event, "latched"));
	printf(" at %s", text_of(event, "local"));
	if (json_object_get(event, "denied"))
		printf(", forbidden address %s", text_of(event, "denied"));
	if (refused) /* by latching */
		printf(", %" PRId64 " packet%s refused, source %s; accepted source: %s",
		       number_of(event, "refused"), s_after(event, "refused"),
		       text_of(event, "refused-source"),
		       json_object_get(event, "latched") ? text_of(event, "latched") : "none");
}

static void print_event(const json_t *event)
{
	const char *what = text_of(event, "event");
	bool no_path = !strcmp(text_of(event, "path"), "user");

	print_time(real_of(event, "time"));
	printf(" %s%-11s%s", no_path ? colour(COLOUR_BAD) : event_colour(what), what,
	       colour(COLOUR_END));
	if (json_object_get(event, "call-id"))
		printf(" [%s]", text_of(event, "call-id"));
	if (json_object_get(event, "component"))
		print_stream(event);
	print_key(event);
	if (json_object_get(event, "path"))
		printf(": %s", text_of(event, "path"));
	if (json_object_get(event, "why"))
		printf(": %s", text_of(event, "why"));
	putchar('\n');
}

static void print_line(const struct options *options, const json_t *line)
{
	const char *type = text_of(line, "type");

	if (options->json)
		put_json(line);
	else if (!strcmp(type, "watching"))
		printf("watching; calls now: %" PRId64 "\n", number_of(line, "calls"));
	else if (!strcmp(type, "event"))
		print_event(line);
	else if (!strcmp(type, "lost"))
		printf("%s%" PRId64 " event%s lost: this client read too slowly%s\n",
		       colour(COLOUR_BAD), number_of(line, "events"), s_after(line, "events"),
		       colour(COLOUR_END));
	fflush(stdout);
}

/* Until the daemon closes the connection or refuses. Return: the exit status */
static int follow(const struct options *options, struct line_link *link)
{
	int error;

	for (;;) {
		json_t *line = line_next(link, &error);

		if (!line) {
			fprintf(stderr, "rtprelayctl: %s: %s\n", options->socket,
				error == -ECONNRESET ? "the daemon closed the connection: it "
						       "stopped, or this client read too slowly"
						     : strerror(-error));
			return EXIT_NO_ANSWER;
		}
		if (!strcmp(text_of(line, "type"), "error")) {
			fprintf(stderr, "rtprelayctl: %s\n", text_of(line, "text"));
			json_decref(line);
			return EXIT_REFUSED;
		}
		print_line(options, line);
		json_decref(line);
	}
}

int verb_watch(const struct options *options, int argc, char **argv)
{
	const struct timeval forever = { 0, 0 };
	struct line_link *link = line_open(options);
	int status = EXIT_NO_ANSWER, err;

	(void)argc;
	(void)argv;
	if (!link)
		return status;
	err = line_send(link, line_request(CONTROL_VERB_WATCH));
	if (!err && setsockopt(line_fd(link), SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever)))
		err = -errno;
	if (err)
		fprintf(stderr, "rtprelayctl: %s: %s\n", options->socket, strerror(-err));
	else
		status = follow(options, link);
	line_close(link);
	return status;
}
