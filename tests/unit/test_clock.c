/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_clock.c - the clock of the unit tests, which are linked with --wrap=clock_gettime and
 * --wrap=pthread_clockjoin_np
 */
#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include "test_clock.h"

#define NS_IN_S 1000000000

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

/* Written by the test's thread, read by all. */
static int64_t stopped_ns; /* 0: it runs */
static int64_t step_ns;	   /* of the stopped clock, at each reading */
static int64_t ahead_ns;   /* of the system's clock, while it runs */

static __thread int64_t cpu_step_ns, cpu_ns;

static int64_t real_ns(void)
{
	struct timespec ts;

	__real_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * (int64_t)NS_IN_S + ts.tv_nsec;
}

static int64_t now_ns(void)
{
	int64_t stopped = __atomic_load_n(&stopped_ns, __ATOMIC_ACQUIRE);

	if (stopped && __atomic_load_n(&step_ns, __ATOMIC_RELAXED))
		return __atomic_add_fetch(&stopped_ns, step_ns, __ATOMIC_ACQ_REL);
	return stopped ? stopped : real_ns() + __atomic_load_n(&ahead_ns, __ATOMIC_RELAXED);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t now;

	if (id == CLOCK_THREAD_CPUTIME_ID && cpu_step_ns)
		now = cpu_ns += cpu_step_ns;
	else if (id == CLOCK_MONOTONIC)
		now = now_ns();
	else
		return __real_clock_gettime(id, ts);
	*ts = (struct timespec){ now / NS_IN_S, now % NS_IN_S };
	return 0;
}

int __real_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t id,
				const struct timespec *until);
int __wrap_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t id,
				const struct timespec *until);

/* glibc compares @until, which was made from the tests' clock, with the system's. */
int __wrap_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t id,
				const struct timespec *until)
{
	int64_t ns = until->tv_sec * (int64_t)NS_IN_S + until->tv_nsec;
	struct timespec real;

	if (id != CLOCK_MONOTONIC)
		return __real_pthread_clockjoin_np(thread, result, id, until);
	ns += real_ns() - now_ns();
	real = (struct timespec){ ns / NS_IN_S, ns % NS_IN_S };
	return __real_pthread_clockjoin_np(thread, result, id, &real);
}

void test_clock_stop(void)
{
	__atomic_store_n(&stopped_ns, now_ns(), __ATOMIC_RELEASE);
}

void test_clock_pass(int64_t ms)
{
	__atomic_store_n(&stopped_ns, stopped_ns + ms * 1000000, __ATOMIC_RELEASE);
}

void test_clock_step(int64_t us)
{
	__atomic_store_n(&step_ns, us * 1000, __ATOMIC_RELAXED);
}

void test_clock_go(void)
{
	test_clock_step(0);
	if (!stopped_ns)
		return;
	__atomic_store_n(&ahead_ns, stopped_ns - real_ns(), __ATOMIC_RELAXED);
	__atomic_store_n(&stopped_ns, 0, __ATOMIC_RELEASE);
}

void test_clock_cpu_step(int64_t us)
{
	cpu_step_ns = us * 1000;
}

int64_t test_real_ms(void)
{
	return real_ns() / 1000000;
}
