/* SPDX-License-Identifier: GPL-2.0-or-later */
/* repair.c - where the last whole record of a pcap file ends that a crash or a full disk has cut */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "record/frame.h"
#include "record/repair.h"

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d
/* As libpcap writes them into a file. */
#define LINK_ETHERNET 1
#define LINK_RAW      101

/* More than the longest record, so that what does not fit is the end of the file. */
#define WINDOW (256 * 1024)

static uint32_t word_at(const uint8_t *bytes, size_t index)
{
	uint32_t word;

	memcpy(&word, bytes + 4 * index, sizeof(word));
	return word;
}

bool record_repair_header(const uint8_t *bytes)
{
	static const uint16_t version[2] = { 2, 4 };
	uint32_t magic = word_at(bytes, 0), link = word_at(bytes, 5);

	return (magic == MAGIC_US || magic == MAGIC_NS) &&
	       !memcmp(bytes + 4, version, sizeof(version)) &&
	       word_at(bytes, 4) == RECORD_PCAP_SNAPSHOT &&
	       (link == LINK_ETHERNET || link == LINK_RAW);
}

size_t record_repair_walk(const uint8_t *bytes, size_t len, uint64_t *records)
{
	size_t at = 0;

	while (len - at >= RECORD_PCAP_RECORD) {
		uint32_t fraction = word_at(bytes + at, 1), kept = word_at(bytes + at, 2),
			 whole = word_at(bytes + at, 3);

		/* Zeros are no record: each of ours has headers of IP and UDP. */
		if (fraction >= 1000000000 || kept < RECORD_FRAME_MIN ||
		    kept > RECORD_PCAP_SNAPSHOT || whole < kept || whole > RECORD_FRAME_MAX ||
		    kept > len - at - RECORD_PCAP_RECORD)
			break;
		at += RECORD_PCAP_RECORD + kept;
		++*records;
	}
	return at;
}

/* Reads as much as there is, up to @size. Return: bytes; -errno */
static ssize_t read_at(int fd, uint8_t *to, size_t size, uint64_t at)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = pread(fd, to + got, size - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int find_end(int fd, uint8_t *window, uint64_t *end, uint64_t *records)
{
	ssize_t got;
	size_t whole;

	if (!*end) {
		got = read_at(fd, window, RECORD_PCAP_HEADER, 0);
		if (got < RECORD_PCAP_HEADER)
			return got < 0 ? (int)got : 0;
		if (!record_repair_header(window))
			return -EINVAL;
		*end = RECORD_PCAP_HEADER;
	}
	do {
		got = read_at(fd, window, WINDOW, *end);
		if (got < 0)
			return (int)got;
		whole = record_repair_walk(window, (size_t)got, records);
		*end += whole;
	} while (whole);
	return 0;
}

int record_repair_tail(int fd, uint64_t from, uint64_t *end, uint64_t *records)
{
	uint8_t *window = malloc(WINDOW);
	int error = -ENOMEM;

	*end = from;
	if (window)
		error = find_end(fd, window, end, records);
	free(window);
	if (!error && ftruncate(fd, (off_t)*end))
		error = -errno;
	return error;
}
