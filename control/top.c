/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top.c - rtprelayctl top: calls sorted by traffic or by quality, live
 *
 * Rates are differences between two lists, matched by Call-ID. Keys: p packets, m MOS, l loss, j
 * jitter, d drops, a age, q quit.
 */
#include <curses.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "calls.h"
#include "control_proto.h"
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "line.h"
#include "table.h"
#include "verb.h"

struct top {
	const struct options *options;
	const char *sort; /* "rate", or of calls_order() */
	json_t *before;	  /* Call-ID to packets of the last list */
	int64_t before_ms;
	struct call_list list;
	json_t *status;
};

static const struct {
	int key;
	const char *sort;
} keys[] = {
	{ 'p', "rate" },   { 'm', "mos" },   { 'l', "loss" },
	{ 'j', "jitter" }, { 'd', "drops" }, { 'a', "age" },
};

/* --- Asking ----------------------------------------------------------------------------------- */

static void take_status(void *arg, const char *type, json_t *line)
{
	struct top *top = arg;

	if (strcmp(type, "status") != 0)
		return;
	json_decref(top->status);
	top->status = json_incref(line);
}

static int by_rate(const void *a, const void *b)
{
	double x = real_of(*(json_t *const *)a, "rate"), y = real_of(*(json_t *const *)b, "rate");

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Sets each call's packets per second, and keeps its packet count for the next time. */
static void set_rates(struct top *top)
{
	int64_t now_ms = clock_ms(), took_ms = now_ms - top->before_ms;
	json_t *now = json_object();

	for (size_t i = 0; i < top->list.count; i++) {
		json_t *call = top->list.calls[i];
		const char *id = json_string_value(json_object_get(call, "call-id"));
		const json_t *before = id ? json_object_get(top->before, id) : NULL;
		uint64_t packets = pair_sum(call, "packets");
		double rate = 0;

		if (before && took_ms > 0)
			rate = ((double)packets - (double)json_integer_value(before)) * 1000 /
			       (double)took_ms;
		json_object_set_new(call, "rate", json_real(rate > 0 ? rate : 0));
		if (id && now)
			json_object_set_new(now, id, json_integer((json_int_t)packets));
	}
	json_decref(top->before);
	top->before = now;
	top->before_ms = now_ms;
}

static int look(struct top *top)
{
	struct options quiet = *top->options;
	compare_fn *order = calls_order("age");
	int status;

	quiet.json = false;
	call_list_free(&top->list);
	status = line_ask(&quiet, line_request(CONTROL_VERB_STATUS), take_status, top);
	if (status == EXIT_OK)
		status = call_list_ask(&top->list, &quiet, order);
	if (status != EXIT_OK)
		return status;
	set_rates(top);
	order = strcmp(top->sort, "rate") != 0 ? calls_order(top->sort) : by_rate;
	if (top->list.count)
		qsort(top->list.calls, top->list.count, sizeof(*top->list.calls), order);
	return EXIT_OK;
}

/* --- Drawing ---------------------------------------------------------------------------------- */

static const char *path_note(const char *path)
{
	if (!strcmp(path, "bpf"))
		return "  (bpf)";
	return !strcmp(path, "module") ? "" : "  (no kernel path)";
}

static void draw_head(const struct top *top)
{
	const json_t *kernel = json_object_get(top->status, "kernel");
	char age[16];

	mvprintw(0, 0, "rtprelayd %s  up %s  calls %" PRId64 "  streams %" PRId64,
		 text_of(top->status, "version"), short_age(number_of(top->status, "uptime"), age),
		 number_of(top->status, "calls"), number_of(top->status, "streams"));
	mvprintw(1, 0,
		 "medias: kernel %" PRId64 "  user %" PRId64 "  mixed %" PRId64 "  flows %" PRId64
		 "  packets/s: kernel %" PRId64 "  user %" PRId64 "%s",
		 number_of(json_object_get(top->status, "kernel-path"), "medias"),
		 number_of(json_object_get(top->status, "user-path"), "medias"),
		 number_of(top->status, "mixed-medias"), number_of(kernel, "flows"),
		 number_of(json_object_get(top->status, "kernel-path"), "packets-per-s"),
		 number_of(json_object_get(top->status, "user-path"), "packets-per-s"),
		 path_note(text_of(kernel, "path")));
	mvprintw(2, 0, "by %s; keys: p packets/s  m MOS  l loss  j jitter  d drops  a age  q quit",
		 top->sort);
}

/* Each cell is one blank wider than its longest text; the Call-ID gets the rest of the line. */
#define CELLS 9

static const struct {
	const char *head;
	int width;  /* negative: to the left */
	bool spare; /* left out on a narrow screen */
} cells[CELLS] = {
	{ "PKT/S", 8, false }, { "PACKETS", 9, true }, { "AGE", 7, false },
	{ "MOS", 5, false },   { "LOSS", 8, false },   { "JITTER", 10, false },
	{ "DROPS", 8, false }, { " PATH", -8, false }, { " STATE", -10, true },
};

#define WIDE 100

/* @texts: NULL: the heads */
static void draw_cells(int row, const char *const *texts, const char *call_id)
{
	int left;

	move(row, 0);
	for (size_t i = 0; i < CELLS; i++)
		if (COLS >= WIDE || !cells[i].spare)
			printw("%*s", cells[i].width, texts ? texts[i] : cells[i].head);
	left = COLS - getcurx(stdscr) - 1;
	if (left > 0)
		printw(" %.*s", left, call_id);
}

static void draw_call(int row, const json_t *call)
{
	char rate[24], packets[16], age[16], mos[16] = "-", loss[16], jitter[32], drops[16],
					     path[16], state[16];

	snprintf(rate, sizeof(rate), "%.0f", real_of(call, "rate"));
	if (json_object_get(call, "mos"))
		snprintf(mos, sizeof(mos), "%.2f", real_of(call, "mos"));
	snprintf(loss, sizeof(loss), "%.1f%%", loss_of(call));
	snprintf(jitter, sizeof(jitter), "%.1fms", real_of(call, "jitter-ms"));
	snprintf(path, sizeof(path), " %s", text_of(call, "path"));
	snprintf(state, sizeof(state), " %s", text_of(call, "state"));
	if (loss_of(call) >= 1.0)
		attron(A_BOLD);
	draw_cells(row,
		   (const char *const[CELLS]){
			   rate, short_number(pair_sum(call, "packets"), packets),
			   short_age(number_of(call, "age"), age), mos, loss, jitter,
			   short_number((uint64_t)number_of(call, "drops"), drops), path, state },
		   text_of(call, "call-id"));
	attroff(A_BOLD);
}

static void draw(const struct top *top)
{
	int row = 5;

	erase();
	draw_head(top);
	attron(A_REVERSE);
	mvhline(4, 0, ' ', COLS);
	draw_cells(4, NULL, "CALL-ID");
	attroff(A_REVERSE);
	for (size_t i = 0; i < top->list.count && row < LINES; i++, row++)
		draw_call(row, top->list.calls[i]);
	refresh();
}

/* --- Until q ---------------------------------------------------------------------------------- */

/* False: quit. */
static bool take_key(struct top *top, int key)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i].key == key)
			top->sort = keys[i].sort;
	return key != 'q';
}

static int follow(struct top *top)
{
	int status = look(top);
	bool go_on = status == EXIT_OK;

	if (!go_on)
		return status;
	if (!initscr())
		return EXIT_USAGE;
	cbreak();
	noecho();
	curs_set(0);
	timeout((int)top->options->interval_s * 1000);
	while (go_on) {
		draw(top);
		go_on = take_key(top, getch());
		if (go_on) {
			status = look(top);
			go_on = status == EXIT_OK;
		}
	}
	endwin();
	return status;
}

int verb_top(const struct options *options, int argc, char **argv)
{
	struct top top = { .options = options, .sort = options->sort ? options->sort : "rate" };
	int status;

	(void)argc;
	(void)argv;
	if (!isatty(STDOUT_FILENO) || !getenv("TERM"))
		return usage("top needs a terminal; without one use ", "calls --sort=packets");
	if (strcmp(top.sort, "rate") != 0 && !calls_order(top.sort))
		return usage("--sort requires rate, mos, age, packets, loss, jitter or drops, not ",
			     top.sort);
	status = follow(&top);
	call_list_free(&top.list);
	json_decref(top.before);
	json_decref(top.status);
	return status;
}
