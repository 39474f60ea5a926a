/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_end.c - one end of a call with ICE, that sends nothing but connectivity checks
 *
 *   stun_end ADDRESS PORT RELAY RELAY-PORT USERNAME CHECKS MS START
 *
 * Prints "ready" when it is bound, and begins when the file START exists. From its address and port
 * it sends CHECKS requests to the relay's port, 20 ms apart, at most four of which wait for their
 * response, each half a second at most; answers each request that arrives; ends MS milliseconds
 * after its last one. USERNAME "": without the attribute. At the end it prints how many different
 * requests of the other end, and how many responses to its own, arrived: "requests=N responses=N
 * others=N".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS	   20
#define WAIT_MS	   500
#define AT_ONCE	   4
#define HEADER	   20
#define ID	   12
#define CHECKS_MAX 256

static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };

struct end {
	int fd;
	uint8_t salt; /* in the transactions of this end */
	bool asked[CHECKS_MAX], answered[CHECKS_MAX];
	int64_t sent_ms[CHECKS_MAX];
	unsigned int requests, responses, others;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static socklen_t address(const char *host, const char *port, struct sockaddr_storage *to)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	uint16_t number = htons((uint16_t)atoi(port));

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, host, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = number;
		return sizeof(*in4);
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return 0;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = number;
	return sizeof(*in6);
}

static void head(uint8_t *message, unsigned int type, size_t body)
{
	message[0] = (uint8_t)(type >> 8);
	message[1] = (uint8_t)type;
	message[2] = (uint8_t)(body >> 8);
	message[3] = (uint8_t)body;
	memcpy(message + 4, cookie, sizeof(cookie));
}

static void check(const struct end *end, const char *username, uint8_t number)
{
	uint8_t message[HEADER + 4 + 512] = { 0 };
	size_t len = strlen(username), body = len ? 4 + ((len + 3) & ~(size_t)3) : 0;

	head(message, 0x0001, body);
	memset(message + 8, end->salt, ID);
	message[8] = number;
	if (len) {
		message[HEADER + 1] = 6;
		message[HEADER + 2] = (uint8_t)(len >> 8);
		message[HEADER + 3] = (uint8_t)len;
		memcpy(message + HEADER + 4, username, len);
	}
	send(end->fd, message, HEADER + body, 0);
}

static void answer(const struct end *end, const uint8_t *request)
{
	uint8_t message[HEADER];

	head(message, 0x0101, 0);
	memcpy(message + 8, request + 8, ID);
	send(end->fd, message, sizeof(message), 0);
}

static void take(struct end *end, const uint8_t *message, ssize_t len)
{
	bool own = len >= HEADER && message[HEADER - 1] == end->salt;
	bool response = len >= HEADER && message[0] == 1 && message[1] == 1;
	uint8_t number = len >= HEADER ? message[8] : 0;

	if (response && own) {
		end->responses += !end->answered[number];
		end->answered[number] = true;
	} else if (len >= HEADER && !own && !response && !message[0] && message[1] == 1) {
		end->requests += !end->asked[number];
		end->asked[number] = true;
		answer(end, message);
	} else {
		end->others++;
	}
}

static void listen_until(struct end *end, int64_t until_ms)
{
	struct pollfd pfd = { .fd = end->fd, .events = POLLIN };
	uint8_t message[2048];
	int64_t left;

	while ((left = until_ms - now_ms()) > 0) {
		ssize_t len;

		if (poll(&pfd, 1, (int)left) != 1)
			continue;
		len = recv(end->fd, message, sizeof(message), 0);
		if (len >= 0)
			take(end, message, len);
	}
}

/* Are so many requests of the first @sent waiting for a response that the next one has to wait? */
static bool is_busy(const struct end *end, int sent)
{
	int waiting = 0;

	for (int i = 0; i < sent; i++)
		waiting += !end->answered[i] && now_ms() - end->sent_ms[i] < WAIT_MS;
	return waiting >= AT_ONCE;
}

static void send_checks(struct end *end, const char *username, int checks)
{
	for (int i = 0; i < checks; i++) {
		end->sent_ms[i] = now_ms();
		check(end, username, (uint8_t)i);
		do
			listen_until(end, now_ms() + STEP_MS);
		while (is_busy(end, i + 1));
	}
}

static int connect_end(char **argv)
{
	struct sockaddr_storage own, relay;
	socklen_t own_len = address(argv[1], argv[2], &own);
	socklen_t relay_len = address(argv[3], argv[4], &relay);
	int fd;

	if (!own_len || !relay_len)
		return -1;
	fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&own, own_len) &&
	    !connect(fd, (struct sockaddr *)&relay, relay_len))
		return fd;
	perror("stun_end");
	return -1;
}

int main(int argc, char **argv)
{
	struct end end = { .fd = argc == 9 ? connect_end(argv) : -1 };
	int checks = argc == 9 ? atoi(argv[6]) : 0;

	if (end.fd < 0 || checks < 1 || checks > CHECKS_MAX || strlen(argv[5]) > 512) {
		fprintf(stderr,
			"usage: stun_end ADDRESS PORT RELAY RELAY-PORT USERNAME CHECKS MS START\n");
		return 2;
	}
	end.salt = (uint8_t)(getpid() % 251 + 1);
	printf("ready\n");
	fflush(stdout);
	while (access(argv[8], F_OK))
		poll(NULL, 0, 5);
	send_checks(&end, argv[5], checks);
	listen_until(&end, now_ms() + atoi(argv[7]));
	printf("requests=%u responses=%u others=%u\n", end.requests, end.responses, end.others);
	close(end.fd);
	return 0;
}
