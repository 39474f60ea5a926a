/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * srtp_phone.c - a phone with SRTP by SDES, by libsrtp2: it speaks, presses keys, and hears
 *
 *   srtp_phone ADDRESS PORT RELAY RELAY-PORT OWN-KEY RELAYS-KEY WHO
 *
 * Sends a packet of PCMU each 20 ms, marked as of sender WHO (rtp_mark.h). Prints what it hears, a
 * line for each packet of RTP: SEQUENCE TIMESTAMP SSRC TYPE MARKER PAYLOAD, the last one in
 * hexadecimal; "refused" for one that is not authentic. Commands on standard input, a line each:
 *
 *   press EVENT    a key (RFC 4733), of type 101: three updates, three ends, instead of audio
 *
 * Ends with its standard input.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "rtp_mark.h"
#include "sdes_key.h"

#define FRAME_NS  20000000
#define KEY_TYPE  101
#define UPDATES	  3
#define ENDS	  3
#define EVENT_LEN 4

/* @pressed: packets of the key that are still to be sent; @begun: its timestamp */
struct speaker {
	int fd;
	srtp_t srtp;
	uint32_t who, count, begun;
	unsigned int pressed;
	uint8_t event;
};

static int connected(char **argv)
{
	struct sockaddr_in own = { .sin_family = AF_INET }, relay = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	own.sin_port = htons((uint16_t)atoi(argv[2]));
	relay.sin_port = htons((uint16_t)atoi(argv[4]));
	if (inet_pton(AF_INET, argv[1], &own.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[3], &relay.sin_addr) != 1)
		errx(2, "%s, %s: no addresses", argv[1], argv[3]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) ||
	    connect(fd, (struct sockaddr *)&relay, sizeof(relay)))
		err(2, "%s:%s", argv[1], argv[2]);
	return fd;
}

static uint32_t word_at(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return ntohl(word);
}

/* Of the packet that audio would be: number and SSRC; the time at which the key was pressed. */
static int write_key(struct speaker *speaker, uint8_t *packet)
{
	unsigned int done = UPDATES + ENDS - speaker->pressed;
	unsigned int long_ = (done < UPDATES ? done + 1 : UPDATES) * RTP_FRAME;
	uint32_t time;

	if (!done)
		speaker->begun = word_at(packet + 4);
	time = htonl(speaker->begun);
	packet[1] = (uint8_t)(KEY_TYPE | (done ? 0 : 0x80));
	memcpy(packet + 4, &time, sizeof(time));
	packet[RTP_HEADER] = speaker->event;
	packet[RTP_HEADER + 1] = (uint8_t)(10 | (done < UPDATES ? 0 : 0x80));
	packet[RTP_HEADER + 2] = (uint8_t)(long_ >> 8);
	packet[RTP_HEADER + 3] = (uint8_t)long_;
	speaker->pressed--;
	return RTP_HEADER + EVENT_LEN;
}

static void speak(struct speaker *speaker)
{
	const struct rtp_mark mark = { .who = speaker->who, .count = speaker->count++ };
	uint8_t packet[RTP_PACKET + SRTP_MAX_TRAILER_LEN];
	int len = RTP_PACKET;

	memset(packet, 0xff, sizeof(packet));
	rtp_mark_write(packet, 0, mark);
	if (speaker->pressed)
		len = write_key(speaker, packet);
	if (srtp_protect(speaker->srtp, packet, &len) != srtp_err_status_ok)
		errx(1, "packet %u cannot be encrypted", mark.count);
	if (send(speaker->fd, packet, (size_t)len, 0) < 0)
		warn("send"); /* the relay has no port yet */
}

static void hear(int fd, srtp_t srtp)
{
	uint8_t packet[2048];
	ssize_t got;

	while ((got = recv(fd, packet, sizeof(packet), 0)) > 0) {
		int len = (int)got;

		if (rtcp_is(packet, (size_t)got))
			continue;
		if (srtp_unprotect(srtp, packet, &len) != srtp_err_status_ok || len < RTP_HEADER) {
			puts("refused");
			continue;
		}
		printf("%u %u %u %u %u ", word_at(packet) & 0xffff, word_at(packet + 4),
		       word_at(packet + 8), packet[1] & 0x7f, packet[1] >> 7);
		for (int i = RTP_HEADER; i < len; i++)
			printf("%02x", packet[i]);
		putchar('\n');
	}
	fflush(stdout);
}

/* False: the end */
static bool command(struct speaker *speaker)
{
	char line[64];
	unsigned int event;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	if (sscanf(line, "press %u", &event) != 1 || event > 16)
		errx(2, "%s: no command", line);
	speaker->event = (uint8_t)event;
	speaker->pressed = UPDATES + ENDS;
	return true;
}

int main(int argc, char **argv)
{
	const struct itimerspec frames = { { 0, FRAME_NS }, { 0, FRAME_NS } };
	struct speaker speaker = { .fd = -1 };
	struct pollfd fds[3] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .events = POLLIN },
				 { .events = POLLIN } };
	uint64_t due;
	srtp_t heard;

	if (argc != 8)
		errx(2, "usage: srtp_phone ADDRESS PORT RELAY RELAY-PORT OWN-KEY RELAYS-KEY WHO");
	if (srtp_init() != srtp_err_status_ok)
		errx(2, "libsrtp2 does not start");
	setvbuf(stdin, NULL, _IONBF, 0);
	speaker.who = (uint32_t)atoi(argv[7]);
	speaker.srtp = sdes_key_srtp(argv[5], true);
	heard = sdes_key_srtp(argv[6], false);
	fds[1].fd = speaker.fd = connected(argv);
	fds[2].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (fds[2].fd < 0 || timerfd_settime(fds[2].fd, 0, &frames, NULL))
		err(2, "timer");
	while (poll(fds, 3, -1) > 0) {
		if (fds[0].revents && !command(&speaker))
			return 0;
		if (fds[1].revents)
			hear(speaker.fd, heard);
		if (!fds[2].revents || read(fds[2].fd, &due, sizeof(due)) != sizeof(due))
			continue;
		while (due--)
			speak(&speaker);
	}
	return 1;
}
