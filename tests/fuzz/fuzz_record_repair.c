/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_record_repair.c - any bytes as the file that a crash has left, a pcap or a WAV
 *
 * What is left of a pcap is read by libpcap to its end, with as many packets as were counted; and
 * whoever repairs it again finds nothing to cut.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/record/repair.h"
#include "daemon/record/wav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	return fd;
}

static uint64_t size_of(int fd)
{
	struct stat found;

	if (fstat(fd, &found))
		abort();
	return (uint64_t)found.st_size;
}

static void read_by_libpcap(int fd, uint64_t records)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *file = fdopen(dup(fd), "r");
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;
	int result;

	if (!file)
		abort();
	pcap = pcap_fopen_offline(file, error);
	if (!pcap) { /* a version that is not ours */
		fclose(file);
		return;
	}
	while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1)
		records--;
	if (result != PCAP_ERROR_BREAK || records)
		abort();
	pcap_close(pcap);
}

static void repair_pcap(const uint8_t *data, size_t size)
{
	int fd = file_of(data, size);
	uint64_t end, records = 0, again_end, again = 0;

	if (!record_repair_tail(fd, 0, &end, &records)) {
		if (end > size || size_of(fd) != end)
			abort();
		if (record_repair_tail(fd, 0, &again_end, &again) || again_end != end ||
		    again != records)
			abort();
		if (end)
			read_by_libpcap(fd, records);
	} else if (size_of(fd) != size) {
		abort();
	}
	close(fd);
}

static void repair_wav(const uint8_t *data, size_t size)
{
	int fd = file_of(data, size);
	uint64_t length, again;

	if (!record_wav_repair(fd, &length)) {
		if (size_of(fd) != length || length > size + 1 || length < RECORD_WAV_HEADER)
			abort();
		if (record_wav_repair(fd, &again) || again != length)
			abort();
	} else if (size_of(fd) != size) {
		abort();
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	repair_pcap(data, size);
	repair_wav(data, size);
	return 0;
}
