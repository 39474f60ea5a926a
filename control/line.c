/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line.c - asks the daemon over its control socket; the answer comes line by line */
#include "daemon/base/count.h"
#include "line.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "control_proto.h"
#include "daemon/base/log.h"

/* Results of text_of() that stay valid at the same time. */
#define TEXTS	 16
#define TEXT_LEN 256

struct line_link {
	int fd;
	size_t start, end; /* of what was received and not returned yet */
	char in[CONTROL_PROTO_LINE + 1];
};

/* --- The link --------------------------------------------------------------------------------- */

/* The directory of @path, whose rights count as well. */
static int stat_parent(const char *path, struct stat *found)
{
	char parent[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *end = strrchr(path, '/');
	size_t len = end && end > path ? (size_t)(end - path) : 1;

	if (len >= sizeof(parent))
		return -1;
	memcpy(parent, end ? path : ".", len);
	parent[len] = '\0';
	return stat(parent, found);
}

const char *line_who_may(const char *path, char *text, size_t size)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = NULL;
	struct stat found;

	if (!stat(path, &found))
		group = found.st_mode & S_IWGRP ? getgrgid(found.st_gid) : NULL;
	else if (!stat_parent(path, &found))
		group = found.st_mode & S_IXGRP ? getgrgid(found.st_gid) : NULL;
	if (group && found.st_gid)
		snprintf(text, size,
			 "run as root, or as a member of group %.64s: usermod -aG %.64s %.64s, and "
			 "log in again",
			 group->gr_name, group->gr_name, user ? user->pw_name : "USER");
	else
		snprintf(text, size,
			 "run as root; no group may open it (control-group, control-mode)");
	return text;
}

static void explain(const char *path, int err)
{
	const char *advice = "";
	char text[320];

	if (err == ENOENT || err == ECONNREFUSED)
		advice = ": is rtprelayd running, and is this its control-socket? (--socket=PATH)";
	else if (err == EACCES)
		advice = line_who_may(path, text, sizeof(text));
	fprintf(stderr, "rtprelayctl: %s: %s%s%s\n", path, strerror(err), err == EACCES ? ": " : "",
		advice);
}

static int connect_to(const struct options *options)
{
	struct timeval patience = { .tv_sec = options->timeout_s };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(options->socket);
	int fd;

	if (len >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, options->socket, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience))) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

struct line_link *line_try(const struct options *options)
{
	struct line_link *link = malloc(sizeof(*link));

	if (!link)
		return NULL;
	link->start = link->end = 0;
	link->fd = connect_to(options);
	if (link->fd >= 0)
		return link;
	free(link);
	return NULL;
}

struct line_link *line_open(const struct options *options)
{
	struct line_link *link = line_try(options);

	if (!link)
		explain(options->socket, errno);
	return link;
}

void line_close(struct line_link *link)
{
	if (!link)
		return;
	close(link->fd);
	free(link);
}

int line_fd(const struct line_link *link)
{
	return link->fd;
}

int line_send(struct line_link *link, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len, done = 0;
	int err = text ? 0 : -ENOMEM;

	json_decref(request);
	if (!text)
		return err;
	len = strlen(text);
	text[len++] = '\n'; /* replaces the NUL */
	while (done < len && !err) {
		ssize_t sent = send(link->fd, text + done, len - done, MSG_NOSIGNAL);

		if (sent < 0)
			err = -errno;
		else
			done += (size_t)sent;
	}
	free(text);
	return err;
}

static int fill(struct line_link *link)
{
	ssize_t got;

	memmove(link->in, link->in + link->start, link->end - link->start);
	link->end -= link->start;
	link->start = 0;
	if (link->end == CONTROL_PROTO_LINE)
		return -EPROTO;
	got = recv(link->fd, link->in + link->end, CONTROL_PROTO_LINE - link->end, 0);
	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	link->end += (size_t)got;
	return got ? 0 : -ECONNRESET;
}

bool line_waiting(const struct line_link *link)
{
	return memchr(link->in + link->start, '\n', link->end - link->start);
}

json_t *line_next(struct line_link *link, int *error)
{
	const char *start, *end;
	json_t *line;

	*error = 0;
	while (!line_waiting(link) && !*error)
		*error = fill(link);
	if (*error)
		return NULL;
	start = link->in + link->start;
	end = memchr(start, '\n', link->end - link->start);
	link->start += (size_t)(end - start) + 1;
	line = json_loadb(start, (size_t)(end - start), 0, NULL);
	if (!line)
		*error = -EPROTO;
	return line;
}

