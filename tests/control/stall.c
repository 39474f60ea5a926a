/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stall.c - a client of the control socket that sends requests and never reads replies
 *
 *   stall SOCKET TIMES    requests all streams TIMES times and prints "asked"; then waits until it
 *                         is disconnected, and prints how long that took
 *
 * Exit status 0: it was disconnected within a minute.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REQUEST "{\"verb\":\"streams\"}\n"
#define WAIT_MS 60000

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct pollfd gone = { .events = POLLRDHUP };
	time_t before = time(NULL);

	if (argc != 3 || strlen(argv[1]) >= sizeof(addr.sun_path))
		return 2;
	memcpy(addr.sun_path, argv[1], strlen(argv[1]));
	gone.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (gone.fd < 0 || connect(gone.fd, (struct sockaddr *)&addr, sizeof(addr)))
		return 2;
	for (int i = 0; i < atoi(argv[2]); i++)
		if (send(gone.fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL) < 0)
			return 2;
	puts("asked");
	fflush(stdout);
	if (poll(&gone, 1, WAIT_MS) != 1)
		return 1;
	printf("cut off after %ld s\n", (long)(time(NULL) - before));
	return 0;
}
