/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_replace_file.c - a file is replaced as a whole, or stays */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/replace_file.h"
#include "tests/unit/test.h"

static char dir[64], path[128], new_path[128];

static void open_dir(void)
{
	strcpy(dir, "/tmp/rtprelay-replace.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/list", dir);
	snprintf(new_path, sizeof(new_path), "%s/list.new", dir);
}

static void close_dir(void)
{
	unlink(path);
	unlink(new_path);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static int write_text(FILE *file, const void *arg)
{
	return fputs(arg, file) < 0 ? -errno : 0;
}

static int write_half(FILE *file, const void *arg)
{
	fputs(arg, file);
	return -EIO;
}

static bool has(const char *text)
{
	char is[64] = "";
	FILE *file = fopen(path, "r");
	bool read = file && fgets(is, sizeof(is), file);

	if (file)
		fclose(file);
	return read && !strcmp(is, text);
}

static void test_replaces(void)
{
	struct stat found;

	open_dir();
	CU_ASSERT_EQUAL(replace_file(path, write_text, "one"), 0);
	CU_ASSERT(has("one"));
	CU_ASSERT_EQUAL_FATAL(stat(path, &found), 0);
	CU_ASSERT_EQUAL(found.st_mode & 0137, 0); /* not for others, nor for the group to write */
	CU_ASSERT_EQUAL(replace_file(path, write_text, "2"), 0);
	CU_ASSERT(has("2"));
	CU_ASSERT_EQUAL(access(new_path, F_OK), -1);
	close_dir();
}

static void test_stays_if_writing_fails(void)
{
	open_dir();
	CU_ASSERT_EQUAL(replace_file(path, write_text, "old"), 0);
	CU_ASSERT_EQUAL(replace_file(path, write_half, "ne"), -EIO);
	CU_ASSERT(has("old"));
	CU_ASSERT_EQUAL(access(new_path, F_OK), -1);
	/* A link that somebody else has put there is not followed. */
	CU_ASSERT_EQUAL(symlink("list", new_path), 0);
	CU_ASSERT_EQUAL(replace_file(path, write_text, "new"), -ELOOP);
	CU_ASSERT(has("old"));
	close_dir();
}

static void test_path_that_is_too_long(void)
{
	char longest[PATH_MAX + 8];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_EQUAL(replace_file(longest, write_text, "one"), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(replace_file("/nonexistent/list", write_text, "one"), -ENOENT);
}

TEST_SUITE(replace_file, { "replaces", test_replaces },
	   { "stays if writing fails", test_stays_if_writing_fails },
	   { "path that is too long", test_path_that_is_too_long });