/* --- A request -------------------------------------------------------------------------------- */

/* Escaped for the terminal, but for quotation marks, which are part of the sentences. */
static void put_error(const char *text)
{
	char escaped[TEXT_LEN * 2];
	struct str rest = str_of(text ? text : "the daemon gave no reason");

	fputs("rtprelayctl: ", stderr);
	while (rest.len) {
		size_t before = rest.len;
		struct str part = str_split(&rest, '"');

		fputs(log_escape(part, escaped, sizeof(escaped)), stderr);
		if (part.len < before)
			putc('"', stderr);
	}
	putc('\n', stderr);
}

/* Return: -1, more lines follow; else the exit status */
static int take_line(const struct options *options, json_t *line, line_fn *fn, void *arg)
{
	const char *type = json_string_value(json_object_get(line, "type"));

	if (!type || !strcmp(type, "end"))
		return EXIT_OK;
	if (!strcmp(type, "error")) {
		put_error(json_string_value(json_object_get(line, "text")));
		return EXIT_REFUSED;
	}
	if (options->json)
		put_json(line);
	else
		fn(arg, type, line);
	return -1;
}

static int take_answer(const struct options *options, struct line_link *link, line_fn *fn,
		       void *arg)
{
	int error, status = -1;

	while (status < 0) {
		json_t *line = line_next(link, &error);

		if (!line) {
			fprintf(stderr, "rtprelayctl: %s: incomplete answer: %s\n", options->socket,
				strerror(-error));
			return EXIT_NO_ANSWER;
		}
		status = take_line(options, line, fn, arg);
		json_decref(line);
	}
	return status;
}

int line_ask(const struct options *options, json_t *request, line_fn *fn, void *arg)
{
	struct line_link *link = line_open(options);
	int status = EXIT_NO_ANSWER, err;

	if (!link) {
		json_decref(request);
		return status;
	}
	err = line_send(link, request);
	if (err)
		fprintf(stderr, "rtprelayctl: %s: %s\n", options->socket, strerror(-err));
	else
		status = take_answer(options, link, fn, arg);
	line_close(link);
	return status;
}

json_t *line_request(const char *verb)
{
	return json_pack("{s:i, s:s}", "v", CONTROL_PROTO_VERSION, "verb", verb);
}

json_t *line_filters(const struct options *options, const char *verb)
{
	const struct {
		const char *key, *value;
	} filters[] = {
		{ CONTROL_FILTER_CALL_ID, options->call_id },
		{ CONTROL_FILTER_TAG, options->tag },
		{ CONTROL_FILTER_ADDRESS, options->address },
		{ CONTROL_FILTER_PATH, options->path },
		{ CONTROL_FILTER_MIN_AGE, options->min_age },
		{ CONTROL_FILTER_MAX_MOS, options->max_mos },
		{ CONTROL_FILTER_ONE_WAY, options->one_way ? "yes" : NULL },
	};
	json_t *request = line_request(verb);

	for (size_t i = 0; i < COUNT(filters); i++)
		if (filters[i].value &&
		    json_object_set_new(request, filters[i].key, json_string(filters[i].value))) {
			fprintf(stderr, "rtprelayctl: --%s: not valid UTF-8\n", filters[i].key);
			json_decref(request);
			return NULL;
		}
	return request;
}

/* --- Members ---------------------------------------------------------------------------------- */

const char *text_of(const json_t *object, const char *key)
{
	static char texts[TEXTS][TEXT_LEN];
	static unsigned int turn;
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || !json_string_length(value))
		return "-";
	return log_escape((struct str){ json_string_value(value), json_string_length(value) },
			  texts[turn++ % TEXTS], TEXT_LEN);
}

int64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *s_after(const json_t *object, const char *key)
{
	return str_plural((uint64_t)number_of(object, key));
}

double real_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* jansson escapes all but ASCII; DEL, which it leaves, is escaped here. */
void put_json(const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));

	for (const char *c = text; c && *c; c++) {
		if (*c == 0x7f)
			fputs("\\u007f", stdout);
		else
			putchar(*c);
	}
	putchar('\n');
	free(text);
}
