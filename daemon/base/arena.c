/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.c - memory that lives exactly as long as one command
 *
 * Chunks in a list, the newest first; memory is taken from the newest only. An allocation that does
 * not fit opens another chunk; the rest of the old one stays unused until the reset.
 * AddressSanitizer poisons unallocated memory, so that the use of a slice after a reset is found.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define ARENA_ALIGN 16

struct chunk {
	struct chunk *older;
	size_t size;
	size_t used;
	_Alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct chunk *newest;
	size_t chunk_size;
	bool failed;
};

static struct chunk *chunk_new(size_t size, struct chunk *older)
{
	struct chunk *chunk =
		size > SIZE_MAX - sizeof(*chunk) ? NULL : malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->older = older;
	chunk->size = size;
	chunk->used = 0;
	ASAN_POISON_MEMORY_REGION(chunk->data, size);
	return chunk;
}

static void chunk_free(struct chunk *chunk)
{
	ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
	free(chunk);
}

struct arena *arena_new(size_t chunk)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->chunk_size = chunk;
	arena->newest = chunk_new(chunk, NULL);
	if (!arena->newest) {
		free(arena);
		return NULL;
	}
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	arena_reset(arena);
	chunk_free(arena->newest);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	while (arena->newest->older) {
		struct chunk *chunk = arena->newest;

		arena->newest = chunk->older;
		chunk_free(chunk);
	}
	arena->newest->used = 0;
	arena->failed = false;
	ASAN_POISON_MEMORY_REGION(arena->newest->data, arena->newest->size);
}

/* A new newest chunk with room for @size; NULL: the old one stays. */
static struct chunk *arena_grow(struct arena *arena, size_t size)
{
	struct chunk *chunk;

	chunk = chunk_new(size > arena->chunk_size ? size : arena->chunk_size, arena->newest);
	if (chunk)
		arena->newest = chunk;
	else
		arena->failed = true;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->newest;
	size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	void *memory;

	if (rounded < size) {
		arena->failed = true;
		return NULL;
	}
	if (rounded > chunk->size - chunk->used)
		chunk = arena_grow(arena, rounded);
	if (!chunk)
		return NULL;
	memory = chunk->data + chunk->used;
	chunk->used += rounded;
	ASAN_UNPOISON_MEMORY_REGION(memory, size);
	return memory;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	void *memory = arena_alloc(arena, size);

	return memory ? memset(memory, 0, size) : NULL;
}

struct str arena_str(struct arena *arena, struct str text)
{
	char *copy = text.len == SIZE_MAX ? NULL : arena_alloc(arena, text.len + 1);

	if (!copy)
		return STR_NONE;
	if (text.len)
		memcpy(copy, text.s, text.len);
	copy[text.len] = '\0';
	return (struct str){ copy, text.len };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
	if (!text)
		return STR_NONE;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return (struct str){ text, (size_t)len };
}

bool arena_failed(const struct arena *arena)
{
	return arena->failed;
}
