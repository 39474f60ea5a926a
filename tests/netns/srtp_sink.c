/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * srtp_sink.c - what a recorder with SRTP hears, by libsrtp2
 *
 *   srtp_sink ADDRESS PORT KEY [PORT KEY]...
 *
 * KEY: key and salt of AES_CM_128_HMAC_SHA1_80 in base64, of the sender. Ends when each port has
 * received PACKETS of RTP, and its next one a packet of RTCP, or after WAIT_S seconds. Prints for
 * each port: PORT heard=N rtcp=N refused=N foreign=N who=SENDER; who is the sender of the first
 * packet (rtp_mark.h), foreign are packets of others, refused those that are not authentic.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "rtp_mark.h"
#include "sdes_key.h"

#define PACKETS 50
#define WAIT_S	30
#define MEDIAS	4

struct media {
	srtp_t srtp;
	unsigned int port, heard, rtcp, refused, foreign;
	uint32_t who;
};

static int bound(const char *address, unsigned int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1 || fd < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(2, "%s:%u", address, port);
	return fd;
}

static void hear(struct media *media, uint8_t *packet, int len)
{
	struct rtp_mark mark;
	uint8_t type;

	if (srtp_unprotect(media->srtp, packet, &len) != srtp_err_status_ok) {
		media->refused++;
		return;
	}
	if (!rtp_mark_read(packet, (size_t)len, &type, &mark)) {
		media->foreign++;
		return;
	}
	if (!media->heard)
		media->who = mark.who;
	media->heard++;
	media->foreign += mark.who != media->who;
}

static void hear_rtcp(struct media *media, uint8_t *packet, int len)
{
	if (srtp_unprotect_rtcp(media->srtp, packet, &len) == srtp_err_status_ok)
		media->rtcp++;
	else
		media->refused++;
}

static void drain(struct media *media, int fd, bool rtcp)
{
	uint8_t packet[2048];
	ssize_t len;

	while ((len = recv(fd, packet, sizeof(packet), 0)) > 0) {
		if (rtcp)
			hear_rtcp(media, packet, (int)len);
		else
			hear(media, packet, (int)len);
	}
}

static bool is_done(const struct media *media, int n)
{
	for (int i = 0; i < n; i++)
		if (media[i].heard < PACKETS || !media[i].rtcp)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct media media[MEDIAS] = { { 0 } };
	struct pollfd fds[2 * MEDIAS];
	int n = (argc - 2) / 2;
	time_t until = time(NULL) + WAIT_S;

	if (argc < 4 || argc % 2 || n > MEDIAS)
		errx(2, "usage: srtp_sink ADDRESS PORT KEY [PORT KEY]...");
	if (srtp_init() != srtp_err_status_ok)
		errx(2, "libsrtp2 does not start");
	for (int i = 0; i < n; i++) {
		media[i].port = (unsigned int)atoi(argv[2 + 2 * i]);
		media[i].srtp = sdes_key_srtp(argv[3 + 2 * i], false);
		for (int comp = 0; comp < 2; comp++)
			fds[2 * i + comp] =
				(struct pollfd){ .fd = bound(argv[1],
							     media[i].port + (unsigned int)comp),
						 .events = POLLIN };
	}
	while (!is_done(media, n) && time(NULL) < until) {
		poll(fds, 2 * (nfds_t)n, 1000);
		for (int i = 0; i < 2 * n; i++)
			if (fds[i].revents)
				drain(&media[i / 2], fds[i].fd, i % 2);
	}
	for (int i = 0; i < n; i++)
		printf("%u heard=%u rtcp=%u refused=%u foreign=%u who=%u\n", media[i].port,
		       media[i].heard, media[i].rtcp, media[i].refused, media[i].foreign,
		       media[i].who);
	return is_done(media, n) ? 0 : 1;
}
