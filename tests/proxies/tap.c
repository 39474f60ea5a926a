/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap.c - prints the shape of each command that arrives at a relay in this network namespace
 *
 *   tap NG-PORT RTPPROXY-PORT     until it is killed; "ready" when it listens
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "daemon/base/bencode.h"
#include "shape.h"

#define BYTES 65536

/* The part behind the cookie; JSON is from a test, not from a proxy. */
static void command_print(struct arena *arena, struct str text, bool ng)
{
	struct dict *map;

	str_split(&text, ' ');
	arena_reset(arena);
	if (str_starts(text, STR("{")))
		return;
	if (!ng)
		shape_print_rtpproxy(text);
	else if (bencode_decode(arena, text, &map) || map->type != DICT_MAP)
		printf("ng: not a dictionary\n");
	else
		shape_print_ng(map);
	fflush(stdout);
}

/* @packet: IPv4, not a fragment */
static void packet_print(struct arena *arena, const char *packet, size_t len, const int ports[2])
{
	struct iphdr ip;
	struct udphdr udp;
	size_t header;
	int port;

	if (len < sizeof(ip) + sizeof(udp))
		return;
	memcpy(&ip, packet, sizeof(ip));
	header = ip.ihl * 4U;
	if (ip.version != 4 || ip.protocol != IPPROTO_UDP || len < header + sizeof(udp))
		return;
	memcpy(&udp, packet + header, sizeof(udp));
	port = ntohs(udp.dest);
	header += sizeof(udp);
	if (port == ports[0] || port == ports[1])
		command_print(arena, (struct str){ packet + header, len - header },
			      port == ports[0]);
}

int main(int argc, char **argv)
{
	static char packet[BYTES];
	struct arena *arena = arena_new(BYTES);
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	int ports[2];

	if (argc != 3)
		errx(2, "usage: tap NG-PORT RTPPROXY-PORT");
	if (fd < 0 || !arena)
		err(2, "tap");
	ports[0] = atoi(argv[1]);
	ports[1] = atoi(argv[2]);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		ssize_t len = recv(fd, packet, sizeof(packet), 0);

		if (len < 0)
			err(1, "recv");
		packet_print(arena, packet, (size_t)len, ports);
	}
}
