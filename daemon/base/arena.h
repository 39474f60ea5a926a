/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory that lives exactly as long as one command
 *
 * The control thread resets it after each reply. Allocations are not freed one by one, so a refused
 * or malformed command cannot leak. Not for data that outlives the command.
 */
#ifndef RTPRELAY_ARENA_H
#define RTPRELAY_ARENA_H

#include <stddef.h>
#include "base/str.h"

struct arena;

/* NULL when out of memory. @chunk: bytes of the first chunk, kept over resets. */
struct arena *arena_new(size_t chunk);
void arena_free(struct arena *arena);
/* Ends all earlier allocations. Frees all chunks but the first. */
void arena_reset(struct arena *arena);
/* Aligned to 16, not zeroed; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);
/* A copy that ends in NUL (not counted in len); { NULL, 0 } when out of memory. */
struct str arena_str(struct arena *arena, struct str text);
struct str arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Has an allocation failed since the last reset? Builders of a tree check it once, at the end. */
bool arena_failed(const struct arena *arena);

#endif
