/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_prompt.c - names, WAV files and the store of prompts */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/prompt/store.h"
#include "tests/unit/test.h"

static void test_names_lead_nowhere_else(void)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "hello", true },	{ "hello.wav", true }, { "hello.8", true },
		{ "", false },		{ "..", false },       { ".hidden", false },
		{ "../passwd", false }, { "a/b", false },      { "/etc/passwd", false },
		{ "a\nb", false },	{ "a..b", true },      { "a\177", false },
	};
	char text[PROMPT_NAME_MAX + 2];

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(!prompt_name_error(str_of(rows[i].name)), rows[i].good);
	CU_ASSERT_PTR_NOT_NULL(prompt_name_error((struct str){ "a\0b", 3 }));
	memset(text, 'a', sizeof(text));
	CU_ASSERT_PTR_NULL(prompt_name_error((struct str){ text, PROMPT_NAME_MAX }));
	CU_ASSERT_PTR_NOT_NULL(prompt_name_error((struct str){ text, PROMPT_NAME_MAX + 1 }));
}

static void test_end_of_a_name_is_the_codec(void)
{
	static const struct {
		const char *name, *base;
		int format;
		bool wav;
	} rows[] = {
		{ "hello", "hello", -1, false },
		{ "hello.0", "hello", PROMPT_PCMU, false },
		{ "hello.18", "hello", PROMPT_G729, false },
		{ "hello.9", "hello", PROMPT_G722, false },
		{ "hello.WAV", "hello", -1, true },
		{ "hello.7", "hello.7", -1, false },
		{ "hello.08", "hello.08", -1, false },
		{ "a.b.3", "a.b", PROMPT_GSM, false },
		{ ".8", ".8", -1, false },
		{ "hello.", "hello.", -1, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str base;
		int format;
		bool wav;

		prompt_name_parts(str_of(rows[i].name), &base, &format, &wav);
		CU_ASSERT_TRUE(str_eq(base, str_of(rows[i].base)));
		CU_ASSERT_EQUAL(format, rows[i].format);
		CU_ASSERT_EQUAL(wav, rows[i].wav);
	}
}

static void test_durations(void)
{
	CU_ASSERT_EQUAL(prompt_ms(PROMPT_PCMU, 8000), 1000);
	CU_ASSERT_EQUAL(prompt_ms(PROMPT_GSM, 70), 40);
	CU_ASSERT_EQUAL(prompt_ms(PROMPT_G729, 30), 30);
	CU_ASSERT_EQUAL(prompt_ms(PROMPT_G723, 48), 60);
	CU_ASSERT_EQUAL(prompt_bytes(PROMPT_G722, 20), 160);
	CU_ASSERT_EQUAL(prompt_bytes(PROMPT_GSM, 21), 66);
	CU_ASSERT_EQUAL(prompt_bytes(PROMPT_G723, 20), 24);
	CU_ASSERT_EQUAL(prompt_format_named(STR("pcma")), PROMPT_PCMA);
	CU_ASSERT_EQUAL(prompt_format_named(STR("opus")), -1);
	CU_ASSERT_EQUAL(prompt_format_of(4), PROMPT_G723);
	CU_ASSERT_EQUAL(prompt_format_of(96), -1);
}

/* RIFF, a chunk of another kind with an odd length, fmt, data */
#define WAV(tag, channels, rate, bits, data_len, data)                                             \
	"RIFF\0\0\0\0WAVEjunk\3\0\0\0abc\0fmt \20\0\0\0" tag channels rate "\0\0\0\0\1\0" bits     \
	"data" data_len data
#define HZ_8000	 "\x40\x1f\0\0"
#define HZ_16000 "\x80\x3e\0\0"

static void test_wav_of_g711_alone_is_read(void)
{
	static const struct {
		const char *bytes;
		size_t size, len;
		int format;
	} rows[] = {
#define ROW(text, len, format) { text, sizeof(text) - 1, len, format }
		ROW(WAV("\7\0", "\1\0", HZ_8000, "\x8\0", "\4\0\0\0", "wxyz"), 4, PROMPT_PCMU),
		ROW(WAV("\6\0", "\1\0", HZ_8000, "\x8\0", "\2\0\0\0", "wxyz"), 2, PROMPT_PCMA),
		ROW(WAV("\7\0", "\1\0", HZ_8000, "\x8\0", "\xff\xff\xff\xff", "wxyz"), 4,
		    PROMPT_PCMU),
		ROW(WAV("\7\0", "\1\0", HZ_8000, "\x8\0", "\0\0\0\0", "wxyz"), 4, PROMPT_PCMU),
		ROW(WAV("\1\0", "\1\0", HZ_8000, "\x8\0", "\4\0\0\0", "wxyz"), 0, -1),
		ROW(WAV("\7\0", "\2\0", HZ_8000, "\x8\0", "\4\0\0\0", "wxyz"), 0, -1),
		ROW(WAV("\7\0", "\1\0", HZ_16000, "\x8\0", "\4\0\0\0", "wxyz"), 0, -1),
		ROW(WAV("\7\0", "\1\0", HZ_8000, "\x10\0", "\4\0\0\0", "wxyz"), 0, -1),
		ROW("RIFF\0\0\0\0WAVEdata\4\0\0\0wxyz", 0, -1),
		ROW("RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff\7\0", 0, -1),
		ROW("RIFF\0\0\0\0AVI fmt ", 0, -1),
		ROW("RIFF", 0, -1),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t at = 0, len = 0;
		int format =
			prompt_wav_read((const uint8_t *)rows[i].bytes, rows[i].size, &at, &len);

		CU_ASSERT_EQUAL(format, rows[i].format);
		if (format < 0)
			continue;
		CU_ASSERT_EQUAL(len, rows[i].len);
		CU_ASSERT_TRUE(at + len <= rows[i].size && !memcmp(rows[i].bytes + at, "wx", 2));
	}
	for (size_t i = 0; i < rows[0].size; i++) { /* cut anywhere: read within the bytes */
		uint8_t *copy = malloc(i + 1);
		size_t at, len;

		memcpy(copy, rows[0].bytes, i);
		if (prompt_wav_read(copy, i, &at, &len) >= 0)
			CU_ASSERT_TRUE(at + len <= i);
		free(copy);
	}
}

/* --- The store -------------------------------------------------------------------------------- */

struct shelf {
	char dir[32];
	struct prompt_store *store;
};

static void write_file(const struct shelf *shelf, const char *name, size_t size, char byte)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", shelf->dir, name);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (size--)
		putc(byte, file);
	fclose(file);
}

