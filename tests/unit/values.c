/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values.c - values as text, for assertions that failed */
#include "tests/unit/values.h"
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 600

/* One of two buffers in turn: an assertion has two values. */
static char *next_text(void)
{
	static char text[2][TEXT_SIZE];
	static unsigned int used;

	return text[used++ % 2];
}

const char *value_of_int(long long value)
{
	char *text = next_text();

	snprintf(text, TEXT_SIZE, "%lld", value);
	return text;
}

const char *value_of_uint(unsigned long long value)
{
	char *text = next_text();

	if (value < 256)
		snprintf(text, TEXT_SIZE, "%llu", value);
	else
		snprintf(text, TEXT_SIZE, "%llu (0x%llx)", value, value);
	return text;
}

const char *value_of_double(double value)
{
	char *text = next_text();

	snprintf(text, TEXT_SIZE, "%.9g", value);
	return text;
}

const char *value_of_pointer(const void *value)
{
	char *text = next_text();

	snprintf(text, TEXT_SIZE, "%p", value);
	return text;
}

/* In quotes, on one line; from @from on, and as much as fits. */
static const char *value_of_string(const char *value, size_t from)
{
	char *text = next_text(), *to = text;
	const char *end = text + TEXT_SIZE - 10;

	if (!value)
		return "NULL";
	to += sprintf(to, "%s\"", from ? "..." : "");
	for (value += from; *value && to < end; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '\r' || c == '\n')
			to += sprintf(to, "\\%c", c == '\r' ? 'r' : 'n');
		else if (c < ' ' || c == 0x7f)
			to += sprintf(to, "\\x%02x", c);
		else
			*to++ = (char)c;
	}
	strcpy(to, *value ? "\"..." : "\"");
	return text;
}

/* CUnit copies the text. */
void values_differ(unsigned int line, const char *condition, const char *file, bool fatal,
		   const char *actual, const char *expected)
{
	char all[1600];

	snprintf(all, sizeof(all), "%.300s\n      is       %s\n      expected %s", condition,
		 actual, expected);
	CU_assertImplementation(CU_FALSE, line, all, file, "", fatal);
}

/* Of strings that are long, what is shown begins a little before the first difference. */
void strings_equal(unsigned int line, const char *condition, const char *file, bool fatal,
		   const char *actual, const char *expected)
{
	size_t same = 0, from = 0;

	if (actual == expected || (actual && expected && !strcmp(actual, expected))) {
		CU_assertImplementation(CU_TRUE, line, condition, file, "", fatal);
		return;
	}
	while (actual && expected && actual[same] == expected[same])
		same++;
	if (same > 200)
		from = same - 100;
	values_differ(line, condition, file, fatal, value_of_string(actual, from),
		      value_of_string(expected, from));
}
