/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - the files of prompt-dir: read whole, once, and kept while there is room
 *
 * A file that has changed since is read again; players of the old one go on with it. Control thread
 * only: a file is read when a command asks for it, so prompt-dir belongs on a local disk.
 */
#ifndef RTPRELAY_PROMPT_STORE_H
#define RTPRELAY_PROMPT_STORE_H

#include "prompt/prompt.h"

struct prompt_store;

/* What a listener accepts: its payload type @pt has the codec @format. */
struct prompt_choice {
	uint8_t pt, format;
};

/**
 * prompt_store_open()
 * @dir: prompt-dir; may be missing, or be replaced later
 * @limit: bytes of all prompts, also of those that only players have
 * Return: NULL: out of memory
 */
struct prompt_store *prompt_store_open(const char *dir, uint64_t limit);
/* Takes NULL. All prompts have to be given back before. */
void prompt_store_close(struct prompt_store *store);

/**
 * prompt_store_find() - the prompt of the first choice for which there is a file
 * @store: NULL: prompt-dir is not set
 * @name: "hello": hello.0, hello.8 and so on, and hello.wav; "hello.wav": the same, since proxies
 *	that had another relay have such names; "hello.8": this file alone. prompt-dir and a slash
 *	may stand before it.
 * @taken: gets the index of the choice
 * @why: with NULL: the reason; static, or of the store until the next call
 * Return: with a reference; NULL: none can be played
 */
struct prompt *prompt_store_find(struct prompt_store *store, struct str name,
				 const struct prompt_choice *choices, size_t n, size_t *taken,
				 const char **why);

/* Bytes in memory, also of those that only players have. 0 for NULL */
uint64_t prompt_store_bytes(const struct prompt_store *store);

#endif
