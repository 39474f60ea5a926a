/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_record_name.c - any pattern, Call-ID and chosen path: no name leads out of the directory
 *
 * The input: a pattern, a line end, and the rest is the Call-ID and the path that a command chose.
 */
#include <stdlib.h>
#include "daemon/record/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By another rule than that of name.c. */
static void must_stay_below(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= RECORD_NAME || *name == '/' || *name == '.' || name[len - 1] == '/' ||
	    strstr(name, "//") || strstr(name, "/."))
		abort();
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] == '\\' || name[i] == '"' || name[i] > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, pattern = str_split(&rest, '\n');
	char out[RECORD_NAME], error[RECORD_NAME_ERROR];

	record_name_make(out, pattern, rest, 0x0123456789abcdef, 1795933805);
	must_stay_below(out);
	/* A pattern that the configuration accepts is used, however long the Call-ID is. */
	if (!record_pattern_check(pattern, error) && !record_name_is_below(str_of(out)))
		abort();
	if (!record_name_chosen(out, "/var/spool/rec", rest))
		must_stay_below(out);
	return 0;
}
