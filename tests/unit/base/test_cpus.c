/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cpus.c - the CPU quota of control groups, in directories laid out as the kernel does */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "daemon/base/count.h"
#include "daemon/base/cpus.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/rtprelay-cpus.XXXXXX";

/* Writes a file below the temporary directory, with the directories on the way. */
static void put(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	for (char *slash = path + strlen(top); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

/* @mounts: "%s" is the temporary directory */
static void put_mounts(const char *mounts)
{
	char text[1024] = "";
	const char *at;

	while ((at = strstr(mounts, "%s"))) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s%s",
			 (int)(at - mounts), mounts, top);
		mounts = at + 2;
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", mounts);
	put("mountinfo", text);
}

static void begin(void)
{
	strcpy(top + strlen(top) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	CU_ASSERT_EQUAL(system(command), 0);
}

#define V2 "30 23 0:26 / %s/v2 rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

static void test_the_smallest_quota_on_the_way_up_counts(void)
{
	static const struct {
		const char *outer, *inner;
		unsigned int cpus;
	} rows[] = {
		{ "max 100000\n", "max 100000\n", UINT_MAX },
		{ "max 100000\n", "200000 100000\n", 2 },
		{ "200000 100000\n", "800000 100000\n", 2 },
		{ "800000 100000\n", "max 100000\n", 8 },
		{ "max 100000\n", "150000 100000\n", 1 }, /* whole CPUs only */
		{ "max 100000\n", "50000 100000\n", 1 },
		{ "max 100000\n", "300000 0\n", UINT_MAX },
		{ "", "nonsense\n", UINT_MAX },
		{ "", "99999999999999999999 1\n", UINT_MAX },
	};

	begin();
	put_mounts("20 1 8:1 / / rw - ext4 /dev/vda rw\n" V2);
	put("cgroup", "0::/system.slice/relay.service\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		put("v2/system.slice/cpu.max", rows[i].outer);
		put("v2/system.slice/relay.service/cpu.max", rows[i].inner);
		CU_ASSERT_EQUAL(cpus_quota(top), rows[i].cpus);
	}
	end();
}

static void test_quota_of_version_1(void)
{
	begin();
	put_mounts("31 23 0:27 / %s/cpuset rw - cgroup cgroup rw,cpuset\n"
		   "32 23 0:28 / %s/cpu rw - cgroup cgroup rw,cpu,cpuacct\n" V2);
	put("cgroup", "9:cpuset:/\n4:cpu,cpuacct:/relay\n0::/relay\n");
	put("cpu/relay/cpu.cfs_quota_us", "-1\n");
	put("cpu/relay/cpu.cfs_period_us", "100000\n");
	CU_ASSERT_EQUAL(cpus_quota(top), UINT_MAX);
	put("cpu/relay/cpu.cfs_quota_us", "300000\n");
	CU_ASSERT_EQUAL(cpus_quota(top), 3);
	/* Both versions, side by side. */
	put("v2/relay/cpu.max", "200000 100000\n");
	CU_ASSERT_EQUAL(cpus_quota(top), 2);
	end();
}

/* A container sees its own group mounted, under the name that the host gave it, or "/". */
static void test_group_that_is_mounted_as_the_root(void)
{
	begin();
	put_mounts("32 23 0:28 /docker/1f %s/cpu ro - cgroup cgroup rw,cpu\n");
	put("cgroup", "4:cpu:/docker/1f\n");
	put("cpu/cpu.cfs_quota_us", "400000\n");
	put("cpu/cpu.cfs_period_us", "100000\n");
	CU_ASSERT_EQUAL(cpus_quota(top), 4);
	put("cgroup", "4:cpu:/docker/1f/inner\n");
	put("cpu/inner/cpu.cfs_quota_us", "200000\n");
	put("cpu/inner/cpu.cfs_period_us", "100000\n");
	CU_ASSERT_EQUAL(cpus_quota(top), 2);
	put("cgroup", "4:cpu:/docker/1fab\n"); /* another one, whose name begins alike */
	put("cpuab/cpu.cfs_quota_us", "100000\n");
	put("cpuab/cpu.cfs_period_us", "100000\n");
	CU_ASSERT_EQUAL(cpus_quota(top), 4);
	/* Moved by the host to a group that is not mounted here. */
	put("cgroup", "4:cpu:/elsewhere\n");
	CU_ASSERT_EQUAL(cpus_quota(top), 4);
	end();
}

static void test_without_control_groups_the_affinity_counts(void)
{
	cpu_set_t set;

	begin();
	CU_ASSERT_EQUAL(cpus_quota(top), UINT_MAX); /* no files */
	put_mounts("no mount\n30 23 0:26 / - \n");
	put("cgroup", "0\n::\n");
	CU_ASSERT_EQUAL(cpus_quota(top), UINT_MAX);
	end();
	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(set), &set), 0);
	CU_ASSERT(cpus_usable() >= 1);
	CU_ASSERT(cpus_usable() <= (unsigned int)CPU_COUNT(&set));
}

TEST_SUITE(cpus,
	   { "the smallest quota on the way up counts",
	     test_the_smallest_quota_on_the_way_up_counts },
	   { "quota of version 1", test_quota_of_version_1 },
	   { "group that is mounted as the root", test_group_that_is_mounted_as_the_root },
	   { "without control groups the affinity counts",
	     test_without_control_groups_the_affinity_counts });
