/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify_tap.c - prints what a daemon sends to the service manager by sd_notify(), one message per
 * line
 *
 *   notify_tap PATH     binds PATH; then NOTIFY_SOCKET=PATH rtprelayd ...
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[4096];
	ssize_t got;

	if (argc != 2 || strlen(argv[1]) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "usage: notify_tap PATH\n");
		return 2;
	}
	strcpy(addr.sun_path, argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror(argv[1]);
		return 1;
	}
	while ((got = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[got] = '\0';
		puts(text);
		fflush(stdout);
	}
	return 1;
}
