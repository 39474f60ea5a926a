/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send_from.c - sends one RTP packet from an address and port of the caller's choice
 *
 *   send_from ADDRESS PORT TO_ADDRESS TO_PORT [TTL]
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		errx(2, "%s: not an address", host);
	return addr;
}

int main(int argc, char **argv)
{
	const uint8_t packet[172] = { 0x80 };
	struct sockaddr_in from, to;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ttl = argc > 5 ? atoi(argv[5]) : 64;

	if (argc < 5 || argc > 6)
		errx(2, "usage: send_from ADDRESS PORT TO_ADDRESS TO_PORT [TTL]");
	from = address(argv[1], argv[2]);
	to = address(argv[3], argv[4]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) ||
	    sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) !=
		    sizeof(packet))
		err(1, "%s:%s to %s:%s", argv[1], argv[2], argv[3], argv[4]);
	return 0;
}
