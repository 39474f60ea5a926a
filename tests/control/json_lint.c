/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_lint.c - is each line of standard input an object of JSON? */
#include <jansson.h>
#include <stdlib.h>

int main(void)
{
	unsigned int lines = 0, bad = 0;
	json_error_t error;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, &error);

		if (!json_is_object(value)) {
			printf("%s: %s", value ? "not an object" : error.text, line);
			bad++;
		}
		json_decref(value);
		lines++;
	}
	free(line);
	printf("%u lines, %u bad\n", lines, bad);
	return !lines || bad;
}
