/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.c - where the daemon listens for NG, asked over its control socket */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "control_proto.h"
#include "daemon/base/count.h"
#include "line.h"
#include "server.h"

/* @listen: as in the configuration; a port alone, and the addresses of all, include loopback. */
static void reach(const char *listen, char text[SERVER_TEXT])
{
	static const struct {
		const char *all, *one;
	} hosts[] = { { "0.0.0.0:", "127.0.0.1:" }, { "[::]:", "[::1]:" } };

	snprintf(text, SERVER_TEXT, "%s%s", strchr(listen, ':') ? "" : "127.0.0.1:", listen);
	for (size_t i = 0; i < COUNT(hosts); i++)
		if (!strncmp(listen, hosts[i].all, strlen(hosts[i].all)))
			snprintf(text, SERVER_TEXT, "%s%s", hosts[i].one,
				 listen + strlen(hosts[i].all));
}

/* The first line of the answer, which is all that status has; NULL: none */
static json_t *ask_status(const struct options *options)
{
	struct line_link *link = line_try(options);
	json_t *line = NULL;
	int error;

	if (link && !line_send(link, line_request(CONTROL_VERB_STATUS)))
		line = line_next(link, &error);
	line_close(link);
	return line;
}

int server_find(const struct options *options, char text[SERVER_TEXT])
{
	json_t *status = ask_status(options);
	const json_t *list = json_object_get(status, "listen-ng");
	const char *listen = json_string_value(json_array_get(list, 0));
	int err = json_is_array(list) ? -ENOENT : -ENOTCONN; /* an older daemon does not say it */

	if (listen) {
		reach(listen, text);
		err = 0;
	}
	json_decref(status);
	return err;
}
