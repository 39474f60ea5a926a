/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.c - how busy this host is
 *
 * /proc/stat, proc(5): the first line has the time that all processors spent as user, nice, system,
 * idle, iowait, irq, softirq and steal; guest times are part of user and nice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "stats/load.h"

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, TIMES };

/* Numbers between blanks. Return: how many */
static int read_times(const char *text, uint64_t *time, int max)
{
	char *end;
	int n = 0;

	for (; n < max; n++, text = end) {
		time[n] = strtoull(text, &end, 10);
		if (end == text)
			break;
	}
	return n;
}

static double busy_part(const uint64_t *before, uint64_t busy, uint64_t all)
{
	/* iowait may decrease, so that less is busy than before. */
	if (!before[1] || all <= before[1] || busy <= before[0])
		return 0;
	return 100.0 * (double)(busy - before[0]) / (double)(all - before[1]);
}

bool load_take(struct load *load, const char *loadavg, const char *stat)
{
	uint64_t time[TIMES] = { 0 }, all = 0, busy;
	char *end;
	double average = strtod(loadavg, &end);

	if (end == loadavg || strncmp(stat, "cpu ", 4) != 0 ||
	    read_times(stat + 4, time, TIMES) <= IDLE)
		return false;
	for (int i = 0; i < TIMES; i++)
		all += time[i];
	busy = all - time[IDLE] - time[IOWAIT];
	load->average = average;
	load->busy = busy_part(load->ticks, busy, all);
	load->ticks[0] = busy;
	load->ticks[1] = all;
	return true;
}

static void read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, size, file))
		line[0] = '\0';
	fclose(file);
}

void load_sample(struct load *load)
{
	char loadavg[64], stat[256];

	if (load->failed)
		return;
	read_line("/proc/loadavg", loadavg, sizeof(loadavg));
	read_line("/proc/stat", stat, sizeof(stat));
	if (load_take(load, loadavg, stat))
		return;
	*load = (struct load){ .failed = true };
	log_err("/proc/loadavg and /proc/stat cannot be read: max-load and max-cpu have no effect");
}
