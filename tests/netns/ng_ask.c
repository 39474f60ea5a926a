/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_ask.c - sends a relay one NG command in JSON, prints the reply as lines of PATH=VALUE
 *
 *   ng_ask ADDRESS PORT KEY=VALUE...     ng_ask 192.0.2.20 2223 command=query call-id=abc
 *
 * Exit status 0: the result is ok or pong. If no reply arrives within a second, the command is sent
 * again with the same cookie, as proxies do, three times.
 */
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "peer_sdp.h"

#define COOKIE	"ask"
#define TRIES	3
#define WAIT_MS 1000
#define PATH	1024

static json_t *request_make(char **pairs)
{
	json_t *request = json_object();

	for (; *pairs; pairs++) {
		char *equals = strchr(*pairs, '=');

		if (!equals) {
			json_decref(request);
			return NULL;
		}
		*equals = '\0';
		json_object_set_new(request, *pairs, json_string(equals + 1));
	}
	return request;
}

static json_t *reply_receive(int fd, const char *cookie)
{
	static char text[65536];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t cookie_len = strlen(cookie);

	while (poll(&pfd, 1, WAIT_MS) == 1) {
		ssize_t len = recv(fd, text, sizeof(text), 0);

		if (len < 0)
			return NULL;
		if ((size_t)len > cookie_len && !memcmp(text, cookie, cookie_len) &&
		    text[cookie_len] == ' ')
			return json_loadb(text + cookie_len + 1, (size_t)len - cookie_len - 1, 0,
					  NULL);
	}
	return NULL;
}

static json_t *ask(const struct sockaddr_storage *relay, json_t *request)
{
	socklen_t len = relay->ss_family == AF_INET ? sizeof(struct sockaddr_in)
						    : sizeof(struct sockaddr_in6);
	char *json = json_dumps(request, JSON_COMPACT), *message = NULL, cookie[32];
	int fd = socket(relay->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	json_t *reply = NULL;

	snprintf(cookie, sizeof(cookie), COOKIE "_%d", getpid());
	if (fd >= 0 && json && asprintf(&message, "%s %s", cookie, json) > 0 &&
	    connect(fd, (const struct sockaddr *)relay, len) == 0) {
		for (int i = 0; i < TRIES && !reply; i++) {
			if (send(fd, message, strlen(message), 0) < 0)
				break;
			reply = reply_receive(fd, cookie);
		}
	}
	if (fd >= 0)
		close(fd);
	free(message);
	free(json);
	return reply;
}

/* @path: a buffer of PATH bytes with the path of @value */
static void print_flat(json_t *value, char *path, size_t used)
{
	const char *key;
	json_t *item;
	size_t index;

	json_object_foreach(value, key, item)
	{
		int len = snprintf(path + used, PATH - used, "%s%s", used ? "/" : "", key);

		if (len > 0 && used + (size_t)len < PATH)
			print_flat(item, path, used + (size_t)len);
	}
	json_array_foreach(value, index, item)
	{
		int len = snprintf(path + used, PATH - used, "%s%zu", used ? "/" : "", index);

		if (len > 0 && used + (size_t)len < PATH)
			print_flat(item, path, used + (size_t)len);
	}
	path[used] = '\0';
	if (json_is_string(value))
		printf("%s=%s\n", path, json_string_value(value));
	else if (json_is_integer(value))
		printf("%s=%" JSON_INTEGER_FORMAT "\n", path, json_integer_value(value));
	else if (json_is_real(value))
		printf("%s=%g\n", path, json_real_value(value));
}

int main(int argc, char **argv)
{
	struct sockaddr_storage relay;
	char path[PATH] = "";
	json_t *request, *reply;
	const char *result;
	int status;

	request = argc > 3 ? request_make(argv + 3) : NULL;
	if (!request || !peer_addr(argv[1], (unsigned int)strtoul(argv[2], NULL, 10), &relay)) {
		fprintf(stderr, "usage: ng_ask ADDRESS PORT KEY=VALUE...\n");
		return EXIT_FAILURE;
	}
	reply = ask(&relay, request);
	json_decref(request);
	if (!reply) {
		fprintf(stderr, "ng_ask: the relay does not reply\n");
		return EXIT_FAILURE;
	}
	print_flat(reply, path, 0);
	result = json_string_value(json_object_get(reply, "result"));
	status = result && (!strcmp(result, "ok") || !strcmp(result, "pong")) ? EXIT_SUCCESS
									      : EXIT_FAILURE;
	json_decref(reply);
	return status;
}
