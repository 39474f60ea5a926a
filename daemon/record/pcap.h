/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap.h - writes one pcap file by libpcap, on a descriptor of the caller
 *
 * libpcap tells nobody that a write failed: what it could not write is thrown away. So the stream
 * below it is asked after each packet, and after an error the file is cut behind its last whole
 * record.
 */
#ifndef RTPRELAY_RECORD_PCAP_H
#define RTPRELAY_RECORD_PCAP_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero: there is none. */
struct record_pcap {
	pcap_dumper_t *dump; /* NULL: closed */
	char *buffer;	     /* of its stream */
	int fd;		     /* closed by the stream */
	bool ns;
	uint64_t packets, bytes;	   /* bytes: of the file, with header */
	uint64_t flushed, flushed_packets; /* what is whole in the file */
};

/* Takes @fd, an empty file; the header is written at once. Return: 0; -errno, @fd is closed */
int record_pcap_begin(struct record_pcap *pcap, int fd, pcap_t *format);
/* Return: 0; -errno: the disk; the caller ends it */
int record_pcap_put(struct record_pcap *pcap, int64_t time_ns, const uint8_t *frame, size_t len);
/* All goes to the kernel. Return: 0; -errno */
int record_pcap_flush(struct record_pcap *pcap);
/**
 * record_pcap_end() - flushes and closes; if something failed, now or before, cuts the file first
 * @sync: wait until the disk has it
 * Return: 0; -errno of flushing. @packets and @bytes are then of what is in the file.
 */
int record_pcap_end(struct record_pcap *pcap, bool sync);

#endif
