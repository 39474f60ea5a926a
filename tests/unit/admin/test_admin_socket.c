/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_socket.c - the file of the control socket: mode, directory, who may replace it */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/admin/socket.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

static char base[] = "/tmp/test_admin_socket.XXXXXX", dir[64], path[96];
static const char *what; /* failed in open_socket() */

static void make_dir(void)
{
	strcpy(base + strlen(base) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/run", base);
	snprintf(path, sizeof(path), "%s/control.sock", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
	CU_ASSERT_EQUAL(rmdir(base), 0);
}

static int open_socket(struct admin_socket *own, unsigned int mode)
{
	const struct admin_socket_conf conf = {
		.path = path, .mode = mode, .uid = geteuid(), .gid = getegid()
	};

	return admin_socket_open(own, &conf, &what);
}

static unsigned int mode_of(const char *file)
{
	struct stat found;

	return stat(file, &found) ? 0 : found.st_mode & 07777;
}

/* Who may connect may also reach the socket, and no one else. */
static void test_directory_is_open_to_those_who_may_connect(void)
{
	static const struct {
		unsigned int socket, directory;
	} rows[] = {
		{ 0660, 0750 }, { 0600, 0700 }, { 0666, 0755 }, { 0606, 0705 }, { 0620, 0750 },
	};
	struct admin_socket own;

	for (size_t i = 0; i < COUNT(rows); i++) {
		make_dir();
		CU_ASSERT_EQUAL(open_socket(&own, rows[i].socket), 0);
		CU_ASSERT_EQUAL(mode_of(path), rows[i].socket);
		CU_ASSERT_EQUAL(mode_of(dir), rows[i].directory);
		admin_socket_close(&own);
		CU_ASSERT_EQUAL(mode_of(path), 0);
		remove_dir();
	}
}

static void test_existing_directory_keeps_its_mode(void)
{
	struct admin_socket own;

	make_dir();
	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0711), 0);
	CU_ASSERT_EQUAL(open_socket(&own, 0660), 0);
	CU_ASSERT_EQUAL(mode_of(dir), 0711);
	admin_socket_close(&own);
	remove_dir();
}

static void test_socket_of_a_running_daemon_is_kept(void)
{
	struct admin_socket own, other;
	struct stat before, after;

	make_dir();
	CU_ASSERT_EQUAL(open_socket(&own, 0660), 0);
	CU_ASSERT_EQUAL(stat(path, &before), 0);
	CU_ASSERT_EQUAL(open_socket(&other, 0660), -EADDRINUSE);
	CU_ASSERT_STRING_EQUAL(what, "replacing the socket of a running daemon");
	CU_ASSERT(other.fd < 0);
	CU_ASSERT_EQUAL(stat(path, &after), 0);
	CU_ASSERT_EQUAL(after.st_ino, before.st_ino);
	admin_socket_close(&own);
	remove_dir();
}

/* The daemon was killed: its file is there, nobody listens. */
static void test_socket_of_a_dead_daemon_is_replaced(void)
{
	struct admin_socket dead, own;

	make_dir();
	CU_ASSERT_EQUAL(open_socket(&dead, 0660), 0);
	close(dead.fd);
	CU_ASSERT_EQUAL(open_socket(&own, 0600), 0);
	CU_ASSERT_EQUAL(mode_of(path), 0600);
	free(dead.path);
	admin_socket_close(&own);
	remove_dir();
}

/* While a daemon ends, its successor has already opened its own socket at the same path. */
static void test_socket_of_a_successor_is_kept(void)
{
	struct admin_socket old, own;

	make_dir();
	CU_ASSERT_EQUAL(open_socket(&old, 0660), 0);
	CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
	CU_ASSERT_EQUAL(open_socket(&own, 0600), 0);
	admin_socket_close(&old);
	CU_ASSERT_EQUAL(mode_of(path), 0600);
	admin_socket_close(&own);
	CU_ASSERT_EQUAL(mode_of(path), 0);
	remove_dir();
}

#define NOBODY 65534

static bool drop_root(void)
{
	return geteuid() || (!setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
			     !setresuid(NOBODY, NOBODY, NOBODY));
}

/* As a daemon without root, which is not in the group: root's. Return: what was wrong, bits */
static int open_for_a_foreign_group(void)
{
	const struct admin_socket_conf conf = { .path = path, .mode = 0660, .uid = geteuid() };
	struct admin_socket own;

	if (!drop_root())
		return 64;
	if (admin_socket_open(&own, &conf, &what))
		return 32;
	return (own.group_error != -EPERM) | (mode_of(path) != 0600) << 1 |
	       (mode_of(dir) != 0700) << 2;
}

static void test_group_that_cannot_be_given_has_no_rights(void)
{
	struct admin_socket own;
	int status = -1;
	pid_t child;

	make_dir();
	CU_ASSERT_EQUAL(chmod(base, 0777), 0);
	child = fork();
	if (!child)
		_exit(open_for_a_foreign_group());
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(mode_of(path), 0600);
	/* The own group can be given. */
	CU_ASSERT_EQUAL(open_socket(&own, 0660), 0);
	CU_ASSERT_EQUAL(own.group_error, 0);
	CU_ASSERT_EQUAL(mode_of(path), 0660);
	admin_socket_close(&own);
	remove_dir();
}

static void test_other_files_are_kept(void)
{
	struct admin_socket own;
	int fd;

	make_dir();
	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0700), 0);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	CU_ASSERT_EQUAL(open_socket(&own, 0660), -ENOTSOCK);
	CU_ASSERT_EQUAL(mode_of(path), 0640);
	remove_dir();
}

TEST_SUITE(admin_socket,
	   { "the directory is open to those who may connect",
	     test_directory_is_open_to_those_who_may_connect },
	   { "an existing directory keeps its mode", test_existing_directory_keeps_its_mode },
	   { "the socket of a running daemon is kept", test_socket_of_a_running_daemon_is_kept },
	   { "the socket of a dead daemon is replaced", test_socket_of_a_dead_daemon_is_replaced },
	   { "the socket of a successor is kept", test_socket_of_a_successor_is_kept },
	   { "a group that cannot be given has no rights",
	     test_group_that_cannot_be_given_has_no_rights },
	   { "other files are kept", test_other_files_are_kept });
