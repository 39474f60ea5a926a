/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_ask.c - asks one source for the address outside of a NAT: a STUN server, a file */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "nat/external_ask.h"
#include "nat/external_router.h"
#include "nat/external_stun.h"
#include "nat/external_talk.h"

#define FILE_MAX 4096

/* --- STUN ------------------------------------------------------------------------------------- */

static int ask_server(const struct external_question *question, const struct endpoint *server,
		      struct endpoint *seen)
{
	int fd = external_open(question, server), error;

	if (fd < 0)
		return fd;
	error = external_stun_ask(question, fd, server->sa.sa_family, seen);
	close(fd);
	return error;
}

static const char *why_not(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "no answer";
	case -ECONNREFUSED:
		return "no STUN server is there";
	case -EPROTO:
		return "its reply names no address";
	case -EACCES:
		return "it replies with an error";
	default:
		return strerror(-error);
	}
}

static int ask_stun(const struct external_source *source, const struct external_question *question,
		    struct endpoint *seen, char why[EXTERNAL_WHY])
{
	struct endpoint server[EXTERNAL_SERVERS_MAX];
	int n = external_stun_find(source, question->bind.sa.sa_family, server, why),
	    error = -ENOENT;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		error = ask_server(question, &server[i], seen);
		if (!error || error == -ECANCELED)
			return error;
	}
	return external_no(why, error, "%s: %s", source->text, why_not(error));
}

/* --- File ------------------------------------------------------------------------------------- */

/* Without O_NONBLOCK, a pipe would be waited for. */
static int ask_file(const struct external_source *source, int family, struct endpoint *address,
		    char why[EXTERNAL_WHY])
{
	int fd = open(source->text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[FILE_MAX];
	struct stat found;
	ssize_t n = -1;

	if (fd >= 0 && !fstat(fd, &found) && !S_ISREG(found.st_mode))
		errno = EINVAL;
	else if (fd >= 0)
		n = read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return external_no(why, -errno, "%s: %s", source->text, strerror(errno));
	if (external_find_address((struct str){ text, (size_t)n }, family, address))
		return 0;
	return external_no(why, -ENOENT, "%s: has no line that is an %s address", source->text,
			   family == AF_INET ? "IPv4" : "IPv6");
}

int external_ask(const struct external_source *source, const struct external_question *question,
		 struct endpoint *address, char why[EXTERNAL_WHY])
{
	switch (source->kind) {
	case EXTERNAL_FILE:
		return ask_file(source, question->bind.sa.sa_family, address, why);
	case EXTERNAL_PCP:
		return external_ask_pcp(question, address, why);
	case EXTERNAL_NATPMP:
		return external_ask_natpmp(question, address, why);
	case EXTERNAL_UPNP:
		return external_ask_upnp(question, address, why);
	case EXTERNAL_STUN:
		break;
	}
	return ask_stun(source, question, address, why);
}
