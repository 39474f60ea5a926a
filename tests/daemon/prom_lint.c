/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prom_lint.c - reads metrics from stdin; prints the number of samples, or what is wrong */
#include "tests/unit/web/prom_format.h"

int main(void)
{
	static char text[4 << 20];
	size_t samples = 0, len = fread(text, 1, sizeof(text) - 1, stdin);
	char *error;

	text[len] = '\0';
	error = strlen(text) == len ? prom_check(text, &samples) : strdup("has a NUL");
	if (error) {
		fprintf(stderr, "%s\n", error);
		free(error);
		return 1;
	}
	printf("%zu samples\n", samples);
	return 0;
}
