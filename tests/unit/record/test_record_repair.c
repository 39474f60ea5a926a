/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record_repair.c - tails of pcap and WAV files that a crash has cut */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/count.h"
#include "record/repair.h"
#include "record/wav.h"
#include "tests/unit/test.h"

#define RECORD (RECORD_PCAP_RECORD + 40)

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static void put_header(uint8_t *to)
{
	memset(to, 0, RECORD_PCAP_HEADER);
	put32(to, 0xa1b2c3d4);
	put32(to + 4, 2 | 4 << 16);
	put32(to + 16, RECORD_PCAP_SNAPSHOT);
	put32(to + 20, 101);
}

static void put_record(uint8_t *to)
{
	memset(to, 0x55, RECORD);
	put32(to + 4, 999999);
	put32(to + 8, 40);
	put32(to + 12, 40);
}

static int file_of(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

static size_t size_of(int fd)
{
	struct stat found;

	CU_ASSERT_EQUAL_FATAL(fstat(fd, &found), 0);
	return (size_t)found.st_size;
}

/* Whatever the length at which the file was cut. */
static void test_cuts_behind_last_whole_record(void)
{
	uint8_t bytes[RECORD_PCAP_HEADER + 3 * RECORD];

	put_header(bytes);
	for (size_t i = 0; i < 3; i++)
		put_record(bytes + RECORD_PCAP_HEADER + i * RECORD);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		size_t whole = len < RECORD_PCAP_HEADER ? 0 : (len - RECORD_PCAP_HEADER) / RECORD;
		uint64_t end, records = 0;
		int fd = file_of(bytes, len);

		CU_ASSERT_EQUAL(record_repair_tail(fd, 0, &end, &records), 0);
		CU_ASSERT_EQUAL(records, whole);
		CU_ASSERT_EQUAL(end,
				len < RECORD_PCAP_HEADER ? 0 : RECORD_PCAP_HEADER + whole * RECORD);
		CU_ASSERT_EQUAL(size_of(fd), end);
		close(fd);
	}
}

static void test_no_packet_is_no_record(void)
{
	static const struct {
		size_t at;
		uint32_t value;
	} rows[] = {
		{ 4, 1000000000 },		 /* fraction of a second */
		{ 8, 0 },			 /* zeros of a file system */
		{ 8, 27 },			 /* shorter than its headers */
		{ 8, RECORD_PCAP_SNAPSHOT + 1 }, /* longer than any */
		{ 12, 39 },			 /* shorter than what is kept of it */
		{ 12, UINT32_MAX },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[RECORD_PCAP_HEADER + 3 * RECORD];
		uint64_t end, records = 0;
		int fd;

		put_header(bytes);
		for (size_t n = 0; n < 3; n++)
			put_record(bytes + RECORD_PCAP_HEADER + n * RECORD);
		put32(bytes + RECORD_PCAP_HEADER + RECORD + rows[i].at, rows[i].value);
		fd = file_of(bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(record_repair_tail(fd, 0, &end, &records), 0);
		CU_ASSERT_EQUAL(records, 1);
		CU_ASSERT_EQUAL(size_of(fd), RECORD_PCAP_HEADER + RECORD);
		close(fd);
	}
}

static void test_goes_on_behind_what_is_known(void)
{
	static uint8_t bytes[RECORD_PCAP_HEADER + 9000 * RECORD + 5];
	uint64_t end, records = 0;
	int fd;

	/* More than is read at once. */
	put_header(bytes);
	for (size_t i = 0; i < 9000; i++)
		put_record(bytes + RECORD_PCAP_HEADER + i * RECORD);
	fd = file_of(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(record_repair_tail(fd, RECORD_PCAP_HEADER + 10 * RECORD, &end, &records),
			0);
	CU_ASSERT_EQUAL(records, 8990);
	CU_ASSERT_EQUAL(size_of(fd), sizeof(bytes) - 5);
	close(fd);
}

/* Older versions have other records. */
static void test_version_is_ours(void)
{
	static const size_t bytes_of_header[] = { 0, 4, 6, 16, 20, 23 };
	uint8_t header[RECORD_PCAP_HEADER];

	put_header(header);
	CU_ASSERT(record_repair_header(header));
	for (size_t i = 0; i < COUNT(bytes_of_header); i++) {
		put_header(header);
		header[bytes_of_header[i]] ^= 2;
		CU_ASSERT(!record_repair_header(header));
	}
}

static void test_files_of_others_stay(void)
{
	uint8_t bytes[RECORD_PCAP_HEADER + 5] = "no pcap, but of somebody else";
	uint64_t end, records = 0;
	int fd = file_of(bytes, sizeof(bytes));

	CU_ASSERT_EQUAL(record_repair_tail(fd, 0, &end, &records), -EINVAL);
	CU_ASSERT_EQUAL(size_of(fd), sizeof(bytes));
	close(fd);
}

static void test_wav_gets_its_sizes(void)
{
	static const struct {
		unsigned int channels;
		size_t bytes, frames, padded;
	} rows[] = { { 2, 0, 0, 0 }, { 2, 7, 3, 6 }, { 1, 7, 7, 8 }, { 1, 8, 8, 8 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[RECORD_WAV_HEADER + 16] = { 0 }, want[RECORD_WAV_HEADER],
						  got[RECORD_WAV_HEADER];
		uint64_t size;
		int fd;

		/* The header is of an earlier time. */
		record_wav_header(bytes, RECORD_LAW_A, rows[i].channels, 1);
		record_wav_header(want, RECORD_LAW_A, rows[i].channels, rows[i].frames);
		fd = file_of(bytes, RECORD_WAV_HEADER + rows[i].bytes);
		CU_ASSERT_EQUAL(record_wav_repair(fd, &size), 0);
		CU_ASSERT_EQUAL(size, RECORD_WAV_HEADER + rows[i].padded);
		CU_ASSERT_EQUAL(size_of(fd), size);
		CU_ASSERT_EQUAL(pread(fd, got, sizeof(got), 0), (ssize_t)sizeof(got));
		CU_ASSERT(!memcmp(got, want, sizeof(want)));
		close(fd);
	}
}

static void test_no_wav_stays(void)
{
	uint8_t bytes[RECORD_WAV_HEADER + 4] = { 0 };
	uint64_t size;
	int fd;

	record_wav_header(bytes, RECORD_LAW_MU, 2, 2);
	bytes[24] ^= 1; /* another rate */
	fd = file_of(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(record_wav_repair(fd, &size), -EINVAL);
	CU_ASSERT_EQUAL(size_of(fd), sizeof(bytes));
	close(fd);
	fd = file_of(bytes, RECORD_WAV_HEADER - 1);
	CU_ASSERT_EQUAL(record_wav_repair(fd, &size), -EINVAL);
	close(fd);
}

TEST_SUITE(record_repair, { "cuts behind last whole record", test_cuts_behind_last_whole_record },
	   { "no packet is no record", test_no_packet_is_no_record },
	   { "goes on behind what is known", test_goes_on_behind_what_is_known },
	   { "version is ours", test_version_is_ours },
	   { "files of others stay", test_files_of_others_stay },
	   { "wav gets its sizes", test_wav_gets_its_sizes },
	   { "no wav stays", test_no_wav_stays });
