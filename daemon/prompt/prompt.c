/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prompt.c - the audio of a file, ready to be sent, in memory that its players share */
#include <stdlib.h>
#include "prompt/prompt.h"

struct prompt *prompt_new(struct str name, enum prompt_format format, const uint8_t *bytes,
			  size_t len, uint64_t *bytes_used)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt) + len);

	if (!prompt)
		return NULL;
	prompt->refs = 1;
	prompt->format = (uint8_t)format;
	prompt->len = len;
	memcpy(prompt->name, name.s,
	       name.len < sizeof(prompt->name) ? name.len : sizeof(prompt->name) - 1);
	memcpy(prompt->bytes, bytes, len);
	prompt->bytes_used = bytes_used;
	if (bytes_used)
		__atomic_fetch_add(bytes_used, len, __ATOMIC_RELAXED);
	return prompt;
}

struct prompt *prompt_get(struct prompt *prompt)
{
	__atomic_fetch_add(&prompt->refs, 1, __ATOMIC_RELAXED);
	return prompt;
}

void prompt_put(struct prompt *prompt)
{
	if (!prompt || __atomic_sub_fetch(&prompt->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (prompt->bytes_used)
		__atomic_fetch_sub(prompt->bytes_used, prompt->len, __ATOMIC_RELAXED);
	free(prompt);
}
