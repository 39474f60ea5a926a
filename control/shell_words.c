/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shell_words.c - words of a text in the shell's form; nothing is executed */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shell_words.h"

/* A word that grows. */
struct word {
	char *text;
	size_t len, size;
	bool failed;
};

static void put(struct word *word, const char *text, size_t len)
{
	size_t size = word->size ? word->size : 64;

	while (size < word->len + len + 1)
		size *= 2;
	if (!word->text || size != word->size) {
		char *grown = size <= SHELL_WORD ? realloc(word->text, size) : NULL;

		word->failed |= !grown;
		if (!grown)
			return;
		word->text = grown;
		word->size = size;
	}
	memcpy(word->text + word->len, text, len);
	word->len += len;
	word->text[word->len] = '\0';
}

#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* @at: at '$'. Return: the first character after the variable */
static const char *put_variable(struct word *word, const char *at, const struct shell_vars *vars)
{
	bool braced = at[1] == '{';
	const char *begin = at + 1 + braced, *end = begin + strspn(begin, NAME);
	char name[64];
	const char *value;

	if (end == begin || (size_t)(end - begin) >= sizeof(name) || (braced && *end != '}')) {
		put(word, at, 1);
		return at + 1;
	}
	memcpy(name, begin, (size_t)(end - begin));
	name[end - begin] = '\0';
	value = shell_var(vars, name);
	end += braced;
	if (!value) /* stays as it is: whoever reads the result sees what is missing */
		put(word, at, (size_t)(end - at));
	else
		put(word, value, strlen(value));
	return end;
}

/* Return: after the word. A word that only consists of an empty variable has no text. */
static const char *read_word(struct word *word, const char *at, const struct shell_vars *vars)
{
	char quote = '\0';

	while (*at && (quote || !isspace((unsigned char)*at)) && !word->failed) {
		if (quote ? *at == quote : *at == '"' || *at == '\'') {
			quote = quote ? '\0' : *at;
			put(word, "", 0);
			at++;
		} else if (*at == '$' && quote != '\'') {
			at = put_variable(word, at, vars);
		} else {
			at += *at == '\\' && quote != '\'' && at[1];
			put(word, at, 1);
			at++;
		}
	}
	return at;
}

bool shell_words_add(struct shell_words *words, const char *word)
{
	char *copy = words->count < SHELL_WORDS ? strdup(word) : NULL;

	if (!copy)
		return false;
	words->word[words->count++] = copy;
	words->word[words->count] = NULL;
	return true;
}

/* A variable that is a whole word becomes as many words as it has. NULL: it is not one */
static const char *bare_variable(const char *at, const struct shell_vars *vars, const char **value)
{
	struct word word = { .text = NULL };
	const char *end = *at == '$' ? put_variable(&word, at, NULL) : at;
	char name[64];

	free(word.text);
	if (end - at < 2 || (*end && !isspace((unsigned char)*end)))
		return NULL;
	at += at[1] == '{' ? 2 : 1;
	snprintf(name, sizeof(name), "%.*s", (int)strspn(at, NAME), at);
	*value = shell_var(vars, name);
	return *value ? end : NULL;
}

bool shell_words_split(struct shell_words *words, const char *text, const struct shell_vars *vars)
{
	const char *value, *end;
	bool good = true;

	while (good) {
		struct word word = { .text = NULL };

		text += strspn(text, " \t\r\n\f\v");
		if (!*text || *text == '#')
			return true;
		end = bare_variable(text, vars, &value);
		if (end) {
			text = end;
			good = shell_words_split(words, value, NULL);
			continue;
		}
		text = read_word(&word, text, vars);
		good = !word.failed && (!word.text || shell_words_add(words, word.text));
		free(word.text);
	}
	return false;
}

void shell_words_free(struct shell_words *words)
{
	while (words->count)
		free(words->word[--words->count]);
}

const char *shell_var(const struct shell_vars *vars, const char *name)
{
	for (size_t i = 0; vars && i < vars->count; i++)
		if (!strcmp(vars->name[i], name))
			return vars->value[i];
	return NULL;
}

static bool set_var(struct shell_vars *vars, const char *name, size_t len, const char *value)
{
	char *copy = strdup(value), *own = strndup(name, len);
	size_t i = 0;

	while (own && i < vars->count && strcmp(vars->name[i], own))
		i++;
	if (!copy || !own || i == SHELL_VARS) {
		free(copy);
		free(own);
		return false;
	}
	if (i < vars->count) {
		free(vars->name[i]);
		free(vars->value[i]);
	} else {
		vars->count++;
	}
	vars->name[i] = own;
	vars->value[i] = copy;
	return true;
}

void shell_vars_free(struct shell_vars *vars)
{
	while (vars->count) {
		vars->count--;
		free(vars->name[vars->count]);
		free(vars->value[vars->count]);
	}
}

/* Ends the line, joined with those that it continues on. */
static char *cut_line(char **text)
{
	char *line = *text, *to = line, *from = line;

	while (*from && *from != '\n') {
		if (from[0] == '\\' && from[1] == '\n') {
			from += 2;
			*to++ = ' ';
		} else {
			*to++ = *from++;
		}
	}
	*text = *from ? from + 1 : from;
	*to = '\0';
	return line;
}

static bool note_assignment(struct shell_vars *vars, const struct shell_words *words)
{
	const char *word = words->count ? words->word[0] : "";
	size_t len = strspn(word, NAME);

	return !len || word[len] != '=' || set_var(vars, word, len, word + len + 1);
}

bool shell_next_line(char **text, struct shell_words *words, struct shell_vars *vars)
{
	shell_words_free(words);
	while (**text && !words->count)
		if (!shell_words_split(words, cut_line(text), vars) ||
		    !note_assignment(vars, words))
			return false;
	return words->count > 0;
}
