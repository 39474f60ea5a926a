/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the messages for wrong usage and lack of memory */
#include <stdio.h>
#include "options.h"

int usage(const char *why, const char *what)
{
	fprintf(stderr, "rtprelayctl: %s%s (see rtprelayctl --help)\n", why, what);
	return EXIT_USAGE;
}

int out_of_memory(void)
{
	fputs("rtprelayctl: out of memory\n", stderr);
	return EXIT_NO_ANSWER;
}
