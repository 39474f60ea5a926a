/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alloc.c - makes the n-th allocation fail, for each n
 *
 * Linked with --wrap=malloc, calloc, realloc and so on, for calls in our own objects; libraries
 * keep their own malloc. Counts per thread.
 */
#include <stdlib.h>
#include "test.h"

static __thread long countdown; /* 0: none fails; n: the n-th from here fails */
static __thread long round_nr;
static __thread bool hit;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails_now(void)
{
	if (!countdown || --countdown)
		return false;
	hit = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
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
