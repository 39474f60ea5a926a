/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_pcap.c - what a recording has of the packets of phones, read by libpcap
 *
 *   rtp_pcap FILE
 *
 * One line for each sender and address that it sent from:
 *   who=256 from=198.51.100.41:40000 to=198.51.100.20 rtp=150 first=52 next=202 dup=0 late=0 rtcp=2
 * @first, @next: count of the first RTP packet, and of the last one + 1. So packets are missing if
 * next - first is more than rtp - dup. "unmarked=0" is last: packets that are none of these tests.
 */
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include "rtp_mark.h"

#define SENDERS	 16
#define COUNTS	 65536
#define ADDR_LEN (INET6_ADDRSTRLEN + 8)

/* @seen: by the count of its RTP packets */
struct sender {
	uint32_t who, first, next;
	char from[ADDR_LEN], to[ADDR_LEN];
	unsigned int rtp, rtcp, dup, late;
	bool seen[COUNTS];
};

static struct sender senders[SENDERS];
static size_t n_senders;
static unsigned int unmarked;

struct datagram {
	char from[ADDR_LEN], to[ADDR_LEN];
	const uint8_t *data;
	size_t len;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "rtp_pcap: %s: %s\n", what, why);
	exit(1);
}

/* Its headers are made up by the relay: an error in them is one of the recording. */
static void read_datagram(const uint8_t *bytes, size_t len, struct datagram *d)
{
	bool v6 = len && bytes[0] >> 4 == 6;
	size_t head = v6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	struct udphdr udp;

	if (len < head + sizeof(udp))
		die("a packet", "too short");
	if (bytes[v6 ? 6 : 9] != IPPROTO_UDP || (!v6 && bytes[0] != 0x45))
		die("a packet", "no UDP");
	memcpy(&udp, bytes + head, sizeof(udp));
	d->data = bytes + head + sizeof(udp);
	d->len = len - head - sizeof(udp);
	if (ntohs(udp.len) != d->len + sizeof(udp))
		die("a packet", "another length in its UDP header");
	inet_ntop(v6 ? AF_INET6 : AF_INET, bytes + (v6 ? 8 : 12), from, sizeof(from));
	inet_ntop(v6 ? AF_INET6 : AF_INET, bytes + (v6 ? 24 : 16), to, sizeof(to));
	snprintf(d->from, sizeof(d->from), "%s:%u", from, ntohs(udp.source));
	snprintf(d->to, sizeof(d->to), "%s", to);
}

static struct sender *find(uint32_t who, const struct datagram *d, bool rtcp)
{
	struct sender *s = senders;

	/* RTCP has a port of its own, and belongs to the sender all the same. */
	for (; s < senders + n_senders; s++)
		if (s->who == who && (rtcp || !*s->from || !strcmp(s->from, d->from)))
			break;
	if (s == senders + SENDERS)
		die("the recording", "too many senders");
	if (s == senders + n_senders) {
		n_senders++;
		s->who = who;
	}
	if (!rtcp && !*s->from) {
		memcpy(s->from, d->from, sizeof(s->from));
		memcpy(s->to, d->to, sizeof(s->to));
	}
	return s;
}

static void add_rtp(struct sender *s, uint32_t count)
{
	if (count >= COUNTS)
		die("a packet", "its count is too high");
	if (!s->rtp++)
		s->first = count;
	s->dup += s->seen[count];
	s->seen[count] = true;
	s->late += count + 1 < s->next;
	s->first = count < s->first ? count : s->first;
	s->next = count + 1 > s->next ? count + 1 : s->next;
}

static void add(const uint8_t *bytes, size_t len)
{
	struct datagram d;
	struct rtp_mark mark;
	uint8_t type;
	uint32_t who;

	read_datagram(bytes, len, &d);
	if (rtcp_is(d.data, d.len) && rtcp_mark_read(d.data, d.len, &who))
		find(who, &d, true)->rtcp++;
	else if (!rtcp_is(d.data, d.len) && rtp_mark_read(d.data, d.len, &type, &mark))
		add_rtp(find(mark.who, &d, false), mark.count);
	else
		unmarked++;
}

int main(int argc, char *argv[])
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	pcap_t *pcap;
	int result;

	if (argc != 2)
		die("usage", "rtp_pcap FILE");
	pcap = pcap_open_offline(argv[1], error);
	if (!pcap)
		die(argv[1], error);
	if (pcap_datalink(pcap) != DLT_RAW)
		die(argv[1], "another link type than raw");
	while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		if (header->caplen != header->len)
			die(argv[1], "a packet is cut");
		add(bytes, header->caplen);
	}
	if (result != PCAP_ERROR_BREAK)
		die(argv[1], pcap_geterr(pcap));
	pcap_close(pcap);
	for (struct sender *s = senders; s < senders + n_senders; s++)
		printf("who=%u from=%s to=%s rtp=%u first=%u next=%u dup=%u late=%u rtcp=%u\n",
		       s->who, *s->from ? s->from : "none", *s->to ? s->to : "none", s->rtp,
		       s->first, s->next, s->dup, s->late, s->rtcp);
	printf("unmarked=%u\n", unmarked);
	return 0;
}
