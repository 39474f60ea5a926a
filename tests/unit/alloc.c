/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alloc.c - makes the n-th allocation fail, for each n; counts blocks that are not freed
 *
 * Linked with --wrap=malloc, calloc, realloc and free, for calls in our own objects; libraries keep
 * their own malloc. What fails is counted per thread.
 */
#include <stdlib.h>
#include "test.h"

static __thread long countdown; /* 0: none fails; n: the n-th from here fails */
static __thread long round_nr;
static __thread bool hit;
static long live; /* of all threads */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

static bool fails_now(void)
{
	if (!countdown || --countdown)
		return false;
	hit = true;
	return true;
}

static void *counted(void *block)
{
	if (block)
		__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
	return block;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	if (fails_now())
		return NULL;
	return old ? __real_realloc(old, size) : counted(__real_realloc(old, size));
}

void __wrap_free(void *block)
{
	if (block)
		__atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
	__real_free(block);
}

long alloc_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

void alloc_fail_start(void)
{
	round_nr = 0;
	countdown = 0;
	hit = true; /* so that there is a first round */
}

bool alloc_fail_next(void)
{
	bool again = hit;

	hit = false;
	countdown = again ? ++round_nr : 0;
	return again;
}

void alloc_fail_at(unsigned int n)
{
	hit = false;
	countdown = n;
}

bool alloc_failed(void)
{
	return hit;
}
