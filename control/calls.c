/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls.c - rtprelayctl calls: one line per call, sorted */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "control_proto.h"
#include "daemon/base/count.h"
#include "line.h"
#include "table.h"
#include "verb.h"

uint64_t pair_sum(const json_t *call, const char *key)
{
	const json_t *pair = json_object_get(call, key);

	return (uint64_t)json_integer_value(json_array_get(pair, 0)) +
	       (uint64_t)json_integer_value(json_array_get(pair, 1));
}

double loss_of(const json_t *object)
{
	int64_t expected = number_of(object, "expected");

	return expected > 0 ? 100.0 * (double)number_of(object, "lost") / (double)expected : 0;
}

/* --- Order ------------------------------------------------------------------------------------ */

static int by_number(double a, double b)
{
	return a < b ? 1 : a > b ? -1 : 0; /* the greatest first */
}

static int by_age(const void *a, const void *b)
{
	return by_number(real_of(*(json_t *const *)a, "age"), real_of(*(json_t *const *)b, "age"));
}

static int by_packets(const void *a, const void *b)
{
	return by_number((double)pair_sum(*(json_t *const *)a, "packets"),
			 (double)pair_sum(*(json_t *const *)b, "packets"));
}

static int by_loss(const void *a, const void *b)
{
	return by_number(loss_of(*(json_t *const *)a), loss_of(*(json_t *const *)b));
}

static int by_jitter(const void *a, const void *b)
{
	return by_number(real_of(*(json_t *const *)a, "jitter-ms"),
			 real_of(*(json_t *const *)b, "jitter-ms"));
}

/* The lowest first; calls without a MOS yet come last. */
static int by_mos(const void *a, const void *b)
{
	double x = real_of(*(json_t *const *)a, "mos"), y = real_of(*(json_t *const *)b, "mos");

	return by_number(y > 0 ? y : 6, x > 0 ? x : 6);
}

static int by_drops(const void *a, const void *b)
{
	return by_number(real_of(*(json_t *const *)a, "drops"),
			 real_of(*(json_t *const *)b, "drops"));
}

/* How long a side has not been heard: the longer one. Never heard is longest. */
static double silence_of(const json_t *call)
{
	const json_t *pair = json_object_get(call, "heard-ago-ms");
	double longest = 0;

	for (size_t i = 0; i < json_array_size(pair); i++) {
		const json_t *ago = json_array_get(pair, i);
		double ms = json_is_null(ago) ? 1e12 : json_number_value(ago);

		longest = ms > longest ? ms : longest;
	}
	return longest;
}

/* One-way calls first, then those of which a side has been silent for long. */
static int by_heard(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	bool x_one_way = json_object_get(x, "one-way"), y_one_way = json_object_get(y, "one-way");

	if (x_one_way != y_one_way)
		return x_one_way ? -1 : 1;
	return by_number(silence_of(x), silence_of(y));
}

static int by_call_id(const void *a, const void *b)
{
	const char *x = json_string_value(json_object_get(*(json_t *const *)a, "call-id"));
	const char *y = json_string_value(json_object_get(*(json_t *const *)b, "call-id"));

	return strcmp(x ? x : "", y ? y : "");
}

compare_fn *calls_order(const char *name)
{
	static const struct {
		const char *name;
		compare_fn *compare;
	} orders[] = {
		{ "age", by_age },	 { "packets", by_packets }, { "loss", by_loss },
		{ "jitter", by_jitter }, { "drops", by_drops },	    { "call-id", by_call_id },
		{ "mos", by_mos },	 { "heard", by_heard },
	};

	for (size_t i = 0; i < COUNT(orders); i++)
		if (!strcmp(orders[i].name, name))
			return orders[i].compare;
	return NULL;
}

/* --- Gathering -------------------------------------------------------------------------------- */

void call_list_add(void *arg, const char *type, json_t *line)
{
	struct call_list *list = arg;

	if (strcmp(type, "call") != 0 || list->failed)
		return;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		json_t **calls = realloc(list->calls, room * sizeof(json_t *));

		list->failed = !calls;
		if (!calls)
			return;
		list->calls = calls;
		list->room = room;
	}
	list->calls[list->count++] = json_incref(line);
}

void call_list_free(struct call_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		json_decref(list->calls[i]);
	free(list->calls);
	memset(list, 0, sizeof(*list));
}

