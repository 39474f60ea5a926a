/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_look.c - rtprelayctl does not make the kernel load the module (row 10 of issue H)
 *
 * A request that names a family of generic netlink does, whoever sends it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>
#include "control/kernel.h"
#include "tests/unit/test.h"

static bool watching;
static unsigned int n_lists, n_named;

/* For the whole program: what is sent to the controller of generic netlink. */
ssize_t send(int fd, const void *data, size_t len, int flags)
{
	ssize_t (*real)(int, const void *, size_t, int) =
		(ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
	const struct nlmsghdr *nlh = data;

	if (watching && len >= NLMSG_LENGTH(sizeof(struct genlmsghdr)) &&
	    nlh->nlmsg_type == GENL_ID_CTRL) {
		n_lists += (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
		n_named += len > NLMSG_LENGTH(sizeof(struct genlmsghdr));
	}
	return real(fd, data, len, flags);
}

static void take(void *arg, const struct kmod_message *message)
{
	(void)arg;
	(void)message;
}

/* The kernel itself answers: without the module, that there is none. */
static void test_flows_are_read_without_naming_the_family(void)
{
	int err;

	n_lists = n_named = 0;
	watching = true;
	err = kernel_dump(take, NULL);
	watching = false;
	CU_ASSERT_TRUE(err == 0 || err == -ENOENT || err == -EPERM);
	CU_ASSERT_EQUAL(n_lists, 1);
	CU_ASSERT_EQUAL(n_named, 0);
}

TEST_SUITE(look, { "flows are read without naming the family",
		   test_flows_are_read_without_naming_the_family });
