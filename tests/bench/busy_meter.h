/* SPDX-License-Identifier: GPL-2.0-or-later */
/* busy_meter.h - what busy_meter tells */
#ifndef RTPRELAY_BENCH_BUSY_METER_H
#define RTPRELAY_BENCH_BUSY_METER_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

struct busy_meter {
	int64_t gaps_ns; /* so far; atomic */
	int32_t pid;
};

/* @make: with the file. NULL: errno */
static inline struct busy_meter *busy_meter_map(const char *path, bool make)
{
	int fd = open(path, make ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
	void *at = MAP_FAILED;

	if (fd >= 0 && (!make || !ftruncate(fd, sizeof(struct busy_meter))))
		at = mmap(NULL, sizeof(struct busy_meter),
			  make ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return at == MAP_FAILED ? NULL : at;
}

#endif
