/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_user.c - flows in network namespaces that belong to a user namespace of an ordinary user
 */
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define NOBODY	65534
#define MAXIMUM 100

static int set_parameter(const char *name, unsigned int value)
{
	return world_run("echo %u >/sys/module/rtprelay/parameters/%s", value, name);
}

/* One of the answers that a process in a user namespace of its own gets. */
struct answer {
	int error;
	char text[128];
};

struct answers {
	bool ran;
	struct answer info, limit, add, get, last;
	unsigned int added;
};

static struct answer answer_of(const struct nl *nl, int error)
{
	struct answer answer = { .error = error };

	snprintf(answer.text, sizeof(answer.text), "%s", nl->error);
	return answer;
}

/* Adds flows until one is refused. */
static void add_flows(struct nl *nl, struct answers *a)
{
	char local[64];
	struct nl_flow flow = { .local = local,
				.out = "198.51.100.254:30002",
				.dst = "198.51.100.1:5000",
				.kind = RTPRELAY_KIND_MUX };

	for (unsigned int i = 0; i <= MAXIMUM; i++) {
		int err;

		snprintf(local, sizeof(local), "192.0.2.254:%u", 30000 + 2 * i);
		err = nl_add(nl, &flow, NLM_F_CREATE, NULL);
		if (!i)
			a->add = answer_of(nl, err);
		a->last = answer_of(nl, err);
		if (err)
			return;
		a->added++;
	}
}

static void ask(struct answers *a)
{
	struct nl nl;

	if (setgid(NOBODY) || setuid(NOBODY) || unshare(CLONE_NEWUSER | CLONE_NEWNET) ||
	    !nl_open(&nl, NULL))
		return;
	a->ran = true;
	a->info = answer_of(&nl, nl_info(&nl, NULL));
	a->limit = answer_of(&nl, nl_limit(&nl, 200000));
	add_flows(&nl, a);
	a->get = answer_of(&nl, nl_get(&nl, "192.0.2.254:30000", NULL));
}

/**
 * struct guest - an ordinary user's process, with a namespace
 * @stay: closed, it ends
 */
struct guest {
	pid_t pid;
	int stay;
};

static struct guest start_guest(struct answers *answers)
{
	struct guest guest = { 0 };
	int stay[2], told[2];

	CU_ASSERT_FATAL(!pipe(stay) && !pipe(told));
	fflush(stdout);
	guest.pid = fork();
	if (!guest.pid) {
		struct answers a = { 0 };
		char end;

		close(stay[1]);
		ask(&a);
		_exit(write(told[1], &a, sizeof(a)) == sizeof(a) && read(stay[0], &end, 1) == 0);
	}
	close(stay[0]);
	close(told[1]);
	CU_ASSERT_EQUAL(read(told[0], answers, sizeof(*answers)), sizeof(*answers));
	CU_ASSERT_TRUE_FATAL(answers->ran);
	close(told[0]);
	guest.stay = stay[1];
	return guest;
}

static void end_guest(struct guest guest)
{
	close(guest.stay);
	waitpid(guest.pid, NULL, 0);
}

static void check_refused(const struct answer *a)
{
	CU_ASSERT_EQUAL(a->error, -EPERM);
	CU_ASSERT_STRING_EQUAL(a->text, "this network namespace belongs to a user namespace: flows "
					"in it need the module parameter userns=1");
}

static void test_is_refused_by_default(void)
{
	struct answers a;

	end_guest(start_guest(&a));
	check_refused(&a.info);
	check_refused(&a.limit);
	check_refused(&a.add);
	CU_ASSERT_EQUAL(a.added, 0);
	CU_ASSERT_EQUAL(a.get.error, -ENOENT);
}

/* Its namespaces are removed some time after the process has ended. */
static bool may_add_again(void)
{
	for (int ms = 0; ms < SOON; ms += 100) {
		struct answers a;

		end_guest(start_guest(&a));
		if (a.added == MAXIMUM)
			return true;
		usleep(100000);
	}
	return false;
}

static void test_is_limited_by_user_when_allowed(void)
{
	struct answers first, second;
	struct guest guest;

	CU_ASSERT_EQUAL(set_parameter("userns", 1), 0);
	CU_ASSERT_EQUAL(set_parameter("userns_flows", MAXIMUM), 0);
	guest = start_guest(&first);
	CU_ASSERT_EQUAL(first.info.error, 0);
	CU_ASSERT_EQUAL(first.limit.error, 0);
	CU_ASSERT_EQUAL(first.added, MAXIMUM);
	CU_ASSERT_EQUAL(first.last.error, -EDQUOT);
	CU_ASSERT_STRING_EQUAL(first.last.text, "the limit of flows of this user is reached: "
						"module parameter userns_flows");
	CU_ASSERT_EQUAL(first.get.error, 0);
	end_guest(start_guest(&second)); /* another namespace of the same user */
	CU_ASSERT_EQUAL(second.added, 0);
	CU_ASSERT_EQUAL(second.last.error, -EDQUOT);
	end_guest(guest);
	CU_ASSERT(may_add_again());
	CU_ASSERT_EQUAL(set_parameter("userns_flows", 10000), 0);
	CU_ASSERT_EQUAL(set_parameter("userns", 0), 0);
}

static void test_the_limit_is_for_user_namespaces(void)
{
	/* As root, in a namespace of the initial user namespace: no limit of a user. */
	struct nl nl;

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	CU_ASSERT_EQUAL(set_parameter("userns_flows", 0), 0);
	CU_ASSERT_EQUAL(nl_add(&nl,
			       &(struct nl_flow){ .local = "192.0.2.254:30000",
						  .out = "198.51.100.254:30002",
						  .dst = "198.51.100.1:5000",
						  .kind = RTPRELAY_KIND_RTP },
			       NLM_F_CREATE, NULL),
			0);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:30000", NULL), 0);
	CU_ASSERT_EQUAL(set_parameter("userns_flows", 10000), 0);
	nl_close(&nl);
}

TEST_SUITE(user, { "a user namespace is refused by default", test_is_refused_by_default },
	   { "a user has a limit when they are allowed", test_is_limited_by_user_when_allowed },
	   { "the limit is for user namespaces alone", test_the_limit_is_for_user_namespaces });
