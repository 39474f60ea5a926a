/* SPDX-License-Identifier: GPL-2.0-or-later */
/* row.c - one key of the configuration: reads its text into struct conf, prints it, compares it */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/count.h"
#include "conf/row.h"

#define NAME_MAX_LEN 40

static void *member(const struct conf_row *row, struct conf *conf)
{
	return (char *)conf + row->offset;
}

static const void *member_const(const struct conf_row *row, const struct conf *conf)
{
	return (const char *)conf + row->offset;
}

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, CONF_ROW_ERROR, format, args);
	va_end(args);
	return -EINVAL;
}

static int out_of_memory(char *error)
{
	refuse(error, "out of memory");
	return -ENOMEM;
}

static int set_number(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	bool negative = *text == '-';
	uint64_t value;
	long number;

	if (!str_to_u64(str_of(text + negative), LONG_MAX, &value))
		return refuse(error, "\"%.60s\" is not a whole number", text);
	number = negative ? -(long)value : (long)value;
	if (number < row->min || number > row->max)
		return refuse(error, "%.60s is out of range, %ld to %ld", text, row->min, row->max);
	if (row->type == CONF_INT)
		*(int *)member(row, conf) = (int)number;
	else
		*(unsigned int *)member(row, conf) = (unsigned int)number;
	return 0;
}

static int set_mode(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	const char *digits = text + (strlen(text) == 4 && *text == '0');

	if (strlen(digits) != 3 || digits[strspn(digits, "01234567")])
		return refuse(error, "\"%.60s\" is not a file mode of three octal digits, as 640",
			      text);
	return set_number(row, conf, digits, error);
}

static int set_real(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	/* No sign, no exponent, no "nan". */
	bool digits = *text && !text[strspn(text, "0123456789.")];
	char *end;
	double number = strtod(text, &end);

	if (!digits || end == text || *end)
		return refuse(error, "\"%.60s\" is not a number", text);
	if (number < (double)row->min || number > (double)row->max)
		return refuse(error, "%.60s is out of range, %ld to %ld", text, row->min, row->max);
	*(double *)member(row, conf) = number;
	return 0;
}

static int set_bool(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcasecmp(text, words[i]))
			continue;
		*(bool *)member(row, conf) = i % 2;
		return 0;
	}
	return refuse(error, "\"%.60s\" is neither yes nor no", text);
}

/* Values that other relays know, and what comes closest to them here. */
static const char *choice_hint(const struct conf_row *row, const char *text)
{
	static const struct {
		const char *key, *text, *hint;
	} hints[] = {
		{ "latching", "heuristic", "; use smart" },
		{ "log-level", "0", "; rtpengine's 0 to 3 are error" },
		{ "log-level", "1", "; rtpengine's 0 to 3 are error" },
		{ "log-level", "2", "; rtpengine's 0 to 3 are error" },
		{ "log-level", "3", "; rtpengine's 0 to 3 are error" },
		{ "log-level", "4", "; rtpengine's 4 is warning" },
		{ "log-level", "5", "; rtpengine's 5 is notice" },
		{ "log-level", "6", "; rtpengine's 6 is info" },
		{ "log-level", "7", "; rtpengine's 7 is debug" },
		{ "log-facility", "daemon", "; use syslog, and syslog-facility" },
		{ "log-facility", "local0", "; use syslog, and syslog-facility" },
		{ "log-facility", "local1", "; use syslog, and syslog-facility" },
	};

	for (size_t i = 0; i < COUNT(hints); i++)
		if (!strcmp(row->name, hints[i].key) && !strcasecmp(text, hints[i].text))
			return hints[i].hint;
	return "";
}

static const struct conf_choice *find_choice(const struct conf_row *row, struct str text)
{
	for (const struct conf_choice *choice = row->choices; choice->name; choice++)
		if (str_eq_nocase(str_of(choice->name), text))
			return choice;
	return NULL;
}

static int refuse_choice(const struct conf_row *row, struct str text, char *error)
{
	char names[120] = "", word[61];

	for (const struct conf_choice *choice = row->choices; choice->name; choice++) {
		size_t at = strlen(names);

		snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "", choice->name);
	}
	snprintf(word, sizeof(word), "%.*s", (int)(text.len < 60 ? text.len : 60), text.s);
	return refuse(error, "\"%s\" is not one of %s%s", word, names, choice_hint(row, word));
}

