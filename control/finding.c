/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.c - prints and counts one finding of rtprelayctl doctor */
#include <stdarg.h>
#include "finding.h"
#include "line.h"
#include "table.h"

#define FINDING 512

void finding(struct doctor *doctor, enum verdict verdict, const char *advice, const char *format,
	     ...)
{
	static const struct {
		const char *word;
		enum colour colour;
	} words[] = {
		[FINDING_OK] = { "ok", COLOUR_OK },
		[FINDING_NOTE] = { "note", COLOUR_WARN },
		[FINDING_BAD] = { "WRONG", COLOUR_BAD },
	};
	char text[FINDING];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	doctor->notes += verdict == FINDING_NOTE;
	doctor->bad += verdict == FINDING_BAD;
	if (doctor->options->json) {
		json_t *line = json_pack("{s:s, s:s, s:s, s:s*}", "type", "finding", "verdict",
					 words[verdict].word, "text", text, "advice", advice);

		if (line)
			put_json(line);
		json_decref(line);
		return;
	}
	printf("%s%-5s%s  %s\n", colour(words[verdict].colour), words[verdict].word,
	       colour(COLOUR_END), text);
	if (advice && verdict != FINDING_OK)
		printf("       -> %s\n", advice);
}
