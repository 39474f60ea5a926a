/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap.c - writes one pcap file by libpcap, on a descriptor of the caller */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>
#include "record/pcap.h"
#include "record/repair.h"

#define NS_PER_SECOND 1000000000LL
/* With stdio's own 4 KiB a packet costs almost three times as much. */
#define BUFFER (256 * 1024)

static int stream_error(FILE *stream)
{
	if (!ferror(stream))
		return 0;
	return errno ? -errno : -EIO;
}

int record_pcap_begin(struct record_pcap *pcap, int fd, pcap_t *format)
{
	FILE *stream;
	int error;

	*pcap = (struct record_pcap){ .fd = fd, .buffer = malloc(BUFFER) };
	pcap->ns = pcap_get_tstamp_precision(format) == PCAP_TSTAMP_PRECISION_NANO;
	stream = pcap->buffer ? fdopen(fd, "w") : NULL;
	if (!stream) {
		error = pcap->buffer ? -errno : -ENOMEM;
		close(fd);
		free(pcap->buffer);
		pcap->buffer = NULL;
		return error;
	}
	setvbuf(stream, pcap->buffer, _IOFBF, BUFFER);
	pcap->dump = pcap_dump_fopen(format, stream);
	if (!pcap->dump) {
		fclose(stream);
		free(pcap->buffer);
		pcap->buffer = NULL;
		return -ENOMEM;
	}
	pcap->bytes = RECORD_PCAP_HEADER;
	error = record_pcap_flush(pcap);
	if (error)
		record_pcap_end(pcap, false);
	return error;
}

int record_pcap_put(struct record_pcap *pcap, int64_t time_ns, const uint8_t *frame, size_t len)
{
	size_t kept = len < RECORD_PCAP_SNAPSHOT ? len : RECORD_PCAP_SNAPSHOT;
	int64_t fraction = time_ns % NS_PER_SECOND;
	/* With nanoseconds libpcap writes tv_usec as it is. */
	struct pcap_pkthdr header = {
		.ts = { .tv_sec = time_ns / NS_PER_SECOND,
			.tv_usec = pcap->ns ? fraction : fraction / 1000 },
		.caplen = (bpf_u_int32)kept,
		.len = (bpf_u_int32)len,
	};

	errno = 0;
	pcap_dump((u_char *)pcap->dump, &header, frame);
	pcap->packets++;
	pcap->bytes += RECORD_PCAP_RECORD + kept;
	return stream_error(pcap_dump_file(pcap->dump));
}

int record_pcap_flush(struct record_pcap *pcap)
{
	FILE *stream = pcap_dump_file(pcap->dump);
	int error;

	errno = 0;
	/* Says 0 for what has failed before. */
	if (!pcap_dump_flush(pcap->dump) && !ferror(stream)) {
		pcap->flushed = pcap->bytes;
		pcap->flushed_packets = pcap->packets;
		return 0;
	}
	error = stream_error(stream);
	return error ? error : -EIO;
}

/* What the stream still holds has no place behind half a record. */
static void cut(struct record_pcap *pcap)
{
	uint64_t records = 0, end;

	__fpurge(pcap_dump_file(pcap->dump));
	/* Packets behind @flushed that are whole count, the others have never been written. */
	if (record_repair_tail(pcap->fd, pcap->flushed, &end, &records))
		return;
	pcap->bytes = end;
	pcap->packets = pcap->flushed_packets + records;
}

int record_pcap_end(struct record_pcap *pcap, bool sync)
{
	int error;

	if (!pcap->dump)
		return 0;
	error = record_pcap_flush(pcap);
	if (error)
		cut(pcap);
	else if (sync && fdatasync(pcap->fd))
		error = -errno;
	else if (!sync)
		sync_file_range(pcap->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	pcap_dump_close(pcap->dump);
	free(pcap->buffer);
	pcap->dump = NULL;
	pcap->buffer = NULL;
	return error;
}