static int set_choice(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	const struct conf_choice *choice = find_choice(row, str_of(text));

	if (!choice)
		return refuse_choice(row, str_of(text), error);
	*(unsigned int *)member(row, conf) = choice->value;
	return 0;
}

static struct str trimmed(struct str text)
{
	while (text.len && strchr(" \t\r\n", text.s[0])) {
		text.s++;
		text.len--;
	}
	while (text.len && strchr(" \t\r\n", text.s[text.len - 1]))
		text.len--;
	return text;
}

static int refuse_part(struct str name, char *error)
{
	char names[CONF_ROW_ERROR] = "";

	for (size_t i = 0; i < LOG_PARTS; i++) {
		size_t at = strlen(names);

		snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "", log_part_name(i));
	}
	return refuse(error, "\"%.*s\" is not one of the subsystems %s",
		      (int)(name.len < 30 ? name.len : 30), name.s, names);
}

/* "SUBSYSTEM:LEVEL" */
static int set_part(const struct conf_row *row, struct log_levels *levels, struct str item,
		    char *error)
{
	struct str word = item, name = trimmed(str_split(&word, ':'));
	size_t part = log_part_find(name);
	const struct conf_choice *choice;

	if (part == LOG_PARTS)
		return refuse_part(name, error);
	if (levels->part[part])
		return refuse(error, "%s has two levels", log_part_name(part));
	word = trimmed(word);
	choice = find_choice(row, word);
	if (!choice)
		return refuse_choice(row, word, error);
	levels->part[part] = (uint8_t)choice->value;
	return 0;
}

static int set_levels(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	struct str rest = str_of(text), word = trimmed(str_split(&rest, ','));
	const struct conf_choice *choice = find_choice(row, word);
	struct log_levels levels = { 0 };

	if (!choice && word.len && memchr(word.s, ':', word.len))
		return refuse(error, "the level of all others comes first, as in info, %.*s",
			      (int)(word.len < 60 ? word.len : 60), word.s);
	if (!choice)
		return refuse_choice(row, word, error);
	levels.general = (uint8_t)choice->value;
	while (rest.len) {
		int err = set_part(row, &levels, trimmed(str_split(&rest, ',')), error);

		if (err)
			return err;
	}
	*(struct log_levels *)member(row, conf) = levels;
	return 0;
}

static int set_text(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	char **value = member(row, conf), *copy = NULL;
	size_t size = strlen(text) + 1;

	if (*text) {
		copy = malloc(size);
		if (!copy)
			return out_of_memory(error);
		memcpy(copy, text, size);
	}
	free(*value);
	*value = copy;
	return 0;
}

static int list_add(struct conf_list *list, struct str item)
{
	char **grown = realloc(list->item, (list->count + 1) * sizeof(*grown));
	char *copy;

	if (!grown)
		return -ENOMEM;
	list->item = grown;
	copy = malloc(item.len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, item.s, item.len);
	copy[item.len] = '\0';
	list->item[list->count++] = copy;
	return 0;
}

static int set_list(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	struct conf_list *list = member(row, conf);
	size_t before = list->count;
	struct str rest = str_of(text);

	while (rest.len) {
		struct str item = trimmed(str_split(&rest, ','));

		if (item.len && list_add(list, item)) {
			while (list->count > before)
				free(list->item[--list->count]);
			return out_of_memory(error);
		}
	}
	return list->count > before ? 0 : refuse(error, "a value is missing");
}

int conf_row_set(const struct conf_row *row, struct conf *conf, const char *text, char *error)
{
	switch (row->type) {
	case CONF_UINT:
	case CONF_INT:
		return set_number(row, conf, text, error);
	case CONF_MODE:
		return set_mode(row, conf, text, error);
	case CONF_REAL:
		return set_real(row, conf, text, error);
	case CONF_BOOL:
		return set_bool(row, conf, text, error);
	case CONF_CHOICE:
		return set_choice(row, conf, text, error);
	case CONF_LEVELS:
		return set_levels(row, conf, text, error);
	case CONF_TEXT:
		return set_text(row, conf, text, error);
	case CONF_LIST:
		return set_list(row, conf, text, error);
	}
	return refuse(error, "unknown type of row");
}

