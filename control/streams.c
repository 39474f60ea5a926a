/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - rtprelayctl streams: one line per stream */
#include <inttypes.h>
#include <string.h>
#include "calls.h"
#include "control_proto.h"
#include "line.h"
#include "table.h"
#include "verb.h"

static const struct column columns[] = {
	{ .head = "CALL-ID", .cut = true }, { .head = "SIDE" },
	{ .head = "M", .right = true },	    { .head = "KIND" },
	{ .head = "LOCAL", .cut = true },   { .head = "SIGNALLED", .cut = true, .spare = true },
	{ .head = "HEARD", .cut = true },   { .head = "LATCH" },
	{ .head = "NAT", .spare = true },   { .head = "PATH" },
	{ .head = "IN", .right = true },    { .head = "OUT", .right = true },
	{ .head = "LOSS", .right = true },  { .head = "JITTER", .right = true, .spare = true },
	{ .head = "DROPS", .right = true }, { .head = NULL },
};

struct gather {
	struct table *table;
	int64_t limit; /* -1: none */
	bool failed;
};

static int64_t sum_drops(json_t *drops)
{
	const char *name;
	json_t *value;
	int64_t sum = 0;

	json_object_foreach(drops, name, value) sum += json_integer_value(value);
	return sum;
}

static void add_row(void *arg, const char *type, json_t *stream)
{
	struct gather *gather = arg;
	const json_t *rtp = json_object_get(stream, "rtp");
	char media[24], in[16], out[16], loss[16], jitter[32], drops[16];

	if (strcmp(type, "stream") != 0 ||
	    (gather->limit >= 0 && table_rows(gather->table) >= (size_t)gather->limit))
		return;
	snprintf(media, sizeof(media), "%" PRId64, number_of(stream, "media"));
	snprintf(loss, sizeof(loss), "%.1f%%", loss_of(rtp));
	snprintf(jitter, sizeof(jitter), "%.1fms", real_of(rtp, "jitter-ms"));
	gather->failed |= !table_add(
		gather->table,
		(const char *const[]){
			text_of(stream, "call-id"), text_of(stream, "side"), media,
			text_of(stream, "component"), text_of(stream, "local"),
			text_of(stream, "signalled"), text_of(stream, "latched"),
			text_of(stream, "state"), text_of(stream, "nat"), text_of(stream, "path"),
			short_number((uint64_t)number_of(stream, "packets-in"), in),
			short_number((uint64_t)number_of(stream, "packets-out"), out), loss, jitter,
			short_number((uint64_t)sum_drops(json_object_get(stream, "drops")),
				     drops) });
}

int verb_streams(const struct options *options, int argc, char **argv)
{
	struct gather gather = { table_new(columns), options->limit, false };
	json_t *request = line_filters(options, CONTROL_VERB_STREAMS);
	int status = EXIT_USAGE;

	(void)argc;
	(void)argv;
	if (request && gather.table)
		status = line_ask(options, request, add_row, &gather);
	if (gather.failed || !gather.table)
		status = out_of_memory();
	else if (status == EXIT_OK && !options->json)
		table_print(gather.table);
	table_free(gather.table);
	return status;
}