static void shelf_open(struct shelf *shelf, uint64_t limit)
{
	strcpy(shelf->dir, "/tmp/rtprelay-prompt-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(shelf->dir));
	shelf->store = prompt_store_open(shelf->dir, limit);
	CU_ASSERT_PTR_NOT_NULL_FATAL(shelf->store);
}

static void shelf_close(struct shelf *shelf)
{
	char command[64];

	prompt_store_close(shelf->store);
	snprintf(command, sizeof(command), "rm -r %s", shelf->dir);
	CU_ASSERT_EQUAL(system(command), 0); /* NOLINT(cert-env33-c) */
}

static const struct prompt_choice g711[] = { { 8, PROMPT_PCMA }, { 0, PROMPT_PCMU } };

static struct prompt *find(struct shelf *shelf, const char *name, const char *error)
{
	size_t taken;
	const char *why = NULL;
	struct prompt *prompt =
		prompt_store_find(shelf->store, str_of(name), g711, 2, &taken, &why);

	CU_ASSERT_EQUAL(!prompt, error != NULL);
	if (prompt)
		CU_ASSERT_EQUAL(g711[taken].format, prompt->format);
	if (error && (!why || !strstr(why, error)))
		CU_FAIL("another reason");
	return prompt;
}

static void test_store_shares_what_it_has_read(void)
{
	struct shelf shelf;
	struct prompt *one, *two;

	shelf_open(&shelf, 1000);
	write_file(&shelf, "a.0", 400, 'x');
	one = find(&shelf, "a", NULL);
	two = find(&shelf, "a.0", NULL);
	CU_ASSERT_PTR_EQUAL(one, two);
	CU_ASSERT_EQUAL(prompt_store_bytes(shelf.store), 400);
	write_file(&shelf, "a.0", 300, 'y');
	prompt_put(two);
	two = find(&shelf, "a", NULL);
	CU_ASSERT_PTR_NOT_EQUAL(one, two);
	CU_ASSERT_EQUAL(two->len, 300);
	CU_ASSERT_EQUAL(one->bytes[0], 'x'); /* it goes on being played */
	CU_ASSERT_EQUAL(prompt_store_bytes(shelf.store), 700);
	prompt_put(one);
	CU_ASSERT_EQUAL(prompt_store_bytes(shelf.store), 300);
	prompt_put(two);
	CU_ASSERT_EQUAL(prompt_store_bytes(shelf.store), 300); /* it is kept */
	shelf_close(&shelf);
}

static void test_store_keeps_to_its_limit(void)
{
	struct shelf shelf;
	struct prompt *playing;

	shelf_open(&shelf, 1000);
	write_file(&shelf, "a.0", 600, 'x');
	write_file(&shelf, "b.0", 600, 'y');
	write_file(&shelf, "c.0", 1001, 'z');
	playing = find(&shelf, "a", NULL);
	find(&shelf, "b", "raise prompt-memory");
	prompt_put(playing);
	prompt_put(find(&shelf, "b", NULL)); /* nobody has the other one any more */
	CU_ASSERT_EQUAL(prompt_store_bytes(shelf.store), 600);
	find(&shelf, "c", "raise prompt-memory");
	shelf_close(&shelf);
}

static void test_store_reads_files_of_its_directory_alone(void)
{
	struct shelf shelf;
	char path[96];

	shelf_open(&shelf, 1000);
	write_file(&shelf, "a.0", 10, 'x');
	write_file(&shelf, "empty.0", 0, 'x');
	write_file(&shelf, "wrong.wav", 10, 'x');
	snprintf(path, sizeof(path), "%s/link.0", shelf.dir);
	CU_ASSERT_EQUAL(symlink("a.0", path), 0);
	snprintf(path, sizeof(path), "%s/fifo.0", shelf.dir);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	find(&shelf, "link", "symbolic link");
	find(&shelf, "fifo", "no file");
	find(&shelf, "empty", "no audio");
	find(&shelf, "wrong", "no WAV file of G.711");
	find(&shelf, "none", "looked for: .8 .0");
	find(&shelf, "a.9", "no file for a codec");
	find(&shelf, "../a", "slash");
	snprintf(path, sizeof(path), "%s/a", shelf.dir);
	prompt_put(find(&shelf, path, NULL)); /* the directory itself before the name */
	shelf_close(&shelf);
}

TEST_SUITE(prompt, { "names lead nowhere else", test_names_lead_nowhere_else },
	   { "end of a name is the codec", test_end_of_a_name_is_the_codec },
	   { "durations", test_durations },
	   { "WAV of G.711 alone is read", test_wav_of_g711_alone_is_read },
	   { "store shares what it has read", test_store_shares_what_it_has_read },
	   { "store keeps to its limit", test_store_keeps_to_its_limit },
	   { "store reads files of its directory alone",
	     test_store_reads_files_of_its_directory_alone });
