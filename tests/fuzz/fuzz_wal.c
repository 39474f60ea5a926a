/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_wal.c - any bytes as SQLite's write-ahead log
 *
 * The first byte has the number of frames whose checksums are corrected, and in its upper bit
 * whether the first frame is damaged afterwards; the second byte is the size of a page. Otherwise
 * the header would be refused. What is found must be sorted, each record once.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/journal/wal.h"

#define HEAD	   32
#define FRAME_HEAD 24
#define LOG_MAX	   (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void put_word(uint8_t *at, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(word >> (24 - 8 * i));
}

static uint32_t get_word(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void sum_up(uint32_t sum[2], const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		sum[0] += get_word(at + i) + sum[1];
		sum[1] += get_word(at + i + 4) + sum[0];
	}
}

static void put_sum(uint8_t *at, const uint32_t sum[2])
{
	put_word(at, sum[0]);
	put_word(at + 4, sum[1]);
}

static void correct(uint8_t *log, size_t len, unsigned int frames, uint32_t page)
{
	uint32_t sum[2] = { 0, 0 };

	put_word(log, 0x377f0683); /* the words are big-endian */
	put_word(log + 8, page);
	sum_up(sum, log, 24);
	put_sum(log + 24, sum);
	for (size_t at = HEAD; frames && at + FRAME_HEAD + page <= len; frames--) {
		memcpy(log + at + 8, log + 16, 8);
		sum_up(sum, log + at, 8);
		sum_up(sum, log + at + FRAME_HEAD, page);
		put_sum(log + at + 16, sum);
		at += FRAME_HEAD + page;
	}
}

/* One file for all inputs; it has a name while wal_check() opens it. */
static const char *log_file(const uint8_t *log, size_t len)
{
	static char path[] = "/tmp/rtprelay-fuzz-wal.XXXXXX";
	static int fd = -1;

	if (fd < 0)
		fd = mkstemp(path);
	require(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, log, len, 0) == (ssize_t)len);
	return path;
}

static void remove_file(void)
{
	unlink(log_file(NULL, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t log[LOG_MAX];
	static bool registered;
	struct wal_loss loss;

	if (size < 2 || size - 2 > LOG_MAX)
		return 0;
	if (!registered)
		registered = !atexit(remove_file);
	memcpy(log, data + 2, size - 2);
	if (size - 2 >= HEAD)
		correct(log, size - 2, data[0] & 0x7f, 512U << data[1] % 8);
	if (data[0] & 0x80 && size - 2 > HEAD + FRAME_HEAD)
		log[HEAD + FRAME_HEAD] ^= 1;
	wal_check(log_file(log, size - 2), &loss);
	require(loss.damaged || !loss.n);
	require(wal_loss_count(&loss) == loss.n);
	for (size_t i = 0; i < loss.n; i++) {
		require(!i || loss.record[i - 1].id < loss.record[i].id);
		wal_loss_found(&loss, loss.record[i].id);
	}
	require(!wal_loss_count(&loss));
	wal_loss_fini(&loss);
	return 0;
}
