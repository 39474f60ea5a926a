/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_flood.c - sends STUN requests as fast as this machine can, or drops them
 *
 *   stun_flood [-s SECONDS] ADDRESS PORT   sends from 198.18.0.1 and following addresses, until
 *                                          SIGTERM or for SECONDS; prints how many
 *   stun_flood -d ADDRESS PORT             a socket that receives nothing: the kernel drops each
 *                                          datagram as early as a socket can
 *
 * The addresses have to be local: ip route add local 198.18.0.0/16 dev lo.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCES 200
#define BATCH	32

static volatile sig_atomic_t stop;

static void on_stop(int number)
{
	(void)number;
	stop = 1;
}

static int open_socket(const struct sockaddr_in *bind_to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)bind_to, sizeof(*bind_to)))
		err(1, "bind");
	return fd;
}

static void drop(const struct sockaddr_in *at)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { 1, &none };
	int fd = open_socket(at);

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		err(1, "SO_ATTACH_FILTER");
	while (!stop)
		pause();
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static unsigned long long flood(const struct sockaddr_in *to, int64_t ms)
{
	static char request[] = "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
	struct iovec iov = { request, sizeof(request) - 1 };
	struct mmsghdr msgs[BATCH];
	int fds[SOURCES];
	unsigned long long sent = 0;
	int64_t until = now_ms() + ms;

	for (unsigned int i = 0; i < SOURCES; i++) {
		struct sockaddr_in from = { .sin_family = AF_INET };

		from.sin_addr.s_addr = htonl(0xc6120001 + i);
		fds[i] = open_socket(&from);
		if (connect(fds[i], (const struct sockaddr *)to, sizeof(*to)))
			err(1, "connect");
	}
	for (size_t i = 0; i < BATCH; i++)
		msgs[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
	for (unsigned int i = 0; !stop && (!ms || now_ms() < until); i = (i + 1) % SOURCES) {
		int n = sendmmsg(fds[i], msgs, BATCH, 0);

		sent += n > 0 ? (unsigned int)n : 0;
	}
	return sent;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int64_t begin = now_ms(), ms = 0, took;
	unsigned long long sent;
	int drops = 0, option;

	while ((option = getopt(argc, argv, "s:d")) != -1) {
		if (option == 's')
			ms = strtoll(optarg, NULL, 10) * 1000;
		else if (option == 'd')
			drops = 1;
		else
			return 2;
	}
	if (argc - optind != 2 || inet_pton(AF_INET, argv[optind], &at.sin_addr) != 1)
		errx(2, "usage: stun_flood [-s SECONDS] [-d] ADDRESS PORT");
	at.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
	signal(SIGTERM, on_stop);
	if (drops) {
		drop(&at);
		return 0;
	}
	sent = flood(&at, ms);
	took = now_ms() - begin;
	printf("sent=%llu per_s=%lld\n", sent, took ? (long long)sent * 1000 / took : 0);
	return 0;
}
