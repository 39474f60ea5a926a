/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prompt.h - the audio of a file, ready to be sent, in memory that its players share
 *
 * Never changes. Counted references: the store has one (prompt/store.h), each player another; any
 * thread may give one back.
 */
#ifndef RTPRELAY_PROMPT_H
#define RTPRELAY_PROMPT_H

#include "prompt/format.h"

/**
 * struct prompt - the audio
 * @bytes_used: of all prompts of the store, shared; it outlives them. NULL: nobody counts
 * @len: of @bytes, whole units of @format; at least one
 * @name: of the file
 */
struct prompt {
	uint32_t refs;
	uint8_t format; /* enum prompt_format */
	uint64_t *bytes_used;
	size_t len;
	char name[PROMPT_NAME_MAX + 8]; /* with its end */
	uint8_t bytes[];
};

/* With one reference. NULL: out of memory. @name: cut if it is too long */
struct prompt *prompt_new(struct str name, enum prompt_format format, const uint8_t *bytes,
			  size_t len, uint64_t *bytes_used);
struct prompt *prompt_get(struct prompt *prompt);
/* Takes NULL. */
void prompt_put(struct prompt *prompt);

#endif
