/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * growth.c - the kernel's hash tables cannot grow for this process, as if memory were short
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "growth.h"
#include "tests/unit/test.h"
#include "world.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define NOGROW	 "/sys/module/nogrow/parameters/"

static int fail_fd = -1; /* of this process: 1: its allocations fail; -1: by nogrow */

static void write_text(int fd, const char *text)
{
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void write_number(const char *path, int number)
{
	char text[16];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	snprintf(text, sizeof(text), "%d", number);
	write_text(fd, text);
	close(fd);
}

static void set_failslab(int probability)
{
	write_number(FAILSLAB "task-filter", probability > 0);
	write_number(FAILSLAB "ignore-gfp-wait", 1);
	write_number(FAILSLAB "verbose", 0);
	write_number(FAILSLAB "interval", 1);
	write_number(FAILSLAB "times", -1);
	write_number(FAILSLAB "probability", probability);
}

void growth_open(void)
{
	fail_fd = open("/proc/self/make-it-fail", O_RDWR | O_CLOEXEC);
	if (fail_fd >= 0)
		set_failslab(100);
	else
		CU_ASSERT_EQUAL_FATAL(world_run("insmod ./nogrow.ko"), 0);
}

static void come_first(bool on)
{
	const struct sched_param param = { .sched_priority = on };

	CU_ASSERT_EQUAL(sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param), 0);
}

void growth_fails(bool on)
{
	if (on)
		come_first(true);
	if (fail_fd >= 0)
		write_text(fail_fd, on ? "1" : "0");
	else
		write_number(NOGROW "process", on ? (int)getpid() : 0);
	if (!on)
		come_first(false);
}

static int read_refused(void)
{
	FILE *file = fopen(NOGROW "refused", "re");
	int refused = -1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fscanf(file, "%d", &refused), 1);
	fclose(file);
	return refused;
}

int growth_close(void)
{
	int refused = -1;

	if (fail_fd >= 0) {
		set_failslab(0);
		close(fail_fd);
		return refused;
	}
	refused = read_refused();
	CU_ASSERT_EQUAL(world_run("rmmod nogrow"), 0);
	return refused;
}
