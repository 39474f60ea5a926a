/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_sdes.c - any text as a=crypto lines; before an empty line, as words of the NG key SDES
 *
 * Nothing may be read past the end. What is taken is written to a line that is read as the same;
 * what is offered and answered has as many lines as there is room for, each with a suite.
 */
#include <stdlib.h>
#include "daemon/srtp/sdes_media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void fill(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 0x5a, len);
}

static void check_line(const struct sdes_line *line, unsigned int flags)
{
	struct sdes_line again;
	char text[SDES_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));

	require(line->n_keys && line->n_keys <= SDES_KEYS && line->tag <= SDES_TAG_MAX);
	sdes_write(&buf, line, flags);
	require(!buf.overflow);
	require(sdes_read((struct str){ text, buf.len }, &again) == SDES_OK);
	require(!memcmp(line, &again, sizeof(again)));
}

/* As the journal keeps them. */
static void check_text(const struct sdes_lines *lines)
{
	static char text[SDES_LINES_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));
	struct sdes_lines again;

	sdes_lines_write(&buf, lines);
	require(!buf.overflow);
	require(sdes_lines_read((struct str){ text, buf.len }, &again));
	require(again.n == lines->n &&
		!memcmp(again.line, lines->line, lines->n * sizeof(*lines->line)));
}

static void check_lines(const struct sdes_lines *lines, unsigned int flags)
{
	check_text(lines);
	require(lines->n <= SDES_LINES);
	for (unsigned int i = 0; i < lines->n; i++) {
		check_line(&lines->line[i], flags);
		for (unsigned int k = 0; k < i; k++)
			require(lines->line[k].tag != lines->line[i].tag);
	}
}

static void try_text(struct str text)
{
	struct sdes_lines theirs = { 0 }, offer = { 0 };
	struct sdes_policy policy = { 0 };
	const struct sdes_line *chosen;
	struct sdes_line answer;
	struct str word;

	sdes_lines_read(text, &theirs);
	check_lines(&theirs, 0);
	sdes_wipe(&theirs);
	while (text.len && (word = str_split(&text, '\n')).len)
		sdes_policy_add(&policy, word);
	while (text.len)
		sdes_add(&theirs, str_split(&text, '\n'));
	check_lines(&theirs, policy.write);
	sdes_offer(&policy, &theirs, theirs.n ? &theirs.line[theirs.n - 1] : NULL, fill, NULL,
		   &offer);
	check_lines(&offer, policy.write);
	chosen = sdes_choose(&policy, &theirs, NULL);
	require(!chosen == !theirs.n);
	if (chosen) {
		sdes_answer(chosen, fill, NULL, &answer);
		check_line(&answer, policy.write);
		require(sdes_answered(&theirs, &answer) == chosen);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size ? size : 1);

	require(exact);
	if (size)
		memcpy(exact, data, size);
	try_text((struct str){ exact, size });
	free(exact);
	return 0;
}
