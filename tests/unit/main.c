/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - runs the unit suites: all, or those named as arguments
 *
 * Prints each suite's counts and, last, "unit: N passed, N failed".
 */
#include <CUnit/Basic.h>
#include <CUnit/TestRun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "test.h"

extern const struct test_suite *const __start_test_suites[];
extern const struct test_suite *const __stop_test_suites[];

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

static int add_suites(int argc, char **argv)
{
	for (const struct test_suite *const *at = __start_test_suites; at < __stop_test_suites;
	     at++) {
		CU_SuiteInfo info[] = { { .pName = (*at)->name, .pTests = (*at)->tests },
					CU_SUITE_INFO_NULL };

		if (wanted((*at)->name, argc, argv) && CU_register_suites(info) != CUE_SUCCESS)
			return -1;
	}
	return 0;
}

/* A record is a failed assertion; those of one test follow one another. */
static unsigned int count_tests(const CU_FailureRecord *failure)
{
	unsigned int count = 0;

	for (const CU_Test *last = NULL; failure; failure = failure->pNext) {
		count += failure->pTest != last;
		last = failure->pTest;
	}
	return count;
}

static void print_suite(const CU_pSuite suite, const CU_pFailureRecord failure)
{
	printf("  %-12s %3u tests, %u failed\n", suite->pName, suite->uiNumberOfTests,
	       count_tests(failure));
}

/*
 * A loopback of our own, so that ports of other programs, or of another run, do not decide a test. Where this
 * user may not have one, the host's must do.
 */
static void take_own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		perror("unit: loopback of an own network namespace");
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	unsigned int run, failed;

	take_own_network();
	if (CU_initialize_registry() != CUE_SUCCESS || add_suites(argc, argv)) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return 2;
	}
	CU_set_suite_complete_handler(print_suite);
	CU_run_all_tests();
	CU_basic_show_failures(CU_get_failure_list());
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	printf("\nunit: %u passed, %u failed\n", run - failed, failed);
	if (!run)
		fprintf(stderr, "unit: no test ran\n");
	return failed || !run;
}
