/* SPDX-License-Identifier: GPL-2.0-or-later */
/* phone.c - a phone of a flow: its SDP, its media */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "phone.h"
#include "tests/netns/peer_sdp.h"

#define ENOUGH	   5
#define FRAME_MS   20
#define MOST_TRIES 150
#define RTP_SIZE   172
#define SSRC_AT	   8

/* "192.0.2.1:4000", "[2001:db8::1]:4000" */
static bool split_port(const char *text, char addr[48], unsigned int *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool brackets = len && text[0] == '[' && text[len - 1] == ']';

	if (!len || len >= 48)
		return false;
	if (brackets) {
		text++;
		len -= 2;
	}
	memcpy(addr, text, len);
	addr[len] = '\0';
	*port = (unsigned int)strtoul(colon + 1, NULL, 10);
	return *port > 0 && *port <= 65535;
}

static socklen_t size_of(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6);
}

bool phone_open(struct phone *phone, const char *name, const char *in_sdp, const char *source)
{
	struct sockaddr_storage bound;
	char addr[48];
	unsigned int port;

	*phone = (struct phone){ .behind_nat = source, .fd = -1 };
	snprintf(phone->name, sizeof(phone->name), "%s", name);
	if (!split_port(in_sdp, phone->addr, &phone->port) ||
	    !split_port(source ? source : in_sdp, addr, &port) || !peer_addr(addr, port, &bound))
		return false;
	phone->fd = socket(bound.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return phone->fd >= 0 && !bind(phone->fd, (struct sockaddr *)&bound, size_of(&bound));
}

void phone_close(struct phone *phone)
{
	if (phone->fd >= 0)
		close(phone->fd);
}

char *phone_sdp(const struct phone *phone, const char *more)
{
	const char *family = strchr(phone->addr, ':') ? "IP6" : "IP4";
	char *sdp;

	if (asprintf(&sdp,
		     "v=0\r\no=%s 77 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
		     "m=audio %u RTP/AVP 0 8\r\n%s",
		     phone->name, family, phone->addr, family, phone->addr, phone->port, more) < 0)
		return NULL;
	return sdp;
}

static void talk_send(const struct talk *talk, unsigned int number)
{
	unsigned char packet[RTP_SIZE] = { 0x80 };

	packet[3] = (unsigned char)number;
	packet[SSRC_AT] = (unsigned char)talk->phone->name[0];
	(void)!sendto(talk->phone->fd, packet, sizeof(packet), 0,
		      (const struct sockaddr *)&talk->relay, size_of(&talk->relay));
}

static void talk_receive(struct talk *talk, const struct phone *other)
{
	unsigned char packet[2 * RTP_SIZE];
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(from);
	ssize_t size;

	while ((size = recvfrom(talk->phone->fd, packet, sizeof(packet), 0,
				(struct sockaddr *)&from, &len)) >= 0) {
		if (size == RTP_SIZE && packet[SSRC_AT] == (unsigned char)other->name[0] &&
		    !memcmp(&from, &talk->relay, size_of(&talk->relay)))
			talk->heard++;
		else
			talk->strange++;
	}
}

bool phones_talk(struct talk talks[2])
{
	for (unsigned int i = 0; i < MOST_TRIES; i++) {
		struct pollfd fds[2] = { { .fd = talks[0].phone->fd, .events = POLLIN },
					 { .fd = talks[1].phone->fd, .events = POLLIN } };

		talk_send(&talks[0], i);
		talk_send(&talks[1], i);
		poll(fds, 0, FRAME_MS);
		talk_receive(&talks[0], talks[1].phone);
		talk_receive(&talks[1], talks[0].phone);
		if (talks[0].heard >= ENOUGH && talks[1].heard >= ENOUGH)
			break;
	}
	return talks[0].heard >= ENOUGH && talks[1].heard >= ENOUGH && !talks[0].strange &&
	       !talks[1].strange;
}
