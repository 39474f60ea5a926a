/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_log.c - what is written to stderr, read back through a pipe */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/base/log.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

static void test_line_has_level_and_message(void)
{
	struct log_capture capture;
	char text[4096];

	log_capture_begin(&capture, LOG_LEVEL_DEBUG);
	log_err("one %d", 1);
	log_warn("two");
	log_notice("three");
	log_info("four");
	log_debug("five");
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
		text, "error: one 1\nwarning: two\nnotice: three\ninfo: four\ndebug: five\n");
}

static void test_level_suppresses_less_important_messages(void)
{
	struct log_capture capture;
	char text[4096];

	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	log_notice("no");
	log_warn("yes");
	CU_ASSERT_TRUE(log_enabled(LOG_LEVEL_ERR));
	CU_ASSERT_FALSE(log_enabled(LOG_LEVEL_INFO));
	log_set_level(LOG_LEVEL_INFO);
	log_info("now");
	log_debug("not yet");
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "warning: yes\ninfo: now\n");
}

static void test_call_id_is_in_front(void)
{
	struct log_capture capture;
	char text[4096];

	log_capture_begin(&capture, LOG_LEVEL_INFO);
	log_call(LOG_LEVEL_INFO, STR("a84b4c76e66710@192.0.2.1"), "offer from %s", "x");
	log_call(LOG_LEVEL_INFO, STR_NONE, "ping"); /* a command without one */
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "info: [a84b4c76e66710@192.0.2.1] offer from x\ninfo: ping\n");
}

static void test_call_id_cannot_forge_a_line(void)
{
	struct log_capture capture;
	char text[4096];

	log_capture_begin(&capture, LOG_LEVEL_INFO);
	log_call(LOG_LEVEL_INFO, STR("x]\nerror: \"all\" is\\lost\r\0\x1b[2J\xff"), "deleted");
	log_info("text with %s", "a line\nend and \x1b[2J");
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
		text,
		"info: [x]\\x0aerror: \\x22all\\x22 is\\x5clost\\x0d\\x00\\x1b[2J\\xff] deleted\n"
		"info: text with a line?end and ?[2J\n");
}

static void test_lines_are_cut(void)
{
	struct log_capture capture;
	char text[8192], many[5000], expected[8192];

	memset(many, 'c', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	log_call(LOG_LEVEL_INFO, str_of(many), "short");
	log_info("%s", many);
	log_capture_end(&capture, text, sizeof(text));
	snprintf(expected, sizeof(expected), "info: [%.125s...] short\ninfo: %.1020s...\n", many,
		 many);
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_escape_is_bounded(void)
{
	static const struct {
		const char *text;
		size_t size;
		const char *out;
	} rows[] = {
		{ "abc", 10, "abc" },
		{ "", 10, "" },
		{ "abcdefg", 8, "abcdefg" },
		{ "abcdefgh", 8, "abcd..." },
		{ "a\nb", 7, "a\\x0ab" },
		{ "a\nb", 6, "a..." },
		{ "ab", 1, "" },
		{ "ab", 2, "." },
		{ "abcd", 4, "..." },
		{ "abc", 4, "abc" },
		{ "\n\n", 8, "\\x0a..." },
		{ "\n\n", 7, "..." },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *out = malloc(rows[i].size); /* the exact size, for AddressSanitizer */

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		CU_ASSERT_STRING_EQUAL(log_escape(str_of(rows[i].text), out, rows[i].size),
				       rows[i].out);
		free(out);
	}
}

/*
 * The sum of the numbers in the lines of @text that report left-out lines ("info: NUMBER more lines
 * like ...").
 */
static long left_out(const char *text)
{
	static const char what[] =
		" more lines like \"the same from everywhere %d\" were suppressed\n";
	long sum = 0;

	for (const char *at = text; (at = strstr(at, "info: ")); at++) {
		char *end;
		long count = strtol(at + 6, &end, 10);

		sum += strncmp(end, what, sizeof(what) - 1) ? 0 : count;
	}
	return sum;
}

static void test_flood_is_limited_and_reported(void)
{
	struct log_capture capture;
	static char text[1 << 19];
	int64_t begun_ms = clock_ms(), took_ms;
	unsigned long written;

	log_capture_begin(&capture, LOG_LEVEL_INFO);
	for (int i = 0; i < 3000; i++)
		log_info("the same from everywhere %d", i);
	log_info("another place may still speak");
	took_ms = clock_ms() - begun_ms;
	log_tick();
	log_tick(); /* reported once */
	log_capture_end(&capture, text, sizeof(text));
	written = log_capture_count(text, "info: the same from");
	/* 500 at once, and 100 for each second that passed meanwhile. */
	CU_ASSERT_TRUE(written >= 500);
	CU_ASSERT_TRUE(written <= 501 + (unsigned long)took_ms / 10);
	CU_ASSERT_EQUAL(log_capture_count(text, "info: another place may still speak\n"), 1);
	/*
	 * Left-out lines are reported when a line is permitted again; on an idle machine all by the
	 * tick.
	 */
	CU_ASSERT_EQUAL(left_out(text) + (long)written, 3000);
}

/* Writes @count lines from one place in the code. Return: how many of them were not suppressed */
static unsigned int lines_of_a_place(int count)
{
	struct log_capture capture;
	static char text[1 << 16];

	log_capture_begin(&capture, LOG_LEVEL_INFO);
	for (int i = 0; i < count; i++)
		log_info("a place that is limited");
	log_capture_end(&capture, text, sizeof(text));
	return log_capture_count(text, "info: a place that is limited\n");
}

/* The size of the burst comes back too, but no more than that. */
static void test_place_gets_100_lines_for_each_second(void)
{
	struct log_capture capture;
	static const struct {
		int64_t pause_ms;
		unsigned int written;
	} rows[] = {
		{ 0, 500 },    { 0, 0 },      { 9, 0 },	      { 1, 1 },
		{ 1000, 100 }, { 4990, 499 }, { 60000, 500 },
	};
	char text[256];

	test_clock_stop();
	for (size_t i = 0; i < COUNT(rows); i++) {
		test_clock_pass(rows[i].pause_ms);
		CU_ASSERT_EQUAL(lines_of_a_place(600), rows[i].written);
	}
	test_clock_go();
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	log_tick();
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
		text, "info: 100 more lines like \"a place that is limited\" were suppressed\n");
}

static void test_errno_survives(void)
{
	struct log_capture capture;
	char text[4096];

	log_capture_begin(&capture, LOG_LEVEL_INFO);
	errno = ENOENT;
	log_info("opening: %m");
	CU_ASSERT_EQUAL(errno, ENOENT);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "info: opening: No such file or directory\n");
}