int call_list_ask(struct call_list *list, const struct options *options, compare_fn *order)
{
	json_t *request = line_filters(options, CONTROL_VERB_CALLS);
	struct options quiet = *options;
	int status;

	quiet.json = false; /* the lines are needed here, to be sorted */
	if (!request)
		return EXIT_USAGE;
	status = line_ask(&quiet, request, call_list_add, list);
	if (status == EXIT_OK && list->failed)
		status = out_of_memory();
	if (status == EXIT_OK && list->count)
		qsort(list->calls, list->count, sizeof(*list->calls), order);
	return status;
}

/* --- Showing ---------------------------------------------------------------------------------- */

static const struct column columns[] = {
	{ .head = "CALL-ID", .cut = true },
	{ .head = "AGE", .right = true },
	{ .head = "STATE", .spare = true },
	{ .head = "PATH" },
	{ .head = "CODEC", .spare = true },
	{ .head = "CALLER", .cut = true, .spare = true },
	{ .head = "CALLEE", .cut = true, .spare = true },
	{ .head = "FROM A", .right = true },
	{ .head = "FROM B", .right = true },
	{ .head = "MOS", .right = true },
	{ .head = "LOSS", .right = true },
	{ .head = "JITTER", .right = true },
	{ .head = "DROPS", .right = true },
	{ .head = "HEARD A", .right = true, .spare = true },
	{ .head = "HEARD B", .right = true, .spare = true },
	{ .head = NULL },
};

static const char *heard_ago(const json_t *ms, char text[16])
{
	return json_is_integer(ms) ? short_age(json_integer_value(ms) / 1000, text) : "never";
}

static bool add_row(struct table *table, const json_t *call)
{
	const json_t *packets = json_object_get(call, "packets");
	const json_t *heard = json_object_get(call, "heard-ago-ms");
	char age[16], a[16], b[16], mos[16] = "-", loss[16], jitter[32], drops[16];
	char heard_a[16], heard_b[16];

	if (json_object_get(call, "mos"))
		snprintf(mos, sizeof(mos), "%.2f", real_of(call, "mos"));
	snprintf(loss, sizeof(loss), "%.1f%%", loss_of(call));
	snprintf(jitter, sizeof(jitter), "%.1fms", real_of(call, "jitter-ms"));
	return table_add(
		table,
		(const char *const[]){
			text_of(call, "call-id"),
			short_age(number_of(call, "age"), age),
			text_of(call, "state"),
			text_of(call, "path"),
			text_of(call, "codec"),
			text_of(call, "from"),
			text_of(call, "to"),
			short_number((uint64_t)json_integer_value(json_array_get(packets, 0)), a),
			short_number((uint64_t)json_integer_value(json_array_get(packets, 1)), b),
			mos,
			loss,
			jitter,
			short_number((uint64_t)number_of(call, "drops"), drops),
			heard_ago(json_array_get(heard, 0), heard_a),
			heard_ago(json_array_get(heard, 1), heard_b),
		});
}

/* Rows are added as lines arrive, so that a line's memory is freed before the next one. */
struct rows {
	struct table *table;
	int64_t limit; /* -1: none */
	bool json, failed;
	size_t count;
};

static void take_row(void *arg, const char *type, json_t *call)
{
	struct rows *rows = arg;

	if (strcmp(type, "call") != 0 || (rows->limit >= 0 && rows->count >= (size_t)rows->limit))
		return;
	rows->count++;
	if (rows->json)
		put_json(call);
	else
		rows->failed |= !add_row(rows->table, call);
}

/* The daemon sends the oldest call first; any other order needs all calls in memory. */
static int gather(struct rows *rows, const struct options *options, compare_fn *order)
{
	struct options quiet = *options;
	struct call_list list = { .count = 0 };
	json_t *request;
	int status;

	quiet.json = false; /* printed here */
	if (order == by_age) {
		request = line_filters(options, CONTROL_VERB_CALLS);
		return request ? line_ask(&quiet, request, take_row, rows) : EXIT_USAGE;
	}
	status = call_list_ask(&list, options, order);
	for (size_t i = 0; i < list.count && status == EXIT_OK; i++)
		take_row(rows, "call", list.calls[i]);
	call_list_free(&list);
	return status;
}

int verb_calls(const struct options *options, int argc, char **argv)
{
	compare_fn *order = calls_order(options->sort ? options->sort : "age");
	struct rows rows = { .limit = options->limit, .json = options->json };
	int status;

	(void)argc;
	(void)argv;
	if (!order)
		return usage("--sort requires age, packets, mos, loss, jitter, drops, heard or "
			     "call-id, not ",
			     options->sort);
	rows.table = table_new(columns);
	if (!rows.table)
		return out_of_memory();
	status = gather(&rows, options, order);
	return table_end(rows.table, rows.failed, status, !options->json);
}
