/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtpp_ask.h - sends rtpproxy commands to the relay of a scene; commands and answers are rows of a
 * table
 *
 * Answers are compared byte for byte, except that "#" in the expectation stands for a port.
 */
#ifndef RTPRELAY_RTPP_ASK_H
#define RTPRELAY_RTPP_ASK_H

#include "daemon/base/count.h"
#include "daemon/packet/pool.h"
#include "daemon/report/report.h"
#include "daemon/rtpproxy/rtpp.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint ask_proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

static char ask_answer[RTPP_REPLY + 1];

SCENE_FN const char *ask_str(struct scene *scene, struct str text)
{
	struct buf out = BUF_INIT(ask_answer, sizeof(ask_answer) - 1);

	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	rtpp_run(&scene->env, NULL, &ask_proxy, text, &out);
	worker_pool_flush(scene->workers);
	ask_answer[out.len] = '\0';
	return ask_answer;
}

SCENE_FN const char *ask(struct scene *scene, const char *text)
{
	return ask_str(scene, str_of(text));
}

SCENE_FN bool ask_matches(const char *said, const char *expected)
{
	for (; *expected; expected++) {
		if (*expected != '#') {
			if (*said++ != *expected)
				return false;
			continue;
		}
		if (*said < '1' || *said > '9')
			return false;
		while (*said >= '0' && *said <= '9')
			said++;
	}
	return !*said;
}

struct ask_row {
	const char *command, *expected;
};

SCENE_FN void ask_rows(struct scene *scene, const struct ask_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool right = ask_matches(ask(scene, rows[i].command), rows[i].expected);

		if (!right)
			printf("\n\"%s\" was answered \"%s\", not \"%s\"\n", rows[i].command,
			       ask_answer, rows[i].expected);
		CU_ASSERT(right);
	}
}

#define ASK_ROWS(scene, rows) ask_rows(scene, rows, COUNT(rows))

/* The port at the beginning of an answer. */
SCENE_FN unsigned int ask_port(struct scene *scene, const char *text)
{
	return (unsigned int)strtoul(ask(scene, text), NULL, 10);
}

/* For the oldest call. */
SCENE_FN const struct dialog *ask_dialog(const struct scene *scene)
{
	return scene->calls->calls ? scene->calls->calls->dialogs : NULL;
}

#endif
