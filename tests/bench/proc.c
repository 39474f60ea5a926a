/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc.c - counters of the kernel, read from /proc; and the clock */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "proc.h"

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t task_cpu_ns(const char *tasks, const char *tid)
{
	long long ns = 0;
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/schedstat", tasks, tid);
	file = fopen(path, "r");
	if (!file)
		return 0; /* a thread that has just ended */
	if (fscanf(file, "%lld", &ns) != 1)
		ns = 0;
	fclose(file);
	return ns;
}

int64_t proc_cpu_ns(pid_t pid)
{
	struct dirent *entry;
	int64_t sum = 0;
	char path[32];
	DIR *dir;

	if (!pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		exit(1);
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			sum += task_cpu_ns(path, entry->d_name);
	closedir(dir);
	return sum;
}

int64_t proc_cpu_now_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (!pid)
		return 0;
	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts)) {
		fprintf(stderr, "no CPU time of process %d\n", pid);
		exit(1);
	}
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint64_t proc_packets(const char *device)
{
	static int fd = -1;
	unsigned long long packets;
	const char *line;
	char text[4096], begin[32];
	ssize_t len;

	if (fd < 0)
		fd = open("/proc/self/net/dev", O_RDONLY | O_CLOEXEC);
	len = pread(fd, text, sizeof(text) - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	snprintf(begin, sizeof(begin), "%6s:", device); /* as the kernel prints it */
	line = strstr(text, begin);
	if (!line || sscanf(line + strlen(begin), " %*u %llu", &packets) != 1) {
		fprintf(stderr, "/proc/self/net/dev has no counters of %s\n", device);
		exit(1);
	}
	return packets;
}
