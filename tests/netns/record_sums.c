/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_sums.c - do recordings have each packet that was relayed, byte for byte?
 *
 *   record_sums [-m MISSING] PACKETS FILE.pcap...
 *
 * PACKETS are those of "tests/bench/rtp_load -R": a line "s PORT SEQ SUM" for each that a phone at
 * this port sent, "r PORT SEQ SUM" for each of these that the other phone received; the sum is of
 * all its bytes. Prints
 *   senders=400 sent=600000 relayed=600000 recorded=600000 missing=0 twice=0 other=0
 * @relayed: received by the other phone; @missing: of these, in no file; @twice: in the files once
 * more; @other: in the files, but no phone has sent it, or it had other bytes.
 * MISSING gets a line "NUMBER FILE" for each file whose call lacks packets, and "NUMBER -" for
 * those of calls that are in no file. Both phones of a call have ports that differ in the last two
 * bits only.
 */
#include <err.h>
#include <inttypes.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEQS 8192

struct sent {
	uint64_t sum;
	bool sent, relayed, recorded;
};

/* By the port of the sender; NULL: nobody sends from it. */
static struct sent *senders[UINT16_MAX + 1];
/* Index of the file that has its packets, and 1; 0: none. By the port without its last two bits. */
static int file_of[(UINT16_MAX + 1) / 4];
static unsigned long senders_n, sent, relayed, recorded, missing, twice, other;

static uint64_t sum_of(const uint8_t *data, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ data[i]) * 0x100000001b3;
	return sum;
}

static void read_packets(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int port, seq;
	uint64_t sum;
	char what;

	if (!file)
		err(1, "%s", path);
	while (fscanf(file, " %c %u %u %" SCNx64, &what, &port, &seq, &sum) == 4) {
		struct sent *at;

		if (port > UINT16_MAX || seq >= SEQS)
			errx(1, "%s: port %u or number %u is out of range", path, port, seq);
		if (!senders[port]) {
			senders[port] = calloc(SEQS, sizeof(struct sent));
			senders_n++;
		}
		if (!senders[port])
			err(1, "senders");
		at = &senders[port][seq];
		sent += what == 's';
		relayed += what == 'r';
		at->sent |= what == 's';
		at->relayed |= what == 'r';
		at->sum = sum;
	}
	if (!feof(file))
		errx(1, "%s: not a list of packets", path);
	fclose(file);
}

/* IPv4 without options, as the recorder makes it up. */
static void add(const uint8_t *bytes, size_t len, int file)
{
	const size_t head = sizeof(struct iphdr) + sizeof(struct udphdr);
	const uint8_t *rtp = bytes + head;
	struct sent *at = NULL;
	struct udphdr udp;
	unsigned int seq;

	recorded++;
	if (len < head + 12 || bytes[0] != 0x45 || bytes[9] != IPPROTO_UDP) {
		other++;
		return;
	}
	memcpy(&udp, bytes + sizeof(struct iphdr), sizeof(udp));
	seq = (unsigned int)rtp[2] << 8 | rtp[3];
	if (senders[ntohs(udp.source)] && seq < SEQS)
		at = &senders[ntohs(udp.source)][seq];
	if (!at || !at->sent || at->sum != sum_of(rtp, len - head)) {
		other++;
		return;
	}
	file_of[ntohs(udp.source) / 4] = file + 1;
	twice += at->recorded;
	at->recorded = true;
}

static void read_recording(const char *path, int file)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	pcap_t *pcap = pcap_open_offline(path, error);
	int result;

	if (!pcap)
		errx(1, "%s: %s", path, error);
	if (pcap_datalink(pcap) != DLT_RAW)
		errx(1, "%s: another link type than raw", path);
	while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1)
		add(bytes, header->caplen, file);
	if (result != PCAP_ERROR_BREAK)
		errx(1, "%s: %s", path, pcap_geterr(pcap));
	pcap_close(pcap);
}

static unsigned long missing_of(unsigned int port)
{
	unsigned long n = 0;

	for (unsigned int seq = 0; senders[port] && seq < SEQS; seq++)
		n += senders[port][seq].relayed && !senders[port][seq].recorded;
	return n;
}

/* @files: of them there are @n; @in: number of missing packets by file, and at last of no file */
static void write_missing(FILE *to, char *files[], int n, const unsigned long *in)
{
	for (int i = 0; i <= n; i++)
		if (in[i])
			fprintf(to, "%lu %s\n", in[i], i < n ? files[i] : "-");
	if (fclose(to))
		err(1, "missing packets");
}

int main(int argc, char *argv[])
{
	unsigned long *in = calloc((size_t)argc + 1, sizeof(*in));
	FILE *to = NULL;
	int option, n;

	while ((option = getopt(argc, argv, "m:")) == 'm') {
		to = fopen(optarg, "w");
		if (!to)
			err(1, "%s", optarg);
	}
	n = argc - optind - 1;
	if (option != -1 || n < 1 || !in)
		errx(2, "usage: record_sums [-m MISSING] PACKETS FILE.pcap...");
	read_packets(argv[optind]);
	for (int i = 0; i < n; i++)
		read_recording(argv[optind + 1 + i], i);
	for (unsigned int port = 0; port <= UINT16_MAX; port++) {
		unsigned long of_port = missing_of(port);
		int file = file_of[port / 4];

		missing += of_port;
		in[file ? file - 1 : n] += of_port;
	}
	if (to)
		write_missing(to, argv + optind + 1, n, in);
	printf("senders=%lu sent=%lu relayed=%lu recorded=%lu missing=%lu twice=%lu other=%lu\n",
	       senders_n, sent, relayed, recorded, missing, twice, other);
	free(in);
	return 0;
}
