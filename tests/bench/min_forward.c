/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * min_forward.c - the simplest possible relay of packets, for comparison with a real one
 *
 *   min_forward ADDRESS PORT PEER-ADDRESS PEER-PORT CALLS
 *
 * Four sockets per call, like a relay: RTP and RTCP of two phones, on consecutive ports from PORT
 * on, each connected to the port with the same index from PEER-PORT on. Packets of one phone are
 * sent to the other without a check, by epoll, recv and send. Prints "ready", ends by a signal.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256

/* @rank: call * 4 + phone * 2 + is_rtcp; the other phone's socket differs by 2. */
static int socket_open(const char *addr, int port, const char *peer, int peer_port)
{
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in remote = { .sin_family = AF_INET,
				      .sin_port = htons((uint16_t)peer_port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, addr, &local.sin_addr) != 1 ||
	    inet_pton(AF_INET, peer, &remote.sin_addr) != 1)
		errx(2, "not an IPv4 address");
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    connect(fd, (struct sockaddr *)&remote, sizeof(remote)))
		err(1, "socket at port %d", port);
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int sockets, epoll, *fds;
	char packet[2048];

	if (argc != 6)
		errx(2, "usage: min_forward ADDRESS PORT PEER-ADDRESS PEER-PORT CALLS");
	sockets = atoi(argv[5]) * 4;
	fds = calloc((size_t)sockets, sizeof(*fds));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (sockets <= 0 || !fds || epoll < 0)
		err(1, "%d sockets", sockets);
	for (int i = 0; i < sockets; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };

		fds[i] = socket_open(argv[1], atoi(argv[2]) + i, argv[3], atoi(argv[4]) + i);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event))
			err(1, "epoll");
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			uint32_t from = events[i].data.u32;
			ssize_t len = recv(fds[from], packet, sizeof(packet), 0);

			if (len > 0)
				send(fds[from ^ 2], packet, (size_t)len, 0);
		}
	}
}
