/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * growth.h - the kernel's hash tables cannot grow for this process, as if memory were short
 *
 * In a kernel with fault injection, allocations that may not wait fail: a table grows by one of
 * them, the module's others may wait. In any other kernel the module tests/kmod/nogrow is loaded.
 */
#ifndef TESTS_GROWTH_H
#define TESTS_GROWTH_H

#include <stdbool.h>

/* Has no effect yet. */
void growth_open(void);

/*
 * From now on tables do not grow, or do again. Until then the process runs before all others of
 * its CPU, such as the worker that grows tables in good time.
 */
void growth_fails(bool on);

/* Return: how many inserts failed for that reason; -1: this kernel does not count them */
int growth_close(void);

#endif
