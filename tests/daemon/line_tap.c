/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line_tap.c - receives time-outs like OpenSIPS' rtpproxy module, and prints them, one per line
 *
 *   line_tap tcp        at 127.0.0.1; prints the port first
 *   line_tap PATH       a Unix socket
 *
 * One connection at a time, 255 bytes per read; over a Unix socket the rest of a read after its
 * last line end is lost.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_BYTES 255

static int listen_tcp(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	printf("%u\n", ntohs(addr.sin_port));
	return fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8))
		return -1;
	return fd;
}

static void hear(int fd, bool keep)
{
	char text[READ_BYTES];
	size_t kept = 0;
	ssize_t got;

	while ((got = read(fd, text + kept, sizeof(text) - kept)) > 0) {
		size_t len = kept + (size_t)got, at = 0;
		char *lf;

		while ((lf = memchr(text + at, '\n', len - at))) {
			printf("%.*s\n", (int)(lf - text - (ptrdiff_t)at), text + at);
			at = (size_t)(lf - text) + 1;
		}
		fflush(stdout);
		kept = keep ? len - at : 0;
		memmove(text, text + at, kept);
	}
}

int main(int argc, char **argv)
{
	bool tcp = argc == 2 && !strcmp(argv[1], "tcp");
	int listener, fd;

	if (argc != 2) {
		fprintf(stderr, "usage: line_tap tcp | PATH\n");
		return 2;
	}
	listener = tcp ? listen_tcp() : listen_unix(argv[1]);
	if (listener < 0) {
		perror(argv[1]);
		return 1;
	}
	fflush(stdout);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		hear(fd, tcp);
		close(fd);
	}
	return 1;
}
