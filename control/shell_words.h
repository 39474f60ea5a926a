/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shell_words.h - words of a text in the shell's or systemd's form: quotes, comments, continued
 * lines, variables that the text itself sets; nothing is executed
 */
#ifndef RTPRELAY_SHELL_WORDS_H
#define RTPRELAY_SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define SHELL_WORDS 1024 /* of a line; further ones end the text */
#define SHELL_VARS  128
#define SHELL_WORD  65536 /* bytes of a word, after variables; longer ones end the text */

struct shell_words {
	char *word[SHELL_WORDS + 1]; /* NULL follows the last */
	size_t count;
};

struct shell_vars {
	char *name[SHELL_VARS], *value[SHELL_VARS];
	size_t count;
};

/* A copy of @word. False: no memory, or too many */
bool shell_words_add(struct shell_words *words, const char *word);
/*
 * Adds the words of @text, one line. $NAME and ${NAME} become what @vars has; they stay as they are
 * if it has not got them, or is NULL.
 */
bool shell_words_split(struct shell_words *words, const char *text, const struct shell_vars *vars);
void shell_words_free(struct shell_words *words);

/* NULL: not set, or @vars is NULL */
const char *shell_var(const struct shell_vars *vars, const char *name);
void shell_vars_free(struct shell_vars *vars);

/*
 * The words of the next line that has some; a line NAME=VALUE sets a variable as well. *text is
 * changed and moves on. False: the end, or out of memory
 */
bool shell_next_line(char **text, struct shell_words *words, struct shell_vars *vars);

#endif