void conf_row_clear(const struct conf_row *row, struct conf *conf)
{
	struct conf_list *list;
	char **text;

	if (row->type == CONF_TEXT) {
		text = member(row, conf);
		free(*text);
		*text = NULL;
	} else if (row->type == CONF_LIST) {
		list = member(row, conf);
		for (size_t i = 0; i < list->count; i++)
			free(list->item[i]);
		free(list->item);
		*list = (struct conf_list){ NULL, 0 };
	}
}

static void print_list(const struct conf_list *list, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < list->count && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : "", list->item[i]);
}

size_t conf_row_size(const struct conf_row *row, const struct conf *conf)
{
	size_t size = CONF_ROW_TEXT;

	if (row->type == CONF_TEXT) {
		const char *text = *(char *const *)member_const(row, conf);

		size += text ? strlen(text) : 0;
	} else if (row->type == CONF_LIST) {
		const struct conf_list *list = member_const(row, conf);

		for (size_t i = 0; i < list->count; i++)
			size += strlen(list->item[i]) + 2;
	}
	return size;
}

const char *conf_row_print(const struct conf_row *row, const struct conf *conf, char *out,
			   size_t size)
{
	const void *value = member_const(row, conf);
	const char *text = "";

	switch (row->type) {
	case CONF_UINT:
		snprintf(out, size, "%u", *(const unsigned int *)value);
		return out;
	case CONF_INT:
		snprintf(out, size, "%d", *(const int *)value);
		return out;
	case CONF_MODE:
		snprintf(out, size, "%03u", *(const unsigned int *)value);
		return out;
	case CONF_REAL:
		snprintf(out, size, "%.15g", *(const double *)value);
		return out;
	case CONF_LEVELS:
		log_levels_print(value, out, size);
		return out;
	case CONF_LIST:
		print_list(value, out, size);
		return out;
	case CONF_BOOL:
		text = *(const bool *)value ? "yes" : "no";
		break;
	case CONF_CHOICE:
		for (const struct conf_choice *choice = row->choices; choice->name; choice++)
			if (choice->value == *(const unsigned int *)value)
				text = choice->name;
		break;
	case CONF_TEXT:
		text = *(char *const *)value ? *(char *const *)value : "";
		if (row->flags & ROW_SECRET && *text)
			text = "(set)";
		break;
	}
	snprintf(out, size, "%s", text);
	return out;
}

static bool list_equal(const struct conf_list *a, const struct conf_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->item[i], b->item[i]))
			return false;
	return true;
}

static size_t value_size(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_BOOL:
		return sizeof(bool);
	case CONF_REAL:
		return sizeof(double);
	case CONF_LEVELS:
		return sizeof(struct log_levels);
	default:
		return sizeof(unsigned int);
	}
}

bool conf_row_equal(const struct conf_row *row, const struct conf *a, const struct conf *b)
{
	const void *left = member_const(row, a), *right = member_const(row, b);

	if (row->type == CONF_LIST)
		return list_equal(left, right);
	if (row->type == CONF_TEXT)
		return str_eq(str_of(*(char *const *)left), str_of(*(char *const *)right));
	return !memcmp(left, right, value_size(row));
}

void conf_row_copy(const struct conf_row *row, struct conf *to, const struct conf *from)
{
	memcpy(member(row, to), member_const(row, from), value_size(row));
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int min = a < b ? a : b;

	return min < c ? min : c;
}

/* Optimal string alignment; three rows of the matrix suffice, since a swap uses row i - 2. */
unsigned int conf_name_distance(struct str a, struct str b)
{
	unsigned int rows[3][NAME_MAX_LEN + 1];
	unsigned int *older = rows[0], *old = rows[1], *now = rows[2], *turn;

	if (a.len > NAME_MAX_LEN || b.len > NAME_MAX_LEN)
		return UINT_MAX;
	for (unsigned int j = 0; j <= b.len; j++)
		old[j] = older[j] = j;
	for (unsigned int i = 1; i <= a.len; i++) {
		now[0] = i;
		for (unsigned int j = 1; j <= b.len; j++) {
			unsigned int change = old[j - 1] + (a.s[i - 1] != b.s[j - 1]);

			now[j] = min3(old[j] + 1, now[j - 1] + 1, change);
			if (i > 1 && j > 1 && a.s[i - 1] == b.s[j - 2] &&
			    a.s[i - 2] == b.s[j - 1] && older[j - 2] + 1 < now[j])
				now[j] = older[j - 2] + 1;
		}
		turn = older;
		older = old;
		old = now;
		now = turn;
	}
	return old[b.len];
}
