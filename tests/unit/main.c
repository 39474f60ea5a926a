/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - runs the unit suites: all, or the tests selected by arguments
 *
 *   unit [--list] [PATTERN...]
 *
 * A pattern is a shell pattern (*, ?, [a-z]) for a suite's whole name, or for SUITE/NAME of a test:
 * "latch", "latch/refuses*", "*out of memory*". --list prints the selected names. Prints
 * tests that failed, with the values, tests that took long, each suite's counts and, last,
 * "unit: N passed, N failed". If the program crashes or is ended (time limit), it names the test.
 */
#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <fnmatch.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

#define SLOW_MS 500

extern const struct test_suite *const __start_test_suites[];
extern const struct test_suite *const __stop_test_suites[];

static bool picked(const char *suite, const char *test, char **patterns)
{
	char name[256];

	if (!*patterns)
		return true;
	snprintf(name, sizeof(name), "%s/%s", suite, test);
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, suite, 0) || !fnmatch(*patterns, name, 0))
			return true;
	return false;
}

/* The selected tests of @suite become a suite of CUnit. Return: their number, or -1 */
static int add_suite(const struct test_suite *suite, char **patterns)
{
	CU_pSuite added = NULL;
	int count = 0;

	for (const CU_TestInfo *test = suite->tests; test->pName; test++) {
		if (!picked(suite->name, test->pName, patterns))
			continue;
		if (!added)
			added = CU_add_suite(suite->name, NULL, NULL);
		if (!added || !CU_add_test(added, test->pName, test->pTestFunc))
			return -1;
		count++;
	}
	return count;
}

static int add_suites(char **patterns)
{
	int count, sum = 0;

	for (const struct test_suite *const *at = __start_test_suites; at < __stop_test_suites;
	     at++) {
		count = add_suite(*at, patterns);
		if (count < 0)
			return -1;
		sum += count;
	}
	return sum;
}

static void list_tests(void)
{
	for (CU_pSuite suite = CU_get_registry()->pSuite; suite; suite = suite->pNext)
		for (CU_pTest test = suite->pTest; test; test = test->pNext)
			printf("%s/%s\n", suite->pName, test->pName);
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

/* A clock that no test stops; test_clock.c is not part of the programs for guests. */
static struct timespec test_start;
static char running[512]; /* SUITE/NAME of the test */

static void start_test(const CU_pTest test, const CU_pSuite suite)
{
	snprintf(running, sizeof(running), "%s/%s", suite->pName, test->pName);
	clock_gettime(CLOCK_MONOTONIC_RAW, &test_start);
}

/* @failure: the first one of this test. The lines are read by tests/run, load and mutants/run. */
static void end_test(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	struct timespec now;
	long ms;

	(void)test;
	(void)suite;
	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	ms = (now.tv_sec - test_start.tv_sec) * 1000 + (now.tv_nsec - test_start.tv_nsec) / 1000000;
	if (failure)
		printf("FAIL  %s\n", running);
	else if (ms >= SLOW_MS)
		printf("ok    %s (%ld.%ld s)\n", running, ms / 1000, ms / 100 % 10);
	for (CU_pFailureRecord at = failure; at; at = at->pNext)
		printf("    %s:%u: %s\n", at->strFileName, at->uiLineNumber, at->strCondition);
	running[0] = '\0';
}

/* The program crashed, or its time is over: which test was it? Then the signal does its work. */
static void name_running_test(int number)
{
	static const char during[] = "\nunit: ended by a signal during the test ";

	if (running[0] && write(STDOUT_FILENO, during, sizeof(during) - 1) > 0 &&
	    write(STDOUT_FILENO, running, strlen(running)) > 0 && write(STDOUT_FILENO, "\n", 1) > 0)
		running[0] = '\0';
	raise(number);
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGABRT, SIGBUS, SIGFPE, SIGSEGV };
	struct sigaction before,
		action = { .sa_handler = name_running_test, .sa_flags = (int)SA_RESETHAND };

	/* Sanitizers have handlers of their own, which say more. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
	/* What was printed before is in a log, too. */
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/*
 * A loopback of our own, so that ports of other programs, or of another run, do not affect a test.
 * Without permission for one, the host's loopback is used.
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
	bool list = argc > 1 && !strcmp(argv[1], "--list");
	unsigned int run, failed;
	int count;

	if (CU_initialize_registry() != CUE_SUCCESS || (count = add_suites(argv + 1 + list)) < 0) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return 2;
	}
	if (!count) {
		fprintf(stderr, "unit: no test matches; --list prints the names\n");
		return 2;
	}
	if (list) {
		list_tests();
		CU_cleanup_registry();
		return 0;
	}
	take_own_network();
	catch_signals();
	CU_set_test_start_handler(start_test);
	CU_set_test_complete_handler(end_test);
	CU_set_suite_complete_handler(print_suite);
	CU_run_all_tests();
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	printf("\nunit: %u passed, %u failed\n", run - failed, failed);
	return failed || !run;
}