static void *write_many(void *arg)
{
	for (int i = 0; i < 200; i++)
		log_debug("thread %s %s", (const char *)arg, (const char *)arg);
	return NULL;
}

static void test_lines_of_threads_do_not_mix(void)
{
	struct log_capture capture;
	static char name[4][64], text[1 << 17], line[1024];
	unsigned int lines = 0;
	pthread_t thread[4];

	log_capture_begin(&capture, LOG_LEVEL_DEBUG);
	fcntl(STDERR_FILENO, F_SETPIPE_SZ, 1 << 17);
	for (int i = 0; i < 4; i++) {
		memset(name[i], 'a' + i, sizeof(name[i]) - 1);
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, write_many, name[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	log_capture_end(&capture, text, sizeof(text));
	for (int i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "debug: thread %s %s\n", name[i], name[i]);
		lines += log_capture_count(text, line);
	}
	CU_ASSERT_EQUAL(lines, 800);
	CU_ASSERT_EQUAL(log_capture_count(text, "\n"), 800);
}

/* A folder is a subsystem; "latch" is one without a folder. */
static void test_level_of_a_subsystem(void)
{
	struct log_levels levels = { .general = LOG_LEVEL_NOTICE };
	struct log_capture capture;
	char text[4096];

	levels.part[log_part_find(STR("latch"))] = LOG_LEVEL_DEBUG;
	levels.part[log_part_find(STR("web"))] = LOG_LEVEL_ERR;
	log_capture_begin(&capture, LOG_LEVEL_NOTICE);
	log_set_levels(&levels);
	log_msg_in("daemon/latch/", LOG_LEVEL_DEBUG, "1");
	log_msg_in("daemon/web/http.c", LOG_LEVEL_NOTICE, "2");
	log_msg_in("daemon/web/http.c", LOG_LEVEL_ERR, "3");
	log_msg_in("daemon/call/call.c", LOG_LEVEL_NOTICE, "4");
	log_msg_in("daemon/call/call.c", LOG_LEVEL_INFO, "5");
	log_call_in("daemon/latch/", LOG_LEVEL_INFO, STR("c"), "6");
	log_about_call_in("daemon/latch/", LOG_LEVEL_INFO, STR("c"), "7");
	log_info("8");
	log_notice("9");
	CU_ASSERT(log_enabled_in("daemon/latch/", LOG_LEVEL_DEBUG));
	CU_ASSERT_FALSE(log_enabled(LOG_LEVEL_INFO));
	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_NOTICE);
	levels = (struct log_levels){ .general = LOG_LEVEL_ERR };
	levels.part[log_part_find(STR("daemon"))] = LOG_LEVEL_INFO;
	log_set_levels(&levels);
	log_msg_in("daemon/main.c", LOG_LEVEL_INFO, "10");
	log_msg_in("daemon/call/call.c", LOG_LEVEL_INFO, "11");
	log_msg_in("daemonic", LOG_LEVEL_INFO, "12");
	log_set_level(LOG_LEVEL_WARNING);
	log_msg_in("daemon/main.c", LOG_LEVEL_INFO, "13");
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "debug: 1\nerror: 3\nnotice: 4\ninfo: [c] 6\ninfo: 7\n"
				     "notice: 9\ninfo: 10\n");
}

TEST_SUITE(log, { "level of a subsystem", test_level_of_a_subsystem },
	   { "line has level and message", test_line_has_level_and_message },
	   { "level suppresses less important messages",
	     test_level_suppresses_less_important_messages },
	   { "call-id is in front", test_call_id_is_in_front },
	   { "call-id cannot forge a line", test_call_id_cannot_forge_a_line },
	   { "lines are cut", test_lines_are_cut }, { "escape is bounded", test_escape_is_bounded },
	   { "flood is limited and reported", test_flood_is_limited_and_reported },
	   { "a place gets 100 lines for each second", test_place_gets_100_lines_for_each_second },
	   { "errno survives", test_errno_survives },
	   { "lines of threads do not mix", test_lines_of_threads_do_not_mix });
