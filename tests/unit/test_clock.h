/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_clock.h - the monotonic clock of the daemon and the tests, controlled by a test
 *
 * For what depends on the time between two readings: on a busy machine a thread may be delayed for
 * longer than the times that a test measures. Timeouts of poll() and libevent use the system's
 * clock.
 */
#ifndef RTPRELAY_TEST_CLOCK_H
#define RTPRELAY_TEST_CLOCK_H

#include <stdint.h>

/* Stops the clock, for all threads. No fatal assertion before test_clock_go(). */
void test_clock_stop(void);
/* Advances the stopped clock. */
void test_clock_pass(int64_t ms);
/* The stopped clock advances by this at each reading; 0: no longer. */
void test_clock_step(int64_t us);
/* Starts the clock again, at the time where it stands. */
void test_clock_go(void);
/* From one reading of this thread's CPU time to the next so much passes; 0: as it is. */
void test_clock_cpu_step(int64_t us);
/* The system's clock, for deadlines of tests. */
int64_t test_real_ms(void);

#endif
